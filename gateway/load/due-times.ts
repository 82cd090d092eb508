/** When requests are due: at random at a mean rate, or at even distances. Pure, and the same for the same seed. */
import { namedStream } from '../router/index.ts';
import type { ArrivalKind } from './plan.ts';

export interface DueTimesOptions {
  readonly kind: ArrivalKind;
  /** Requests a second, of this thread alone. */
  readonly perSecond: number;
  readonly seed: number;
  readonly thread: number;
  readonly threads: number;
}

const MS_PER_SECOND = 1_000;

export class DueTimes {
  /** Of the next request, from the start of the load. */
  nextMs: number;
  readonly #gapMs: number;
  readonly #firstMs: number;
  readonly #chance: { next(): number } | undefined;
  #count = 0;

  constructor({ kind, perSecond, seed, thread, threads }: DueTimesOptions) {
    this.#gapMs = MS_PER_SECOND / perSecond;
    // Threads take turns, so that even distances stay even.
    this.#firstMs = (this.#gapMs * thread) / threads;
    this.#chance = kind === 'poisson' ? namedStream(seed, `load/arrivals/${thread}`) : undefined;
    this.nextMs = this.#chance === undefined ? this.#firstMs : this.#waitMs(this.#chance);
  }

  advance(): void {
    this.#count += 1;
    // Counted from the first one: sums of even distances would drift.
    if (this.#chance === undefined) this.nextMs = this.#firstMs + this.#count * this.#gapMs;
    else this.nextMs += this.#waitMs(this.#chance);
  }

  #waitMs(chance: { next(): number }): number {
    return -Math.log(1 - chance.next()) * this.#gapMs;
  }
}
