/**
 * What commands have in common that run until they are told to stop: their options, what is said when they cannot start, and how they
 * end.
 */
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { CannotStart } from '../load-world.ts';
import { type Option, OPTIONS, readOptions, type ServeOptions } from '../options.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Any period does. */
const HOLD_MS = 1_000;
/** How long what is left of a service that has stopped may keep the process. */
const LEFT_OVER_MS = 500;

/** Adds these options, and that of a file that may hold any. */
export function addOptions(command: Command, options: readonly Option[]): Command {
  command
    .option('--config <file>', 'YAML file with any of these options as keys in camelCase (TOLLGATE_CONFIG)')
    .allowExcessArguments(false);
  for (const one of options) {
    const fallback = one.fallback === undefined || one.argument === undefined ? '' : `; default ${one.fallback}`;
    const flag = one.argument === undefined ? one.flag : `${one.flag} <${one.argument}>`;
    command.option(flag, `${one.help} (${one.variable}${fallback})`);
  }
  return command;
}

/** The options of this call, or undefined after saying on standard error what is wrong with them. */
export function settle(given: Readonly<Record<string, string | boolean>>): ServeOptions | undefined {
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

/** Says why a service did not start, and sets the exit code. */
export function failToStart(error: unknown, options: ServeOptions): void {
  if (error instanceof CannotStart) fail(EXIT_USAGE, error.lines);
  else fail(EXIT_FAILED, [explainListen(error, options)]);
}

/**
 * Calls `stop` at the first SIGINT or SIGTERM and ends when it is done, with 0 if nothing was wrong; a second one ends at once.
 *
 * Whatever `stop` leaves behind does not keep the process: a worker of BullMQ that closes while Redis is away goes on renewing locks.
 */
export function untilSignal(stop: () => Promise<void>): void {
  const onSignal = (signal: NodeJS.Signals): void => {
    process.once(signal, () => process.exit(EXIT_FAILED));
    // Timers of a service keep no process alive, and once its sockets are closed nothing else does.
    const hold = setInterval(() => {}, HOLD_MS);
    stop()
      .catch((error: unknown) => fail(EXIT_FAILED, [String(error)]))
      .finally(() => {
        clearInterval(hold);
        setTimeout(() => process.exit(), LEFT_OVER_MS).unref();
      });
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
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
