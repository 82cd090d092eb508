import { fc, test } from '@fast-check/vitest';
import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { type Line, LineSplitter } from './line-splitter.ts';
import { BULK_LINE_BYTES_MAX } from './limits.ts';

interface Taken extends Line {
  readonly digest: string;
}

function split(blocks: readonly Buffer[]): Taken[] {
  const splitter = new LineSplitter();
  const taken: Taken[] = [];
  const takeAll = (): void => {
    for (let line = splitter.take(); line !== undefined; line = splitter.take()) {
      taken.push({ ...line, digest: splitter.digest() });
    }
  };
  for (const block of blocks) {
    splitter.feed(block);
    takeAll();
  }
  splitter.end();
  takeAll();
  return taken;
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((to, index) => bytes.subarray(at[index], to));
}

/** The same by the plainest means. */
function expected(bytes: Buffer): Taken[] {
  const lines: Taken[] = [];
  for (let from = 0; from < bytes.length;) {
    const feed = bytes.indexOf(0x0a, from);
    const isEnded = feed >= 0;
    const end = isEnded ? feed : bytes.length;
    const isTooLong = end - from > BULK_LINE_BYTES_MAX;
    const text = isTooLong ? '' : bytes.toString('utf8', from, end).replace(/\r$/, '');
    from = isEnded ? end + 1 : end;
    lines.push({
      text,
      isTooLong,
      isEnded,
      digest: createHash('sha256').update(bytes.subarray(0, from)).digest('hex'),
    });
  }
  return lines;
}

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\n\n', '{"number":"2125550123"}') },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }).map((by) => 'x'.repeat(BULK_LINE_BYTES_MAX + by)) },
);

describe('lines', () => {
  test.prop([fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 30 })], { seed: 1, numRuns: 300 })(
    'and the digest of their bytes are the same however the bytes are cut',
    (pieces, places) => {
      const bytes = Buffer.from(pieces.join(''));
      expect(split(cut(bytes, places))).toEqual(expected(bytes));
    },
  );

  test('may come a byte at a time', () => {
    const bytes = Buffer.from(`a\r\n${'é'.repeat(BULK_LINE_BYTES_MAX)}\nß`);
    const single = Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1));
    expect(split(single)).toEqual(expected(bytes));
    expect(split(single).map(({ isTooLong }) => isTooLong)).toEqual([false, true, false]);
  });

  test('of a gigabyte without an end take no more memory than one block', () => {
    const splitter = new LineSplitter();
    const block = Buffer.alloc(1_048_576, 'x');
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (let index = 0; index < 1_024; index += 1) {
      splitter.feed(block);
      expect(splitter.take()).toBeUndefined();
      if (index % 64 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    splitter.end();
    expect(splitter.take()).toMatchObject({ isTooLong: true });
    expect(most).toBeLessThan(64 * 1_048_576);
  });
});
