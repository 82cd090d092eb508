import { describe, expect, test } from 'vitest';
import { Latencies } from './latencies.ts';
import { PLAN } from './load-under-test.ts';
import type { LoadReport } from './run-load.ts';
import { checkThresholds, METRICS, readThresholds, type Threshold } from './thresholds.ts';

function latency(...ms: readonly number[]): LoadReport['latency'] {
  const latencies = new Latencies();
  for (const one of ms) latencies.add(one);
  return latencies.report();
}

const REPORT: LoadReport = {
  plan: PLAN,
  startedAt: '2024-03-01T18:00:00.000Z',
  countedMs: 1_000,
  isCutShort: false,
  messages: { due: 1_000, sent: 1_000, answered: 999, accepted: 900, refused: 99, failed: 1 },
  duePerSecond: 100,
  sentPerSecond: 100,
  busy: 0.5,
  ratePerSecond: 999,
  acceptedPerSecond: 900,
  refused: { att_tpm_exceeded: 99 },
  failed: { 'HTTP 500': 1 },
  latency: latency(5, 10, 25),
  lateness: latency(0.1),
  receipts: { awaited: 900, came: 897, lost: 3, latency: latency(300, 900), percentiles: [] },
  percentiles: [],
  timeline: [],
};

function read(text: string): readonly Threshold[] {
  const found = readThresholds(text);
  if ('wrong' in found) throw new Error(found.wrong);
  return found;
}

function crossed(text: string, report = REPORT): string[] {
  return checkThresholds(read(text), report)
    .filter(({ isCrossed }) => isCrossed)
    .map(({ said }) => said);
}

describe('thresholds', () => {
  test('say when a load has failed, each with what it was', () => {
    expect(crossed('p99>20ms, error>0.05%,loss>0 ,rate<1000')).toEqual([
      expect.stringMatching(/^p99>20ms: it was 25(\.\d+)?ms$/),
      'error>0.05%: it was 0.1%',
      'loss>0: it was 3',
      'rate<1000: it was 999/s',
    ]);
    expect(crossed('p99>30ms,error>0.1%,loss>3,rate<999/s,accepted<900,refused>9.9%')).toEqual([]);
  });

  test('compare in every way', () => {
    expect(crossed('error>=1,error<=1')).toHaveLength(2);
    expect(crossed('error>1,error<1')).toEqual([]);
  });

  test('take times in any unit', () => {
    expect(crossed('max>0.02s,max>20000us,max>20ms')).toHaveLength(3);
    expect(crossed('max>0.03s,max>30000us,max>30ms,receipt-max<800ms,receipt-p50>301ms')).toEqual([]);
  });

  test('are all there for what the help names', () => {
    const unit: Readonly<Record<string, string>> = { error: '', refused: '', loss: '', rate: '', accepted: '' };
    for (const metric of METRICS) expect(read(`${metric}>1${unit[metric] ?? 'ms'}`)).toHaveLength(1);
  });

  test('are crossed where nothing was measured', () => {
    const nothing = { ...REPORT, latency: latency(), messages: { ...REPORT.messages, due: 0 } };
    expect(crossed('p99>20ms,error>1%', nothing)).toEqual([
      'p99>20ms: nothing was measured',
      'error>1%: nothing was measured',
    ]);
  });

  test.each([
    ['', '"" is no threshold; write such as p99>20ms, error>0.1% or rate<900'],
    ['p99', '"p99" is no threshold'],
    ['p99>20ms,', '"" is no threshold'],
    ['p99=20ms', '"p99=20ms" is no threshold'],
    ['p99>-1ms', '"p99>-1ms" is no threshold'],
    ['p98>20ms', 'there is no p98; there are mean, p50, p90'],
    ['p99>20', '"p99>20": p99 is a time; give it a unit, such as p99>20ms'],
    ['p99>20%', 'p99 is a time'],
    ['error>1ms', '"error>1ms": error is a number of messages, or with % a part of them'],
    ['rate<900%', '"rate<900%": rate is messages a second'],
  ])('refuse "%s"', (text, words) => {
    expect(readThresholds(text)).toEqual({ wrong: expect.stringContaining(words) as string });
  });
});
