/**
 * Messages that wait for room under a limit, in one line for each key of each limit, and when each line's turn comes.
 *
 * A line is ordered by age, so whoever came first goes first, also when a message comes over from another line or another gateway:
 * by the time of acceptance, and of one millisecond by sequence number. Only the first of a line is ever decided: the others cannot go
 * before it. A line is a leftist heap of ring places:
 *
 *          3          rank: length of the way down the right, never longer than on the left; so the right side of n messages
 *        /   \              is at most log2(n + 1) long, and joining and leaving walk down right sides only
 *       5     9       left[3] = 5, right[3] = 9, right[5] = 8
 *      / \            messages that arrive in order cost O(1) to O(log n), whatever the order of others
 *     6   8
 *
 * Lines stand in a binary heap by the time they are due and, at the same time, by the age of their first message. A table of
 * open addresses finds a line by its key. All of it is columns: 19 bytes for each place of the ring and about 60 for each message
 * that may wait. Nothing is allocated after the start.
 */
export const NONE = -1;

/** The lines, and the messages that wait in them: ring places, units and draws, a column each. */
export interface HeldMessagesState {
  readonly lines: readonly {
    readonly key: number;
    readonly dueMs: number;
    readonly roomMs: number;
    readonly at: readonly number[];
  }[];
  /** By message, in the order of the lines. */
  readonly units: readonly number[];
  readonly draws: readonly number[];
}

/** How old a message is among others. */
export interface Age {
  readonly acceptedAtMs: number;
  readonly sequence: number;
}

/** Room in the table of lines, so that probes stay short. */
const SLOTS_PER_LINE = 2;

export class HeldMessages {
  /** Messages that may wait at one time. */
  readonly bound: number;
  count = 0;

  // By ring place.
  readonly #acceptedAtMs: Float64Array;
  readonly #sequence: Float64Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #rank: Uint8Array;
  readonly #units: Uint16Array;
  readonly #draw: Float64Array;

  // By line.
  readonly #key: Float64Array;
  readonly #first: Int32Array;
  readonly #lineUnits: Float64Array;
  readonly #dueMs: Float64Array;
  readonly #roomMs: Float64Array;
  readonly #heapPlace: Int32Array;
  readonly #free: Int32Array;
  #freeCount: number;

  /** Lines, the one that is due first at 0. */
  readonly #heap: Int32Array;
  #lineCount = 0;
  /** Lines by key; NONE where there is none. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  /**
   * @param ages by ring place, as the store keeps them
   * @param bound messages that may wait at one time, at most as many as there are places
   */
  constructor(ages: { readonly acceptedAtMs: Float64Array; readonly sequence: Float64Array }, bound: number) {
    const places = ages.sequence.length;
    this.bound = bound;
    this.#acceptedAtMs = ages.acceptedAtMs;
    this.#sequence = ages.sequence;
    this.#left = new Int32Array(places);
    this.#right = new Int32Array(places);
    this.#rank = new Uint8Array(places);
    this.#units = new Uint16Array(places);
    this.#draw = new Float64Array(places);
    this.#key = new Float64Array(bound);
    this.#first = new Int32Array(bound);
    this.#lineUnits = new Float64Array(bound);
    this.#dueMs = new Float64Array(bound);
    this.#roomMs = new Float64Array(bound);
    this.#heapPlace = new Int32Array(bound);
    this.#free = Int32Array.from({ length: bound }, (_, place) => bound - 1 - place);
    this.#freeCount = bound;
    this.#heap = new Int32Array(bound);
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, bound * SLOTS_PER_LINE)));
    this.#slots = new Int32Array(slots).fill(NONE);
    this.#mask = slots - 1;
  }

  /** The line with this key, or NONE. */
  find(key: number): number {
    const slots = this.#slots;
    for (let slot = this.#home(key); slots[slot] !== NONE; slot = (slot + 1) & this.#mask) {
      if (this.#key[slots[slot]!] === key) return slots[slot]!;
    }
    return NONE;
  }

  keyOf(line: number): number {
    return this.#key[line]!;
  }

  /** Ring place of the first message of a line. */
  firstOf(line: number): number {
    return this.#first[line]!;
  }

  /** Whether the first message of a line came before one of this age. */
  isFirstBefore(line: number, { acceptedAtMs, sequence }: Age): boolean {
    const first = this.#first[line]!;
    const laterMs = this.#acceptedAtMs[first]! - acceptedAtMs;
    return laterMs < 0 || (laterMs === 0 && this.#sequence[first]! < sequence);
  }

  readAge(at: number, age: { -readonly [Column in keyof Age]: Age[Column] }): void {
    age.acceptedAtMs = this.#acceptedAtMs[at]!;
    age.sequence = this.#sequence[at]!;
  }

  /** Units of all messages of a line, as its limit counts them. */
  unitsOf(line: number): number {
    return this.#lineUnits[line]!;
  }

  firstUnitsOf(line: number): number {
    return this.#units[this.#first[line]!]!;
  }

  /** When there is room for the first message of a line, as far as can be foreseen; it may be decided before, to see. */
  roomMsOf(line: number): number {
    return this.#roomMs[line]!;
  }

  /** The draw a waiting message came with. */
  drawOf(at: number): number {
    return this.#draw[at]!;
  }

  /** The line that is due first, if it is due by `nowMs`; else NONE. */
  dueLine(nowMs: number): number {
    if (this.#lineCount === 0) return NONE;
    const line = this.#heap[0]!;
    return this.#dueMs[line]! <= nowMs ? line : NONE;
  }

  /**
   * Puts the message at ring place `at` in the line with this key. The caller has seen that fewer than `bound` wait.
   * @param units what it will take of the limit
   * @param dueMs when to decide it if it is the first of the line
   * @param roomMs when there is room for it then
   */
  join(at: number, key: number, units: number, draw: number, dueMs: number, roomMs = dueMs): void {
    let line = this.find(key);
    if (line === NONE) line = this.#open(key);
    this.#left[at] = NONE;
    this.#right[at] = NONE;
    this.#rank[at] = 1;
    this.#units[at] = units;
    this.#draw[at] = draw;
    const first = this.#merge(this.#first[line]!, at);
    this.#first[line] = first;
    this.#lineUnits[line]! += units;
    this.count += 1;
    if (first === at) this.postpone(line, dueMs, roomMs);
  }

  /** Takes the first message out of its line; whoever is behind it is due at `dueMs`. */
  leave(line: number, dueMs: number): void {
    const at = this.#first[line]!;
    const first = this.#merge(this.#left[at]!, this.#right[at]!);
    this.count -= 1;
    if (first === NONE) {
      this.#close(line);
      return;
    }
    this.#first[line] = first;
    this.#lineUnits[line]! -= this.#units[at]!;
    this.postpone(line, dueMs);
  }

  /** Has the first message of a line decided at another time, later or earlier. */
  postpone(line: number, dueMs: number, roomMs = dueMs): void {
    this.#dueMs[line] = dueMs;
    this.#roomMs[line] = roomMs;
    this.#settle(this.#heapPlace[line]!);
  }

  /** Takes messages out of their lines, wherever they stand. Cost: every line is built anew. */
  remove(isGone: (at: number) => boolean): void {
    const { lines, units, draws } = this.capture();
    const kept = { lines: [] as HeldMessagesState['lines'][number][], units: [] as number[], draws: [] as number[] };
    let message = -1;
    for (const line of lines) {
      const at = line.at.filter((place) => {
        message += 1;
        if (isGone(place)) return false;
        kept.units.push(units[message]!);
        kept.draws.push(draws[message]!);
        return true;
      });
      if (at.length > 0) kept.lines.push({ ...line, at });
    }
    this.restore(kept);
  }

  /** All that wait, line by line. */
  capture(): HeldMessagesState {
    const lines = Array.from(this.#heap.subarray(0, this.#lineCount), (line) => ({
      key: this.#key[line]!,
      dueMs: this.#dueMs[line]!,
      roomMs: this.#roomMs[line]!,
      at: this.#placesFrom(this.#first[line]!),
    }));
    const places = lines.flatMap(({ at }) => at);
    return { lines, units: places.map((at) => this.#units[at]!), draws: places.map((at) => this.#draw[at]!) };
  }

  /**
   * Holds what another captured, and no longer what it held itself; sequence numbers must be restored before. Heaps may lie otherwise
   * than they did, and turns come in the same order all the same.
   */
  restore({ lines, units, draws }: HeldMessagesState): void {
    while (this.#lineCount > 0) this.#close(this.#heap[this.#lineCount - 1]!);
    this.count = 0;
    let message = 0;
    for (const { key, dueMs, roomMs, at } of lines) {
      for (const place of at) {
        this.join(place, key, units[message]!, draws[message]!, dueMs);
        message += 1;
      }
      this.postpone(this.find(key), dueMs, roomMs);
    }
  }

  #placesFrom(top: number): number[] {
    const places = [top];
    for (let seen = 0; seen < places.length; seen += 1) {
      for (const below of [this.#left[places[seen]!]!, this.#right[places[seen]!]!]) {
        if (below !== NONE) places.push(below);
      }
    }
    return places;
  }

  #open(key: number): number {
    this.#freeCount -= 1;
    const line = this.#free[this.#freeCount]!;
    this.#key[line] = key;
    this.#first[line] = NONE;
    this.#lineUnits[line] = 0;
    this.#dueMs[line] = Infinity;
    this.#roomMs[line] = Infinity;
    this.#heapPlace[line] = this.#lineCount;
    this.#heap[this.#lineCount] = line;
    this.#lineCount += 1;
    let slot = this.#home(key);
    while (this.#slots[slot] !== NONE) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = line;
    return line;
  }

  #close(line: number): void {
    this.#forgetKey(this.#key[line]!);
    this.#free[this.#freeCount] = line;
    this.#freeCount += 1;
    this.#lineCount -= 1;
    const last = this.#heap[this.#lineCount]!;
    if (last === line) return;
    const place = this.#heapPlace[line]!;
    this.#heap[place] = last;
    this.#heapPlace[last] = place;
    this.#settle(place);
  }

  /** Frees a slot and moves up those behind it that would no longer be found. */
  #forgetKey(key: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#home(key);
    while (this.#key[slots[hole]!] !== key) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== NONE; slot = (slot + 1) & mask) {
      const home = this.#home(this.#key[slots[slot]!]!);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      hole = slot;
    }
    slots[hole] = NONE;
  }

  /** Where a key is looked for first. Keys have up to 41 bits. */
  #home(key: number): number {
    const high = Math.floor(key / 0x1_0000_0000);
    const low = (key - high * 0x1_0000_0000) | 0;
    const mixed = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  /** Joins two leftist heaps; as deep as their right sides are long together. */
  #merge(one: number, other: number): number {
    if (one === NONE) return other;
    if (other === NONE) return one;
    const isOneFirst = this.#isOlder(one, other);
    const top = isOneFirst ? one : other;
    const right = this.#merge(this.#right[top]!, isOneFirst ? other : one);
    const left = this.#left[top]!;
    const isLeftLong = left !== NONE && this.#rank[left]! >= this.#rank[right]!;
    this.#left[top] = isLeftLong ? left : right;
    this.#right[top] = isLeftLong ? right : left;
    const shorter = isLeftLong ? right : left;
    this.#rank[top] = shorter === NONE ? 1 : this.#rank[shorter]! + 1;
    return top;
  }

  /** Moves the line at a place of the heap up or down to where it belongs. */
  #settle(start: number): void {
    const heap = this.#heap;
    const line = heap[start]!;
    let place = start;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.#isBefore(line, heap[above]!)) break;
      this.#put(place, heap[above]!);
      place = above;
    }
    for (;;) {
      let below = 2 * place + 1;
      if (below >= this.#lineCount) break;
      if (below + 1 < this.#lineCount && this.#isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!this.#isBefore(heap[below]!, line)) break;
      this.#put(place, heap[below]!);
      place = below;
    }
    this.#put(place, line);
  }

  #put(place: number, line: number): void {
    this.#heap[place] = line;
    this.#heapPlace[line] = place;
  }

  #isBefore(one: number, other: number): boolean {
    const sooner = this.#dueMs[one]! - this.#dueMs[other]!;
    return sooner < 0 || (sooner === 0 && this.#isOlder(this.#first[one]!, this.#first[other]!));
  }

  #isOlder(one: number, other: number): boolean {
    const laterMs = this.#acceptedAtMs[one]! - this.#acceptedAtMs[other]!;
    return laterMs < 0 || (laterMs === 0 && this.#sequence[one]! < this.#sequence[other]!);
  }
}
