import { describe, expect, test } from 'vitest';
import { Latencies } from './latencies.ts';
import { PLAN } from './load-under-test.ts';
import { reportHtml } from './report-html.ts';
import { reportJson } from './report-json.ts';
import { formatReport } from './report-text.ts';
import type { LoadReport } from './run-load.ts';
import { checkThresholds, readThresholds, type Threshold } from './thresholds.ts';

const latencies = new Latencies();
for (let ms = 1; ms <= 1_000; ms += 1) latencies.add(ms / 10);
const PERCENTILES = [0, 50, 90, 99, 99.9, 100].map((percent) => ({ percent, ms: latencies.atMs(percent) }));

const REPORT: LoadReport = {
  plan: {
    ...PLAN,
    url: 'http://<host>:8080',
    authorization: 'Basic c2VjcmV0',
    password: 'hidden',
    perSecond: 100,
    warmUpMs: 1_000,
    durationMs: 10_000,
  },
  startedAt: '2024-03-01T18:00:00.000Z',
  countedMs: 10_000,
  isCutShort: false,
  messages: { due: 1_000, sent: 1_000, answered: 999, accepted: 900, refused: 99, failed: 1 },
  duePerSecond: 100,
  sentPerSecond: 100,
  ratePerSecond: 99.9,
  acceptedPerSecond: 90,
  refused: { att_tpm_exceeded: 99 },
  failed: { '<oops>': 1 },
  latency: latencies.report(),
  lateness: latencies.report(),
  busy: 0.5,
  receipts: { awaited: 900, came: 897, lost: 3, latency: latencies.report(), percentiles: PERCENTILES },
  percentiles: PERCENTILES,
  timeline: Array.from({ length: 11 }, (_, index) => ({
    atMs: index * 1_000,
    sentPerSecond: 100,
    answeredPerSecond: 90 + index,
    failedPerSecond: 0,
    receiptsPerSecond: 80,
    p50Ms: 5,
    p99Ms: 9,
    maxMs: 20 + index,
  })),
};
const CHECKED = checkThresholds(readThresholds('p99>20ms,error>1%') as readonly Threshold[], REPORT);
const NOTHING: LoadReport = {
  ...REPORT,
  ratePerSecond: 0,
  messages: { due: 0, sent: 0, answered: 0, accepted: 0, refused: 0, failed: 0 },
  latency: new Latencies().report(),
  timeline: [],
};

describe('a report', () => {
  test('as JSON has everything but secrets', () => {
    const text = reportJson(REPORT, CHECKED);
    expect(text).not.toMatch(/c2VjcmV0|hidden/);
    expect(JSON.parse(text)).toMatchObject({
      plan: { protocol: 'http', perSecond: 100 },
      messages: { due: 1_000 },
      latency: { count: 1_000 },
      thresholds: [
        { written: 'p99>20ms', crossed: true },
        { written: 'error>1%', crossed: false, value: 0.1 },
      ],
      notes: [expect.stringContaining('late')],
    });
  });

  test('as a page needs nothing else, and shows what happened', () => {
    const page = reportHtml(REPORT, CHECKED);
    expect(page).not.toMatch(/<script|<link|src=|url\(|@import|c2VjcmV0|hidden|<host>|<oops>/);
    expect(page.match(/<svg /g)).toHaveLength(3);
    for (const title of ['Latency by percentile', 'Latency over time', 'Messages a second over time']) {
      expect(page).toContain(`<figcaption>${title}</figcaption>`);
    }
    expect(page.match(/<polyline points="[\d., ]+"/g)).toHaveLength(9);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).toContain('crossed: p99&gt;20ms: it was');
  });

  test('in words names what was refused, what failed and what was crossed', () => {
    const text = formatReport(REPORT, CHECKED);
    expect(text).toContain('1,000 in 10.0 s: 999 answered, 900 accepted, 99 refused, 1 failed');
    expect(text).toContain('refused    att_tpm_exceeded 99');
    expect(text).toContain('failed     <oops> 1');
    expect(text).toMatch(/^CROSSED {4}p99>20ms: it was 99\.\d+ms$/m);
    expect(text).toContain('897 of 900 came, 3 lost');
  });

  test('of nothing says so', () => {
    expect(formatReport(NOTHING, [])).toContain('nothing to measure');
    expect(reportHtml(NOTHING, [])).not.toMatch(/NaN|Infinity|undefined/);
    expect(JSON.parse(reportJson(NOTHING, []))).toMatchObject({
      notes: expect.arrayContaining(['no message was answered']) as string[],
    });
  });
});
