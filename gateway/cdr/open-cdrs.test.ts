import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock, Timers } from '../router/index.ts';
import { cdrsOf, type Ended, endedMessages, filesIn, scratchDirectory } from './cdrs-under-test.ts';
import { openCdrs } from './open-cdrs.ts';

const WRITER = fileURLToPath(new URL('./endless-writer-under-test.ts', import.meta.url));
const LINE = '{"id":"MTEST-0"}\n';

const clock: Clock = { nowMs: () => Date.UTC(2024, 2, 1), monotonicNs: () => 0 };
const timers: Timers = { every: () => () => {}, after: () => () => {} };

let scratch: ReturnType<typeof scratchDirectory>;
let ended: Ended;
beforeEach(() => {
  scratch = scratchDirectory();
  ended = endedMessages(3, 1);
});
afterEach(() => scratch.remove());

async function open(directory: string): Promise<object[]> {
  const logged: object[] = [];
  const log = { info: (fields: object) => logged.push(fields), error: () => {} };
  const parts = { ...ended, run: 'RUN', rotateBytes: 1e9, rotateMs: 1e9, pendingBytesMax: 1e9, clock, timers, log };
  const writer = await openCdrs({ ...parts, directory });
  await writer.close();
  return logged;
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

const nameOf = (pid: number, part: '' | '.part'): string => `cdr-20240229T100000.000Z-EARLY-${pid}.ndjson${part}`;

describe('a file that an earlier run did not close', () => {
  test.each([
    ['whole lines', LINE + LINE, LINE + LINE],
    ['a torn last line, which is cut off', `${LINE}${LINE}{"id":"MTE`, LINE + LINE],
    ['a torn line longer than one read', `${LINE}{"id":"${'x'.repeat(200_000)}`, LINE],
    ['whole lines longer than one read', `{"id":"${'x'.repeat(200_000)}"}\n{`, `{"id":"${'x'.repeat(200_000)}"}\n`],
  ])('and that holds %s is closed with every whole line', async (_, left, kept) => {
    const pid = await deadPid();
    writeFileSync(join(scratch.path, nameOf(pid, '.part')), left);
    const logged = await open(scratch.path);
    expect([...filesIn(scratch.path)]).toEqual([[nameOf(pid, ''), kept]]);
    expect(logged).toEqual([{ file: nameOf(pid, '.part'), cutBytes: left.length - kept.length }]);
  });

  test('and that holds no whole line is removed', async () => {
    writeFileSync(join(scratch.path, nameOf(await deadPid(), '.part')), '{"id":');
    expect(await open(scratch.path)).toMatchObject([{ cutBytes: 6 }]);
    expect(filesIn(scratch.path).size).toBe(0);
  });

  test('but that its process still writes is left alone, as is everything that is no CDR file', async () => {
    const living = process.ppid;
    const others = new Map([
      [nameOf(living, '.part'), `${LINE}{"id`],
      [nameOf(await deadPid(), ''), `${LINE}{"id`],
      ['notes.part', 'mine'],
    ]);
    for (const [name, text] of others) writeFileSync(join(scratch.path, name), text);
    expect(await open(scratch.path)).toEqual([]);
    expect(filesIn(scratch.path)).toEqual(new Map([...others].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  });

  test('by a process that had the same id, as the first of a container has, is closed too', async () => {
    writeFileSync(join(scratch.path, nameOf(process.pid, '.part')), LINE);
    expect(await open(scratch.path)).toHaveLength(1);
    expect([...filesIn(scratch.path).keys()]).toEqual([nameOf(process.pid, '')]);
  });
});

test('a directory is made; one that cannot be used is refused by name', async () => {
  await open(join(scratch.path, 'a', 'b'));
  expect([...filesIn(join(scratch.path, 'a', 'b'))]).toEqual([]);
  writeFileSync(join(scratch.path, 'file'), '');
  await expect(open(join(scratch.path, 'file'))).rejects.toThrow(
    `${join(scratch.path, 'file')} cannot be written (EEXIST); name a directory that can be`,
  );
});

test('after kill -9 every line that was written is there, and the next run closes the file', async () => {
  const directory = join(scratch.path, 'cdrs');
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (Number(said.trim().split('\n').at(-1)) < 20_000 || said === '') {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (child.exitCode !== null) throw new Error('the writer ended');
  }
  child.kill('SIGKILL');
  await once(child, 'close');

  // What a crash between two pages of a line leaves, should the kernel not have.
  const [part] = [...filesIn(directory).keys()].filter((name) => name.endsWith('.part'));
  if (part !== undefined) appendFileSync(join(directory, part), '{"id":"MTEST-');
  const left = filesIn(directory);
  await open(directory);

  const files = filesIn(directory);
  expect([...files.keys()].every((name) => name.endsWith('.ndjson'))).toBe(true);
  for (const [name, text] of files) {
    const before = left.get(name) ?? left.get(`${name}.part`) ?? '';
    expect(text).toBe(before.slice(0, before.lastIndexOf('\n') + 1));
  }
  const ids = [...files.values()].flatMap((text) => cdrsOf(text).map(({ id }) => Number.parseInt(id.slice(6), 36)));
  const told = Number(said.trim().split('\n').at(-1));
  expect(ids.length).toBeGreaterThanOrEqual(told);
  // Each once, in order, and none missing.
  expect(ids).toEqual(ids.map((_, index) => index));
  expect(readFileSync(join(directory, [...files.keys()][0] ?? '')).length).toBeGreaterThan(1_000);
});
