/**
 * How each simulated carrier behaves towards each way a message can come: from a long code over A2P, over P2P, from a toll-free number.
 *
 * What is sourced is the order and the kind of things. Long codes give a carrier's receipt and no more, ACCEPTD at best (Bandwidth, DLR
 * FAQs; Aerialink, Basic Code Information), and it comes before the spam filter (Convey, Delivery Receipt; IntelePeer, SMS Delivery
 * Receipts); toll-free numbers get one of the handset, DELIVRD (the same). Verizon gives one receipt for all segments of a message
 * (Convey). No receipt comes from Pinger, Enflick/TextNow, MetroPCS, Google Voice, Bandwidth and some more (Convey, DLR confirmation):
 * most of these are in the group of other carriers. A receipt may take 72 hours (iP.1).
 *
 * No distribution of US A2P latency, receipt loss, filter accuracy or complaints has been published: every figure here is an assumption.
 * "Seconds" is all the sources say of latency. Unregistered traffic meets a stricter filter than registered traffic, as
 * carriers announced without figures. Receipts that are lost, late or come twice are off: how many do is not known. Reports
 * to 7726 come hours to days after the message, and thousands of messages get through before a number is blocked (AT&T Research, 2012).
 */
import { CARRIERS, isTollFree } from '../../registry-cache/index.ts';
import { Route } from '../router/index.ts';
import { DELIVERY_VALIDITY_MS } from '../limits.ts';
import type { Lognormal } from './lognormal.ts';

/** How a message comes to its carrier. */
export const Way = { LongCode: 0, P2p: 1, TollFree: 2 } as const;
export const WAYS: readonly string[] = ['long_code', 'p2p', 'toll_free'];

/** The way of a message from the number `senders[at]` by a `Route`. */
export function wayOf(senders: Float64Array, at: number, route: number): number {
  if (isTollFree(senders[at]!)) return Way.TollFree;
  return route === Route.P2p ? Way.P2p : Way.LongCode;
}

/** All shares are from 0 to 1. */
export interface CarrierProfile {
  /** From the carrier's taking a message to its receipt; with one receipt for each segment, to each of them. */
  readonly receiptTime: Lognormal;
  /** From then to the handset. */
  readonly handsetTime: Lognormal;
  /** Share of messages to phones that are off, out of cover or gone, or whose owners block the sender. */
  readonly unreachableShare: number;

  /** Whether the receipt tells of the handset, and comes with it; else it tells that the carrier took the message, before the filter. */
  readonly receiptIsOfHandset: boolean;
  /** Whether each segment has a receipt of its own: the message's is there when the last one is. */
  readonly receiptPerSegment: boolean;
  /** Share of phones, always the same ones, for which there never is a receipt. */
  readonly receiptlessShare: number;
  readonly receiptLostShare: number;
  readonly receiptLateShare: number;
  /** How much longer a late receipt takes. */
  readonly receiptLateTime: Lognormal;
  readonly receiptDuplicateShare: number;

  /** Share of what reads as spam that the filter drops, by class of the sender. */
  readonly filterShareRegistered: number;
  readonly filterShareUnregistered: number;
  /** Share of all other messages that the filter drops all the same. */
  readonly falseFilterShare: number;

  /** Share of delivered messages that read as spam of which the recipient complains, and how long after. */
  readonly complaintShare: number;
  readonly complaintTime: Lognormal;
  /** So many complaints within so long have the number blocked at the carrier. */
  readonly complaintsToBlock: number;
  readonly complaintWindowMs: number;
}

/** Longest latency of either leg; longer draws are cut to it. */
export const LATENCY_CAP_MS = 8_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const COMMON: Omit<CarrierProfile, 'receiptTime' | 'filterShareUnregistered'> = {
  handsetTime: { medianMs: 350, sigma: 0.6, capMs: LATENCY_CAP_MS },
  unreachableShare: 0.02,
  receiptIsOfHandset: false,
  receiptPerSegment: true,
  receiptlessShare: 0,
  receiptLostShare: 0,
  receiptLateShare: 0,
  receiptLateTime: { medianMs: 10 * MINUTE_MS, sigma: 1.5, capMs: DELIVERY_VALIDITY_MS },
  receiptDuplicateShare: 0,
  filterShareRegistered: 0.05,
  falseFilterShare: 0.002,
  complaintShare: 0.005,
  complaintTime: { medianMs: 6 * HOUR_MS, sigma: 1.2, capMs: 7 * DAY_MS },
  complaintsToBlock: 10,
  complaintWindowMs: DAY_MS,
};

interface Own extends Partial<CarrierProfile> {
  readonly receiptMedianMs: number;
  readonly filterShareUnregistered: number;
}

const BY_CARRIER: Readonly<Record<string, Own>> = {
  att: { receiptMedianMs: 220, filterShareUnregistered: 0.3 },
  verizon: { receiptMedianMs: 260, filterShareUnregistered: 0.35, receiptPerSegment: false },
  tmobile: { receiptMedianMs: 240, filterShareUnregistered: 0.25 },
  uscellular: { receiptMedianMs: 320, filterShareUnregistered: 0.15 },
  other: { receiptMedianMs: 400, filterShareUnregistered: 0.1, receiptlessShare: 0.5 },
};

function profilesOf({ receiptMedianMs, ...own }: Own): readonly CarrierProfile[] {
  const longCode = { ...COMMON, ...own, receiptTime: { medianMs: receiptMedianMs, sigma: 0.5, capMs: LATENCY_CAP_MS } };
  return [longCode, longCode, { ...longCode, receiptIsOfHandset: true }];
}

/** Profiles by carrier, in the order of CARRIERS, and `Way`. */
export const CARRIER_PROFILES: readonly (readonly CarrierProfile[])[] = CARRIERS.map(({ id }) => {
  const own = BY_CARRIER[id];
  if (own === undefined) throw new Error(`no delivery profile for carrier ${id}`);
  return profilesOf(own);
});
