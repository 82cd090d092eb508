/**
 * How each simulated carrier behaves once it has a message.
 *
 * No distribution of US A2P latency, receipt loss or filter accuracy has been published, so every figure here is an
 * assumption: "seconds" is all the sources say of latency, and only the order of things is sourced (the receipt comes
 * before the spam filter; handset receipts do not exist on 10DLC). Unregistered traffic meets a stricter filter than
 * registered traffic, as carriers announced without figures.
 */
import { CARRIERS } from '../../registry-cache/index.ts';

export interface CarrierProfile {
  /** Median of the lognormal time from acceptance to the carrier's receipt. */
  readonly receiptMedianMs: number;
  /** Sigma of its logarithm. */
  readonly receiptSigma: number;
  /** Median of the lognormal time from the receipt to the handset. */
  readonly handsetMedianMs: number;
  readonly handsetSigma: number;
  /** Share of messages to phones that are off, out of cover or gone. */
  readonly unreachableShare: number;
  /** Share of suspicious texts that the filter drops, by class of the sender. */
  readonly filterShareRegistered: number;
  readonly filterShareUnregistered: number;
  /** Share of unsuspicious texts that the filter drops all the same. */
  readonly falseFilterShare: number;
}

/** Longest latency of either leg; longer draws are cut to it. */
export const LATENCY_CAP_MS = 8_000;

const BY_CARRIER: Readonly<Record<string, CarrierProfile>> = {
  att: profile({ receiptMedianMs: 220, filterShareUnregistered: 0.3 }),
  verizon: profile({ receiptMedianMs: 260, filterShareUnregistered: 0.35 }),
  tmobile: profile({ receiptMedianMs: 240, filterShareUnregistered: 0.25 }),
  uscellular: profile({ receiptMedianMs: 320, filterShareUnregistered: 0.15 }),
  other: profile({ receiptMedianMs: 400, filterShareUnregistered: 0.1 }),
};

function profile(own: Pick<CarrierProfile, 'receiptMedianMs' | 'filterShareUnregistered'>): CarrierProfile {
  return {
    receiptSigma: 0.5,
    handsetMedianMs: 350,
    handsetSigma: 0.6,
    unreachableShare: 0.02,
    filterShareRegistered: 0.05,
    falseFilterShare: 0.002,
    ...own,
  };
}

/** Profiles in the order of CARRIERS. */
export const CARRIER_PROFILES: readonly CarrierProfile[] = CARRIERS.map((carrier) => {
  const found = BY_CARRIER[carrier.id];
  if (found === undefined) throw new Error(`no delivery profile for carrier ${carrier.id}`);
  return found;
});
