/**
 * Counters for limits given per day, a day being one of Los Angeles: T-Mobile's cap per brand.
 *
 * A counter resets by being seen on a later day; there is no sweep at midnight. A day before the latest one seen counts as the
 * latest, so that a clock set back never finds an unused day.
 *
 * Memory: 12 bytes per key.
 */
import type { Allowance, Ask } from './allowance.ts';
import { type PacificDay, pacificDayAt } from './pacific-day.ts';

/** Before any day there is. */
const NEVER = -0x8000_0000;

export class PacificDays implements Allowance {
  #days: Int32Array;
  #used: Float64Array;
  /** The day of the latest ask, kept so that time zones are worked out once a day. */
  #day: PacificDay = { ordinal: NEVER, startMs: 0, endMs: 0 };

  constructor(keyCount = 0) {
    this.#days = new Int32Array(keyCount).fill(NEVER);
    this.#used = new Float64Array(keyCount);
  }

  /** At least doubles when it grows. */
  ensure(keyCount: number): void {
    if (keyCount <= this.#used.length) return;
    const grownCount = Math.max(keyCount, this.#used.length * 2);
    const days = new Int32Array(grownCount).fill(NEVER);
    const used = new Float64Array(grownCount);
    days.set(this.#days);
    used.set(this.#used);
    this.#days = days;
    this.#used = used;
  }

  /** Waiting is until the next midnight in Los Angeles. */
  waitMs(key: number, cap: number, ask: Ask): number {
    if (ask.units > cap || !(key >= 0 && key < this.#used.length)) return Infinity;
    if (this.used(key, cap, ask) + ask.units <= cap) return 0;
    return this.#day.endMs - ask.atMs;
  }

  take(key: number, _cap: number, ask: Ask): void {
    const day = this.#ordinalAt(ask);
    if (day > this.#days[key]!) {
      this.#days[key] = day;
      this.#used[key] = ask.units;
    } else {
      this.#used[key]! += ask.units;
    }
  }

  used(key: number, _cap: number, ask: Ask): number {
    if (!(key >= 0 && key < this.#used.length)) return 0;
    return this.#ordinalAt(ask) > this.#days[key]! ? 0 : this.#used[key]!;
  }

  #ordinalAt(ask: Ask): number {
    if (!(ask.atMs >= this.#day.startMs && ask.atMs < this.#day.endMs)) this.#day = pacificDayAt(ask.atMs);
    return this.#day.ordinal;
  }
}
