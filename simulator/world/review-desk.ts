/**
 * The people who review registrations: one queue, first come first served. Whoever comes is told at once when it will be done, since nothing that
 * comes later changes that.
 */

export class ReviewDesk {
  /** When each of them is free. */
  readonly #freeAtMs: Float64Array;

  constructor(staff: number) {
    this.#freeAtMs = new Float64Array(staff).fill(-Infinity);
  }

  /** Puts in a case at `atMs` that takes `workMs`; when it is done. Cases come in the order of their times. */
  submit(atMs: number, workMs: number): number {
    let first = 0;
    for (let person = 1; person < this.#freeAtMs.length; person += 1) {
      if (this.#freeAtMs[person]! < this.#freeAtMs[first]!) first = person;
    }
    const doneMs = Math.max(atMs, this.#freeAtMs[first]!) + workMs;
    this.#freeAtMs[first] = doneMs;
    return doneMs;
  }
}
