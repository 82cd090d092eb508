/**
 * Timers that wait for a time that is moved by hand, the next due one first, and of two due at once the one set first.
 *
 * A binary heap in which every timer knows its place: taking out any of a hundred thousand retries that wait costs as much as
 * adding one, and a timer that was called off leaves nothing behind.
 */

export interface HeapTimer {
  dueMs: number;
  /** Which was set first. */
  readonly order: number;
  /** Its place in the heap, kept by it; -1 outside. */
  place: number;
}

export class TimerHeap<T extends HeapTimer> {
  readonly #timers: T[] = [];

  get first(): T | undefined {
    return this.#timers[0];
  }

  add(timer: T): void {
    timer.place = this.#timers.push(timer) - 1;
    this.#rise(timer);
  }

  /** Takes a timer out; nothing if it is not in. */
  remove(timer: T): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#timers.pop();
    if (last === undefined || last === timer) return;
    this.#put(last, place);
    this.moved(last);
  }

  /** To be told when the time of a timer in it was changed. */
  moved(timer: T): void {
    this.#rise(timer);
    this.#sink(timer);
  }

  #rise(timer: T): void {
    while (timer.place > 0) {
      const place = timer.place;
      const above = (place - 1) >> 1;
      const parent = this.#timers[above];
      if (parent === undefined || isBefore(parent, timer)) return;
      this.#put(parent, place);
      this.#put(timer, above);
    }
  }

  #sink(timer: T): void {
    for (;;) {
      const { place } = timer;
      const left = this.#timers[2 * place + 1];
      const right = this.#timers[2 * place + 2];
      if (left === undefined) return;
      const next = right !== undefined && isBefore(right, left) ? right : left;
      if (isBefore(timer, next)) return;
      const below = next.place;
      this.#put(next, place);
      this.#put(timer, below);
    }
  }

  #put(timer: T, place: number): void {
    this.#timers[place] = timer;
    timer.place = place;
  }
}

function isBefore(one: HeapTimer, other: HeapTimer): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
