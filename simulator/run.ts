/** One run of one policy: the same decisions as the gateway's, on a virtual clock, with actors that adapt. */
import type { RunOutcome } from './results.ts';

/** Values of all parameters by id, in the units of the parameter file. */
export type Parameters = Readonly<Record<string, number>>;

/** Another value for some parameters from a day on. */
export interface ScenarioEvent {
  /** Days since the start; may have a fraction. */
  readonly day: number;
  readonly title: string;
  readonly set: Parameters;
}

export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Midnight Pacific of the first day, milliseconds since the epoch. */
  readonly startMs: number;
  readonly days: number;
  /** Whether prices are those of the simulated day, or of the first one throughout. */
  readonly prices: 'by-date' | 'of-start';
  /** What carriers do with unregistered traffic as the history file has it, or the seed's world throughout. */
  readonly regimes: 'by-date' | 'charge-more';
  /** All parameters, the scenario's own values in. */
  readonly parameters: Parameters;
  readonly events: readonly ScenarioEvent[];
}

/** One policy of a combination and the day it begins. */
export interface PolicyStart {
  readonly id: string;
  /** Days since the start of the run. */
  readonly day: number;
}

export interface RunRequest {
  readonly scenario: Scenario;
  /** The combination as it was written, such as `kyc@10+fines`. */
  readonly policy: string;
  readonly starts: readonly PolicyStart[];
  readonly seed: number;
  /** Counted from 0. Same seed and replication, same draws, whatever the policy. */
  readonly replication: number;
  readonly days: number;
  /** Multiplies how many brands, spammers and numbers there are. */
  readonly scale: number;
}

/** Told at the end of each simulated day; false ends the run there. */
export type OnDay = (day: number) => boolean;

export type Run = (request: RunRequest, onDay?: OnDay) => RunOutcome;
