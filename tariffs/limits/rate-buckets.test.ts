import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { DayCounters, MinuteBuckets } from './limits.ts';
import { pacificDayAt } from './pacific-day.ts';

const NOON_MS = 1_709_294_400_000;

describe('a minute bucket', () => {
  test('is full at first use, then refills evenly', () => {
    const buckets = new MinuteBuckets(1);
    expect(buckets.take(0, 75, 75, NOON_MS)).toBe(true);
    expect(buckets.used(0, 75, NOON_MS)).toBe(75);
    expect(buckets.waitMs(0, 75, 1, NOON_MS)).toBe(800);
    expect(buckets.waitMs(0, 75, 1, NOON_MS + 799)).toBe(1);
    expect(buckets.waitMs(0, 75, 1, NOON_MS + 800)).toBe(0);
    expect(buckets.take(0, 75, 1, NOON_MS + 800)).toBe(true);
    expect(buckets.take(0, 75, 1, NOON_MS + 800)).toBe(false);
    expect(buckets.used(0, 75, NOON_MS + 60_800)).toBe(0);
  });

  test('never holds more than a minute, however long it was idle', () => {
    const buckets = new MinuteBuckets(1);
    buckets.take(0, 15, 15, NOON_MS);
    const dayLaterMs = NOON_MS + 86_400_000;
    expect(buckets.take(0, 15, 15, dayLaterMs)).toBe(true);
    expect(buckets.take(0, 15, 1, dayLaterMs)).toBe(false);
  });

  test('refuses without taking, and says never to what exceeds a full bucket', () => {
    const buckets = new MinuteBuckets(1);
    buckets.take(0, 60, 50, NOON_MS);
    expect(buckets.take(0, 60, 11, NOON_MS)).toBe(false);
    expect(buckets.used(0, 60, NOON_MS)).toBe(50);
    expect(buckets.waitMs(0, 60, 61, NOON_MS)).toBe(Infinity);
  });

  test('refills nothing while the clock is behind, and says how long until it has caught up', () => {
    const buckets = new MinuteBuckets(1);
    buckets.take(0, 60, 60, NOON_MS);
    expect(buckets.waitMs(0, 60, 1, NOON_MS - 5_000)).toBe(6_000);
    expect(buckets.take(0, 60, 1, NOON_MS - 5_000)).toBe(false);
    expect(buckets.take(0, 60, 1, NOON_MS + 1_000)).toBe(true);
  });

  test('refills nothing twice when the clock goes back and comes again', () => {
    const buckets = new MinuteBuckets(1);
    buckets.take(0, 60, 60, NOON_MS);
    buckets.take(0, 60, 10, NOON_MS + 30_000);
    expect(buckets.take(0, 60, 1, NOON_MS)).toBe(true);
    expect(buckets.used(0, 60, NOON_MS + 30_000)).toBe(41);
  });

  test('has no drift: a thousand takes a millisecond apart equal one', () => {
    const buckets = new MinuteBuckets(2);
    for (const key of [0, 1]) buckets.take(key, 7, 7, NOON_MS);
    for (let ms = 1; ms <= 60_000; ms++) buckets.take(0, 7, 0, NOON_MS + ms);
    for (let ms = 0; ms <= 60_000; ms += 7_919) {
      expect(buckets.waitMs(0, 7, 7, NOON_MS + 60_000 + ms)).toBe(buckets.waitMs(1, 7, 7, NOON_MS + 60_000 + ms));
    }
  });

  test('counts an old debt for at most one empty bucket after a move to a smaller class', () => {
    const buckets = new MinuteBuckets(1);
    buckets.take(0, 4_500, 4_500, NOON_MS);
    expect(buckets.used(0, 75, NOON_MS)).toBe(75);
    expect(buckets.waitMs(0, 75, 75, NOON_MS)).toBe(60_000);
  });

  test('keeps keys apart and keeps their state when it grows', () => {
    const buckets = new MinuteBuckets();
    buckets.ensure(2);
    buckets.take(1, 10, 10, NOON_MS);
    buckets.ensure(1_000);
    expect(buckets.used(0, 10, NOON_MS)).toBe(0);
    expect(buckets.used(1, 10, NOON_MS)).toBe(10);
    expect(buckets.take(999, 10, 10, NOON_MS)).toBe(true);
  });

  test.each([-1, 1, Number.NaN])('admits nothing for key %d, which was never ensured', (key) => {
    const buckets = new MinuteBuckets(1);
    expect(buckets.waitMs(key, 10, 1, NOON_MS)).toBe(Infinity);
    expect(buckets.take(key, 10, 1, NOON_MS)).toBe(false);
    expect(buckets.used(key, 10, NOON_MS)).toBe(0);
  });
});

/** The obvious bucket: it walks through time a millisecond at a time, adding `perMinute` 60000ths of a unit at each. */
class SlowBucket {
  level: number;
  nowMs: number | undefined;
  readonly perMinute: number;

  constructor(perMinute: number) {
    this.perMinute = perMinute;
    this.level = perMinute * 60_000;
  }

  waitMs(units: number, atMs: number): number {
    if (units > this.perMinute) return Infinity;
    const ahead = new SlowBucket(this.perMinute);
    ahead.level = this.level;
    ahead.nowMs = this.nowMs;
    let ms = atMs;
    for (ahead.walkTo(ms); ahead.level < units * 60_000; ahead.walkTo(ms)) ms++;
    return ms - atMs;
  }

  take(units: number, atMs: number): boolean {
    if (this.waitMs(units, atMs) > 0) return false;
    this.walkTo(atMs);
    this.level -= units * 60_000;
    return true;
  }

  private walkTo(atMs: number): void {
    this.nowMs ??= atMs;
    for (; this.nowMs < atMs; this.nowMs++) {
      this.level = Math.min(this.level + this.perMinute, this.perMinute * 60_000);
    }
  }
}

/** Bursts (no time between), short gaps, gaps beyond a full refill, and clocks set back. */
const gapMs = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 2_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 2_000, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5_000, max: -1 }) },
);
/** Mostly small beside the bucket, so that it is seldom empty and takes succeed; sometimes more than it ever holds. */
const share = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 0, max: 0.05, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1.05, noNaN: true }) },
);
const trace = fc.record({
  perMinute: fc.oneof(fc.constantFrom(15, 60, 75, 240, 4_500), fc.integer({ min: 1, max: 9_000 })),
  steps: fc.array(fc.record({ gapMs, share }), { maxLength: 40 }),
});

describe('minute buckets on random traces', () => {
  propertyTest.prop([trace], { numRuns: 60 })('agree with a bucket that walks through every millisecond', (run) => {
    const { perMinute } = run;
    const buckets = new MinuteBuckets(1);
    const slow = new SlowBucket(perMinute);
    let atMs = NOON_MS;
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = Math.ceil((perMinute * step.share) / 2);
      expect(buckets.waitMs(0, perMinute, units, atMs)).toBe(slow.waitMs(units, atMs));
      expect(buckets.take(0, perMinute, units, atMs)).toBe(slow.take(units, atMs));
    }
  });

  propertyTest.prop([trace])('admit in any window at most a full bucket and what refills in it', (run) => {
    const { perMinute } = run;
    const buckets = new MinuteBuckets(1);
    const admitted: { atMs: number; units: number }[] = [];
    let atMs = NOON_MS;
    let latestMs = NOON_MS;
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = Math.ceil(perMinute * step.share);
      if (!buckets.take(0, perMinute, units, atMs)) continue;
      latestMs = Math.max(latestMs, atMs);
      admitted.push({ atMs: latestMs, units });
    }
    for (let first = 0; first < admitted.length; first++) {
      let units = 0;
      for (const taken of admitted.slice(first)) {
        units += taken.units;
        const windowMs = taken.atMs - admitted[first]!.atMs;
        expect(units * 60_000).toBeLessThanOrEqual(perMinute * 60_000 + windowMs * perMinute);
      }
    }
  });

  propertyTest.prop([trace])('have room after exactly the wait they name, and not a millisecond earlier', (run) => {
    const { perMinute } = run;
    const buckets = new MinuteBuckets(1);
    let atMs = NOON_MS;
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = Math.ceil(perMinute * step.share);
      const waitMs = buckets.waitMs(0, perMinute, units, atMs);
      if (waitMs === Infinity) {
        expect(units).toBeGreaterThan(perMinute);
        continue;
      }
      expect(buckets.waitMs(0, perMinute, units, atMs + waitMs)).toBe(0);
      if (waitMs > 0) expect(buckets.waitMs(0, perMinute, units, atMs + waitMs - 1)).toBe(1);
      buckets.take(0, perMinute, units, atMs);
    }
  });
});

describe('a day counter', () => {
  test('starts again on a later day', () => {
    const counters = new DayCounters(1);
    counters.take(0, 19_783, 1_999);
    counters.take(0, 19_783, 1);
    expect(counters.used(0, 19_783)).toBe(2_000);
    expect(counters.used(0, 19_784)).toBe(0);
    counters.take(0, 19_784, 5);
    expect(counters.used(0, 19_784)).toBe(5);
  });

  test('never starts again on an earlier day', () => {
    const counters = new DayCounters(1);
    counters.take(0, 19_784, 5);
    expect(counters.used(0, 19_783)).toBe(5);
    counters.take(0, 19_783, 2);
    expect(counters.used(0, 19_784)).toBe(7);
  });

  test('keeps keys apart and keeps their state when it grows', () => {
    const counters = new DayCounters();
    counters.ensure(2);
    counters.take(1, 10, 3);
    counters.ensure(1_000);
    expect(counters.used(0, 10)).toBe(0);
    expect(counters.used(1, 10)).toBe(3);
    expect(counters.used(999, -40)).toBe(0);
  });

  test.each([-1, 1, Number.NaN])('is over every cap for key %d, which was never ensured', (key) => {
    const counters = new DayCounters(1);
    counters.take(key, 10, 1);
    expect(counters.used(key, 10)).toBe(Infinity);
    expect(counters.used(0, 10)).toBe(0);
  });
});

const losAngelesDate = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

describe('day counters by the Pacific day', () => {
  const aroundClockChange = fc
    .constantFrom(Date.UTC(2024, 2, 10, 8), Date.UTC(2024, 10, 3, 7), Date.UTC(2024, 6, 1, 7))
    .chain((midnightMs) =>
      fc.array(
        fc.record({
          atMs: fc.oneof(
            fc.integer({ min: midnightMs - 90_000_000, max: midnightMs + 180_000_000 }),
            fc.integer({ min: -2, max: 2 }).map((ms) => midnightMs + ms),
            fc
              .constantFrom(23, 24, 25)
              .chain((hours) => fc.integer({ min: -2, max: 2 }).map((ms) => midnightMs + hours * 3_600_000 + ms)),
          ),
          units: fc.integer({ min: 1, max: 50 }),
        }),
        { maxLength: 40 },
      ),
    );

  propertyTest.prop([aroundClockChange, fc.boolean()])('agree with a list of everything taken', (takes, inOrder) => {
    const counters = new DayCounters(1);
    const log: { date: string; units: number }[] = [];
    let latestDate = '';
    for (const { atMs, units } of inOrder ? takes.toSorted((a, b) => a.atMs - b.atMs) : takes) {
      const date = losAngelesDate.format(atMs);
      if (date > latestDate) latestDate = date;
      log.push({ date: latestDate, units });

      counters.take(0, pacificDayAt(atMs).ordinal, units);
      const usedThatDay = log.filter((taken) => taken.date === latestDate).reduce((sum, taken) => sum + taken.units, 0);
      expect(counters.used(0, pacificDayAt(atMs).ordinal)).toBe(usedThatDay);
    }
  });
});
