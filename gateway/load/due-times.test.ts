import { expect, test } from 'vitest';
import { DueTimes, type DueTimesOptions } from './due-times.ts';

function times(count: number, own: Partial<DueTimesOptions>): number[] {
  const due = new DueTimes({ kind: 'poisson', perSecond: 100, seed: 1, thread: 0, threads: 1, ...own });
  return Array.from({ length: count }, () => {
    const { nextMs } = due;
    due.advance();
    return nextMs;
  });
}

test('fixed times are even, also those of all threads together, and do not drift', () => {
  const threads = [0, 1].flatMap((thread) => times(3, { kind: 'fixed', perSecond: 50, thread, threads: 2 }));
  expect(threads.toSorted((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50]);
  expect(times(300_001, { kind: 'fixed', perSecond: 3 }).at(-1)).toBeCloseTo(100_000_000, 3);
});

test('random times have the rate that was asked for, and waits that forget', () => {
  const found = times(20_000, {});
  expect(found.at(-1)).toBeGreaterThan(195_000);
  expect(found.at(-1)).toBeLessThan(205_000);
  const waits = found.map((time, index) => time - (found[index - 1] ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  // Of exponential waits e^-1 are longer than the mean.
  const share = waits.filter((wait) => wait > 10).length / waits.length;
  expect(share).toBeCloseTo(Math.exp(-1), 1.5);
});

test('the same seed gives the same times, another seed or thread others', () => {
  expect(times(5, {})).toEqual(times(5, {}));
  expect(times(5, {})).not.toEqual(times(5, { seed: 2 }));
  expect(times(5, {})).not.toEqual(times(5, { thread: 1, threads: 2 }));
});
