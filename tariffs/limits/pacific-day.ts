/**
 * Days, weeks and months as they are in Los Angeles, where T-Mobile counts its day.
 *
 * Time zones are left to Temporal, which is exact and slow: whoever counts keeps an answer for as long as it holds.
 */
import { Temporal } from 'temporal-polyfill';

/** One calendar day in Los Angeles: the day over which T-Mobile counts its cap. */
export interface PacificDay {
  /** Days since 1970-01-01 by the Los Angeles calendar. */
  readonly ordinal: number;
  readonly startMs: number;
  /** The first instant of the next day. 23 or 25 hours after `startMs` when the clocks change. */
  readonly endMs: number;
}

/** The day, and the ISO week (from Monday) and the month of the calendar that it lies in. */
export interface PacificPeriods {
  readonly day: PacificDay;
  /** Ordinals of their first days, and the first instants of the next. */
  readonly weekStart: number;
  readonly weekEndMs: number;
  readonly monthStart: number;
  readonly monthEndMs: number;
}

const ZONE = 'America/Los_Angeles';
const EPOCH_DATE = Temporal.PlainDate.from('1970-01-01');

/**
 * The Los Angeles day that holds `atMs`. Allocates and takes some 30 microseconds:
 * keep the result and ask again when the time leaves [startMs, endMs).
 */
export function pacificDayAt(atMs: number): PacificDay {
  const date = dateAt(atMs);
  return { ordinal: ordinalOf(date), startMs: startMsOf(date), endMs: startMsOf(date.add({ days: 1 })) };
}

/** The Los Angeles day, week and month that hold `atMs`. Costs a few times what `pacificDayAt` does. */
export function pacificPeriodsAt(atMs: number): PacificPeriods {
  const date = dateAt(atMs);
  const monday = date.subtract({ days: date.dayOfWeek - 1 });
  const first = date.with({ day: 1 });
  return {
    day: pacificDayAt(atMs),
    weekStart: ordinalOf(monday),
    weekEndMs: startMsOf(monday.add({ weeks: 1 })),
    monthStart: ordinalOf(first),
    monthEndMs: startMsOf(first.add({ months: 1 })),
  };
}

function dateAt(atMs: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs)).toZonedDateTimeISO(ZONE).toPlainDate();
}

function ordinalOf(date: Temporal.PlainDate): number {
  return EPOCH_DATE.until(date).days;
}

function startMsOf(date: Temporal.PlainDate): number {
  return date.toZonedDateTime(ZONE).epochMilliseconds;
}
