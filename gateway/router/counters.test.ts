import { describe, expect, it } from 'vitest';
import { DecisionCode, HandsetOutcome, Registration, TRUTHS } from './codes.ts';
import { Counters, handsetCells, messageCells, revenueCells } from './counters.ts';
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

  it('post each amount to the one who is paid, and the sum is what was charged', () => {
    const counters = new Counters();
    counters.countDecision(decidedSlot(), SPAM);
    expect(revenueCells(counters).map(({ labels, value }) => [labels.payee, labels.cause, value])).toEqual([
      ['tmobile', 'carrier_fee', 3_000],
      ['tmobile', 'unregistered_surcharge', 5_000],
      ['dca', 'dca_margin', 500],
      ['aggregator', 'aggregator_price', 7_900],
    ]);
    expect(counters.chargedMicros).toBe(16_400);
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
