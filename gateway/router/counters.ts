/**
 * Counts by label as flat arrays of doubles, bumped once per message and read when somebody looks.
 *
 * A labelled increment in a metrics library costs some hundreds of nanoseconds; an array element costs a few. So the
 * core counts here, and the metrics page, the terminal and the console copy from here at their own pace. Index order
 * of each array is the order of the labels in its name, last label fastest. Money is integer micro-dollars, exact in
 * a double up to nine billion dollars a cell.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import {
  BINDINGS,
  DECISIONS,
  HANDSET_OUTCOMES,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  registrationLabelIndex,
  ROUTES,
  TRUTHS,
} from './codes.ts';
import type { MessageSlot } from './slot.ts';

/** Carrier labels, the last one for messages that never reached a carrier. */
export const CARRIER_LABELS: readonly string[] = [...CARRIERS.map((carrier) => carrier.id), 'none'];

/** Who can be paid: each carrier, the direct connect aggregator, the aggregator. */
export const PAYEES: readonly string[] = [...CARRIERS.map((carrier) => carrier.id), 'dca', 'aggregator'];
const DCA = CARRIERS.length;
const AGGREGATOR = CARRIERS.length + 1;

export const CAUSES: readonly string[] = ['carrier_fee', 'unregistered_surcharge', 'dca_margin', 'aggregator_price'];
const CARRIER_FEE = 0;
const SURCHARGE = 1;
const DCA_MARGIN = 2;
const AGGREGATOR_PRICE = 3;

const ROUTE_COUNT = ROUTES.length;
const CLASS_COUNT = REGISTRATION_LABELS.length;
const DECISION_COUNT = DECISIONS.length;
const TRUTH_COUNT = TRUTHS.length;
const OUTCOME_COUNT = HANDSET_OUTCOMES.length;
const CAUSE_COUNT = CAUSES.length;

export class Counters {
  /** carrier × route × registration × decision × truth */
  readonly messages = new Float64Array(
    CARRIER_LABELS.length * ROUTE_COUNT * CLASS_COUNT * DECISION_COUNT * TRUTH_COUNT,
  );
  /** carrier × registration × outcome × truth */
  readonly handsets = new Float64Array(CARRIER_LABELS.length * CLASS_COUNT * OUTCOME_COUNT * TRUTH_COUNT);
  /** payee × cause × registration × truth, micro-dollars */
  readonly revenueMicros = new Float64Array(PAYEES.length * CAUSE_COUNT * CLASS_COUNT * TRUTH_COUNT);
  /** reason: registered, or why not; messages decided with it */
  readonly reasons = new Float64Array(REGISTRATION_REASONS.length);
  /** binding: refusals by the limit or rule that bound */
  readonly refusals = new Float64Array(BINDINGS.length);
  /** What all senders together were charged, micro-dollars. The sum of `revenueMicros` always equals it. */
  chargedMicros = 0;

  /** Counts one decided message and, if it was accepted, its postings. Allocates nothing. */
  countDecision(slot: MessageSlot, truth: number): void {
    const registered = registrationLabelIndex(slot.registration);
    this.messages[messageIndex(slot.carrier, slot.route, registered, slot.code, truth)]! += 1;
    this.reasons[slot.registration]! += 1;
    this.refusals[slot.binding]! += 1;
    const quote = slot.quote;
    if (quote.totalMicros === 0) return;
    const revenue = this.revenueMicros;
    revenue[revenueIndex(slot.carrier, CARRIER_FEE, registered, truth)]! += quote.carrierFeeMicros;
    revenue[revenueIndex(slot.carrier, SURCHARGE, registered, truth)]! += quote.surchargeMicros;
    revenue[revenueIndex(DCA, DCA_MARGIN, registered, truth)]! += quote.dcaMicros;
    revenue[revenueIndex(AGGREGATOR, AGGREGATOR_PRICE, registered, truth)]! += quote.aggregatorMicros;
    this.chargedMicros += quote.totalMicros;
  }

  countHandset(carrier: number, registered: number, outcome: number, truth: number): void {
    this.handsets[handsetIndex(carrier, registered, outcome, truth)]! += 1;
  }
}

function messageIndex(carrier: number, route: number, registered: number, decision: number, truth: number): number {
  return (
    (((carrier * ROUTE_COUNT + route) * CLASS_COUNT + registered) * DECISION_COUNT + decision) * TRUTH_COUNT + truth
  );
}

function handsetIndex(carrier: number, registered: number, outcome: number, truth: number): number {
  return ((carrier * CLASS_COUNT + registered) * OUTCOME_COUNT + outcome) * TRUTH_COUNT + truth;
}

function revenueIndex(payee: number, cause: number, registered: number, truth: number): number {
  return ((payee * CAUSE_COUNT + cause) * CLASS_COUNT + registered) * TRUTH_COUNT + truth;
}

/** One non-zero cell of a counter array: what it counts, by label name, and how much. */
export interface Cell<Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly value: number;
}

type Axes<Label extends string> = readonly (readonly [Label, readonly string[]])[];

const MESSAGE_AXES: Axes<'carrier' | 'route' | 'registration' | 'decision' | 'truth'> = [
  ['carrier', CARRIER_LABELS],
  ['route', ROUTES],
  ['registration', REGISTRATION_LABELS],
  ['decision', DECISIONS.map((decision) => decision.name)],
  ['truth', TRUTHS],
];
const HANDSET_AXES: Axes<'carrier' | 'registration' | 'outcome' | 'truth'> = [
  ['carrier', CARRIER_LABELS],
  ['registration', REGISTRATION_LABELS],
  ['outcome', HANDSET_OUTCOMES],
  ['truth', TRUTHS],
];
const REVENUE_AXES: Axes<'payee' | 'cause' | 'registration' | 'truth'> = [
  ['payee', PAYEES],
  ['cause', CAUSES],
  ['registration', REGISTRATION_LABELS],
  ['truth', TRUTHS],
];

/** The non-zero cells of `messages`. For people and scrapes: allocates. */
export function messageCells(counters: Counters): Cell<'carrier' | 'route' | 'registration' | 'decision' | 'truth'>[] {
  return nonZeroCells(counters.messages, MESSAGE_AXES);
}

/** The non-zero cells of `handsets`. */
export function handsetCells(counters: Counters): Cell<'carrier' | 'registration' | 'outcome' | 'truth'>[] {
  return nonZeroCells(counters.handsets, HANDSET_AXES);
}

/** The non-zero cells of `revenueMicros`, in micro-dollars. */
export function revenueCells(counters: Counters): Cell<'payee' | 'cause' | 'registration' | 'truth'>[] {
  return nonZeroCells(counters.revenueMicros, REVENUE_AXES);
}

function nonZeroCells<Label extends string>(cells: Float64Array, axes: Axes<Label>): Cell<Label>[] {
  const found: Cell<Label>[] = [];
  for (let index = 0; index < cells.length; index += 1) {
    const value = cells[index]!;
    if (value === 0) continue;
    const labels: Partial<Record<Label, string>> = {};
    // The first label turns slowest: its cells lie as far apart as all the other labels have combinations.
    let stride = cells.length;
    let rest = index;
    for (const [label, names] of axes) {
      stride /= names.length;
      labels[label] = names[Math.floor(rest / stride)]!;
      rest %= stride;
    }
    found.push({ labels: labels as Record<Label, string>, value });
  }
  return found;
}
