import { beforeEach, describe, expect, test } from 'vitest';
import type { Ask, Balances } from '../../tariffs/index.ts';
import { DecisionCode, nameAt, REGISTRATION_REASONS, Route } from './codes.ts';
import { type Core, createCore, makeRoomForLimits } from './core.ts';
import { CARRIER_LABELS, messageCells, revenueCells } from './counters.ts';
import { takeInbound } from './inbound.ts';
import { ownLimits } from './limits.ts';
import { MessageSlot } from './slot.ts';
import { coreUnderTest, declare, TO } from './world-under-test.ts';

const OURS = 2_125_550_123;
const TOLL_FREE = 8_005_550_123;
const NOON = Date.UTC(2024, 2, 1, 20);

let core: Core;
let balances: Balances;
const heard: number[] = [];
beforeEach(() => {
  const limits = ownLimits();
  const { books, ...world } = coreUnderTest();
  core = createCore({ ...world, rates: books[0]! }, limits);
  core.registry.register(OURS, declare(core, { attClass: 'A', tmobileTier: 'TOP' }), 0, 0);
  const account = { smsPerSecond: 0, mmsPerSecond: 0, numberSmsPerSecond: 0, numberMmsPerSecond: 0, inFlightMax: 0 };
  core.accounts.set({ id: 'prepaid', isPrepaid: true, ...account });
  makeRoomForLimits(core);
  balances = limits.accountBalance;
  heard.length = 0;
  const note = core.limits.numbers.noteInbound.bind(core.limits.numbers);
  core.limits.numbers.noteInbound = (ask: Ask) => {
    heard.push(ask.senderKey);
    note(ask);
  };
});

function slotOf(own: Partial<MessageSlot>): MessageSlot {
  return Object.assign(new MessageSlot(), {
    senderKey: OURS,
    atMs: NOON,
    pricedAtMs: NOON,
    uptimeMs: 0,
    ...own,
  });
}

describe('a message from a handset', () => {
  // T-Mobile charges for messages from its handsets, AT&T did not in 2024.
  test.each([
    ['tmobile', OURS, 'registered', { carrierFeeMicros: 3_000, surchargeMicros: 0 }],
    ['tmobile', OURS + 1, 'not_in_registry', { carrierFeeMicros: 3_000, surchargeMicros: 5_000 }],
    ['att', OURS, 'registered', { carrierFeeMicros: 0, surchargeMicros: 0 }],
  ] as const)('of %s to %i (%s) is priced as a message in', (carrier, senderKey, reason, fees) => {
    const slot = slotOf({ senderKey, destinationKey: TO[carrier], units: 2 });
    expect(takeInbound(core, slot)).toBe(DecisionCode.Accepted);
    expect(nameAt(CARRIER_LABELS, slot.carrier)).toBe(carrier);
    expect(nameAt(REGISTRATION_REASONS, slot.registration)).toBe(reason);
    expect(slot.quote).toMatchObject({
      carrierFeeMicros: 2 * fees.carrierFeeMicros,
      surchargeMicros: 2 * fees.surchargeMicros,
    });
    expect(slot.quote.aggregatorMicros).toBeGreaterThan(0);
  });

  test('is posted, counted apart from messages out, and heard by the number it came to', () => {
    const slot = slotOf({ destinationKey: TO.tmobile });
    takeInbound(core, slot);
    expect(core.counters.chargedMicros).toBe(slot.quote.totalMicros);
    expect(revenueCells(core.counters).reduce((sum, { value }) => sum + value, 0)).toBe(slot.quote.totalMicros);
    expect(core.counters.inbound[slot.carrier]).toBe(1);
    expect(messageCells(core.counters)).toEqual([]);
    expect(heard).toEqual([OURS]);
  });

  test('may come to a toll-free number, at the prices of those', () => {
    const slot = slotOf({ senderKey: TOLL_FREE, destinationKey: TO.tmobile });
    expect(takeInbound(core, slot)).toBe(DecisionCode.Accepted);
    expect(slot.quote.carrierFeeMicros + slot.quote.surchargeMicros).toBe(2_500);
  });

  test('pays no carrier on the P2P route', () => {
    const slot = slotOf({ destinationKey: TO.tmobile, route: Route.P2p });
    takeInbound(core, slot);
    expect(slot.quote).toMatchObject({ carrierFeeMicros: 0, dcaMicros: 0, totalMicros: slot.quote.aggregatorMicros });
  });

  test.each([
    ['wireline', DecisionCode.DestinationLandline],
    ['unassigned', DecisionCode.DestinationUnassigned],
  ] as const)('cannot come from a number that is %s, and costs nothing then', (from, code) => {
    const slot = slotOf({ destinationKey: TO[from] });
    expect(takeInbound(core, slot)).toBe(code);
    expect([slot.quote.totalMicros, core.counters.chargedMicros, heard]).toEqual([0, 0, []]);
  });

  test('is refused where no book has a price, and costs nothing', () => {
    const slot = slotOf({ destinationKey: TO.tmobile, pricedAtMs: Date.UTC(1990, 0) });
    expect(takeInbound(core, slot)).toBe(DecisionCode.NoTariff);
    expect([slot.quote.totalMicros, core.counters.chargedMicros, heard]).toEqual([0, 0, []]);
  });

  test('is taken from the balance of a prepaid account, and never more than there is', () => {
    const account = core.accounts.find('prepaid');
    const slot = slotOf({ destinationKey: TO.tmobile, account });
    takeInbound(core, slotOf({ destinationKey: TO.tmobile }));
    expect(takeInbound(core, slot)).toBe(DecisionCode.InsufficientBalance);
    expect([slot.quote.totalMicros, slot.limitCap]).toEqual([0, 0]);
    balances.credit(account, 2 * slot.limitUsed);
    const decisions = [1, 2, 3].map(() => takeInbound(core, slot));
    expect(decisions).toEqual([DecisionCode.Accepted, DecisionCode.Accepted, DecisionCode.InsufficientBalance]);
    expect(core.counters.accountMicros[account + 1]).toBe(2 * slot.limitUsed);
    expect(heard).toHaveLength(3);
  });
});
