import { describe, expect, test } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { emptyDraft, MessageStore, ReceiptState } from '../messages/index.ts';
import { Counters, DecisionCode, HandsetOutcome, MessageSlot, Registration } from '../router/index.ts';
import { CARRIER_PROFILES, LATENCY_CAP_MS } from './carrier-profiles.ts';
import { contentScore, SUSPICIOUS_SCORE } from './content-score.ts';
import { SimulatedCarriers } from './simulated-carriers.ts';

const START_MS = Date.UTC(2024, 2, 1);
const COUNT = 4_000;
const PLAIN = 'Your table is ready.';
const LURE = 'URGENT: you WON $900! Claim at http://prize.example.com';

interface Outcome {
  readonly receipt: number;
  readonly receiptMs: number;
  readonly outcome: number;
  readonly handsetMs: number;
}

interface Traffic {
  seed?: number;
  carrier?: number;
  text?: string;
  registration?: number;
  /** How far each look at the clock moves it. */
  stepMs?: number;
}

/** Sends the same message many times to one carrier and returns what became of each, times counted from acceptance. */
function deliver({ seed = 1, carrier = 0, text = PLAIN, registration = 0, stepMs = 10 }: Traffic): Outcome[] {
  const store = new MessageStore(COUNT, 'RUN');
  const counters = new Counters();
  const receipts: number[] = [];
  const carriers = new SimulatedCarriers({
    store,
    counters,
    seed,
    startMs: START_MS,
    onReceipt: (at) => receipts.push(at),
  });
  const slot = Object.assign(new MessageSlot(), { code: DecisionCode.Accepted, carrier, registration, atMs: START_MS });
  for (let at = 0; at < COUNT; at += 1) {
    store.add({ ...emptyDraft(), text }, slot);
    carriers.dispatch(at, START_MS);
  }
  for (let nowMs = START_MS; nowMs <= START_MS + 3 * LATENCY_CAP_MS; nowMs += stepMs) carriers.advance(nowMs);

  expect(store.inFlightCount).toBe(0);
  expect(receipts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, at) => at));
  expect(counters.handsets.reduce((sum, value) => sum + value)).toBe(COUNT);
  return Array.from({ length: COUNT }, (_, at) => ({
    receipt: store.receipt[at]!,
    receiptMs: store.receiptAtMs[at]! - START_MS,
    outcome: store.outcome[at]!,
    handsetMs: store.handsetAtMs[at]! - START_MS,
  }));
}

const shareOf = (outcomes: readonly Outcome[], outcome: number): number =>
  outcomes.filter((one) => one.outcome === outcome).length / outcomes.length;
const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length / 2]!;

describe('a carrier', () => {
  test.each(CARRIERS.map(({ id }, index) => [id, index] as const))(
    '%s: the receipt comes before the handset, about when its profile says, and never later than the cap',
    (_id, carrier) => {
      const outcomes = deliver({ carrier });
      for (const { receiptMs, handsetMs, outcome } of outcomes) {
        expect(receiptMs).toBeGreaterThan(0);
        expect(receiptMs).toBeLessThanOrEqual(LATENCY_CAP_MS);
        if (outcome === HandsetOutcome.Undelivered) expect(handsetMs).toBe(receiptMs);
        else expect(handsetMs).toBeGreaterThan(receiptMs);
      }
      const { receiptMedianMs } = CARRIER_PROFILES[carrier]!;
      const median = medianOf(outcomes.map(({ receiptMs }) => receiptMs));
      expect(Math.abs(median - receiptMedianMs)).toBeLessThan(0.05 * receiptMedianMs + 10);
    },
  );

  test('tells of a phone it cannot reach, and says ACCEPTD of a message its filter then drops', () => {
    for (const { outcome, receipt } of deliver({ text: LURE, registration: Registration.NotInRegistry })) {
      expect(receipt).toBe(outcome === HandsetOutcome.Undelivered ? ReceiptState.Undelivered : ReceiptState.Accepted);
    }
  });

  test('filters suspicious texts by the class of their sender, and plain ones hardly ever', () => {
    const { filterShareRegistered, filterShareUnregistered, unreachableShare } = CARRIER_PROFILES[0]!;
    const filtered = (traffic: Traffic): number =>
      shareOf(deliver(traffic), HandsetOutcome.Filtered) / (1 - unreachableShare);
    // Four standard deviations of a share of 4,000 draws are at most 0.032.
    expect(filtered({ text: LURE, registration: Registration.NotInRegistry })).toBeCloseTo(filterShareUnregistered, 1);
    expect(filtered({ text: LURE })).toBeCloseTo(filterShareRegistered, 1);
    expect(filtered({ text: PLAIN, registration: Registration.NotInRegistry })).toBeLessThan(0.01);
    expect(shareOf(deliver({}), HandsetOutcome.Undelivered)).toBeCloseTo(unreachableShare, 1);
  });
});

describe('chance', () => {
  test('depends on the seed and the order of messages, and not on when timers fire', () => {
    const often = deliver({ seed: 7, stepMs: 10 });
    const rarely = deliver({ seed: 7, stepMs: 3_000 });
    expect(rarely).toEqual(often);
    expect(deliver({ seed: 8 })).not.toEqual(often);
  });

  test('is drawn apart for each carrier', () => {
    const latencies = (carrier: number): number[] => deliver({ carrier }).map(({ outcome }) => outcome);
    expect(latencies(1)).not.toEqual(latencies(2));
  });
});

describe('the look of a text', () => {
  test.each([
    ['a plain one', PLAIN, 0],
    ['an empty one', '', 0],
    ['a code', 'Your code is 4821', 0],
    ['a number to call', 'Call 8005550100', 2],
    ['money', 'You owe $5', 2],
    ['a link', 'See www.example.org', 3],
    ['all of it', LURE, 6],
  ])('%s', (_name, text, score) => {
    expect(contentScore(text)).toBe(score);
  });

  test('makes a link suspicious by itself, and money not', () => {
    expect(contentScore('See www.example.org')).toBeGreaterThanOrEqual(SUSPICIOUS_SCORE);
    expect(contentScore('You owe $5')).toBeLessThan(SUSPICIOUS_SCORE);
  });
});
