/** How long changes took to arrive, counted by change. */
import { build } from 'hdr-histogram-js';

export interface LagReport {
  readonly changes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Longer than any lag that would be of interest. */
const LAG_MS_MAX = 60_000;

export class LagHistogram {
  #lags = empty();

  /** Both clocks count whole milliseconds, so a lag of 0 is possible; the histogram begins at 1. */
  add(lagMs: number, changes: number): void {
    this.#lags.recordValueWithCount(Math.min(Math.max(1, Math.round(lagMs)), LAG_MS_MAX), changes);
  }

  /** What was added since the last time. */
  take(): LagReport {
    const lags = this.#lags;
    this.#lags = empty();
    return {
      changes: lags.totalCount,
      p50Ms: lags.getValueAtPercentile(50),
      p99Ms: lags.getValueAtPercentile(99),
      maxMs: lags.maxValue,
    };
  }
}

function empty(): ReturnType<typeof build> {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: LAG_MS_MAX, numberOfSignificantValueDigits: 3 });
}
