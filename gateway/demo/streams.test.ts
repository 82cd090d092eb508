import { describe, expect, test } from 'vitest';
import { createStream } from './streams.ts';

const first = (seed: number, name: string): number[] => {
  const stream = createStream(seed, name);
  return Array.from({ length: 5 }, () => stream.next());
};

describe('a named stream', () => {
  test('depends on seed and name only', () => {
    expect(first(1, 'a')).toEqual(first(1, 'a'));
  });

  test.each([
    ['the next seed', 2, 'a'],
    ['the negative seed', -1, 'a'],
    ['a seed that differs above 32 bits', 1 + 2 ** 32, 'a'],
    ['another name', 1, 'b'],
    ['a longer name', 1, 'a/a'],
  ])('differs from that of %s', (_name, seed, name) => {
    expect(first(seed, name)).not.toEqual(first(1, 'a'));
  });

  test('is spread evenly from its first number on', () => {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let seed = 0; seed < 10_000; seed++) {
      const bucket = createStream(seed, 'actor').below(10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(150); // Five standard deviations.
  });

  test('waits one on average, and never less than nothing', () => {
    const stream = createStream(7, 'waits');
    const waits = Array.from({ length: 50_000 }, () => stream.exponential());
    expect(waits.reduce((a, b) => a + b, 0) / waits.length).toBeCloseTo(1, 1);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  });

  test('refuses a seed that is not an exact integer', () => {
    expect(() => createStream(0.5, 'a')).toThrow(RangeError);
    expect(() => createStream(2 ** 53, 'a')).toThrow(RangeError);
  });
});
