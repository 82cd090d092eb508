/**
 * What carriers' filters stop. A message has a score; those of good messages are spread as a standard normal, those of spam lie higher by a
 * separation, and whatever is above a threshold is dropped. So a filter is one point of an ROC curve, and the same score meets every
 * policy's threshold. A rule sees the score and the class of the sender, and not what the message is.
 *
 * The separation at a carrier follows from the two shares given for unregistered traffic. At the same separation the thresholds for registered
 * traffic and for the P2P route follow from the shares of spam that are filtered there.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { normalQuantile } from '../engine/normal.ts';
import type { Rules } from '../policies/index.ts';
import { parameterOf } from '../parameter-of.ts';
import type { Parameters } from '../run.ts';

/** How a message meets a filter. */
export const FilterClass = { Registered: 0, Unregistered: 1, P2p: 2 } as const;
const CLASSES = 3;

const BY_CARRIER: Readonly<Record<string, string>> = {
  att: 'filterSpamShareAtt',
  verizon: 'filterSpamShareVerizon',
  tmobile: 'filterSpamShareTmobile',
  uscellular: 'filterSpamShareUscellular',
  other: 'filterSpamShareOther',
};

export interface Filters {
  /** By `FilterClass` and carrier: `filterClass * carriers + carrier`. */
  readonly thresholds: Float64Array;
  /** By carrier: how much higher spam scores. */
  readonly separation: Float64Array;
}

export function newFilters(): Filters {
  return { thresholds: new Float64Array(CLASSES * CARRIERS.length), separation: new Float64Array(CARRIERS.length) };
}

/**
 * Sets what carriers filter under these rules. Analytics stand beside the filters there were: what either of them stops is stopped, and spam
 * never stands out less than it did without them.
 * @param analyticsMonths for how long there have been analytics: spammers learn to look less like spam to them
 */
export function setFilters(filters: Filters, parameters: Parameters, rules: Rules, analyticsMonths: number): void {
  const share = (id: string): number => parameterOf(parameters, id);
  const seen = (1 - share('analyticsEvasion')) ** analyticsMonths;
  const analytics = rules.hasAnalytics
    ? {
        threshold: quantileAbove(share('analyticsFalseShare')),
        separation: separationOf(share('analyticsSpamShare'), share('analyticsFalseShare')) * seen,
      }
    : { threshold: Infinity, separation: -Infinity };
  for (const [carrier, { id }] of CARRIERS.entries()) {
    const gain = carrier === rules.exitedCarrier ? share('exitFilterGain') : 0;
    const spamShare = share(BY_CARRIER[id]!) + gain;
    const separation = separationOf(spamShare, share('filterFalseShare'));
    filters.separation[carrier] = Math.max(separation, analytics.separation);
    const set = (filterClass: number, filtered: number): void => {
      const threshold = separation + quantileAbove(filtered);
      filters.thresholds[filterClass * CARRIERS.length + carrier] = Math.min(threshold, analytics.threshold);
    };
    set(FilterClass.Registered, share('filterSpamShareRegistered'));
    set(FilterClass.Unregistered, spamShare);
    set(FilterClass.P2p, share('filterSpamShareP2p'));
  }
}

/** How much higher spam scores where so much of it is filtered at the price of so many good messages. */
function separationOf(spamShare: number, falseShare: number): number {
  return quantileAbove(falseShare) - quantileAbove(spamShare);
}

/** Beyond this all or none is filtered. */
const SHARE_MIN = 1e-6;

/** The score that a share of draws lies above. */
function quantileAbove(share: number): number {
  return normalQuantile(1 - Math.min(1 - SHARE_MIN, Math.max(SHARE_MIN, share)));
}
