/**
 * Three words about a number, for each kind of thing that is counted of it.
 *
 * A reversible mix turns a number into 33 random-looking bits: 8 of them say the shard, so a row holds only the other 25.
 *
 *     bit    31        29 28      25 24                0
 *           +------------+----------+-------------------+
 *   word 0  | the owner's| kind + 1 | rest of the number|    the low 29 bits are the row's key; 0 where there is no row
 *   word 1  |            the owner's                    |
 *   word 2  |            the owner's                    |
 *           +-------------------------------------------+
 *
 * All rows of a number begin their search at one place, and so lie in one or two lines of memory.
 *
 * Memory: 12 bytes a row, in shards filled to between 0.64 and 0.8, which makes 15 to 18.75 bytes; up to 34 while there are few.
 */
import type { Ask } from './allowance.ts';
import { homeOf, nextOf, RowShards, type RowShardsState } from './row-shards.ts';

/** NANP numbers as integers, and nothing else. */
const KEY_MIN = 2_000_000_000;
const KEY_MAX = 9_999_999_999;

const WIDTH = 3;
const NUMBER_BITS = 25;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
const SHARD_SHIFT = 24;
/** The low 24 of the mixed 32 bits, which the shard does not say. */
const REST = 0xffffff;
/** Where the owner's part of word 0 begins, and the part before it. */
export const OWNER_SHIFT = 29;
const KEY_BITS = (1 << OWNER_SHIFT) - 1;
const KINDS_MAX = 15;
/** Xored into offsets of 2^32 and above, so that two numbers with the same low 32 bits have nothing else in common. */
const TOP_VARIANT = 0x5bd1e995;
const SPREAD = 0x9e3779b1;

export class NumberRows {
  /** The shard that `find` has looked in, and the place in it of the row it found, or where that row would be written. */
  words: Int32Array;
  at = 0;
  /** What `touch` came upon; kept only so that the read is not left out. */
  touched = 0;
  #shard = 0;
  #key = 0;

  readonly #shards: RowShards;
  /** Where `find` ended for each kind, so that asking and taking, and several questions of one kind, look once. */
  readonly #lastSender = new Float64Array(KINDS_MAX).fill(Number.NaN);
  readonly #lastShard = new Int32Array(KINDS_MAX);
  readonly #lastKey = new Int32Array(KINDS_MAX);
  readonly #lastAt = new Int32Array(KINDS_MAX);

  /** @param isIdle whether the row at a place says the same as no row */
  constructor(isIdle: (words: Int32Array, at: number) => boolean, rowsMax: number) {
    const hashOf = (words: Int32Array, at: number): number => Math.imul(words[at]! & NUMBER_MASK, SPREAD);
    this.#shards = new RowShards({ width: WIDTH, hashOf, isIdle }, rowsMax);
    this.words = this.#shards.words[0]!;
  }

  get count(): number {
    return this.#shards.rowCount;
  }

  get bytes(): number {
    return this.#shards.bytes;
  }

  /**
   * Reaches for the memory where the rows of `ask.senderKey` would be. Asked for early, it has come by the time a row is looked for.
   */
  touch(ask: Ask): void {
    const offset = ask.senderKey - KEY_MIN;
    const top = (offset * 2 ** -32) | 0;
    const mixed = mix((offset | 0) ^ (-top & TOP_VARIANT));
    const words = this.#shards.words[mixed >>> SHARD_SHIFT]!;
    this.touched = words[homeOf(Math.imul(((mixed & REST) << 1) | top, SPREAD), words.length, WIDTH)]!;
  }

  /** Looks for the row of `ask.senderKey`, which `isNumber`, and says whether there is one. */
  find(kind: number, ask: Ask): boolean {
    const sender = ask.senderKey;
    if (sender === this.#lastSender[kind]) {
      const shard = this.#lastShard[kind]!;
      const key = this.#lastKey[kind]!;
      const words = this.#shards.words[shard]!;
      const at = this.#lastAt[kind]!;
      const found = words[at]! & KEY_BITS;
      // Another number may have been written where this one was not.
      if (found === key || found === 0) {
        this.words = words;
        this.at = at;
        this.#shard = shard;
        this.#key = key;
        return found !== 0;
      }
    }
    const offset = sender - KEY_MIN;
    const top = (offset * 2 ** -32) | 0;
    const mixed = mix((offset | 0) ^ (-top & TOP_VARIANT));
    const shard = mixed >>> SHARD_SHIFT;
    const key = ((kind + 1) << NUMBER_BITS) | ((mixed & REST) << 1) | top;
    const words = this.#shards.words[shard]!;
    let at = homeOf(Math.imul(key & NUMBER_MASK, SPREAD), words.length, WIDTH);
    let found = words[at]! & KEY_BITS;
    while (found !== key && found !== 0) {
      at = nextOf(at, words.length, WIDTH);
      found = words[at]! & KEY_BITS;
    }
    this.words = words;
    this.at = at;
    this.#shard = shard;
    this.#key = key;
    this.#lastSender[kind] = sender;
    this.#lastShard[kind] = shard;
    this.#lastKey[kind] = key;
    this.#lastAt[kind] = at;
    return found !== 0;
  }

  /** Whether the row that `find` has just missed can be added as things are. */
  hasRoom(): boolean {
    return this.#shards.hasRoom(this.#shard);
  }

  /** Makes room for the row that `find` has just missed; false if there is none to be had. */
  makeRoom(kind: number, ask: Ask, nowMs: number): boolean {
    const hasRoom = this.#shards.makeRoom(this.#shard, nowMs);
    this.#lastSender.fill(Number.NaN);
    this.find(kind, ask);
    return hasRoom;
  }

  /** Adds the row that `find` has just missed. */
  add(): void {
    this.words[this.at] = this.#key;
    this.#shards.noteAdded(this.#shard);
  }

  capture(): RowShardsState {
    return this.#shards.capture();
  }

  restore(state: RowShardsState): void {
    this.#shards.restore(state);
    this.words = this.#shards.words[0]!;
    this.at = 0;
    this.#lastSender.fill(Number.NaN);
  }

  /** Calls `visit` for every row. */
  forEach(visit: (words: Int32Array, at: number) => void): void {
    for (const words of this.#shards.words) {
      for (let at = 0; at < words.length; at += WIDTH) {
        if (words[at] !== 0) visit(words, at);
      }
    }
  }
}

export function isNumber(key: number): boolean {
  return key >= KEY_MIN && key <= KEY_MAX;
}

/** A reversible mix of 32 bits. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
