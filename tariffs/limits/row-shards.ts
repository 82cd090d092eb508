/**
 * Room for millions of small rows: many small open-addressed tables, each of which grows, forgets and shrinks by itself.
 *
 * A single table would stop the process while it moves everything to a larger one, and hold both meanwhile. Here one insert moves
 * one shard, a 256th of the rows. What a row holds is its owner's business; a row whose first word is 0 is free. Rows are looked
 * for from the place their hash says onward, and never leave a gap behind, since rows only go away when a shard is made anew.
 *
 * A shard that is filled to 0.8 first forgets its idle rows, those that say the same as no row. What is left goes to a shard in which
 * it makes a load of 0.64, or stays if the shard is large enough. So a row takes between 1 / 0.8 and 1 / 0.64 times its width,
 * and the room is that of the rows which were live at one time, not of all there ever were. Small shards are filled less: up to
 * two million rows searches are shorter and shards are made anew less often, for up to 72 MB.
 */

export const SHARDS = 256;

const FULL_LOAD = 0.8;
const LOAD_WHEN_MADE = 0.64;
/** Loads of shards that are small enough for memory not to matter: short searches, and rarely made anew. */
const FULL_LOAD_WHILE_SMALL = 0.7;
const LOAD_WHEN_MADE_SMALL = 0.35;
/** Up to this load of live rows a small shard stays as it is, so that even traffic makes no new ones. */
const LOAD_KEPT_SMALL = 0.5;
const SMALL_ROWS_MAX = 8_192;
const SHARD_ROWS_MIN = 16;
/** Rows that one decision may add to a shard between asking for room and taking it. */
const RESERVED_ROWS = 4;
/** How long a shard that may not grow is left alone after it was found to be full of live rows. */
const SWEEP_AGAIN_MS = 1_000;

/** What the owner knows of its rows; `at` is the place of a row's first word. */
export interface RowKind {
  /** Words of a row. */
  readonly width: number;
  /** Any 32 bits, from the row alone. */
  hashOf(words: Int32Array, at: number): number;
  /** Whether the row says the same as no row. */
  isIdle(words: Int32Array, at: number): boolean;
}

/** Rows of the shards that have any room, by shard, and the figures of all shards. */
export interface RowShardsState {
  readonly words: ReadonlyMap<number, Int32Array>;
  readonly counts: Int32Array;
  readonly limits: Int32Array;
  readonly sweptMs: Float64Array;
  readonly scratchLength: number;
}

export class RowShards {
  /** The rows of each shard, one after the other. */
  readonly words: Int32Array[];
  readonly #kind: RowKind;
  /** Rows in each shard, and at how many it is full. */
  readonly #counts = new Int32Array(SHARDS);
  readonly #limits = new Int32Array(SHARDS);
  readonly #sweptMs = new Float64Array(SHARDS).fill(-Infinity);
  readonly #shardRowsMax: number;
  /** One free row, which serves all shards that have no room; it is never written. */
  readonly #none: Int32Array;
  #scratch = new Int32Array(0);

  /** @param rowsMax rows to hold at most; some shards are full a few percent before all are. At least one row a shard. */
  constructor(kind: RowKind, rowsMax: number) {
    this.#kind = kind;
    this.#shardRowsMax = Math.ceil((Math.max(1, Math.ceil(rowsMax / SHARDS)) + RESERVED_ROWS) / FULL_LOAD);
    this.#none = new Int32Array(kind.width);
    this.words = Array.from({ length: SHARDS }, () => this.#none);
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
    const rows = this.words.reduce(
      (sum, words, shard) => (this.#limits[shard] === 0 ? sum : sum + words.byteLength),
      0,
    );
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
   * Rows move; bench `limits` has the longest pause.
   */
  makeRoom(shard: number, nowMs: number): boolean {
    const words = this.words[shard]!;
    const { width } = this.#kind;
    const rows = this.#limits[shard] === 0 ? 0 : words.length / width;
    const mayGrow = rows < this.#shardRowsMax;
    if (!mayGrow && nowMs - this.#sweptMs[shard]! < SWEEP_AGAIN_MS) return false;
    this.#sweptMs[shard] = nowMs;
    const live = this.#countLive(shard);
    const isSmall = live < SMALL_ROWS_MAX;
    const least = this.#rowsFor(live, isSmall ? LOAD_KEPT_SMALL : LOAD_WHEN_MADE);
    const wanted = this.#rowsFor(live, isSmall ? LOAD_WHEN_MADE_SMALL : LOAD_WHEN_MADE);
    const isFitting = least <= rows && wanted * 2 > rows;
    if (!isFitting || live < this.#counts[shard]!) this.#remake(shard, isFitting ? rows : wanted);
    return this.hasRoom(shard);
  }

  /** All rows, as they lie here. */
  capture(): RowShardsState {
    const words = new Map<number, Int32Array>();
    this.words.forEach((one, shard) => {
      if (one !== this.#none) words.set(shard, one);
    });
    const scratchLength = this.#scratch.length;
    return { words, counts: this.#counts, limits: this.#limits, sweptMs: this.#sweptMs, scratchLength };
  }

  /** Takes over what another of the same kind captured. */
  restore({ words, counts, limits, sweptMs, scratchLength }: RowShardsState): void {
    for (let shard = 0; shard < SHARDS; shard += 1) this.words[shard] = words.get(shard)?.slice() ?? this.#none;
    this.#counts.set(counts);
    this.#limits.set(limits);
    this.#sweptMs.set(sweptMs);
    this.#scratch = new Int32Array(scratchLength);
  }

  #rowsFor(live: number, load: number): number {
    return Math.min(Math.max(SHARD_ROWS_MIN, Math.ceil((live + RESERVED_ROWS) / load)), this.#shardRowsMax);
  }

  #countLive(shard: number): number {
    const words = this.words[shard]!;
    const { width } = this.#kind;
    let live = 0;
    for (let at = 0; at < words.length; at += width) {
      if (words[at] !== 0 && !this.#kind.isIdle(words, at)) live += 1;
    }
    return live;
  }

  #remake(shard: number, rows: number): void {
    const { width } = this.#kind;
    const old = this.words[shard]!;
    if (this.#scratch.length < old.length) this.#scratch = new Int32Array(old.length);
    const source = this.#scratch;
    source.set(old);
    let target = old;
    if (target.length === rows * width) target.fill(0);
    else target = new Int32Array(rows * width);
    let count = 0;
    for (let from = 0; from < old.length; from += width) {
      if (source[from] === 0 || this.#kind.isIdle(source, from)) continue;
      let to = homeOf(this.#kind.hashOf(source, from), target.length, width);
      while (target[to] !== 0) to = nextOf(to, target.length, width);
      for (let word = 0; word < width; word += 1) target[to + word] = source[from + word]!;
      count += 1;
    }
    this.words[shard] = target;
    this.#counts[shard] = count;
    const isSmall = count < SMALL_ROWS_MAX && rows < this.#shardRowsMax;
    this.#limits[shard] = Math.floor(rows * (isSmall ? FULL_LOAD_WHILE_SMALL : FULL_LOAD));
  }
}

/** Place of the row that a hash leads to first, in a shard of `length` words. */
export function homeOf(hash: number, length: number, width: number): number {
  return (((hash >>> 0) * (length / width) * 2 ** -32) | 0) * width;
}

/** Place of the row after the one at `at`. */
export function nextOf(at: number, length: number, width: number): number {
  const next = at + width;
  return next === length ? 0 : next;
}
