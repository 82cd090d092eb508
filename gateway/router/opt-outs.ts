/**
 * Who wants no more messages from whom: pairs of a number that sends and a handset, as STOP and START make and end them.
 *
 * An open-addressing table of doubles, since every message looks here once anybody has opted out. What is ended moves nobody else's
 * place but those behind it (backward shift), so there are no marks of what was. Bounded: a pair that there is no room for is refused,
 * never another one forgotten, since that would be a message to somebody who said no.
 */
import type { MessageSlot } from './slot.ts';

/** Pairs at most. Sixteen bytes each, in a table at most half full. */
export const OPT_OUTS_MAX = 1_048_576;

const PLACES_AT_FIRST = 64;
const EMPTY = 0;

export class OptOuts {
  count = 0;
  #senders = new Float64Array(PLACES_AT_FIRST);
  #handsets = new Float64Array(PLACES_AT_FIRST);

  /** Whether the handset of a message to be sent has opted out of its sender. Allocates nothing. */
  has(slot: Readonly<MessageSlot>): boolean {
    if (this.count === 0) return false;
    return this.#senders[this.#find(slot.senderKey, slot.destinationKey)] !== EMPTY;
  }

  /** False if there is no room; a pair that is there stays. */
  add(senderKey: number, handsetKey: number): boolean {
    let at = this.#find(senderKey, handsetKey);
    if (this.#senders[at] !== EMPTY) return true;
    if (this.count >= OPT_OUTS_MAX) return false;
    if (this.count * 2 >= this.#senders.length) {
      this.#grow();
      at = this.#find(senderKey, handsetKey);
    }
    this.#senders[at] = senderKey;
    this.#handsets[at] = handsetKey;
    this.count += 1;
    return true;
  }

  /** Whether the pair was there. */
  remove(senderKey: number, handsetKey: number): boolean {
    const senders = this.#senders;
    const handsets = this.#handsets;
    const mask = senders.length - 1;
    let hole = this.#find(senderKey, handsetKey);
    if (senders[hole] === EMPTY) return false;
    for (let at = (hole + 1) & mask; senders[at] !== EMPTY; at = (at + 1) & mask) {
      const home = hashOf(senders[at]!, handsets[at]!) & mask;
      // Whatever would not be found past the hole moves into it.
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      senders[hole] = senders[at]!;
      handsets[hole] = handsets[at]!;
      hole = at;
    }
    senders[hole] = EMPTY;
    this.count -= 1;
    return true;
  }

  /** Handsets that have opted out of a sender. Cost: one look at all pairs. */
  of(senderKey: number): number[] {
    const found: number[] = [];
    this.#senders.forEach((sender, at) => {
      if (sender === senderKey) found.push(this.#handsets[at]!);
    });
    return found;
  }

  /** Sender and handset of each pair. */
  capture(): Float64Array {
    const pairs = new Float64Array(this.count * 2);
    let next = 0;
    this.#senders.forEach((sender, at) => {
      if (sender === EMPTY) return;
      pairs[next++] = sender;
      pairs[next++] = this.#handsets[at]!;
    });
    return pairs;
  }

  /** Holds the pairs that another captured, and no others. */
  restore(pairs: Float64Array): void {
    this.count = 0;
    this.#senders = new Float64Array(PLACES_AT_FIRST);
    this.#handsets = new Float64Array(PLACES_AT_FIRST);
    for (let at = 0; at < pairs.length; at += 2) this.add(pairs[at]!, pairs[at + 1]!);
  }

  /** Holds the pairs that another held, which is then not to be used any more. Takes no time, however many they are. */
  become(other: OptOuts): void {
    this.count = other.count;
    this.#senders = other.#senders;
    this.#handsets = other.#handsets;
  }

  /** The place of a pair, or the empty one where it belongs. */
  #find(senderKey: number, handsetKey: number): number {
    const senders = this.#senders;
    const handsets = this.#handsets;
    const mask = senders.length - 1;
    let at = hashOf(senderKey, handsetKey) & mask;
    while (senders[at] !== EMPTY && (senders[at] !== senderKey || handsets[at] !== handsetKey)) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const pairs = this.capture();
    this.#senders = new Float64Array(this.#senders.length * 2);
    this.#handsets = new Float64Array(this.#handsets.length * 2);
    this.count = 0;
    for (let at = 0; at < pairs.length; at += 2) this.add(pairs[at]!, pairs[at + 1]!);
  }
}

function hashOf(senderKey: number, handsetKey: number): number {
  let hash = Math.imul((senderKey | 0) ^ Math.imul(handsetKey | 0, 0x9e3779b1), 0x85ebca6b);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0xc2b2ae35) >>> 1;
}
