import { describe, expect, it } from 'vitest';
import { Beliefs } from './beliefs.ts';

const hopes = { landedShare: 0.8, costMicros: [1_000, 5_000], days: 10, memoryDays: 7 };

describe('beliefs', () => {
  it('begin as hopes, follow what is seen, and come back to hopes where nothing is tried', () => {
    const beliefs = new Beliefs(hopes);
    expect(beliefs.landedShare(0)).toBe(0.8);
    beliefs.see(0, 900, 90);
    expect(beliefs.landedShare(0)).toBeCloseTo((90 + 80) / 1_000, 10);
    expect(beliefs.landedShare(1)).toBe(0.8);
    for (let day = 0; day < 60; day += 1) beliefs.fade();
    expect(beliefs.landedShare(0)).toBeCloseTo(0.8, 2);
  });

  it('count what was spent beyond the price', () => {
    const beliefs = new Beliefs(hopes);
    beliefs.see(1, 400, 300);
    beliefs.spend(1, 500_000);
    expect(beliefs.costMicros(1)).toBeCloseTo((500_000 + 100 * 5_000) / 500, 10);
  });

  it('expect less of what does not pass, or does not last', () => {
    const beliefs = new Beliefs(hopes);
    const hoped = beliefs.usableDays(0);
    beliefs.seeSetUp(0, false);
    const afterFailure = beliefs.usableDays(0);
    expect(afterFailure).toBeLessThan(hoped);
    beliefs.seeLost(0, 1);
    expect(beliefs.usableDays(0)).toBeLessThan(afterFailure);
  });
});
