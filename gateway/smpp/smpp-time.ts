/**
 * Times as SMPP writes them: `YYMMDDhhmmsstnnp`, 16 characters. `t` are tenths of a second; `nn` and `p` say how many quarters of an hour
 * local time is ahead (+) of or behind (-) UTC, or that the time is relative (R).
 * Source: SMPP 3.4, 7.1.1.
 */
import type { PduWriter } from './pdu-writer.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Of a relative time: the specification counts months and years, which have no length, as these. */
const MONTH_DAYS = 30;
const YEAR_DAYS = 365;
const QUARTER_MS = 15 * MINUTE_MS;
const QUARTERS_MAX = 48;
/** Years without their century begin with this one. */
const CENTURY = 2_000;

/** Milliseconds since the epoch that a time stands for, said at `nowMs`; NaN if it is none. */
export function parseTime(text: string, nowMs: number): number {
  if (!/^\d{15}[-+R]$/.test(text)) return Number.NaN;
  const two = (at: number): number => Number(text.slice(at, at + 2));
  const [year, month, day, hour, minute, second] = [two(0), two(2), two(4), two(6), two(8), two(10)];
  const tenths = Number(text.slice(12, 13));
  const quarters = two(13);
  const ofDayMs = ((hour * 60 + minute) * 60 + second) * 1_000 + tenths * 100;
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  if (text.endsWith('R')) {
    return quarters === 0 ? nowMs + (year * YEAR_DAYS + month * MONTH_DAYS + day) * DAY_MS + ofDayMs : Number.NaN;
  }
  const midnightMs = Date.UTC(CENTURY + year, month - 1, day);
  const isReal = new Date(midnightMs).getUTCMonth() === month - 1 && day > 0;
  if (!isReal || quarters > QUARTERS_MAX) return Number.NaN;
  const aheadMs = quarters * QUARTER_MS;
  return midnightMs + ofDayMs - (text.endsWith('+') ? aheadMs : -aheadMs);
}

/** An absolute time in UTC. */
export function formatTime(ms: number): string {
  return `${digits(ms, 14).slice(2)}${Math.floor((ms % 1_000) / 100)}00+`;
}

/** `YYMMDDhhmm` of receipts, or with seconds. */
export function receiptTime(ms: number, withSeconds: boolean): string {
  return digits(ms, withSeconds ? 14 : 12).slice(2);
}

function digits(ms: number, count: number): string {
  return new Date(ms).toISOString().replaceAll(/\D/g, '').slice(0, count);
}

/** Writes `YYMMDDhhmm` of many receipts: those of one minute are worked out once. */
export class MinuteStamp {
  #minute = Number.NaN;
  #stamp = '';

  write(to: PduWriter, ms: number): void {
    const minute = Math.floor(ms / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#stamp = receiptTime(ms, false);
    }
    to.characters(this.#stamp);
  }
}
