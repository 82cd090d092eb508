/**
 * Things to do later, by small integer: a wheel of time slots, each a linked list through one array.
 *
 * Adding and taking out cost O(1) and allocate nothing, whatever the number waiting; a heap at a million entries does
 * twenty compares for each. The price is a horizon (slots × tick) and that times are rounded up to a tick.
 *
 *   slot    0      1      2    ...          an entry due in tick t hangs in slot t mod slots
 *         +------+------+------+
 *   head  |  -1  |   7  |  -1  |            7 -> 3 -> 12 in order of arrival
 *   tail  |  -1  |  12  |  -1  |
 *         +------+------+------+
 *   next[7] = 3, next[3] = 12, next[12] = -1
 */

const NONE = -1;

export class TimingWheel {
  readonly tickMs: number;
  readonly #slots: number;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  readonly #next: Int32Array;
  /** The next tick to run. */
  #tick: number;

  /**
   * @param entries entries are 0 to `entries` - 1; each waits in at most one place
   * @param horizonMs the longest wait; longer ones are cut to it
   */
  constructor(options: { entries: number; tickMs: number; horizonMs: number; startMs: number }) {
    this.tickMs = options.tickMs;
    this.#slots = Math.ceil(options.horizonMs / options.tickMs) + 2;
    this.#head = new Int32Array(this.#slots).fill(NONE);
    this.#tail = new Int32Array(this.#slots).fill(NONE);
    this.#next = new Int32Array(options.entries);
    this.#tick = Math.floor(options.startMs / options.tickMs) + 1;
  }

  /** Puts `entry` in line for `dueMs`, or for the next tick if that has passed. */
  add(entry: number, dueMs: number): void {
    const wanted = Math.ceil(dueMs / this.tickMs);
    const tick = Math.min(Math.max(wanted, this.#tick), this.#tick + this.#slots - 1);
    const slot = tick % this.#slots;
    this.#next[entry] = NONE;
    const tail = this.#tail[slot]!;
    if (tail === NONE) this.#head[slot] = entry;
    else this.#next[tail] = entry;
    this.#tail[slot] = entry;
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
      let entry = this.#head[slot]!;
      this.#head[slot] = NONE;
      this.#tail[slot] = NONE;
      while (entry !== NONE) {
        const following = this.#next[entry]!;
        run(entry, atMs);
        entry = following;
      }
    }
  }
}
