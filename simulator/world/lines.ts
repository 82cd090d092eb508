/**
 * Numbers that senders send from, as columns. A line is a place that one number has at a time; a sender has as many places as it can have
 * numbers at once and as many again, so that complaints about a number thrown away lately still find what they are about.
 */
import { CARRIERS } from '../../registry-cache/index.ts';

const ALL_CARRIERS = (1 << CARRIERS.length) - 1;

export class Lines {
  #count = 0;
  key = new Float64Array(0);
  /** Place of the sender in the world's list. */
  owner = new Int32Array(0);
  /** Which number this is of those that have had the place. */
  generation = new Int32Array(0);
  /** `Route`. */
  route = new Uint8Array(0);
  /** Carriers that take no messages from it, a bit each. */
  blocked = new Uint8Array(0);
  /** 1 where nobody holds the number. */
  isInvalid = new Uint8Array(0);
  /** 1 where it would be recognised as bulk on the P2P route. */
  isConspicuous = new Uint8Array(0);
  sent = new Int32Array(0);
  /** Accepted today on the P2P route. */
  p2pToday = new Int32Array(0);
  complaints = new Int32Array(0);
  /** By line and carrier: complaints of the week in `complaintWeek`. */
  complaintsOfWeek = new Uint16Array(0);
  complaintWeek = new Int32Array(0);

  get count(): number {
    return this.#count;
  }

  /** Adds `count` places for a sender; the first of them. */
  add(count: number, owner: number): number {
    const first = this.#count;
    this.#count += count;
    if (this.#count > this.key.length) this.#grow(Math.max(this.#count, 2 * this.key.length));
    this.owner.fill(owner, first, this.#count);
    return first;
  }

  /** Gives a place to another number. */
  start(line: number, number: { key: number; route: number; isInvalid: boolean; isConspicuous: boolean }): void {
    this.key[line] = number.key;
    this.route[line] = number.route;
    this.isInvalid[line] = number.isInvalid ? 1 : 0;
    this.isConspicuous[line] = number.isConspicuous ? 1 : 0;
    this.generation[line]! += 1;
    this.blocked[line] = 0;
    this.sent[line] = 0;
    this.p2pToday[line] = 0;
    this.complaints[line] = 0;
    this.complaintsOfWeek.fill(0, line * CARRIERS.length, (line + 1) * CARRIERS.length);
  }

  /** Counts a complaint of this week at a carrier; how many there are. */
  complain(line: number, carrier: number, week: number): number {
    const cell = line * CARRIERS.length + carrier;
    if (this.complaintWeek[line] !== week) {
      this.complaintsOfWeek.fill(0, line * CARRIERS.length, (line + 1) * CARRIERS.length);
      this.complaintWeek[line] = week;
    }
    this.complaints[line]! += 1;
    this.complaintsOfWeek[cell]! += 1;
    return this.complaintsOfWeek[cell]!;
  }

  block(line: number, carrier: number): void {
    this.blocked[line]! |= 1 << carrier;
  }

  blockEverywhere(line: number): void {
    this.blocked[line] = ALL_CARRIERS;
  }

  #grow(length: number): void {
    this.key = grown(this.key, new Float64Array(length));
    this.owner = grown(this.owner, new Int32Array(length));
    this.generation = grown(this.generation, new Int32Array(length));
    this.route = grown(this.route, new Uint8Array(length));
    this.blocked = grown(this.blocked, new Uint8Array(length));
    this.isInvalid = grown(this.isInvalid, new Uint8Array(length));
    this.isConspicuous = grown(this.isConspicuous, new Uint8Array(length));
    this.sent = grown(this.sent, new Int32Array(length));
    this.p2pToday = grown(this.p2pToday, new Int32Array(length));
    this.complaints = grown(this.complaints, new Int32Array(length));
    this.complaintsOfWeek = grown(this.complaintsOfWeek, new Uint16Array(length * CARRIERS.length));
    this.complaintWeek = grown(this.complaintWeek, new Int32Array(length));
  }
}

function grown<Column extends { set(from: Column): void }>(column: Column, larger: Column): Column {
  larger.set(column);
  return larger;
}
