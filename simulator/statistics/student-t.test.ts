import { describe, expect, it } from 'vitest';
import { tBound } from './student-t.ts';

describe('the bound of t', () => {
  // Published tables of the two-sided t distribution.
  it.each([
    [1, 0.95, 12.7062],
    [2, 0.95, 4.3027],
    [3, 0.95, 3.1824],
    [4, 0.95, 2.7764],
    [9, 0.95, 2.2622],
    [10, 0.99, 3.1693],
    [19, 0.95, 2.093],
    [30, 0.9, 1.6973],
    [120, 0.95, 1.9799],
    [1_000_000, 0.95, 1.9602],
  ])('of %i degrees at %f is %f', (degrees, confidence, bound) => {
    expect(tBound(degrees, confidence)).toBeCloseTo(bound, 3.5);
  });

  it.each([
    [0, 0.95],
    [2.5, 0.95],
    [3, 1],
    [3, 0],
  ])('of %f degrees at %f there is none', (degrees, confidence) => {
    expect(() => tBound(degrees, confidence)).toThrow(RangeError);
  });
});
