import { Temporal } from 'temporal-polyfill';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The instant at which a plain date begins in a time zone, in milliseconds since the epoch.
 * NaN when `text` is not a real calendar date written YYYY-MM-DD (2024-02-30 is not).
 */
export function plainDateMs(text: string, timeZone = 'UTC'): number {
  if (!DAY.test(text)) return Number.NaN;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toZonedDateTime(timeZone).epochMilliseconds;
  } catch {
    return Number.NaN;
  }
}

/** An instant written with its offset, such as 2024-01-01T08:00-08:00 or ...Z, in milliseconds since the epoch; else NaN. */
export function instantMs(text: string): number {
  if (!INSTANT.test(text)) return Number.NaN;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return Number.NaN;
  }
}

/** Whether `name` is a time zone that plain dates can be read in, such as UTC or America/Los_Angeles. */
export function isTimeZone(name: string): boolean {
  return !Number.isNaN(plainDateMs('2024-01-01', name));
}
