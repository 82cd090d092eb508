/** Days of a run, which are those of Los Angeles, where T-Mobile counts its day; and the hour of the week that shapes traffic. */
import { pacificDayAt } from '../../tariffs/index.ts';

const HOUR_MS = 3_600_000;
const HOURS_OF_DAY = 24;
const HOURS_OF_WEEK = 7 * HOURS_OF_DAY;
/** Of 1970-01-01, counted from Monday. */
const EPOCH_WEEKDAY = 3;
/** Senders and phones live by Central time, the middle of the country. */
const HOURS_AHEAD = 2;

export class Calendar {
  startMs = 0;
  endMs = 0;
  #firstHour = 0;

  constructor(atMs: number) {
    this.startDay(atMs);
  }

  /** Turns to the day that holds `atMs`. */
  startDay(atMs: number): void {
    const day = pacificDayAt(atMs);
    this.startMs = day.startMs;
    this.endMs = day.endMs;
    this.#firstHour = ((day.ordinal + EPOCH_WEEKDAY) % 7) * HOURS_OF_DAY + HOURS_AHEAD;
  }

  /** Hour of the week, from Monday midnight, of a moment of this day. */
  hourOfWeek(atMs: number): number {
    return (this.#firstHour + Math.floor((atMs - this.startMs) / HOUR_MS)) % HOURS_OF_WEEK;
  }

  /** The next moment at which `hourOfWeek` changes, or the day ends. */
  nextHourMs(atMs: number): number {
    return Math.min(this.endMs, this.startMs + (Math.floor((atMs - this.startMs) / HOUR_MS) + 1) * HOUR_MS);
  }
}

/** So many days after the beginning of the day that holds `startMs`, and of the day it comes to the part that is left. Days have 23 to 25 hours. */
export function daysAfter(startMs: number, days: number): number {
  let day = pacificDayAt(startMs);
  for (let passed = 1; passed <= days; passed += 1) day = pacificDayAt(day.endMs);
  return day.startMs + (days % 1) * (day.endMs - day.startMs);
}

/**
 * When a sender sends next, if it sends `perDay` messages in groups of `group`: memoryless, at a rate that follows `shape`. Infinity where that
 * is not today: whoever asks comes again tomorrow.
 */
export function nextArrivalMs(
  calendar: Calendar,
  shape: Float64Array,
  arrivals: { readonly perDay: number; readonly group: number },
  wait: { exponential(): number },
  fromMs: number,
): number {
  let atMs = fromMs;
  let left = wait.exponential() * arrivals.group;
  const perMs = arrivals.perDay / (HOURS_OF_DAY * HOUR_MS);
  while (atMs < calendar.endMs) {
    const rate = perMs * shape[calendar.hourOfWeek(atMs)]!;
    const hourEndMs = calendar.nextHourMs(atMs);
    const room = rate * (hourEndMs - atMs);
    if (left < room) return atMs + left / rate;
    left -= room;
    atMs = hourEndMs;
  }
  return Infinity;
}
