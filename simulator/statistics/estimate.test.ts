import { describe, expect, it } from 'vitest';
import { namedStream } from '../../gateway/router/index.ts';
import { estimateDifference, estimateOf, isClear } from './estimate.ts';

describe('an estimate', () => {
  it('is the mean and its t interval', () => {
    // Mean 5, sample deviation 2.5820, t of 3 degrees 3.1824.
    const { mean, low, high, runs } = estimateOf([2, 4, 6, 8]);
    expect([mean, runs]).toEqual([5, 4]);
    expect(low).toBeCloseTo(0.8915, 3);
    expect(high).toBeCloseTo(9.1085, 3);
  });

  it('leaves out runs with nothing to measure, and says how many are left', () => {
    expect(estimateOf([Number.NaN, 3, Number.NaN, 3])).toEqual({ mean: 3, low: 3, high: 3, runs: 2 });
    expect(estimateOf([Number.NaN, 3])).toEqual({ mean: 3, low: Number.NaN, high: Number.NaN, runs: 1 });
    expect(estimateOf([])).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, runs: 0 });
  });

  it('covers the truth in about 95 of 100 samples', () => {
    const chance = namedStream(1, 'estimates');
    // A sum of twelve uniform figures less 6 is close to normal, with mean 0.
    const normal = (): number => Array.from({ length: 12 }, () => chance.next()).reduce((sum, one) => sum + one, -6);
    const samples = Array.from({ length: 2_000 }, () => estimateOf(Array.from({ length: 5 }, normal)));
    const covering = samples.filter(({ low, high }) => low <= 0 && high >= 0).length;
    expect(covering / 2_000).toBeGreaterThan(0.935);
    expect(covering / 2_000).toBeLessThan(0.965);
  });

  it('of paired differences is far narrower than what both sets vary by', () => {
    const chance = namedStream(2, 'pairs');
    const baseline = Array.from({ length: 20 }, () => 1_000 * chance.next());
    const better = baseline.map((figure) => figure - 10 + chance.next());
    expect(isClear(estimateDifference(better, baseline))).toBe(true);
    expect(isClear(estimateDifference(better, baseline.toReversed()))).toBe(false);
  });

  it('of pairs leaves out those of which one is not there', () => {
    expect(estimateDifference([5, 7, 9], [1, Number.NaN])).toMatchObject({ mean: 4, runs: 1 });
  });
});
