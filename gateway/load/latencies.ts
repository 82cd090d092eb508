/** How long things took, fine enough for the few that took longest; what threads have counted apart can be added up. */
import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export interface LatencyReport {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly p9999Ms: number;
  readonly maxMs: number;
}

/** What was counted in one thread, for another. */
export interface EncodedLatencies {
  /** In the format that tools for HDR histograms read, in microseconds. */
  readonly us: string;
  /** The histogram knows it to some digits only. */
  readonly maxMs: number;
}

const US_PER_MS = 1_000;
/** What is told apart; nothing takes less. */
export const LATENCY_STEP_MS = 1 / US_PER_MS;

export class Latencies {
  readonly #us: Histogram;
  #maxMs = 0;

  /** @param digits significant ones that are kept */
  constructor(digits: 2 | 3 = 3) {
    this.#us = build({ bitBucketSize: 32, numberOfSignificantValueDigits: digits });
  }

  get count(): number {
    return this.#us.totalCount;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  add(ms: number): void {
    const us = Math.max(1, Math.round(ms * US_PER_MS));
    this.#us.recordValue(us);
    if (us > this.#maxMs * US_PER_MS) this.#maxMs = us / US_PER_MS;
  }

  /** Adds what was counted in another thread. */
  addEncoded({ us, maxMs }: EncodedLatencies): void {
    this.#us.add(decodeFromCompressedBase64(us, 32));
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  /** All that was counted. */
  encoded(): EncodedLatencies {
    return { us: encodeIntoCompressedBase64(this.#us), maxMs: this.#maxMs };
  }

  /** Forgets what was counted. */
  clear(): void {
    this.#us.reset();
    this.#maxMs = 0;
  }

  /** The time that so many percent took at most. */
  atMs(percent: number): number {
    return Math.min(this.#us.getValueAtPercentile(percent) / US_PER_MS, this.#maxMs);
  }

  report(): LatencyReport {
    return {
      count: this.count,
      meanMs: this.count === 0 ? 0 : this.#us.mean / US_PER_MS,
      p50Ms: this.atMs(50),
      p90Ms: this.atMs(90),
      p95Ms: this.atMs(95),
      p99Ms: this.atMs(99),
      p999Ms: this.atMs(99.9),
      p9999Ms: this.atMs(99.99),
      maxMs: this.maxMs,
    };
  }
}
