import { expect, test } from 'vitest';
import { daysPerPoint, panel, pointsOf, topOf } from './small-multiples.ts';

const day = (mean: number): { mean: number; low: number; high: number; runs: number } => {
  return { mean, low: mean - 1, high: mean + 1, runs: 20 };
};

test('few days are drawn as they are, many as means of some', () => {
  const month = Array.from({ length: 30 }, (_, place) => day(place));
  expect(pointsOf(month)).toBe(month);
  const years = Array.from({ length: 1_900 }, (_, place) => day(place));
  expect(daysPerPoint(1_900)).toBe(16);
  expect(pointsOf(years)).toHaveLength(118);
  expect(pointsOf(years)[0]).toEqual({ mean: 7.5, low: 6.5, high: 8.5, runs: 20 });
});

test('the scale holds every band and is never empty', () => {
  expect(topOf([[day(3)], [day(96)]])).toBe(100);
  expect(topOf([[{ mean: 0, low: Number.NaN, high: Number.NaN, runs: 1 }]])).toBe(1);
});

test('a day without a figure is a gap and a run alone has no band', () => {
  const alone = [1, Number.NaN, 3].map((mean) => ({ mean, low: Number.NaN, high: Number.NaN, runs: 1 }));
  const { text } = panel(alone, undefined, 4, 0, 'title');
  expect(text).toMatch(/class="interval" d=""/);
  expect(text).not.toContain('NaN');
});
