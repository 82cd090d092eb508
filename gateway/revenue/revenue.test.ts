import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { REVENUE_HOURS_KEPT_MS, REVENUE_MINUTES_KEPT_MS } from '../limits.ts';
import {
  AccountTable,
  Counters,
  MessageSlot,
  MINUTE_MS,
  NO_ACCOUNT,
  type RevenueAxis,
  type RevenueLabels,
  TRUTHS,
} from '../router/index.ts';
import { type Earned, HOUR_MS, Revenue, revenueBy, totalOf } from './revenue.ts';

const DAY_MS = 24 * HOUR_MS;
/** Within a minute, and within an hour. */
const START_MS = Date.UTC(2024, 2, 1, 18, 17, 23);
const AXES = ['payee', 'cause', 'carrier', 'registration', 'truth'] as const;

/** Revenue, and beside it every posting with its time, as one would keep it who had room for all. */
class World {
  readonly counters = new Counters();
  readonly accounts = new AccountTable();
  readonly revenue = new Revenue({ counters: this.counters, accounts: this.accounts }, START_MS);
  readonly journal: (Earned & { readonly atMs: number })[] = [];
  nowMs = START_MS;

  message(carrier: number, truth: number, surchargeMicros: number, account = NO_ACCOUNT): void {
    const slot = new MessageSlot();
    const amounts = { carrierFeeMicros: 3_000, surchargeMicros, dcaMicros: 500, aggregatorMicros: 7_900 };
    const registration = surchargeMicros === 0 ? 0 : 1;
    Object.assign(slot, { carrier, registration, account, atMs: this.nowMs });
    Object.assign(slot.quote, amounts, { totalMicros: 11_400 + surchargeMicros });
    this.counters.countDecision(slot, truth);
    const under = {
      carrier: CARRIERS[carrier]!.id,
      registration: surchargeMicros === 0 ? 'registered' : 'unregistered',
      truth: TRUTHS[truth]!,
    };
    const entry = (payee: string, cause: string, micros: number): void => {
      if (micros > 0) this.journal.push({ atMs: this.nowMs, labels: { payee, cause, ...under }, micros });
    };
    entry(under.carrier, 'carrier_fee', 3_000);
    entry(under.carrier, 'unregistered_surcharge', surchargeMicros);
    entry('dca', 'dca_margin', 500);
    entry('aggregator', 'aggregator_price', 7_900);
  }

  fee(payer: string, payee: string, cause: string, micros: number): void {
    this.revenue.postFee({ payer, payee, cause, micros }, this.nowMs);
    const carrier = CARRIERS.some(({ id }) => id === payee) ? payee : 'none';
    const labels = { payee, cause, carrier, registration: 'not_classed', truth: 'unlabelled' };
    this.journal.push({ atMs: this.nowMs, labels, micros });
  }

  between(fromMs: number, toMs: number): Earned[] {
    return this.revenue.between(fromMs, toMs, this.nowMs);
  }

  /** The same from the journal. */
  journalBetween(fromMs: number, toMs: number): Earned[] {
    return this.journal.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  }
}

const sorted = (earned: readonly Earned[], axes: readonly RevenueAxis[] = AXES): unknown =>
  revenueBy(axes, earned)
    .map(({ labels, micros }) => `${Object.values(labels).join(' ')} ${micros}`)
    .toSorted();

const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 90_000 }) }) },
  { weight: 1, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 3 * HOUR_MS }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      carrier: fc.integer({ min: 0, max: CARRIERS.length - 1 }),
      truth: fc.integer({ min: 0, max: TRUTHS.length - 1 }),
      surchargeMicros: fc.constantFrom(0, 5_000, 8_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      payer: fc.constantFrom('acme', 'SDEMO01'),
      payee: fc.constantFrom('tcr', 'tmobile', 'NORTH'),
      cause: fc.constantFrom('sev0-tier1', 'vet-standard'),
      micros: fc.integer({ min: 1, max: 1e10 }),
    }),
  },
);

function play(events: readonly (typeof event extends fc.Arbitrary<infer T> ? T : never)[]): World {
  const world = new World();
  for (const one of events) {
    if ('waitMs' in one) world.nowMs += one.waitMs;
    else if ('payer' in one) world.fee(one.payer, one.payee, one.cause, one.micros);
    else world.message(one.carrier, one.truth, one.surchargeMicros);
  }
  return world;
}

const axes = fc.shuffledSubarray([...AXES]);

propertyTest.prop([fc.array(event, { maxLength: 150 }), axes, fc.nat(), fc.nat()])(
  'is what a journal of every posting says, for any minutes and by any labels',
  (events, by, first, last) => {
    const world = play(events);
    const minutes = Math.ceil((world.nowMs - START_MS) / MINUTE_MS) + 3;
    const kept = world.revenue.keptSince(world.nowMs);
    const minuteAt = (nth: number): number =>
      Math.max(START_MS - (START_MS % MINUTE_MS) + (nth % minutes) * MINUTE_MS, kept.minutesMs);
    const [fromMs, toMs] = [minuteAt(first), minuteAt(last)].toSorted((a, b) => a - b) as [number, number];
    expect(sorted(world.between(fromMs, toMs), by)).toEqual(sorted(world.journalBetween(fromMs, toMs), by));
    expect(sorted(world.revenue.sinceStart(), by)).toEqual(sorted(world.journal, by));
    expect(totalOf(revenueBy(by, world.revenue.sinceStart()))).toBe(totalOf(world.journal));
  },
);

propertyTest.prop([fc.array(event, { maxLength: 150 })])('leaves every ledger at zero', (events) => {
  const { revenue, journal, counters } = play(events);
  const balances = revenue.balances();
  expect(balances.reduce((sum, one) => sum + one.receivedMicros - one.paidMicros, 0)).toBe(0);
  expect(balances.reduce((sum, one) => sum + one.receivedMicros, 0)).toBe(totalOf(journal));
  expect(balances.find(({ party }) => party === 'sender')?.paidMicros ?? 0).toBe(counters.chargedMicros);
});

describe('over a long time', () => {
  /** A message every seven minutes for 40 days. */
  const world = new World();
  for (; world.nowMs < START_MS + 40 * DAY_MS; world.nowMs += 7 * MINUTE_MS) world.message(0, 1, 0);
  const { nowMs, revenue } = world;
  const kept = revenue.keptSince(nowMs);

  test('minutes are kept for a day and hours for a month, from a whole hour on', () => {
    const hourMs = nowMs - (nowMs % HOUR_MS);
    expect(kept).toEqual({
      minutesMs: hourMs - REVENUE_MINUTES_KEPT_MS,
      hoursMs: hourMs - REVENUE_HOURS_KEPT_MS,
      firstMs: START_MS - (START_MS % HOUR_MS),
    });
  });

  test.each([
    ['the whole of what is kept', kept.hoursMs, nowMs + MINUTE_MS],
    ['hours alone', kept.hoursMs + 5 * HOUR_MS, kept.minutesMs - 3 * HOUR_MS],
    ['hours, then minutes', kept.minutesMs - DAY_MS, kept.minutesMs + 17 * MINUTE_MS],
    ['minutes alone', kept.minutesMs + MINUTE_MS, nowMs - (nowMs % MINUTE_MS)],
    ['the minute under way', nowMs - (nowMs % MINUTE_MS), nowMs + MINUTE_MS],
    ['what is to come', nowMs + DAY_MS, nowMs + 2 * DAY_MS],
  ])('%s: as in the journal', (_what, fromMs, toMs) => {
    expect(sorted(world.between(fromMs, toMs))).toEqual(sorted(world.journalBetween(fromMs, toMs)));
  });

  test('what came before is gone from the periods, and not from what was earned since the start', () => {
    expect(totalOf(world.between(-Infinity, Infinity))).toBeLessThan(totalOf(world.journal));
    expect(totalOf(revenue.sinceStart())).toBe(totalOf(world.journal));
  });
});

test('a message at a whole minute belongs to the minute that begins, and nothing before it does', () => {
  const world = new World();
  const minuteMs = START_MS - (START_MS % MINUTE_MS) + MINUTE_MS;
  world.nowMs = minuteMs - 1;
  world.message(0, 0, 0);
  world.nowMs = minuteMs;
  world.message(1, 0, 0);
  world.nowMs = minuteMs + 30 * MINUTE_MS;
  const payees = (fromMs: number): string[] =>
    world
      .between(fromMs, fromMs + MINUTE_MS)
      .flatMap(({ labels }) => (labels.cause === 'carrier_fee' ? [labels.payee] : []));
  expect([payees(minuteMs - MINUTE_MS), payees(minuteMs), payees(minuteMs + MINUTE_MS)]).toEqual([
    [CARRIERS[0]!.id],
    [CARRIERS[1]!.id],
    [],
  ]);
});

test('a clock that is set back loses nothing and counts nothing twice', () => {
  const world = new World();
  world.message(0, 0, 0);
  world.nowMs += DAY_MS;
  world.message(0, 0, 0);
  world.nowMs -= 2 * HOUR_MS;
  world.message(0, 0, 0);
  expect(totalOf(world.between(START_MS + HOUR_MS, Infinity))).toBe(2 * 11_400);
  expect(totalOf(world.between(-Infinity, Infinity))).toBe(totalOf(world.journal));
});

test('accounts stand in the ledger by name, and who has none together', () => {
  const world = new World();
  const bounds = { smsPerSecond: 0, mmsPerSecond: 0, numberSmsPerSecond: 0, numberMmsPerSecond: 0, inFlightMax: 0 };
  const acme = world.accounts.set({ id: 'acme', isPrepaid: false, ...bounds });
  world.message(2, 0, 5_000, acme);
  world.message(2, 0, 0);
  world.fee('acme', 'tcr', 'tcr-brand-registration', 4_000_000);
  expect(world.revenue.balances()).toEqual([
    { party: 'sender', paidMicros: 11_400, receivedMicros: 0 },
    { party: 'acme', paidMicros: 4_016_400, receivedMicros: 0 },
    { party: 'tmobile', paidMicros: 0, receivedMicros: 11_000 },
    { party: 'dca', paidMicros: 0, receivedMicros: 1_000 },
    { party: 'aggregator', paidMicros: 0, receivedMicros: 15_800 },
    { party: 'tcr', paidMicros: 0, receivedMicros: 4_000_000 },
  ]);
});

test('money that was made or lost is noticed', () => {
  const world = new World();
  world.message(0, 0, 0);
  world.counters.revenueMicros[0]! += 1;
  expect(() => world.revenue.sinceStart()).toThrow(/earned and .* charged/);
  expect(() => world.revenue.balances()).toThrow(/differ by -1$/);
});

test('a fee that could not be held exactly is not posted', () => {
  const world = new World();
  const post = (micros: number) => (): void =>
    world.revenue.postFee({ payer: 'acme', payee: 'tcr', cause: 'x', micros }, world.nowMs);
  post(Number.MAX_SAFE_INTEGER)();
  expect(post(1)).toThrow(RangeError);
  expect(world.revenue.fees.totalMicros).toBe(Number.MAX_SAFE_INTEGER);
});

test('rows come in the order of their sums, with the labels asked for alone', () => {
  const labels: RevenueLabels = { payee: 'att', cause: 'c', carrier: 'att', registration: 'r', truth: 't' };
  const earned = [
    { labels, micros: 1 },
    { labels: { ...labels, payee: 'dca' }, micros: 5 },
    { labels: { ...labels, truth: 'spam' }, micros: 2 },
  ];
  expect(revenueBy(['truth', 'payee'], earned)).toEqual([
    { labels: { truth: 't', payee: 'dca' }, micros: 5 },
    { labels: { truth: 'spam', payee: 'att' }, micros: 2 },
    { labels: { truth: 't', payee: 'att' }, micros: 1 },
  ]);
  expect(revenueBy(['carrier'], earned)).toEqual([{ labels: { carrier: 'att' }, micros: 8 }]);
  expect(revenueBy(['carrier'], [])).toEqual([]);
});
