/**
 * Token buckets for limits given as so many units in a window: AT&T's segments per minute, an account's messages per second.
 *
 * A bucket of `cap` units starts full and refills evenly, `cap` units in a window. What is stored is its opposite, the debt:
 * units taken and not yet refilled. Memory full of zeros is then memory full of full buckets, and a campaign that moves to
 * another class takes what it has used along. In a smaller class the debt counts for at most one empty bucket.
 *
 * The debt is counted in parts of a unit, as many as the window has milliseconds, so that one millisecond refills exactly `cap`
 * of them. All of it is whole numbers below 2^53: there is no drift, a thousand small refills equal one large one, and a plain
 * model agrees to the last unit.
 *
 *     window 60,000 ms, cap 75, at 0 ms take 75:   debt 4,500,000   full up; the next unit fits in 60000 / 75 = 800 ms
 *     at 799 ms:                                   debt 4,440,075   1 ms to wait
 *     at 800 ms:                                   debt 4,440,000   exactly one unit fits
 *
 * Memory: 16 bytes per key.
 */
import type { Allowance, Ask } from './allowance.ts';
import { grown, refilled, usedPart } from './columns.ts';

export interface RateBucketsState {
  readonly debtParts: Float64Array<ArrayBuffer>;
  readonly updatedMs: Float64Array<ArrayBuffer>;
}

export class RateBuckets implements Allowance {
  readonly windowMs: number;
  #debtParts: Float64Array<ArrayBuffer>;
  /** When the debt was last brought up to date: the latest time of any take, so that a clock set back refills nothing twice. */
  #updatedMs: Float64Array<ArrayBuffer>;

  constructor(windowMs: number, keyCount = 0) {
    this.windowMs = windowMs;
    this.#debtParts = new Float64Array(keyCount);
    this.#updatedMs = new Float64Array(keyCount);
  }

  /** New keys are full. At least doubles when it grows. */
  ensure(keyCount: number): void {
    if (keyCount <= this.#debtParts.length) return;
    const length = Math.max(keyCount, this.#debtParts.length * 2);
    this.#debtParts = grown(this.#debtParts, length);
    this.#updatedMs = grown(this.#updatedMs, length);
  }

  waitMs(key: number, cap: number, ask: Ask): number {
    if (ask.units > cap || !(key >= 0 && key < this.#debtParts.length)) return Infinity;
    const excessParts = this.#debtAt(key, cap, ask.atMs) + (ask.units - cap) * this.windowMs;
    if (excessParts <= 0) return 0;
    // A clock that was set back must first catch up: until then nothing refills.
    const behindMs = Math.max(0, this.#updatedMs[key]! - ask.atMs);
    return behindMs + Math.ceil(excessParts / cap);
  }

  take(key: number, cap: number, ask: Ask): void {
    this.#debtParts[key] = this.#debtAt(key, cap, ask.atMs) + ask.units * this.windowMs;
    if (ask.atMs > this.#updatedMs[key]!) this.#updatedMs[key] = ask.atMs;
  }

  used(key: number, cap: number, ask: Ask): number {
    if (!(key >= 0 && key < this.#debtParts.length)) return 0;
    return Math.ceil(this.#debtAt(key, cap, ask.atMs) / this.windowMs);
  }

  /** What was taken of each key, as it lies here. */
  capture(): RateBucketsState {
    return { debtParts: usedPart(this.#debtParts), updatedMs: usedPart(this.#updatedMs) };
  }

  /** Takes over what another captured; keys it did not know are full. */
  restore({ debtParts, updatedMs }: RateBucketsState): void {
    this.ensure(Math.max(debtParts.length, updatedMs.length));
    this.#debtParts = refilled(this.#debtParts, debtParts);
    this.#updatedMs = refilled(this.#updatedMs, updatedMs);
  }

  #debtAt(key: number, cap: number, atMs: number): number {
    const elapsedMs = atMs - this.#updatedMs[key]!;
    const debtParts = Math.min(this.#debtParts[key]!, cap * this.windowMs);
    if (elapsedMs <= 0) return debtParts;
    // Exact when it matters: a product beyond 2^53 is inexact, but also larger than any debt.
    const refilledParts = elapsedMs * cap;
    return refilledParts >= debtParts ? 0 : debtParts - refilledParts;
  }
}
