import { describe, expect, test } from 'vitest';
import { createArrivals, level, localHour } from './arrivals.ts';
import { createStream } from './streams.ts';

const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = Date.UTC(2024, 0, 15, 5); // Midnight in New York.

describe('the local hour', () => {
  test.each([
    [MIDNIGHT_MS, 0],
    [MIDNIGHT_MS - 1, 23],
    [MIDNIGHT_MS + 13.5 * HOUR_MS, 13],
    [0, 19],
    [-20 * HOUR_MS, 23],
  ])('at %d is %d', (atMs, hour) => {
    expect(localHour(atMs)).toBe(hour);
  });
});

describe('levelling a day', () => {
  test('leaves a day without quiet hours as it is, but for its mean', () => {
    expect(level([1, 2, 3], 0.3)).toEqual([0.5, 1, 1.5]);
  });

  test('lifts quiet hours to the floor and keeps the mean', () => {
    const levels = level([0.01, 0.1, 0.26, 1, 2.57], 0.3);
    expect(Math.min(...levels)).toBe(0.3);
    expect(levels.filter((value) => value === 0.3)).toHaveLength(3); // The third falls below by the scaling alone.
    expect(levels.reduce((a, b) => a + b, 0) / levels.length).toBeCloseTo(1, 12);
    expect((levels[4] ?? 0) / (levels[3] ?? 1)).toBeCloseTo(2.57, 12);
  });
});

describe('arrivals', () => {
  const rates = Array.from({ length: 24 }, (_, hour) => (hour === 3 ? 0 : hour + 1) / 50_000);
  const countByHour = (blast?: { size: number; gapMs: number }): number[] => {
    const arrivals = createArrivals({ stream: createStream(5, 'x'), rates, startMs: MIDNIGHT_MS, blast });
    const counts = Array.from({ length: 24 }, () => 0);
    let lastMs = MIDNIGHT_MS;
    while (arrivals.nextAtMs < MIDNIGHT_MS + 24 * HOUR_MS) {
      if (arrivals.nextAtMs < lastMs) throw new Error('arrivals went back in time');
      lastMs = arrivals.nextAtMs;
      const hour = localHour(lastMs);
      counts[hour] = (counts[hour] ?? 0) + 1;
      arrivals.advance();
    }
    return counts;
  };

  test('follow the rate of each hour', () => {
    countByHour().forEach((count, hour) => {
      const expected = (rates[hour] ?? 0) * HOUR_MS;
      expect(Math.abs(count - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected));
    });
  });

  test('in blasts come close together, at the same mean rate', () => {
    const blast = { size: 20, gapMs: 10 };
    const sum = countByHour(blast).reduce((a, b) => a + b, 0);
    const expected = rates.reduce((a, b) => a + b, 0) * HOUR_MS;
    expect(Math.abs(sum - expected)).toBeLessThan(5 * Math.sqrt(expected * blast.size));

    const arrivals = createArrivals({ stream: createStream(6, 'x'), rates, startMs: MIDNIGHT_MS, blast });
    const startMs = arrivals.nextAtMs;
    for (let i = 1; i < blast.size; i++) arrivals.advance();
    expect(arrivals.nextAtMs).toBeCloseTo(startMs + 190, 3);
  });

  test('in blasts keep up with a rate that the gap would not allow', () => {
    const busy = Array.from({ length: 24 }, () => 1); // One message a millisecond, asked to be 25 ms apart.
    const arrivals = createArrivals({
      stream: createStream(8, 'x'),
      rates: busy,
      startMs: MIDNIGHT_MS,
      blast: { size: 200, gapMs: 25 },
    });
    let count = 0;
    for (; arrivals.nextAtMs < MIDNIGHT_MS + 200_000; count++) arrivals.advance();
    expect(Math.abs(count - 200_000)).toBeLessThan(40_000);
  });
});
