#!/usr/bin/env node
/** The command `tollgate`: turns a mistake in the call into words and exit code 2. */
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

const EXIT_USAGE = 2;

// Who reads what is written may leave, as in `tollgate openapi | head`; nothing is left to be told then.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
}
