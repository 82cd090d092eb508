import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { Ledger, messagePostings } from './postings.ts';

describe('the postings of a message', () => {
  const amounts = { carrierFeeMicros: 3_000, surchargeMicros: 5_000, dcaMicros: 500, aggregatorMicros: 7_900 };

  test('go from the payer to the carrier, the DCA and the aggregator, each with its cause', () => {
    expect(messagePostings(amounts, 'acme', 'tmobile')).toEqual([
      { payer: 'acme', payee: 'tmobile', cause: 'carrier_fee', micros: 3_000 },
      { payer: 'acme', payee: 'tmobile', cause: 'unregistered_surcharge', micros: 5_000 },
      { payer: 'acme', payee: 'dca', cause: 'dca_margin', micros: 500 },
      { payer: 'acme', payee: 'aggregator', cause: 'aggregator_price', micros: 7_900 },
    ]);
  });

  test('leave out amounts of nothing', () => {
    const bypass = { ...amounts, carrierFeeMicros: 0, surchargeMicros: 0, dcaMicros: 0 };
    expect(messagePostings(bypass, 'acme', 'tmobile').map(({ payee }) => payee)).toEqual(['aggregator']);
  });
});

describe('a ledger', () => {
  const party = fc.constantFrom('acme', 'sender', 'att', 'tcr', 'dca');
  const posting = fc.record({ payer: party, payee: party, micros: fc.integer({ min: 1, max: 1e12 }) });

  propertyTest.prop([fc.array(posting, { maxLength: 200 })])('sums to zero, whatever is posted', (postings) => {
    const ledger = new Ledger();
    for (const one of postings) ledger.post(one);
    const balances = ledger.balances();
    for (const { party: name, paidMicros, receivedMicros } of balances) {
      const sum = (side: 'payer' | 'payee'): number =>
        postings.filter((one) => one[side] === name).reduce((total, { micros }) => total + micros, 0);
      expect([paidMicros, receivedMicros]).toEqual([sum('payer'), sum('payee')]);
      expect(ledger.balanceMicros(name)).toBe(receivedMicros - paidMicros);
    }
    expect(balances.reduce((total, one) => total + one.receivedMicros - one.paidMicros, 0)).toBe(0);
    expect(new Set(balances.map((one) => one.party))).toEqual(
      new Set(postings.flatMap((one) => [one.payer, one.payee])),
    );
  });

  test.each([0, -1, 0.5, Number.NaN, Infinity, 2 ** 53])('takes no posting of %s', (micros) => {
    const ledger = new Ledger();
    expect(() => ledger.post({ payer: 'acme', payee: 'tcr', micros })).toThrow(RangeError);
    expect([ledger.balanceMicros('acme'), ledger.balanceMicros('tcr')]).toEqual([0, 0]);
  });

  test('takes no more than it can hold exactly', () => {
    const ledger = new Ledger();
    const post = (micros: number) => (): void => ledger.post({ payer: 'acme', payee: 'tcr', micros });
    post(Number.MAX_SAFE_INTEGER)();
    expect(post(1)).toThrow(/exactly/);
    expect(ledger.balanceMicros('tcr')).toBe(Number.MAX_SAFE_INTEGER);
  });
});
