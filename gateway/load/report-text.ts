/** A report for a terminal. */
import type { LatencyReport } from './latencies.ts';
import { describePlan } from './plan.ts';
import type { LoadReport } from './run-load.ts';
import type { CheckedThreshold } from './thresholds.ts';

/** How late this machine may be with sending before people are told. */
const LATENESS_TOLD_MS = 5;
/** How much less than what was due may be sent, and how busy a thread may be, before people are told. */
const BEHIND_TOLD_SHARE = 0.02;
const BUSY_TOLD_SHARE = 0.95;
const MORE_OF_IT = 'give it more --threads, or a machine of its own';
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
export function doubtsOf(report: LoadReport): string[] {
  const { lateness, isCutShort, messages, plan, failed, refused } = report;
  const [cause = ''] = Object.keys(refused);
  return [
    ...(isCutShort ? ['the load was ended early'] : []),
    ...doubtsOfRate(report),
    ...(lateness.p99Ms > LATENESS_TOLD_MS
      ? [
          `this machine was up to ${formatMs(lateness.p99Ms)} late with one request in a hundred, which is in the times; ` +
            'give it more --threads, a lower --rate, or a machine of its own',
        ]
      : []),
    ...(messages.answered > 0 && messages.failed > messages.due / 100
      ? [
          `${Math.round((messages.failed * 100) / messages.due)} % of the messages failed; errors, and what waited in vain, are in the times`,
        ]
      : []),
    ...(messages.answered === 0
      ? [report.ratePerSecond > 0 ? 'only messages of the warm-up were answered' : 'no message was answered']
      : []),
    ...(messages.refused > messages.due / 2
      ? [
          `most messages were refused, ${cause} before all; ` +
            `is the rate within limits${plan.mix.registeredShare > 0 ? ', and are the numbers registered (--register)' : ''}?`,
        ]
      : []),
    ...('HTTP 401' in failed || 'HTTP 403' in failed
      ? ['the target wants other credentials; give them as TOLLGATE_ADMIN_USER and TOLLGATE_ADMIN_PASSWORD']
      : []),
    ...('HTTP 404' in failed ? [`the target has no /v1/messages: is ${plan.url} a gateway?`] : []),
  ];
}

function doubtsOfRate({ plan, duePerSecond, sentPerSecond, busy, countedMs }: LoadReport): string[] {
  const { perSecond, protocol, batchMessages } = plan;
  const isBusy = busy > BUSY_TOLD_SHARE;
  if (perSecond === undefined) {
    const share = `${Math.round(busy * 100)} %`;
    return isBusy
      ? [`sending kept this machine busy ${share} of the time: the target may take more; ${MORE_OF_IT}`]
      : [];
  }
  // A request or two may be in time or not by chance.
  const behind = ((duePerSecond - sentPerSecond) * countedMs) / 1_000;
  if (behind <= Math.max(2 * batchMessages, (duePerSecond * countedMs * BEHIND_TOLD_SHARE) / 1_000)) return [];
  const more = protocol === 'smpp' ? '--connections or a larger --window' : '--connections';
  return [
    `the rate was not reached: ${formatCount(sentPerSecond)} of ${formatCount(duePerSecond)} messages a second could be sent; ` +
      (isBusy
        ? `this machine had no time for more: ${MORE_OF_IT}`
        : `the target left no room: give it more ${more}, or a lower --rate`),
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
