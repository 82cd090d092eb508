/** Figures of many runs -> a mean and how sure of it one may be. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { Estimate } from '../results.ts';
import { tBound } from './student-t.ts';

const CONFIDENCE = 0.95;

/**
 * Mean and t interval of the figures there are: NaN is a run with nothing to measure and left out. Without two runs nothing is known of
 * the spread: `low` and `high` are NaN; without any so is the mean.
 */
export function estimateOf(figures: readonly number[]): Estimate {
  const measured = figures.filter((figure) => !Number.isNaN(figure));
  const runs = measured.length;
  if (runs === 0) return { mean: Number.NaN, low: Number.NaN, high: Number.NaN, runs };
  const middle = mean([...measured]);
  if (runs === 1) return { mean: middle, low: Number.NaN, high: Number.NaN, runs };
  const reach = (tBound(runs - 1, CONFIDENCE) * sampleStandardDeviation([...measured])) / Math.sqrt(runs);
  return { mean: middle, low: middle - reach, high: middle + reach, runs };
}

/**
 * Of the differences of two sets of runs, replication by replication. On common random numbers they vary far less than either set does.
 * A pair of which one has nothing to measure is left out.
 */
export function estimateDifference(figures: readonly number[], baseline: readonly number[]): Estimate {
  return estimateOf(figures.map((figure, replication) => figure - (baseline[replication] ?? Number.NaN)));
}

/** Whether the interval leaves out 0: a difference that is more than chance. */
export function isClear({ low, high }: Estimate): boolean {
  return low > 0 || high < 0;
}
