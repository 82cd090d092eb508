/** `tollgate serve`: the gateway on this machine, with or without demo traffic, until it is told to stop. */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { systemClock, systemTimers } from '../control/index.ts';
import { CannotStart, loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { OPTIONS, readOptions, type ServeOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';
import { startDemo } from './demo.ts';
import { startLiveSummary } from './live-summary.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Any period does. */
const HOLD_MS = 1_000;

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('run the gateway')
    .option('--config <file>', 'YAML file with any of these options as keys in camelCase (TOLLGATE_CONFIG)');
  for (const one of OPTIONS) {
    const fallback = one.fallback === undefined || one.argument === undefined ? '' : `; default ${one.fallback}`;
    const flag = one.argument === undefined ? one.flag : `${one.flag} <${one.argument}>`;
    command.option(flag, `${one.help} (${one.variable}${fallback})`);
  }
  return command.allowExcessArguments(false).action(async (given: Record<string, string | boolean>) => {
    const options = settle(given);
    if (options !== undefined) await serve(options);
  });
}

/** The options of this call, or undefined after saying on standard error what is wrong with them. */
function settle(given: Readonly<Record<string, string | boolean>>): ServeOptions | undefined {
  const { config, ...others } = given;
  const path = config === undefined ? process.env['TOLLGATE_CONFIG'] : String(config);
  let file: { path: string; text: string } | undefined;
  if (path !== undefined && path !== '') {
    try {
      file = { path, text: readFileSync(path, 'utf8') };
    } catch (error) {
      fail(EXIT_USAGE, [
        `--config: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      ]);
      return undefined;
    }
  }
  const read = readOptions({
    ...(file !== undefined && { file }),
    environment: process.env,
    flags: flagsByKey(others),
  });
  if (read.ok) return read.options;
  fail(EXIT_USAGE, read.errors);
  return undefined;
}

/** Commander names a value after its flag; options are known by their key. */
function flagsByKey(given: Readonly<Record<string, string | boolean>>): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const one of OPTIONS) {
    const name = one.flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = given[name];
    if (value !== undefined) flags[one.key] = String(value);
  }
  return flags;
}

async function serve(options: ServeOptions): Promise<void> {
  const log = createLog(options.logLevel);
  let gateway: Gateway;
  try {
    const world = loadWorld(options);
    gateway = await openGateway({ options, world, clock: systemClock, timers: systemTimers, log });
  } catch (error) {
    if (error instanceof CannotStart) fail(EXIT_USAGE, error.lines);
    else fail(EXIT_FAILED, [explainListen(error, options)]);
    return;
  }

  const stopDemo = options.demo ? await startDemo(gateway, options, log) : undefined;
  const stopSummary = startLiveSummary({
    summary: () => gateway.summary(),
    stream: process.stdout,
    timers: systemTimers,
    clock: systemClock,
    header: describe(gateway, options),
  });
  // Who reads the figures may leave, as in `tollgate serve | head`; the gateway goes on without telling anybody.
  process.stdout.on('error', stopSummary);
  // Told before the trace is printed: the table would cover it, and the cursor stay hidden.
  process.once('uncaughtExceptionMonitor', stopSummary);

  const stop = async (): Promise<void> => {
    stopSummary();
    stopDemo?.();
    // The gateway's timers keep no process alive, and once its sockets are closed nothing else does.
    const hold = setInterval(() => {}, HOLD_MS);
    await gateway.close().finally(() => clearInterval(hold));
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    process.once(signal, () => process.exit(EXIT_FAILED));
    stop().catch((error: unknown) => {
      fail(EXIT_FAILED, [String(error)]);
    });
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
}

function describe(gateway: Gateway, options: ServeOptions): { url: string; tariffDate: string; seed: number } {
  return {
    url: gateway.url,
    tariffDate: new Date(gateway.intake.pricedAtMs()).toISOString().slice(0, 10),
    seed: options.seed,
  };
}

function explainListen(error: unknown, options: ServeOptions): string {
  const code = (error as NodeJS.ErrnoException).code;
  const where = `${options.host}:${options.port}`;
  if (code === 'EADDRINUSE') return `--port: ${where} is in use; give another, or 0 for a free one`;
  if (code === 'EACCES') return `--port: ${where} is not allowed for this user; give one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `--host: ${options.host} is no address of this machine`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function fail(exitCode: number, lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`tollgate: ${line}\n`);
  process.exitCode = exitCode;
}
