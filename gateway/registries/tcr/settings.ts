/** What an operator may set of the campaign registry, with what holds if nothing is set. */
import type { Rng } from '../../router/index.ts';

/** The shortest and the longest something takes, milliseconds; drawn evenly between. */
export type Delay = readonly [min: number, max: number];

const SECOND = 1_000;
const HOUR = 3_600_000;

export interface TcrSettings {
  /** Factor on all delays below: 0 does everything at once, 1 takes as long as in life. */
  readonly timeScale: number;
  readonly delays: {
    /** Identity check of a brand. */
    readonly scoring: Delay;
    readonly vetting: Delay;
    /** A DCA's look at a campaign that was shared up to it. */
    readonly dcaReview: Delay;
    /** A carrier's approval, by MNO id, from the DCA's acceptance on. */
    readonly mnoReview: Readonly<Record<number, Delay>>;
  };
  /** Whether a DCA accepts by itself when its look is over, or only when it or the operator says so. */
  readonly dcaAccepts: 'after-review' | 'when-told';
  readonly readsPerSecond: number;
  readonly writesPerTenSeconds: number;
  readonly brandsPerCsp: number;
  readonly campaignsPerBrand: number;
  readonly soleProprietor: boolean;
  /** ISO codes of countries whose brands are not taken. Which they are was not published. */
  readonly blockedCountries: readonly string[];
  /** The operator's table of tax id (without punctuation) -> legal name. */
  readonly legalNames: ReadonlyMap<string, string>;
}

/**
 * Delays: scoring "may take more than 10 seconds", usually under two minutes; vetting 30 seconds to 24 hours (both the
 * service's own words); a DCA 3 to 5 days (Bandwidth); T-Mobile up to a day, AT&T and Verizon 1 to 3, US Cellular 3 to 5
 * (Telnyx). Published as business days, taken as days.
 */
export const DEFAULT_SETTINGS: TcrSettings = {
  timeScale: 1,
  delays: {
    scoring: [10 * SECOND, 120 * SECOND],
    vetting: [30 * SECOND, 24 * HOUR],
    dcaReview: [72 * HOUR, 120 * HOUR],
    mnoReview: {
      10017: [24 * HOUR, 72 * HOUR],
      10035: [1 * HOUR, 24 * HOUR],
      10037: [72 * HOUR, 120 * HOUR],
      10038: [24 * HOUR, 72 * HOUR],
    },
  },
  dcaAccepts: 'after-review',
  readsPerSecond: 20,
  writesPerTenSeconds: 20,
  brandsPerCsp: 100_000,
  campaignsPerBrand: 100,
  soleProprietor: true,
  blockedCountries: ['CU', 'IR', 'KP', 'SY'],
  legalNames: new Map(),
};

/** One delay, drawn and scaled. */
export function drawDelay(rng: Rng, [min, max]: Delay, timeScale: number): number {
  return Math.round((min + rng.next() * (max - min)) * timeScale);
}
