/**
 * `tollgate registry` for a test. As people run it, a process of its own with its output read through pipes, costs a second;
 * so what a process of its own adds nothing to is called in the test's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, CommanderError } from 'commander';
import { vi } from 'vitest';
import { registryCommand } from './index.ts';

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

export interface Ended {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the command. `input` is what it reads from standard input. */
export function start(words: readonly string[], { input = '', environment = {} } = {}): Run {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TOLLGATE_|NODE_|VITEST|NO_COLOR|REDIS_)/.test(name),
  );
  const main = join('gateway', 'cli', 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'registry', ...words], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...environment },
  });
  child.stdin.on('error', () => {}).end(input);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: (code ?? signal) as number | string,
    stdout,
    stderr,
  }));
  return { child, ended };
}

/** Runs the command to its end in a process of its own. */
export function run(...words: readonly string[]): Promise<Ended> {
  return start(words).ended;
}

/** Runs the command in this process, its output caught. One call at a time. */
export function call(...words: readonly string[]): Promise<Ended> {
  return callCommand(registryCommand(), words);
}

/** The same for any command. */
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

/** Lines of a text but the first `skip`, sorted: for comparing as sets. */
export function sortedLines(text: string, skip = 0): string[] {
  return text.trimEnd().split('\n').slice(skip).toSorted();
}
