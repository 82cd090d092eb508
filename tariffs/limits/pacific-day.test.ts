import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { pacificDayAt } from './pacific-day.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['an ordinary winter day', Date.UTC(2024, 0, 15, 8), 24],
  ['an ordinary summer day', Date.UTC(2024, 6, 15, 7), 24],
  ['the day on which clocks go forward', Date.UTC(2024, 2, 10, 8), 23],
  ['the day on which clocks go back', Date.UTC(2024, 10, 3, 7), 25],
])('%s runs from midnight to midnight in Los Angeles', (_name, startMs, hours) => {
  const endMs = startMs + hours * HOUR_MS;
  const day = pacificDayAt(startMs);
  expect(day).toMatchObject({ startMs, endMs });
  expect(pacificDayAt(endMs - 1)).toEqual(day);
  expect(pacificDayAt(endMs).ordinal).toBe(day.ordinal + 1);
  expect(pacificDayAt(startMs - 1).ordinal).toBe(day.ordinal - 1);
});

test('ordinals count days from 1970-01-01', () => {
  expect(pacificDayAt(8 * HOUR_MS).ordinal).toBe(0);
  expect(pacificDayAt(0).ordinal).toBe(-1);
});

propertyTest.prop([fc.integer({ min: 0, max: Date.UTC(2040, 0) })])('days touch and do not overlap', (atMs) => {
  const day = pacificDayAt(atMs);
  expect(day.startMs).toBeLessThanOrEqual(atMs);
  expect(day.endMs).toBeGreaterThan(atMs);
  expect(pacificDayAt(day.endMs)).toMatchObject({ ordinal: day.ordinal + 1, startMs: day.endMs });
});
