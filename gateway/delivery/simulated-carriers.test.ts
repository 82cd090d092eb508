import { describe, expect, test } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { CARRIER_BURST_MS, DELIVERY_VALIDITY_MS } from '../limits.ts';
import {
  type CarrierFaults,
  DeliveryError,
  emptyDraft,
  type FaultEffects,
  type FaultKind,
  MessageState,
  MessageStore,
  ReceiptState,
} from '../messages/index.ts';
import { DecisionCode, HandsetOutcome, MessageSlot, Registration, Route } from '../router/index.ts';
import { CARRIER_PROFILES, type CarrierProfile, LATENCY_CAP_MS, Way } from './carrier-profiles.ts';
import { FILTER_RESULTS, FilterResult, RECEIPT_KINDS, ReceiptKind } from './delivery-counters.ts';
import { SimulatedCarriers } from './simulated-carriers.ts';

const START_MS = Date.UTC(2024, 2, 1);
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const COUNT = 4_000;
const PLAIN = 'Your table is ready.';
const LURE = 'URGENT: you WON $900! Claim at http://prize.example.com';
const ATT = 0;
const VERIZON = 1;
const OTHER = 4;
const SENDER = 2_125_550_100;

interface Traffic {
  seed?: number;
  carrier?: number;
  route?: number;
  text?: string;
  registration?: number;
  units?: number;
  count?: number;
  sender?: number;
  truth?: number;
  /** Changes to the profile of all carriers and ways. */
  profile?: Partial<CarrierProfile>;
  faults?: CarrierFaults;
}

interface Heard {
  readonly receipts: number[];
  readonly copies: number[];
  readonly ended: number[];
  readonly settled: number[];
}

/** A store and carriers that work on it, and what they tell. */
class FarEnd {
  readonly store: MessageStore;
  readonly carriers: SimulatedCarriers;
  readonly heard: Heard = { receipts: [], copies: [], ended: [], settled: [] };
  nowMs = START_MS;
  readonly #traffic: Traffic;

  constructor(traffic: Traffic = {}) {
    const { seed = 1, count = COUNT, profile, faults } = traffic;
    this.#traffic = traffic;
    this.store = new MessageStore(count, 'RUN');
    const { heard, store } = this;
    this.carriers = new SimulatedCarriers({
      store,
      seed,
      startMs: START_MS,
      faults,
      profiles: CARRIER_PROFILES.map((ways) => ways.map((one) => ({ ...one, ...profile }))),
      listener: {
        receiptArrived: (at, copy) => {
          expect(store.receipt[at]).not.toBe(ReceiptState.None);
          (copy === 0 ? heard.receipts : heard.copies).push(at);
        },
        ended: (at) => {
          expect(store.outcome[at]).not.toBe(HandsetOutcome.Pending);
          heard.ended.push(at);
        },
        settled: (at) => heard.settled.push(at),
      },
    });
  }

  add(own: Traffic = {}): number {
    const {
      carrier = ATT,
      route = Route.A2p,
      text = PLAIN,
      registration = Registration.Registered,
      units = 1,
      truth = 0,
      sender = SENDER,
    } = { ...this.#traffic, ...own };
    const { store, nowMs: atMs } = this;
    const slot = Object.assign(new MessageSlot(), {
      code: DecisionCode.Accepted,
      carrier,
      registration,
      route,
      units,
      atMs,
    });
    Object.assign(slot, { senderKey: sender, destinationKey: 3_105_550_000 + store.nextSequence });
    return store.add({ ...emptyDraft(), text, truth }, slot) % store.capacity;
  }

  send(own: Traffic = {}): number {
    const at = this.add(own);
    this.carriers.dispatch(at, this.nowMs);
    return at;
  }

  sendAll(): this {
    for (let left = this.store.capacity; left > 0; left -= 1) this.send();
    return this;
  }

  pass(ms: number, stepMs = 10): this {
    const untilMs = this.nowMs + ms;
    while (this.nowMs < untilMs) {
      this.nowMs = Math.min(untilMs, this.nowMs + stepMs);
      this.carriers.advance(this.nowMs);
    }
    return this;
  }

  /** What became of each message, times counted from acceptance. */
  fates(): Fate[] {
    const { store } = this;
    return Array.from({ length: store.count }, (_, at) => ({
      receipt: store.receipt[at]!,
      receiptMs: store.receiptAtMs[at]! - store.acceptedAtMs[at]!,
      outcome: store.outcome[at]!,
      handsetMs: store.handsetAtMs[at]! - store.acceptedAtMs[at]!,
      error: store.error[at]!,
    }));
  }

  receiptCounts(carrier = ATT): Record<string, number> {
    const { receipts } = this.carriers.counters;
    return Object.fromEntries(
      RECEIPT_KINDS.map((kind, index) => [kind, receipts[carrier * RECEIPT_KINDS.length + index]!]),
    );
  }
}

interface Fate {
  readonly receipt: number;
  readonly receiptMs: number;
  readonly outcome: number;
  readonly handsetMs: number;
  readonly error: number;
}

/** Sends the same message many times, lets them all end, and tells what became of each. */
function deliver(traffic: Traffic & { stepMs?: number }): Fate[] {
  const far = new FarEnd(traffic).sendAll().pass(3 * LATENCY_CAP_MS, traffic.stepMs);
  const all = Array.from({ length: far.store.capacity }, (_, at) => at);
  expect(far.store.inFlightCount).toBe(0);
  expect(far.heard.ended.toSorted((a, b) => a - b)).toEqual(all);
  expect(far.heard.settled.toSorted((a, b) => a - b)).toEqual(all);
  return far.fates();
}

const shareOf = (fates: readonly Fate[], is: (fate: Fate) => boolean): number => fates.filter(is).length / fates.length;
const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length / 2]!;
const profileOf = (carrier: number, way: number = Way.LongCode): CarrierProfile => CARRIER_PROFILES[carrier]![way]!;

const NO_EFFECTS: FaultEffects = {
  outageUntilMs: 0,
  errors: [],
  messagesPerSecond: Infinity,
  latencyMedianMs: Number.NaN,
  latencySigma: 0,
  latencyCapMs: 0,
  receiptLossRate: 0,
  receiptDuplicateRate: 0,
  receiptDelayMs: 0,
};

/** Faults as a function of the time; those applied are counted by kind. */
function faultsOf(
  effectsAt: (atMs: number) => Partial<FaultEffects>,
): CarrierFaults & { applications: Partial<Record<FaultKind, number>> } {
  const applications: Partial<Record<FaultKind, number>> = {};
  return {
    isAny: true,
    applications,
    effects: (_carrier, _route, _account, atMs) => ({ ...NO_EFFECTS, ...effectsAt(atMs) }),
    applied: (kind) => (applications[kind] = (applications[kind] ?? 0) + 1),
  };
}

describe('a carrier', () => {
  test.each(CARRIERS.map(({ id }, index) => [id, index] as const))(
    '%s: the receipt comes before the handset, about when its profile says, and never later than the cap',
    (_id, carrier) => {
      const fates = deliver({ carrier, profile: { receiptlessShare: 0 } });
      for (const { receiptMs, handsetMs, outcome } of fates) {
        expect(receiptMs).toBeGreaterThan(0);
        expect(receiptMs).toBeLessThanOrEqual(LATENCY_CAP_MS);
        if (outcome === HandsetOutcome.Undelivered) expect(handsetMs).toBe(receiptMs);
        else expect(handsetMs).toBeGreaterThan(receiptMs);
      }
      const { medianMs } = profileOf(carrier).receiptTime;
      const median = medianOf(fates.map(({ receiptMs }) => receiptMs));
      expect(Math.abs(median - medianMs)).toBeLessThan(0.05 * medianMs + 10);
    },
  );

  test('tells of a phone it cannot reach and why, and says ACCEPTD of a message its filter then drops', () => {
    const fates = deliver({ text: LURE, registration: Registration.NotInRegistry });
    for (const { outcome, receipt } of fates) {
      expect(receipt).toBe(outcome === HandsetOutcome.Undelivered ? ReceiptState.Undelivered : ReceiptState.Accepted);
    }
    const errors = new Map<number, Set<number>>();
    for (const { outcome, error } of fates) errors.set(outcome, (errors.get(outcome) ?? new Set()).add(error));
    expect(errors.get(HandsetOutcome.Delivered)).toEqual(new Set([DeliveryError.None]));
    expect(errors.get(HandsetOutcome.Filtered)).toEqual(new Set([DeliveryError.SpamFilter]));
    const { UnknownSubscriber, AbsentSubscriber, RecipientBlocks } = DeliveryError;
    expect(errors.get(HandsetOutcome.Undelivered)).toEqual(
      new Set([UnknownSubscriber, AbsentSubscriber, RecipientBlocks]),
    );
    expect(shareOf(fates, ({ outcome }) => outcome === HandsetOutcome.Undelivered)).toBeCloseTo(
      profileOf(ATT).unreachableShare,
      1,
    );
  });

  test('gives toll-free numbers the receipt of the phone, and long codes none on either route', () => {
    const tollFree = deliver({ sender: 8_005_550_100, text: LURE, registration: Registration.NotInRegistry });
    for (const { outcome, receipt, receiptMs, handsetMs } of tollFree) {
      expect(receipt).toBe(outcome === HandsetOutcome.Delivered ? ReceiptState.Delivered : ReceiptState.Undelivered);
      expect(receiptMs).toBe(handsetMs);
    }
    expect(new Set(tollFree.map(({ outcome }) => outcome)).size).toBe(3);
    for (const route of [Route.A2p, Route.P2p]) {
      expect(deliver({ route }).some(({ receipt }) => receipt === ReceiptState.Delivered)).toBe(false);
    }
  });

  test('filters what reads as spam by the class of the sender, and plain texts hardly ever', () => {
    const { filterShareRegistered, filterShareUnregistered, unreachableShare } = profileOf(ATT);
    const filtered = (traffic: Traffic): number =>
      shareOf(deliver(traffic), ({ outcome }) => outcome === HandsetOutcome.Filtered) / (1 - unreachableShare);
    // Four standard deviations of a share of 4,000 draws are at most 0.032.
    expect(filtered({ text: LURE, registration: Registration.NotInRegistry })).toBeCloseTo(filterShareUnregistered, 1);
    expect(filtered({ text: LURE })).toBeCloseTo(filterShareRegistered, 1);
    expect(filtered({ text: PLAIN, registration: Registration.NotInRegistry })).toBeLessThan(0.01);
  });

  test('counts what its filter did', () => {
    const far = new FarEnd({ text: LURE, registration: Registration.NotInRegistry, profile: { unreachableShare: 0 } });
    const fates = far
      .sendAll()
      .pass(20 * SECOND_MS)
      .fates();
    const dropped = fates.filter(({ outcome }) => outcome === HandsetOutcome.Filtered).length;
    expect(Array.from(far.carriers.counters.filter.subarray(0, FILTER_RESULTS.length))).toEqual([
      COUNT - dropped,
      dropped,
      0,
    ]);
    const plain = new FarEnd({ profile: { falseFilterShare: 1 } }).sendAll();
    expect(plain.carriers.counters.filter[FilterResult.DroppedPlain]).toBeGreaterThan(0.95 * COUNT);
  });
});

describe('receipts', () => {
  test('never come from some phones of carriers that give none, always the same, and their messages end all the same', () => {
    const far = new FarEnd({ carrier: OTHER }).sendAll().pass(20 * SECOND_MS);
    const isWithout = far.fates().map(({ receipt }) => receipt === ReceiptState.None);
    expect(isWithout.filter(Boolean).length / COUNT).toBeCloseTo(profileOf(OTHER).receiptlessShare, 1);
    expect(far.store.inFlightCount).toBe(0);
    expect(far.heard.settled).toHaveLength(COUNT);
    expect(far.receiptCounts(OTHER)).toMatchObject({
      none: isWithout.filter(Boolean).length,
      taken: isWithout.filter((one) => !one).length,
    });
    // Other messages to the same phones: other draws, but as for receipts the same phones.
    const again = new FarEnd({ carrier: OTHER, seed: 1 });
    for (let at = 0; at < COUNT; at += 1) {
      again.add();
      again.store.adopt(at, `M${at}`, 1e9 + at);
      again.carriers.dispatch(at, START_MS);
    }
    again.pass(20 * SECOND_MS);
    expect(again.fates().map(({ receipt }) => receipt === ReceiptState.None)).toEqual(isWithout);
    expect(again.fates()).not.toEqual(far.fates());
  });

  test('of a message in parts are one at Verizon and one for each part elsewhere, and it has its own when the last is there', () => {
    const parts = 4;
    const median = (carrier: number, units: number): number =>
      medianOf(
        deliver({ carrier, units, profile: { receiptTime: profileOf(ATT).receiptTime } }).map(
          ({ receiptMs }) => receiptMs,
        ),
      );
    const { medianMs, sigma } = profileOf(ATT).receiptTime;
    // The median of the latest of four is the 0.5^(1/4) quantile of one, which is one standard deviation above its median.
    expect(median(ATT, parts) / (medianMs * Math.exp(sigma))).toBeCloseTo(1, 1);
    const far = new FarEnd({ carrier: ATT, units: parts }).sendAll().pass(20 * SECOND_MS);
    expect(far.receiptCounts(ATT)).toMatchObject({ taken: COUNT, part: parts * COUNT });

    const verizon = new FarEnd({ carrier: VERIZON, units: parts }).sendAll().pass(20 * SECOND_MS);
    expect(verizon.receiptCounts(VERIZON)).toMatchObject({ taken: COUNT, part: COUNT });
  });

  test('are late, lost and double for the shares that are set, of messages that end as they would have', () => {
    const as = new FarEnd()
      .sendAll()
      .pass(20 * SECOND_MS)
      .fates();
    const far = new FarEnd({ profile: { receiptLateShare: 0.2, receiptLostShare: 0.1, receiptDuplicateShare: 0.3 } });
    far.sendAll().pass(20 * SECOND_MS);
    const endings = (fates: readonly Fate[]) =>
      fates.map(({ outcome, handsetMs, error }) => [outcome, handsetMs, error]);
    expect(far.store.inFlightCount).toBe(0);
    expect(endings(far.fates())).toEqual(endings(as));
    expect(far.heard.settled.length).toBeLessThan(0.9 * COUNT);
    expect(far.store.lingeringCount).toBe(COUNT - far.heard.settled.length);

    far.pass(DELIVERY_VALIDITY_MS + HOUR_MS, HOUR_MS);
    expect(far.store.lingeringCount).toBe(0);
    expect(new Set(far.heard.settled).size).toBe(COUNT);
    expect(far.heard.settled).toHaveLength(COUNT);
    expect(far.heard.ended).toHaveLength(COUNT);
    expect(endings(far.fates())).toEqual(endings(as));
    const { taken, lost, late, duplicate } = far.receiptCounts();
    expect(lost! / COUNT).toBeCloseTo(0.1, 1);
    expect(late! / COUNT).toBeCloseTo(0.2 * 0.9, 1);
    expect(duplicate! / taken!).toBeCloseTo(0.3, 1);
    expect([taken, far.heard.receipts.length, new Set(far.heard.receipts).size]).toEqual([COUNT - lost!, taken, taken]);
    expect(far.heard.copies).toHaveLength(duplicate!);
    for (const [at, { receipt, receiptMs, handsetMs }] of far.fates().entries()) {
      if (receipt === ReceiptState.None) continue;
      expect(receipt).toBe(as[at]!.receipt);
      if (receiptMs > LATENCY_CAP_MS) expect(handsetMs).toBeLessThan(receiptMs);
    }
  });

  test('that come after the end hold a place in the ring until they are there', () => {
    const far = new FarEnd({
      count: 8,
      profile: { receiptLateShare: 1, receiptLateTime: { medianMs: HOUR_MS, sigma: 0, capMs: DAY_MS } },
    });
    for (let sent = 0; sent < 3; sent += 1) far.send();
    far.pass(20 * SECOND_MS);
    const late = [0, 1, 2].map((at) => far.store.sequenceAt(at));
    for (let sent = 0; sent < 20; sent += 1) {
      expect(far.store.hasRoom()).toBe(true);
      far.add({ profile: {} });
      const at = far.store.nextSequence - 1;
      far.store.recordHandset(at % 8, HandsetOutcome.Delivered, far.nowMs);
    }
    expect([0, 1, 2].map((at) => far.store.sequenceAt(at))).toEqual(late);
    far.pass(2 * HOUR_MS, 100);
    expect(far.heard.receipts.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    expect(far.store.lingeringCount).toBe(0);
  });
});

describe('chance', () => {
  test('depends on the seed and the message, and not on when timers fire or what is delivered beside it', () => {
    const often = deliver({ seed: 7, stepMs: 10 });
    expect(deliver({ seed: 7, stepMs: 3_000 })).toEqual(often);
    expect(deliver({ seed: 8 })).not.toEqual(often);

    const alone = new FarEnd({ seed: 7, count: 10 });
    for (let at = 0; at < 10; at += 1) {
      alone.add();
      alone.store.adopt(at, `M${at}`, 390 + at);
    }
    for (const at of [9, 3, 0, 1, 2, 4, 8, 7, 6, 5]) alone.carriers.dispatch(at, START_MS);
    expect(alone.pass(20 * SECOND_MS).fates()).toEqual(often.slice(390, 400));
  });

  test('knows nothing of what a message really is', () => {
    const traffic = { text: LURE, registration: Registration.NotInRegistry };
    expect(deliver({ ...traffic, truth: 1 })).toEqual(deliver({ ...traffic, truth: 2 }));
  });
});

describe('a message that another has begun to deliver', () => {
  const traffic: Traffic = {
    text: LURE,
    registration: Registration.NotInRegistry,
    count: 500,
    profile: { receiptLateShare: 0.1 },
  };

  test.each([50, 150, 300, 600, 900, 2_000])(
    'for %i ms goes on to the same end, and nothing is recorded twice',
    (afterMs) => {
      const whole = new FarEnd(traffic).sendAll().pass(DAY_MS, SECOND_MS).fates();
      const first = new FarEnd(traffic).sendAll().pass(afterMs);
      const second = new FarEnd(traffic);
      second.store.restore(structuredClone(first.store.capture()));
      second.nowMs = first.nowMs + 5_000;
      second.carriers.advance(second.nowMs);
      for (let at = 0; at < 500; at += 1) second.carriers.dispatch(at, second.nowMs);
      second.pass(DAY_MS, SECOND_MS);
      expect(second.store.inFlightCount).toBe(0);
      expect(second.heard.settled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, at) => at));
      const told = [...first.heard.receipts, ...second.heard.receipts];
      expect(new Set(told).size).toBe(told.length);
      expect(new Set([...first.heard.ended, ...second.heard.ended]).size).toBe(500);
      const what = (fates: readonly Fate[]) => fates.map(({ receipt, outcome }) => [receipt, outcome]);
      expect(what(second.fates())).toEqual(what(whole));
    },
  );

  test('and told of as taken is not undone by a block that came since', () => {
    const first = new FarEnd({ count: 1, profile: { unreachableShare: 0 } }).sendAll().pass(0);
    while (first.store.state[0] === MessageState.Accepted) first.pass(10);
    const second = new FarEnd({ count: 1 });
    second.store.restore(structuredClone(first.store.capture()));
    second.carriers.blocks.add({ carrier: ATT, number: SENDER, sinceMs: START_MS, complaints: 1 });
    second.nowMs = first.nowMs;
    second.carriers.dispatch(0, second.nowMs);
    expect(second.pass(20 * SECOND_MS).fates()).toMatchObject([
      { receipt: ReceiptState.Accepted, outcome: HandsetOutcome.Delivered, error: DeliveryError.None },
    ]);
  });
});

test('carriers that are written down go on where they were', () => {
  const faults = faultsOf((atMs) => ({
    outageUntilMs: START_MS + 60_000,
    messagesPerSecond: atMs < START_MS ? 1 : 200,
  }));
  const traffic: Traffic = {
    text: LURE,
    count: 1_000,
    faults,
    profile: { receiptLateShare: 0.2, receiptDuplicateShare: 0.2, complaintShare: 0.5 },
  };
  const one = new FarEnd(traffic).sendAll().pass(61 * SECOND_MS);
  const other = new FarEnd(traffic);
  other.nowMs = one.nowMs;
  other.store.restore(structuredClone(one.store.capture()));
  other.carriers.restore(structuredClone(one.carriers.capture()));
  for (const far of [one, other]) far.pass(DAY_MS, SECOND_MS);
  expect(other.fates()).toEqual(one.fates());
  expect(other.carriers.counters).toEqual(one.carriers.counters);
  expect([...other.carriers.blocks.list()]).toEqual([...one.carriers.blocks.list()]);
  expect(one.carriers.blocks.count).toBe(1);
});

describe('complaints', () => {
  const traffic: Traffic = { text: LURE, profile: { complaintShare: 0.05, unreachableShare: 0 } };

  test('about what reads as spam come hours later, and then the carrier takes no more from the number', () => {
    const far = new FarEnd({ ...traffic, count: 2 * COUNT });
    for (let sent = 0; sent < COUNT; sent += 1) far.send();
    far.pass(60 * SECOND_MS);
    expect(far.carriers.counters.complaints[ATT]).toBe(0);
    far.pass(2 * HOUR_MS, SECOND_MS);
    expect([...far.carriers.blocks.list()]).toMatchObject([{ carrier: ATT, number: SENDER }]);
    const later = {
      blocked: far.send(),
      elsewhere: far.send({ carrier: VERIZON }),
      another: far.send({ sender: SENDER + 1 }),
    };
    far.pass(20 * SECOND_MS);
    const fates = far.fates();
    expect(fates[later.blocked]).toMatchObject({
      receipt: ReceiptState.Undelivered,
      outcome: HandsetOutcome.Undelivered,
      error: DeliveryError.NumberBlocked,
    });
    expect(fates[later.elsewhere]!.error).not.toBe(DeliveryError.NumberBlocked);
    expect(fates[later.another]!.error).not.toBe(DeliveryError.NumberBlocked);

    far.carriers.blocks.clear(SENDER);
    const cleared = far.send();
    expect(far.pass(20 * SECOND_MS).fates()[cleared]!.error).not.toBe(DeliveryError.NumberBlocked);
    far.pass(8 * DAY_MS, HOUR_MS);
    const delivered = far.fates().filter(({ outcome }) => outcome === HandsetOutcome.Delivered).length;
    expect(far.carriers.counters.complaints[ATT]! / delivered).toBeCloseTo(0.05, 1);
  });

  test('do not come about plain texts, whatever they really are', () => {
    const far = new FarEnd({ ...traffic, text: PLAIN, truth: 2 }).sendAll().pass(10 * DAY_MS, HOUR_MS);
    expect(far.carriers.counters.complaints[ATT]).toBe(0);
  });
});

describe('faults', () => {
  test('of an outage put messages off until it is over, and not longer than a minute', () => {
    const endMs = START_MS + 10 * 60_000;
    const faults = faultsOf(() => ({ outageUntilMs: endMs }));
    const far = new FarEnd({ count: 1_000, faults }).sendAll().pass(9 * 60_000, 100);
    expect(far.heard).toEqual({ receipts: [], copies: [], ended: [], settled: [] });
    expect(far.fates().every(({ error }) => error === DeliveryError.CarrierOutage)).toBe(true);
    expect(far.store.lingeringCount).toBe(1_000);
    far.pass(3 * 60_000, 100);
    expect(far.store.inFlightCount).toBe(0);
    expect(far.heard.settled).toHaveLength(1_000);
    expect(far.store.lingeringCount).toBe(0);
    for (const { receiptMs, error } of far.fates()) {
      expect(receiptMs).toBeGreaterThan(endMs - START_MS);
      expect(receiptMs).toBeLessThan(endMs - START_MS + 60_000 + LATENCY_CAP_MS);
      expect(error).not.toBe(DeliveryError.CarrierOutage);
    }
    const tries = far.carriers.counters.tries.reduce((sum, count) => sum + count);
    expect(faults.applications).toEqual({ outage: tries });
    // One after each of 1, 2, 4, ... 32 s and then about every 45 s.
    expect(tries / 1_000).toBeGreaterThan(10);
    expect(tries / 1_000).toBeLessThan(25);
  });

  test('of an outage are met alike by whoever goes on, and what was withdrawn is not tried here any more', () => {
    let isOut = true;
    const half = [{ code: DeliveryError.CarrierThrottled, share: 0.5 }];
    const faults = faultsOf(() => (isOut ? { outageUntilMs: Infinity } : { errors: half }));
    const far = new FarEnd({ count: 400, faults }).sendAll().pass(20_000, 100);
    const waits = far.carriers.nextMs(0);
    expect(waits).toBeGreaterThan(START_MS + 20_000);
    expect(waits).toBeLessThan(START_MS + 60_000);
    const { counters } = far.carriers;
    const tries = (): number => counters.tries.reduce((sum, count) => sum + count);
    far.carriers.withdraw((at) => at < 399);
    expect(far.store.lingeringCount).toBe(1);
    const before = tries();
    far.pass(40_000, 100);
    expect(tries() - before).toBeLessThan(5);
    isOut = false;
    // Taken up anew again and again, each comes to its end: no draw is drawn for ever.
    for (let again = 0; again < 20 && far.store.inFlightCount > 0; again += 1) {
      far.carriers.withdraw(() => true);
      for (let at = 0; at < 400; at += 1) {
        if (far.store.outcome[at] === HandsetOutcome.Pending) far.carriers.dispatch(at, far.nowMs);
      }
      far.pass(60_000, 100);
    }
    expect(far.store.inFlightCount).toBe(0);
  });

  test('without an end have messages given up when their time is over, with a receipt that says so', () => {
    const far = new FarEnd({ count: 20, faults: faultsOf(() => ({ outageUntilMs: Infinity, receiptLossRate: 1 })) });
    far.sendAll().pass(DELIVERY_VALIDITY_MS - SECOND_MS, SECOND_MS);
    expect(far.store.inFlightCount).toBe(20);
    far.pass(2 * SECOND_MS, 10);
    for (const fate of far.fates()) {
      expect(fate).toMatchObject({
        receipt: ReceiptState.Expired,
        outcome: HandsetOutcome.Undelivered,
        error: DeliveryError.ValidityExpired,
        handsetMs: fate.receiptMs,
      });
      expect(Math.abs(fate.handsetMs - DELIVERY_VALIDITY_MS)).toBeLessThanOrEqual(20);
    }
  });

  test('of a throttled carrier let through so many a second', () => {
    const perSecond = 50;
    const faults = faultsOf(() => ({ messagesPerSecond: perSecond }));
    const far = new FarEnd({ faults }).sendAll().pass(40 * SECOND_MS);
    const ofSecond = (second: number): number =>
      far.fates().filter(({ receiptMs }) => Math.floor(receiptMs / SECOND_MS) === second).length;
    const taken = COUNT - far.fates().filter(({ receipt }) => receipt === ReceiptState.None).length;
    expect(taken).toBeLessThanOrEqual(perSecond * (40 + CARRIER_BURST_MS / SECOND_MS) + 1);
    // All were sent at once, so that at first all wait at once.
    expect(taken).toBeGreaterThan(perSecond * 40 * 0.6);
    for (let second = 2; second < 38; second += 1) expect(ofSecond(second)).toBeLessThan(1.6 * perSecond);
    expect(faults.applications.throttle).toBeGreaterThan(COUNT);
    const stopped = new FarEnd({ count: 50, faults: faultsOf(() => ({ messagesPerSecond: 0 })) }).sendAll();
    expect(stopped.pass(HOUR_MS, SECOND_MS).heard.ended).toEqual([]);
  });

  test('of an error rate end messages with that code, and those that may pass are tried again', () => {
    const errors = [
      { code: DeliveryError.CarrierRejected, share: 0.3 },
      { code: DeliveryError.AbsentSubscriber, share: 0.2 },
    ];
    const faults = faultsOf(() => ({ errors }));
    const fates = deliver({ faults, profile: { unreachableShare: 0 } });
    for (const { code, share } of errors) {
      const failed = fates.filter(({ error }) => error === code);
      expect(failed.length / COUNT).toBeCloseTo(share, 1);
      for (const { receipt, outcome } of failed) {
        expect([receipt, outcome]).toEqual([ReceiptState.Undelivered, HandsetOutcome.Undelivered]);
      }
    }
    expect(faults.applications.error! / COUNT).toBeCloseTo(0.5, 1);

    const passing = faultsOf(() => ({ errors: [{ code: DeliveryError.CarrierThrottled, share: 0.5 }] }));
    const far = new FarEnd({ faults: passing, profile: { unreachableShare: 0 } }).sendAll().pass(HOUR_MS, 100);
    expect(far.store.inFlightCount).toBe(0);
    expect(far.fates().some(({ error }) => error === DeliveryError.CarrierThrottled)).toBe(false);
    // Half need another try, half of those another...
    expect(far.carriers.counters.tries.reduce((sum, count) => sum + count) / COUNT).toBeCloseTo(1, 1);
  });

  test('of latency take the place of the carrier’s own, up to the cap', () => {
    const faults = faultsOf(() => ({ latencyMedianMs: 3_000, latencySigma: 2, latencyCapMs: 20_000 }));
    const far = new FarEnd({ faults }).sendAll().pass(60 * SECOND_MS);
    const receiptMs = far.fates().map((fate) => fate.receiptMs);
    expect(Math.abs(medianOf(receiptMs) - 3_000)).toBeLessThan(200);
    expect(Math.max(...receiptMs)).toBe(20_000);
    expect(faults.applications).toEqual({ latency: COUNT });
  });

  test('of receipts lose, double and delay them, and leave the phone alone', () => {
    const endings = (far: FarEnd) => far.fates().map(({ outcome, handsetMs }) => [outcome, handsetMs]);
    const plain = new FarEnd().sendAll().pass(20 * SECOND_MS);
    const faults = faultsOf(() => ({
      receiptLossRate: 0.25,
      receiptDuplicateRate: 0.5,
      receiptDelayMs: 30 * SECOND_MS,
    }));
    const far = new FarEnd({ faults }).sendAll().pass(60 * SECOND_MS);
    expect(endings(far)).toEqual(endings(plain));
    const { lost, late, duplicate, taken } = far.receiptCounts();
    expect([lost! / COUNT, duplicate! / taken!]).toEqual([expect.closeTo(0.25, 1), expect.closeTo(0.5, 1)]);
    expect([late, taken]).toEqual([COUNT - lost!, COUNT - lost!]);
    expect(faults.applications).toEqual({ receipt_loss: lost, receipt_duplicate: duplicate, receipt_delay: late });
    for (const { receipt, receiptMs } of far.fates())
      if (receipt !== ReceiptState.None) expect(receiptMs).toBeGreaterThan(30 * SECOND_MS);
  });

  test('are the same again with the same seed', () => {
    const run = (seed: number): Fate[] => {
      const faults = faultsOf((atMs) => ({
        outageUntilMs: START_MS + 5_000,
        errors: [{ code: DeliveryError.CarrierRejected, share: 0.1 }],
        messagesPerSecond: atMs < START_MS + 9_000 ? 300 : Infinity,
      }));
      return new FarEnd({ seed, faults, count: 1_000 })
        .sendAll()
        .pass(5 * 60_000, 10)
        .fates();
    };
    expect(run(3)).toEqual(run(3));
    expect(run(4)).not.toEqual(run(3));
  });
});

test('shares that are none are refused', () => {
  expect(() => new FarEnd({ profile: { receiptLostShare: 1.5 } })).toThrow('a share is from 0 to 1, got 1.5');
});

test('every kind of receipt has its name', () => {
  expect(RECEIPT_KINDS).toHaveLength(Object.keys(ReceiptKind).length);
});
