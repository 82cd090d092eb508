import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { askFor } from './ask-under-test.ts';
import { PacificDays } from './pacific-days.ts';

const HOUR_MS = 3_600_000;
/** Midnights in Los Angeles, and the hours of the day that begins. */
const DAYS = [
  { name: 'an ordinary day', startMs: Date.UTC(2024, 6, 1, 7), hours: 24 },
  { name: 'the day on which clocks go forward', startMs: Date.UTC(2024, 2, 10, 8), hours: 23 },
  { name: 'the day on which clocks go back', startMs: Date.UTC(2024, 10, 3, 7), hours: 25 },
];

describe.each(DAYS)('a count on $name', ({ startMs, hours }) => {
  const endMs = startMs + hours * HOUR_MS;

  test('holds from the first millisecond to the last, and says how long until midnight', () => {
    const days = new PacificDays(1);
    expect(days.waitMs(0, 2_000, askFor(2_000, startMs))).toBe(0);
    days.take(0, 2_000, askFor(2_000, startMs));
    expect(days.waitMs(0, 2_000, askFor(1, startMs))).toBe(hours * HOUR_MS);
    expect(days.waitMs(0, 2_000, askFor(1, endMs - 1))).toBe(1);
    expect(days.waitMs(0, 2_000, askFor(2_000, endMs))).toBe(0);
    expect(days.used(0, 2_000, askFor(1, endMs))).toBe(0);
  });

  test('does not begin again when the clock is set back over midnight', () => {
    const days = new PacificDays(1);
    days.take(0, 10, askFor(4, startMs - 1));
    days.take(0, 10, askFor(7, startMs));
    days.take(0, 10, askFor(2, startMs - 1));
    expect(days.used(0, 10, askFor(1, startMs - 1))).toBe(9);
    expect(days.waitMs(0, 10, askFor(2, startMs - 1))).toBeGreaterThan(0);
    expect(days.used(0, 10, askFor(1, startMs + 1))).toBe(9);
  });
});

test('what is more than the cap never fits, and all of the cap does', () => {
  const days = new PacificDays(1);
  const atMs = DAYS[0]!.startMs;
  expect(days.waitMs(0, 10, askFor(11, atMs))).toBe(Infinity);
  expect(days.waitMs(0, 10, askFor(10, atMs))).toBe(0);
});

test('keys are apart and keep their counts when room is made for more', () => {
  const days = new PacificDays();
  const atMs = DAYS[0]!.startMs;
  days.ensure(2);
  days.take(1, 10, askFor(3, atMs));
  days.ensure(1_000);
  expect(days.used(0, 10, askFor(1, atMs))).toBe(0);
  expect(days.used(1, 10, askFor(1, atMs))).toBe(3);
  expect(days.waitMs(999, 10, askFor(10, atMs))).toBe(0);
});

test.each([-1, 1, Number.NaN])('key %d, which was never ensured, admits nothing', (key) => {
  const days = new PacificDays(1);
  const atMs = DAYS[0]!.startMs;
  expect(days.waitMs(key, 10, askFor(1, atMs))).toBe(Infinity);
  expect(days.used(key, 10, askFor(1, atMs))).toBe(0);
});

const losAngelesDate = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

const aroundMidnight = fc.constantFrom(...DAYS).chain(({ startMs }) =>
  fc.array(
    fc.record({
      atMs: fc.oneof(
        fc.integer({ min: startMs - 25 * HOUR_MS, max: startMs + 50 * HOUR_MS }),
        fc.integer({ min: -2, max: 2 }).map((ms) => startMs + ms),
        fc
          .constantFrom(23, 24, 25)
          .chain((hours) => fc.integer({ min: -2, max: 2 }).map((ms) => startMs + hours * HOUR_MS + ms)),
      ),
      units: fc.integer({ min: 1, max: 50 }),
    }),
    { maxLength: 40 },
  ),
);

propertyTest.prop([aroundMidnight, fc.boolean(), fc.integer({ min: 1, max: 200 })])(
  'a count agrees with a list of everything taken, by the date in Los Angeles',
  (asks, isInOrder, cap) => {
    const days = new PacificDays(1);
    const taken: { date: string; units: number }[] = [];
    let latestDate = '';
    for (const { atMs, units } of isInOrder ? asks.toSorted((a, b) => a.atMs - b.atMs) : asks) {
      const date = [losAngelesDate.format(atMs), latestDate].toSorted()[1]!;
      const used = sum(taken.filter((one) => one.date === date));
      expect(days.used(0, cap, askFor(units, atMs))).toBe(used);
      const fits = days.waitMs(0, cap, askFor(units, atMs)) === 0;
      expect(fits).toBe(used + units <= cap);
      if (!fits) continue;
      latestDate = date;
      taken.push({ date, units });
      days.take(0, cap, askFor(units, atMs));
    }
    for (const date of new Set(taken.map((one) => one.date))) {
      expect(sum(taken.filter((one) => one.date === date))).toBeLessThanOrEqual(cap);
    }
  },
);

function sum(taken: readonly { units: number }[]): number {
  return taken.reduce((total, { units }) => total + units, 0);
}
