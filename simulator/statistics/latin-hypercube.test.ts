import { describe, expect, it } from 'vitest';
import { namedStream } from '../../gateway/router/index.ts';
import { latinHypercube } from './latin-hypercube.ts';

describe('a Latin hypercube', () => {
  it('has one point in every slice of every dimension', () => {
    const points = latinHypercube(40, 7, namedStream(3, 'sweep'));
    for (let dimension = 0; dimension < 7; dimension += 1) {
      const slices = points.map((point) => Math.floor((point[dimension] ?? -1) * 40));
      expect(slices.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, slice) => slice));
    }
  });

  it('does not tie one dimension to another', () => {
    const points = latinHypercube(400, 2, namedStream(4, 'sweep'));
    const covariance = points.reduce((sum, [x = 0, y = 0]) => sum + (x - 0.5) * (y - 0.5), 0) / 400;
    expect(Math.abs(covariance * 12)).toBeLessThan(0.15);
  });

  it('knows the mean of a sum better than as many free draws do', () => {
    const errorOf = (draw: (seed: number) => number[][]): number => {
      const errors = Array.from({ length: 50 }, (_, seed) => {
        const sums = draw(seed).map((point) => point.reduce((sum, share) => sum + share, 0));
        return sums.reduce((sum, one) => sum + one, 0) / sums.length - 2.5;
      });
      return Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    };
    const free = (seed: number): number[][] => {
      const chance = namedStream(seed, 'free');
      return Array.from({ length: 30 }, () => Array.from({ length: 5 }, () => chance.next()));
    };
    const even = errorOf((seed) => latinHypercube(30, 5, namedStream(seed, 'even')));
    expect(even).toBeLessThan(errorOf(free) / 5);
  });

  it('is the same for the same seed', () => {
    const draw = (seed: number): number[][] => latinHypercube(9, 3, namedStream(seed, 'sweep'));
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });
});
