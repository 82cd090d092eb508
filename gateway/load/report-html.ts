/** A report as one page of HTML that needs nothing else: plots are drawn in it, styles are in it, and there are no scripts. */
import { describePlan } from './plan.ts';
import { escapeHtml, plot } from './plot.ts';
import { doubtsOf, formatCount, formatMs, percentilesOf } from './report-text.ts';
import type { LoadReport, PercentilePoint } from './run-load.ts';
import type { CheckedThreshold } from './thresholds.ts';

const BLUE = '#2563eb';
const GREEN = '#15803d';
const ORANGE = '#d97706';
const RED = '#dc2626';
const MS_PER_SECOND = 1_000;

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem;color:#1f2937;background:#fff;font-variant-numeric:tabular-nums}
h1{font-size:1.4rem;margin-bottom:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
table{border-collapse:collapse}th,td{padding:.2rem 1.2rem .2rem 0;text-align:right;border-bottom:1px solid #e5e7eb}
th:first-child,td:first-child{text-align:left}.settings td{text-align:left}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:.6rem;margin:1.2rem 0}
.tiles div{border:1px solid #e5e7eb;border-radius:8px;padding:.5rem .8rem}
.tiles b{display:block;font-size:1.3rem;font-weight:600}.tiles span,.faint{color:#6b7280;font-size:.85rem}
.sides{display:flex;flex-wrap:wrap;align-items:flex-start;gap:1rem 4rem}
figure{margin:1.5rem 0}figcaption{font-weight:600}svg{width:100%;height:auto}
polyline{fill:none;stroke-width:1.8}.grid{stroke:#e5e7eb}.shade{fill:#f3f4f6}text{font:12px system-ui,sans-serif;fill:#6b7280}
.legend{margin:.1rem 0;color:#6b7280}.legend span{margin-right:1rem}.legend i{display:inline-block;width:.8rem;height:.2rem;margin-right:.3rem;vertical-align:middle}
.crossed{color:#dc2626;font-weight:600}.kept{color:#15803d}.crossed,.kept{margin:.2rem 0}.doubt{color:#b45309}
@media(prefers-color-scheme:dark){body{background:#111827;color:#e5e7eb}th,td,.tiles div{border-color:#374151}.grid{stroke:#374151}.shade{fill:#1f2937}}
`;

export function reportHtml(report: LoadReport, checked: readonly CheckedThreshold[]): string {
  const { plan, latency } = report;
  const title = `Load on ${plan.url}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(describePlan(plan))}.</p>
${tiles(report)}
${list(doubtsOf(report), 'doubt')}
${checked.length === 0 ? '' : `<h2>Thresholds</h2>${checked.map(({ isCrossed, said }) => `<p class="${isCrossed ? 'crossed' : 'kept'}">${isCrossed ? 'crossed' : 'kept'}: ${escapeHtml(said)}</p>`).join('')}`}
<h2>Latency</h2>${latencyTable(report)}
<p class="faint">Of ${formatCount(latency.count)} requests, from when each was due. What was never answered counts with the time it had waited; how late this machine sent is told apart.</p>
${percentilePlot(report)}${latencyPlot(report)}${ratePlot(report)}
<h2>Messages</h2><div class="sides">${messageTable(report)}${names('Refused', report.refused, report)}${names('Failed', report.failed, report)}</div>
<h2>Settings</h2>${settingsTable(report)}
</body></html>
`;
}

/** What most people want to know first. */
function tiles({ messages, latency, receipts, ratePerSecond, duePerSecond }: LoadReport): string {
  const some = (count: number): string => (latency.count === 0 ? '–' : formatMs(count));
  const shown = [
    ['answered/s', formatCount(ratePerSecond), `of ${formatCount(duePerSecond)} due`],
    ['p50', some(latency.p50Ms), 'the median'],
    ['p99', some(latency.p99Ms), `at most ${some(latency.maxMs)}`],
    ['refused', shareText(messages.refused, messages.due), formatCount(messages.refused)],
    ['failed', shareText(messages.failed, messages.due), formatCount(messages.failed)],
    ...(receipts === undefined
      ? []
      : [
          ['receipts lost', shareText(receipts.lost, receipts.awaited), `of ${formatCount(receipts.awaited)}`] as const,
        ]),
  ] as const;
  return `<div class="tiles">${shown.map(([name, value, more]) => `<div><span>${name}</span><b>${value}</b><span>${more}</span></div>`).join('')}</div>`;
}

function shareText(count: number, of: number): string {
  return of === 0 ? '–' : `${Number(((count * 100) / of).toPrecision(3))} %`;
}

function messageTable({ messages, receipts, ratePerSecond, acceptedPerSecond, sentPerSecond }: LoadReport): string {
  const { due, sent, answered, accepted, refused, failed } = messages;
  const rows = [
    ['due', formatCount(due)],
    ['sent', formatCount(sent)],
    ['answered', formatCount(answered)],
    ['accepted', formatCount(accepted)],
    ['refused', formatCount(refused)],
    ['failed', formatCount(failed)],
    ['sent a second', formatCount(sentPerSecond)],
    ['answered a second', formatCount(ratePerSecond)],
    ['accepted a second', formatCount(acceptedPerSecond)],
    ...(receipts === undefined
      ? []
      : [
          ['receipts that came', `${formatCount(receipts.came)} of ${formatCount(receipts.awaited)}`] as const,
          ['receipts lost', formatCount(receipts.lost)] as const,
        ]),
  ] as const;
  return `<table>${rows.map(([name, value]) => `<tr><td>${name}</td><td>${value}</td></tr>`).join('')}</table>`;
}

/** As they were asked for, but for secrets. */
function settingsTable({ plan, startedAt, countedMs, busy }: LoadReport): string {
  const { mix } = plan;
  const shares = Object.entries(mix.destinations);
  const sum = shares.reduce((all, [, share]) => all + share, 0);
  const carriers = shares.map(([name, share]) => `${name} ${shareText(share, sum)}`);
  const rows = [
    ['begun', startedAt],
    ['counted', `${countedMs / MS_PER_SECOND} s after ${plan.warmUpMs / MS_PER_SECOND} s of warm-up`],
    ['waited for', `${plan.timeoutMs / MS_PER_SECOND} s for an answer, ${plan.drainMs / MS_PER_SECOND} s at the end`],
    ['seed', String(plan.seed)],
    ['threads', `${plan.threads}, the busiest busy ${Math.round(busy * 100)} % of the time`],
    ['numbers', `${formatCount(mix.numbers)} registered, as many that are not`],
    ['from registered numbers', shareText(mix.registeredShare, 1)],
    ['spam', shareText(mix.spamShare, 1)],
    ['length of texts', mix.textLength === undefined ? 'as people write' : `${mix.textLength} characters`],
    ['carriers', carriers.join(', ')],
    ['receipts', plan.receipts ? 'asked for' : 'not asked for'],
  ] as const;
  return `<table class="settings">${rows.map(([name, value]) => `<tr><td>${name}</td><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`;
}

function list(lines: readonly string[], className: string): string {
  return lines.map((line) => `<p class="${className}">${escapeHtml(line)}</p>`).join('');
}

function names(title: string, counts: Readonly<Record<string, number>>, { messages }: LoadReport): string {
  const rows = Object.entries(counts).map(
    ([name, count]) =>
      `<tr><td>${escapeHtml(name)}</td><td>${formatCount(count)}</td><td>${shareText(count, messages.due)}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<table><tr><th>${title}</th><th></th><th></th></tr>${rows.join('')}</table>`;
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
      line('answered', GREEN, (point) => point.answeredPerSecond),
      { ...line('sent', BLUE, (point) => point.sentPerSecond), isDashed: true },
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
      line('p99', ORANGE, (point) => point.p99Ms),
      line('p50', GREEN, (point) => point.p50Ms),
      { ...line('max', RED, (point) => point.maxMs), isDashed: true },
    ],
    formatX: seconds,
    formatY: formatMs,
    shadedTo: plan.warmUpMs,
  });
}

/** Percentiles are spread by how few requests lie beyond them: each nine takes as much room. */
function percentilePlot({ percentiles, latency, receipts }: LoadReport): string {
  const place = (percent: number): number => Math.log10(100 / (100 - percent));
  // Beyond what so many can tell, one of them is all there is.
  const told = (points: readonly PercentilePoint[], count: number): PercentilePoint[] =>
    points.filter(({ percent }) => percent < 100 && count * (1 - percent / 100) >= 1);
  const line = (name: string, color: string, points: readonly PercentilePoint[]) => ({
    name,
    color,
    points: points.map(({ percent, ms }) => [place(percent), ms] as const),
  });
  const answers = told(percentiles, latency.count);
  const marks = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter((percent) => percent <= (answers.at(-1)?.percent ?? 0));
  return plot({
    title: 'Latency by percentile',
    lines: [
      line('answer', BLUE, answers),
      ...(receipts === undefined ? [] : [line('receipt', ORANGE, told(receipts.percentiles, receipts.latency.count))]),
    ],
    formatX: (x) => `${Number((100 - 100 / 10 ** x).toFixed(3))} %`,
    formatY: formatMs,
    marksX: marks.map(place),
    isLogarithmic: true,
  });
}
