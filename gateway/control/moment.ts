/** A moment as people write it: with its offset, since the day of a limit ends at midnight somewhere. */

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

export const MOMENT_REMEDY =
  'must be a moment with its offset, such as 2024-03-01T18:00:00-08:00 or 2024-03-02T02:00:00Z';

/** Milliseconds since the epoch; NaN for what is no moment. */
export function parseMoment(written: string): number {
  return MOMENT.test(written) ? Date.parse(written) : Number.NaN;
}
