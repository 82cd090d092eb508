import { Temporal } from 'temporal-polyfill';

/** One calendar day in Los Angeles: the day over which T-Mobile counts its cap. */
export interface PacificDay {
  /** Days since 1970-01-01 by the Los Angeles calendar. */
  readonly ordinal: number;
  readonly startMs: number;
  /** The first instant of the next day. 23 or 25 hours after `startMs` when the clocks change. */
  readonly endMs: number;
}

const EPOCH_DATE = Temporal.PlainDate.from('1970-01-01');

/**
 * The Los Angeles day that holds `atMs`. Allocates and takes some 30 microseconds:
 * keep the result and ask again when the time leaves [startMs, endMs).
 */
export function pacificDayAt(atMs: number): PacificDay {
  const start = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs))
    .toZonedDateTimeISO('America/Los_Angeles')
    .startOfDay();
  return {
    ordinal: EPOCH_DATE.until(start.toPlainDate()).days,
    startMs: start.epochMilliseconds,
    endMs: start.add({ days: 1 }).startOfDay().epochMilliseconds,
  };
}
