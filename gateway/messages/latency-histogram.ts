/** How long something took, counted into fixed buckets: a few nanoseconds per observation, read at scrape. */

export interface LatencyHistogramState {
  readonly counts: Float64Array;
  readonly sumNs: number;
  readonly count: number;
}

export class LatencyHistogram {
  /** Upper bounds in nanoseconds, ascending; the last bucket, beyond them, is unbounded. */
  readonly boundsNs: Float64Array;
  /** Observations per bucket, not cumulative; one more than there are bounds. */
  readonly counts: Float64Array;
  sumNs = 0;
  count = 0;

  constructor(boundsNs: readonly number[]) {
    this.boundsNs = Float64Array.from(boundsNs);
    this.counts = new Float64Array(boundsNs.length + 1);
  }

  /** Counts `times` of something that each took `ns`. Returns the bucket. */
  observe(ns: number, times = 1): number {
    const bounds = this.boundsNs;
    let bucket = 0;
    while (bucket < bounds.length && ns > bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += times;
    this.sumNs += ns * times;
    this.count += times;
    return bucket;
  }

  capture(): LatencyHistogramState {
    const { sumNs, count } = this;
    return { counts: this.counts.slice(), sumNs, count };
  }

  /** Takes over what another with the same bounds captured. */
  restore({ counts, sumNs, count }: LatencyHistogramState): void {
    this.counts.set(counts);
    this.sumNs = sumNs;
    this.count = count;
  }
}

/** In place of a message's sequence number, where there is no message. */
export const NO_SEQUENCE = -1;

/**
 * The same, of messages. It remembers the latest of each bucket, so that a slow one can be looked at; who observes writes it down, column
 * by column, since a call would have its numbers boxed.
 */
export class NamedLatencies extends LatencyHistogram {
  /** By bucket: the sequence number of its latest message in the store, or NO_SEQUENCE. */
  readonly sequences: Float64Array;
  /** By bucket: how long that one took. */
  readonly lastNs: Float64Array;
  /** By bucket: when that was. */
  readonly atMs: Float64Array;

  constructor(boundsNs: readonly number[]) {
    super(boundsNs);
    this.sequences = new Float64Array(boundsNs.length + 1).fill(NO_SEQUENCE);
    this.lastNs = new Float64Array(boundsNs.length + 1);
    this.atMs = new Float64Array(boundsNs.length + 1);
  }

  /** Lets go of the messages: their numbers are others' now. */
  forgetNames(): void {
    this.sequences.fill(NO_SEQUENCE);
  }
}

/** From a quarter of a microsecond, about what a decision costs, to one that met a collection. */
export const DECISION_BOUNDS_NS: readonly number[] = [
  250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 64_000, 256_000, 1_000_000, 10_000_000,
];

/** From a tenth of a second, a burst over a rate, to a day and beyond, a month's quota that is used up. */
export const RETRY_AFTER_BOUNDS_NS: readonly number[] = [
  0.1e9, 0.5e9, 1e9, 5e9, 15e9, 60e9, 300e9, 3_600e9, 21_600e9, 86_400e9,
];
