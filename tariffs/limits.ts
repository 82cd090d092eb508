/**
 * The two shapes that message limits have, each for many integer keys at once: so much a minute, so much a day.
 *
 * Both are hot: checks and takes are plain arithmetic on typed arrays, allocate nothing and throw nothing. Time is passed in as whole
 * milliseconds, or as a day, and a clock that is set back never frees quota. Keys are dense, 0 to n - 1 (campaign, number or brand
 * handles); `ensure` makes room when one is added. What the limits are is in `carrier-limits.ts`; whom they bind, the caller knows.
 */

const PARTS_PER_UNIT = 60_000;
/** Before any day a caller can pass. */
const NEVER = -0x8000_0000;

/**
 * Token buckets for limits given per minute (AT&T segments per minute, a number's own rate).
 *
 * A bucket holds `perMinute` units, starts full and refills evenly at `perMinute` units a minute. What is stored is its opposite,
 * the debt: units taken and not yet refilled. Memory full of zeros is then memory full of full buckets, and a campaign that
 * moves to another class takes what it has used along. In a smaller class the debt counts for at most one empty bucket.
 *
 * The debt is counted in 1/60000 of a unit, so that one millisecond refills exactly `perMinute` of them. All of it is whole
 * numbers below 2^53: there is no drift, a thousand small refills equal one large one, and a plain model agrees to the last unit.
 *
 *     perMinute 75, at 0 ms take 75:        debt 4,500,000   full up; the next unit fits in 60000 / 75 = 800 ms
 *     at 799 ms:                            debt 4,440,075   1 ms to wait
 *     at 800 ms:                            debt 4,440,000   exactly one unit fits
 *
 * Memory: 16 bytes per key.
 */
export class MinuteBuckets {
  #debtParts: Float64Array;
  /** When the debt was last brought up to date: the latest time of any take, so that a clock set back refills nothing twice. */
  #updatedMs: Float64Array;

  constructor(keyCount = 0) {
    this.#debtParts = new Float64Array(keyCount);
    this.#updatedMs = new Float64Array(keyCount);
  }

  /** Makes keys 0 to `keyCount` - 1 usable; new ones are full. Allocates when it grows, at least doubling: call it when keys are added. */
  ensure(keyCount: number): void {
    if (keyCount <= this.#debtParts.length) return;
    const grownCount = Math.max(keyCount, this.#debtParts.length * 2);
    const debtParts = new Float64Array(grownCount);
    const updatedMs = new Float64Array(grownCount);
    debtParts.set(this.#debtParts);
    updatedMs.set(this.#updatedMs);
    this.#debtParts = debtParts;
    this.#updatedMs = updatedMs;
  }

  /**
   * How long until `units` fit: 0 when they fit now, else whole milliseconds, Infinity when they never will
   * (more than a full bucket, or a key that was never ensured). Changes nothing. Allocates nothing; O(1).
   */
  waitMs(key: number, perMinute: number, units: number, atMs: number): number {
    if (units > perMinute || !(key >= 0 && key < this.#debtParts.length)) return Infinity;
    const excessParts = this.#debtAt(key, perMinute, atMs) + (units - perMinute) * PARTS_PER_UNIT;
    if (excessParts <= 0) return 0;
    // A clock that was set back must first catch up: until then nothing refills.
    const behindMs = Math.max(0, this.#updatedMs[key]! - atMs);
    return behindMs + Math.ceil(excessParts / perMinute);
  }

  /** Takes `units` and returns true when they fit at `atMs`; otherwise returns false and takes nothing. Allocates nothing; O(1). */
  take(key: number, perMinute: number, units: number, atMs: number): boolean {
    if (this.waitMs(key, perMinute, units, atMs) !== 0) return false;
    this.#debtParts[key] = this.#debtAt(key, perMinute, atMs) + units * PARTS_PER_UNIT;
    if (atMs > this.#updatedMs[key]!) this.#updatedMs[key] = atMs;
    return true;
  }

  /** Units taken and not yet refilled at `atMs`, a part counted as a whole; 0 for a key that was never ensured. */
  used(key: number, perMinute: number, atMs: number): number {
    if (!(key >= 0 && key < this.#debtParts.length)) return 0;
    return Math.ceil(this.#debtAt(key, perMinute, atMs) / PARTS_PER_UNIT);
  }

  #debtAt(key: number, perMinute: number, atMs: number): number {
    const elapsedMs = atMs - this.#updatedMs[key]!;
    const debtParts = Math.min(this.#debtParts[key]!, perMinute * PARTS_PER_UNIT);
    if (elapsedMs <= 0) return debtParts;
    // Exact when it matters: a product beyond 2^53 is inexact, but also larger than any debt.
    const refilledParts = elapsedMs * perMinute;
    return refilledParts >= debtParts ? 0 : debtParts - refilledParts;
  }
}

/**
 * Counters for limits given per day (T-Mobile's cap per brand).
 *
 * The day is an ordinal passed in by the caller, who knows where midnight is (`pacific-day.ts`) and looks it up once a day
 * rather than once a message. A counter resets by being seen on a later day; there is no sweep at midnight.
 *
 * Memory: 12 bytes per key.
 */
export class DayCounters {
  #days: Int32Array;
  #used: Float64Array;

  constructor(keyCount = 0) {
    this.#days = new Int32Array(keyCount).fill(NEVER);
    this.#used = new Float64Array(keyCount);
  }

  /** Makes keys 0 to `keyCount` - 1 usable. Allocates when it grows, at least doubling: call it when keys are added. */
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

  /**
   * Units taken on `day`. A day before the latest one seen answers with the latest day's count, so that a clock set back
   * never finds an unused day. Infinity for a key that was never ensured: no cap admits it. Allocates nothing; O(1).
   */
  used(key: number, day: number): number {
    if (!(key >= 0 && key < this.#used.length)) return Infinity;
    return day > this.#days[key]! ? 0 : this.#used[key]!;
  }

  /** Counts `units` on `day`, or on the latest day seen if that is later. The cap is the caller's to check. Allocates nothing; O(1). */
  take(key: number, day: number, units: number): void {
    if (day > this.#days[key]!) {
      this.#days[key] = day;
      this.#used[key] = units;
    } else {
      this.#used[key]! += units;
    }
  }
}
