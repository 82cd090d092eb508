import { describe, expect, test } from 'vitest';
import { type Ask, NOT_LEASED } from './allowance.ts';
import { type LeaseAnswer, LeaseKind, LeaseRequest, LeasedUnits } from './leased-units.ts';

const MINUTE_MS = 60_000;

function leasedOf(kind: number, { awayFraction = 0, keys = 1 } = {}): { leased: LeasedUnits; away: Uint8Array } {
  const away = new Uint8Array(1);
  const leased = new LeasedUnits({ kind, windowMs: MINUTE_MS, awayFraction, away });
  leased.ensure(keys);
  for (let key = 0; key < keys; key += 1) leased.place(key, 0);
  return { leased, away };
}

const ask = (units: number, uptimeMs: number): Ask => ({ units, atMs: 0, uptimeMs, senderKey: 0, destinationKey: 0 });
const answer = (units: number, room: number, waitMs = 0): LeaseAnswer => ({ units, room, waitMs });

/** What is asked about key 0 at a time, or undefined. */
function requestAt(leased: LeasedUnits, nowMs: number): LeaseRequest | undefined {
  const request = new LeaseRequest();
  return leased.request(0, nowMs, request) ? request : undefined;
}

/** Draws for a message of so many units; the store holds `units` for us then, until `endsAtMs`. */
function draw(
  leased: LeasedUnits,
  { units = 1, cap = 1_000, held = 10, room = 900, nowMs = 1, endsAtMs = 2_000 } = {},
): void {
  expect(leased.waitMs(0, cap, ask(units, nowMs))).toBe(NOT_LEASED);
  expect(requestAt(leased, nowMs)).toBeDefined();
  leased.settle(0, answer(held, room), nowMs, endsAtMs);
}

describe('a lease', () => {
  test('is asked for once, however many messages lack it, with what is needed and some more', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    for (const units of [3, 2, 5]) expect(leased.waitMs(0, 1_000, ask(units, 1))).toBe(NOT_LEASED);
    expect([leased.lackingCount, leased.lackingAt(0), leased.activeCount]).toEqual([1, 0, 1]);
    expect(requestAt(leased, 1)).toMatchObject({ cap: 1_000, need: 2, want: 2 + 13, spent: 0, back: 0 });
    expect(leased.lackingCount).toBe(0);
    expect(requestAt(leased, 2)).toBeUndefined();
  });

  test('is taken from to its last unit and to the end of its time', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    draw(leased);
    expect(leased.waitMs(0, 1_000, ask(10, 1_999))).toBe(0);
    leased.take(0, 1_000, ask(9, 1_999));
    expect(leased.waitMs(0, 1_000, ask(2, 1_999))).toBe(NOT_LEASED);
    expect(leased.waitMs(0, 1_000, ask(1, 1_999))).toBe(0);
    // An event loop that stood still meanwhile finds it over.
    expect(leased.waitMs(0, 1_000, ask(1, 2_000))).toBe(NOT_LEASED);
    // Of 99 units taken or on lease by the answer and since, 33 have refilled in two seconds.
    expect(leased.used(0, 1_000, ask(1, 2_000))).toBe(66);
    // What nobody was told of stays.
    expect(leased.used(0, 1_000, ask(1, 60_000))).toBe(9);
  });

  test('after an answer is what the store holds less what was taken since it was asked', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    draw(leased);
    leased.take(0, 1_000, ask(4, 5));
    expect(leased.waitMs(0, 1_000, ask(7, 5))).toBe(NOT_LEASED);
    expect(requestAt(leased, 5)).toMatchObject({ spent: 4, need: 1 });
    leased.take(0, 1_000, ask(2, 6));
    leased.settle(0, answer(6 + 20, 870), 7, 2_000);
    expect(leased.waitMs(0, 1_000, ask(24, 7))).toBe(0);
    expect(leased.waitMs(0, 1_000, ask(25, 7))).toBe(NOT_LEASED);
    expect(requestAt(leased, 300)).toMatchObject({ spent: 2 });
  });

  test('is renewed before it ends, told of when it was spent, and given back when nobody wants it', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    draw(leased);
    expect(requestAt(leased, 900)).toBeUndefined();
    leased.take(0, 1_000, ask(1, 900));
    expect(requestAt(leased, 910)).toMatchObject({ spent: 1, back: 0 });
    leased.settle(0, answer(9, 900), 911, 2_900);
    expect(requestAt(leased, 1_800)).toBeUndefined();
    expect(requestAt(leased, 1_905)).toMatchObject({ spent: 0, back: 0, want: 0 });
    leased.settle(0, answer(9, 900), 1_906, 3_900);
    expect(requestAt(leased, 1_920)).toMatchObject({ back: 9, want: 0 });
    leased.settle(0, answer(0, 909), 1_921, 3_900);
    expect(requestAt(leased, 2_950)).toBeUndefined();
    expect(leased.activeCount).toBe(0);
  });

  test('of a scarce limit is given back soon, and is no larger than the pace', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    draw(leased, { held: 10, room: 100 });
    leased.take(0, 1_000, ask(10, 2));
    expect(leased.waitMs(0, 1_000, ask(1, 2_500))).toBe(NOT_LEASED);
    expect(requestAt(leased, 2_500)).toMatchObject({ need: 1, want: 1 });
    leased.settle(0, answer(3, 100), 2_500, 4_500);
    expect(requestAt(leased, 2_600)).toBeUndefined();
    expect(requestAt(leased, 2_651)).toMatchObject({ back: 3 });
  });

  test('that ended is given back for the case that the store still has it, except a day that is over', () => {
    for (const [kind, back] of [
      [LeaseKind.Rate, 10],
      [LeaseKind.Day, 0],
    ] as const) {
      const { leased } = leasedOf(kind);
      draw(leased);
      expect(leased.waitMs(0, 1_000, ask(1, 2_001))).toBe(NOT_LEASED);
      expect(requestAt(leased, 2_001)).toMatchObject({ back, need: 1 });
    }
  });

  test('given up holds nothing, and what was being asked is lacking again', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    draw(leased);
    expect(leased.waitMs(0, 1_000, ask(30, 2))).toBe(NOT_LEASED);
    expect(requestAt(leased, 2)).toBeDefined();
    leased.drop(0);
    expect(leased.waitMs(0, 1_000, ask(1, 3))).toBe(NOT_LEASED);
    expect(leased.lackingCount).toBe(1);
    expect(requestAt(leased, 3)).toMatchObject({ need: 1, spent: 0, back: 0 });
  });
});

describe('a refusal', () => {
  test('is believed for a moment, by messages that are no smaller, and says how long to wait', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    expect(leased.waitMs(0, 1_000, ask(5, 1))).toBe(NOT_LEASED);
    requestAt(leased, 1);
    leased.settle(0, answer(0, 4, 800), 10, 2_000);
    expect(leased.waitMs(0, 1_000, ask(5, 20))).toBe(790);
    expect(leased.used(0, 1_000, ask(5, 20))).toBe(996);
    expect(leased.waitMs(0, 1_000, ask(4, 20))).toBe(NOT_LEASED);
    expect(leased.waitMs(0, 1_000, ask(5, 60))).toBe(NOT_LEASED);
  });

  test('because others hold what is missing is none, for a moment', () => {
    const { leased } = leasedOf(LeaseKind.Day);
    expect(leased.waitMs(0, 1_000, ask(5, 1))).toBe(NOT_LEASED);
    requestAt(leased, 1);
    leased.settle(0, answer(0, 4, NOT_LEASED), 10, 90_000);
    // Of the day that ends then; of the next one nothing.
    expect([89_999, 90_000].map((atMs) => leased.used(0, 1_000, ask(5, atMs)))).toEqual([996, 0]);
    expect(leased.waitMs(0, 1_000, ask(5, 14))).toBe(NOT_LEASED);
    expect(leased.lackingCount).toBe(0);
    expect(leased.waitMs(0, 1_000, ask(5, 15))).toBe(NOT_LEASED);
    expect(leased.lackingCount).toBe(1);
  });

  test('is not believed after money was paid in', () => {
    const { leased } = leasedOf(LeaseKind.Money);
    expect(leased.waitMs(0, 0, ask(5, 1))).toBe(NOT_LEASED);
    requestAt(leased, 1);
    leased.settle(0, answer(0, 3, Infinity), 10, Infinity);
    expect(leased.waitMs(0, 0, ask(5, 11))).toBe(Infinity);
    expect(leased.used(0, 0, ask(5, 11))).toBe(3);
    leased.forgetRefusal(0);
    leased.forgetRefusal(-1);
    expect(leased.waitMs(0, 0, ask(5, 11))).toBe(NOT_LEASED);
  });

  test('for ever meets what is larger than the limit and keys that were never made room for', () => {
    const { leased } = leasedOf(LeaseKind.Rate);
    expect(leased.waitMs(0, 1_000, ask(1_001, 1))).toBe(Infinity);
    for (const key of [-1, 1, Number.NaN]) expect(leased.waitMs(key, 1_000, ask(1, 1))).toBe(Infinity);
    expect(leased.activeCount).toBe(0);
  });
});

test('units of one day are neither told of nor given back on another', () => {
  const { leased } = leasedOf(LeaseKind.Day, { awayFraction: 0.5 });
  const request = new LeaseRequest();
  const drawOn = (day: number): void => {
    expect(leased.waitMs(0, 1_000, ask(1, 1))).toBe(NOT_LEASED);
    expect(leased.request(0, 1, request, day)).toBe(true);
    leased.settle(0, answer(10, 900), 1, 90_000);
    leased.take(0, 1_000, ask(3, 2));
  };
  drawOn(7);
  expect(leased.surrender(0, 3, request, 7)).toBe(true);
  expect(request).toMatchObject({ spent: 3, back: 7 });
  drawOn(7);
  // By this clock the day is not over; by that of the store it is.
  expect(leased.request(0, 5_000, request, 8)).toBe(true);
  expect(request).toMatchObject({ spent: 0, extra: 0, back: 0 });
  expect(leased.waitMs(0, 1_000, ask(1, 5_000))).toBe(NOT_LEASED);
  leased.settle(0, answer(2, 900), 5_000, 90_000);
  expect(leased.surrender(0, 5_001, request, 9)).toBe(false);
});

test('a key that is another campaign’s holds nothing, and is placed anew', () => {
  const { leased } = leasedOf(LeaseKind.Rate);
  draw(leased, { room: 5 });
  leased.take(0, 1_000, ask(4, 2));
  expect(leased.waitMs(0, 1_000, ask(9, 3))).toBe(NOT_LEASED);
  expect(requestAt(leased, 3)).toBeDefined();
  leased.replaced(0);
  leased.replaced(5);
  expect([leased.isPlaced(0), leased.turnOf(0), leased.activeCount, leased.lackingCount]).toEqual([false, 1, 0, 0]);
  leased.place(0, 0);
  expect(leased.waitMs(0, 1_000, ask(1, 4))).toBe(NOT_LEASED);
  expect(requestAt(leased, 4)).toMatchObject({ spent: 0, back: 0, need: 1, want: 11 });
});

test('a level counts what is in use, and what ended may be taken again', () => {
  const { leased } = leasedOf(LeaseKind.Level);
  draw(leased, { cap: 10, held: 2, room: 8 });
  leased.take(0, 10, ask(1, 2));
  leased.take(0, 10, ask(1, 2));
  expect(leased.waitMs(0, 10, ask(1, 2))).toBe(NOT_LEASED);
  expect(requestAt(leased, 2)).toMatchObject({ spent: 2, need: 3, back: 0 });
  leased.giveBack(0, 1);
  leased.settle(0, answer(2, 8, 1_000), 3, 2_000);
  expect(leased.waitMs(0, 10, ask(1, 3))).toBe(0);
});

test('keys are kept apart, and keep what they hold when room is made for more', () => {
  const { leased } = leasedOf(LeaseKind.Rate, { keys: 3 });
  draw(leased);
  leased.ensure(1_000);
  expect(leased.waitMs(0, 1_000, ask(10, 2))).toBe(0);
  expect(leased.waitMs(2, 1_000, ask(1, 2))).toBe(NOT_LEASED);
  expect([leased.shardOf(2), leased.isPlaced(999)]).toEqual([0, false]);
});

describe('with the store away', () => {
  test('nothing is admitted beyond the lease where that is refused', () => {
    const { leased, away } = leasedOf(LeaseKind.Rate);
    draw(leased);
    away[0] = 1;
    leased.beginOutage(0);
    expect(leased.waitMs(0, 1_000, ask(10, 3))).toBe(0);
    expect(leased.waitMs(0, 1_000, ask(11, 3))).toBe(NOT_LEASED);
    expect(leased.lackingCount).toBe(0);
  });

  test('a rate admits its fraction from empty, and tells of it what has not refilled', () => {
    const { leased, away } = leasedOf(LeaseKind.Rate, { awayFraction: 0.1 });
    away[0] = 1;
    leased.beginOutage(0);
    expect(leased.waitMs(0, 1_000, ask(101, 0))).toBe(NOT_LEASED);
    expect(leased.waitMs(0, 1_000, ask(1, 0))).toBe(600);
    for (let minute = 1; minute <= 3; minute += 1) {
      expect(leased.waitMs(0, 1_000, ask(100, minute * MINUTE_MS))).toBe(0);
      leased.take(0, 1_000, ask(100, minute * MINUTE_MS));
      expect(leased.waitMs(0, 1_000, ask(1, minute * MINUTE_MS))).toBe(600);
    }
    expect(leased.awayCount).toBe(3);
    away[0] = 0;
    expect(requestAt(leased, 3 * MINUTE_MS)).toMatchObject({ extra: 100, spent: 0 });
  });

  test('the part begins anew whenever its shard goes away, whatever others do', () => {
    const away = new Uint8Array(2);
    const leased = new LeasedUnits({ kind: LeaseKind.Rate, windowMs: MINUTE_MS, awayFraction: 0.1, away });
    leased.ensure(2);
    for (const key of [0, 1]) {
      leased.place(key, key);
      away[key] = 1;
      leased.beginOutage(key);
      expect(leased.waitMs(key, 1_000, ask(1, 0))).toBe(600);
    }
    expect(leased.waitMs(0, 1_000, ask(1, MINUTE_MS))).toBe(0);
    // The first goes away once more while the second still is.
    leased.beginOutage(0);
    expect(leased.waitMs(0, 1_000, ask(1, MINUTE_MS))).toBe(600);
    expect(leased.waitMs(1, 1_000, ask(1, MINUTE_MS))).toBe(0);
  });

  test('a day admits its fraction of what was left, and nothing if that is not known', () => {
    const { leased, away } = leasedOf(LeaseKind.Day, { awayFraction: 0.5, keys: 2 });
    draw(leased, { held: 1, room: 20, endsAtMs: 9_000 });
    leased.take(0, 1_000, ask(1, 2));
    away[0] = 1;
    leased.beginOutage(0);
    expect(leased.waitMs(0, 1_000, ask(11, 3))).toBe(NOT_LEASED);
    expect(leased.waitMs(0, 1_000, ask(10, 3))).toBe(0);
    leased.take(0, 1_000, ask(10, 3));
    expect(leased.waitMs(0, 1_000, ask(1, 3))).toBe(NOT_LEASED);
    expect(leased.waitMs(1, 1_000, ask(1, 3))).toBe(NOT_LEASED);
    away[0] = 0;
    expect(requestAt(leased, 4)).toMatchObject({ extra: 10 });
  });

  test('a level admits its fraction in use at all, and money nothing', () => {
    const { leased, away } = leasedOf(LeaseKind.Level, { awayFraction: 0.5 });
    away[0] = 1;
    leased.beginOutage(0);
    for (let message = 0; message < 5; message += 1) {
      expect(leased.waitMs(0, 10, ask(1, 1))).toBe(0);
      leased.take(0, 10, ask(1, 1));
    }
    expect(leased.waitMs(0, 10, ask(1, 1))).toBe(1_000);
    leased.giveBack(0, 1);
    expect(leased.waitMs(0, 10, ask(1, 1))).toBe(0);
    const money = leasedOf(LeaseKind.Money, { awayFraction: 1 });
    money.away[0] = 1;
    expect(money.leased.waitMs(0, 0, ask(1, 1))).toBe(NOT_LEASED);
  });
});
