/** Lengths of time as people write them in options. */
import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. */
export function readDuration(written: string): number {
  const [, count = '', unit = ''] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(written) ?? [];
  const ms = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (count === '' || !Number.isSafeInteger(ms)) {
    throw new InvalidArgumentError('Give whole milliseconds, as 250ms, 60s, 5m, 12h or 1d.');
  }
  return ms;
}
