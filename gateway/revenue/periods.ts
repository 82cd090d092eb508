/**
 * What was added to running totals in each of the last minutes, or hours.
 *
 * A period holds the difference between the totals at its end and at its beginning, and only of those totals that changed:
 *
 *     cells   [ 3,      17,   120 ]      places of totals
 *     micros  [ 12_000, 500,  7_900 ]    what was added to each
 *
 * So nothing is written while messages are counted, and a quiet period takes no room. A period is closed by the first call
 * after its end; what is added between two calls counts for the period of the earlier one.
 */

export interface PeriodsState {
  readonly closed: readonly Period[];
  readonly startMs: number;
  readonly before: Float64Array;
}

interface Period {
  readonly startMs: number;
  readonly cells: Uint32Array;
  readonly micros: Float64Array;
}

export class Periods {
  readonly #lengthMs: number;
  /** Those that are over, in order of time. */
  readonly #closed: Period[] = [];
  /** When the period under way began. */
  startMs: number;
  /** The totals at that time. */
  #before: Float64Array = new Float64Array(0);

  constructor(lengthMs: number, startMs: number) {
    this.#lengthMs = lengthMs;
    this.startMs = this.startOf(startMs);
  }

  /** All periods that are kept, and the one under way. */
  capture(): PeriodsState {
    return { closed: this.#closed, startMs: this.startMs, before: this.#before };
  }

  /** Holds what another of the same length of period captured. */
  restore({ closed, startMs, before }: PeriodsState): void {
    this.#closed.length = 0;
    for (const period of closed) {
      this.#closed.push({ ...period, cells: period.cells.slice(), micros: period.micros.slice() });
    }
    this.startMs = startMs;
    this.#before = before.slice();
  }

  /** When the period under way ends. */
  get endMs(): number {
    return this.startMs + this.#lengthMs;
  }

  /** When the period that holds this instant begins. Periods begin at multiples of their length since the epoch. */
  startOf(atMs: number): number {
    return atMs - (atMs % this.#lengthMs);
  }

  /** Closes the period under way if it is over, and forgets those that began before `keptSinceMs`. */
  roll(nowMs: number, totals: Float64Array, keptSinceMs: number): void {
    if (nowMs < this.endMs) return;
    const period = difference(this.startMs, this.#before, totals);
    if (period.cells.length > 0) this.#closed.push(period);
    this.#before = totals.slice();
    this.startMs = this.startOf(nowMs);
    const kept = this.#closed.findIndex(({ startMs }) => startMs >= keptSinceMs);
    this.#closed.splice(0, kept < 0 ? this.#closed.length : kept);
  }

  /** Adds to `sums` what was added to each total in the periods that begin from `fromMs` up to, not including, `toMs`. */
  addTo(sums: Float64Array, fromMs: number, toMs: number, totals: Float64Array): void {
    for (const period of this.#closed) if (period.startMs >= fromMs && period.startMs < toMs) add(sums, period);
    if (this.startMs >= fromMs && this.startMs < toMs) add(sums, difference(this.startMs, this.#before, totals));
  }
}

/** There may be more totals than there were: the new ones began at 0. */
function difference(startMs: number, before: Float64Array, totals: Float64Array): Period {
  const cells: number[] = [];
  totals.forEach((total, cell) => {
    if (total !== (before[cell] ?? 0)) cells.push(cell);
  });
  return {
    startMs,
    cells: Uint32Array.from(cells),
    micros: Float64Array.from(cells, (cell) => (totals[cell] ?? 0) - (before[cell] ?? 0)),
  };
}

function add(sums: Float64Array, { cells, micros }: Period): void {
  cells.forEach((cell, at) => (sums[cell] = (sums[cell] ?? 0) + (micros[at] ?? 0)));
}
