/**
 * Limits counted per sender number: rates of carriers and accounts, what a person may send, what a toll-free number may.
 *
 * Numbers are many and most are quiet, so they have no handles. What counts of a number is a row of `NumberRows`, which is there while
 * it says something: a rate until its window after the last take is over, a count until its day, week or month is. Idle rows are
 * forgotten as room is needed. When there is none left, a number that has no row is not admitted (TABLE_FULL): forgetting a row that
 * counts would let its limit be exceeded.
 *
 * Time is the latest that any ask has named. While a clock that was set back catches up, time stands still here: nothing refills
 * and no period begins, and what was forgotten as idle would still be idle.
 *
 *              word 0, owner's 3 bits          word 1                       word 2
 *     rate     high bits of the time           time of the last take        debt, as in `RateBuckets`
 *     P2P      -                               day << 16 | sent             received << 16 | recipients
 *     toll-free -                              day << 16 | sent that day    sent that week << 16 | that month
 *
 * Rates keep to the arithmetic of `RateBuckets`. Times count from the first ask and reach 347 days. Days are those of Los Angeles;
 * for P2P and toll-free limits that is assumed, as are calendar weeks (from Monday) and months: no source says.
 *
 * Memory: 15 to 18.75 bytes for each row, 10 to 12.5 for each pair of sender and recipient of the day. A sender of A2P messages has a
 * row for each carrier that counts it and one for its account's rate, a person two, a toll-free number one.
 */
import { type Allowance, type Ask, NOT_LEASED, TABLE_FULL } from './allowance.ts';
import { isNumber, NumberRows, OWNER_SHIFT } from './number-rows.ts';
import { type PacificPeriods, pacificPeriodsAt } from './pacific-day.ts';
import { RecipientPairs, type RecipientPairsState } from './recipient-pairs.ts';
import type { RowShardsState } from './row-shards.ts';

/** What is counted per number; the `key` of `NumberMeters`. */
export const NumberMeter = {
  AttSms: 0,
  AttMms: 1,
  UscellularSms: 2,
  UscellularMms: 3,
  OtherSms: 4,
  OtherMms: 5,
  VerizonSms: 6,
  VerizonMms: 7,
  /** An aggregator's own rate per number. */
  AccountSms: 8,
  AccountMms: 9,
  P2pMinute: 10,
  /** Messages a Pacific day. */
  P2pDay: 11,
  /** Different destinations a Pacific day; one that was written to that day is always admitted. */
  P2pRecipients: 12,
  /** Messages a Pacific day that nobody need have answered; beyond them no more than came in. Out is what P2pDay has taken: ask both. */
  P2pRatio: 13,
  /** Messages a day, ISO week and month of the Pacific calendar. */
  TollFreeDay: 14,
  TollFreeWeek: 15,
  TollFreeMonth: 16,
} as const;

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Windows of the meters that are rates; they come first, and each is a kind of row of its own. */
const WINDOW_MS = Int32Array.of(
  MINUTE_MS,
  MINUTE_MS,
  MINUTE_MS,
  MINUTE_MS,
  MINUTE_MS,
  MINUTE_MS,
  MINUTE_MS,
  SECOND_MS,
  SECOND_MS,
  SECOND_MS,
  MINUTE_MS,
);
const RATES = WINDOW_MS.length;
/** The other kinds of row. */
const P2P_ROW = RATES;
const TOLL_FREE_ROW = RATES + 1;
const METERS = 17;
const KIND = Uint8Array.from({ length: METERS }, (_, meter) => {
  if (meter < RATES) return meter;
  return meter <= NumberMeter.P2pRatio ? P2P_ROW : TOLL_FREE_ROW;
});

/** A debt is 32 bits wide: a larger cap, 71,582 a minute or 4,294,967 a second, counts as this. */
const CAP_MAX = Int32Array.from(WINDOW_MS, (windowMs) => Math.floor(0xffff_ffff / windowMs));
/** Counts of a period are 16 bits wide. */
const COUNT_MAX = 0xffff;
const COUNT_SHIFT = 16;
const KIND_SHIFT = 25;
const KIND_MASK = 15;

const TWO_32 = 2 ** 32;
const TIME_HIGH_MASK = 7;
/** 347 days; times are moved back by half of it when they come to this. */
const TIME_END = TIME_HIGH_MASK * TWO_32;
/** Days are counted from here on: earlier times count as this. */
const EARLIEST_MS = 86_400_000;

/** Rows at most: two and a half for each of five million numbers, in up to 189 MB. */
const ROWS_MAX = 12_582_912;
/** Pairs of sender and recipient of one day at most, in up to 126 MB. */
const RECIPIENT_PAIRS_MAX = 12_582_912;

export interface NumberMetersOptions {
  /** Rows held at most; some numbers are refused a few percent before. */
  readonly rowsMax?: number;
  /** Pairs of sender and recipient held at most. */
  readonly recipientPairsMax?: number;
}

export interface NumberMetersState {
  readonly nowMs: number;
  readonly baseMs: number;
  readonly rows: RowShardsState;
  readonly pairs: RecipientPairsState;
}

export class NumberMeters implements Allowance {
  readonly #rows: NumberRows;
  readonly #pairs: RecipientPairs;
  /** Gateways that numbers may send through, each of which admits its part of a cap. */
  #gateways = 1;
  #nowMs = Number.NaN;
  #baseMs = Number.NaN;
  #periods: PacificPeriods = pacificPeriodsAt(EARLIEST_MS);

  constructor({ rowsMax = ROWS_MAX, recipientPairsMax = RECIPIENT_PAIRS_MAX }: NumberMetersOptions = {}) {
    this.#rows = new NumberRows((words, at) => this.#isIdle(words, at), rowsMax);
    this.#pairs = new RecipientPairs(recipientPairsMax);
  }

  /** Nothing: meters are fixed, and numbers need no room made for them. */
  ensure(_keyCount: number): void {}

  /** How many counts of numbers are kept, idle ones that are not forgotten yet included. Walks all shards: for scrapes. */
  get trackedCount(): number {
    return this.#rows.count;
  }

  /** How many pairs of sender and recipient the day has. */
  get recipientPairCount(): number {
    return this.#pairs.count;
  }

  /** Memory taken. */
  get bytes(): number {
    return this.#rows.bytes + this.#pairs.bytes;
  }

  get gateways(): number {
    return this.#gateways;
  }

  /**
   * Over how many gateways the numbers' messages are spread. Each admits a cap's `gateways`th part, rounded down; counts of a period
   * that leave less than one to each admit nothing. A message larger than the part of a rate, but not than the cap, is admitted when nothing counts, and
   * holds its number up for as long as all the parts take to refill it: in the long run a rate holds, in one moment each
   * gateway may admit one such message. Infinity, when nobody knows, admits nothing (NOT_LEASED).
   * Throws RangeError for what is neither a whole number from 1 nor Infinity.
   */
  setShare(gateways: number): void {
    if (!(gateways >= 1 && (Number.isInteger(gateways) || gateways === Infinity))) {
      throw new RangeError(`${gateways} gateways: numbers are shared by a whole number from 1, or by Infinity`);
    }
    this.#gateways = gateways;
  }

  /** Reaches for what is kept of `ask.senderKey`, so that it has come when a meter is asked. */
  touch(ask: Ask): void {
    if (isNumber(ask.senderKey)) this.#rows.touch(ask);
  }

  waitMs(meter: number, cap: number, ask: Ask): number {
    if (!(meter >= 0 && meter < METERS) || ask.units > cap || !isNumber(ask.senderKey)) return Infinity;
    if (this.#gateways === Infinity) return NOT_LEASED;
    this.#moveTo(ask);
    return meter < RATES ? this.#rateWaitMs(meter, cap, ask) : this.#periodWaitMs(meter, cap, ask);
  }

  take(meter: number, cap: number, ask: Ask): void {
    this.#moveTo(ask);
    if (meter < RATES) this.#takeRate(meter, cap, ask);
    else this.#takePeriod(meter, ask);
  }

  used(meter: number, cap: number, ask: Ask): number {
    if (!(meter >= 0 && meter < METERS) || !isNumber(ask.senderKey)) return 0;
    this.#moveTo(ask);
    if (!this.#rows.find(KIND[meter]!, ask)) return 0;
    if (meter >= RATES) return this.#countOf(meter);
    return Math.ceil(this.#debtParts(meter, this.#levelOf(meter, cap)) / WINDOW_MS[meter]!);
  }

  /** Counts a message that `ask.senderKey` received. One that finds no room is not counted. */
  noteInbound(ask: Ask): void {
    if (!isNumber(ask.senderKey)) return;
    this.#moveTo(ask);
    const rows = this.#rows;
    if (!rows.find(P2P_ROW, ask)) {
      if (!this.#hasRoom(P2P_ROW, ask)) return;
      rows.add();
    }
    this.#startDayOf(P2P_ROW);
    const received = rows.words[rows.at + 2]! >>> COUNT_SHIFT;
    if (received < COUNT_MAX) rows.words[rows.at + 2]! += 1 << COUNT_SHIFT;
  }

  /** All that counts, as it lies here; over how many gateways numbers are spread is not part of it. */
  capture(): NumberMetersState {
    return { nowMs: this.#nowMs, baseMs: this.#baseMs, rows: this.#rows.capture(), pairs: this.#pairs.capture() };
  }

  /** Takes over what another captured. */
  restore({ nowMs, baseMs, rows, pairs }: NumberMetersState): void {
    this.#nowMs = nowMs;
    this.#baseMs = baseMs;
    this.#periods = pacificPeriodsAt(Number.isNaN(nowMs) ? EARLIEST_MS : nowMs);
    this.#rows.restore(rows);
    this.#pairs.restore(pairs);
  }

  #rateWaitMs(meter: number, cap: number, ask: Ask): number {
    const rows = this.#rows;
    if (!rows.find(meter, ask)) return this.#hasRoom(meter, ask) ? 0 : TABLE_FULL;
    const level = this.#levelOf(meter, cap);
    const windowMs = WINDOW_MS[meter]!;
    const excessParts = this.#debtParts(meter, level) + (Math.min(ask.units, level) - level) * windowMs;
    if (excessParts <= 0) return 0;
    const startMs = Math.max(this.#nowMs, this.#baseMs + timeOf(rows.words, rows.at));
    return startMs - ask.atMs + Math.ceil(excessParts / level);
  }

  #takeRate(meter: number, cap: number, ask: Ask): void {
    const rows = this.#rows;
    const { units } = ask;
    const windowMs = WINDOW_MS[meter]!;
    const level = this.#levelOf(meter, cap);
    let timeMs = this.#nowMs - this.#baseMs;
    let debtParts = units * windowMs;
    if (rows.find(meter, ask)) {
      debtParts += this.#debtParts(meter, level);
      timeMs = Math.max(timeMs, timeOf(rows.words, rows.at));
    } else {
      rows.add();
    }
    if (units > this.#shareOf(Math.min(cap, CAP_MAX[meter]!))) {
      // More than a part: paid off like one part, the last of all the parts it takes.
      debtParts = level * windowMs;
      timeMs += Math.ceil((units * this.#gateways * windowMs) / cap) - windowMs;
    }
    setTime(rows.words, rows.at, timeMs);
    rows.words[rows.at + 2] = debtParts | 0;
  }

  /** What counts of a rate at present, in `windowMs` parts of a unit, of the row that was found. */
  #debtParts(meter: number, level: number): number {
    const rows = this.#rows;
    const debtParts = Math.min(rows.words[rows.at + 2]! >>> 0, level * WINDOW_MS[meter]!);
    const elapsedMs = this.#nowMs - this.#baseMs - timeOf(rows.words, rows.at);
    if (elapsedMs <= 0) return debtParts;
    const refilledParts = elapsedMs * level;
    return refilledParts >= debtParts ? 0 : debtParts - refilledParts;
  }

  #periodWaitMs(meter: number, cap: number, ask: Ask): number {
    const rows = this.#rows;
    const kind = KIND[meter]!;
    const isKnown = rows.find(kind, ask);
    const ofRecipients = meter === NumberMeter.P2pRecipients;
    if (ofRecipients) {
      if (!isNumber(ask.destinationKey)) return Infinity;
      if (this.#pairs.has(ask)) return 0;
    }
    const share = Math.min(this.#shareOf(cap), COUNT_MAX);
    const wanted = (isKnown ? this.#countOf(meter) : 0) + ask.units;
    const isAnswered = meter === NumberMeter.P2pRatio && isKnown && wanted <= this.#receivedToday();
    if (wanted > share && !isAnswered) return ask.units > share ? Infinity : this.#endMsOf(meter) - ask.atMs;
    if (!isKnown && !this.#hasRoom(kind, ask)) return TABLE_FULL;
    if (!ofRecipients || this.#pairs.hasRoom()) return 0;
    return this.#pairs.makeRoom(this.#nowMs) ? 0 : TABLE_FULL;
  }

  #takePeriod(meter: number, ask: Ask): void {
    // What goes out is counted once, by the meter of the day.
    if (meter === NumberMeter.P2pRatio) return;
    if (meter === NumberMeter.P2pRecipients) {
      if (this.#pairs.has(ask)) return;
      this.#pairs.add();
    }
    const rows = this.#rows;
    const kind = KIND[meter]!;
    if (!rows.find(kind, ask)) rows.add();
    this.#startDayOf(kind);
    const { words, at } = rows;
    if (meter === NumberMeter.P2pDay || meter === NumberMeter.TollFreeDay) words[at + 1]! += ask.units;
    else if (meter === NumberMeter.TollFreeWeek) words[at + 2]! += ask.units << COUNT_SHIFT;
    else words[at + 2]! += ask.units;
  }

  /** The time goes along only when shards have to be made anew: handed over, it is boxed. */
  #hasRoom(kind: number, ask: Ask): boolean {
    return this.#rows.hasRoom() || this.#rows.makeRoom(kind, ask, this.#nowMs);
  }

  /** What the row that was found counts in the meter's period. */
  #countOf(meter: number): number {
    const { words, at } = this.#rows;
    const { day, weekStart, monthStart } = this.#periods;
    const counts = words[at + 2]!;
    const counted = words[at + 1]! >>> COUNT_SHIFT;
    if (meter === NumberMeter.TollFreeWeek) return counted >= weekStart ? counts >>> COUNT_SHIFT : 0;
    if (meter === NumberMeter.TollFreeMonth) return counted >= monthStart ? counts & COUNT_MAX : 0;
    if (counted !== day.ordinal) return 0;
    return (meter === NumberMeter.P2pRecipients ? counts : words[at + 1]!) & COUNT_MAX;
  }

  #receivedToday(): number {
    const { words, at } = this.#rows;
    return words[at + 1]! >>> COUNT_SHIFT === this.#periods.day.ordinal ? words[at + 2]! >>> COUNT_SHIFT : 0;
  }

  /** Moves the row that was found to today, and drops what it counted in periods that are over. */
  #startDayOf(kind: number): void {
    const { words, at } = this.#rows;
    const { day, weekStart, monthStart } = this.#periods;
    const counted = words[at + 1]! >>> COUNT_SHIFT;
    if (counted === day.ordinal) return;
    words[at + 1] = day.ordinal << COUNT_SHIFT;
    if (kind === P2P_ROW || counted < monthStart) words[at + 2]! &= kind === P2P_ROW ? 0 : ~COUNT_MAX;
    if (counted < weekStart) words[at + 2]! &= COUNT_MAX;
  }

  #endMsOf(meter: number): number {
    const { day, weekEndMs, monthEndMs } = this.#periods;
    if (meter === NumberMeter.TollFreeWeek) return weekEndMs;
    return meter === NumberMeter.TollFreeMonth ? monthEndMs : day.endMs;
  }

  #shareOf(cap: number): number {
    return this.#gateways === 1 ? cap : Math.floor(cap / this.#gateways);
  }

  /** Units of a rate that a number holds when nothing counts: its share, or the one that several windows make. */
  #levelOf(meter: number, cap: number): number {
    return Math.max(1, this.#shareOf(Math.min(cap, CAP_MAX[meter]!)));
  }

  #moveTo(ask: Ask): void {
    if (ask.atMs <= this.#nowMs) return;
    this.#advance(ask);
  }

  #advance(ask: Ask): void {
    const nowMs = Math.max(EARLIEST_MS, Math.floor(ask.atMs));
    this.#nowMs = nowMs;
    if (Number.isNaN(this.#baseMs)) this.#baseMs = nowMs;
    if (nowMs - this.#baseMs >= TIME_END) this.#moveBase();
    if (nowMs >= this.#periods.day.endMs) {
      this.#periods = pacificPeriodsAt(nowMs);
      this.#pairs.startDay(this.#periods.day.ordinal);
    }
  }

  /** Lets times count from later on. What lies so far back is idle, whatever time it is given. */
  #moveBase(): void {
    const baseMs = this.#nowMs - TIME_END / 2;
    const movedMs = baseMs - this.#baseMs;
    this.#rows.forEach((words, at) => {
      if (kindAt(words, at) >= RATES) return;
      setTime(words, at, Math.max(0, timeOf(words, at) - movedMs));
    });
    this.#baseMs = baseMs;
  }

  #isIdle(words: Int32Array, at: number): boolean {
    const kind = kindAt(words, at);
    if (kind < RATES) return this.#nowMs - this.#baseMs - timeOf(words, at) >= WINDOW_MS[kind]!;
    const { day, weekStart, monthStart } = this.#periods;
    const counted = words[at + 1]! >>> COUNT_SHIFT;
    return counted < (kind === P2P_ROW ? day.ordinal : Math.min(weekStart, monthStart));
  }
}

function timeOf(words: Int32Array, at: number): number {
  return (words[at]! >>> OWNER_SHIFT) * TWO_32 + (words[at + 1]! >>> 0);
}

function setTime(words: Int32Array, at: number, timeMs: number): void {
  words[at] = (words[at]! & ~(TIME_HIGH_MASK << OWNER_SHIFT)) | ((timeMs * 2 ** -32) << OWNER_SHIFT);
  words[at + 1] = timeMs | 0;
}

function kindAt(words: Int32Array, at: number): number {
  return ((words[at]! >>> KIND_SHIFT) & KIND_MASK) - 1;
}
