/**
 * What a load must keep to, as `p99>20ms,error>0.1%,loss>0,rate<900`: each part says when it has failed.
 *
 * Times take ms, s or us; counts are messages, or with % a part of those due, or of receipts awaited.
 */
import type { LatencyReport } from './latencies.ts';
import type { LoadReport } from './run-load.ts';

export interface Threshold {
  /** As it was written. */
  readonly written: string;
  readonly metric: string;
  readonly comparison: Comparison;
  /** In milliseconds, messages a second, messages, or percent. */
  readonly bound: number;
  readonly isPercent: boolean;
}

export interface CheckedThreshold {
  readonly written: string;
  /** What it was; undefined if there is nothing to say so of. */
  readonly value: number | undefined;
  readonly isCrossed: boolean;
  /** For people: `p99 was 23.4 ms, more than 20ms`. */
  readonly said: string;
}

const COMPARISONS = {
  '>': (value: number, bound: number): boolean => value > bound,
  '>=': (value: number, bound: number): boolean => value >= bound,
  '<': (value: number, bound: number): boolean => value < bound,
  '<=': (value: number, bound: number): boolean => value <= bound,
} as const;
type Comparison = keyof typeof COMPARISONS;

const TIMES: Readonly<Record<string, keyof LatencyReport>> = {
  mean: 'meanMs',
  p50: 'p50Ms',
  p90: 'p90Ms',
  p95: 'p95Ms',
  p99: 'p99Ms',
  'p99.9': 'p999Ms',
  'p99.99': 'p9999Ms',
  max: 'maxMs',
};
const RECEIPT = 'receipt-';
const COUNTS: Readonly<Record<string, (report: LoadReport) => readonly [count: number, of: number]>> = {
  error: ({ messages }) => [messages.failed, messages.due],
  refused: ({ messages }) => [messages.refused, messages.due],
  loss: ({ receipts }) => [receipts?.lost ?? 0, receipts?.awaited ?? 0],
};
const RATES: Readonly<Record<string, (report: LoadReport) => number>> = {
  rate: ({ ratePerSecond }) => ratePerSecond,
  accepted: ({ acceptedPerSecond }) => acceptedPerSecond,
};
const MS_OF: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };

/** Every metric there is. */
export const METRICS: readonly string[] = [
  ...Object.keys(TIMES),
  ...Object.keys(TIMES).map((name) => RECEIPT + name),
  ...Object.keys(COUNTS),
  ...Object.keys(RATES),
];

/** Whether a metric is of receipts, and there without them nothing to hold against it. */
export function isOfReceipts(metric: string): boolean {
  return metric === 'loss' || metric.startsWith(RECEIPT);
}

/** Thresholds separated by commas, or what is wrong with them and the fix. */
export function readThresholds(text: string): readonly Threshold[] | { readonly wrong: string } {
  const read = text.split(',').map((part) => readOne(part.trim()));
  for (const one of read) if ('wrong' in one) return one;
  return read as Threshold[];
}

function readOne(written: string): Threshold | { readonly wrong: string } {
  const [, metric = '', comparison = '', number = '', unit = ''] =
    /^([a-z][a-z0-9.-]*)\s*(>=|<=|>|<)\s*(\d{1,12}(?:\.\d{1,6})?)(us|ms|s|%|\/s)?$/.exec(written) ?? [];
  if (metric === '') return { wrong: `"${written}" is no threshold; write such as p99>20ms, error>0.1% or rate<900` };
  if (!METRICS.includes(metric)) return { wrong: `there is no ${metric}; there are ${METRICS.join(', ')}` };
  const one = { written, metric, comparison: comparison as Comparison };
  if (metric.replace(RECEIPT, '') in TIMES) {
    const factor = MS_OF[unit];
    return factor === undefined
      ? { wrong: `"${written}": ${metric} is a time; give it a unit, such as ${metric}${comparison}${number}ms` }
      : { ...one, bound: Number(number) * factor, isPercent: false };
  }
  if (metric in COUNTS) {
    return unit === '' || unit === '%'
      ? { ...one, bound: Number(number), isPercent: unit === '%' }
      : { wrong: `"${written}": ${metric} is a number of messages, or with % a part of them` };
  }
  return unit === '' || unit === '/s'
    ? { ...one, bound: Number(number), isPercent: false }
    : { wrong: `"${written}": ${metric} is messages a second, without a unit` };
}

/** Holds thresholds against a report. Where nothing was measured, a threshold is crossed: nothing says that it was kept. */
export function checkThresholds(thresholds: readonly Threshold[], report: LoadReport): CheckedThreshold[] {
  return thresholds.map(({ written, metric, comparison, bound, isPercent }) => {
    const value = valueOf(metric, isPercent, report);
    if (value === undefined) {
      return { written, value, isCrossed: true, said: `${written}: nothing was measured` };
    }
    const isCrossed = COMPARISONS[comparison](value, bound);
    return { written, value, isCrossed, said: `${written}: it was ${describe(metric, isPercent, value)}` };
  });
}

function valueOf(metric: string, isPercent: boolean, report: LoadReport): number | undefined {
  const count = COUNTS[metric]?.(report);
  if (count !== undefined) {
    const [some, of] = count;
    if (of === 0) return undefined;
    return isPercent ? (some * 100) / of : some;
  }
  const rate = RATES[metric]?.(report);
  if (rate !== undefined) return rate;
  const latency = metric.startsWith(RECEIPT) ? report.receipts?.latency : report.latency;
  const key = TIMES[metric.replace(RECEIPT, '')];
  return latency === undefined || latency.count === 0 || key === undefined ? undefined : latency[key];
}

function describe(metric: string, isPercent: boolean, value: number): string {
  if (isPercent) return `${Number(value.toPrecision(3))}%`;
  if (metric in COUNTS) return String(value);
  if (metric in RATES) return `${Math.round(value)}/s`;
  return `${Number(value.toPrecision(4))}ms`;
}
