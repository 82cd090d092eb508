import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { NOT_LEASED, TABLE_FULL } from './allowance.ts';
import { askFor, DESTINATION, NOON_MS, SENDER } from './ask-under-test.ts';
import { NumberMeter, NumberMeters } from './number-meters.ts';
import { mix } from './number-rows.ts';
import { RateBuckets } from './rate-buckets.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Midnights in Los Angeles at which a day begins, and a week or month or both, on days of 23, 24 and 25 hours. */
const MIDNIGHTS = {
  'a Monday': Date.UTC(2024, 6, 8, 7),
  'a month, within a week': Date.UTC(2024, 4, 1, 7),
  'a month and a week': Date.UTC(2024, 6, 1, 7),
  'a year': Date.UTC(2025, 0, 1, 8),
  'the day after clocks went forward': Date.UTC(2024, 2, 11, 7),
  'the day after clocks went back': Date.UTC(2024, 10, 4, 8),
};

/** Takes if it fits; what `waitMs` answered. */
function take(meters: NumberMeters, meter: number, cap: number, ask: ReturnType<typeof askFor>): number {
  const waitMs = meters.waitMs(meter, cap, ask);
  if (waitMs === 0) meters.take(meter, cap, ask);
  return waitMs;
}

describe('a meter of a number', () => {
  test('counts each number for itself, and each thing for itself', () => {
    const meters = new NumberMeters();
    expect(take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS))).toBe(0);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(1, NOON_MS))).toBe(1_000);
    expect(take(meters, NumberMeter.OtherSms, 60, askFor(60, NOON_MS))).toBe(0);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS, { senderKey: SENDER + 1 }))).toBe(0);
    expect(meters.used(NumberMeter.AttSms, 60, askFor(1, NOON_MS))).toBe(60);
    expect(meters.used(NumberMeter.UscellularSms, 60, askFor(1, NOON_MS))).toBe(0);
    expect(meters.trackedCount).toBe(3);
  });

  test.each([Number.NaN, 0, 1_999_999_999, 10_000_000_000])(
    'admits nothing from %d, which is no number',
    (senderKey) => {
      const meters = new NumberMeters();
      expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(1, NOON_MS, { senderKey }))).toBe(Infinity);
      expect(meters.used(NumberMeter.AttSms, 60, askFor(1, NOON_MS, { senderKey }))).toBe(0);
      meters.noteInbound(askFor(1, NOON_MS, { senderKey }));
      expect(meters.trackedCount).toBe(0);
    },
  );

  test.each([-1, 17, Number.NaN])('that there is not, %d, admits nothing', (meter) => {
    expect(new NumberMeters().waitMs(meter, 60, askFor(1, NOON_MS))).toBe(Infinity);
  });

  test('tells apart numbers with the same low 32 bits', () => {
    const meters = new NumberMeters();
    take(meters, NumberMeter.P2pDay, 1, askFor(1, NOON_MS, { senderKey: 2_125_550_100 }));
    expect(take(meters, NumberMeter.P2pDay, 1, askFor(1, NOON_MS, { senderKey: 2_125_550_100 + 2 ** 32 }))).toBe(0);
    expect(meters.trackedCount).toBe(2);
  });
});

describe('what a person may send', () => {
  test('is a number of messages a day, whoever they go to', () => {
    const meters = new NumberMeters();
    for (let sent = 0; sent < 3; sent += 1) expect(take(meters, NumberMeter.P2pDay, 3, askFor(1, NOON_MS))).toBe(0);
    const midnightMs = Date.UTC(2024, 2, 7, 8);
    expect(take(meters, NumberMeter.P2pDay, 3, askFor(1, NOON_MS))).toBe(midnightMs - NOON_MS);
    expect(take(meters, NumberMeter.P2pDay, 3, askFor(1, midnightMs - 1))).toBe(1);
    expect(take(meters, NumberMeter.P2pDay, 3, askFor(1, midnightMs))).toBe(0);
  });

  test('goes to so many people a day, and to these any number of times', () => {
    const meters = new NumberMeters();
    const to = (destinationKey: number): number =>
      take(meters, NumberMeter.P2pRecipients, 2, askFor(1, NOON_MS, { destinationKey }));
    expect([to(DESTINATION), to(DESTINATION), to(DESTINATION + 1), to(DESTINATION)]).toEqual([0, 0, 0, 0]);
    expect(to(DESTINATION + 2)).toBeGreaterThan(0);
    expect(to(DESTINATION + 1)).toBe(0);
    expect(meters.used(NumberMeter.P2pRecipients, 2, askFor(1, NOON_MS))).toBe(2);
    expect(meters.recipientPairCount).toBe(2);
    // The same people count for another number, and anew the next day.
    expect(take(meters, NumberMeter.P2pRecipients, 2, askFor(1, NOON_MS, { senderKey: SENDER + 1 }))).toBe(0);
    expect(take(meters, NumberMeter.P2pRecipients, 2, askFor(1, NOON_MS + DAY_MS))).toBe(0);
    expect(meters.used(NumberMeter.P2pRecipients, 2, askFor(1, NOON_MS + DAY_MS))).toBe(1);
  });

  test('is a number of messages that nobody answers, and beyond it as many as come in that day', () => {
    const meters = new NumberMeters();
    const send = (atMs: number): number => {
      const waitMs = meters.waitMs(NumberMeter.P2pRatio, 2, askFor(1, atMs));
      if (waitMs === 0)
        for (const meter of [NumberMeter.P2pDay, NumberMeter.P2pRatio]) meters.take(meter, 2, askFor(1, atMs));
      return waitMs;
    };
    expect([send(NOON_MS), send(NOON_MS)]).toEqual([0, 0]);
    expect(send(NOON_MS)).toBe(Date.UTC(2024, 2, 7, 8) - NOON_MS);
    for (let received = 0; received < 2; received += 1) meters.noteInbound(askFor(1, NOON_MS));
    expect(send(NOON_MS)).toBeGreaterThan(0);
    meters.noteInbound(askFor(1, NOON_MS));
    expect(send(NOON_MS)).toBe(0);
    expect(send(NOON_MS)).toBeGreaterThan(0);
    expect(meters.used(NumberMeter.P2pRatio, 2, askFor(1, NOON_MS))).toBe(3);
    expect(
      [send(NOON_MS + DAY_MS), send(NOON_MS + DAY_MS), send(NOON_MS + DAY_MS)].filter((ms) => ms > 0),
    ).toHaveLength(1);
  });
});

describe.each(Object.entries(MIDNIGHTS))('at the beginning of %s', (_name, midnightMs) => {
  const meters = [NumberMeter.P2pDay, NumberMeter.TollFreeDay, NumberMeter.TollFreeWeek, NumberMeter.TollFreeMonth];

  test.each(meters)('meter %d holds to the last millisecond of its period and says how long it is', (meter) => {
    const numbers = new NumberMeters();
    for (const atMs of [midnightMs - 1, midnightMs]) {
      const before = numbers.used(meter, 100, askFor(1, atMs));
      expect(before).toBe(
        atMs === midnightMs && periodOf(meter, midnightMs) === periodOf(meter, midnightMs - 1) ? 1 : 0,
      );
      take(numbers, meter, 100, askFor(1, atMs));
      const waitMs = numbers.waitMs(meter, before + 1, askFor(1, atMs));
      expect(periodOf(meter, atMs + waitMs - 1)).toBe(periodOf(meter, atMs));
      expect(periodOf(meter, atMs + waitMs)).not.toBe(periodOf(meter, atMs));
    }
  });
});

describe('room', () => {
  test('that ends leaves known numbers alone and admits no new one', () => {
    const meters = new NumberMeters({ rowsMax: 1, recipientPairsMax: 1 });
    const numbers = numbersOfOneShard(20);
    const answers = numbers.map((senderKey) =>
      take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS, { senderKey })),
    );
    const admitted = numbers.filter((_, index) => answers[index] === 0);
    expect(admitted.length).toBeGreaterThan(0);
    expect(answers.slice(admitted.length)).toEqual(new Array(numbers.length - admitted.length).fill(TABLE_FULL));
    for (const senderKey of admitted) {
      expect(take(meters, NumberMeter.AttSms, 60, askFor(1, NOON_MS + 500, { senderKey }))).toBe(500);
    }
    // A minute later they say the same as no row, and make room.
    const later = numbers.map((senderKey) =>
      take(meters, NumberMeter.AttSms, 60, askFor(1, NOON_MS + 60_000, { senderKey })),
    );
    expect(later.filter((answer) => answer === 0).length).toBeGreaterThanOrEqual(admitted.length);
  });

  test('for recipients that ends admits those already written to', () => {
    const meters = new NumberMeters({ recipientPairsMax: 1 });
    const answers = Array.from({ length: 60_000 }, (_, index) =>
      take(meters, NumberMeter.P2pRecipients, 65_000, askFor(1, NOON_MS, { destinationKey: DESTINATION + index })),
    );
    const known = answers.indexOf(0);
    const refused = answers.indexOf(TABLE_FULL);
    expect(refused).toBeGreaterThan(0);
    expect(new Set(answers)).toEqual(new Set([0, TABLE_FULL]));
    const again = (index: number): number =>
      meters.waitMs(NumberMeter.P2pRecipients, 65_000, askFor(1, NOON_MS, { destinationKey: DESTINATION + index }));
    expect([again(known), again(refused)]).toEqual([0, TABLE_FULL]);
    expect(meters.recipientPairCount).toBe(answers.filter((answer) => answer === 0).length);
    expect(meters.used(NumberMeter.P2pRecipients, 65_000, askFor(1, NOON_MS))).toBe(meters.recipientPairCount);
  });

  test('is what is live at one time takes, not what there ever was', () => {
    const meters = new NumberMeters();
    const numbers = 150_000;
    let admitted = 0;
    for (let sent = 0; sent < numbers; sent += 1) {
      const ask = askFor(1, NOON_MS + sent * 40, { senderKey: SENDER + sent });
      if (take(meters, NumberMeter.VerizonSms, 6_000, ask) === 0) admitted += 1;
    }
    expect(admitted).toBe(numbers);
    // 1,500 numbers in each minute: one or two to a shard, so that all stay as small as they start.
    expect(meters.trackedCount).toBeLessThan(4_096 * 16);
    expect(meters.bytes).toBeLessThan(4_096 * 16 * 12 * 1.5);
  });
});

describe('when a shard is made anew, since many numbers come at once', () => {
  const [first, ...others] = numbersOfOneShard(101);
  const mine = { senderKey: first! };
  const crowd = (meters: NumberMeters, atMs: number): void => {
    for (const senderKey of others) take(meters, NumberMeter.AccountMms, 1, askFor(1, atMs, { senderKey }));
  };

  test('a rate counts to the last millisecond of its window', () => {
    const meters = new NumberMeters();
    take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS, mine));
    crowd(meters, NOON_MS + 59_999);
    expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(60, NOON_MS + 59_999, mine))).toBe(1);
    expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(60, NOON_MS + 60_000, mine))).toBe(0);
  });

  test('a day, a week and a month count to their end', () => {
    const meters = new NumberMeters();
    const monday = Date.UTC(2024, 2, 4, 20);
    const kinds = [NumberMeter.P2pDay, NumberMeter.TollFreeDay, NumberMeter.TollFreeWeek, NumberMeter.TollFreeMonth];
    const counted = (atMs: number): number[] => {
      crowd(meters, atMs);
      return kinds.map((kind) => meters.used(kind, 9, askFor(1, atMs, mine)));
    };
    for (const kind of kinds) take(meters, kind, 9, askFor(1, monday, mine));
    expect(counted(monday + 11 * HOUR_MS)).toEqual([1, 1, 1, 1]);
    expect(counted(monday + DAY_MS)).toEqual([0, 0, 1, 1]);
    take(meters, NumberMeter.TollFreeDay, 9, askFor(1, monday + DAY_MS, mine));
    expect(counted(monday + 6 * DAY_MS)).toEqual([0, 0, 1, 1]);
    expect(counted(monday + 7 * DAY_MS)).toEqual([0, 0, 0, 1]);
    take(meters, NumberMeter.TollFreeDay, 9, askFor(1, monday + 7 * DAY_MS, mine));
    expect(counted(monday + 27 * DAY_MS)).toEqual([0, 0, 0, 1]);
    expect(counted(monday + 28 * DAY_MS)).toEqual([0, 0, 0, 0]);
  });

  test('a clock that goes forward and back again and again frees what it frees once', () => {
    const meters = new NumberMeters();
    let admitted = 0;
    for (let turn = 0; turn < 5; turn += 1) {
      if (take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS + turn, mine)) === 0) admitted += 1;
      crowd(meters, NOON_MS + 60_000 + turn);
    }
    // Once at the beginning, and once for the minute that has passed since.
    expect(admitted).toBe(2);
  });

  test('recipients and answers of the day are not forgotten', () => {
    const meters = new NumberMeters();
    take(meters, NumberMeter.P2pRecipients, 1, askFor(1, NOON_MS, mine));
    meters.noteInbound(askFor(1, NOON_MS, mine));
    crowd(meters, NOON_MS + HOUR_MS);
    const other = { ...mine, destinationKey: DESTINATION + 1 };
    expect(meters.waitMs(NumberMeter.P2pRecipients, 1, askFor(1, NOON_MS + HOUR_MS, mine))).toBe(0);
    expect(meters.waitMs(NumberMeter.P2pRecipients, 1, askFor(1, NOON_MS + HOUR_MS, other))).toBeGreaterThan(0);
    expect(take(meters, NumberMeter.P2pDay, 9, askFor(1, NOON_MS + HOUR_MS, mine))).toBe(0);
    expect(meters.waitMs(NumberMeter.P2pRatio, 1, askFor(1, NOON_MS + HOUR_MS, mine))).toBeGreaterThan(0);
    meters.noteInbound(askFor(1, NOON_MS + HOUR_MS, mine));
    expect(meters.waitMs(NumberMeter.P2pRatio, 1, askFor(1, NOON_MS + HOUR_MS, mine))).toBe(0);
  });

  test('times that lie further apart than the table can tell from one another are told apart', () => {
    const meters = new NumberMeters();
    const years = 365 * DAY_MS;
    take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS, mine));
    for (const atMs of [NOON_MS + 18 * years, NOON_MS + 36 * years]) {
      expect(take(meters, NumberMeter.AttSms, 60, askFor(60, atMs, mine))).toBe(0);
      expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(60, atMs + 1, mine))).toBe(59_999);
    }
  });
});

describe('over several gateways', () => {
  test('each admits its part of a rate', () => {
    const meters = new NumberMeters();
    meters.setShare(3);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(20, NOON_MS))).toBe(0);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(1, NOON_MS))).toBe(3_000);
  });

  test('a rate smaller than their number makes one in as many windows as it takes', () => {
    const meters = new NumberMeters();
    meters.setShare(5);
    for (const atMs of [0, 2_500, 5_000]) {
      expect(take(meters, NumberMeter.AccountSms, 2, askFor(1, NOON_MS + atMs))).toBe(0);
      expect(take(meters, NumberMeter.AccountSms, 2, askFor(1, NOON_MS + atMs))).toBe(2_500);
      expect(take(meters, NumberMeter.AccountSms, 2, askFor(1, NOON_MS + atMs + 2_499))).toBe(1);
    }
  });

  test('a message larger than a part is admitted when nothing counts and holds its number up for all the parts', () => {
    const meters = new NumberMeters();
    meters.setShare(10);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(12, NOON_MS))).toBe(0);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(6, NOON_MS))).toBe(120_000);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(1, NOON_MS + 119_999))).toBe(0);
    expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(61, NOON_MS + DAY_MS))).toBe(Infinity);
  });

  test('each admits its part of a day, rounded down', () => {
    const meters = new NumberMeters();
    meters.setShare(3);
    const answers = Array.from({ length: 4 }, () => take(meters, NumberMeter.P2pDay, 11, askFor(1, NOON_MS)));
    expect(answers.map((answer) => answer === 0)).toEqual([true, true, true, false]);
    expect(meters.waitMs(NumberMeter.TollFreeDay, 2, askFor(1, NOON_MS))).toBe(Infinity);
  });

  test('nothing is admitted while nobody knows how many there are, and all is when there is one', () => {
    const meters = new NumberMeters();
    meters.setShare(Infinity);
    expect(meters.waitMs(NumberMeter.AttSms, 60, askFor(1, NOON_MS))).toBe(NOT_LEASED);
    meters.setShare(1);
    expect(take(meters, NumberMeter.AttSms, 60, askFor(60, NOON_MS))).toBe(0);
  });

  test.each([0, -1, 1.5, Number.NaN])('%d gateways are refused', (gateways) => {
    expect(() => new NumberMeters().setShare(gateways)).toThrow(/whole number from 1/);
  });

  propertyTest.prop([
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 40 }),
    fc.array(fc.record({ gapMs: fc.nat({ max: 400 }), gateway: fc.nat({ max: 11 }) }), { maxLength: 80 }),
  ])('single messages through all of them stay under the rate', (gateways, cap, steps) => {
    const all = Array.from({ length: gateways }, () => {
      const meters = new NumberMeters();
      meters.setShare(gateways);
      return meters;
    });
    const admitted: number[] = [];
    let atMs = NOON_MS;
    for (const { gapMs, gateway } of steps) {
      atMs += gapMs;
      const meters = all[gateway % gateways]!;
      if (take(meters, NumberMeter.AccountSms, cap, askFor(1, atMs)) === 0) admitted.push(atMs);
    }
    const burst = Math.max(cap, gateways);
    admitted.forEach((firstMs, first) => {
      admitted.slice(first).forEach((lastMs, between) => {
        expect((between + 1) * 1_000).toBeLessThanOrEqual(burst * 1_000 + (lastMs - firstMs) * cap);
      });
    });
  });
});

/** Everything that was taken, in full, and the time as numbers see it: the latest that any ask named. */
class SlowNumbers {
  readonly #taken: { number: number; meter: number; atMs: number; units: number; to: number }[] = [];
  readonly #received: { number: number; atMs: number }[] = [];
  readonly #buckets = new Map<string, RateBuckets>();
  #nowMs = -Infinity;

  /** 0, or any number above it that says how long a rate takes; Infinity and NaN stand for periods, whose ends are checked apart. */
  waitMs(meter: number, cap: number, ask: ReturnType<typeof askFor>): number {
    if (ask.units > cap) return Infinity;
    this.passTo(ask.atMs);
    if (meter in WINDOWS) {
      const waitMs = this.#bucket(meter, ask.senderKey).waitMs(0, cap, { ...ask, atMs: this.#nowMs });
      return waitMs === 0 ? 0 : waitMs + this.#nowMs - ask.atMs;
    }
    const used = this.used(meter, ask.senderKey);
    if (meter === NumberMeter.P2pRecipients && this.#recipients(ask.senderKey).has(ask.destinationKey)) return 0;
    if (used + ask.units <= cap) return 0;
    return used + ask.units <= this.#receivedNow(meter, ask.senderKey) ? 0 : Number.NaN;
  }

  take(meter: number, cap: number, ask: ReturnType<typeof askFor>): void {
    // What goes out is counted once, by the meter of the day.
    if (meter === NumberMeter.P2pRatio) return;
    if (meter in WINDOWS) this.#bucket(meter, ask.senderKey).take(0, cap, { ...ask, atMs: this.#nowMs });
    const { senderKey: number, destinationKey: to, units } = ask;
    this.#taken.push({ number, meter, atMs: this.#nowMs, units, to });
  }

  passTo(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  noteInbound({ senderKey, atMs }: ReturnType<typeof askFor>): void {
    this.passTo(atMs);
    this.#received.push({ number: senderKey, atMs: this.#nowMs });
  }

  used(meter: number, number: number): number {
    if (meter === NumberMeter.P2pRecipients) return this.#recipients(number).size;
    const counted = meter === NumberMeter.P2pRatio ? NumberMeter.P2pDay : meter;
    return this.#ofNow(counted, number).reduce((sum, { units }) => sum + units, 0);
  }

  /** Whether something of the number counts, in a rate's window or a period. */
  counts(meters: readonly number[], number: number): boolean {
    return meters.some((meter) => {
      const windowMs = WINDOWS[meter];
      if (windowMs === undefined) return this.#ofNow(meter, number).length + this.#receivedNow(meter, number) > 0;
      return this.#taken.some(
        (one) => one.meter === meter && one.number === number && this.#nowMs - one.atMs < windowMs,
      );
    });
  }

  #ofNow(meter: number, number: number) {
    return this.#taken.filter((one) => one.meter === meter && one.number === number && this.#isNow(meter, one.atMs));
  }

  /** Messages received that a meter goes by. */
  #receivedNow(meter: number, number: number): number {
    if (meter !== NumberMeter.P2pRatio) return 0;
    return this.#received.filter((one) => one.number === number && this.#isNow(meter, one.atMs)).length;
  }

  #recipients(number: number): Set<number> {
    return new Set(this.#ofNow(NumberMeter.P2pRecipients, number).map(({ to }) => to));
  }

  #isNow(meter: number, atMs: number): boolean {
    return periodOf(meter, atMs) === periodOf(meter, this.#nowMs);
  }

  #bucket(meter: number, number: number): RateBuckets {
    const key = `${meter} ${number}`;
    const bucket = this.#buckets.get(key) ?? new RateBuckets(WINDOWS[meter]!, 1);
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

const WINDOWS: Readonly<Record<number, number>> = {
  [NumberMeter.AttSms]: 60_000,
  [NumberMeter.VerizonMms]: 1_000,
  [NumberMeter.P2pMinute]: 60_000,
};
const MODELLED = [
  ...Object.keys(WINDOWS).map(Number),
  NumberMeter.P2pDay,
  NumberMeter.P2pRecipients,
  NumberMeter.P2pRatio,
  NumberMeter.TollFreeDay,
  NumberMeter.TollFreeWeek,
  NumberMeter.TollFreeMonth,
];
const COUNTED_IN_ONE_ROW = [
  [NumberMeter.P2pDay, NumberMeter.P2pRecipients, NumberMeter.P2pRatio],
  [NumberMeter.TollFreeDay, NumberMeter.TollFreeWeek, NumberMeter.TollFreeMonth],
];

const [SHARD_MATES, CROWD] = [numbersOfOneShard(70).slice(0, 40), numbersOfOneShard(70).slice(40)];

const steps = fc.array(
  fc.record({
    meter: fc.constantFrom<number>(...MODELLED),
    sender: fc.oneof(fc.nat({ max: 2 }), fc.nat({ max: SHARD_MATES.length - 1 })),
    to: fc.nat({ max: 5 }),
    units: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 7 })),
    inbound: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    crowd: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    gapMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 1_500 }) },
      { weight: 1, arbitrary: fc.constantFrom(999, 1_000, 1_001, 59_999, 60_000, 60_001) },
      { weight: 1, arbitrary: fc.integer({ min: -90_000, max: -1 }) },
      { weight: 1, arbitrary: fc.constantFrom(-DAY_MS, HOUR_MS, DAY_MS - 1, DAY_MS, 8 * DAY_MS) },
    ),
  }),
  { maxLength: 120 },
);
const cap = fc.integer({ min: 1, max: 8 });
const startMs = fc
  .constantFrom(...Object.values(MIDNIGHTS))
  .chain((midnightMs) => fc.integer({ min: -90_000, max: 1_000 }).map((ms) => midnightMs + ms));

describe('on random traces around the beginnings of days, weeks and months', () => {
  propertyTest.prop([startMs, cap, steps], { numRuns: 400 })(
    'meters agree with lists of all that was taken',
    (from, max, trace) => {
      runTrace(new NumberMeters(), from, max, trace);
    },
  );

  propertyTest.prop([startMs, cap, steps], { numRuns: 400 })(
    'meters that have no room admit nothing that the lists would not, and refuse for that reason only who has nothing that counts',
    (from, max, trace) => {
      runTrace(new NumberMeters({ rowsMax: 4_096 * 8, recipientPairsMax: 1 }), from, max, trace);
    },
  );
});

function runTrace(meters: NumberMeters, fromMs: number, max: number, trace: readonly Step[]): void {
  const slow = new SlowNumbers();
  let atMs = fromMs;
  for (const step of trace) {
    atMs += step.gapMs;
    const isRate = step.meter in WINDOWS;
    const units = isRate ? step.units : 1;
    const ask = askFor(units, atMs, { senderKey: SHARD_MATES[step.sender]!, destinationKey: DESTINATION + step.to });
    if (step.inbound && meters.waitMs(NumberMeter.P2pDay, 1_000, ask) !== TABLE_FULL) {
      meters.noteInbound(ask);
      slow.noteInbound(ask);
    }
    // Others that are soon idle again, so that the shard is made anew now and then.
    for (const senderKey of step.crowd ? CROWD : []) {
      take(meters, NumberMeter.AccountMms, 1, { ...ask, units: 1, senderKey });
      slow.passTo(atMs);
    }
    const waitMs = meters.waitMs(step.meter, max, ask);
    const modelled = slow.waitMs(step.meter, max, ask);
    if (waitMs === TABLE_FULL) {
      const row = COUNTED_IN_ONE_ROW.find((ofRow) => ofRow.some((meter) => meter === step.meter)) ?? [step.meter];
      if (step.meter !== NumberMeter.P2pRecipients) expect(slow.counts(row, ask.senderKey)).toBe(false);
      continue;
    }
    if (Number.isNaN(modelled)) {
      expect(waitMs).toBeGreaterThan(0);
      expect(periodOf(step.meter, atMs + waitMs)).not.toBe(periodOf(step.meter, atMs + waitMs - 1));
    } else {
      expect(waitMs).toBe(modelled);
    }
    if (!isRate) expect(meters.used(step.meter, max, ask)).toBe(slow.used(step.meter, ask.senderKey));
    if (waitMs !== 0) continue;
    meters.take(step.meter, max, ask);
    slow.take(step.meter, max, ask);
  }
}

type Step = typeof steps extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

const losAngelesDate = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

/** Something that is the same for two times if they lie in the same period of the meter. */
function periodOf(meter: number, atMs: number): string {
  const date = losAngelesDate.format(atMs);
  if (meter === NumberMeter.TollFreeMonth) return date.slice(0, 7);
  if (meter !== NumberMeter.TollFreeWeek) return date;
  const day = new Date(`${date}T00:00:00Z`);
  const sinceMonday = (day.getUTCDay() + 6) % 7;
  return new Date(day.getTime() - sinceMonday * DAY_MS).toISOString();
}

/** Numbers whose rows go to the same shard, so that a few of them fill it. */
function numbersOfOneShard(count: number): number[] {
  const found: number[] = [];
  for (let key = 2_000_000_000; found.length < count; key += 1) {
    if (mix((key - 2_000_000_000) | 0) >>> 20 === 7) found.push(key);
  }
  return found;
}
