/** `tollgate openapi`: the document that a gateway serves at `/docs/json`, without one that runs. */
import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { systemClock, systemTimers } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { openGateway } from '../main.ts';
import { readOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';

const EXIT_FAILED = 1;

export function openapiCommand(): Command {
  return new Command('openapi')
    .description('write the OpenAPI document of all routes, with examples')
    .option('--out <file>', 'where to; standard output when left out')
    .allowExcessArguments(false)
    .action(({ out }: { readonly out?: string }) => write(out));
}

async function write(out: string | undefined): Promise<void> {
  const text = `${JSON.stringify(await describeRoutes(), null, 2)}\n`;
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch (error) {
    process.stderr.write(`tollgate: --out: ${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** Asks a gateway with the options it has by default, on a free port for a moment. */
async function describeRoutes(): Promise<unknown> {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const { options } = read;
  const log = createLog(options.logLevel);
  const world = loadWorld(options);
  const gateway = await openGateway({ options, world, clock: systemClock, timers: systemTimers, log });
  try {
    return gateway.app.swagger();
  } finally {
    await gateway.close(0);
  }
}
