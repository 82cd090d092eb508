/**
 * Money is a whole number of micro-dollars, one millionth of a US dollar, in a plain `number`.
 *
 * Published message fees go down to the sixth decimal (0.005175), so a micro-dollar is the largest unit that holds every
 * one of them exactly, and 2^53 of them are still nine billion dollars. Amounts are only added and multiplied by whole
 * numbers, margins are given in micros and never in per cent: nothing ever has to be rounded, and that is the rounding rule.
 */

const MICROS_PER_DOLLAR = 1_000_000;
const DECIMAL = /^(0|[1-9]\d*)(?:\.(\d+))?$/;

export type ParsedDollars =
  | { readonly ok: true; readonly micros: number }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads decimal dollars such as `0.00875` exactly, digit by digit: no float is involved.
 * Refuses signs, exponents, separators, more than six decimals and amounts beyond 2^53 - 1 micros, and says what to write.
 */
export function parseDollars(text: string): ParsedDollars {
  if (text.startsWith('-')) return { ok: false, reason: `${text} is negative: amounts are zero or more` };
  const match = DECIMAL.exec(text);
  if (match === null) {
    return { ok: false, reason: `"${text}" is not a plain amount in dollars: write it like 0.0035` };
  }
  const decimals = match[2] ?? '';
  if (decimals.length > 6) {
    return { ok: false, reason: `${text} has ${decimals.length} decimals: at most 6 are kept (whole micro-dollars)` };
  }
  const micros = Number(match[1]) * MICROS_PER_DOLLAR + Number(decimals.padEnd(6, '0'));
  if (!Number.isSafeInteger(micros)) return { ok: false, reason: `${text} is too large to be held exactly` };
  return { ok: true, micros };
}

/**
 * Writes micros as dollars with all six decimals: 8750 becomes `$0.008750`, -1 becomes `-$0.000001`.
 * Throws RangeError when `micros` is not a safe integer, since such an amount is already wrong.
 */
export function formatMicros(micros: number): string {
  if (!Number.isSafeInteger(micros)) throw new RangeError(`${micros} is not a whole number of micro-dollars`);
  const magnitude = Math.abs(micros);
  const fraction = magnitude % MICROS_PER_DOLLAR;
  const dollars = (magnitude - fraction) / MICROS_PER_DOLLAR;
  return `${micros < 0 ? '-' : ''}$${dollars}.${String(fraction).padStart(6, '0')}`;
}
