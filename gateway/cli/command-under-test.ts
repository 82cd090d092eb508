/** A command of the command line for a test, called in the test's own process. */
import { type Command, CommanderError } from 'commander';
import { vi } from 'vitest';

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command, its output caught. One call at a time. */
export async function callCommand(command: Command, words: readonly string[]): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  const { stdout: out, stderr: err } = process;
  const catching = (take: (text: string) => void) => (text: unknown, whenDone?: unknown) => {
    take(String(text));
    if (typeof whenDone === 'function') whenDone();
    return true;
  };
  const spies = [
    vi.spyOn(out, 'write').mockImplementation(catching((text) => (stdout += text))),
    vi.spyOn(err, 'write').mockImplementation(catching((text) => (stderr += text))),
  ];
  const codeBefore = process.exitCode;
  process.exitCode = 0;
  try {
    await command.exitOverride().parseAsync(words, { from: 'user' });
    return { code: process.exitCode, stdout, stderr };
  } catch (error) {
    // As main.ts does; commander has written the words already.
    if (error instanceof CommanderError) return { code: error.exitCode === 0 ? 0 : 2, stdout, stderr };
    throw error;
  } finally {
    process.exitCode = codeBefore;
    for (const spy of spies) spy.mockRestore();
  }
}
