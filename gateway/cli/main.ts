#!/usr/bin/env node
/** The command `tollgate`: finds the subcommand and turns a mistake in the call into words and exit code 2. */
import { Command, CommanderError } from 'commander';
import { readPackageFile } from '../package-files.ts';
import { cdrCommand } from './cdr/index.ts';
import { clockCommand } from './clock.ts';
import { faultsCommand } from './faults.ts';
import { loadCommand } from './load.ts';
import { proxyCommand } from './proxy.ts';
import { rateCommand } from './rate/index.ts';
import { registryCommand } from './registry/index.ts';
import { serveCommand } from './serve.ts';
import { stateCommand } from './state.ts';
import { traceCommand } from './trace.ts';
import { webhooksCommand } from './webhooks.ts';
import { workerCommand } from './worker.ts';

const EXIT_USAGE = 2;

const { version } = JSON.parse(readPackageFile('package.json')) as { version: string };

const program = new Command('tollgate')
  .description('Simulates the US A2P 10DLC SMS path: who is registered, what it costs, what lands, who is paid.')
  .version(version)
  .showHelpAfterError('(tollgate --help lists the commands)')
  // An option belongs to the command before it: `rate` and `rate diff` both have --book.
  .enablePositionalOptions()
  .addCommand(serveCommand())
  .addCommand(workerCommand())
  .addCommand(traceCommand())
  .addCommand(rateCommand())
  .addCommand(registryCommand())
  .addCommand(cdrCommand())
  .addCommand(webhooksCommand())
  .addCommand(faultsCommand())
  .addCommand(clockCommand())
  .addCommand(stateCommand())
  .addCommand(loadCommand())
  .addCommand(proxyCommand())
  .exitOverride();
for (const command of program.commands) {
  command.exitOverride().showHelpAfterError(`(tollgate ${command.name()} --help lists the options)`);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
}
