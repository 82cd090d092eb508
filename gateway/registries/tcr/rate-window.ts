/**
 * How many requests each key may send in a while: never more than `limit` in any stretch of `windowMs`, up to the millisecond.
 *
 * Own and small because time must come from the gateway's clock, so that a test or a simulated day sees the same limits;
 * @fastify/rate-limit asks the machine for the time. Each gateway counts for itself.
 */
export class RateWindow {
  readonly #limit: number;
  readonly #windowMs: number;
  /** By key, the times of its last `limit` requests, oldest first. As many keys as there are parties. */
  readonly #taken = new Map<string, number[]>();

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** By key, when its last requests were. */
  capture(): ReadonlyMap<string, readonly number[]> {
    return this.#taken;
  }

  restore(taken: ReadonlyMap<string, readonly number[]>): void {
    this.#taken.clear();
    for (const [key, times] of taken) this.#taken.set(key, [...times]);
  }

  /** 0 if the request may go on, and it is counted; otherwise the milliseconds until one may. */
  take(key: string, nowMs: number): number {
    const taken = this.#taken.get(key) ?? [];
    this.#taken.set(key, taken);
    if (taken.length >= this.#limit) {
      const freeAtMs = (taken[0] ?? -Infinity) + this.#windowMs;
      if (nowMs < freeAtMs) return freeAtMs - nowMs;
      taken.shift();
    }
    taken.push(nowMs);
    return 0;
  }
}
