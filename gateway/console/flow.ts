/**
 * Where messages go and what is paid on the way, as the flow picture shows it: what was sent, the class of its number, the carrier,
 * and what became of it. Read off the counters twice a second; every row is there from the start, so that rows can be subtracted.
 */
import { CARRIER_LABELS, type Core, handsetCells, messageCells, revenueCells } from '../router/index.ts';

/** Totals since the start of one kind of message, of one class, at one carrier. Money is micro-dollars. */
export interface FlowRow {
  /** Spam takes in smishing; everything else is wanted, what nobody labelled included. */
  readonly kind: 'wanted' | 'spam';
  readonly registration: 'registered' | 'unregistered';
  readonly carrier: string;
  delivered: number;
  filtered: number;
  undelivered: number;
  /** Refused for being unregistered. */
  blocked: number;
  /** Refused for any other reason. */
  refused: number;
  /** Accepted, whatever became of them since. */
  accepted: number;
  carrierFeeMicros: number;
  surchargeMicros: number;
  /** What the direct connect aggregator and the aggregator were paid. */
  aggregatorMicros: number;
}

const KINDS = ['wanted', 'spam'] as const;
const REGISTRATIONS = ['registered', 'unregistered'] as const;
const SPAM_TRUTHS: readonly string[] = ['spam', 'smishing'];

const keyOf = (truth: string, registration: string, carrier: string): string =>
  `${SPAM_TRUTHS.includes(truth) ? 'spam' : 'wanted'} ${registration} ${carrier}`;

export function flowOf({ counters }: Core): readonly FlowRow[] {
  const rows = new Map<string, FlowRow>();
  for (const kind of KINDS) {
    for (const registration of REGISTRATIONS) {
      for (const carrier of CARRIER_LABELS.slice(0, -1)) {
        rows.set(`${kind} ${registration} ${carrier}`, emptyRow(kind, registration, carrier));
      }
    }
  }
  for (const { labels, value } of messageCells(counters)) {
    const row = rows.get(keyOf(labels.truth, labels.registration, labels.carrier));
    if (row === undefined) continue;
    if (labels.decision === 'accepted') row.accepted += value;
    else if (labels.decision === 'unregistered_blocked' || labels.decision === 'unregistered_filtered') {
      row.blocked += value;
    } else row.refused += value;
  }
  for (const { labels, value } of handsetCells(counters)) {
    const row = rows.get(keyOf(labels.truth, labels.registration, labels.carrier));
    if (row === undefined) continue;
    if (labels.outcome === 'delivered') row.delivered += value;
    else if (labels.outcome === 'filtered') row.filtered += value;
    else if (labels.outcome === 'undelivered') row.undelivered += value;
  }
  for (const { labels, value } of revenueCells(counters)) {
    const row = rows.get(keyOf(labels.truth, labels.registration, labels.carrier));
    if (row === undefined) continue;
    if (labels.cause === 'carrier_fee') row.carrierFeeMicros += value;
    else if (labels.cause === 'unregistered_surcharge') row.surchargeMicros += value;
    else row.aggregatorMicros += value;
  }
  return [...rows.values()];
}

function emptyRow(kind: FlowRow['kind'], registration: FlowRow['registration'], carrier: string): FlowRow {
  return {
    kind,
    registration,
    carrier,
    delivered: 0,
    filtered: 0,
    undelivered: 0,
    blocked: 0,
    refused: 0,
    accepted: 0,
    carrierFeeMicros: 0,
    surchargeMicros: 0,
    aggregatorMicros: 0,
  };
}
