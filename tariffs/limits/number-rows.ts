/**
 * Three words about a number, for each kind of thing that is counted of it.
 *
 * A reversible mix turns a number into 33 random-looking bits: 12 of them say the shard, so a row holds only the other 21.
 *
 *     bit    31        25 24      21 20                0
 *           +------------+----------+-------------------+
 *   word 0  | the owner's| kind + 1 | rest of the number|    the low 25 bits are the row's key; 0 where there is no row
 *   word 1  |            the owner's                    |
 *   word 2  |            the owner's                    |
 *           +-------------------------------------------+
 *
 * Memory: five rows of 12 bytes in 64, in shards filled to between 0.68 and 0.82, which makes 15.6 to 18.8 bytes a row.
 */
import type { Ask } from './allowance.ts';
import { bucketOf, nextBucket, RowShards } from './row-shards.ts';

/** NANP numbers as integers, and nothing else. */
const KEY_MIN = 2_000_000_000;
const KEY_MAX = 9_999_999_999;

const WIDTH = 3;
/** Place in a bucket of its fifth and last row. */
const LAST_ROW = 12;
const NUMBER_BITS = 21;
const SHARD_SHIFT = 20;
/** The low 20 of the mixed 32 bits, which the shard does not say. */
const REST = 0xfffff;
/** Where the owner's part of word 0 begins, and the part before it. */
export const OWNER_SHIFT = 25;
const KEY_BITS = (1 << OWNER_SHIFT) - 1;
const KINDS_MAX = 15;
/** Xored into offsets of 2^32 and above, so that two numbers with the same low 32 bits have nothing else in common. */
const TOP_VARIANT = 0x5bd1e995;
const SPREAD = 0x9e3779b1;

export class NumberRows {
  /** The shard that `find` has looked in, and the place in it of the row it found, or where that row would be written. */
  words: Int32Array;
  at = 0;
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
    const hashOf = (words: Int32Array, at: number): number => Math.imul(words[at]! & KEY_BITS, SPREAD);
    this.#shards = new RowShards({ width: WIDTH, hashOf, isIdle }, rowsMax);
    this.words = this.#shards.words[0]!;
  }

  get count(): number {
    return this.#shards.rowCount;
  }

  get bytes(): number {
    return this.#shards.bytes;
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
    let bucket = bucketOf(Math.imul(key, SPREAD), words.length);
    let match = matchIn(words, bucket, key);
    while (match === 0 && words[bucket + LAST_ROW] !== 0) {
      bucket = nextBucket(bucket, words.length);
      match = matchIn(words, bucket, key);
    }
    const at = match === 0 ? firstFree(words, bucket) : bucket + Math.imul(31 - Math.clz32(match), WIDTH);
    this.words = words;
    this.at = at;
    this.#shard = shard;
    this.#key = key;
    this.#lastSender[kind] = sender;
    this.#lastShard[kind] = shard;
    this.#lastKey[kind] = key;
    this.#lastAt[kind] = at;
    return match !== 0;
  }

  /** Whether the row that `find` has just missed can be added; makes room for it if it can. */
  hasRoom(kind: number, ask: Ask, nowMs: number): boolean {
    if (this.#shards.hasRoom(this.#shard)) return true;
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

  /** Calls `visit` for every row. */
  forEach(visit: (words: Int32Array, at: number) => void): void {
    this.#shards.forEach(visit);
  }
}

/** A bit for the row of the bucket that has the key, from the lowest for the first; 0 if none has. */
function matchIn(words: Int32Array, bucket: number, key: number): number {
  // Of numbers from 0 to 2^25, only 0 has its sign changed by taking 1.
  return (
    ((((words[bucket]! ^ key) & KEY_BITS) - 1) >>> 31) |
    (((((words[bucket + 3]! ^ key) & KEY_BITS) - 1) >>> 31) << 1) |
    (((((words[bucket + 6]! ^ key) & KEY_BITS) - 1) >>> 31) << 2) |
    (((((words[bucket + 9]! ^ key) & KEY_BITS) - 1) >>> 31) << 3) |
    (((((words[bucket + LAST_ROW]! ^ key) & KEY_BITS) - 1) >>> 31) << 4)
  );
}

function firstFree(words: Int32Array, bucket: number): number {
  let at = bucket;
  while (words[at] !== 0) at += WIDTH;
  return at;
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
