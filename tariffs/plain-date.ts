import { Temporal } from 'temporal-polyfill';

/**
 * The instant at which a plain date begins in UTC, in milliseconds since the epoch.
 * NaN when `text` is not a real calendar date written YYYY-MM-DD (2024-02-30 is not).
 */
export function plainDateMs(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return Number.NaN;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toZonedDateTime('UTC').epochMilliseconds;
  } catch {
    return Number.NaN;
  }
}
