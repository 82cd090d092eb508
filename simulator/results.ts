/**
 * What the policy lab finds: what one run counted, and what many runs say about a policy beside another.
 * Plain data, as it is written to JSON. Counts and micro-dollars are whole numbers in a run and means of them in a comparison.
 */
import type { MeasureId, SeriesId } from './measures.ts';
import type { Grade } from './scenarios/parameter-file.ts';

export type Truth = 'legit' | 'spam';

/** Messages that have everything about them in common. */
export interface Flow {
  readonly truth: Truth;
  readonly route: 'a2p' | 'p2p';
  readonly registration: 'registered' | 'unregistered';
  /** Id of a carrier, as in CARRIERS; `none` where the recipient's number is a landline's or nobody's. */
  readonly carrier: string;
  readonly outcome: 'delivered' | 'filtered' | 'blocked' | 'limited' | 'undelivered';
  readonly messages: number;
}

/** What one party paid another for one cause. */
export interface MoneyFlow {
  readonly payer: string;
  readonly payee: string;
  /** A cause of MESSAGE_CAUSES, the id of a fee of the tariff book, or one of the lab's own (`number_rent`, `fine`, ...). */
  readonly cause: string;
  /** Which traffic it was paid for. */
  readonly truth: Truth;
  readonly micros: number;
}

export interface RunOutcome {
  /** As asked for, such as `block-unregistered+closed-loop`. */
  readonly policy: string;
  readonly replication: number;
  readonly seed: number;
  /** Simulated, which is less than asked for in a run that was stopped. */
  readonly days: number;
  /** Hexadecimal, of all that follows. */
  readonly digest: string;
  readonly flows: readonly Flow[];
  readonly money: readonly MoneyFlow[];
  /** Share of spam sent by strategy, by the names of STRATEGIES; sums to 1 where there was any. */
  readonly strategies: Readonly<Record<string, number>>;
  /** NaN where there was nothing to measure, such as the time of traces without traces. */
  readonly measures: Readonly<Record<MeasureId, number>>;
  /** A figure for each day. */
  readonly daily: Readonly<Record<SeriesId, readonly number[]>>;
}

/** A mean over replications with its 95 % confidence interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Replications it is made of; the others had nothing to measure. */
  readonly runs: number;
}

export interface PolicyFindings {
  readonly policy: string;
  readonly title: string;
  /** The rule in one plain sentence. */
  readonly sentence: string;
  readonly measures: Readonly<Record<MeasureId, Estimate>>;
  /** Less the baseline in the same replication, on the same draws. An interval without 0 is a clear difference. */
  readonly versusBaseline: Readonly<Record<MeasureId, Estimate>>;
  /** Spam landed, less that under the policy with the lowest mean, in the same replication. An interval with 0 is a tie for the least. */
  readonly versusLeastSpam: Estimate;
  readonly daily: Readonly<Record<SeriesId, readonly Estimate[]>>;
  readonly strategies: Readonly<Record<string, number>>;
  /** Means over replications, largest first. */
  readonly money: readonly MoneyFlow[];
  readonly flows: readonly Flow[];
  /** Of each run, in the order of replications. */
  readonly digests: readonly string[];
}

/** One parameter as this comparison used it. */
export interface Assumption {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly grade: Grade;
  readonly source: string;
  readonly note: string;
  /** Whether the scenario sets another value than the parameter file. */
  readonly isOfScenario: boolean;
}

/** What a measure does when one parameter goes from its low to its high end and all others stay. */
export interface TornadoBar {
  readonly parameter: string;
  readonly title: string;
  readonly low: number;
  readonly high: number;
  readonly atLow: Estimate;
  readonly atHigh: Estimate;
}

export interface Tornado {
  readonly policy: string;
  readonly measure: MeasureId;
  readonly atBase: Estimate;
  /** Widest first. */
  readonly bars: readonly TornadoBar[];
}

/** Something the means say, and in how many of the draws of parameters it holds. */
export interface Conclusion {
  /** In plain words: "Spam landed is lower under ... than under ..." */
  readonly sentence: string;
  readonly holds: number;
  readonly of: number;
}

export interface Sensitivity {
  readonly tornados: readonly Tornado[];
  /** Latin-hypercube draws over all uncertain parameters. */
  readonly samples: number;
  readonly conclusions: readonly Conclusion[];
}

export interface Comparison {
  readonly format: 'tollgate-comparison/1';
  readonly scenario: {
    readonly id: string;
    readonly title: string;
    readonly description: string;
    /** YYYY-MM-DD. */
    readonly start: string;
  };
  readonly days: number;
  readonly scale: number;
  readonly seed: number;
  readonly replications: number;
  /** What makes it again, byte for byte. */
  readonly command: string;
  readonly version: string;
  /** Whether it was stopped before all runs were done; then `replications` counts those that every policy has. */
  readonly isPartial: boolean;
  /** Policy that the others are compared with: the first one. */
  readonly baseline: string;
  readonly policies: readonly PolicyFindings[];
  readonly assumptions: readonly Assumption[];
  readonly sensitivity: Sensitivity | null;
  /** Hexadecimal, of all digests of runs. */
  readonly digest: string;
}
