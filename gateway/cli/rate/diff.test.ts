import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cdr } from '../../cdr/index.ts';
import { callCommand, type Ended } from '../command-under-test.ts';
import { rateDiffCommand } from './diff.ts';

// Prices of the built-in book, a segment each (a sender that is unregistered pays the surcharge on top):
//   AT&T      2022-06-01 fee 0.0020, surcharge 0.0020   2024-03-01 fee 0.0020, surcharge 0.0080
//   DCA margin 0.0005; aggregator 0.0079 from 2023 on

const FILE = 'cdr-20240301T000000.000Z-RUN-1.ndjson';
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-diff-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A record of a message to AT&T from an unregistered sender, or with what is said of it. */
function cdr(own: Partial<Cdr> = {}, micros: readonly number[] = [2_000, 8_000, 500, 7_900]): Cdr {
  const causes = ['carrier_fee', 'unregistered_surcharge', 'dca_margin', 'aggregator_price'];
  const postings = micros.flatMap((amount, at) =>
    amount === 0 ? [] : [{ payer: 'sender', payee: 'somebody', cause: causes[at] ?? '', micros: amount }],
  );
  return {
    id: 'MRUN-0',
    acceptedAt: '2024-03-01T20:00:00.000Z',
    receipt: null,
    handset: null,
    account: null,
    from: '+12125550100',
    to: '+13105550100',
    sender: '10dlc',
    campaign: null,
    carrier: 'att',
    route: 'a2p',
    direction: 'out',
    message: 'sms',
    encoding: 'gsm-7',
    segments: 1,
    registration: 'unregistered',
    reason: 'not_in_registry',
    decision: 'accepted',
    limit: null,
    truth: 'unlabelled',
    pricedAt: '2024-03-01T00:00:00.000Z',
    book: 'us-10dlc',
    era: null,
    postings,
    totalMicros: micros.reduce((sum, amount) => sum + amount, 0),
    ...own,
  };
}

function write(...cdrs: readonly Cdr[]): void {
  writeFileSync(join(directory, FILE), cdrs.map((one) => `${JSON.stringify(one)}\n`).join(''));
}

function call(...words: readonly string[]): Promise<Ended> {
  return callCommand(rateDiffCommand(), words);
}

interface Diff {
  readonly messages: number;
  readonly charged: number;
  readonly billedMicros: number;
  readonly books: readonly { readonly book: string; readonly totalMicros: number; readonly unpriced: number }[];
  readonly differenceMicros: number;
  readonly lines: readonly object[];
}

async function diffOf(one: string, other: string): Promise<Diff> {
  const { code, stdout, stderr } = await call('--cdr', directory, '--book', one, '--book', other, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Diff;
}

test('the same messages at two dates differ by what the carrier changed between them', async () => {
  const registered = { registration: 'registered', reason: 'registered', segments: 2 } as const;
  write(cdr(), cdr({ segments: 3 }, [6_000, 24_000, 1_500, 23_700]), cdr(registered, [4_000, 0, 1_000, 15_800]));
  const { lines, ...totals } = await diffOf('us-10dlc@2023-05-31', 'us-10dlc@2024-03-01');
  expect(lines).toEqual([
    line('registered', 'carrier_fee', 4_000, 4_000),
    line('registered', 'dca_margin', 1_000, 1_000),
    line('registered', 'aggregator_price', 15_800, 15_800),
    line('unregistered', 'carrier_fee', 8_000, 8_000),
    line('unregistered', 'unregistered_surcharge', 8_000, 32_000),
    line('unregistered', 'dca_margin', 2_000, 2_000),
    line('unregistered', 'aggregator_price', 31_600, 31_600),
  ]);
  expect(totals).toEqual({
    messages: 3,
    charged: 3,
    billedMicros: 94_400,
    books: [
      { book: 'us-10dlc', date: '2023-05-31', totalMicros: 70_400, priced: 3, unpriced: 0 },
      { book: 'us-10dlc', date: '2024-03-01', totalMicros: 94_400, priced: 3, unpriced: 0 },
    ],
    differenceMicros: 24_000,
  });
});

function line(registration: string, cause: string, one: number, other: number): object {
  return { carrier: 'att', registration, cause, micros: [one, other], differenceMicros: other - one };
}

test('without a date each message is priced at its own; by the book it was billed by, that is what was billed', async () => {
  write(cdr(), cdr({ pricedAt: '2023-05-31T00:00:00.000Z' }, [2_000, 2_000, 500, 7_900]));
  const found = await diffOf('us-10dlc', 'what-if-flat');
  expect(found.books[0]?.totalMicros).toBe(found.billedMicros);
  expect(found).toMatchObject({ billedMicros: 30_800, differenceMicros: -10_000 });
});

test('what was refused and not charged stays free; what a carrier charges for nevertheless is priced', async () => {
  write(
    cdr({ decision: 'unregistered_blocked' }, []),
    cdr(
      { decision: 'tmobile_daily_cap_exceeded', carrier: 'tmobile', registration: 'registered', reason: 'registered' },
      [3_000, 0, 500, 7_900],
    ),
  );
  const found = await diffOf('us-10dlc', 'us-10dlc@2024-03-01');
  expect(found).toMatchObject({ messages: 2, charged: 1, billedMicros: 11_400, differenceMicros: 0 });
  expect(found.books).toMatchObject([{ totalMicros: 11_400 }, { totalMicros: 11_400 }]);
});

test('messages for which a book has no price are counted and in no amount', async () => {
  write(cdr(), cdr());
  const found = await diffOf('us-10dlc', 'us-10dlc@2001-01-01');
  expect(found.books).toMatchObject([
    { totalMicros: 36_800, unpriced: 0 },
    { totalMicros: 0, unpriced: 2 },
  ]);
});

test('people read a table', async () => {
  write(cdr());
  const { code, stdout } = await call('--cdr', join(directory, FILE), '--book', 'us-10dlc', '--book', 'what-if-flat');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toBe('messages: 1, of them charged: 1, as billed: $0.018400');
  expect(lines.slice(2).map((one) => one.trim().split(/ {2,}/))).toEqual([
    ['carrier', 'registration', 'cause', 'us-10dlc', 'what-if-flat', 'difference'],
    ['att', 'unregistered', 'carrier fee', '$0.002000', '$0.002000', '$0.000000'],
    ['att', 'unregistered', 'unregistered surcharge', '$0.008000', '$0.000000', '-$0.008000'],
    ['att', 'unregistered', 'dca margin', '$0.000500', '$0.000500', '$0.000000'],
    ['att', 'unregistered', 'aggregator price', '$0.007900', '$0.007900', '$0.000000'],
    ['total', '$0.018400', '$0.010400', '-$0.008000'],
    ['messages without a price', '0', '0'],
  ]);
});

test('a wrong line is told and left out, and the exit code says so unless it may', async () => {
  writeFileSync(join(directory, FILE), `${JSON.stringify(cdr())}\n{"id":\n`);
  const words = ['--cdr', directory, '--book', 'us-10dlc', '--book', 'us-10dlc', '--json'];
  const strict = await call(...words);
  expect([strict.code, (JSON.parse(strict.stdout) as Diff).messages]).toEqual([1, 1]);
  expect(strict.stderr).toContain(`${join(directory, FILE)}:2 is not a JSON object`);
  expect((await call(...words, '--skip-bad')).code).toBe(0);
});

describe('a mistake in the call is explained and exits with 2:', () => {
  test.each<[what: string, books: readonly string[], said: RegExp]>([
    ['one book', ['us-10dlc'], /--book: give two books to compare, not 1/],
    ['three books', ['us-10dlc', 'us-10dlc', 'us-10dlc'], /not 3/],
    [
      'a book that is none',
      ['us-10dlc', 'eu-10dlc'],
      /--book: eu-10dlc: cannot be read \(ENOENT\); name a file, or one of/,
    ],
    ['a day that is none', ['us-10dlc', 'us-10dlc@2024-02-30'], /there is no day 2024-02-30/],
  ])('%s', async (_, books, said) => {
    const { code, stdout, stderr } = await call('--cdr', directory, ...books.flatMap((one) => ['--book', one]));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });
});
