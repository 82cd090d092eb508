/**
 * Things to do later, by small integer: a wheel of time slots, each a linked list through one array.
 *
 * Adding and taking out cost O(1) and allocate nothing, whatever the number waiting; a heap at a million entries does
 * twenty compares for each. The price is that times are rounded up to a tick, and that an entry which waits for longer than a
 * turn of the wheel (slots × tick) is looked at once each turn.
 *
 *   slot    0      1      2    ...          an entry due in tick t hangs in slot t mod slots
 *         +------+------+------+
 *   head  |  -1  |   7  |  -1  |            7 -> 3 -> 12 in order of arrival
 *   tail  |  -1  |  12  |  -1  |
 *         +------+------+------+
 *   next[7] = 3, next[3] = 12, next[12] = -1
 *
 * What is written there is twice the entry, and one more if it has another turn to wait: a slot without any such is taken out whole.
 */

const NONE = -1;
const WAITS_ON = 1;

/** Everything that waits: entries in the order in which those of one tick run, and the tick of each. */
export interface TimingWheelState {
  readonly tick: number;
  readonly entries: Int32Array;
  readonly ticks: Float64Array;
}

export class TimingWheel {
  readonly tickMs: number;
  readonly #slots: number;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #next: Int32Array;
  /** By slot: entries that were added for a later turn. */
  readonly #later: Int32Array;
  /** By entry that was: the tick in which it is due. */
  readonly #due: Float64Array;
  /** The next tick to run. */
  #tick: number;

  /**
   * @param entries entries are 0 to `entries` - 1; each waits in at most one place
   * @param turnMs the time of one turn: longer than most waits
   */
  constructor(options: { entries: number; tickMs: number; turnMs: number; startMs: number }) {
    this.tickMs = options.tickMs;
    this.#slots = Math.ceil(options.turnMs / options.tickMs) + 2;
    this.#head = new Int32Array(this.#slots).fill(NONE);
    this.#tail = new Int32Array(this.#slots).fill(NONE);
    this.#next = new Int32Array(options.entries);
    this.#later = new Int32Array(this.#slots);
    this.#due = new Float64Array(options.entries);
    this.#tick = Math.floor(options.startMs / options.tickMs) + 1;
  }

  /** Puts `entry` in line for `dueMs`, or for the next tick if that has passed. */
  add(entry: number, dueMs: number): void {
    this.#addAt(entry, Math.max(Math.ceil(dueMs / this.tickMs), this.#tick));
  }

  /**
   * Runs every entry due by `nowMs`, earliest tick first, within a tick in order of arrival. `run` may add entries;
   * those that are due already run in this call too.
   */
  advance(nowMs: number, run: (entry: number, atMs: number) => void): void {
    const lastTick = Math.floor(nowMs / this.tickMs);
    while (this.#tick <= lastTick) {
      const slot = this.#tick % this.#slots;
      const atMs = this.#tick * this.tickMs;
      this.#tick += 1;
      let one = this.#takeDue(slot);
      while (one !== NONE) {
        const entry = one >> 1;
        one = this.#next[entry]!;
        run(entry, atMs);
      }
    }
  }

  /** Takes out every entry that is to go; one look at all that wait. Not to be called while entries run. */
  remove(isGone: (entry: number) => boolean): void {
    for (let slot = 0; slot < this.#slots; slot += 1) {
      let one = this.#head[slot]!;
      this.#head[slot] = NONE;
      this.#tail[slot] = NONE;
      while (one !== NONE) {
        const entry = one >> 1;
        const following = this.#next[entry]!;
        if (!isGone(entry)) this.#append(slot, one);
        else if ((one & WAITS_ON) !== 0) this.#later[slot]! -= 1;
        one = following;
      }
    }
  }

  capture(): TimingWheelState {
    const entries: number[] = [];
    const ticks: number[] = [];
    for (let turn = 0; turn < this.#slots; turn += 1) {
      const tick = this.#tick + turn;
      for (let one = this.#head[tick % this.#slots]!; one !== NONE; one = this.#next[one >> 1]!) {
        entries.push(one >> 1);
        ticks.push((one & WAITS_ON) === 0 ? tick : this.#due[one >> 1]!);
      }
    }
    return { tick: this.#tick, entries: Int32Array.from(entries), ticks: Float64Array.from(ticks) };
  }

  /** Holds what another captured, and no longer what it held itself. */
  restore({ tick, entries, ticks }: TimingWheelState): void {
    this.#head.fill(NONE);
    this.#tail.fill(NONE);
    this.#later.fill(0);
    this.#tick = tick;
    for (const [place, entry] of entries.entries()) this.#addAt(entry, ticks[place]!);
  }

  #addAt(entry: number, tick: number): void {
    const slot = tick % this.#slots;
    if (tick - this.#tick < this.#slots) {
      this.#append(slot, entry << 1);
    } else {
      this.#due[entry] = tick;
      this.#later[slot]! += 1;
      this.#append(slot, (entry << 1) | WAITS_ON);
    }
  }

  #append(slot: number, one: number): void {
    this.#next[one >> 1] = NONE;
    const tail = this.#tail[slot]!;
    if (tail === NONE) this.#head[slot] = one;
    else this.#next[tail >> 1] = one;
    this.#tail[slot] = one;
  }

  /** Takes what is due now out of a slot, as a list, and leaves what has more turns to go: all in the order they had. */
  #takeDue(slot: number): number {
    let one = this.#head[slot]!;
    this.#head[slot] = NONE;
    this.#tail[slot] = NONE;
    if (this.#later[slot] === 0) return one;
    let first = NONE;
    let last = NONE;
    let later = 0;
    while (one !== NONE) {
      const entry = one >> 1;
      const following = this.#next[entry]!;
      if ((one & WAITS_ON) !== 0 && this.#due[entry]! >= this.#tick) {
        later += 1;
        this.#append(slot, one);
      } else {
        if (last === NONE) first = one;
        else this.#next[last] = one;
        this.#next[entry] = NONE;
        last = entry;
      }
      one = following;
    }
    this.#later[slot] = later;
    return first;
  }
}
