/** Figures as people read them: `18.4 k`, `$1,234`, `1.62 ¢`, `12 %`, `3.2 days`. */
import type { Measure } from '../measures.ts';
import type { Estimate } from '../results.ts';

export type Unit = Measure['unit'];

/** What stands where there was nothing to measure. */
export const NOTHING = '–';

const DIGITS = 3;
/** Where two ends of an interval read alike, more digits are shown, up to so many. */
const DIGITS_MAX = 6;
/** Between a figure and its unit: narrow, and no line breaks there. */
const SPACE = '\u202f';
const MINUS = '\u2212';
const MICROS_PER_CENT = 10_000;
const MICROS_PER_DOLLAR = 1_000_000;
const HOURS_PER_DAY = 24;
const MINUTES_PER_HOUR = 60;

const STEPS = [
  { from: 1e12, size: 1e12, sign: 'tn' },
  { from: 1e9, size: 1e9, sign: 'bn' },
  { from: 1e6, size: 1e6, sign: 'M' },
  { from: 1e4, size: 1e3, sign: 'k' },
];

/** Rounded to `digits` figures; whole numbers below 10,000 are written out. */
export function readable(unit: Unit, value: number, digits = DIGITS): string {
  if (Number.isNaN(value)) return NOTHING;
  const rounded = Number(Math.abs(value).toPrecision(digits));
  const sign = value < 0 && rounded !== 0 ? MINUS : '';
  return sign + magnitude(unit, Math.abs(value), digits);
}

function magnitude(unit: Unit, value: number, digits: number): string {
  switch (unit) {
    case 'messages':
    case 'numbers':
      return count(value, digits);
    case 'micros':
      return money(value, digits);
    case 'share':
      return `${figure(value * 100, digits)}${SPACE}%`;
    case 'hours':
      if (value >= 2 * HOURS_PER_DAY) return `${figure(value / HOURS_PER_DAY, digits)}${SPACE}days`;
      if (value < 1 && value > 0) return `${figure(value * MINUTES_PER_HOUR, digits)}${SPACE}min`;
      return `${figure(value, digits)}${SPACE}h`;
  }
}

function money(micros: number, digits: number): string {
  if (micros > 0 && micros < 10 * MICROS_PER_CENT) return `${(micros / MICROS_PER_CENT).toPrecision(digits)}${SPACE}¢`;
  const dollars = micros / MICROS_PER_DOLLAR;
  if (dollars > 0 && dollars < 100) return `$${dollars.toFixed(digits - 1)}`;
  return `$${count(dollars, digits)}`;
}

function count(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  for (const { from, size, sign } of STEPS) {
    if (rounded >= from) return `${figure(value / size, digits)}${SPACE}${sign}`;
  }
  return value < 100 ? figure(value, digits) : figure(Math.round(value), Math.max(4, digits));
}

const formats = new Map<number, Intl.NumberFormat>();

/** Trailing zeros are left out: 12 and not 12.0. */
function figure(value: number, digits: number): string {
  let format = formats.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits });
    formats.set(digits, format);
  }
  return format.format(value);
}

/** As `18.1 k to 18.9 k`, with as many figures as it takes to tell the ends apart; `NOTHING` where there is no interval. */
export function readableInterval(unit: Unit, { low, high }: Pick<Estimate, 'low' | 'high'>): string {
  if (Number.isNaN(low) || Number.isNaN(high)) return NOTHING;
  if (low === high) return `exactly ${readable(unit, low)}`;
  let digits = DIGITS;
  while (digits < DIGITS_MAX && readable(unit, low, digits) === readable(unit, high, digits)) digits += 1;
  const [from, to] = [readable(unit, low, digits), readable(unit, high, digits)];
  return from === to ? from : `${from} to ${to}`;
}

/** A difference: shares in percentage points, all else in its unit, always with its sign. */
export function readableDifference(unit: Unit, difference: number): string {
  if (Number.isNaN(difference)) return NOTHING;
  const sign = difference > 0 ? '+' : '';
  if (unit !== 'share') return sign + readable(unit, difference);
  return `${sign}${readable('numbers', difference * 100, 2)}${SPACE}points`;
}

/** A share of 1 without its sign as per cent, in two figures; one below 1 %. */
export function readablePercent(share: number): string {
  const percent = Math.abs(share) * 100;
  if (percent > 0 && percent < 0.05) return `under 0.1${SPACE}%`;
  return `${figure(percent, percent < 1 ? 1 : percent < 1000 ? 2 : 3)}${SPACE}%`;
}

/** A figure as written in a parameter file, which may be of any size. */
export function readableValue(value: number): string {
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)) return value.toExponential(2);
  return new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 }).format(value).replace('-', MINUS);
}

/** The range of a parameter in its unit, shares as per cent. */
export function readableRange(low: number, high: number, unit: string): string {
  if (unit === 'share') return `${readableValue(low * 100)} to ${readableValue(high * 100)}${SPACE}%`;
  return `${readableValue(low)} to ${readableValue(high)} ${unit}`.trimEnd();
}
