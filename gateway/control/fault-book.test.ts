import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { DeliveryError } from '../messages/index.ts';
import { Route } from '../router/index.ts';
import { type Fault, type FaultWritten, phaseAt, readFault } from './fault.ts';
import { FaultBook } from './fault-book.ts';

const SET_MS = Date.UTC(2024, 2, 1, 18);
const ATT = CARRIERS.findIndex(({ id }) => id === 'att');
const VERIZON = CARRIERS.findIndex(({ id }) => id === 'verizon');

function faultOf(written: FaultWritten): Fault {
  const fault = readFault({ written, setAtMs: SET_MS, mark: 'set' });
  if ('message' in fault) throw new Error(`${fault.field}: ${fault.message}`);
  return fault;
}

function bookOf(...written: FaultWritten[]): FaultBook {
  const book = new FaultBook(1);
  book.replace(written.map(faultOf));
  return book;
}

describe('effects', () => {
  test('of no faults are none', () => {
    const book = new FaultBook(1);
    expect(book.isAny).toBe(false);
    expect(book.effects(ATT, Route.A2p, undefined, SET_MS)).toEqual({
      outageUntilMs: 0,
      errors: [],
      messagesPerSecond: Infinity,
      latencyMedianMs: Number.NaN,
      latencySigma: Number.NaN,
      latencyCapMs: Number.NaN,
      receiptLossRate: 0,
      receiptDuplicateRate: 0,
      receiptDelayMs: 0,
    });
  });

  test('concern what the scope names, all of it', () => {
    const book = bookOf({ id: 'a', scope: { carrier: 'att', route: 'p2p', account: 'clinic' }, outage: true });
    const isOut = (carrier: number, route: number, account?: string): boolean =>
      book.effects(carrier, route, account, SET_MS).outageUntilMs > 0;
    expect(isOut(ATT, Route.P2p, 'clinic')).toBe(true);
    expect(isOut(VERIZON, Route.P2p, 'clinic')).toBe(false);
    expect(isOut(ATT, Route.A2p, 'clinic')).toBe(false);
    expect(isOut(ATT, Route.P2p, 'shop')).toBe(false);
    expect(isOut(ATT, Route.P2p)).toBe(false);
  });

  test('of several faults add up', () => {
    const book = bookOf(
      { id: 'a', outage: true, forMs: 1_000 },
      { id: 'b', outage: true, forMs: 3_000 },
      { id: 'c', errors: { code: 'carrier_rejected', rate: 0.3 } },
      { id: 'd', errors: { code: 'absent_subscriber', rate: 0.5 } },
      { id: 'e', errors: { code: 'recipient_blocks', rate: 0.5 } },
      { id: 'f', errors: { code: 'number_blocked', rate: 0.5 } },
      { id: 'g', throttle: { messagesPerSecond: 50 } },
      { id: 'h', throttle: { messagesPerSecond: 5 } },
      { id: 'i', latency: { medianMs: 10, sigma: 1, capMs: 20 } },
      { id: 'j', latency: { medianMs: 30, sigma: 2, capMs: 40 } },
      { id: 'k', receipts: { lossRate: 0.5, duplicateRate: 1, delayMs: 10 } },
      { id: 'l', receipts: { lossRate: 0.5, delayMs: 5 } },
    );
    expect(book.effects(ATT, Route.A2p, undefined, SET_MS)).toEqual({
      outageUntilMs: SET_MS + 3_000,
      errors: [
        { code: DeliveryError.CarrierRejected, share: 0.3 },
        { code: DeliveryError.AbsentSubscriber, share: 0.5 },
        { code: DeliveryError.RecipientBlocks, share: expect.closeTo(0.2) as number },
      ],
      messagesPerSecond: 5,
      latencyMedianMs: 30,
      latencySigma: 2,
      latencyCapMs: 40,
      receiptLossRate: 0.75,
      receiptDuplicateRate: 1,
      receiptDelayMs: 15,
    });
  });

  test('end with what somebody sets in their place', () => {
    const book = bookOf({ id: 'a', outage: true });
    expect(book.effects(ATT, Route.A2p, undefined, SET_MS).outageUntilMs).toBe(Infinity);
    book.replace([]);
    expect(book.isAny).toBe(false);
    expect(book.effects(ATT, Route.A2p, undefined, SET_MS).outageUntilMs).toBe(0);
  });

  test('are kept while nothing changes, for everybody whom no fault names', () => {
    const book = bookOf({ id: 'a', scope: { account: 'clinic' }, outage: true, afterMs: 100 });
    const early = book.effects(ATT, Route.A2p, 'one', SET_MS);
    expect(book.effects(ATT, Route.A2p, 'two', SET_MS + 99)).toBe(early);
    expect(book.effects(ATT, Route.A2p, 'clinic', SET_MS + 99)).not.toBe(early);
    expect(book.effects(ATT, Route.A2p, 'two', SET_MS + 100)).not.toBe(early);
  });
});

const ms = (max: number) => fc.integer({ min: 1, max });
const timeline = fc.record(
  { afterMs: fc.integer({ min: 0, max: 60 }), forMs: ms(40), everyMs: ms(80) },
  { requiredKeys: [] },
);

test.prop([
  fc.array(fc.record({ when: timeline, carrier: fc.constantFrom('att', 'verizon', undefined) }), { maxLength: 6 }),
  fc.array(fc.integer({ min: -10, max: 300 }), { minLength: 1, maxLength: 40 }),
])('effects are at any moment, in any order, what its windows say', (faults, moments) => {
  const read = faults.flatMap(({ when, carrier }, place) => {
    const scope = carrier === undefined ? {} : { carrier };
    const written = { id: `f${place}`, scope, receipts: { delayMs: 1 << place }, ...when };
    const fault = readFault({ written, setAtMs: SET_MS, mark: 'set' });
    return 'message' in fault ? [] : fault;
  });
  const book = new FaultBook(1);
  book.replace(read);
  const isIn = ({ written }: Fault, afterMs: number): boolean => {
    const { afterMs: startMs = 0, forMs = Infinity, everyMs = Infinity } = written;
    for (let begin = startMs; begin <= afterMs; begin += everyMs) if (afterMs < begin + forMs) return true;
    return false;
  };
  for (const afterMs of moments) {
    for (const [carrier, name] of [
      [ATT, 'att'],
      [VERIZON, 'verizon'],
    ] as const) {
      const expected = read.filter((fault) => isIn(fault, afterMs) && (fault.written.scope?.carrier ?? name) === name);
      const delayMs = expected.reduce((sum, { written }) => sum + (written.receipts?.delayMs ?? 0), 0);
      expect(book.effects(carrier, Route.A2p, undefined, SET_MS + afterMs).receiptDelayMs).toBe(delayMs);
    }
  }
  for (const fault of read) {
    for (const afterMs of moments) {
      const { isInForce, sinceMs, untilMs } = phaseAt(fault, SET_MS + afterMs);
      expect(isInForce).toBe(isIn(fault, afterMs));
      expect(sinceMs).toBeLessThanOrEqual(SET_MS + afterMs);
      expect(untilMs).toBeGreaterThan(SET_MS + afterMs);
      if (untilMs < Infinity) expect(isIn(fault, untilMs - SET_MS)).toBe(!isInForce);
    }
  }
});

describe('what was applied', () => {
  test('counts for the faults of the message, and by kind and carrier', () => {
    const book = bookOf(
      { id: 'a', scope: { carrier: 'att' }, outage: true },
      { id: 'b', outage: true },
      { id: 'c', throttle: { messagesPerSecond: 1 } },
    );
    book.effects(ATT, Route.A2p, undefined, SET_MS);
    book.applied('outage', ATT);
    book.effects(VERIZON, Route.A2p, undefined, SET_MS);
    book.applied('outage', VERIZON);
    expect(Object.fromEntries(book.appliedByKey)).toEqual({ ['a@set']: 1, ['b@set']: 2 });
    const totals = () => book.appliedTotals().filter(({ count }) => count > 0);
    expect(totals()).toEqual([
      { kind: 'outage', carrier: 'att', count: 1 },
      { kind: 'outage', carrier: 'verizon', count: 1 },
    ]);
    book.replace([]);
    expect(book.appliedByKey.size).toBe(0);
    expect(totals()).toHaveLength(2);
  });
});

describe('connections', () => {
  const cutsOf = (seed: number, own: Partial<FaultWritten> = {}): (string | undefined)[] => {
    const book = new FaultBook(seed);
    book.replace([faultOf({ id: 'cut', disconnect: { rate: 0.4 }, ...own })]);
    return Array.from({ length: 1_000 }, () => book.connectionEffects(undefined, SET_MS).cut);
  };

  test('are cut at the rate, half before and half instead of the answer', () => {
    const cuts = cutsOf(1);
    expect(cuts.filter((cut) => cut === 'before').length / 1_000).toBeCloseTo(0.2, 1);
    expect(cuts.filter((cut) => cut === 'instead').length / 1_000).toBeCloseTo(0.2, 1);
  });

  test('are cut by the seed: its own, or that of the gateway', () => {
    expect(cutsOf(1)).toEqual(cutsOf(1));
    expect(cutsOf(2)).not.toEqual(cutsOf(1));
    expect(cutsOf(2, { seed: 1 })).toEqual(cutsOf(1));
  });

  test('concern an account if told so, and answers are slower by the sum', () => {
    const book = bookOf(
      { id: 'a', scope: { account: 'clinic' }, slow: { delayMs: 100 } },
      { id: 'b', slow: { delayMs: 20 }, forMs: 10 },
      { id: 'c', scope: { account: 'shop' }, disconnect: { rate: 1 } },
    );
    expect(book.isAny).toBe(false);
    expect(book.connectionEffects('clinic', SET_MS)).toEqual({ cut: undefined, slowMs: 120 });
    expect(book.connectionEffects('clinic', SET_MS + 10).slowMs).toBe(100);
    expect(book.connectionEffects(undefined, SET_MS + 10).slowMs).toBe(0);
    expect(book.connectionEffects('shop', SET_MS).cut).toBeDefined();
  });
});
