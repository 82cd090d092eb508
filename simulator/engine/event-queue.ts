/**
 * What happens next in a run: a binary heap over typed arrays, earliest first, and of equal times the one that was put in first.
 *
 * An event is a row of columns; the heap orders rows by number, so that moving one up or down moves 4 bytes. Free rows are chained through
 * the column of the first operand. Grows by doubling; nothing is allocated otherwise.
 */

const FIRST_ROWS = 1_024;
const NONE = -1;

export class EventQueue {
  /** Of the event that `next` took out. */
  timeMs = Number.NaN;
  kind = 0;
  a = 0;
  b = 0;
  c = 0;

  #size = 0;
  #sequence = 0;
  #free = NONE;
  #unused = 0;
  #heap = new Int32Array(FIRST_ROWS);
  #times = new Float64Array(FIRST_ROWS);
  /** Counts up for as long as a run lasts: a double holds more than any run has events. */
  #sequences = new Float64Array(FIRST_ROWS);
  #kinds = new Uint8Array(FIRST_ROWS);
  #as = new Int32Array(FIRST_ROWS);
  #bs = new Int32Array(FIRST_ROWS);
  #cs = new Int32Array(FIRST_ROWS);

  get size(): number {
    return this.#size;
  }

  /** When the next event is; Infinity if there is none. */
  get nextMs(): number {
    return this.#size === 0 ? Infinity : this.#times[this.#heap[0]!]!;
  }

  /**
   * Puts in an event with up to three operands, 32-bit integers. O(log size).
   * @throws RangeError for a time that is no number: such an event would never come
   */
  push(timeMs: number, kind: number, a = 0, b = 0, c = 0): void {
    if (Number.isNaN(timeMs)) throw new RangeError(`an event of kind ${kind} has no time`);
    const row = this.#takeRow();
    this.#times[row] = timeMs;
    this.#sequences[row] = this.#sequence;
    this.#sequence += 1;
    this.#kinds[row] = kind;
    this.#as[row] = a;
    this.#bs[row] = b;
    this.#cs[row] = c;
    this.#heap[this.#size] = row;
    this.#size += 1;
    this.#rise(this.#size - 1);
  }

  /** Takes the next event out into the fields above; false if there is none. O(log size). */
  next(): boolean {
    if (this.#size === 0) return false;
    const row = this.#heap[0]!;
    this.timeMs = this.#times[row]!;
    this.kind = this.#kinds[row]!;
    this.a = this.#as[row]!;
    this.b = this.#bs[row]!;
    this.c = this.#cs[row]!;
    this.#as[row] = this.#free;
    this.#free = row;
    this.#size -= 1;
    if (this.#size > 0) {
      this.#heap[0] = this.#heap[this.#size]!;
      this.#sink();
    }
    return true;
  }

  #takeRow(): number {
    if (this.#free !== NONE) {
      const row = this.#free;
      this.#free = this.#as[row]!;
      return row;
    }
    if (this.#unused === this.#heap.length) this.#grow();
    this.#unused += 1;
    return this.#unused - 1;
  }

  #isBefore(row: number, other: number): boolean {
    const times = this.#times;
    if (times[row]! !== times[other]!) return times[row]! < times[other]!;
    return this.#sequences[row]! < this.#sequences[other]!;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const row = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(row, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = row;
  }

  #sink(): void {
    const heap = this.#heap;
    const size = this.#size;
    const row = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.#isBefore(heap[child]!, row)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = row;
  }

  #grow(): void {
    const length = this.#heap.length * 2;
    this.#heap = grown(this.#heap, new Int32Array(length));
    this.#times = grown(this.#times, new Float64Array(length));
    this.#sequences = grown(this.#sequences, new Float64Array(length));
    this.#kinds = grown(this.#kinds, new Uint8Array(length));
    this.#as = grown(this.#as, new Int32Array(length));
    this.#bs = grown(this.#bs, new Int32Array(length));
    this.#cs = grown(this.#cs, new Int32Array(length));
  }
}

function grown<Column extends { set(from: Column): void }>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}
