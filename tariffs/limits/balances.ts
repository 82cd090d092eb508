/**
 * Money paid in advance, in micro-dollars: what is left admits, and no amount is taken that is not there.
 *
 * `cap` means nothing here; the bound is what was paid in. Memory: 8 bytes per key.
 */
import type { Allowance, Ask } from './allowance.ts';
import { grown, refilled, usedPart } from './columns.ts';

export class Balances implements Allowance {
  #micros: Float64Array<ArrayBuffer>;

  constructor(keyCount = 0) {
    this.#micros = new Float64Array(keyCount);
  }

  /** New keys have nothing. */
  ensure(keyCount: number): void {
    if (keyCount <= this.#micros.length) return;
    this.#micros = grown(this.#micros, Math.max(keyCount, this.#micros.length * 2));
  }

  waitMs(key: number, _cap: number, ask: Ask): number {
    return this.micros(key) >= ask.units ? 0 : Infinity;
  }

  take(key: number, _cap: number, ask: Ask): void {
    this.#micros[key]! -= ask.units;
  }

  used(key: number, _cap: number, _ask: Ask): number {
    return this.micros(key);
  }

  /** What is left; 0 for a key that was never ensured. */
  micros(key: number): number {
    return key >= 0 && key < this.#micros.length ? this.#micros[key]! : 0;
  }

  /** Pays in, or takes back with a negative amount; the caller has checked that it is whole and leaves at least 0. */
  credit(key: number, micros: number): void {
    this.#micros[key]! += micros;
  }

  /** What is left of each key, as it lies here. */
  capture(): Float64Array<ArrayBuffer> {
    return usedPart(this.#micros);
  }

  /** Takes over what another captured. */
  restore(micros: Float64Array<ArrayBuffer>): void {
    this.#micros = refilled(this.#micros, micros);
  }
}
