import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { bestCopies, type List, valueOf } from './list-economics.ts';

const lists = fc.record({
  worth: fc.double({ min: 1_000, max: 500_000, noNaN: true }),
  steepness: fc.double({ min: 0.5, max: 4, noNaN: true }),
  copiesMax: fc.integer({ min: 1, max: 6 }),
});
const shares = fc.double({ min: 0.05, max: 0.99, noNaN: true });
const costs = fc.double({ min: 100, max: 100_000, noNaN: true });

/** The same by going through the list one recipient after another, and each copy by itself. */
function slowly(list: List, landedShare: number, cost: number): { copies: number; value: number } {
  const recipients = 4_000;
  let copies = 0;
  let value = 0;
  for (let one = 0; one < recipients; one += 1) {
    const worth = list.worth * Math.exp((-list.steepness * (one + 0.5)) / recipients);
    let missed = 1;
    for (let copy = 1; copy <= list.copiesMax && worth * landedShare * missed > cost; copy += 1) {
      copies += 1;
      value += worth * landedShare * missed;
      missed *= 1 - landedShare;
    }
  }
  return { copies: copies / recipients, value: value / recipients };
}

describe('what spam pays for', () => {
  test.prop([lists, shares, costs])('agrees with going through the list', (list, landedShare, costMicros) => {
    const slow = slowly(list, landedShare, costMicros);
    expect(bestCopies(list, landedShare, costMicros)).toBeCloseTo(slow.copies, 2);
    const value = valueOf(list, { landedShare, costMicros }, landedShare);
    expect(Math.abs(value - slow.value)).toBeLessThan(0.005 * list.worth);
  });

  test.prop([lists, shares, costs, costs])('falls with the price', (list, landedShare, one, other) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    expect(bestCopies(list, landedShare, high)).toBeLessThanOrEqual(bestCopies(list, landedShare, low));
  });

  test.prop([lists, shares, costs])('earns less by any other price to plan by', (list, landedShare, costMicros) => {
    const profit = (planned: number): number =>
      valueOf(list, { landedShare, costMicros: planned }, landedShare) -
      bestCopies(list, landedShare, planned) * costMicros;
    const best = profit(costMicros);
    for (const factor of [0.5, 0.8, 1.25, 2]) expect(profit(costMicros * factor)).toBeLessThanOrEqual(best + 1e-6);
  });

  it('a filter makes copies worthwhile where messages are cheap, and not where they are dear', () => {
    const list = { worth: 100_000, steepness: 2, copiesMax: 6 };
    expect(bestCopies(list, 0.5, 500)).toBeGreaterThan(bestCopies(list, 0.95, 500));
    expect(bestCopies(list, 0.5, 40_000)).toBeLessThan(bestCopies(list, 0.95, 40_000));
  });
});
