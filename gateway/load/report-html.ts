/** A report as one page of HTML that needs nothing else: plots are drawn in it, styles are in it, and there are no scripts. */
import { describePlan } from './plan.ts';
import { escapeHtml, plot } from './plot.ts';
import { doubtsOf, formatCount, formatMs, percentilesOf } from './report-text.ts';
import type { LoadReport } from './run-load.ts';
import type { CheckedThreshold } from './thresholds.ts';

const BLUE = '#2563eb';
const GREEN = '#15803d';
const ORANGE = '#d97706';
const RED = '#dc2626';
const MS_PER_SECOND = 1_000;

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#1f2937;background:#fff}
h1{font-size:1.4rem;margin-bottom:0}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse}th,td{padding:.2rem 1.2rem .2rem 0;text-align:right;border-bottom:1px solid #e5e7eb}
th:first-child,td:first-child{text-align:left}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}
polyline{fill:none;stroke-width:1.8}.grid{stroke:#e5e7eb}.shade{fill:#f3f4f6}text{font:12px system-ui,sans-serif;fill:#6b7280}
.legend{margin:.1rem 0;color:#6b7280}.legend span{margin-right:1rem}.legend i{display:inline-block;width:.8rem;height:.2rem;margin-right:.3rem;vertical-align:middle}
.crossed{color:#dc2626;font-weight:600}.kept{color:#15803d}.doubt{color:#b45309}
@media(prefers-color-scheme:dark){body{background:#111827;color:#e5e7eb}th,td{border-color:#374151}.grid{stroke:#374151}.shade{fill:#1f2937}}
`;

export function reportHtml(report: LoadReport, checked: readonly CheckedThreshold[]): string {
  const { plan, messages, latency, receipts } = report;
  const title = `Load on ${plan.url}`;
  const rows = [
    ['messages due', formatCount(messages.due)],
    ['answered', formatCount(messages.answered)],
    ['accepted', formatCount(messages.accepted)],
    ['refused', formatCount(messages.refused)],
    ['failed', formatCount(messages.failed)],
    ['answered a second', formatCount(report.ratePerSecond)],
    ['accepted a second', formatCount(report.acceptedPerSecond)],
    ...(receipts === undefined
      ? []
      : [
          ['receipts that came', `${formatCount(receipts.came)} of ${formatCount(receipts.awaited)}`],
          ['receipts lost', formatCount(receipts.lost)],
        ]),
  ] as const;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(describePlan(plan))}, seed ${plan.seed}. Begun ${escapeHtml(report.startedAt)}, ${plan.warmUpMs / MS_PER_SECOND} s of warm-up not counted.</p>
${list(doubtsOf(report), 'doubt')}
${checked.length === 0 ? '' : `<h2>Thresholds</h2>${checked.map(({ isCrossed, said }) => `<p class="${isCrossed ? 'crossed' : 'kept'}">${isCrossed ? 'crossed' : 'kept'}: ${escapeHtml(said)}</p>`).join('')}`}
<h2>Messages</h2><table>${rows.map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`).join('')}</table>
${names('Refused', report.refused)}${names('Failed', report.failed)}
<h2>Latency</h2>${latencyTable(report)}
${percentilePlot(report)}${latencyPlot(report)}
<h2>Rate</h2>${ratePlot(report)}
<p>Latency of ${formatCount(latency.count)} requests is counted from when each was due; what was never answered counts with the time it had waited.</p>
</body></html>
`;
}

function list(lines: readonly string[], className: string): string {
  return lines.map((line) => `<p class="${className}">${escapeHtml(line)}</p>`).join('');
}

function names(title: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).map(
    ([name, count]) => `<tr><td>${escapeHtml(name)}</td><td>${formatCount(count)}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<h2>${title}</h2><table>${rows.join('')}</table>`;
}

function latencyTable({ latency, receipts, lateness }: LoadReport): string {
  const sides = [
    ['answer', latency] as const,
    ...(receipts === undefined ? [] : [['receipt', receipts.latency] as const]),
    ['sent late by', lateness] as const,
  ];
  const head = percentilesOf(latency).map(([name]) => `<th>${name}</th>`);
  const rows = sides.map(([name, one]) => {
    const cells = percentilesOf(one).map(([, ms]) => `<td>${one.count === 0 ? '–' : formatMs(ms)}</td>`);
    return `<tr><td>${name}</td>${cells.join('')}</tr>`;
  });
  return `<table><tr><th></th>${head.join('')}</tr>${rows.join('')}</table>`;
}

const seconds = (atMs: number): string => `${Number((atMs / MS_PER_SECOND).toFixed(1))} s`;

function ratePlot({ plan, timeline, receipts }: LoadReport): string {
  const line = (name: string, color: string, read: (point: (typeof timeline)[number]) => number) => ({
    name,
    color,
    points: timeline.map((point) => [point.atMs, read(point)] as const),
  });
  return plot({
    title: 'Messages a second over time',
    lines: [
      line('sent', BLUE, (point) => point.sentPerSecond),
      line('answered', GREEN, (point) => point.answeredPerSecond),
      ...(receipts === undefined ? [] : [line('receipts', ORANGE, (point) => point.receiptsPerSecond)]),
      line('failed', RED, (point) => point.failedPerSecond),
    ],
    formatX: seconds,
    formatY: formatCount,
    shadedTo: plan.warmUpMs,
  });
}

function latencyPlot({ plan, timeline }: LoadReport): string {
  const answered = timeline.filter(({ answeredPerSecond }) => answeredPerSecond > 0);
  const line = (name: string, color: string, read: (point: (typeof timeline)[number]) => number) => ({
    name,
    color,
    points: answered.map((point) => [point.atMs, read(point)] as const),
  });
  return plot({
    title: 'Latency over time',
    lines: [
      line('max', RED, (point) => point.maxMs),
      line('p99', ORANGE, (point) => point.p99Ms),
      line('p50', GREEN, (point) => point.p50Ms),
    ],
    formatX: seconds,
    formatY: formatMs,
    shadedTo: plan.warmUpMs,
  });
}

/** Percentiles are spread by how few requests lie beyond them: each nine takes as much room. */
function percentilePlot({ percentiles, latency }: LoadReport): string {
  const place = (percent: number): number => Math.log10(100 / (100 - percent));
  // Beyond what so many requests can tell, one of them is all there is.
  const shown = percentiles.filter(({ percent }) => percent < 100 && latency.count * (1 - percent / 100) >= 1);
  const marks = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter((percent) => percent <= (shown.at(-1)?.percent ?? 0));
  return plot({
    title: 'Latency by percentile',
    lines: [{ name: 'answer', color: BLUE, points: shown.map(({ percent, ms }) => [place(percent), ms] as const) }],
    formatX: (x) => `${Number((100 - 100 / 10 ** x).toFixed(3))} %`,
    formatY: formatMs,
    marksX: marks.map(place),
  });
}
