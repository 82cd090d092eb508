import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TextBytes } from '../messages/index.ts';
import { CdrLines } from './cdr-lines.ts';
import { type Cdr, readCdr } from './cdr.ts';
import { cdrsOf, endedMessages, scratchDirectory } from './cdrs-under-test.ts';
import { cdrFilesAt, readCdrs } from './read-cdrs.ts';

const COUNT = 400;
const { core, store } = endedMessages(5, COUNT);
const bytes = new TextBytes();
const lines = new CdrLines(core, store);
for (let at = 0; at < COUNT; at += 1) lines.add(at, bytes);
const text = bytes.take().toString();
const [first = ''] = text.split('\n');

const FILE = 'cdr-20240301T200000.000Z-RUN-1.ndjson';

let scratch: ReturnType<typeof scratchDirectory>;
beforeEach(() => {
  scratch = scratchDirectory();
});
afterEach(() => scratch.remove());

function write(name: string, content: string): string {
  const path = join(scratch.path, name);
  writeFileSync(path, content);
  return path;
}

async function read(path: string): Promise<{ cdrs: Cdr[]; wrong: string[] }> {
  const cdrs: Cdr[] = [];
  const wrong: string[] = [];
  for await (const some of readCdrs(await cdrFilesAt(path), (place, message) => wrong.push(`${place} ${message}`))) {
    cdrs.push(...some);
  }
  return { cdrs, wrong };
}

test('a file reads as it was written, however its end looks', async () => {
  const written = cdrsOf(text);
  expect(written).toHaveLength(COUNT);
  expect(await read(write('a.ndjson', text))).toEqual({ cdrs: written, wrong: [] });
  expect(await read(write('b.ndjson', text.trimEnd()))).toEqual({ cdrs: written, wrong: [] });
  expect(await read(write('c.ndjson', ''))).toEqual({ cdrs: [], wrong: [] });
});

test('of a directory the CDR files are read in the order of their names, one still being written as far as it goes', async () => {
  write('cdr-20240301T210000.000Z-RUN-1.ndjson.part', text.slice(0, -10));
  write(FILE, text);
  write('notes.ndjson', 'no CDR');
  mkdirSync(join(scratch.path, 'more'));
  const { cdrs, wrong } = await read(scratch.path);
  expect(wrong).toEqual([]);
  expect(cdrs).toEqual([...cdrsOf(text), ...cdrsOf(text).slice(0, -1)]);
});

test('a file that is closed between being listed and being read is read nevertheless', async () => {
  const part = write(`${FILE}.part`, text);
  const files = await cdrFilesAt(scratch.path);
  renameSync(part, join(scratch.path, FILE));
  const ids: string[] = [];
  for await (const some of readCdrs(files, () => {})) ids.push(...some.map(({ id }) => id));
  expect(ids).toHaveLength(COUNT);
});

test('wrong lines are told by file and line and left out, the others count', async () => {
  const path = write('a.ndjson', [first, 'nonsense', '', first, '[]', 'x'.repeat(200_000), first, '{"id'].join('\n'));
  const { cdrs, wrong } = await read(path);
  expect(cdrs).toEqual([1, 2, 3].map(() => JSON.parse(first)));
  expect(wrong.map((one) => one.replace(path, 'FILE'))).toEqual([
    'FILE:2 is not a JSON object; the line may be cut: remove it',
    'FILE:5 must be a JSON object',
    'FILE:6 is longer than 65536 characters; remove it',
    'FILE:8 is not a JSON object; the line may be cut: remove it',
  ]);
});

test('a path that is none is refused', async () => {
  await expect(read(join(scratch.path, 'nowhere'))).rejects.toThrow('ENOENT');
});

describe('a line is wrong that has', () => {
  const cdr = cdrsOf(text).find(({ postings }) => postings.length > 1)!;
  const [posting] = cdr.postings as [Cdr['postings'][number]];
  test.each<[what: string, change: object, message: string]>([
    ['no id', { id: undefined }, 'id is missing; add it'],
    [
      'a carrier nobody knows',
      { carrier: 'sprint' },
      'carrier must be one of att, verizon, tmobile, uscellular, other, none',
    ],
    ['a time without zone', { acceptedAt: '2024-03-01T20:00:00.000' }, 'acceptedAt must match pattern'],
    ['a negative amount', { postings: [{ ...posting, micros: -1 }] }, 'postings.0.micros must be >= 0'],
    ['a fraction of a micro-dollar', { postings: [{ ...posting, micros: 0.5 }] }, 'postings.0.micros must be integer'],
    [
      'a cause nobody knows',
      { postings: [{ ...posting, cause: 'gift' }] },
      'postings.0.cause must be one of carrier_fee',
    ],
    ['no segments', { segments: 0 }, 'segments must be >= 1'],
    [
      'another total than its postings',
      { totalMicros: cdr.totalMicros + 1 },
      `totalMicros is ${cdr.totalMicros + 1}, but the postings sum to ${cdr.totalMicros}`,
    ],
  ])('%s', (_, change, message) => {
    expect(readCdr(JSON.stringify(cdr))).toEqual(cdr);
    expect(readCdr(JSON.stringify({ ...cdr, ...change }))).toContain(message);
  });
});
