import { describe, expect, it } from 'vitest';
import { normalOf, normalQuantile } from './normal.ts';

describe('normal distribution', () => {
  it('has the quantiles of printed tables', () => {
    for (const [share, quantile] of [
      [0.5, 0],
      [0.975, 1.959964],
      [0.995, 2.575829],
      [0.001, -3.090232],
      [0.02, -2.053749],
    ] as const) {
      expect(normalQuantile(share)).toBeCloseTo(quantile, 5);
    }
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });

  it('makes draws with mean 0 and variance 1 of words spread evenly', () => {
    const draws = Array.from({ length: 65_536 }, (_, step) => normalOf((step * 65_537) | 0));
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + draw * draw, 0) / draws.length;
    expect(mean).toBeCloseTo(0, 6);
    expect(variance).toBeCloseTo(1, 3);
  });
});
