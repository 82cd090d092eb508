/** Carriers that take only so many messages a second: one count for each carrier and route. */
import { CARRIERS } from '../../registry-cache/index.ts';
import { CARRIER_BURST_MS } from '../limits.ts';
import { ROUTES } from '../router/index.ts';

const SECOND_MS = 1_000;

export class Throttles {
  /** The rate asked for last, and when the messages taken at it are worked off. */
  readonly #perSecond = new Float64Array(CARRIERS.length * ROUTES.length);
  readonly #busyUntilMs = new Float64Array(CARRIERS.length * ROUTES.length);

  /** All that is known here. */
  get columns(): readonly Float64Array[] {
    return [this.#perSecond, this.#busyUntilMs];
  }

  /** Takes one message at a rate, if the carrier is not ahead of it by more than CARRIER_BURST_MS; whether it did. */
  take(carrier: number, route: number, perSecond: number, nowMs: number): boolean {
    if (perSecond <= 0) return false;
    const at = carrier * ROUTES.length + route;
    if (this.#perSecond[at] !== perSecond) {
      this.#perSecond[at] = perSecond;
      this.#busyUntilMs[at] = nowMs;
    }
    const busyUntilMs = Math.max(nowMs, this.#busyUntilMs[at]!);
    if (busyUntilMs > nowMs + CARRIER_BURST_MS) return false;
    this.#busyUntilMs[at] = busyUntilMs + SECOND_MS / perSecond;
    return true;
  }
}
