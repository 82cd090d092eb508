/**
 * Who has written to whom today: the set behind "so many different recipients a day".
 *
 * Exact, so both numbers of a pair are held whole. The destination is, in 33 bits; of the sender's 33 bits, mixed and xored with what
 * the destination mixes to, 8 say the shard and 25 are held. One day's pairs are held at a time: a shard last written on an earlier
 * day counts as empty, and is emptied when it is next written.
 *
 *     word 0    bit 26: 1   bits 1 to 25: rest of the sender   bit 0: top of the destination
 *     word 1    the destination's other 32 bits
 *
 * Memory: 8 bytes a pair, in shards filled to between 0.64 and 0.8, which makes 10 to 12.5 bytes.
 */
import type { Ask } from './allowance.ts';
import { mix } from './number-rows.ts';
import { homeOf, nextOf, RowShards, type RowShardsState, SHARDS } from './row-shards.ts';

const KEY_MIN = 2_000_000_000;
const WIDTH = 2;
const HELD = 1 << 26;
const REST = 0xffffff;
const SHARD_SHIFT = 24;
const TOP_VARIANT = 0x5bd1e995;
/** Xored into the destination, so that a number that writes to itself is mixed with something else. */
const DESTINATION_VARIANT = 0x2545f491;
const SPREAD = 0x9e3779b1;
const SPREAD_OTHER = 0x85ebca6b;
/** Before any day there is. */
const NEVER = -1;

export interface RecipientPairsState {
  readonly day: number;
  readonly days: Int32Array;
  readonly shards: RowShardsState;
}

export class RecipientPairs {
  readonly #shards: RowShards;
  /** The day whose pairs a shard holds. */
  readonly #days = new Int32Array(SHARDS).fill(NEVER);
  #day = NEVER;
  #shard = 0;
  #at = 0;
  #word0 = 0;
  #word1 = 0;

  constructor(pairsMax: number) {
    this.#shards = new RowShards({ width: WIDTH, hashOf, isIdle: () => false }, pairsMax);
  }

  /** Pairs of the day. */
  get count(): number {
    return this.#shards.rowCountOf((shard) => this.#days[shard] === this.#day);
  }

  get bytes(): number {
    return this.#shards.bytes + this.#days.byteLength;
  }

  /** Forgets the pairs of earlier days. */
  startDay(day: number): void {
    this.#day = day;
  }

  /** Whether `ask.senderKey` has written to `ask.destinationKey` today. */
  has(ask: Ask): boolean {
    const from = ask.senderKey - KEY_MIN;
    const to = ask.destinationKey - KEY_MIN;
    const fromTop = (from * 2 ** -32) | 0;
    const toTop = (to * 2 ** -32) | 0;
    const toLow = to | 0;
    const mixed =
      mix((from | 0) ^ (-fromTop & TOP_VARIANT)) ^ mix(toLow ^ (-toTop & TOP_VARIANT) ^ DESTINATION_VARIANT);
    const shard = mixed >>> SHARD_SHIFT;
    const word0 = HELD | ((mixed & REST) << 2) | (fromTop << 1) | toTop;
    this.#shard = shard;
    this.#word0 = word0;
    this.#word1 = toLow;
    if (this.#days[shard] !== this.#day) {
      this.#days[shard] = this.#day;
      this.#shards.clear(shard);
    }
    return this.#find();
  }

  /** Whether the pair that `has` has just missed can be added as things are. */
  hasRoom(): boolean {
    return this.#shards.hasRoom(this.#shard);
  }

  /** Makes room for the pair that `has` has just missed; false if there is none to be had. */
  makeRoom(nowMs: number): boolean {
    const hasRoom = this.#shards.makeRoom(this.#shard, nowMs);
    this.#find();
    return hasRoom;
  }

  /** Adds the pair that `has` has just missed. */
  add(): void {
    const words = this.#shards.words[this.#shard]!;
    words[this.#at] = this.#word0;
    words[this.#at + 1] = this.#word1;
    this.#shards.noteAdded(this.#shard);
  }

  capture(): RecipientPairsState {
    return { day: this.#day, days: this.#days, shards: this.#shards.capture() };
  }

  restore({ day, days, shards }: RecipientPairsState): void {
    this.#day = day;
    this.#days.set(days);
    this.#shards.restore(shards);
  }

  #find(): boolean {
    const words = this.#shards.words[this.#shard]!;
    const word0 = this.#word0;
    const word1 = this.#word1;
    let at = homeOf(hashOfWords(word0, word1), words.length, WIDTH);
    let found = words[at]!;
    while (found !== 0 && (found !== word0 || words[at + 1] !== word1)) {
      at = nextOf(at, words.length, WIDTH);
      found = words[at]!;
    }
    this.#at = at;
    return found !== 0;
  }
}

function hashOf(words: Int32Array, at: number): number {
  return hashOfWords(words[at]!, words[at + 1]!);
}

function hashOfWords(word0: number, word1: number): number {
  return Math.imul(word0, SPREAD) ^ Math.imul(word1, SPREAD_OTHER);
}
