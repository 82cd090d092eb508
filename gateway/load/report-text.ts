/** A report for a terminal. */
import type { LatencyReport } from './latencies.ts';
import { describePlan } from './plan.ts';
import type { LoadReport } from './run-load.ts';
import type { CheckedThreshold } from './thresholds.ts';

/** How late this machine may be with sending before people are told. */
export const LATENESS_TOLD_MS = 5;
const NAMED_MAX = 6;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Milliseconds with three digits that say something. */
export function formatMs(ms: number): string {
  return ms >= 1_000 ? `${whole.format(ms)} ms` : `${Number(ms.toPrecision(3))} ms`;
}

export function formatCount(count: number): string {
  return whole.format(count);
}

/** Percentiles in the order in which they are shown everywhere. */
export function percentilesOf(latency: LatencyReport): readonly (readonly [name: string, ms: number])[] {
  return [
    ['p50', latency.p50Ms],
    ['p90', latency.p90Ms],
    ['p95', latency.p95Ms],
    ['p99', latency.p99Ms],
    ['p99.9', latency.p999Ms],
    ['p99.99', latency.p9999Ms],
    ['max', latency.maxMs],
  ];
}

/** What a reader should know before believing the figures; none if all is well. */
export function doubtsOf({ lateness, isCutShort, messages, plan }: LoadReport): string[] {
  return [
    ...(isCutShort ? ['the load was ended early'] : []),
    ...(lateness.p99Ms > LATENESS_TOLD_MS
      ? [
          `this machine was up to ${formatMs(lateness.p99Ms)} late with one request in a hundred, which is in the times; ` +
            'give it more --threads, a lower --rate, or a machine of its own',
        ]
      : []),
    ...(messages.answered > 0 && messages.failed > messages.due / 100
      ? [
          `${Math.round((messages.failed * 100) / messages.due)} % of the messages failed; times are of the others, and of those that waited in vain`,
        ]
      : []),
    ...(messages.answered === 0 ? ['no message was answered'] : []),
    ...(messages.refused > messages.due / 2
      ? [
          `most messages were refused${plan.mix.registeredShare > 0 ? '; were the numbers registered (--register)?' : ''}`,
        ]
      : []),
  ];
}

export function formatReport(report: LoadReport, checked: readonly CheckedThreshold[]): string {
  const { plan, messages, latency, receipts, countedMs } = report;
  const lines = [
    `${describePlan(plan)}, seed ${plan.seed}`,
    '',
    `messages   ${formatCount(messages.due)} in ${(countedMs / 1_000).toFixed(1)} s: ${formatCount(messages.answered)} answered, ` +
      `${formatCount(messages.accepted)} accepted, ${formatCount(messages.refused)} refused, ${formatCount(messages.failed)} failed`,
    `rate       ${formatCount(report.ratePerSecond)} answered/s, ${formatCount(report.acceptedPerSecond)} accepted/s`,
    `latency    ${formatPercentiles(latency)}`,
    ...(receipts === undefined
      ? []
      : [
          `receipts   ${formatCount(receipts.came)} of ${formatCount(receipts.awaited)} came, ${formatCount(receipts.lost)} lost`,
          `           ${formatPercentiles(receipts.latency)}`,
        ]),
    ...formatNames('refused', report.refused),
    ...formatNames('failed', report.failed),
    ...doubtsOf(report).map((doubt) => `note       ${doubt}`),
    ...checked.map(({ isCrossed, said }) => `${isCrossed ? 'CROSSED' : 'kept   '}    ${said}`),
  ];
  return `${lines.join('\n')}\n`;
}

function formatPercentiles(latency: LatencyReport): string {
  if (latency.count === 0) return 'nothing to measure';
  return percentilesOf(latency)
    .map(([name, ms]) => `${name} ${formatMs(ms)}`)
    .join('  ');
}

function formatNames(title: string, counts: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(counts);
  const named = entries.slice(0, NAMED_MAX).map(([name, count]) => `${name} ${formatCount(count)}`);
  if (named.length === 0) return [];
  const more = entries.length > NAMED_MAX ? [`${entries.length - NAMED_MAX} more`] : [];
  return [`${title.padEnd(10)} ${[...named, ...more].join(', ')}`];
}
