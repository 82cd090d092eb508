/**
 * Times that are lognormal, from tables of evenly spaced quantiles: a draw picks its row, and no logarithm or root is taken per message.
 */
import { probit } from 'simple-statistics';
import { DRAWS } from './fate.ts';

/** Rows of a table: fine enough that two neighbouring latencies differ by less than a tick. */
const QUANTILES = 1_024;
const DRAWS_PER_QUANTILE = DRAWS / QUANTILES;

/** The standard normal distribution at the middle of each row. */
const NORMAL = Float64Array.from({ length: QUANTILES }, (_, row) => probit((row + 0.5) / QUANTILES));

/** A lognormal time as it is asked for: the median, the sigma of its logarithm, and what longer draws are cut to. */
export interface Lognormal {
  readonly medianMs: number;
  readonly sigma: number;
  readonly capMs: number;
}

/** Times by row, whole milliseconds, at least 1. */
export function lognormalTable(time: Lognormal): Uint32Array {
  return Uint32Array.from({ length: QUANTILES }, (_, row) => lognormalAt(time, row));
}

/** The time in one row, of a distribution that is not worth a table. */
export function lognormalAt({ medianMs, sigma, capMs }: Lognormal, row: number): number {
  return Math.max(1, Math.round(Math.min(capMs, medianMs * Math.exp(sigma * NORMAL[row]!))));
}

/** The row of a draw. */
export function rowOf(draw: number): number {
  return (draw / DRAWS_PER_QUANTILE) | 0;
}

/** The row of the latest of `count` such times that do not depend on each other, from one draw. */
export function rowOfLatest(draw: number, count: number): number {
  if (count <= 1) return rowOf(draw);
  // Of the greatest of n even chances, u^(1/n) is the one that u is the first of.
  return Math.min(QUANTILES - 1, (((draw + 0.5) / DRAWS) ** (1 / count) * QUANTILES) | 0);
}
