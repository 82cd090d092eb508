import { describe, expect, it } from 'vitest';
import { DecisionCode, HandsetOutcome, Registration, TRUTHS } from './codes.ts';
import { NO_ACCOUNT } from './account-table.ts';
import { Counters, handsetCells, messageCells, revenueCells, REVENUE_LABELS } from './counters.ts';
import { MessageSlot } from './slot.ts';

const SPAM = TRUTHS.indexOf('spam');

function decidedSlot(): MessageSlot {
  const slot = new MessageSlot();
  slot.carrier = 2;
  slot.registration = Registration.NotInRegistry;
  slot.code = DecisionCode.Accepted;
  Object.assign(slot.quote, {
    row: 3,
    carrierFeeMicros: 3_000,
    surchargeMicros: 5_000,
    dcaMicros: 500,
    aggregatorMicros: 7_900,
    totalMicros: 16_400,
  });
  return slot;
}

describe('counters', () => {
  it('count a message under its five labels', () => {
    const counters = new Counters();
    counters.countDecision(decidedSlot(), SPAM);
    counters.countDecision(decidedSlot(), SPAM);
    expect(messageCells(counters)).toEqual([
      {
        labels: { carrier: 'tmobile', route: 'a2p', registration: 'unregistered', decision: 'accepted', truth: 'spam' },
        value: 2,
      },
    ]);
  });

  it('post each amount to the one who is paid, under the carrier it was paid for, and the sum is what was charged', () => {
    const counters = new Counters();
    counters.countDecision(decidedSlot(), SPAM);
    const under = { carrier: 'tmobile', registration: 'unregistered', truth: 'spam' };
    expect(revenueCells(counters)).toEqual([
      { labels: { payee: 'tmobile', cause: 'carrier_fee', ...under }, value: 3_000 },
      { labels: { payee: 'tmobile', cause: 'unregistered_surcharge', ...under }, value: 5_000 },
      { labels: { payee: 'dca', cause: 'dca_margin', ...under }, value: 500 },
      { labels: { payee: 'aggregator', cause: 'aggregator_price', ...under }, value: 7_900 },
    ]);
    expect(counters.chargedMicros).toBe(16_400);
  });

  it('name every cell of revenue once', () => {
    const { revenueMicros } = new Counters();
    expect(REVENUE_LABELS).toHaveLength(revenueMicros.length);
    expect(new Set(REVENUE_LABELS.map((labels) => JSON.stringify(labels))).size).toBe(
      new Set(
        REVENUE_LABELS.map(({ cause, carrier, registration, truth }) => [cause, carrier, registration, truth].join()),
      ).size,
    );
  });

  it('charge the account, however many there are, and all who have none together', () => {
    const counters = new Counters();
    for (const account of [NO_ACCOUNT, 0, 14, 15, 16, 1_000, 16]) {
      counters.countDecision(Object.assign(decidedSlot(), { account }), SPAM);
    }
    const charged = [...counters.accountMicros].flatMap((micros, place) => (micros === 0 ? [] : [[place - 1, micros]]));
    expect(charged).toEqual([
      [-1, 16_400],
      [0, 16_400],
      [14, 16_400],
      [15, 16_400],
      [16, 32_800],
      [1_000, 16_400],
    ]);
    expect(counters.chargedMicros).toBe(7 * 16_400);
  });

  it('post what a refused message is charged all the same', () => {
    const counters = new Counters();
    counters.countDecision(Object.assign(decidedSlot(), { code: DecisionCode.TmobileDailyCapExceeded }), SPAM);
    expect(messageCells(counters).map(({ labels }) => labels.decision)).toEqual(['tmobile_daily_cap_exceeded']);
    expect(counters.chargedMicros).toBe(16_400);
  });

  it('do not take a price that is not the sum of its postings', () => {
    const slot = decidedSlot();
    slot.quote.totalMicros += 1;
    expect(() => new Counters().countDecision(slot, SPAM)).toThrow(/do not sum to its price/);
  });

  it('count messages from handsets apart, and post them under no truth', () => {
    const counters = new Counters();
    counters.countInbound(decidedSlot());
    expect([messageCells(counters), counters.inbound[2], counters.chargedMicros]).toEqual([[], 1, 16_400]);
    expect(new Set(revenueCells(counters).map(({ labels }) => labels.truth))).toEqual(new Set(['unlabelled']));
  });

  it('say that a period has ended before they count the first message after it', () => {
    const counters = new Counters();
    const told: [number, number][] = [];
    counters.periodEndMs = 60_000;
    counters.whenPeriodEnds = (nowMs) => {
      told.push([nowMs, counters.chargedMicros]);
      counters.periodEndMs += 60_000;
    };
    for (const atMs of [59_999, 60_000, 60_001, 125_000]) {
      counters.countDecision(Object.assign(decidedSlot(), { atMs }), SPAM);
    }
    expect(told).toEqual([
      [60_000, 16_400],
      [125_000, 3 * 16_400],
    ]);
  });

  it('count a refused message and post nothing', () => {
    const counters = new Counters();
    const slot = new MessageSlot();
    slot.code = DecisionCode.DestinationLandline;
    counters.countDecision(slot, 0);
    expect(messageCells(counters).map(({ labels }) => labels.carrier)).toEqual(['none']);
    expect(revenueCells(counters)).toEqual([]);
  });

  it('count what the handset got apart from what was decided', () => {
    const counters = new Counters();
    counters.countHandset(0, 1, HandsetOutcome.Filtered, SPAM);
    expect(handsetCells(counters)).toEqual([
      { labels: { carrier: 'att', registration: 'unregistered', outcome: 'filtered', truth: 'spam' }, value: 1 },
    ]);
  });
});
