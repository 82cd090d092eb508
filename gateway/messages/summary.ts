/**
 * What the gateway shows at a glance: how much passes, how much of it is spam, and who is paid for that.
 * Read off the counters a few times a second; the terminal, the live page and tests all show this one object.
 */
import { CARRIER_LABELS, type Core, handsetCells, messageCells, revenueCells } from '../router/index.ts';
import type { MessageStore } from './message-store.ts';

export interface CarrierSummary {
  readonly carrier: string;
  accepted: number;
  refused: number;
  /** Spam and smishing that reached handsets, by class of its sender. */
  spamDeliveredRegistered: number;
  spamDeliveredUnregistered: number;
  /** What this carrier was paid for spam and smishing, and how much of it was the surcharge for being unregistered. */
  spamRevenueMicros: number;
  spamSurchargeMicros: number;
}

export interface Summary {
  readonly atMs: number;
  decided: number;
  accepted: number;
  refused: number;
  registered: number;
  unregistered: number;
  /** Refused because unregistered, by a `block` or `filter` regime. */
  blocked: number;
  /** Accepted and not yet at their end. */
  readonly inFlight: number;
  readonly registryNumbers: number;
  delivered: number;
  filtered: number;
  undelivered: number;
  spamSent: number;
  spamDelivered: number;
  spamDeliveredRegistered: number;
  spamDeliveredUnregistered: number;
  /** Everything senders were charged, and the part for spam and smishing. */
  readonly chargedMicros: number;
  spamChargedMicros: number;
  spamSurchargeMicros: number;
  /** Sent on the P2P route, paying no carrier. */
  bypassed: number;
  readonly carriers: readonly CarrierSummary[];
}

const SPAM_TRUTHS: readonly string[] = ['spam', 'smishing'];

export function summarise(core: Core, store: MessageStore, nowMs: number): Summary {
  const carriers = CARRIER_LABELS.slice(0, -1).map((carrier): CarrierSummary => ({
    carrier,
    accepted: 0,
    refused: 0,
    spamDeliveredRegistered: 0,
    spamDeliveredUnregistered: 0,
    spamRevenueMicros: 0,
    spamSurchargeMicros: 0,
  }));
  const summary: Summary = {
    atMs: nowMs,
    decided: 0,
    accepted: 0,
    refused: 0,
    registered: 0,
    unregistered: 0,
    blocked: 0,
    inFlight: store.inFlightCount,
    registryNumbers: core.registry.count,
    delivered: 0,
    filtered: 0,
    undelivered: 0,
    spamSent: 0,
    spamDelivered: 0,
    spamDeliveredRegistered: 0,
    spamDeliveredUnregistered: 0,
    chargedMicros: core.counters.chargedMicros,
    spamChargedMicros: 0,
    spamSurchargeMicros: 0,
    bypassed: 0,
    carriers,
  };

  const byCarrier = new Map(carriers.map((one) => [one.carrier, one]));
  for (const { labels, value } of messageCells(core.counters)) {
    const outcome = labels.decision === 'accepted' ? 'accepted' : 'refused';
    const carrier = byCarrier.get(labels.carrier);
    summary.decided += value;
    summary[outcome] += value;
    if (carrier !== undefined) carrier[outcome] += value;
    if (labels.registration === 'registered') summary.registered += value;
    else if (labels.registration === 'unregistered') summary.unregistered += value;
    if (labels.decision === 'unregistered_blocked' || labels.decision === 'unregistered_filtered') {
      summary.blocked += value;
    }
    if (SPAM_TRUTHS.includes(labels.truth)) summary.spamSent += value;
    if (labels.route === 'p2p' && outcome === 'accepted') summary.bypassed += value;
  }

  for (const { labels, value } of handsetCells(core.counters)) {
    if (labels.outcome === 'filtered') summary.filtered += value;
    else if (labels.outcome === 'undelivered') summary.undelivered += value;
    else if (labels.outcome === 'delivered') {
      summary.delivered += value;
      if (!SPAM_TRUTHS.includes(labels.truth)) continue;
      const key = labels.registration === 'registered' ? 'spamDeliveredRegistered' : 'spamDeliveredUnregistered';
      const carrier = byCarrier.get(labels.carrier);
      summary.spamDelivered += value;
      summary[key] += value;
      if (carrier !== undefined) carrier[key] += value;
    }
  }

  for (const { labels, value } of revenueCells(core.counters)) {
    if (!SPAM_TRUTHS.includes(labels.truth)) continue;
    const isSurcharge = labels.cause === 'unregistered_surcharge';
    const carrier = byCarrier.get(labels.payee);
    summary.spamChargedMicros += value;
    if (isSurcharge) summary.spamSurchargeMicros += value;
    if (carrier === undefined) continue;
    carrier.spamRevenueMicros += value;
    if (isSurcharge) carrier.spamSurchargeMicros += value;
  }
  return summary;
}
