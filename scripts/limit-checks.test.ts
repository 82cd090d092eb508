import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { type Accepted, allowedInDays, mostAtOnce, worstWindow } from './limit-checks.ts';

const at = (fromMs: number, untilMs: number, units: number): Accepted => ({ fromMs, untilMs, units });
const excess = (accepted: readonly Accepted[], cap: number, windowMs: number): number => {
  const { units, allowed } = worstWindow(accepted, { cap, windowMs });
  return units - allowed;
};

describe('the worst window', () => {
  it('of a bucket that was emptied at once and then used as it filled is none', () => {
    const even = Array.from({ length: 50 }, (_, index) => at(1_000 + index * 100, 1_000 + index * 100, 1));
    expect(excess([at(900, 900, 10), ...even], 10, 1_000)).toBeLessThanOrEqual(0);
  });

  it('is found wherever it is: here the bucket was filled twice', () => {
    const quiet = [at(0, 1, 1), at(90_000, 90_001, 1)];
    const burst = [at(30_000, 30_005, 10), at(30_010, 30_012, 10)];
    const { fromMs, untilMs, units, allowed } = worstWindow([...quiet, ...burst], { cap: 10, windowMs: 1_000 });
    expect([fromMs, untilMs, units]).toEqual([30_000, 30_012, 20]);
    expect(allowed).toBeCloseTo(10.13);
  });

  it('counts only what cannot have been accepted outside of it', () => {
    // The second ten may have come a second before the first, or after it.
    expect(excess([at(5_000, 5_000, 10), at(4_000, 6_000, 10)], 10, 1_000)).toBeLessThanOrEqual(0);
    expect(excess([at(5_000, 5_000, 10), at(4_900, 5_100, 10)], 10, 1_000)).toBeCloseTo(7.99);
  });

  const moment = fc.tuple(
    fc.integer({ min: 0, max: 500 }),
    fc.integer({ min: 0, max: 50 }),
    fc.integer({ min: 1, max: 9 }),
  );
  propertyTest.prop([fc.array(moment, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 20 })])(
    'is the worst of all there are',
    (moments, cap) => {
      const accepted = moments.map(([fromMs, forMs, units]) => at(fromMs, fromMs + forMs, units));
      let worst = -Infinity;
      for (let fromMs = 0; fromMs <= 550; fromMs += 1) {
        for (let untilMs = fromMs; untilMs <= 550; untilMs += 1) {
          const inside = accepted.filter((one) => one.fromMs >= fromMs && one.untilMs <= untilMs);
          const units = inside.reduce((sum, one) => sum + one.units, 0);
          if (units > 0) worst = Math.max(worst, units - cap - (cap / 100) * (untilMs - fromMs + 1));
        }
      }
      expect(excess(accepted, cap, 100)).toBeCloseTo(Math.max(worst, -cap));
    },
    10_000,
  );
});

describe('what days allow', () => {
  const MIDNIGHT_MS = Date.UTC(2024, 2, 1, 8);

  it('is one cap for one day of Los Angeles, two across its midnight', () => {
    expect(allowedInDays([], 1_000)).toBe(1_000);
    expect(allowedInDays([at(MIDNIGHT_MS, MIDNIGHT_MS + 9, 1)], 1_000)).toBe(1_000);
    expect(allowedInDays([at(MIDNIGHT_MS - 2, MIDNIGHT_MS - 1, 1), at(MIDNIGHT_MS, MIDNIGHT_MS, 1)], 1_000)).toBe(
      2_000,
    );
  });
});

describe('the most at once', () => {
  it('counts those that overlap, and not those of which one ends as the other begins', () => {
    const stay = (fromMs: number, untilMs: number): { fromMs: number; untilMs: number } => ({ fromMs, untilMs });
    expect(mostAtOnce([])).toBe(0);
    expect(mostAtOnce([stay(0, 10), stay(10, 20), stay(20, 30)])).toBe(1);
    expect(mostAtOnce([stay(0, 10), stay(9, 20), stay(5, Infinity), stay(12, 13)])).toBe(3);
  });
});
