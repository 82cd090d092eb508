/**
 * What a carrier remembers of the numbers that send to its phones: since when it knows each, and how much each has sent of late.
 *
 * One bounded table for all carriers, of rows by number and carrier. A row may stand in eight places; where all are taken, the number
 * that has been idle longest is forgotten, and counts as new when it comes again. Of late is the last hour: the messages of the hour
 * under way, and of the hour before as many as its part that is not over an hour ago would hold.
 */
import { CARRIERS } from '../../registry-cache/index.ts';

const PLACES_PER_HOME = 8;
const FREE = 0;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** Columns of a row: the second in which the number came first, the hour under way, its messages and those of the hour before. */
const FIRST_S = 0;
const HOUR = 1;
const COUNT = 2;
const COUNT_BEFORE = 3;
const WIDTH = 4;

export interface SenderHistoryState {
  readonly keys: Float64Array;
  readonly rows: Uint32Array;
}

export class SenderHistory {
  readonly #lastPlace: number;
  readonly #keys: Float64Array;
  readonly #rows: Uint32Array;
  /** The time of the last note, and what follows from it. */
  #nowMs = Number.NaN;
  #second = 0;
  #hour = 0;
  /** Share of the hour before that is within the last hour. */
  #shareOfBefore = 0;
  /** The row of the last note. */
  #row = 0;

  /** @param rows numbers remembered at most, those of each carrier counted apart; a power of two from 8 on */
  constructor(rows: number) {
    if (!(rows >= PLACES_PER_HOME && Number.isInteger(Math.log2(rows)))) {
      throw new RangeError(`a power of two from ${PLACES_PER_HOME} on, got ${rows}`);
    }
    this.#lastPlace = rows - 1;
    this.#keys = new Float64Array(rows);
    this.#rows = new Uint32Array(rows * WIDTH);
  }

  /** Notes a message of the number `senders[at]` at a carrier. No allocation; a search of eight places that lie together. */
  note(senders: Float64Array, at: number, carrier: number, nowMs: number): void {
    if (nowMs !== this.#nowMs) this.#moveTo(nowMs);
    const row = this.#placeOf(senders[at]! * CARRIERS.length + carrier) * WIDTH;
    const rows = this.#rows;
    const hoursOn = this.#hour - rows[row + HOUR]!;
    if (hoursOn > 0) {
      rows[row + COUNT_BEFORE] = hoursOn === 1 ? rows[row + COUNT]! : 0;
      rows[row + COUNT] = 0;
      rows[row + HOUR] = this.#hour;
    }
    rows[row + COUNT]! += 1;
    this.#row = row;
  }

  /** Messages of the last hour from the number noted last, that one included. */
  get recentCount(): number {
    return this.#rows[this.#row + COUNT]! + this.#rows[this.#row + COUNT_BEFORE]! * this.#shareOfBefore;
  }

  /** Time since the first message of the number noted last, to a second. */
  get ageMs(): number {
    return (this.#second - this.#rows[this.#row + FIRST_S]!) * SECOND_MS;
  }

  capture(): SenderHistoryState {
    return { keys: this.#keys, rows: this.#rows };
  }

  restore({ keys, rows }: SenderHistoryState): void {
    this.#keys.set(keys);
    this.#rows.set(rows);
  }

  #moveTo(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#second = Math.floor(nowMs / SECOND_MS);
    this.#hour = Math.floor(nowMs / HOUR_MS);
    this.#shareOfBefore = this.#hour + 1 - nowMs / HOUR_MS;
  }

  /** The place of a key; that of another one, whose row is cleared, if it has none. */
  #placeOf(key: number): number {
    const keys = this.#keys;
    const home = homeOf(key) & this.#lastPlace & -PLACES_PER_HOME;
    for (let place = home; place < home + PLACES_PER_HOME; place += 1) {
      if (keys[place] === key) return place;
      if (keys[place] === FREE) return this.#begin(place, key);
    }
    return this.#begin(this.#idlest(home), key);
  }

  #begin(place: number, key: number): number {
    const row = place * WIDTH;
    this.#keys[place] = key;
    this.#rows[row + FIRST_S] = this.#second;
    this.#rows[row + HOUR] = this.#hour;
    this.#rows[row + COUNT] = 0;
    this.#rows[row + COUNT_BEFORE] = 0;
    return place;
  }

  #idlest(home: number): number {
    let idlest = home;
    for (let place = home + 1; place < home + PLACES_PER_HOME; place += 1) {
      if (this.#rows[place * WIDTH + HOUR]! < this.#rows[idlest * WIDTH + HOUR]!) idlest = place;
    }
    return idlest;
  }
}

/** 32 bits of a key, well mixed. */
function homeOf(key: number): number {
  const low = key | 0;
  let hash = Math.imul(low ^ (low >>> 16) ^ ((key / 2 ** 32) | 0), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
