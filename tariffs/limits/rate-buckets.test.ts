import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { Allowance, Ask } from './allowance.ts';
import { askFor, NOON_MS } from './ask-under-test.ts';
import { NumberMeter, NumberMeters } from './number-meters.ts';
import { RateBuckets } from './rate-buckets.ts';
import { SlowBucket } from './slow-bucket-under-test.ts';

const MINUTE_MS = 60_000;

describe('a rate bucket', () => {
  test('is full at first use, then refills evenly', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    expect(takeIfFits(buckets, 0, 75, askFor(75, NOON_MS))).toBe(true);
    expect(buckets.used(0, 75, askFor(1, NOON_MS))).toBe(75);
    expect(buckets.waitMs(0, 75, askFor(1, NOON_MS))).toBe(800);
    expect(buckets.waitMs(0, 75, askFor(1, NOON_MS + 799))).toBe(1);
    expect(takeIfFits(buckets, 0, 75, askFor(1, NOON_MS + 800))).toBe(true);
    expect(takeIfFits(buckets, 0, 75, askFor(1, NOON_MS + 800))).toBe(false);
    expect(buckets.used(0, 75, askFor(1, NOON_MS + 60_800))).toBe(0);
  });

  test('of a second refills sixty times as fast as one of a minute', () => {
    const buckets = new RateBuckets(1_000, 1);
    expect(takeIfFits(buckets, 0, 25, askFor(25, NOON_MS))).toBe(true);
    expect(buckets.waitMs(0, 25, askFor(1, NOON_MS))).toBe(40);
    expect(takeIfFits(buckets, 0, 25, askFor(25, NOON_MS + 999))).toBe(false);
    expect(takeIfFits(buckets, 0, 25, askFor(25, NOON_MS + 1_000))).toBe(true);
  });

  test('never holds more than a window, however long it was idle', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    buckets.take(0, 15, askFor(15, NOON_MS));
    const dayLaterMs = NOON_MS + 86_400_000;
    expect(takeIfFits(buckets, 0, 15, askFor(15, dayLaterMs))).toBe(true);
    expect(takeIfFits(buckets, 0, 15, askFor(1, dayLaterMs))).toBe(false);
  });

  test('is not touched by asking, and says never to what exceeds a full bucket', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    buckets.take(0, 60, askFor(50, NOON_MS));
    expect(buckets.waitMs(0, 60, askFor(11, NOON_MS))).toBe(1_000);
    expect(buckets.used(0, 60, askFor(1, NOON_MS))).toBe(50);
    expect(buckets.waitMs(0, 60, askFor(61, NOON_MS))).toBe(Infinity);
  });

  test('refills nothing while the clock is behind, and says how long until it has caught up', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    buckets.take(0, 60, askFor(60, NOON_MS));
    expect(buckets.waitMs(0, 60, askFor(1, NOON_MS - 5_000))).toBe(6_000);
    expect(takeIfFits(buckets, 0, 60, askFor(1, NOON_MS + 1_000))).toBe(true);
  });

  test('refills nothing twice when the clock goes back and comes again', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    buckets.take(0, 60, askFor(60, NOON_MS));
    buckets.take(0, 60, askFor(10, NOON_MS + 30_000));
    expect(takeIfFits(buckets, 0, 60, askFor(1, NOON_MS))).toBe(true);
    expect(buckets.used(0, 60, askFor(1, NOON_MS + 30_000))).toBe(41);
  });

  test('counts an old debt for at most one empty bucket after a move to a smaller class', () => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    buckets.take(0, 4_500, askFor(4_500, NOON_MS));
    expect(buckets.used(0, 75, askFor(1, NOON_MS))).toBe(75);
    expect(buckets.waitMs(0, 75, askFor(75, NOON_MS))).toBe(60_000);
  });

  test('keeps keys apart and keeps their state when it grows', () => {
    const buckets = new RateBuckets(MINUTE_MS);
    buckets.ensure(2);
    buckets.take(1, 10, askFor(10, NOON_MS));
    buckets.ensure(1_000);
    expect(buckets.used(0, 10, askFor(1, NOON_MS))).toBe(0);
    expect(buckets.used(1, 10, askFor(1, NOON_MS))).toBe(10);
    expect(takeIfFits(buckets, 999, 10, askFor(10, NOON_MS))).toBe(true);
  });

  test.each([-1, 1, Number.NaN])('admits nothing for key %d, which was never ensured', (key) => {
    const buckets = new RateBuckets(MINUTE_MS, 1);
    expect(buckets.waitMs(key, 10, askFor(1, NOON_MS))).toBe(Infinity);
    expect(buckets.used(key, 10, askFor(1, NOON_MS))).toBe(0);
  });
});

/** Bursts (no time between), short gaps, gaps beyond a full refill, and clocks set back; then the edges of the window. */
const gapMs = (windowMs: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: Math.ceil(windowMs / 30) }) },
    { weight: 1, arbitrary: fc.integer({ min: Math.ceil(windowMs / 30), max: Math.ceil(windowMs * 1.2) }) },
    { weight: 1, arbitrary: fc.integer({ min: -1, max: 1 }).map((ms) => windowMs + ms) },
    { weight: 1, arbitrary: fc.integer({ min: -Math.ceil(windowMs / 12), max: -1 }) },
  );
/** Mostly small beside the bucket, so that it is seldom empty and takes succeed; sometimes all of it, or more than it ever holds. */
const share = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: 0, max: 0.05, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1.05, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(1) },
);
const trace = fc.constantFrom(1_000, MINUTE_MS).chain((windowMs) =>
  fc.record({
    windowMs: fc.constant(windowMs),
    cap: fc.oneof(fc.constantFrom(1, 15, 25, 60, 75, 240, 4_500, 6_000), fc.integer({ min: 1, max: 9_000 })),
    steps: fc.array(fc.record({ gapMs: gapMs(windowMs), share }), { maxLength: 40 }),
  }),
);

const unitsOf = (cap: number, part: number): number => Math.max(1, Math.ceil(cap * part));

/**
 * The same questions to buckets by handle and to the meters of numbers: the arithmetic is one. Only the time that a clock set back has
 * to reach again is another: that of the last take, or of the last ask.
 */
const subjects = [
  {
    name: 'rate buckets',
    isMovedByAsking: false,
    make: (windowMs: number) => ({ allowance: new RateBuckets(windowMs, 1), key: 0 }),
  },
  {
    name: 'rate meters of numbers',
    isMovedByAsking: true,
    make: (windowMs: number) => ({
      allowance: new NumberMeters({ rowsMax: 1 }),
      key: windowMs === MINUTE_MS ? NumberMeter.VerizonSms : NumberMeter.VerizonMms,
    }),
  },
];

describe.each(subjects)('$name on random traces', ({ make, isMovedByAsking }) => {
  propertyTest.prop([trace], { numRuns: 60 })('agree with a bucket that walks through every millisecond', (run) => {
    const { windowMs, cap } = run;
    const { allowance, key } = make(windowMs);
    const slow = new SlowBucket(cap, windowMs);
    let atMs = NOON_MS;
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = unitsOf(cap, step.share / 2);
      if (isMovedByAsking) slow.walkTo(atMs);
      expect(allowance.waitMs(key, cap, askFor(units, atMs))).toBe(slow.waitMs(units, atMs));
      expect(takeIfFits(allowance, key, cap, askFor(units, atMs))).toBe(slow.take(units, atMs));
      expect(allowance.used(key, cap, askFor(1, atMs))).toBe(slow.used(atMs));
    }
  });

  propertyTest.prop([trace])('admit in any window at most a full bucket and what refills in it', (run) => {
    const { windowMs, cap } = run;
    const { allowance, key } = make(windowMs);
    const admitted: { atMs: number; units: number }[] = [];
    let atMs = NOON_MS;
    let latestMs = -Infinity;
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = unitsOf(cap, step.share);
      latestMs = Math.max(latestMs, atMs);
      if (takeIfFits(allowance, key, cap, askFor(units, atMs))) admitted.push({ atMs: latestMs, units });
    }
    for (let first = 0; first < admitted.length; first++) {
      let units = 0;
      for (const taken of admitted.slice(first)) {
        units += taken.units;
        const elapsedMs = taken.atMs - admitted[first]!.atMs;
        expect(units * windowMs).toBeLessThanOrEqual(cap * windowMs + elapsedMs * cap);
      }
    }
  });

  propertyTest.prop([trace])('have room after exactly the wait they name, and not a millisecond earlier', (run) => {
    const { windowMs, cap } = run;
    let atMs = NOON_MS;
    const taken: Ask[] = [];
    for (const step of run.steps) {
      atMs += step.gapMs;
      const units = unitsOf(cap, step.share);
      // A fresh one for each question, since asking about a later time may move the time on.
      const asked = (laterMs: number): number => {
        const { allowance, key } = make(windowMs);
        for (const ask of taken) takeIfFits(allowance, key, cap, ask);
        allowance.waitMs(key, cap, askFor(units, atMs));
        return allowance.waitMs(key, cap, askFor(units, atMs + laterMs));
      };
      const waitMs = asked(0);
      if (waitMs === Infinity) {
        expect(units).toBeGreaterThan(cap);
        continue;
      }
      expect(asked(waitMs)).toBe(0);
      if (waitMs > 0) expect(asked(waitMs - 1)).toBe(1);
      taken.push(askFor(units, atMs));
    }
  });
});

function takeIfFits(allowance: Allowance, key: number, cap: number, ask: Ask): boolean {
  if (allowance.waitMs(key, cap, ask) !== 0) return false;
  allowance.take(key, cap, ask);
  return true;
}
