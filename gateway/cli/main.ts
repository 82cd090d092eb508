#!/usr/bin/env node
/** The command `tollgate`: turns a mistake in the call into words and exit code 2. */
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

const EXIT_USAGE = 2;

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
}
