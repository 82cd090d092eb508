/**
 * Counters for limits given per day, a day being one of Los Angeles: T-Mobile's cap per brand.
 *
 * A counter resets by being seen on a later day; there is no sweep at midnight. A day before the latest one seen counts as the
 * latest, so that a clock set back never finds an unused day.
 *
 * Memory: 12 bytes per key.
 */
import type { Allowance, Ask } from './allowance.ts';
import { grown, refilled, usedPart } from './columns.ts';
import { type PacificDay, pacificDayAt } from './pacific-day.ts';

/** Before any day there is. */
const NEVER = -0x8000_0000;

export interface PacificDaysState {
  readonly days: Int32Array<ArrayBuffer>;
  readonly used: Float64Array<ArrayBuffer>;
}

export class PacificDays implements Allowance {
  #days: Int32Array<ArrayBuffer>;
  #used: Float64Array<ArrayBuffer>;
  /** The day of the latest ask, kept so that time zones are worked out once a day. */
  #day: PacificDay = { ordinal: NEVER, startMs: 0, endMs: 0 };

  constructor(keyCount = 0) {
    this.#days = new Int32Array(keyCount).fill(NEVER);
    this.#used = new Float64Array(keyCount);
  }

  /** At least doubles when it grows. */
  ensure(keyCount: number): void {
    if (keyCount <= this.#used.length) return;
    const length = Math.max(keyCount, this.#used.length * 2);
    this.#days = grown(this.#days, length, NEVER);
    this.#used = grown(this.#used, length);
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

  /** What was taken of each key and on which day, as it lies here. */
  capture(): PacificDaysState {
    return { days: usedPart(this.#days, NEVER), used: usedPart(this.#used) };
  }

  /** Takes over what another captured; of keys it did not know nothing was taken. */
  restore({ days, used }: PacificDaysState): void {
    this.ensure(Math.max(days.length, used.length));
    this.#days = refilled(this.#days, days, NEVER);
    this.#used = refilled(this.#used, used);
  }

  #ordinalAt(ask: Ask): number {
    if (!(ask.atMs >= this.#day.startMs && ask.atMs < this.#day.endMs)) this.#day = pacificDayAt(ask.atMs);
    return this.#day.ordinal;
  }
}
