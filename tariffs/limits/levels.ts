/**
 * How much may be held at one time: an account's messages in flight. What is taken is given back when it ends.
 *
 * Memory: 8 bytes per key.
 */
import type { Allowance, Ask } from './allowance.ts';
import { grown, refilled, usedPart } from './columns.ts';

/** What a sender is told to wait when its messages in flight are at their bound: about one median carrier latency. */
export const LEVEL_RETRY_MS = 1_000;

export class Levels implements Allowance {
  #held: Float64Array<ArrayBuffer>;

  constructor(keyCount = 0) {
    this.#held = new Float64Array(keyCount);
  }

  ensure(keyCount: number): void {
    if (keyCount <= this.#held.length) return;
    this.#held = grown(this.#held, Math.max(keyCount, this.#held.length * 2));
  }

  waitMs(key: number, cap: number, ask: Ask): number {
    if (ask.units > cap || !(key >= 0 && key < this.#held.length)) return Infinity;
    return this.#held[key]! + ask.units <= cap ? 0 : LEVEL_RETRY_MS;
  }

  take(key: number, _cap: number, ask: Ask): void {
    this.#held[key]! += ask.units;
  }

  /** Gives back what was taken and has ended. */
  giveBack(key: number, units: number): void {
    this.#held[key]! -= units;
  }

  used(key: number, _cap: number, _ask: Ask): number {
    return key >= 0 && key < this.#held.length ? this.#held[key]! : 0;
  }

  /** What is held of each key, as it lies here. */
  capture(): Float64Array<ArrayBuffer> {
    return usedPart(this.#held);
  }

  /** Takes over what another captured. */
  restore(held: Float64Array<ArrayBuffer>): void {
    this.#held = refilled(this.#held, held);
  }
}
