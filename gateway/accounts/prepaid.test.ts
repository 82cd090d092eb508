import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { Balances } from '../../tariffs/index.ts';
import {
  type Account,
  boundsOf,
  type Core,
  decide,
  DecisionCode,
  makeRoomForLimits,
  MessageKind,
  MessageSlot,
  Route,
} from '../router/index.ts';
import { coreUnderTest, declare, TO } from '../router/world-under-test.ts';
import { MemoryBalanceStore } from './memory-balance-store.ts';

// Prepaid accounts through the decision itself: what is charged never exceeds what was paid in, and a message is refused for
// money exactly when its price is more than what is left.

const START_MS = Date.UTC(2024, 2, 1, 18);
const FROM = 2_122_005_002;
const REGISTERED = 2_122_005_003;

interface Prepaid {
  readonly core: Core;
  readonly balances: Balances;
  readonly store: MemoryBalanceStore;
  readonly slot: MessageSlot;
}

function openPrepaid(own: Partial<Account> = {}): Prepaid {
  const core = coreUnderTest();
  core.registry.register(REGISTERED, declare(core, { attClass: 'A', tmobileTier: 'LOW' }), START_MS, START_MS);
  const handle = core.accounts.set({ id: 'acme', isPrepaid: true, ...boundsOf(undefined), ...own });
  makeRoomForLimits(core);
  const balances = core.limits.accountBalance as Balances;
  const slot = new MessageSlot();
  slot.account = handle;
  return { core, balances, store: new MemoryBalanceStore(core.accounts, balances), slot };
}

interface Step {
  readonly kind: 'message' | 'top-up' | 'refund';
  readonly from: number;
  readonly to: number;
  readonly units: number;
  readonly isMms: boolean;
  readonly isP2p: boolean;
  readonly gapMs: number;
  readonly micros: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>('message', 'message', 'message', 'message', 'top-up', 'refund'),
  from: fc.constantFrom(FROM, REGISTERED),
  to: fc.constantFrom(...Object.values(TO)),
  units: fc.integer({ min: 1, max: 10 }),
  isMms: fc.boolean(),
  isP2p: fc.boolean(),
  gapMs: fc.integer({ min: 0, max: 2_000 }),
  micros: fc.integer({ min: 0, max: 120_000 }),
});

function send({ core, slot }: Prepaid, one: Step, atMs: number): number {
  slot.senderKey = one.from;
  slot.destinationKey = one.to;
  slot.kind = one.isMms ? MessageKind.Mms : MessageKind.Sms;
  slot.units = one.isMms ? 1 : one.units;
  slot.route = one.isP2p ? Route.P2p : Route.A2p;
  slot.atMs = atMs;
  slot.pricedAtMs = START_MS;
  slot.uptimeMs = atMs;
  slot.draw = 0;
  return decide(core, slot);
}

const probe = openPrepaid({ isPrepaid: false });
let probedAtMs = START_MS;

/** What a message costs, asked of a world in which no limit was used for a month. */
function priceOf(one: Step): number {
  probedAtMs += 31 * 24 * 3_600_000;
  send(probe, one, probedAtMs);
  return probe.slot.quote.totalMicros;
}

propertyTest.prop([fc.integer({ min: 0, max: 300_000 }), fc.array(step, { maxLength: 80 })])(
  'what is charged and given back never exceeds what was paid in, and every message that is covered is charged its price',
  async (paidMicros, steps) => {
    const prepaid = openPrepaid();
    const unlimited = openPrepaid({ isPrepaid: false });
    await prepaid.store.credit('acme', paidMicros, 'first');
    let left = paidMicros;
    let atMs = START_MS;
    for (const [index, one] of steps.entries()) {
      atMs += one.gapMs;
      if (one.kind !== 'message') {
        const micros = one.kind === 'top-up' ? one.micros : -one.micros;
        const { outcome } = await prepaid.store.credit('acme', micros, String(index));
        expect(outcome).toBe(left + micros < 0 ? 'insufficient' : 'credited');
        if (outcome === 'credited') left += micros;
        continue;
      }
      const code = send(prepaid, one, atMs);
      const { quote, limitUsed, limitCap } = prepaid.slot;
      if (code === DecisionCode.InsufficientBalance) {
        expect(limitCap).toBe(left);
        expect(limitUsed).toBe(priceOf(one));
        expect(limitUsed).toBeGreaterThan(left);
        expect(quote.totalMicros).toBe(0);
      } else {
        expect(quote.totalMicros).toBeLessThanOrEqual(left);
        left -= quote.totalMicros;
        expect(send(unlimited, one, atMs)).toBe(code);
        expect(unlimited.slot.quote.totalMicros).toBe(quote.totalMicros);
      }
      expect(prepaid.balances.micros(0)).toBe(left);
      expect(left).toBeGreaterThanOrEqual(0);
    }
  },
);

test('a message the balance covers to the last micro-dollar is accepted, and the next is refused with what is wanted and left', async () => {
  const prepaid = openPrepaid();
  const one: Step = {
    kind: 'message',
    from: REGISTERED,
    to: TO.att,
    units: 1,
    isMms: false,
    isP2p: false,
    gapMs: 0,
    micros: 0,
  };
  const price = 10_400;
  await prepaid.store.credit('acme', 2 * price - 1, 'r1');
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.Accepted);
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.InsufficientBalance);
  expect([prepaid.slot.limitUsed, prepaid.slot.limitCap]).toEqual([price, price - 1]);
  await prepaid.store.credit('acme', 1, 'r2');
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.Accepted);
  expect(prepaid.balances.micros(0)).toBe(0);
});

test('a message refused for money uses nothing of any other limit', async () => {
  const prepaid = openPrepaid({ smsPerSecond: 1, inFlightMax: 1 });
  const one: Step = {
    kind: 'message',
    from: REGISTERED,
    to: TO.att,
    units: 1,
    isMms: false,
    isP2p: false,
    gapMs: 0,
    micros: 0,
  };
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.InsufficientBalance);
  expect(prepaid.slot.holdsInFlight).toBe(false);
  await prepaid.store.credit('acme', 1_000_000, 'r');
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.Accepted);
  expect(send(prepaid, one, START_MS)).toBe(DecisionCode.AccountRateExceeded);
});
