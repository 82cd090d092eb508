/** Numbers in the files of the policy lab. */
import { note, type Place, type Problems, readWritten } from '../../tariffs/index.ts';

/** What numbers of a kind may be, and how that is said. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly said: string;
}

export const SHARE: Bounds = { min: 0, max: 1, said: 'a share, from 0 to 1' };
export const NOT_NEGATIVE: Bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, said: '0 or more' };
export const ANY: Bounds = { min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, said: 'a plain number' };

const NUMBER = /^[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;

/** Reads a number within bounds, or notes what is wrong with it. */
export function readNumber(problems: Problems, place: Place, what: string, bounds: Bounds): number | undefined {
  const written = readWritten(problems, place, what);
  if (written === undefined) return undefined;
  const value = NUMBER.test(written) ? Number(written.replaceAll('_', '')) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  note(
    problems,
    place.offset,
    Number.isNaN(value)
      ? `${what} "${written}" is not a number: write ${bounds.said}`
      : `${what} cannot be ${written}: write ${bounds.said}`,
  );
  return undefined;
}

/** The same for a whole number. */
export function readWhole(problems: Problems, place: Place, what: string, bounds: Bounds): number | undefined {
  const value = readNumber(problems, place, what, bounds);
  if (value === undefined || Number.isInteger(value)) return value;
  note(problems, place.offset, `${what} cannot be ${value}: write ${bounds.said}, without a fraction`);
  return undefined;
}
