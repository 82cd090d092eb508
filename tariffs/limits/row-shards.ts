/**
 * Room for millions of small rows: many small hash tables, each of which grows, forgets and shrinks by itself.
 *
 * A single table would stop the process while it moves everything to a larger one, and hold both meanwhile. Here one insert moves
 * one shard, a 4096th of the rows. What a row holds is its owner's business; a row whose first word is 0 is free.
 *
 * A shard is a number of buckets of 16 words, 64 bytes, with as many rows as fit. A row lives in the bucket its hash says, or if
 * that is full in the next that is not; rows of a bucket are filled in order, and only go away when the shard is made anew. So a bucket
 * whose last row is free ends a search, and most searches end in one bucket: with 5 rows to a bucket, 95 of 100 when a shard was made,
 * 8 of 10 when it is full. All rows of a bucket are compared without a branch, since a branch that depends on what is in memory keeps
 * the processor from reaching for the next row before this one has come.
 *
 * A shard that is filled to 0.82 first forgets its idle rows, those that say the same as no row. What is left goes to a shard in
 * which it makes a load of 0.68, or stays if the shard is large enough. So the room is that of the rows which were live at one time,
 * not of all there ever were.
 */

export const SHARDS = 4_096;
/** Words of a bucket. */
export const BUCKET = 16;

const FULL_LOAD = 0.82;
const LOAD_WHEN_MADE = 0.68;
const SHARD_BUCKETS_MIN = 2;
/** Rows that one decision may add to a shard between asking for room and taking it. */
const RESERVED_ROWS = 4;
/** How long a shard that may not grow is left alone after it was found to be full of live rows. */
const SWEEP_AGAIN_MS = 1_000;

/** Of all shards that hold nothing; never written. */
const NOTHING = new Int32Array(BUCKET);

/** What the owner knows of its rows; `at` is the place of a row's first word. */
export interface RowKind {
  /** Words of a row. */
  readonly width: number;
  /** Any 32 bits, from the row alone. */
  hashOf(words: Int32Array, at: number): number;
  /** Whether the row says the same as no row. */
  isIdle(words: Int32Array, at: number): boolean;
}

export class RowShards {
  /** The buckets of each shard, one after the other. */
  readonly words: Int32Array[];
  readonly #kind: RowKind;
  /** Words of a bucket that rows take. */
  readonly #rowsEnd: number;
  /** Rows in each shard, and at how many it is full. */
  readonly #counts = new Int32Array(SHARDS);
  readonly #limits = new Int32Array(SHARDS);
  readonly #sweptMs = new Float64Array(SHARDS).fill(-Infinity);
  readonly #bucketsMax: number;
  #scratch = new Int32Array(0);

  /** @param rowsMax rows to hold at most; some shards are full a few percent before all are. At least one row a shard. */
  constructor(kind: RowKind, rowsMax: number) {
    this.#kind = kind;
    this.#rowsEnd = Math.floor(BUCKET / kind.width) * kind.width;
    this.#bucketsMax = this.#bucketsFor(Math.max(1, Math.ceil(rowsMax / SHARDS)) + RESERVED_ROWS, FULL_LOAD);
    this.words = Array.from({ length: SHARDS }, () => NOTHING);
  }

  /** Rows held, idle ones that are not forgotten yet included. */
  get rowCount(): number {
    return this.rowCountOf(() => true);
  }

  /** Rows held in some of the shards. */
  rowCountOf(isMeant: (shard: number) => boolean): number {
    return this.#counts.reduce((sum, count, shard) => (isMeant(shard) ? sum + count : sum), 0);
  }

  get bytes(): number {
    const rows = this.words.reduce((sum, words) => sum + (words === NOTHING ? 0 : words.byteLength), 0);
    return (
      rows + this.#scratch.byteLength + this.#counts.byteLength + this.#limits.byteLength + this.#sweptMs.byteLength
    );
  }

  /** Whether as many rows as one decision adds go into the shard as it is. */
  hasRoom(shard: number): boolean {
    return this.#counts[shard]! + RESERVED_ROWS <= this.#limits[shard]!;
  }

  /** Says that a free row of the shard has been written. */
  noteAdded(shard: number): void {
    this.#counts[shard]! += 1;
  }

  /** Empties a shard and keeps its room. */
  clear(shard: number): void {
    if (this.#counts[shard] === 0) return;
    this.words[shard]!.fill(0);
    this.#counts[shard] = 0;
  }

  /**
   * Makes room in a shard that has none, by forgetting idle rows and growing: false if it may not grow and no row is idle.
   * Rows move. Some 15 ns a row, and there are 3,000 in the largest shard of a full table of twelve million.
   */
  makeRoom(shard: number, nowMs: number): boolean {
    const words = this.words[shard]!;
    const buckets = words === NOTHING ? 0 : words.length / BUCKET;
    if (buckets === this.#bucketsMax && nowMs - this.#sweptMs[shard]! < SWEEP_AGAIN_MS) return false;
    this.#sweptMs[shard] = nowMs;
    let live = 0;
    this.#forEachRow(words, (_, at) => {
      if (!this.#kind.isIdle(words, at)) live += 1;
    });
    const wanted = this.#bucketsFor(live + RESERVED_ROWS, LOAD_WHEN_MADE);
    const fitting = Math.min(Math.max(SHARD_BUCKETS_MIN, wanted), this.#bucketsMax);
    const stays = fitting <= buckets && fitting * 2 > buckets;
    if (!stays || live < this.#counts[shard]!) this.#remake(shard, stays ? buckets : fitting);
    return this.hasRoom(shard);
  }

  /** Calls `visit` for every row. */
  forEach(visit: (words: Int32Array, at: number) => void): void {
    for (const words of this.words) this.#forEachRow(words, visit);
  }

  #bucketsFor(rows: number, load: number): number {
    return Math.ceil(rows / load / (this.#rowsEnd / this.#kind.width));
  }

  #forEachRow(words: Int32Array, visit: (words: Int32Array, at: number) => void): void {
    const { width } = this.#kind;
    for (let bucket = 0; bucket < words.length; bucket += BUCKET) {
      for (let at = bucket; at < bucket + this.#rowsEnd && words[at] !== 0; at += width) visit(words, at);
    }
  }

  #remake(shard: number, buckets: number): void {
    const { width } = this.#kind;
    const rowsEnd = this.#rowsEnd;
    const old = this.words[shard]!;
    if (this.#scratch.length < old.length) this.#scratch = new Int32Array(old.length);
    const source = this.#scratch.subarray(0, old.length);
    source.set(old);
    const stays = old !== NOTHING && old.length === buckets * BUCKET;
    const target = stays ? old.fill(0) : new Int32Array(buckets * BUCKET);
    let count = 0;
    this.#forEachRow(source, (words, from) => {
      if (this.#kind.isIdle(words, from)) return;
      let bucket = bucketOf(this.#kind.hashOf(words, from), target.length);
      let to = bucket;
      while (target[to] !== 0) {
        to += width;
        if (to < bucket + rowsEnd) continue;
        bucket = nextBucket(bucket, target.length);
        to = bucket;
      }
      for (let word = 0; word < width; word += 1) target[to + word] = words[from + word]!;
      count += 1;
    });
    this.words[shard] = target;
    this.#counts[shard] = count;
    this.#limits[shard] = Math.floor(((target.length / BUCKET) * rowsEnd * FULL_LOAD) / width);
  }
}

/** Place of the bucket that a hash says, in a shard of `length` words. */
export function bucketOf(hash: number, length: number): number {
  return ((hash >>> 0) * (length * 2 ** -36)) << 4;
}

/** Place of the bucket after the one at `bucket`. */
export function nextBucket(bucket: number, length: number): number {
  const next = bucket + BUCKET;
  return next === length ? 0 : next;
}
