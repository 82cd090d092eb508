/**
 * What all parties earned: from messages, which the core's counters hold, and from fees; since the start and over time.
 *
 * Time is kept by the minute for a day and by the hour for a month, as differences of the running totals. The counters call
 * `roll` before they count the first message of a new minute, so each message counts for the minute it arrived in, and
 * counting costs one comparison. If the clock is set back, what follows counts for the minute it was set back from.
 */
import { Ledger, type PartyBalance, type Posting } from '../../tariffs/index.ts';
import { REVENUE_HOURS_KEPT_MS, REVENUE_MINUTES_KEPT_MS } from '../limits.ts';
import { SENDER } from '../messages/index.ts';
import {
  type Core,
  MINUTE_MS,
  revenueCells,
  REVENUE_LABELS,
  type RevenueAxis,
  type RevenueLabels,
} from '../router/index.ts';
import { Periods, type PeriodsState } from './periods.ts';
import { type FeeSum, PostedFees } from './posted-fees.ts';

export const HOUR_MS = 3_600_000;

/** The four parties' side of a message and the sender's meet here, and leave nothing. No account can be called so. */
const CLEARING = 'message clearing';

/** What was earned under one set of labels, micro-dollars. */
export interface Earned {
  readonly labels: RevenueLabels;
  readonly micros: number;
}

/** Sums by some of the labels. */
export interface RevenueRow {
  readonly labels: Partial<RevenueLabels>;
  readonly micros: number;
}

export interface RevenueState {
  readonly startMs: number;
  readonly minutes: PeriodsState;
  readonly hours: PeriodsState;
  readonly fees: readonly Readonly<FeeSum>[];
}

export class Revenue {
  startMs: number;
  readonly fees = new PostedFees();
  readonly #core: Pick<Core, 'counters' | 'accounts'>;
  readonly #minutes: Periods;
  readonly #hours: Periods;

  /** Follows the counters of `core` from now on. */
  constructor(core: Pick<Core, 'counters' | 'accounts'>, nowMs: number) {
    this.startMs = nowMs;
    this.#core = core;
    this.#minutes = new Periods(MINUTE_MS, nowMs);
    this.#hours = new Periods(HOUR_MS, nowMs);
    core.counters.periodEndMs = this.#minutes.endMs;
    core.counters.whenPeriodEnds = (atMs) => this.#roll(atMs);
  }

  /** Revenue over time and fees; what messages earned since the start is in the core's counters. */
  capture(): RevenueState {
    const { startMs } = this;
    return { startMs, minutes: this.#minutes.capture(), hours: this.#hours.capture(), fees: this.fees.capture() };
  }

  /** To be called with the counters' restore, before the next message is counted. */
  restore({ startMs, minutes, hours, fees }: RevenueState): void {
    this.startMs = startMs;
    this.#minutes.restore(minutes);
    this.#hours.restore(hours);
    this.fees.restore(fees);
    this.#core.counters.periodEndMs = this.#minutes.endMs;
  }

  /** Posts a fee. Throws RangeError, and posts nothing, if it could not be held exactly. */
  postFee(posting: Posting, nowMs: number): void {
    this.#roll(nowMs);
    this.fees.post(posting);
  }

  /** Everything earned since the start. Throws Error if it is not what was charged. */
  sinceStart(): Earned[] {
    const earned = this.#named(this.#totals());
    const sum = totalOf(earned);
    const charged = this.#core.counters.chargedMicros + this.fees.totalMicros;
    if (sum !== charged) throw new Error(`${sum} micro-dollars were earned and ${charged} charged`);
    return earned;
  }

  /**
   * What was earned from one instant up to, not including, another. Both are whole minutes, or whole hours where minutes are
   * no longer kept, and not before what is kept at all.
   */
  between(fromMs: number, toMs: number, nowMs: number): Earned[] {
    this.#roll(nowMs);
    const totals = this.#totals();
    const sums = new Float64Array(totals.length);
    const minutesSinceMs = keptSince(REVENUE_MINUTES_KEPT_MS, this.#latestMs(nowMs));
    this.#hours.addTo(sums, fromMs, Math.min(toMs, minutesSinceMs), totals);
    this.#minutes.addTo(sums, Math.max(fromMs, minutesSinceMs), toMs, totals);
    return this.#named(sums);
  }

  /**
   * From when on minutes, and hours, are kept at this moment, and when the hour of the start began: whole hours. What was earned
   * after `firstMs` and before `hoursMs` is lost.
   */
  keptSince(nowMs: number): { readonly minutesMs: number; readonly hoursMs: number; readonly firstMs: number } {
    const latestMs = this.#latestMs(nowMs);
    const firstMs = this.#hours.startOf(this.startMs);
    return {
      minutesMs: Math.max(keptSince(REVENUE_MINUTES_KEPT_MS, latestMs), firstMs),
      hoursMs: Math.max(keptSince(REVENUE_HOURS_KEPT_MS, latestMs), firstMs),
      firstMs,
    };
  }

  /** What every party has paid and received since the start, accounts among them. Throws Error if money was made or lost. */
  balances(): PartyBalance[] {
    const ledger = new Ledger();
    const { counters, accounts } = this.#core;
    const payers = [SENDER, ...Array.from(accounts, ({ id }) => id)];
    payers.forEach((payer, place) => post(payer, CLEARING, counters.accountMicros[place] ?? 0));
    for (const { labels, value } of revenueCells(counters)) post(CLEARING, labels.payee, value);
    for (const { payer, labels, micros } of this.fees.sums) post(payer, labels.payee, micros);
    const left = ledger.balanceMicros(CLEARING);
    if (left !== 0) throw new Error(`what senders were charged and what was earned from messages differ by ${left}`);
    return ledger.balances().filter(({ party }) => party !== CLEARING);

    function post(payer: string, payee: string, micros: number): void {
      if (micros !== 0) ledger.post({ payer, payee, micros });
    }
  }

  #roll(nowMs: number): void {
    const { counters } = this.#core;
    if (nowMs < counters.periodEndMs) return;
    const totals = this.#totals();
    this.#minutes.roll(nowMs, totals, keptSince(REVENUE_MINUTES_KEPT_MS, nowMs));
    this.#hours.roll(nowMs, totals, keptSince(REVENUE_HOURS_KEPT_MS, nowMs));
    counters.periodEndMs = this.#minutes.endMs;
  }

  /** What was dropped while the clock was ahead stays dropped when it is set back. */
  #latestMs(nowMs: number): number {
    return Math.max(nowMs, this.#minutes.startMs);
  }

  /** Of messages first, in the order of REVENUE_LABELS, then of fees. */
  #totals(): Float64Array {
    const { revenueMicros } = this.#core.counters;
    const totals = new Float64Array(revenueMicros.length + this.fees.sums.length);
    totals.set(revenueMicros);
    this.fees.sums.forEach(({ micros }, place) => (totals[revenueMicros.length + place] = micros));
    return totals;
  }

  #named(sums: Float64Array): Earned[] {
    const labels = [...REVENUE_LABELS, ...this.fees.sums.map((fee) => fee.labels)];
    return labels.map((one, cell) => ({ labels: one, micros: sums[cell] ?? 0 })).filter(({ micros }) => micros !== 0);
  }
}

/** Sums by the labels of `axes`, in that order, the largest first. Their sum is that of what was put in. */
export function revenueBy(axes: readonly RevenueAxis[], earned: readonly Earned[]): RevenueRow[] {
  const rows = new Map<string, { labels: Partial<RevenueLabels>; micros: number }>();
  for (const { labels, micros } of earned) {
    const key = JSON.stringify(axes.map((axis) => labels[axis]));
    const row = rows.get(key);
    if (row !== undefined) row.micros += micros;
    else rows.set(key, { labels: Object.fromEntries(axes.map((axis) => [axis, labels[axis]])), micros });
  }
  return [...rows.values()].toSorted((a, b) => b.micros - a.micros);
}

export function totalOf(earned: readonly { readonly micros: number }[]): number {
  return earned.reduce((sum, { micros }) => sum + micros, 0);
}

function keptSince(keptMs: number, nowMs: number): number {
  return nowMs - (nowMs % HOUR_MS) - keptMs;
}
