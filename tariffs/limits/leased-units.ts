/**
 * The part of shared limits that this gateway holds on lease: what it may admit without asking anybody.
 *
 * Whoever shares a limit keeps its count in one place and gives leases on it. Here is one gateway's hand: how many units of each
 * key it holds and until when, what it has spent of them since it last told, and how fast they go. The decision takes units
 * out of the hand. A keeper asks `request`, key by key, whether the store should be told or asked for anything, carries
 * what it says there and brings the answer to `settle`. Nothing here knows how.
 *
 *     waitMs: not leased ──► key is lacking ──► request ──► (store) ──► settle ──► waitMs: 0, or a known wait
 *
 * Never more is taken than was granted: a lease ends here before it can end in the store, being counted from before the question
 * was sent, and what is held after an answer is what the store holds for us less what was taken since we asked.
 *
 * How much to ask for: what is lacking, and the demand of the next LEAD_MS at the recent pace. While more than half of a limit
 * is free, a hundredth of it at least; when it is scarce, nothing beyond the pace, and what lies idle is soon given back, so that the
 * last units are not kept where nobody needs them.
 *
 * While the store is away, `awayFraction` of a limit may be admitted without a lease. That is counted apart and told later.
 *
 * Memory: 174 bytes per key, 16 more for rates.
 */
import { type Allowance, type Ask, NOT_LEASED } from './allowance.ts';
import { grown } from './columns.ts';
import { LEVEL_RETRY_MS } from './levels.ts';
import { RateBuckets } from './rate-buckets.ts';

/** What kind of limit the units are of. */
export const LeaseKind = { Rate: 0, Day: 1, Level: 2, Money: 3 } as const;

/** How long a lease lasts from the moment it is granted, by the store's clock. */
export const LEASE_MS = 2_000;
/** How long before that it is not used any more: for clocks that do not run alike. */
export const LEASE_MARGIN_MS = 50;

/** The demand that is leased ahead. */
const LEAD_MS = 50;
/** Over how long the pace of demand is measured. */
const PACE_MS = 40;
/** What is leased at least while there is plenty: this part of a limit, or so many messages' worth of money. */
const PLENTY_PART = 100;
const PLENTY_PRICES = 8;
/** Idle units are given back after so long. */
const IDLE_MS = 1_000;
const IDLE_SCARCE_MS = 150;
/** What was spent is told after so long, or when it is this part of the limit: only what is told refills. */
const REPORT_MS = 250;
const REPORT_PART = 50;
/** How long a refusal is believed: at least, and at most. */
const REFUSED_MS_MIN = 5;
const REFUSED_MS_MAX = 50;
/** How often the end of a day's lease is worked out anew from the store's clock. */
export const DAY_REFRESH_MS = 60_000;

/** What the store is to be told of one key and asked for; filled in place by `LeasedUnits.request`. */
export class LeaseRequest {
  cap = 0;
  /** Units spent of the lease since the last request; of a level, units in use now. */
  spent = 0;
  /** Units spent without a lease. */
  extra = 0;
  /** Units given back. Of a level nothing: `want` says what is kept. */
  back = 0;
  /** Units without which the request is in vain. Of a level with those in use. */
  need = 0;
  /** Units that all waiting messages need, `need` among them. Of a level with those in use. */
  waiting = 0;
  /** Units wished for, `waiting` among them. Of a level all that is to be held. */
  want = 0;
}

/** What the store answered. */
export interface LeaseAnswer {
  /** Units that the store holds for us; of a day, units granted just now. */
  readonly units: number;
  /** Units left for anybody. Negative when more was spent than there was. */
  readonly room: number;
  /** 0 if the need was met, else how long until it may be; Infinity if time does not help; NOT_LEASED if others hold what is missing. */
  readonly waitMs: number;
}

export interface LeasedUnitsOptions {
  /** `LeaseKind`. */
  readonly kind: number;
  /** Of a rate. */
  readonly windowMs?: number;
  /** Part of each limit that may be admitted without a lease while its shard is away; 0 for nothing. */
  readonly awayFraction: number;
  /** 1 for each shard of the store that is away; kept up to date by the owner. */
  readonly away: Uint8Array;
}

/** Instead of a time when room is expected. */
const HELD_BY_OTHERS = -Infinity;
/** Shard of a key that was never placed: none is away. */
const NO_SHARD = 255;

class AskInPlace implements Ask {
  units = 1;
  atMs = Number.NaN;
  uptimeMs = Number.NaN;
  senderKey = Number.NaN;
  destinationKey = Number.NaN;
}

export class LeasedUnits implements Allowance {
  readonly kind: number;
  /** Times something was taken without a lease, since the start. */
  awayCount = 0;
  readonly #awayFraction: number;
  readonly #away: Uint8Array;
  /** What may be admitted of a rate without a lease. By uptime, so that it starts empty and is never set back. */
  readonly #awayBuckets: RateBuckets;
  readonly #awayAsk = new AskInPlace();
  /** By shard: grows when it goes away; what may be admitted then begins anew. */
  readonly #outages: Uint32Array;

  #count = 0;
  /** Units that may be taken until `#endsAtMs`. Of a level, negative when more is in use than was granted. */
  #held = new Float64Array(0);
  #endsAtMs = new Float64Array(0);
  /** Ordinal of the day that the units of a day are of. */
  #dayOf = new Int32Array(0);
  /** How many times a key was given to somebody else. */
  #turn = new Uint32Array(0);
  /** Units taken and not told; of a level, units in use. */
  #spent = new Float64Array(0);
  /** Units taken since the pace was measured. */
  #taken = new Float64Array(0);
  #caps = new Float64Array(0);

  /** Units left for anybody by the last answer, and when it came; 0 for never. */
  #room = new Float64Array(0);
  #answeredAtMs = new Float64Array(0);
  /** From so many units on, a refusal holds until `#refusedUntilMs`; room is expected at `#roomAtMs`. */
  #refusedUnits = new Float64Array(0);
  #refusedUntilMs = new Float64Array(0);
  #roomAtMs = new Float64Array(0);

  /** Units of the smallest message that found too few; 0 for none. And of all of them, for the pace. */
  #lacked = new Float64Array(0);
  #lackedSum = new Float64Array(0);
  /** `#lacked` as it was when the request under way was made. */
  #asked = new Float64Array(0);

  /** Units per millisecond, when it was measured, and when there last was any demand. */
  #pace = new Float64Array(0);
  #measuredAtMs = new Float64Array(0);
  #activeAtMs = new Float64Array(0);

  /** Units admitted without a lease and not told; the outage they began in, and of a day what is left of its part. */
  #extra = new Float64Array(0);
  #outageOf = new Uint32Array(0);
  #awayLeft = new Float64Array(0);

  #shard = new Uint8Array(0);
  #flags = new Uint8Array(0);
  /** Keys that hold or owe something, or lack it; and those of them that lack. */
  readonly #active = new KeyList();
  readonly #lacking = new KeyList();

  constructor({ kind, windowMs = 1, awayFraction, away }: LeasedUnitsOptions) {
    this.kind = kind;
    this.#awayFraction = awayFraction;
    this.#away = away;
    this.#outages = new Uint32Array(away.length);
    this.#awayBuckets = new RateBuckets(windowMs);
  }

  ensure(keyCount: number): void {
    if (keyCount <= this.#count) return;
    const count = Math.max(keyCount, this.#count * 2);
    this.#held = grown(this.#held, count);
    this.#endsAtMs = grown(this.#endsAtMs, count);
    this.#spent = grown(this.#spent, count);
    this.#taken = grown(this.#taken, count);
    this.#caps = grown(this.#caps, count);
    this.#room = grown(this.#room, count);
    this.#answeredAtMs = grown(this.#answeredAtMs, count);
    this.#refusedUnits = grown(this.#refusedUnits, count);
    this.#refusedUntilMs = grown(this.#refusedUntilMs, count);
    this.#roomAtMs = grown(this.#roomAtMs, count);
    this.#lacked = grown(this.#lacked, count);
    this.#lackedSum = grown(this.#lackedSum, count);
    this.#asked = grown(this.#asked, count);
    this.#pace = grown(this.#pace, count);
    this.#measuredAtMs = grown(this.#measuredAtMs, count);
    this.#activeAtMs = grown(this.#activeAtMs, count);
    this.#extra = grown(this.#extra, count);
    this.#awayLeft = grown(this.#awayLeft, count);
    this.#dayOf = grown(this.#dayOf, count);
    this.#turn = grown(this.#turn, count);
    this.#outageOf = grown(this.#outageOf, count);
    this.#shard = grown(this.#shard, count, NO_SHARD);
    this.#flags = grown(this.#flags, count);
    if (this.kind === LeaseKind.Rate) this.#awayBuckets.ensure(count);
    this.#active.ensure(count);
    this.#lacking.ensure(count);
    this.#count = count;
  }

  waitMs(key: number, cap: number, ask: Ask): number {
    if (!(key >= 0 && key < this.#count)) return Infinity;
    if (ask.units <= this.#held[key]! && ask.uptimeMs < this.#endsAtMs[key]!) return 0;
    return this.#waitWithout(key, cap, ask);
  }

  take(key: number, cap: number, ask: Ask): void {
    this.#caps[key] = cap;
    if (ask.units <= this.#held[key]! && ask.uptimeMs < this.#endsAtMs[key]!) {
      this.#held[key]! -= ask.units;
      this.#spent[key]! += ask.units;
      this.#taken[key]! += ask.units;
    } else {
      this.#takeWithout(key, cap, ask);
    }
  }

  /** Of a level: what was taken has ended. */
  giveBack(key: number, units: number): void {
    this.#held[key]! += units;
    this.#spent[key]! -= units;
  }

  /** As of the last answer, what was taken since and, of a rate, what has refilled since; nothing of a day that is over. Of money, what is left. */
  used(key: number, cap: number, ask: Ask): number {
    if (!(key >= 0 && key < this.#count)) return 0;
    const held = Math.max(0, this.#held[key]!);
    if (this.kind === LeaseKind.Money) return this.#room[key]! + held;
    const answeredAtMs = this.#answeredAtMs[key]!;
    if (answeredAtMs === 0) return 0;
    if (this.kind === LeaseKind.Day && ask.uptimeMs >= this.#endsAtMs[key]!) return 0;
    const used = cap - this.#room[key]! - held;
    if (this.kind !== LeaseKind.Rate) return Math.max(0, used);
    // What was not told does not refill.
    const spent = this.#spent[key]!;
    const refilled = (cap * (ask.uptimeMs - answeredAtMs)) / this.#awayBuckets.windowMs;
    return Math.ceil(Math.max(0, used - spent - refilled) + spent);
  }

  // The keeper's side.

  /** Keys that hold, owe or lack something. `request` may take out the one it is given: go through them from the last. */
  get activeCount(): number {
    return this.#active.count;
  }

  activeAt(index: number): number {
    return this.#active.at(index);
  }

  /** Keys of messages that were told NOT_LEASED and of which the store was not asked since. */
  get lackingCount(): number {
    return this.#lacking.count;
  }

  lackingAt(index: number): number {
    return this.#lacking.at(index);
  }

  shardOf(key: number): number {
    return this.#shard[key]!;
  }

  /** Whether `place` has to come before the first request. */
  isPlaced(key: number): boolean {
    return this.#shard[key] !== NO_SHARD;
  }

  place(key: number, shard: number): void {
    this.#shard[key] = shard;
  }

  /** A shard went away: what may be admitted of its keys without a lease begins, from nothing. */
  beginOutage(shard: number): void {
    this.#outages[shard]! += 1;
  }

  /**
   * The key is somebody else's: nothing of it is known any more, and it is to be placed anew. What the store holds for us under the
   * name it had ends there by itself, as if it had been spent. Of a request under way nothing must be settled: `turnOf` has changed.
   */
  replaced(key: number): void {
    if (!(key >= 0 && key < this.#count)) return;
    this.#turn[key]! += 1;
    this.#shard[key] = NO_SHARD;
    this.#flags[key] = 0;
    this.#active.remove(key);
    this.#lacking.remove(key);
    for (const column of [this.#held, this.#endsAtMs, this.#spent, this.#taken, this.#room, this.#answeredAtMs])
      column[key] = 0;
    for (const column of [this.#refusedUntilMs, this.#lacked, this.#lackedSum, this.#extra, this.#outageOf])
      column[key] = 0;
  }

  /** How many times the key was given to somebody else. */
  turnOf(key: number): number {
    return this.#turn[key]!;
  }

  /**
   * Whether the store should be asked about a key. If so `out` says what to ask, and what it says counts as told: `settle`
   * or `drop` must follow, however late. Until then there is nothing more to ask about the key.
   * @param day ordinal of the day that the call will name; of another day nothing is told or given back
   */
  request(key: number, nowMs: number, out: LeaseRequest, day = 0): boolean {
    if ((this.#flags[key]! & UNDER_WAY) !== 0) return false;
    if (this.kind === LeaseKind.Day && this.#dayOf[key] !== day) this.#forgetDay(key, day);
    const lackedSum = this.#lackedSum[key]!;
    this.#measure(key, nowMs);
    const { kind } = this;
    const cap = this.#caps[key]!;
    const isLive = nowMs < this.#endsAtMs[key]!;
    const inHand = Math.max(0, this.#held[key]!);
    const usable = isLive ? inHand : 0;
    const lacked = this.#lacked[key]!;
    const need = Math.max(0, lacked - usable);
    const waiting = need > 0 ? Math.max(need, lackedSum - usable) : 0;
    const isScarce = this.#isScarce(key);
    const idleMs = nowMs - this.#activeAtMs[key]!;
    const isIdle = idleMs >= (isScarce ? IDLE_SCARCE_MS : IDLE_MS);
    const lead = isIdle ? 0 : this.#leadOf(key, isScarce);

    let want = 0;
    if (need > 0) want = Math.max(waiting, lacked + lead - usable);
    else if (usable * 2 < lead && nowMs >= this.#refusedUntilMs[key]!) want = lead - usable;
    let back = 0;
    if (!isLive) back = inHand;
    else if (
      want === 0 &&
      usable > lead &&
      (isIdle || (isScarce && usable > 4 * lead && this.#isOld(key, nowMs, IDLE_SCARCE_MS)))
    ) {
      back = usable - lead;
    }

    if (want === 0 && back === 0 && this.#extra[key] === 0 && !this.#mustTell(key, nowMs)) {
      this.#lacked[key] = 0;
      this.#lacking.remove(key);
      if (isIdle && inHand === 0 && this.#spent[key] === 0) this.#active.remove(key);
      return false;
    }

    this.#asked[key] = lacked;
    this.#lacked[key] = 0;
    this.#lacking.remove(key);
    this.#flags[key]! |= UNDER_WAY;
    this.#held[key]! -= back;
    out.cap = cap;
    out.spent = this.#spent[key]!;
    out.extra = this.#tellExtra(key, cap);
    // What is left of a day that is over goes to nobody.
    out.back = kind === LeaseKind.Day && !isLive ? 0 : back;
    out.need = need;
    out.waiting = waiting;
    out.want = want;
    if (kind === LeaseKind.Level) {
      out.back = 0;
      out.need += out.spent;
      out.waiting += out.spent;
      out.want += out.spent + usable - back * Number(isLive);
    } else {
      this.#spent[key] = 0;
    }
    return true;
  }

  /**
   * Takes in the answer to a request.
   * @param endsAtMs uptime until which what the store holds for us may be taken, counted from before the request was first sent;
   *   of a day the end of the day; Infinity if it has no end
   */
  settle(key: number, answer: LeaseAnswer, nowMs: number, endsAtMs: number): void {
    this.#flags[key]! &= ~UNDER_WAY;
    if (this.kind === LeaseKind.Day) {
      const kept = nowMs < this.#endsAtMs[key]! ? this.#held[key]! : 0;
      this.#held[key] = kept + answer.units;
    } else {
      this.#held[key] = answer.units - this.#spent[key]!;
    }
    this.#endsAtMs[key] = endsAtMs;
    this.#room[key] = answer.room;
    this.#answeredAtMs[key] = nowMs;
    if (answer.waitMs !== 0) {
      this.#refusedUnits[key] = this.#asked[key]!;
      this.#roomAtMs[key] = answer.waitMs === NOT_LEASED ? HELD_BY_OTHERS : nowMs + answer.waitMs;
      this.#refusedUntilMs[key] = nowMs + Math.min(Math.max(answer.waitMs, REFUSED_MS_MIN), REFUSED_MS_MAX);
    } else {
      this.#refusedUntilMs[key] = 0;
    }
  }

  /** Gives a lease up: the store does not know it. Of a request under way nothing was done. */
  drop(key: number): void {
    if ((this.#flags[key]! & UNDER_WAY) !== 0) this.#lack(key, this.#asked[key]!);
    this.#flags[key]! &= ~UNDER_WAY;
    this.#endsAtMs[key] = 0;
    if (this.kind === LeaseKind.Level) {
      this.#held[key] = -this.#spent[key]!;
    } else {
      this.#held[key] = 0;
      this.#spent[key] = 0;
    }
  }

  /** Asks again what a request asked for in vain because it named another day than the store's. */
  repeat(key: number): void {
    this.#flags[key]! &= ~UNDER_WAY;
    this.#lack(key, this.#asked[key]!);
  }

  /** Makes the next message ask the store, whatever it was told before. */
  forgetRefusal(key: number): void {
    if (key >= 0 && key < this.#count) this.#refusedUntilMs[key] = 0;
  }

  /** Fills in a request that gives everything back; false if there is nothing. `day` as for `request`. Afterwards the key holds nothing. */
  surrender(key: number, nowMs: number, out: LeaseRequest, day = 0): boolean {
    if (this.kind === LeaseKind.Day && this.#dayOf[key] !== day) this.#forgetDay(key, day);
    const held = Math.max(0, this.#held[key]!);
    const isLevel = this.kind === LeaseKind.Level;
    out.cap = this.#caps[key]!;
    out.spent = isLevel ? 0 : this.#spent[key]!;
    out.extra = this.#tellExtra(key, out.cap);
    out.back = isLevel || (this.kind === LeaseKind.Day && nowMs >= this.#endsAtMs[key]!) ? 0 : held;
    out.need = 0;
    out.waiting = 0;
    out.want = 0;
    const isAny = held + this.#spent[key]! + out.extra > 0;
    this.#held[key] = 0;
    this.#spent[key] = 0;
    this.#endsAtMs[key] = 0;
    return isAny;
  }

  #waitWithout(key: number, cap: number, ask: Ask): number {
    if (this.kind !== LeaseKind.Money && ask.units > cap) return Infinity;
    this.#caps[key] = cap;
    if (this.#away[this.#shard[key]!] === 1) return this.#awayWaitMs(key, cap, ask);
    if (ask.uptimeMs < this.#refusedUntilMs[key]! && ask.units >= this.#refusedUnits[key]!) {
      const roomAtMs = this.#roomAtMs[key]!;
      return roomAtMs === HELD_BY_OTHERS ? NOT_LEASED : Math.max(1, Math.ceil(roomAtMs - ask.uptimeMs));
    }
    if (!this.#active.has(key)) {
      this.#measuredAtMs[key] = ask.uptimeMs;
      this.#pace[key] = 0;
      // Until the first answer it is taken for untouched.
      if (this.#answeredAtMs[key] === 0) this.#room[key] = cap;
    }
    this.#lackedSum[key]! += ask.units;
    this.#lack(key, ask.units);
    return NOT_LEASED;
  }

  /** What is held or owed of one day is nothing on another. */
  #forgetDay(key: number, day: number): void {
    this.#dayOf[key] = day;
    this.#held[key] = 0;
    this.#endsAtMs[key] = 0;
    this.#spent[key] = 0;
    this.#extra[key] = 0;
  }

  #lack(key: number, units: number): void {
    if (units === 0) return;
    const lacked = this.#lacked[key]!;
    this.#lacked[key] = lacked === 0 ? units : Math.min(lacked, units);
    this.#active.add(key);
    this.#lacking.add(key);
  }

  /** What the part for outages has to say. Level: in use at all. Day: of what was left when the store was last heard. */
  #awayWaitMs(key: number, cap: number, ask: Ask): number {
    this.#active.add(key);
    const part = Math.floor(cap * this.#awayFraction);
    if (this.kind === LeaseKind.Level) {
      if (ask.units > part) return NOT_LEASED;
      return this.#spent[key]! + ask.units <= part ? 0 : LEVEL_RETRY_MS;
    }
    if (this.kind === LeaseKind.Money || this.#awayFraction === 0) return NOT_LEASED;
    if (this.kind === LeaseKind.Rate && ask.units > part) return NOT_LEASED;
    const outage = this.#outages[this.#shard[key]!]!;
    const begins = this.#outageOf[key] !== outage;
    this.#outageOf[key] = outage;
    if (this.kind === LeaseKind.Day) {
      if (begins) this.#awayLeft[key] = Math.floor(Math.max(0, this.#room[key]!) * this.#awayFraction);
      // A day that was never asked for, or is over by now, is not known here.
      return ask.uptimeMs < this.#endsAtMs[key]! && ask.units <= this.#awayLeft[key]! ? 0 : NOT_LEASED;
    }
    const awayAsk = this.#awayAsk;
    awayAsk.atMs = ask.uptimeMs;
    if (begins) {
      awayAsk.units = part;
      this.#awayBuckets.take(key, part, awayAsk);
    }
    awayAsk.units = ask.units;
    return this.#awayBuckets.waitMs(key, part, awayAsk);
  }

  #takeWithout(key: number, cap: number, ask: Ask): void {
    this.awayCount += 1;
    if (this.kind === LeaseKind.Level) {
      this.#held[key]! -= ask.units;
      this.#spent[key]! += ask.units;
      return;
    }
    this.#extra[key]! += ask.units;
    if (this.kind === LeaseKind.Day) {
      this.#awayLeft[key]! -= ask.units;
      return;
    }
    this.#awayAsk.units = ask.units;
    this.#awayAsk.atMs = ask.uptimeMs;
    this.#awayBuckets.take(key, Math.floor(cap * this.#awayFraction), this.#awayAsk);
  }

  /** Of a rate at most its part: what was sent longer than a window ago has refilled. */
  #tellExtra(key: number, cap: number): number {
    const extra = this.#extra[key]!;
    this.#extra[key] = 0;
    return this.kind === LeaseKind.Rate ? Math.min(extra, Math.floor(cap * this.#awayFraction)) : extra;
  }

  #measure(key: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#measuredAtMs[key]!;
    const demand = this.#taken[key]! + this.#lackedSum[key]!;
    if (demand > 0) this.#activeAtMs[key] = nowMs;
    this.#pace[key] =
      elapsedMs >= PACE_MS
        ? demand / elapsedMs
        : (this.#pace[key]! * (PACE_MS - Math.max(0, elapsedMs)) + demand) / PACE_MS;
    this.#measuredAtMs[key] = nowMs;
    this.#taken[key] = 0;
    this.#lackedSum[key] = 0;
  }

  #leadOf(key: number, isScarce: boolean): number {
    const ahead = this.#pace[key]! * LEAD_MS;
    if (isScarce) return Math.floor(ahead);
    const plenty =
      this.kind === LeaseKind.Money ? this.#lacked[key]! * PLENTY_PRICES : Math.floor(this.#caps[key]! / PLENTY_PART);
    return Math.max(Math.ceil(ahead), plenty);
  }

  #isScarce(key: number): boolean {
    const room = this.#room[key]!;
    if (this.kind === LeaseKind.Money) return room < 4 * Math.max(this.#held[key]!, this.#lacked[key]!);
    return room * 2 < this.#caps[key]!;
  }

  /** Whether the store should hear of the key although nothing is wanted of it. */
  #mustTell(key: number, nowMs: number): boolean {
    const spent = this.#spent[key]!;
    const held = this.#held[key]!;
    const endsSoon = this.#endsAtMs[key]! - nowMs < LEASE_MS / 2;
    switch (this.kind) {
      case LeaseKind.Rate:
        if (spent > 0 && (spent * REPORT_PART >= this.#caps[key]! || this.#isOld(key, nowMs, REPORT_MS))) return true;
        return held > 0 && endsSoon;
      case LeaseKind.Day:
        return (
          (spent > 0 && this.#isOld(key, nowMs, REPORT_MS)) || (held > 0 && this.#isOld(key, nowMs, DAY_REFRESH_MS))
        );
      case LeaseKind.Level:
        return (spent > 0 || held > 0) && endsSoon;
      default:
        return (spent > 0 && this.#isOld(key, nowMs, REPORT_MS)) || (held > 0 && this.#isOld(key, nowMs, LEASE_MS / 2));
    }
  }

  #isOld(key: number, nowMs: number, ms: number): boolean {
    return nowMs - this.#answeredAtMs[key]! >= ms;
  }
}

/** Flag of a key whose request has not been answered. */
const UNDER_WAY = 1;

/** Keys in any order, each once. */
class KeyList {
  count = 0;
  #keys = new Int32Array(0);
  /** Place of a key in the list, from 1; 0 if it is not there. */
  #places = new Int32Array(0);

  ensure(keyCount: number): void {
    this.#keys = grown(this.#keys, keyCount);
    this.#places = grown(this.#places, keyCount);
  }

  at(index: number): number {
    return this.#keys[index]!;
  }

  has(key: number): boolean {
    return this.#places[key] !== 0;
  }

  add(key: number): void {
    if (this.#places[key] !== 0) return;
    this.#keys[this.count] = key;
    this.count += 1;
    this.#places[key] = this.count;
  }

  /** The last takes its place. */
  remove(key: number): void {
    const place = this.#places[key]!;
    if (place === 0) return;
    const last = this.#keys[this.count - 1]!;
    this.#keys[place - 1] = last;
    this.#places[last] = place;
    this.#places[key] = 0;
    this.count -= 1;
  }
}
