import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MEASURE_IDS, SERIES_IDS } from '../measures.ts';
import { comparisonUnderTest } from './comparison-under-test.ts';
import { ReportError, writeReport } from './index.ts';

const FILES = [
  'comparison.json',
  'measures.csv',
  'measures.parquet',
  'versus-baseline.csv',
  'versus-baseline.parquet',
  'daily.csv',
  'daily.parquet',
  'money.csv',
  'money.parquet',
  'report.html',
];

const comparison = comparisonUnderTest({ replications: 4 });

let duckDb: DuckDBConnection;
beforeAll(async () => {
  duckDb = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => duckDb.closeSync());

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-report-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Whether it could be done. */
function asRoot(program: string, ...words: readonly string[]): boolean {
  return spawnSync(program, words).status === 0;
}

async function rows(sql: string): Promise<unknown[]> {
  return (await duckDb.runAndReadAll(sql)).getRowObjectsJson();
}

test('all files are there, in a directory that is made, and nothing else', async () => {
  const target = join(directory, 'a', 'b');
  const paths = await writeReport(target, comparison);
  expect(paths.map((path) => basename(path))).toEqual(FILES);
  expect(readdirSync(target).toSorted()).toEqual(FILES.toSorted());
});

describe('comparison.json', () => {
  test('holds the comparison, and null where nothing was measured', async () => {
    await writeReport(directory, comparison);
    const text = readFileSync(join(directory, 'comparison.json'), 'utf8');
    const read: unknown = JSON.parse(text, (key, value: unknown) =>
      value === null && /^(mean|low|high)$/.test(key) ? Number.NaN : value,
    );
    expect(read).toEqual(comparison);
    expect(comparison.policies[1]?.measures.traceHours.mean).toBeNaN();
  });

  test('is the same text whatever order its keys were made in', async () => {
    const backwards = <T>(value: T): T =>
      (typeof value !== 'object' || value === null
        ? value
        : Array.isArray(value)
          ? value.map(backwards)
          : Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([key, one]) => [key, backwards(one)]),
            )) as T;
    await writeReport(join(directory, 'one'), comparison);
    await writeReport(join(directory, 'other'), backwards(comparison));
    for (const file of FILES) {
      expect(readFileSync(join(directory, 'one', file)).equals(readFileSync(join(directory, 'other', file)))).toBe(
        true,
      );
    }
  });
});

describe.each(['csv', 'parquet'] as const)('DuckDB reads back, from %s,', (format) => {
  const table = (name: string): string => `read_${format}('${join(directory, name)}.${format}')`;
  beforeEach(() => writeReport(directory, comparison));

  test('every measure of every policy', async () => {
    const found = await rows(
      `SELECT policy, measure, mean, low, high, runs::INTEGER AS runs FROM ${table('measures')}`,
    );
    expect(found).toEqual(
      comparison.policies.flatMap(({ policy, measures }) =>
        MEASURE_IDS.map((measure) => {
          const { mean, low, high, runs } = measures[measure];
          const [m, l, h] = [mean, low, high].map((end) => (Number.isNaN(end) ? null : end));
          return { policy, measure, mean: m, low: l, high: h, runs };
        }),
      ),
    );
  });

  test('every difference to the baseline, and whether it is clear', async () => {
    const found = await rows(
      `SELECT policy, baseline, mean, verdict FROM ${table('versus-baseline')} WHERE measure = 'spamLanded'`,
    );
    expect(found).toEqual(
      comparison.policies.slice(1).map(({ policy, versusBaseline: { spamLanded } }) => ({
        policy,
        baseline: 'toll',
        mean: spamLanded.mean,
        verdict: spamLanded.high < 0 ? 'lower' : spamLanded.low > 0 ? 'higher' : 'unclear',
      })),
    );
  });

  test('every day with its date', async () => {
    const found = await rows(
      `SELECT count(*)::INTEGER AS rows, min(date)::VARCHAR AS first, max(date)::VARCHAR AS last, max(day)::INTEGER AS day FROM ${table('daily')}`,
    );
    const count = comparison.policies.length * SERIES_IDS.length * 30;
    expect(found).toEqual([{ rows: count, first: '2023-12-01', last: '2023-12-30', day: 29 }]);
  });

  test('all money, which adds up to what is told as revenue', async () => {
    const found = (await rows(
      `SELECT policy, sum(micros) AS micros FROM ${table('money')} WHERE truth = 'spam' GROUP BY policy`,
    )) as { policy: string; micros: number }[];
    const sums = new Map(found.map(({ policy, micros }) => [policy, micros]));
    for (const { policy, measures } of comparison.policies) {
      expect(sums.get(policy)! / measures.spamRevenue.mean).toBeCloseTo(1, 9);
    }
  });
});

describe('what cannot be written', () => {
  test.each(FILES)('%s: says so with its name, and leaves no part of the report', async (file) => {
    symlinkSync('/dev/full', join(directory, `${file}.part`));
    const error = await writeReport(directory, comparison).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ReportError);
    expect((error as Error).message).toMatch(
      /cannot be written \(ENOSPC\): the disk is full; make room for [\d,]+ kB or choose a directory on another disk/,
    );
    expect((error as Error).message).toContain(join(directory, file));
    expect(readdirSync(directory)).toEqual([]);
  });

  test('keeps the report that was there', async () => {
    writeFileSync(join(directory, 'report.html'), 'of yesterday');
    symlinkSync('/dev/full', join(directory, 'report.html.part'));
    await expect(writeReport(directory, comparison)).rejects.toThrow(ReportError);
    expect(readdirSync(directory)).toEqual(['report.html']);
    expect(readFileSync(join(directory, 'report.html'), 'utf8')).toBe('of yesterday');
  });

  test('is told of a directory that is a file', async () => {
    writeFileSync(join(directory, 'out'), '');
    await expect(writeReport(join(directory, 'out'), comparison)).rejects.toThrow(
      /out cannot be written \((EEXIST|ENOTDIR)\); choose a directory that can be written to$/,
    );
  });

  test('is told of a place where nothing can be made', async () => {
    await expect(writeReport('/proc/tollgate/report', comparison)).rejects.toThrow(
      /cannot be written \((ENOENT|EACCES)\); choose a directory that can be written to$/,
    );
  });

  test('may go into directories that are not there yet', async () => {
    const paths = await writeReport(join(directory, 'of', 'today'), comparison);
    expect(paths.at(-1)).toBe(join(directory, 'of', 'today', 'report.html'));
  });

  test('is told of a disk that fills up half way', async () => {
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    const isMounted = asRoot('mount', '-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk);
    // Without the right to mount, a device that is always full stands in for the disk.
    if (!isMounted) symlinkSync('/dev/full', join(disk, 'report.html.part'));
    try {
      await expect(writeReport(disk, comparison)).rejects.toThrow(/\(ENOSPC\): the disk is full/);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      if (isMounted) asRoot('umount', disk);
    }
  });
});
