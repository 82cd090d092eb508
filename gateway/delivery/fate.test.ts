import { describe, expect, test } from 'vitest';
import { DRAWS, Fate, Purpose } from './fate.ts';

const COUNT = 1 << 17;
const BINS = 64;

/** Chi-square of counts that should be alike, as standard deviations from what it is on average. */
function strangeness(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count) / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chiSquare - freedom) / Math.sqrt(2 * freedom);
}

type DrawOf = (index: number) => number;
const binOf = (draw: number, bins = BINS): number => Math.floor((draw / DRAWS) * bins);

function histogram(drawOf: DrawOf, bins = BINS): number[] {
  const counts = Array.from({ length: bins }, () => 0);
  for (let index = 0; index < COUNT; index += 1) counts[binOf(drawOf(index), bins)]! += 1;
  return counts;
}

/** Counts of pairs: alike in every cell if the two have nothing to do with each other. */
function pairs(one: DrawOf, other: DrawOf, bins = 16): number[] {
  const counts = Array.from({ length: bins * bins }, () => 0);
  for (let index = 0; index < COUNT; index += 1)
    counts[binOf(one(index), bins) * bins + binOf(other(index), bins)]! += 1;
  return counts;
}

const key = new Float64Array(1);
function drawer(seed: number, purpose: number, keyOf: (index: number) => number = (index) => index): DrawOf {
  const fate = new Fate(seed);
  return (index) => {
    key[0] = keyOf(index);
    fate.turnTo(key, 0);
    return fate.draw(purpose);
  };
}

// The draws are fixed, so that a test which passes once always does; four standard deviations are one in ten thousand.
const LIMIT = 4;

describe('draws', () => {
  const keys: Readonly<Record<string, (index: number) => number>> = {
    'keys in a row': (index) => index,
    'keys of another run': (index) => 77 * 2 ** 36 + index,
    'keys far apart': (index) => index * 2 ** 32,
    'telephone numbers': (index) => 2_125_550_000 + index * 10,
  };
  test.each(Object.entries(keys))('of %s are even, and whole numbers below the bound', (_name, keyOf) => {
    for (const purpose of Object.values(Purpose)) {
      const draw = drawer(1, purpose, keyOf);
      expect(strangeness(histogram(draw))).toBeLessThan(LIMIT);
      // The lowest bits too: shares are compared with all of a draw.
      expect(strangeness(histogram((index) => (draw(index) % BINS) * (DRAWS / BINS)))).toBeLessThan(LIMIT);
    }
    const some = Array.from({ length: 1_000 }, (_, index) => drawer(1, 1, keyOf)(index));
    expect(some.every((one) => Number.isInteger(one) && one >= 0 && one < DRAWS)).toBe(true);
  });

  test('for one purpose say nothing of those for another, of the next message, of another seed or of another run', () => {
    const draw = drawer(1, Purpose.Filter);
    const others: Readonly<Record<string, DrawOf>> = {
      'next purpose': drawer(1, Purpose.Receiptless),
      'far purpose': drawer(1, Purpose.Error + 40),
      'next message': (index) => draw(index + 1),
      'next seed': drawer(2, Purpose.Filter),
      'far seed': drawer(2 ** 40 + 1, Purpose.Filter),
      'next run': drawer(1, Purpose.Filter, (index) => 2 ** 36 + index),
    };
    for (const [name, other] of Object.entries(others)) {
      expect([name, strangeness(pairs(draw, other)) < LIMIT]).toEqual([name, true]);
    }
  });

  test('are the same whenever and in whatever order they are asked for', () => {
    const fate = new Fate(9);
    const keysInTurn = Float64Array.from({ length: 100 }, (_, index) => index * 12_345_678_901);
    const drawsOf = (at: number): number[] => {
      fate.turnTo(keysInTurn, at);
      return Object.values(Purpose).map((purpose) => fate.draw(purpose));
    };
    const forward = Array.from(keysInTurn, (_, at) => drawsOf(at));
    const backward = Array.from(keysInTurn, (_, at) => drawsOf(keysInTurn.length - 1 - at)).reverse();
    expect(backward).toEqual(forward);
  });
});

test('a seed that is not a whole number is refused', () => {
  expect(() => new Fate(0.5)).toThrow('seed must be a safe integer, got 0.5');
});
