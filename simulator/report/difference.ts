/** What a difference to the baseline says, once the interval has been looked at. */
import type { Estimate, PolicyFindings } from '../results.ts';
import type { MeasureId } from '../measures.ts';
import { isClear } from '../statistics/estimate.ts';

/**
 * `lower` and `higher` are clear: the interval leaves out 0. `same` is no difference in any run, `unclear` what chance may have done,
 * or a single run, `unmeasured` where nothing could be compared.
 */
export type Verdict = 'lower' | 'higher' | 'same' | 'unclear' | 'unmeasured';

export function verdictOf(difference: Estimate): Verdict {
  const { mean, low, high, runs } = difference;
  if (runs === 0 || Number.isNaN(mean)) return 'unmeasured';
  if (runs > 1 && mean === 0 && low === 0 && high === 0) return 'same';
  if (runs < 2 || !isClear(difference)) return 'unclear';
  return mean < 0 ? 'lower' : 'higher';
}

/** Difference as a share of the baseline's mean: -0.62 is 62 % less. NaN where that says nothing: a baseline that is not above 0. */
export function relativeTo(baseline: PolicyFindings, measure: MeasureId, difference: number): number {
  const { mean } = baseline.measures[measure];
  return mean > 0 ? difference / mean : Number.NaN;
}
