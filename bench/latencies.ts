/** How long requests took, fine enough for the few that took longest. */
import { build } from 'hdr-histogram-js';

export interface LatencyReport {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

const US_PER_MS = 1_000;
/** What is told apart; nothing takes less. */
export const LATENCY_STEP_MS = 1 / US_PER_MS;

export class Latencies {
  readonly #us = build({ bitBucketSize: 32, numberOfSignificantValueDigits: 3 });

  add(ms: number): void {
    this.#us.recordValue(Math.max(1, Math.round(ms * US_PER_MS)));
  }

  report(): LatencyReport {
    const at = (percent: number): number => this.#us.getValueAtPercentile(percent) / US_PER_MS;
    return { p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9) };
  }
}
