/**
 * `tollgate registry` for a test. As people run it, a process of its own with its output read through pipes, costs a second;
 * so what a process of its own adds nothing to is called in the test's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callCommand, type Ended } from '../command-under-test.ts';
import { registryCommand } from './index.ts';

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

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

/** Lines of a text but the first `skip`, sorted: for comparing as sets. */
export function sortedLines(text: string, skip = 0): string[] {
  return text.trimEnd().split('\n').slice(skip).toSorted();
}
