import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cdrsOf, endedMessages, filesIn, openWriter, scratchDirectory } from './cdrs-under-test.ts';

/** Bytes that the disk has room for; what is over fails as on a full disk, by the kernel's own word. */
let roomBytes = Infinity;

vi.mock('node:fs/promises', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs/promises')>();
  const openOnSmallDisk: typeof open = async (...parameters) => {
    const handle = await actual.open(...parameters);
    const write = handle.write.bind(handle) as (...bytes: unknown[]) => Promise<{ bytesWritten: number }>;
    handle.write = (async (bytes: Uint8Array, from: number, length: number, position: number) => {
      if (roomBytes > 0) {
        const written = await write(bytes, from, Math.min(length, roomBytes), position);
        roomBytes -= written.bytesWritten;
        return written;
      }
      const full = await actual.open('/dev/full', 'r+');
      try {
        return await full.write(bytes, from, length, position);
      } finally {
        await full.close();
      }
    }) as FileHandle['write'];
    return handle;
  };
  return { ...actual, open: openOnSmallDisk };
});

const COUNT = 2_000;
const ended = endedMessages(2, COUNT);
const ids = Array.from({ length: COUNT }, (_, at) => ended.store.idOf(at));
let scratch: ReturnType<typeof scratchDirectory>;
let directory: string;
beforeEach(() => {
  roomBytes = Infinity;
  scratch = scratchDirectory();
  directory = join(scratch.path, 'cdrs');
});
afterEach(() => scratch.remove());

const idsIn = (files: ReadonlyMap<string, string>): string[] =>
  [...files.values()].flatMap((text) => cdrsOf(text).map(({ id }) => id));

test('records are in a .part within a tenth of a second, and in a closed file in the end, for nobody else to read', async () => {
  const { writer, tick } = openWriter(ended, directory);
  for (let at = 0; at < 10; at += 1) writer.add(at);
  expect([writer.pendingCount, existsSync(directory)]).toEqual([10, false]);
  await tick();
  const [[part, text]] = [...filesIn(directory)] as [[string, string]];
  expect(part).toBe('cdr-20240301T200000.100Z-RUN-4711.ndjson.part');
  expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, 10));
  expect([writer.recordCount, writer.byteCount, writer.pendingCount]).toEqual([10, Buffer.byteLength(text), 0]);
  writer.add(10);
  await writer.close();
  expect([...filesIn(directory).keys()]).toEqual(['cdr-20240301T200000.100Z-RUN-4711.ndjson']);
  expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, 11));
  expect(statSync(join(directory, 'cdr-20240301T200000.100Z-RUN-4711.ndjson')).mode & 0o777).toBe(0o600);
});

test('who writes nothing leaves no file', async () => {
  const { writer, tick } = openWriter(ended, directory);
  await tick();
  await writer.close();
  expect(existsSync(directory)).toBe(false);
});

describe('files are closed', () => {
  test('before they are larger than they may be, with whole lines in each, in the order of their names', async () => {
    const rotateBytes = 50_000;
    const { writer, tick } = openWriter(ended, directory, { rotateBytes });
    for (let at = 0; at < COUNT; at += 1) {
      writer.add(at);
      if (at % 37 === 0) await tick(1);
    }
    await writer.close();
    const files = filesIn(directory);
    expect(files.size).toBeGreaterThan(10);
    for (const [name, text] of files) {
      expect(name).toMatch(/^cdr-20240301T200\d{3}\.\d{3}Z-RUN-4711\.ndjson$/);
      expect(text.endsWith('}\n')).toBe(true);
      // A block is as large as a file may be, and the line that fills it is over.
      expect(Buffer.byteLength(text)).toBeLessThan(rotateBytes + 2_000);
    }
    expect(idsIn(files)).toEqual(ids);
    expect([writer.recordCount, writer.pendingCount, writer.errorCount]).toEqual([COUNT, 0, 0]);
  });

  test('at an age, also when nothing comes any more', async () => {
    const { writer, tick } = openWriter(ended, directory, { rotateMs: 1_000 });
    writer.add(0);
    await tick(100);
    await tick(900);
    expect([...filesIn(directory).keys()]).toEqual(['cdr-20240301T200000.100Z-RUN-4711.ndjson.part']);
    await tick(100);
    expect([...filesIn(directory).keys()]).toEqual(['cdr-20240301T200000.100Z-RUN-4711.ndjson']);
    writer.add(1);
    await tick(5_000);
    expect([...filesIn(directory).keys()]).toEqual([
      'cdr-20240301T200000.100Z-RUN-4711.ndjson',
      'cdr-20240301T200006.100Z-RUN-4711.ndjson.part',
    ]);
    await writer.close();
    expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, 2));
  });
});

describe('a disk that refuses', () => {
  test('when full is tried again, messages are pushed back meanwhile, and no record is lost or written twice', async () => {
    roomBytes = 5_000;
    const { writer, tick, logged } = openWriter(ended, directory, { pendingBytesMax: 100_000 });
    let accepted = 0;
    while (!writer.isFull) writer.add(accepted++);
    expect(writer.pendingBytes).toBeLessThan(102_000);
    await tick();
    expect([writer.isFailing, writer.errorCount, writer.isFull]).toEqual([true, 1, true]);
    expect([writer.recordCount, writer.pendingCount]).toEqual([0, accepted]);
    expect(Buffer.byteLength([...filesIn(directory).values()].join(''))).toBe(5_000);
    expect(logged).toEqual([
      {
        level: 'error',
        message: 'CDRs cannot be written and wait; make room or allow it',
        fields: { code: 'ENOSPC', directory, records: accepted },
      },
    ]);

    roomBytes = 2_000;
    await tick(500);
    expect(writer.errorCount).toBe(1); // It is left alone for a second.
    await tick(500);
    expect([writer.errorCount, logged.length]).toEqual([2, 1]);

    roomBytes = Infinity;
    writer.add(accepted++); // Of a message that was in flight.
    await tick(1_000);
    expect([writer.isFailing, writer.isFull, writer.pendingBytes]).toEqual([false, false, 0]);
    expect(logged.at(-1)).toMatchObject({ level: 'info', message: 'CDRs are written again' });
    await writer.close();
    expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, accepted));
    expect([writer.recordCount, writer.pendingCount, writer.droppedCount]).toEqual([accepted, 0, 0]);
  });

  test('because there is a file where the directory should be is tried again until there is none', async () => {
    writeFileSync(directory, '');
    const { writer, tick } = openWriter(ended, directory);
    writer.add(0);
    await tick();
    expect([writer.isFailing, writer.errorCount]).toEqual([true, 1]);
    rmSync(directory);
    await tick(1_000);
    expect(writer.isFailing).toBe(false);
    await writer.close();
    expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, 1));
  });

  test('to the end makes it say how many records are lost', async () => {
    roomBytes = 0;
    const { writer, logged } = openWriter(ended, directory);
    for (let at = 0; at < 7; at += 1) writer.add(at);
    await writer.close();
    expect([writer.droppedCount, writer.pendingCount]).toEqual([7, 0]);
    expect(logged.at(-1)).toMatchObject({ level: 'error', fields: { records: 7 } });
  });

  test('because somebody removed the file costs what was in it, which is counted, and no more', async () => {
    const { writer, tick, logged } = openWriter(ended, directory, { rotateMs: 1_000 });
    for (let at = 0; at < 3; at += 1) writer.add(at);
    await tick();
    rmSync(directory, { recursive: true });
    for (let at = 3; at < 5; at += 1) writer.add(at);
    await tick(1_000);
    await writer.close();
    expect(idsIn(filesIn(directory))).toEqual(ids.slice(3, 5));
    expect([writer.droppedCount, writer.errorCount, writer.isFailing]).toEqual([3, 1, false]);
    expect(logged[0]).toMatchObject({ level: 'error', fields: { records: 3 } });
  });
});

test('a name that is taken is not written over', async () => {
  const first = openWriter(ended, directory);
  first.writer.add(0);
  await first.tick();
  const second = openWriter(ended, directory);
  second.writer.add(1);
  await second.tick();
  expect([second.writer.isFailing, second.writer.errorCount]).toEqual([true, 1]);
  await second.tick(1_000);
  await Promise.all([first.writer.close(), second.writer.close()]);
  expect(idsIn(filesIn(directory))).toEqual(ids.slice(0, 2));
});
