/**
 * Counts by label as flat arrays of doubles, bumped once per message and read when somebody looks.
 *
 * A labelled increment in a metrics library costs some hundreds of nanoseconds; an array element costs a few. So the
 * core counts here, and the metrics page, the terminal and the console copy from here at their own pace. Index order
 * of each array is the order of the labels in its name, last label fastest. Money is integer micro-dollars, exact in
 * a double up to nine billion dollars a cell.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { MESSAGE_CAUSES, messagePayee, type Quote } from '../../tariffs/index.ts';
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

/** Who can be paid for a message: each carrier, the direct connect aggregator, the aggregator. */
export const PAYEES: readonly string[] = [...CARRIERS.map((carrier) => carrier.id), 'dca', 'aggregator'];

const ROUTE_COUNT = ROUTES.length;
const CLASS_COUNT = REGISTRATION_LABELS.length;
const DECISION_COUNT = DECISIONS.length;
const TRUTH_COUNT = TRUTHS.length;
const OUTCOME_COUNT = HANDSET_OUTCOMES.length;

/** Revenue of one cause: carrier × registration × truth. The causes lie one behind the other, in the order of a quote's amounts. */
const CAUSE_CELLS = CARRIER_LABELS.length * CLASS_COUNT * TRUTH_COUNT;
const SURCHARGE = CAUSE_CELLS;
const DCA_MARGIN = 2 * CAUSE_CELLS;
const AGGREGATOR_PRICE = 3 * CAUSE_CELLS;

/** Accounts there is room for at first; the column doubles when one more comes. */
const ACCOUNTS_AT_FIRST = 16;

/** The arrays of `Counters` by name, and its sum. */
export interface CountersState {
  readonly messages: Float64Array;
  readonly handsets: Float64Array;
  readonly inbound: Float64Array;
  readonly revenueMicros: Float64Array;
  readonly accountMicros: Float64Array;
  readonly reasons: Float64Array;
  readonly refusals: Float64Array;
  readonly chargedMicros: number;
}

export class Counters {
  /** carrier × route × registration × decision × truth */
  readonly messages = new Float64Array(
    CARRIER_LABELS.length * ROUTE_COUNT * CLASS_COUNT * DECISION_COUNT * TRUTH_COUNT,
  );
  /** carrier × registration × outcome × truth */
  readonly handsets = new Float64Array(CARRIER_LABELS.length * CLASS_COUNT * OUTCOME_COUNT * TRUTH_COUNT);
  /** carrier: messages from its handsets that were taken */
  readonly inbound = new Float64Array(CARRIER_LABELS.length);
  /** cause × carrier × registration × truth, micro-dollars. Cause and carrier say who is paid. `REVENUE_LABELS` names each cell. */
  readonly revenueMicros = new Float64Array(MESSAGE_CAUSES.length * CAUSE_CELLS);
  /** account handle plus one, micro-dollars charged to it; 0 for all senders whose account nobody declared */
  accountMicros = new Float64Array(ACCOUNTS_AT_FIRST);
  /** reason: registered, or why not; messages decided with it */
  readonly reasons = new Float64Array(REGISTRATION_REASONS.length);
  /** binding: refusals by the limit or rule that bound */
  readonly refusals = new Float64Array(BINDINGS.length);
  /** What all senders together were charged, micro-dollars. The sums of `revenueMicros` and of `accountMicros` always equal it. */
  chargedMicros = 0;

  /** From this instant on, `whenPeriodEnds` is called before the next message is counted. */
  periodEndMs = Infinity;
  /** Told when a message meets `periodEndMs`, so that what was counted before can be set apart; it has to move that on. */
  whenPeriodEnds: (nowMs: number) => void = () => undefined;

  /** Counts one decided message and, where it is charged, its postings. Allocates nothing but room for new accounts. */
  countDecision(slot: MessageSlot, truth: number): void {
    if (slot.atMs >= this.periodEndMs) this.whenPeriodEnds(slot.atMs);
    const registered = registrationLabelIndex(slot.registration);
    this.messages[messageIndex(slot.carrier, slot.route, registered, slot.code, truth)]! += 1;
    this.reasons[slot.registration]! += 1;
    this.refusals[slot.binding]! += 1;
    if (slot.quote.totalMicros !== 0) this.#post(slot, registered, truth);
  }

  /** Counts a message from a handset that was taken, and its postings. It is no message of `messages` and has no truth. */
  countInbound(slot: MessageSlot): void {
    if (slot.atMs >= this.periodEndMs) this.whenPeriodEnds(slot.atMs);
    this.inbound[slot.carrier]! += 1;
    if (slot.quote.totalMicros !== 0) this.#post(slot, registrationLabelIndex(slot.registration), 0);
  }

  countHandset(carrier: number, registered: number, outcome: number, truth: number): void {
    this.handsets[handsetIndex(carrier, registered, outcome, truth)]! += 1;
  }

  /** All counts; when a period ends is not part of them. */
  capture(): CountersState {
    const { messages, handsets, inbound, revenueMicros, accountMicros, reasons, refusals, chargedMicros } = this;
    return { messages, handsets, inbound, revenueMicros, accountMicros, reasons, refusals, chargedMicros };
  }

  /** Counts on from what another captured. */
  restore(state: CountersState): void {
    this.messages.set(state.messages);
    this.handsets.set(state.handsets);
    this.inbound.set(state.inbound);
    this.revenueMicros.set(state.revenueMicros);
    this.accountMicros = state.accountMicros.slice();
    this.reasons.set(state.reasons);
    this.refusals.set(state.refusals);
    this.chargedMicros = state.chargedMicros;
  }

  #post({ quote, carrier, account }: MessageSlot, registered: number, truth: number): void {
    const { carrierFeeMicros, surchargeMicros, dcaMicros, aggregatorMicros, totalMicros } = quote;
    if (carrierFeeMicros + surchargeMicros + dcaMicros + aggregatorMicros !== totalMicros) throw unbalanced(quote);
    if (account + 1 >= this.accountMicros.length) this.#makeRoomFor(account);
    const revenue = this.revenueMicros;
    const cell = (carrier * CLASS_COUNT + registered) * TRUTH_COUNT + truth;
    revenue[cell]! += carrierFeeMicros;
    revenue[cell + SURCHARGE]! += surchargeMicros;
    revenue[cell + DCA_MARGIN]! += dcaMicros;
    revenue[cell + AGGREGATOR_PRICE]! += aggregatorMicros;
    this.accountMicros[account + 1]! += totalMicros;
    this.chargedMicros += totalMicros;
  }

  #makeRoomFor(account: number): void {
    const larger = new Float64Array(2 * (account + 1));
    larger.set(this.accountMicros);
    this.accountMicros = larger;
  }
}

function unbalanced(quote: Quote): Error {
  return new Error(`the postings of a message do not sum to its price: ${JSON.stringify(quote)}`);
}

function messageIndex(carrier: number, route: number, registered: number, decision: number, truth: number): number {
  return (
    (((carrier * ROUTE_COUNT + route) * CLASS_COUNT + registered) * DECISION_COUNT + decision) * TRUTH_COUNT + truth
  );
}

function handsetIndex(carrier: number, registered: number, outcome: number, truth: number): number {
  return ((carrier * CLASS_COUNT + registered) * OUTCOME_COUNT + outcome) * TRUTH_COUNT + truth;
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

/** What revenue can be looked at by. */
export type RevenueAxis = 'payee' | 'cause' | 'carrier' | 'registration' | 'truth';
export type RevenueLabels = Readonly<Record<RevenueAxis, string>>;

/** The labels of each cell of `Counters.revenueMicros`. */
export const REVENUE_LABELS: readonly RevenueLabels[] = MESSAGE_CAUSES.flatMap((cause, place) =>
  CARRIER_LABELS.flatMap((carrier) =>
    REGISTRATION_LABELS.flatMap((registration) =>
      TRUTHS.map((truth) => ({
        payee: messagePayee(place, carrier),
        cause,
        carrier,
        registration,
        truth,
      })),
    ),
  ),
);

/** The non-zero cells of `messages`. For people and scrapes: allocates. */
export function messageCells(counters: Counters): Cell<'carrier' | 'route' | 'registration' | 'decision' | 'truth'>[] {
  return nonZeroCells(counters.messages, MESSAGE_AXES);
}

/** The non-zero cells of `handsets`. */
export function handsetCells(counters: Counters): Cell<'carrier' | 'registration' | 'outcome' | 'truth'>[] {
  return nonZeroCells(counters.handsets, HANDSET_AXES);
}

/** The non-zero cells of `revenueMicros`, in micro-dollars. */
export function revenueCells({ revenueMicros }: Counters): Cell<RevenueAxis>[] {
  return REVENUE_LABELS.map((labels, cell) => ({ labels, value: revenueMicros[cell]! })).filter(
    ({ value }) => value !== 0,
  );
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
