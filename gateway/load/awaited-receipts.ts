/**
 * Receipts that are to come, by the key of their message: its number over HTTP, a hash of its id over SMPP.
 *
 * A receipt may overtake the answer that names its message, and over SMPP it may come by a bind of another thread; so those whose message
 * is not known are kept for a while, and told to the other threads. What is kept is in tables of numbers: nothing is allocated per message.
 */
import type { Tally } from './tally.ts';

const CAPACITY_MIN = 4_096;
const AWAITED_MAX = 8_388_608;
const EARLY_MAX = 1_048_576;
const EMPTY = -1;

/** Keys, whole numbers from 0 on, and a number for each. Open addressing; a removed one leaves no gap. */
class NumberTable {
  size = 0;
  readonly #most: number;
  #keys = new Float64Array(CAPACITY_MIN).fill(EMPTY);
  #values = new Float64Array(CAPACITY_MIN);
  #mask = CAPACITY_MIN - 1;

  constructor(most: number) {
    this.#most = most;
  }

  /** False if there is no room. */
  set(key: number, value: number): boolean {
    if (this.size * 2 >= this.#keys.length && !this.#grow()) return false;
    const at = this.#find(key);
    if (this.#keys[at] === EMPTY) this.size += 1;
    this.#keys[at] = key;
    this.#values[at] = value;
    return true;
  }

  /** The value of a key, which is removed; NaN if there is none. */
  take(key: number): number {
    let hole = this.#find(key);
    if (this.#keys[hole] === EMPTY) return Number.NaN;
    const value = this.#values[hole] ?? Number.NaN;
    this.size -= 1;
    // Those behind move up as far as the places they were meant for.
    for (let at = (hole + 1) & this.#mask; this.#keys[at] !== EMPTY; at = (at + 1) & this.#mask) {
      const wanted = placeOf(this.#keys[at] ?? 0) & this.#mask;
      if (((at - wanted) & this.#mask) < ((at - hole) & this.#mask)) continue;
      this.#keys[hole] = this.#keys[at] ?? EMPTY;
      this.#values[hole] = this.#values[at] ?? 0;
      hole = at;
    }
    this.#keys[hole] = EMPTY;
    return value;
  }

  clear(): void {
    this.#keys.fill(EMPTY);
    this.size = 0;
  }

  #find(key: number): number {
    let at = placeOf(key) & this.#mask;
    while (this.#keys[at] !== EMPTY && this.#keys[at] !== key) at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): boolean {
    if (this.size >= this.#most) return false;
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Float64Array(keys.length * 2).fill(EMPTY);
    this.#values = new Float64Array(keys.length * 2);
    this.#mask = this.#keys.length - 1;
    for (const [from, key] of keys.entries()) {
      if (key === EMPTY) continue;
      const at = this.#find(key);
      this.#keys[at] = key;
      this.#values[at] = values[from] ?? 0;
    }
    return true;
  }
}

function placeOf(key: number): number {
  let hash = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul(Math.floor(key / 0x1_0000_0000), 0x85ebca6b);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0xc2b2ae35) >>> 0;
}

export class AwaitedReceipts {
  readonly #tally: Tally;
  /** When each message was due whose receipt is to come. */
  readonly #awaited = new NumberTable(AWAITED_MAX);
  /** When receipts came whose messages are not known: lately, and before. */
  #early = new NumberTable(EARLY_MAX);
  #earlier = new NumberTable(EARLY_MAX);
  #untold: number[] | undefined;

  /** @param isShared whether receipts may come by another thread */
  constructor(tally: Tally, isShared: boolean) {
    this.#tally = tally;
    this.#untold = isShared ? [] : undefined;
  }

  get count(): number {
    return this.#awaited.size;
  }

  /** A message was accepted: its receipt is to come. */
  await(key: number, dueMs: number): void {
    let cameMs = this.#early.take(key);
    if (Number.isNaN(cameMs)) cameMs = this.#earlier.take(key);
    this.#tally.awaits(dueMs);
    if (!Number.isNaN(cameMs)) this.#tally.receipt(dueMs, cameMs);
    else this.#awaited.set(key, dueMs);
  }

  /** A receipt has come. `others` are keys that its message may have besides. */
  came(key: number, nowMs: number, others: readonly number[] = []): void {
    if (this.#matched(key, nowMs) || others.some((other) => this.#matched(other, nowMs))) return;
    this.#cameEarly(key, nowMs);
    for (const other of others) this.#cameEarly(other, nowMs);
  }

  /** A receipt has come by another thread. */
  cameElsewhere(key: number, atMs: number): void {
    if (!this.#matched(key, atMs)) this.#early.set(key, atMs);
  }

  /** Keys and times, in turns, of receipts that others may know the messages of; each is told once. */
  takeUntold(): number[] {
    const told = this.#untold ?? [];
    if (told.length > 0) this.#untold = [];
    return told;
  }

  /** To be called every few seconds: receipts that nobody waits for are forgotten after one to two of them. */
  age(): void {
    [this.#early, this.#earlier] = [this.#earlier, this.#early];
    this.#early.clear();
  }

  #cameEarly(key: number, nowMs: number): void {
    this.#early.set(key, nowMs);
    this.#untold?.push(key, nowMs);
  }

  #matched(key: number, cameMs: number): boolean {
    const dueMs = this.#awaited.take(key);
    if (Number.isNaN(dueMs)) return false;
    this.#tally.receipt(dueMs, cameMs);
    return true;
  }
}
