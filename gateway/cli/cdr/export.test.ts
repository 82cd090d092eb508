import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Cdr } from '../../cdr/index.ts';
import { namedStream } from '../../router/index.ts';
import { callCommand, type Ended } from '../command-under-test.ts';
import { cdrCommand } from './index.ts';

// What other programs see of an export: DuckDB reads the files and adds them up on its own.

const CARRIERS = ['att', 'verizon', 'tmobile', 'uscellular', 'other'];
const COUNT = 1_200;

/** Records as a gateway writes them, with everything that is sometimes missing missing sometimes. */
function records(seed: number): Cdr[] {
  const chance = namedStream(seed, 'records to export');
  const below = (count: number): number => Math.floor(chance.next() * count);
  return Array.from({ length: COUNT }, (_, index): Cdr => {
    const isAccepted = below(5) > 0;
    const carrier = CARRIERS[below(CARRIERS.length)] ?? '';
    const acceptedMs = Date.UTC(2024, 2, 1) + index * 60_000;
    const at = (ms: number): string => new Date(acceptedMs + ms).toISOString();
    const payer = ['acme', 'say "hi", they said', 'sender'][below(3)] ?? '';
    const amounts = [
      { payee: carrier, cause: 'carrier_fee', micros: below(9_000) },
      { payee: carrier, cause: 'unregistered_surcharge', micros: below(3) * 1_000 },
      { payee: 'dca', cause: 'dca_margin', micros: 5 },
      // More than 32 bits hold.
      { payee: 'aggregator', cause: 'aggregator_price', micros: index === 7 ? 5_000_000_000 : 7_900 },
    ];
    const postings = isAccepted ? amounts.filter(({ micros }) => micros > 0).map((one) => ({ payer, ...one })) : [];
    return {
      id: `MTEST-${index.toString(36).toUpperCase()}`,
      acceptedAt: at(0),
      receipt: isAccepted ? { state: 'ACCEPTD', at: at(250) } : null,
      handset: isAccepted ? { outcome: 'delivered', at: at(1_250) } : null,
      account: payer === 'sender' ? null : payer,
      from: `+1212555${1_000 + below(9_000)}`,
      to: `+1310555${1_000 + below(9_000)}`,
      sender: '10dlc',
      campaign: below(2) === 0 ? 'CTEST01' : null,
      carrier,
      route: 'a2p',
      direction: 'out',
      message: 'sms',
      encoding: 'gsm-7',
      segments: 1 + below(4),
      registration: 'registered',
      reason: 'registered',
      decision: isAccepted ? 'accepted' : 'att_tpm_exceeded',
      limit: isAccepted ? null : { name: 'att_campaign_tpm', scope: 'campaign', used: 74.5, cap: 75 },
      truth: 'legit',
      pricedAt: '2024-03-01T00:00:00.000Z',
      book: 'us-10dlc',
      era: isAccepted ? { from: '2023-06-01', confidence: 'A', sources: ['TW', 'BW'] } : null,
      postings,
      totalMicros: postings.reduce((sum, { micros }) => sum + micros, 0),
    };
  });
}

const cdrs = records(1);
const lines = cdrs.map((cdr) => `${JSON.stringify(cdr)}\n`);

let duckDb: DuckDBConnection;
beforeAll(async () => {
  duckDb = await (await DuckDBInstance.create(':memory:')).connect();
});
afterAll(() => duckDb.closeSync());

let directory: string;
let cdrDirectory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-export-'));
  cdrDirectory = directory;
  writeFileSync(join(directory, 'cdr-20240301T000000.000Z-RUN-1.ndjson'), lines.slice(0, 700).join(''));
  writeFileSync(join(directory, 'cdr-20240301T120000.000Z-RUN-1.ndjson.part'), `${lines.slice(700).join('')}{"id":"MT`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function rows(sql: string): Promise<unknown[]> {
  return (await duckDb.runAndReadAll(sql)).getRowObjectsJson();
}

function call(...words: readonly string[]): Promise<Ended> {
  return callCommand(cdrCommand(), words);
}

const CAUSES = ['carrier_fee', 'unregistered_surcharge', 'dca_margin', 'aggregator_price'];

/** What a database should find, added up here in the plainest way. */
function expectedByCarrier(): unknown[] {
  return CARRIERS.toSorted().map((carrier) => {
    const own = cdrs.filter((one) => one.carrier === carrier);
    const sumOf = (cause: string): string =>
      String(
        own.flatMap(({ postings }) => postings).reduce((sum, one) => sum + (one.cause === cause ? one.micros : 0), 0),
      );
    return {
      carrier,
      messages: String(own.length),
      ...Object.fromEntries(CAUSES.map((cause) => [cause, sumOf(cause)])),
      total: String(own.reduce((sum, { totalMicros }) => sum + totalMicros, 0)),
    };
  });
}

const BY_CARRIER = `SELECT carrier, count(*) AS messages, ${CAUSES.map((cause) => `sum(${cause}_micros) AS ${cause}`).join(', ')},
  sum(total_micros) AS total`;

describe.each(['parquet', 'csv'] as const)('as %s', (format) => {
  test('DuckDB counts the messages and adds the micro-dollars up by carrier to what the CDRs hold', async () => {
    const out = join(directory, `out.${format}`);
    expect(await call('export', '--in', cdrDirectory, '--out', out)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await rows(`${BY_CARRIER} FROM '${out}' GROUP BY carrier ORDER BY carrier`)).toEqual(expectedByCarrier());
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  test('DuckDB finds every field of every record as it was, nothing for what is missing', async () => {
    const out = join(directory, `out.${format}`);
    await call('export', '--in', cdrDirectory, '--out', out);
    const options = format === 'csv' ? ', all_varchar=true' : '';
    const found = await rows(
      `SELECT id, strftime(accepted_at::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ') AS acceptedAt,
         strftime(handset_at::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ') AS handsetAt, handset, account, from_number, to_number, campaign,
         carrier, segments::INTEGER AS segments, decision, limit_name, limit_used::DOUBLE AS used, era_sources, payer
       FROM read_${format}('${out}'${options})`,
    );
    expect(found).toEqual(
      cdrs.map((cdr) => ({
        id: cdr.id,
        acceptedAt: cdr.acceptedAt,
        handsetAt: cdr.handset?.at ?? null,
        handset: cdr.handset?.outcome ?? null,
        account: cdr.account,
        from_number: cdr.from,
        to_number: cdr.to,
        campaign: cdr.campaign,
        carrier: cdr.carrier,
        segments: cdr.segments,
        decision: cdr.decision,
        limit_name: cdr.limit?.name ?? null,
        used: cdr.limit?.used ?? null,
        era_sources: cdr.era?.sources.join(' ') ?? null,
        payer: cdr.postings[0]?.payer ?? null,
      })),
    );
  });
});

test('in Parquet, money is INT64, times are timestamps, and words that repeat are in dictionaries', async () => {
  const out = join(directory, 'out.parquet');
  await call('export', '--in', cdrDirectory, '--out', out);
  const types = (await rows(`DESCRIBE SELECT * FROM '${out}'`)) as { column_name: string; column_type: string }[];
  const typeOf = Object.fromEntries(types.map(({ column_name: name, column_type: type }) => [name, type]));
  expect(typeOf).toMatchObject({ total_micros: 'BIGINT', carrier_fee_micros: 'BIGINT', limit_used: 'DOUBLE' });
  expect(typeOf).toMatchObject({ accepted_at: 'TIMESTAMP', receipt_at: 'TIMESTAMP', carrier: 'VARCHAR' });
  const [carrier] = (await rows(
    `SELECT encodings FROM parquet_metadata('${out}') WHERE path_in_schema = 'carrier'`,
  )) as { encodings: string }[];
  expect(carrier?.encodings).toContain('RLE_DICTIONARY');
});

test('as NDJSON the lines come out as they were', async () => {
  const out = join(directory, 'out.ndjson');
  expect((await call('export', '--in', cdrDirectory, '--out', out)).code).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe(lines.join(''));
});

test('filters keep a carrier, an account and the time from one moment to before another', async () => {
  const words = ['--since', '2024-03-01T02:00:00Z', '--until', '2024-03-01T12:00:00.000Z', '--carrier', 'att'];
  const { stdout, code } = await call('export', '--in', cdrDirectory, '--out', '-', '--format', 'ndjson', ...words);
  expect(code).toBe(0);
  const wanted = cdrs.slice(120, 720).filter(({ carrier }) => carrier === 'att');
  expect(stdout).toBe(wanted.map((cdr) => `${JSON.stringify(cdr)}\n`).join(''));
  const ofAcme = await call('export', '--in', cdrDirectory, '--out', '-', '--format', 'ndjson', '--account', 'acme');
  expect(ofAcme.stdout.trim().split('\n')).toHaveLength(cdrs.filter(({ account }) => account === 'acme').length);
  const onADay = await call('export', '--in', cdrDirectory, '--out', '-', '--since', '2024-03-02');
  expect(onADay.stdout.trim().split('\n')).toEqual([expect.stringMatching(/^id,accepted_at,receipt_at,/)]);
});

describe('wrong lines', () => {
  beforeEach(() => writeFileSync(join(directory, 'cdr-20240302T000000.000Z-RUN-1.ndjson'), `nonsense\n${lines[0]}`));

  test('are told with their place and left out, and the exit code says so', async () => {
    const { code, stdout, stderr } = await call('export', '--in', cdrDirectory, '--out', '-', '--format', 'ndjson');
    expect(code).toBe(1);
    expect(stdout).toBe([...lines, lines[0]].join(''));
    expect(stderr).toBe(
      `tollgate: ${join(directory, 'cdr-20240302T000000.000Z-RUN-1.ndjson')}:1 is not a JSON object; the line may be cut: remove it\n` +
        'tollgate: 1 wrong line was left out; correct the file, or accept that with --skip-bad\n',
    );
  });

  test('are no failure with --skip-bad', async () => {
    const out = join(directory, 'out.parquet');
    const { code, stderr } = await call('export', '--in', cdrDirectory, '--out', out, '--skip-bad');
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, 'tollgate: 1 wrong line was left out']);
    expect(await rows(`SELECT count(*) AS messages FROM '${out}'`)).toEqual([{ messages: String(COUNT + 1) }]);
  });
});

describe('a mistake in the call is explained and exits with 2:', () => {
  test.each<[what: string, words: readonly string[], said: RegExp]>([
    ['a path that is none', ['--in', '/nowhere', '--out', 'a.csv'], /--in: \/nowhere cannot be read \(ENOENT\)/],
    ['a directory without CDRs', ['--in', 'gateway', '--out', 'a.csv'], /--in: gateway holds no CDR files; name/],
    [
      'a file of no known format',
      ['--in', 'x', '--out', 'a.xls'],
      /--out: a.xls does not end in .csv, .parquet, .ndjson/,
    ],
    ['Parquet to a pipe', ['--in', 'x', '--out', '-', '--format', 'parquet'], /--out: Parquet needs a file, not -/],
    ['a day that is none', ['--in', 'x', '--out', 'a.csv', '--since', '2024-02-30'], /Give a day as 2024-03-01/],
    [
      'a moment without zone',
      ['--in', 'x', '--out', 'a.csv', '--until', '2024-03-01T10:00:00'],
      /as 2024-03-01T18:00:00Z/,
    ],
    ['a carrier nobody knows', ['--in', 'x', '--out', 'a.csv', '--carrier', 'sprint'], /Allowed choices are att/],
  ])('%s', async (_, words, said) => {
    const { code, stdout, stderr } = await call('export', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });

  test('a file that cannot be written', async () => {
    const { code, stderr } = await call('export', '--in', cdrDirectory, '--out', join(directory, 'no', 'a.parquet'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.parquet cannot be written \(ENOENT\); name a file in a folder/);
  });
});
