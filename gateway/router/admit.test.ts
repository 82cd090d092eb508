import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { type Account, UNLIMITED } from './account-table.ts';
import { BINDINGS, DecisionCode, DECISIONS, MessageKind, Registration, Route } from './codes.ts';
import { type Core, makeRoomForLimits } from './core.ts';
import { decide } from './decide.ts';
import { MessageSlot } from './slot.ts';
import { coreUnderTest, declare, TO } from './world-under-test.ts';

const FROM = 2_122_005_555;
const TOLL_FREE_FROM = 8_005_550_100;
const NOON = Date.UTC(2024, 2, 1, 20);
const SEED_WORLD = Date.UTC(2024, 2, 1);
const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const ACCOUNT: Account = {
  id: 'acme',
  isPrepaid: false,
  smsPerSecond: UNLIMITED,
  mmsPerSecond: UNLIMITED,
  numberSmsPerSecond: UNLIMITED,
  numberMmsPerSecond: UNLIMITED,
  inFlightMax: UNLIMITED,
};

interface Message {
  from?: number;
  to?: number;
  units?: number;
  kind?: number;
  route?: number;
  atMs?: number;
  pricedAtMs?: number;
  account?: number;
}

function send(core: Core, message: Message = {}): MessageSlot {
  const slot = new MessageSlot();
  slot.senderKey = message.from ?? FROM;
  slot.destinationKey = message.to ?? TO.verizon;
  slot.units = message.units ?? 1;
  slot.kind = message.kind ?? MessageKind.Sms;
  slot.route = message.route ?? Route.A2p;
  slot.atMs = message.atMs ?? NOON;
  slot.uptimeMs = slot.atMs - NOON;
  slot.pricedAtMs = message.pricedAtMs ?? SEED_WORLD;
  slot.draw = 0;
  slot.account = message.account ?? -1;
  decide(core, slot);
  return slot;
}

/** A core with one account and `FROM` registered to a campaign without limits in the way. */
function world(account: Partial<Account> = {}, attClass = 'A'): Core {
  const core = coreUnderTest();
  core.accounts.set({ ...ACCOUNT, ...account });
  core.registry.register(FROM, declare(core, { attClass, tmobileTier: 'TOP' }), NOON - 1, NOON);
  makeRoomForLimits(core);
  return core;
}

const said = ({ code, binding, limitUsed, limitCap, retryAfterMs }: MessageSlot) => ({
  decision: DECISIONS[code]!.name,
  limit: BINDINGS[binding]!.name,
  used: limitUsed,
  cap: limitCap,
  retryAfterMs,
});

/** Sends until one is refused; how many were accepted, and the refusal. */
function exhaust(core: Core, message: Message, more: (sent: number) => Message = () => ({})): [number, MessageSlot] {
  for (let sent = 0; ; sent += 1) {
    const slot = send(core, { ...message, ...more(sent) });
    if (slot.code !== DecisionCode.Accepted) return [sent, slot];
    if (sent > 20_000) throw new Error('nothing refuses');
  }
}

describe("a number's own rate at the carriers", () => {
  it.each([
    ['att', 'att_tpm_exceeded', 'att_number_tpm', 60],
    ['uscellular', 'carrier_rate_exceeded', 'uscellular_number_tpm', 60],
    ['other', 'carrier_rate_exceeded', 'other_number_tpm', 60],
    ['verizon', 'carrier_rate_exceeded', 'verizon_number_rate', 6_000],
  ] as const)('%s refuses an unregistered number over it', (to, decision, limit, cap) => {
    const core = coreUnderTest();
    const [sent, refused] = exhaust(core, { to: TO[to] });
    expect(sent).toBe(cap);
    expect(said(refused)).toEqual({ decision, limit, used: cap, cap, retryAfterMs: MINUTE / cap });
    expect(refused.quote.totalMicros).toBe(0);
    expect(send(core, { to: TO[to], from: FROM + 1 }).code).toBe(DecisionCode.Accepted);
    expect(send(core, { to: TO[to], atMs: NOON + MINUTE / cap }).code).toBe(DecisionCode.Accepted);
  });

  it('is per number for classes G, N and Y, and one for all numbers of the others', () => {
    for (const [attClass, cap] of [
      ['G', 60],
      ['N', 60],
      ['Y', 720],
    ] as const) {
      const core = world({}, attClass);
      core.registry.register(FROM + 1, 0, NOON, NOON);
      expect(exhaust(core, { to: TO.att })[0]).toBe(cap);
      expect(send(core, { to: TO.att, from: FROM + 1 }).code).toBe(DecisionCode.Accepted);
    }
    const core = world({}, 'T');
    core.registry.register(FROM + 1, 0, NOON, NOON);
    expect(exhaust(core, { to: TO.att })[0]).toBe(75);
    expect(said(send(core, { to: TO.att, from: FROM + 1 }))).toMatchObject({ limit: 'att_campaign_tpm', cap: 75 });
  });

  it('keeps the carriers apart, and MMS from SMS', () => {
    const core = coreUnderTest();
    exhaust(core, { to: TO.att });
    expect(send(core, { to: TO.other }).code).toBe(DecisionCode.Accepted);
    expect(exhaust(core, { to: TO.att, kind: MessageKind.Mms })[0]).toBe(50);
    expect(exhaust(core, { to: TO.verizon, kind: MessageKind.Mms })[0]).toBe(25);
  });

  it('says that waiting does not help a message larger than the limit', () => {
    expect(said(send(world({}, 'W'), { to: TO.att, units: 16 }))).toMatchObject({ cap: 15, retryAfterMs: 0 });
  });
});

describe('an account', () => {
  it('is held to its SMS and MMS per second, in segments', () => {
    const core = world({ smsPerSecond: 50, mmsPerSecond: 15 });
    expect(send(core, { account: 0, units: 48 }).code).toBe(DecisionCode.Accepted);
    expect(said(send(core, { account: 0, units: 3 }))).toEqual({
      decision: 'account_rate_exceeded',
      limit: 'account_sms_rate',
      used: 48,
      cap: 50,
      retryAfterMs: SECOND / 50,
    });
    expect(exhaust(core, { account: 0, kind: MessageKind.Mms })[0]).toBe(15);
    expect(send(core).code).toBe(DecisionCode.Accepted);
    expect(send(core, { account: 0, units: 50, atMs: NOON + SECOND }).code).toBe(DecisionCode.Accepted);
  });

  it('has a rate for each of its numbers', () => {
    const core = world({ numberSmsPerSecond: 1 });
    expect(send(core, { account: 0 }).code).toBe(DecisionCode.Accepted);
    expect(said(send(core, { account: 0 }))).toMatchObject({
      limit: 'account_number_rate',
      cap: 1,
      retryAfterMs: SECOND,
    });
    expect(send(core, { account: 0, from: FROM + 1 }).code).toBe(DecisionCode.Accepted);
  });

  it('has so many messages in flight and gets their places back', () => {
    const core = world({ inFlightMax: 2 });
    expect(send(core, { account: 0, units: 3 }).holdsInFlight).toBe(true);
    send(core, { account: 0 });
    const refused = send(core, { account: 0 });
    expect(said(refused)).toMatchObject({ decision: 'account_in_flight_exceeded', used: 2, cap: 2 });
    expect(refused.holdsInFlight).toBe(false);
    core.limits.accountInFlight.giveBack(0, 1);
    expect(send(core, { account: 0 }).code).toBe(DecisionCode.Accepted);
  });

  it('paid in advance sends until the next message is not covered', () => {
    const core = world({ isPrepaid: true });
    const price = send(core).quote.totalMicros;
    const balance = core.limits.accountBalance as unknown as { credit(key: number, micros: number): void };
    balance.credit(0, 2 * price + price - 1);
    const [sent, refused] = exhaust(core, { account: 0 });
    expect(sent).toBe(2);
    expect(said(refused)).toEqual({
      decision: 'insufficient_balance',
      limit: 'account_balance',
      used: price,
      cap: price - 1,
      retryAfterMs: 0,
    });
    expect(refused.quote.totalMicros).toBe(0);
    balance.credit(0, 1);
    expect(send(core, { account: 0 }).code).toBe(DecisionCode.Accepted);
    expect(send(core, { account: 0 }).limitCap).toBe(0);
  });

  it('pays afterwards without a bound', () => {
    const core = world();
    for (let sent = 0; sent < 100; sent += 1) expect(send(core, { account: 0 }).code).toBe(DecisionCode.Accepted);
  });
});

describe('the P2P route', () => {
  const p2p = { route: Route.P2p };

  it('takes a message a second from a number, 60 at once', () => {
    const core = coreUnderTest();
    const [sent, refused] = exhaust(core, { ...p2p, units: 3 });
    expect(sent).toBe(60);
    expect(said(refused)).toMatchObject({ decision: 'p2p_limit_exceeded', limit: 'p2p_number_minute', cap: 60 });
  });

  it('takes 200 recipients a day, and again from those', () => {
    const core = coreUnderTest();
    const spread = (sent: number): Message => ({ to: TO.verizon + sent, atMs: NOON + sent * SECOND });
    const [sent, refused] = exhaust(core, p2p, spread);
    expect(sent).toBe(200);
    expect(said(refused)).toMatchObject({ limit: 'p2p_number_recipients', used: 200, cap: 200 });
    expect(refused.retryAfterMs).toBe(Date.UTC(2024, 2, 2, 8) - (NOON + 200 * SECOND));
  });

  it('takes no more unanswered than a day allows, and answers make room', () => {
    const core = coreUnderTest();
    const paced = (sent: number): Message => ({ to: TO.verizon, atMs: NOON + sent * SECOND });
    const [sent, refused] = exhaust(core, p2p, paced);
    expect(sent).toBe(200);
    expect(said(refused)).toMatchObject({ limit: 'p2p_number_ratio', cap: 200 });
    const answer = { units: 1, atMs: NOON, uptimeMs: 0, senderKey: FROM, destinationKey: TO.verizon };
    for (let received = 0; received < 1_500; received += 1) core.limits.numbers.noteInbound(answer);
    const [more, over] = exhaust(core, p2p, (count) => ({ to: TO.verizon, atMs: NOON + (200 + count) * SECOND }));
    expect(200 + more).toBe(1_000);
    expect(said(over)).toMatchObject({ limit: 'p2p_number_day', used: 1_000, cap: 1_000 });
  });
});

describe('a toll-free sender', () => {
  const tollFree = { from: TOLL_FREE_FROM };
  const LIMITED = Date.UTC(2023, 5, 1);

  it('that is not verified is blocked from 2024-01-31, and charged', () => {
    const slot = send(coreUnderTest(), tollFree);
    expect(said(slot)).toMatchObject({ decision: 'toll_free_blocked', limit: 'toll_free_verification' });
    expect(slot.quote.totalMicros).toBeGreaterThan(0);
  });

  it('that is not verified is held to 500 a day from 2023-04-01, 2,000 while it is pending', () => {
    const core = coreUnderTest();
    const paced = (sent: number): Message => ({ atMs: NOON + sent * SECOND, pricedAtMs: LIMITED });
    const [sent, refused] = exhaust(core, tollFree, paced);
    expect(sent).toBe(500);
    expect(said(refused)).toMatchObject({ decision: 'toll_free_limit_exceeded', limit: 'toll_free_day', cap: 500 });
    core.registry.register(TOLL_FREE_FROM, declare(core, { attClass: 'A', tmobileTier: 'TOP' }), NOON + DAY, NOON);
    expect(500 + exhaust(core, tollFree, paced)[0]).toBe(2_000);
  });

  it('was free before, and is when it is verified, at its own price', () => {
    expect(send(coreUnderTest(), { ...tollFree, pricedAtMs: Date.UTC(2023, 0, 1) }).code).toBe(DecisionCode.Accepted);
    const core = world();
    core.registry.register(TOLL_FREE_FROM, 0, NOON, NOON);
    const slot = send(core, { ...tollFree, to: TO.att });
    expect([slot.code, slot.registration, slot.quote.carrierFeeMicros]).toEqual([
      DecisionCode.Accepted,
      Registration.Registered,
      2_500,
    ]);
  });

  it('meets no regime of long codes', () => {
    const blocking = Date.UTC(2025, 5, 1);
    const core = world();
    core.registry.register(TOLL_FREE_FROM, 0, NOON, NOON);
    expect(send(core, { ...tollFree, pricedAtMs: blocking }).code).toBe(DecisionCode.Accepted);
    expect(send(core, { from: TOLL_FREE_FROM + 1, pricedAtMs: blocking }).code).toBe(DecisionCode.TollFreeBlocked);
  });
});

describe('a message over T-Mobile’s cap', () => {
  it('is refused and charged, from the balance too', () => {
    const core = coreUnderTest();
    core.accounts.set({ ...ACCOUNT, isPrepaid: true });
    core.registry.register(FROM, declare(core, { attClass: 'A', tmobileTier: 'SOLE_PROPRIETOR' }), NOON, NOON);
    makeRoomForLimits(core);
    const price = send(core, { to: TO.tmobile }).quote.totalMicros;
    const balance = core.limits.accountBalance as unknown as { credit(key: number, micros: number): void };
    balance.credit(0, price);
    send(core, { to: TO.tmobile, units: 999 });
    const refused = send(core, { to: TO.tmobile, account: 0 });
    expect([refused.code, refused.quote.totalMicros]).toEqual([DecisionCode.TmobileDailyCapExceeded, price]);
    expect(send(core, { to: TO.tmobile, account: 0 }).code).toBe(DecisionCode.InsufficientBalance);
  });
});

it('takes nothing of any limit for a message that one of them refuses', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          to: fc.constantFrom(TO.att, TO.verizon, TO.tmobile, TO.other),
          units: fc.integer({ min: 1, max: 30 }),
          kind: fc.constantFrom(MessageKind.Sms, MessageKind.Mms),
          route: fc.constantFrom(Route.A2p, Route.P2p),
          stepMs: fc.integer({ min: 0, max: 700 }),
        }),
        { maxLength: 60 },
      ),
      (messages) => {
        // The same traffic, once as it is and once without the messages that were refused, ends in the same decisions.
        const limits = { smsPerSecond: 40, mmsPerSecond: 2, numberSmsPerSecond: 35, inFlightMax: 30 };
        const all = world(limits, 'T');
        const fewer = world(limits, 'T');
        let atMs = NOON;
        for (const message of messages) {
          atMs += message.stepMs;
          const slot = send(all, { ...message, atMs, account: 0 });
          if (slot.code !== DecisionCode.Accepted) continue;
          expect(said(send(fewer, { ...message, atMs, account: 0 }))).toEqual(said(slot));
        }
      },
    ),
    { seed: 4, numRuns: 200 },
  );
});

it('has a name for every limit that binds, and a carrier for every position', () => {
  expect(new Set(BINDINGS.map(({ name }) => name)).size).toBe(BINDINGS.length);
  expect(CARRIERS.map(({ id }) => id)).toEqual(['att', 'verizon', 'tmobile', 'uscellular', 'other']);
});
