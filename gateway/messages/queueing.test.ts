import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Ask, type Balances, NOT_LEASED, tmobileTierOf } from '../../tariffs/index.ts';
import { QUEUE_LOOK_MS } from '../limits.ts';
import {
  type Account,
  Binding,
  BINDINGS,
  CARRIER_LABELS,
  DECISIONS,
  HandsetOutcome,
  handsetCells,
  makeRoomForLimits,
  messageCells,
  MessageKind,
  type Rng,
  Route,
  UNLIMITED,
} from '../router/index.ts';
import { coreUnderTest, declare, TO } from '../router/world-under-test.ts';
import { HeldMessages } from './held-messages.ts';
import { AWAITS_LEASE, Intake, NOT_STORED } from './intake.ts';
import { LinedLimits, QUEUEABLE } from './lined-limits.ts';
import { findMessages } from './inbox.ts';
import { emptyDraft, type MessageDraft } from './message-draft.ts';
import { MESSAGE_STATES, MessageStore, RECEIPT_STATES } from './message-store.ts';

/** Noon in Los Angeles on the seed's day. */
const NOON = Date.UTC(2024, 2, 1, 20);
const SEED_WORLD = Date.UTC(2024, 2, 1);
const TICK_MS = 10;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM = 2_122_005_000;

const ACCOUNT: Account = {
  id: 'acme',
  isPrepaid: false,
  smsPerSecond: UNLIMITED,
  mmsPerSecond: UNLIMITED,
  numberSmsPerSecond: UNLIMITED,
  numberMmsPerSecond: UNLIMITED,
  inFlightMax: UNLIMITED,
};

interface Settings {
  readonly campaigns?: readonly { readonly attClass: string; readonly tmobileTier: string }[];
  readonly accounts?: readonly Partial<Account>[];
  readonly queued?: readonly number[];
  readonly bound?: number;
  readonly maxWaitMs?: number;
  readonly capacity?: number;
  readonly startMs?: number;
  /** How long carriers take; Infinity leaves messages in flight. */
  readonly deliveryMs?: number;
  readonly chance?: Rng;
}

/** An intake whose limits queue, on a clock that moves in ticks, with a carrier that delivers everything after a fixed time. */
function open(settings: Settings = {}) {
  const { campaigns = [{ attClass: 'T', tmobileTier: 'TOP' }], accounts = [], deliveryMs = 100 } = settings;
  const base = coreUnderTest();
  const view = { age: 0, ageMs: () => view.age, staleMs: 5_000, refusesWhenStale: true };
  const time = { nowMs: settings.startMs ?? NOON };
  const store = new MessageStore(settings.capacity ?? 8_192, 'TEST');
  const held = new HeldMessages(store, settings.bound ?? 10_000);
  const lined = new LinedLimits(base.limits, new Set(settings.queued ?? QUEUEABLE), held);
  const core = { ...base, limits: lined.limits };
  for (const account of accounts) core.accounts.set({ ...ACCOUNT, ...account });
  // The number of a campaign is its handle above FROM.
  for (const campaign of campaigns) {
    const handle = declare(core, campaign);
    core.registry.register(FROM + handle, handle, 0, 0);
  }
  makeRoomForLimits(core);

  const sent: { at: number; sequence: number; units: number; atMs: number }[] = [];
  const receipts: { id: string; state: string | null | undefined; atMs: number }[] = [];
  const ended: number[] = [];
  store.whenFinal = (at) => {
    ended.push(store.sequenceAt(at));
    if (store.holdsInFlight[at] === 1) core.limits.accountInFlight.giveBack(store.account[at]!, 1);
  };
  const intake = new Intake({
    core,
    store,
    view,
    dispatcher: {
      dispatch: (at, atMs) => sent.push({ at, sequence: store.sequenceAt(at), units: store.units[at]!, atMs }),
    },
    chance: settings.chance ?? { next: () => 0.5 },
    clock: { nowMs: () => time.nowMs, monotonicNs: () => (time.nowMs - NOON) * 1e6 },
    tariffDateMs: SEED_WORLD,
    queueing: {
      lined,
      maxWaitMs: settings.maxWaitMs ?? 10 * HOUR,
      onReceipt: (at, atMs) =>
        receipts.push({ id: store.idOf(store.sequenceAt(at)), state: RECEIPT_STATES[store.receipt[at]!], atMs }),
    },
  });

  let delivered = 0;
  const deliverDue = (): void => {
    for (; delivered < sent.length && sent[delivered]!.atMs + deliveryMs <= time.nowMs; delivered += 1) {
      const { at } = sent[delivered]!;
      store.recordHandset(at, HandsetOutcome.Delivered, time.nowMs);
      core.counters.countHandset(store.carrier[at]!, store.classAt(at), HandsetOutcome.Delivered, store.truth[at]!);
    }
  };
  const submit = (message: Partial<MessageDraft> = {}, mayAwaitLease = true): number =>
    intake.submit({ ...emptyDraft(), senderKey: FROM, destinationKey: TO.att, text: 'hi', ...message }, mayAwaitLease);
  const run = (ms: number, stepMs = TICK_MS): void => {
    for (const endMs = time.nowMs + ms; time.nowMs < endMs;) {
      time.nowMs = Math.min(endMs, time.nowMs + stepMs);
      deliverDue();
      intake.releaseDue(time.nowMs);
    }
  };
  const said = () => {
    const { code, binding, limitUsed, limitCap, retryAfterMs } = intake.slot;
    const limit = BINDINGS[binding]!.name;
    return { decision: DECISIONS[code]!.name, limit, used: limitUsed, cap: limitCap, retryAfterMs };
  };
  const stateOf = (sequence: number): string => MESSAGE_STATES[store.state[sequence % store.capacity]!]!;
  const decisionOf = (sequence: number): string => DECISIONS[store.code[sequence % store.capacity]!]!.name;
  /** Decisions as they were counted. */
  const counted = (): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const { labels, value } of messageCells(core.counters)) {
      counts[labels.decision] = (counts[labels.decision] ?? 0) + value;
    }
    return counts;
  };
  const balance = core.limits.accountBalance as Balances;
  return {
    core, store, held, view, time, sent, receipts, ended, intake, balance,
    submit, run, said, stateOf, decisionOf, counted,
  }; // prettier-ignore
}

describe('over a limit that queues', () => {
  test('a message is taken, told its turn, counted by nobody, and goes when there is room', () => {
    const one = open();
    for (let message = 0; message < 75; message += 1) one.submit();
    const waiting = one.submit({ reference: 'r' });
    expect(one.said()).toEqual({ decision: 'queued', limit: 'att_campaign_tpm', used: 75, cap: 75, retryAfterMs: 800 });
    expect(DECISIONS[one.intake.slot.code]).toMatchObject({ http: 202, smpp: 0 });
    expect(one.intake.slot.quote.totalMicros).toBe(0);
    expect([one.stateOf(waiting), one.store.queuedCount, one.store.inFlightCount]).toEqual(['queued', 1, 75]);
    expect(one.counted()).toEqual({ accepted: 75 });
    const { chargedMicros } = one.core.counters;

    one.run(790);
    expect(one.stateOf(waiting)).toBe('queued');
    one.run(10);
    expect([one.stateOf(waiting), one.store.queuedCount, one.held.count]).toEqual(['accepted', 0, 0]);
    expect(one.sent.at(-1)).toMatchObject({ sequence: waiting, atMs: NOON + 800 });
    expect(one.counted()).toEqual({ accepted: 76 });
    expect(one.core.counters.chargedMicros).toBe((chargedMicros / 75) * 76);
    const at = waiting % one.store.capacity;
    expect([one.store.acceptedAtMs[at], one.store.binding[at], one.store.references[at]]).toEqual([NOON, 0, 'r']);
    one.run(100);
    expect(one.stateOf(waiting)).toBe('delivered');
  });

  test('each is told the time its turn really comes, when nothing else holds it up', () => {
    const one = open();
    const told = new Map<number, number>();
    for (let message = 0; message < 400; message += 1) {
      const sequence = one.submit({ units: 1 + (message % 3) });
      if (one.said().decision === 'queued') told.set(sequence, one.time.nowMs + one.said().retryAfterMs);
      if (message % 50 === 0) one.run(130);
    }
    expect(told.size).toBeGreaterThan(300);
    one.run(20 * MINUTE);
    const wentAt = new Map(one.sent.map(({ sequence, atMs }) => [sequence, atMs]));
    for (const [sequence, atMs] of told) {
      // A wait is rounded up once for the limit and once for those ahead.
      expect(wentAt.get(sequence)! - atMs).toBeGreaterThanOrEqual(-1);
      expect(wentAt.get(sequence)! - atMs).toBeLessThan(TICK_MS);
    }
  });

  test('in an hour exactly what the limit gives in an hour goes, in order', () => {
    const one = open();
    const count = 75 + 75 * 60 + 200;
    const sequences = Array.from({ length: count }, () => one.submit());
    one.run(HOUR);
    expect(one.sent).toHaveLength(75 + 75 * 60);
    expect(one.sent.map(({ sequence }) => sequence)).toEqual(sequences.slice(0, one.sent.length));
    one.sent.forEach(({ atMs }, index) => {
      const due = NOON + Math.max(0, index - 74) * 800;
      expect(atMs).toBe(Math.ceil(due / TICK_MS) * TICK_MS);
    });
    expect(one.store.queuedCount).toBe(200);
  });

  test('a small message does not go past a large one that came before it, nor a new one past either', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    for (let message = 0; message < 15; message += 1) one.submit();
    const large = one.submit({ units: 3 });
    const small = one.submit();
    one.run(8 * SECOND);
    // Two segments fit, and nobody takes them.
    const late = one.submit();
    expect(one.said()).toMatchObject({ decision: 'queued' });
    one.run(MINUTE);
    expect(one.sent.slice(15).map(({ sequence, atMs }) => [sequence, atMs - NOON])).toEqual([
      [large, 12_000],
      [small, 16_000],
      [late, 20_000],
    ]);
  });

  test('one key holds up no other: campaigns, kinds and carriers wait apart', () => {
    const one = open({
      campaigns: [
        { attClass: 'W', tmobileTier: 'TOP' },
        { attClass: 'W', tmobileTier: 'TOP' },
      ],
    });
    for (let message = 0; message < 40; message += 1) one.submit();
    for (const other of [
      { senderKey: FROM + 1 },
      { kind: MessageKind.Mms },
      { destinationKey: TO.uscellular },
      { destinationKey: TO.tmobile },
    ]) {
      one.submit(other);
      expect(one.said().decision).toBe('accepted');
    }
  });

  test('other limits and rules refuse as ever, and a message no waiting helps is refused at once', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }], queued: [Binding.TmobileBrandDay] });
    for (let message = 0; message < 15; message += 1) one.submit();
    one.submit();
    expect(one.said()).toMatchObject({ decision: 'att_tpm_exceeded', limit: 'att_campaign_tpm', retryAfterMs: 4_000 });
    const all = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    all.submit({ units: 16 });
    expect(all.said()).toMatchObject({ decision: 'att_tpm_exceeded', retryAfterMs: 0 });
    all.submit({ destinationKey: TO.wireline });
    expect(all.said().decision).toBe('destination_landline');
    expect(all.counted()).toEqual({ att_tpm_exceeded: 1, destination_landline: 1 });
  });
});

describe('every limit that queues', () => {
  const number = { senderKey: FROM + 500 };
  const account = { account: 'acme' };
  const mms = { kind: MessageKind.Mms };
  test.each<[string, Partial<MessageDraft>, Partial<Account>, Settings]>([
    ['att_campaign_tpm', mms, {}, {}],
    ['att_number_tpm', number, {}, {}],
    ['uscellular_campaign_tpm', { destinationKey: TO.uscellular }, {}, {}],
    ['uscellular_number_tpm', { ...number, destinationKey: TO.uscellular }, {}, {}],
    ['other_campaign_tpm', { destinationKey: TO.other }, {}, {}],
    ['other_number_tpm', { ...number, destinationKey: TO.other }, {}, {}],
    ['verizon_number_rate', { ...mms, destinationKey: TO.verizon }, {}, {}],
    ['tmobile_brand_day', { destinationKey: TO.tmobile, units: 250 }, {}, { maxWaitMs: 48 * HOUR }],
    ['account_number_rate', account, { numberSmsPerSecond: 3 }, {}],
    ['account_sms_rate', account, { smsPerSecond: 3 }, {}],
    ['account_mms_rate', { ...account, ...mms }, { mmsPerSecond: 3 }, {}],
    ['account_in_flight', account, { inFlightMax: 3 }, {}],
    ['p2p_number_minute', { route: Route.P2p }, {}, {}],
  ])('%s: first come, first gone, and all of it', (limit, message, bounds, settings) => {
    const campaigns = [{ attClass: 'T', tmobileTier: 'SOLE_PROPRIETOR' }];
    const one = open({ campaigns, accounts: [bounds], ...settings });
    const sequences: number[] = [];
    for (let waiting = 0; waiting < 6;) {
      sequences.push(one.submit(message));
      expect(one.intake.slot.quote.totalMicros > 0).toBe(one.said().decision === 'accepted');
      if (one.said().decision === 'queued') waiting += 1;
      else expect(one.said().decision).toBe('accepted');
    }
    expect(one.said().limit).toBe(limit);
    one.run(settings.maxWaitMs ?? 10 * MINUTE, settings.maxWaitMs === undefined ? TICK_MS : 10_000);
    expect(one.sent.map(({ sequence }) => sequence)).toEqual(sequences);
    expect(one.counted()).toEqual({ accepted: sequences.length });
    expect([one.held.count, one.store.queuedCount, one.store.inFlightCount]).toEqual([0, 0, 0]);
  });

  test('are those the list has', () => {
    expect(QUEUEABLE.map((binding) => BINDINGS[binding]!.name)).toHaveLength(13);
  });
});

describe("T-Mobile's day", () => {
  const campaigns = [{ attClass: 'T', tmobileTier: 'SOLE_PROPRIETOR' }];
  const message = { destinationKey: TO.tmobile, units: 100 };

  test.each([
    ['an ordinary day', Date.UTC(2024, 2, 1, 20), Date.UTC(2024, 2, 2, 8)],
    ['the day of 23 hours', Date.UTC(2024, 2, 10, 9), Date.UTC(2024, 2, 11, 7)],
    ['the day of 25 hours', Date.UTC(2024, 10, 3, 8), Date.UTC(2024, 10, 4, 8)],
  ])('messages over the cap go from midnight Pacific on: %s', (_name, startMs, midnightMs) => {
    const one = open({ campaigns, startMs, maxWaitMs: 72 * HOUR });
    for (let sent = 0; sent < 25; sent += 1) one.submit(message);
    expect(one.said()).toMatchObject({ decision: 'queued', limit: 'tmobile_brand_day', used: 1_000, cap: 1_000 });
    // Ten of the day, ten of the next, and five for the day after.
    expect(one.said().retryAfterMs).toBe(midnightMs + 24 * HOUR - startMs);
    expect(one.sent).toHaveLength(10);
    one.run(midnightMs - startMs - TICK_MS, MINUTE);
    expect(one.sent).toHaveLength(10);
    one.run(TICK_MS);
    expect(one.sent).toHaveLength(20);
    one.run(25 * HOUR, MINUTE);
    expect(one.sent).toHaveLength(25);
    expect(one.counted()).toEqual({ accepted: 25 });
  });

  test('charges a message that waits once, when it goes, and one that is refused at once, as ever', () => {
    const one = open({ campaigns, accounts: [{ isPrepaid: true }], bound: 2, maxWaitMs: 24 * HOUR });
    one.balance.credit(0, 1e9);
    const paid = (): number => 1e9 - one.balance.micros(0);
    const priceOf = (units: number): number => {
      const before = paid();
      one.submit({ ...message, units, account: 'acme' });
      return paid() - before;
    };
    const price = priceOf(500);
    expect(price).toBeGreaterThan(0);
    expect(priceOf(500)).toBe(price);
    expect(priceOf(500)).toBe(0);
    expect(priceOf(500)).toBe(0);
    expect(one.said().decision).toBe('queued');
    expect(priceOf(500)).toBe(price);
    expect(one.said().decision).toBe('tmobile_daily_cap_exceeded');
    expect(one.core.counters.chargedMicros).toBe(3 * price);
    one.run(13 * HOUR, MINUTE);
    expect(paid()).toBe(5 * price);
    expect(one.core.counters.chargedMicros).toBe(5 * price);
    expect(one.counted()).toEqual({ accepted: 4, tmobile_daily_cap_exceeded: 1 });
  });
});

describe('room that comes unforeseen', () => {
  const campaigns = [{ attClass: 'T', tmobileTier: 'SOLE_PROPRIETOR' }];
  const message = { destinationKey: TO.tmobile, account: 'acme' };

  test('lets those who wait go within seconds, though they were told midnight', () => {
    const one = open({ campaigns, accounts: [{}], maxWaitMs: 48 * HOUR });
    one.submit({ ...message, units: 1_000 });
    const waiting = [one.submit(message), one.submit(message)];
    expect(one.said()).toMatchObject({ decision: 'queued', retryAfterMs: 12 * HOUR });
    one.run(MINUTE);
    // Looking in vain changes nothing of what others are told.
    one.submit(message);
    expect(one.said()).toMatchObject({ decision: 'queued', retryAfterMs: 12 * HOUR - MINUTE });
    expect(one.counted()).toEqual({ accepted: 1 });
    one.core.brands.setTmobileTier(0, tmobileTierOf('TOP'));
    one.run(QUEUE_LOOK_MS);
    expect(waiting.map((sequence) => one.stateOf(sequence)).includes('queued')).toBe(false);
    expect(one.counted()).toEqual({ accepted: 4 });
  });

  test('costs who is refused for the sake of those who wait nothing: the carrier refuses nobody', () => {
    const one = open({ campaigns, accounts: [{}], bound: 2, maxWaitMs: 48 * HOUR });
    one.submit({ ...message, units: 1_000 });
    for (let waiting = 0; waiting < 2; waiting += 1) one.submit(message);
    const { chargedMicros } = one.core.counters;
    one.core.brands.setTmobileTier(0, tmobileTierOf('TOP'));
    const refused = one.submit(message);
    expect(one.said()).toMatchObject({ decision: 'tmobile_daily_cap_exceeded', limit: 'tmobile_brand_day' });
    expect([one.stateOf(refused), one.intake.slot.quote.totalMicros]).toEqual(['rejected', 0]);
    expect(one.core.counters.chargedMicros).toBe(chargedMicros);
    one.run(QUEUE_LOOK_MS);
    one.submit(message);
    expect(one.said().decision).toBe('accepted');
  });
});

describe('a bound', () => {
  test('of messages: one more is refused by its limit, and told when to come again', () => {
    const one = open({ bound: 3, campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    for (let message = 0; message < 18; message += 1) one.submit();
    expect(one.said().decision).toBe('queued');
    one.submit();
    expect(one.said()).toEqual({
      decision: 'att_tpm_exceeded',
      limit: 'att_campaign_tpm',
      used: 15,
      cap: 15,
      retryAfterMs: 16_000,
    });
    expect([one.store.queuedCount, one.counted()]).toEqual([3, { accepted: 15, att_tpm_exceeded: 1 }]);
    one.run(4 * SECOND);
    one.submit();
    expect(one.said().decision).toBe('queued');
  });

  test('of time: who would have to wait longer is refused at once', () => {
    const one = open({ maxWaitMs: MINUTE, campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    for (let message = 0; message < 30; message += 1) one.submit();
    expect(one.said()).toMatchObject({ decision: 'queued', retryAfterMs: MINUTE });
    one.submit();
    expect(one.said()).toMatchObject({ decision: 'att_tpm_exceeded', retryAfterMs: MINUTE + 4 * SECOND });
    const noDay = open({ campaigns: [{ attClass: 'W', tmobileTier: 'SOLE_PROPRIETOR' }] });
    noDay.submit({ destinationKey: TO.tmobile, units: 1_000 });
    noDay.submit({ destinationKey: TO.tmobile });
    expect(noDay.said()).toMatchObject({ decision: 'tmobile_daily_cap_exceeded', retryAfterMs: 12 * HOUR });
  });

  test('of time: whose turn has not come by then ends as expired, with a receipt, and costs nothing', () => {
    const one = open({ accounts: [{ inFlightMax: 1 }], deliveryMs: Infinity, maxWaitMs: HOUR });
    one.submit({ account: 'acme' });
    const early = one.submit({ account: 'acme' });
    one.run(SECOND);
    const late = one.submit({ account: 'acme' });
    const { chargedMicros } = one.core.counters;
    one.run(HOUR - SECOND - TICK_MS);
    expect([one.stateOf(early), one.receipts]).toEqual(['queued', []]);
    one.run(TICK_MS);
    expect([one.stateOf(early), one.decisionOf(early), one.stateOf(late)]).toEqual([
      'expired',
      'queue_expired',
      'queued',
    ]);
    expect(BINDINGS[one.store.binding[early]!]!.name).toBe('account_in_flight');
    one.run(SECOND);
    expect(one.receipts).toEqual([
      { id: one.store.idOf(early), state: 'EXPIRED', atMs: NOON + HOUR },
      { id: one.store.idOf(late), state: 'EXPIRED', atMs: NOON + HOUR + SECOND },
    ]);
    expect([one.ended, one.held.count, one.core.counters.chargedMicros]).toEqual([[early, late], 0, chargedMicros]);
    expect(one.counted()).toEqual({ accepted: 1, queue_expired: 2 });
  });
});

describe('a waiting message', () => {
  test('goes as soon as what it waits for is given back, and not before', () => {
    const one = open({ accounts: [{ inFlightMax: 2 }], deliveryMs: 3_330 });
    for (let message = 0; message < 4; message += 1) one.submit({ account: 'acme' });
    one.run(10 * SECOND);
    expect(one.sent.map(({ atMs }) => atMs - NOON)).toEqual([0, 0, 3_330, 3_330]);
  });

  test('is refused for another reason when its turn comes, and its sender gets to know', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }], accounts: [{ isPrepaid: true }] });
    one.balance.credit(0, 1e6);
    for (let message = 0; message < 15; message += 1) one.submit({ account: 'acme' });
    const poor = one.submit({ account: 'acme' });
    const other = one.submit();
    one.balance.credit(0, -one.balance.micros(0));
    one.run(8 * SECOND);
    expect([one.stateOf(poor), one.decisionOf(poor)]).toEqual(['rejected', 'insufficient_balance']);
    expect(one.receipts).toEqual([{ id: one.store.idOf(poor), state: 'REJECTD', atMs: NOON + 4 * SECOND }]);
    // What it did not take is there for the next.
    expect(one.sent.at(-1)).toEqual({ at: other, sequence: other, units: 1, atMs: NOON + 4 * SECOND });
    expect(one.counted()).toEqual({ accepted: 16, insufficient_balance: 1 });
  });

  test('keeps its place when another limit stops it later', () => {
    const one = open({
      campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }, { attClass: 'A', tmobileTier: 'TOP' }],
      accounts: [{ smsPerSecond: 15 }],
    }); // prettier-ignore
    for (let message = 0; message < 15; message += 1) one.submit({ account: 'acme' });
    one.run(SECOND);
    const first = one.submit({ account: 'acme', units: 4 });
    expect(one.said().limit).toBe('att_campaign_tpm');
    // At its time the account is at its own rate, with others waiting before that limit.
    one.run(15 * SECOND - 2 * TICK_MS);
    const others = Array.from({ length: 40 }, () => one.submit({ senderKey: FROM + 1, account: 'acme' }));
    expect(one.said().limit).toBe('account_sms_rate');
    const second = one.submit({ account: 'acme' });
    one.run(MINUTE);
    const order = one.sent.slice(15).map(({ sequence }) => sequence);
    expect(order).toHaveLength(42);
    expect(order.indexOf(first)).toBeLessThan(order.indexOf(second));
    expect(order.indexOf(first)).toBeLessThan(others.length);
    expect(order.filter((sequence) => others.includes(sequence))).toEqual(others);
  });

  test('brings its draw along: a filter that let it pass is not asked for luck again', () => {
    const draws = Array.from({ length: 61 }, () => 0.99);
    const one = open({ chance: { next: () => draws.shift() ?? 0 } });
    one.core.regimes.override(CARRIER_LABELS.indexOf('att'), 1, 0.5);
    const stranger = { senderKey: FROM + 500 };
    for (let message = 0; message < 61; message += 1) one.submit(stranger);
    expect(one.said()).toMatchObject({ decision: 'queued', limit: 'att_number_tpm' });
    one.run(SECOND);
    expect(one.counted()).toEqual({ accepted: 61 });
  });

  test('waits on while the view of the registry is too old to decide by, up to its time', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }], maxWaitMs: MINUTE });
    for (let message = 0; message < 17; message += 1) one.submit();
    one.view.age = 9_000;
    one.run(50 * SECOND);
    expect([one.store.queuedCount, one.receipts]).toEqual([2, []]);
    one.view.age = 0;
    one.run(SECOND);
    expect(one.counted()).toEqual({ accepted: 17 });
  });

  test('asks again in a moment when a shared limit has no lease', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    for (let message = 0; message < 16; message += 1) one.submit();
    const { waitMs } = Object.getPrototypeOf(one.core.limits.campaignSms[0]);
    let isLeased = false;
    one.core.limits.campaignSms[0]!.waitMs = function (key: number, cap: number, ask: Ask) {
      return isLeased ? waitMs.call(this, key, cap, ask) : NOT_LEASED;
    };
    one.run(20 * SECOND);
    expect(one.store.queuedCount).toBe(1);
    // A new one is not taken, and on the last try refused.
    const before = one.store.nextSequence;
    expect(one.submit()).toBe(AWAITS_LEASE);
    expect([one.store.nextSequence, one.counted()]).toEqual([before, { accepted: 15 }]);
    const refused = one.submit({}, false);
    expect([one.stateOf(refused), one.decisionOf(refused)]).toEqual(['rejected', 'limit_not_leased']);
    expect(one.said().retryAfterMs).toBeGreaterThan(0);
    isLeased = true;
    one.run(100);
    expect(one.counted()).toEqual({ accepted: 16, limit_not_leased: 1 });
  });

  test('that was put off for want of a lease is decided by the draw it brings, and others draw as ever', () => {
    const draws = [0.4, 0.9];
    const one = open({ chance: { next: () => draws.shift() ?? 0 } });
    one.core.regimes.override(CARRIER_LABELS.indexOf('att'), 1, 0.5);
    one.submit({ senderKey: FROM + 500, draw: 0.7 });
    expect(one.said().decision).toBe('accepted');
    one.submit({ senderKey: FROM + 500 });
    expect([one.said().decision, one.intake.slot.draw]).toEqual(['unregistered_filtered', 0.4]);
    expect(draws).toEqual([0.9]);
  });

  test('ends as expired when the gateway closes, and no other is taken then', () => {
    const one = open({ campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }], accounts: [{ smsPerSecond: 2 }] });
    const sequences = Array.from({ length: 30 }, (_, index) => one.submit(index % 2 === 0 ? { account: 'acme' } : {}));
    const waiting = sequences.filter((sequence) => one.stateOf(sequence) === 'queued');
    expect(waiting.length).toBeGreaterThan(10);
    one.intake.close();
    one.intake.expireQueued(one.time.nowMs);
    const { nextSequence } = one.store;
    expect([one.submit(), one.said().decision, one.store.nextSequence]).toEqual([
      NOT_STORED,
      'queue_full',
      nextSequence,
    ]);
    expect(waiting.map((sequence) => one.stateOf(sequence))).toEqual(waiting.map(() => 'expired'));
    expect(one.receipts).toHaveLength(waiting.length);
    expect([one.store.queuedCount, one.held.count, one.store.inFlightCount]).toEqual([0, 0, 30 - waiting.length]);
  });
});

describe('the ring', () => {
  test('goes on round messages that wait, or waited and are in flight, and keeps them', () => {
    const one = open({ capacity: 32, deliveryMs: 3_000, campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    one.submit({ units: 15 });
    const waiting = Array.from({ length: 8 }, () => one.submit());
    for (let message = 0; message < 200; message += 1) {
      const sequence = one.submit({ destinationKey: TO.verizon });
      expect(one.said().decision).toBe('accepted');
      expect(one.store.holds(sequence)).toBe(true);
      for (const other of waiting) {
        if (!one.ended.includes(other)) expect(one.store.holds(other)).toBe(true);
      }
      one.run(300, 100);
    }
    one.run(3_000);
    expect(one.ended.filter((sequence) => waiting.includes(sequence))).toEqual(waiting);
    expect(one.counted()).toEqual({ accepted: 209 });
    expect(one.store.nextSequence).toBeGreaterThan(209);
  });

  test('lists messages that it has passed over, each once, and counts none of them as missed', () => {
    const one = open({ capacity: 64, deliveryMs: 1, campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    one.submit({ units: 15 });
    const waiting = Array.from({ length: 5 }, () => one.submit());
    one.run(TICK_MS);
    for (let message = 0; message < 70; message += 1) {
      one.submit({ destinationKey: TO.verizon });
      one.run(1, 1);
    }
    const code = DECISIONS.findIndex(({ name }) => name === 'queued');
    const idsOf = (sequences: number[]): string[] => sequences.map((sequence) => one.store.idOf(sequence));
    const listed = findMessages(one.core, one.store, { code, pageSize: 10 });
    expect([listed.messages.map(({ id }) => id), listed.missed]).toEqual([idsOf(waiting), 0]);

    const ids: string[] = [];
    let missed = 0;
    for (let sinceSequence = 0; sinceSequence < one.store.nextSequence;) {
      const page = findMessages(one.core, one.store, { sinceSequence, pageSize: 3 });
      ids.push(...page.messages.map(({ id }) => id));
      missed += page.missed;
      sinceSequence = page.nextSequence;
    }
    const held = Array.from({ length: one.store.nextSequence }, (_, sequence) => sequence).filter((sequence) =>
      one.store.holds(sequence),
    );
    expect([held.length, ids]).toEqual([64, idsOf(held)]);
    const isPassed = (sequence: number): boolean => sequence < one.store.oldestSequence && one.store.holds(sequence);
    expect(missed).toBe(one.store.oldestSequence - held.filter(isPassed).length);
  });

  test('is full when only messages that are not at their end are left', () => {
    const one = open({ capacity: 4, deliveryMs: Infinity, campaigns: [{ attClass: 'W', tmobileTier: 'TOP' }] });
    one.submit({ units: 15 });
    one.submit();
    one.submit();
    one.submit();
    expect(one.store.queuedCount).toBe(3);
    one.submit({ destinationKey: TO.verizon });
    expect(one.said()).toMatchObject({ decision: 'queue_full', used: 4, cap: 4 });
  });
});

interface Traffic {
  readonly campaign: number;
  readonly account: number;
  readonly to: 'att' | 'tmobile' | 'verizon' | 'uscellular';
  readonly units: number;
  readonly kind: number;
  readonly gapMs: number;
}

const traffic = fc.array(
  fc.record<Traffic>({
    campaign: fc.constantFrom(0, 0, 1),
    account: fc.nat(2),
    to: fc.constantFrom('att', 'att', 'tmobile', 'verizon', 'uscellular'),
    units: fc.constantFrom(1, 1, 2, 5, 15),
    kind: fc.constantFrom(MessageKind.Sms, MessageKind.Sms, MessageKind.Mms),
    gapMs: fc.constantFrom(0, 0, 0, 0, 70, 400, 2_000, 5_000, 15_000),
  }),
  { minLength: 1, maxLength: 120, size: 'max' },
);

describe('whatever comes', () => {
  const CLASSES = ['W', 'T'];
  const TPM: Readonly<Record<string, number>> = { W: 15, T: 75 };
  const MMS_TPM = 50;
  const DAY_CAP = 1_000;
  const IN_FLIGHT = 3;
  const PER_SECOND = 16;

  test.prop([traffic, fc.boolean(), fc.constantFrom(20, 10_000), fc.constantFrom(30 * SECOND, 10 * HOUR)], {
    numRuns: 20,
  })(
    'no limit is exceeded, each message ends once, and of one kind none goes past another',
    (messages, isNearMidnight, bound, maxWaitMs) => {
      const one = open({
        campaigns: CLASSES.map((attClass) => ({ attClass, tmobileTier: 'SOLE_PROPRIETOR' })),
        accounts: [{ id: 'rate', smsPerSecond: PER_SECOND }, { id: 'few', inFlightMax: IN_FLIGHT }, { id: 'free' }],
        // A message of a day is worth many, so that a day is used up.
        startMs: isNearMidnight ? Date.UTC(2024, 2, 2, 7, 58) : NOON,
        deliveryMs: 1_700,
        bound,
        maxWaitMs,
        capacity: 256,
      }); // prettier-ignore
      const accounts = ['rate', 'few', 'free'];
      const keys = new Map<number, string>();
      const taken = new Map<number, Traffic>();
      for (const message of messages) {
        const { campaign, account, to, kind, gapMs } = message;
        const units = kind === MessageKind.Mms ? 1 : to === 'tmobile' ? message.units * 10 : message.units;
        const sequence = one.submit({
          senderKey: FROM + campaign,
          destinationKey: TO[to],
          account: accounts[account]!,
          kind,
          units,
        });
        keys.set(sequence, `${campaign} ${account} ${to} ${kind}`);
        taken.set(sequence, message);
        one.run(gapMs);
        expect(one.store.inFlightCount + one.store.queuedCount + one.ended.length).toBe(taken.size);
      }
      // Ends early if nothing waits any more: the rest would be empty hours.
      const endMs = one.time.nowMs + maxWaitMs + 10 * SECOND;
      while (one.time.nowMs < endMs && one.store.queuedCount + one.store.inFlightCount > 0) one.run(5 * SECOND, 100);

      // Each message ended once, in a final state, counted once.
      expect(one.ended.toSorted((a, b) => a - b)).toEqual([...taken.keys()]);
      expect([one.store.queuedCount, one.store.inFlightCount, one.held.count]).toEqual([0, 0, 0]);
      const states: Record<string, number> = {};
      for (const sequence of taken.keys()) {
        const state = one.stateOf(sequence);
        states[state] = (states[state] ?? 0) + 1;
      }
      expect(Object.keys(states).every((state) => ['delivered', 'rejected', 'expired'].includes(state))).toBe(true);
      const counts = one.counted();
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(messages.length);
      expect([counts['accepted'] ?? 0, counts['queue_expired'] ?? 0, counts['queued']]).toEqual([
        states['delivered'] ?? 0,
        states['expired'] ?? 0,
        undefined,
      ]);
      expect(handsetCells(one.core.counters).reduce((sum, { value }) => sum + value, 0)).toBe(one.sent.length);

      // None of the same limits went past another.
      const latest = new Map<string, number>();
      for (const { sequence } of one.sent) {
        const key = keys.get(sequence)!;
        expect(sequence).toBeGreaterThan(latest.get(key) ?? -1);
        latest.set(key, sequence);
      }

      // Buckets as plainly as can be: full at first, `cap` units in a window, never below nothing.
      const buckets = new Map<string, { left: number; atMs: number }>();
      const draw = (name: string, cap: number, windowMs: number, units: number, atMs: number): void => {
        const bucket = buckets.get(name) ?? { left: cap * windowMs, atMs };
        bucket.left = Math.min(cap * windowMs, bucket.left + (atMs - bucket.atMs) * cap) - units * windowMs;
        bucket.atMs = atMs;
        expect(bucket.left, `${name} at ${atMs}`).toBeGreaterThanOrEqual(0);
        buckets.set(name, bucket);
      };
      const days = new Map<string, number>();
      one.sent.forEach(({ sequence, units, atMs }, index) => {
        const { campaign, account, to, kind } = taken.get(sequence)!;
        const isSms = kind === MessageKind.Sms;
        if (to === 'att' || to === 'uscellular') {
          draw(`${to} ${campaign} ${kind}`, isSms ? TPM[CLASSES[campaign]!]! : MMS_TPM, MINUTE, units, atMs);
        }
        if (to === 'tmobile') {
          const day = new Date(atMs).toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' });
          const used = (days.get(`${campaign} ${day}`) ?? 0) + units;
          expect(used).toBeLessThanOrEqual(DAY_CAP);
          days.set(`${campaign} ${day}`, used);
        }
        if (account === 0 && isSms) draw('account', PER_SECOND, SECOND, units, atMs);
        if (account === 1) {
          const before = one.sent.slice(0, index + 1).filter((other) => taken.get(other.sequence)!.account === 1);
          expect(before.filter((other) => atMs - other.atMs < 1_700).length).toBeLessThanOrEqual(IN_FLIGHT);
        }
      });
    },
    14_000,
  );
});
