/**
 * What the gateway shows at a glance: how much passes, how much of it is spam, and who is paid for that.
 * Read off the counters a few times a second; the terminal, the live page and tests all show this one object.
 */
import {
  CARRIER_LABELS,
  CAUSES,
  type Core,
  DecisionCode,
  eachHandsetCount,
  eachMessageCount,
  eachRevenue,
  HandsetOutcome,
  PAYEES,
  REGISTRATION_LABELS,
  ROUTES,
  TRUTHS,
} from '../router/index.ts';
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

const IS_SPAM: readonly boolean[] = TRUTHS.map((truth) => truth === 'spam' || truth === 'smishing');
const REGISTERED = REGISTRATION_LABELS.indexOf('registered');
const P2P = ROUTES.indexOf('p2p');
const SURCHARGE = CAUSES.indexOf('unregistered_surcharge');

export function summarise(core: Core, store: MessageStore, nowMs: number): Summary {
  const carriers = CARRIER_LABELS.slice(0, -1).map(
    (carrier): CarrierSummary => ({
      carrier,
      accepted: 0,
      refused: 0,
      spamDeliveredRegistered: 0,
      spamDeliveredUnregistered: 0,
      spamRevenueMicros: 0,
      spamSurchargeMicros: 0,
    }),
  );
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

  eachMessageCount(core.counters, ([carrier, route, registration, decision, truth], count) => {
    const isAccepted = decision === DecisionCode.Accepted;
    const one = carriers[carrier!];
    summary.decided += count;
    summary[isAccepted ? 'accepted' : 'refused'] += count;
    if (one !== undefined) one[isAccepted ? 'accepted' : 'refused'] += count;
    if (registration === REGISTERED) summary.registered += count;
    else if (one !== undefined) summary.unregistered += count;
    if (decision === DecisionCode.UnregisteredBlocked || decision === DecisionCode.UnregisteredFiltered) {
      summary.blocked += count;
    }
    if (IS_SPAM[truth!]) summary.spamSent += count;
    if (route === P2P && isAccepted) summary.bypassed += count;
  });

  eachHandsetCount(core.counters, ([carrier, registration, outcome, truth], count) => {
    if (outcome === HandsetOutcome.Filtered) summary.filtered += count;
    else if (outcome === HandsetOutcome.Undelivered) summary.undelivered += count;
    else if (outcome === HandsetOutcome.Delivered) {
      summary.delivered += count;
      if (!IS_SPAM[truth!]) return;
      const key = registration === REGISTERED ? 'spamDeliveredRegistered' : 'spamDeliveredUnregistered';
      summary.spamDelivered += count;
      summary[key] += count;
      const one = carriers[carrier!];
      if (one !== undefined) one[key] += count;
    }
  });

  eachRevenue(core.counters, ([payee, cause, , truth], micros) => {
    if (!IS_SPAM[truth!]) return;
    summary.spamChargedMicros += micros;
    const one = payee! < carriers.length && PAYEES[payee!] === carriers[payee!]!.carrier ? carriers[payee!] : undefined;
    if (one !== undefined) one.spamRevenueMicros += micros;
    if (cause !== SURCHARGE) return;
    summary.spamSurchargeMicros += micros;
    if (one !== undefined) one.spamSurchargeMicros += micros;
  });
  return summary;
}
