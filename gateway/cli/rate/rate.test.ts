/** `tollgate rate`, once as people run it and else called in this process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callCommand, type Ended } from '../command-under-test.ts';
import { rateCommand } from './index.ts';
import type { Quote } from './rate.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-rate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function call(...words: readonly string[]): Promise<Ended> {
  return callCommand(rateCommand(), words);
}

async function quotesOf(...words: readonly string[]): Promise<Quote[]> {
  const { code, stdout, stderr } = await call(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Quote);
}

test('explains a price in a process of its own, without a gateway', async () => {
  const words = ['rate', '--carrier', 'att', '--unregistered', '--segments', '2'];
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', ...words]);
  const [stdout, [code]] = await Promise.all([text(command.stdout), once(command, 'exit')]);
  expect(code).toBe(0);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  expect(head).toBe('2024-03-01, us-10dlc: an SMS of 2 segments from an unregistered 10dlc sender to att (AT&T)');
  const table = lines.slice(1, 7).map((line) => line.trim().split(/ {2,}/));
  const place = expect.stringMatching(/^us-10dlc:\d+$/) as string;
  expect(table).toEqual([
    ['payee', 'cause', 'per unit', 'units', 'amount', 'row', 'in force', 'grade'],
    ['att', 'carrier fee', '$0.002000', '2', '$0.004000', place, '2023-06-01 until 2024-11-12', 'B'],
    ['att', 'unregistered surcharge', '$0.008000', '2', '$0.016000', place, 'from 2023-06-01', 'B'],
    ['dca', 'dca margin', '$0.000500', '2', '$0.001000', place, 'from 2017-01-01', 'assumed'],
    ['aggregator', 'aggregator price', '$0.007900', '2', '$0.015800', place, '2023-01-01 until 2025-01-01', 'C'],
    ['total', '$0.018400', '2', '$0.036800'],
  ]);
  expect(lines).toContain('  unregistered surcharge: $0.010000 for the unregistered less the fee of $0.002000');
  expect(stdout).toContain('HL-UNREG: HighLevel, Unregistered fees will increase (2023-06-04)');
  for (const line of lines.slice(8)) expect(line.length).toBeLessThanOrEqual(100);
});

test('leaves to `rate diff` the options behind it', async () => {
  const words = ['rate', 'diff', '--cdr', join(folder, 'gone'), '--book', 'us-10dlc', '--book', 'what-if-flat'];
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', ...words]);
  const [stderr, [code]] = await Promise.all([text(command.stderr), once(command, 'exit')]);
  expect([code, stderr]).toEqual([2, `tollgate: --cdr: ${join(folder, 'gone')} cannot be read (ENOENT)\n`]);
});

describe('what is priced', () => {
  test.each<[string, string[], Partial<Quote>]>([
    ['a destination, by its number', ['--to', '+12019161000'], { carrier: 'att', totalMicros: 10_400 }],
    ['a toll-free sender, by its number', ['--carrier', 'att', '--from', '+18005550100'], { sender: 'toll-free' }],
    [
      'a short code',
      ['--carrier', 'verizon', '--sender', 'short-code', '--mms'],
      { message: 'mms', totalMicros: 27_500 },
    ],
    ['a message in', ['--carrier', 'att', '--direction', 'in'], { direction: 'in', totalMicros: 8_400 }],
    ['a text', ['--carrier', 'att', '--text', 'a'.repeat(161)], { units: 2 }],
    ['a carrier that is only in the book', ['--carrier', 'claropr'], { totalMicros: 17_150 }],
    ['the P2P route', ['--carrier', 'att', '--p2p', '--unregistered'], { totalMicros: 7_900 }],
    ['another day', ['--carrier', 'att', '--unregistered', '--date', '2022-06-01'], { totalMicros: 12_000 }],
    ['a built-in what-if', ['--carrier', 'att', '--unregistered', '--book', 'what-if-flat'], { totalMicros: 10_400 }],
  ])('%s', async (_name, words, expected) => {
    expect((await quotesOf(...words))[0]).toMatchObject(expected);
  });

  test('several dates by several books, with their totals side by side', async () => {
    const words = ['--carrier', 'tmobile', '--unregistered', '--date', '2022-06-01', '--date', '2024-03-01'];
    const books = ['--book', 'us-10dlc', '--book', 'what-if-flat'];
    const quotes = await quotesOf(...words, ...books);
    expect(quotes.map(({ date, book, total }) => [date, book, total])).toEqual([
      ['2022-06-01', 'us-10dlc', '$0.012000'],
      ['2022-06-01', 'what-if-flat', '$0.011000'],
      ['2024-03-01', 'us-10dlc', '$0.016400'],
      ['2024-03-01', 'what-if-flat', '$0.011400'],
    ]);
    const { stdout } = await call(...words, ...books);
    expect(stdout.trimEnd().split('\n').slice(-3)).toEqual([
      'total        us-10dlc  what-if-flat',
      '2022-06-01  $0.012000     $0.011000',
      '2024-03-01  $0.016400     $0.011400',
    ]);
  });

  test('by a book and a copy of it that is changed and has its name still', async () => {
    const path = join(folder, 'copy.yaml');
    const text = readFileSync('tariffs/books/us-10dlc.yaml', 'utf8');
    const dearer = text.replaceAll(/registered: \{ out: 0\.00(\d+)/g, 'registered: { out: 0.01$1');
    writeFileSync(path, dearer);
    const { stdout } = await call('--carrier', 'tmobile', '--book', 'us-10dlc', '--book', path);
    const [head, totals] = stdout
      .trimEnd()
      .split('\n')
      .slice(-2)
      .map((line) => line.split(/ {2,}/));
    expect(head).toEqual(['total', 'us-10dlc', path]);
    expect(new Set(totals).size).toBe(3);
  });

  test('by a book of yours that extends a built-in one', async () => {
    const path = join(folder, 'mine.yaml');
    const row = 'carrier: att, sender: 10dlc, message: sms, from: 2024-01-01, registered: { out: 0.5 }';
    const lines = ['book: mine', 'extends: us-10dlc', 'title: Mine', 'timeZone: UTC'];
    writeFileSync(path, [...lines, `rates: [{ ${row}, confidence: assumed, note: if }]`].join('\n'));
    const [quote] = await quotesOf('--carrier', 'att', '--book', path);
    expect(quote?.lines[0]).toMatchObject({ micros: 500_000, row: { book: 'mine', line: 5 } });
  });
});

describe('a mistake in the call ends with 2 and says what to give', () => {
  test.each<[string[], string | RegExp]>([
    [[], '--to: is missing; give a destination, or a carrier'],
    [['--to', '911'], /^--to: "911" has no \+ in front; /],
    [['--to', '+12122000000', '--carrier', 'att'], '--carrier: is already given by --to; leave one of them out'],
    [['--carrier', 'atnt'], /^--carrier: "atnt" is not in the book us-10dlc; it has 1stpoint, att, /],
    [['--carrier', 'att', '--from', '12'], /^--from: "12" has no \+ in front; /],
    [
      ['--carrier', 'att', '--from', '+18005550100', '--sender', '10dlc'],
      '--sender: is toll-free by --from; leave one of them out',
    ],
    [
      ['--carrier', 'att', '--mms', '--segments', '2'],
      '--segments, --text: an MMS is one message, however long; leave them out',
    ],
    [['--carrier', 'att', '--segments', '0'], '--segments: "0" must be a whole number from 1 to 255'],
    [['--carrier', 'att', '--segments', '2.5'], '--segments: "2.5" must be a whole number from 1 to 255'],
    [
      ['--carrier', 'att', '--segments', '2', '--text', 'a'],
      '--segments: are already given by --text; leave one of them out',
    ],
    [
      ['--carrier', 'att', '--date', '2024-02-30'],
      '--date: "2024-02-30" is not a date; write a real day as YYYY-MM-DD',
    ],
    [
      ['--carrier', 'att', '--date', '1999-12-31'],
      '--date: the book us-10dlc has no price of att 10dlc sms at 1999-12-31; its first is from 2021-01-01',
    ],
    [
      ['--carrier', 'claropr', '--mms'],
      '--sender: the book us-10dlc has no price of claropr for 10dlc mms; it has 10dlc sms',
    ],
    [
      ['--carrier', 'att', '--book', 'gone.yaml'],
      /^gone\.yaml: cannot be read \(ENOENT\); name a file, or one of us-10dlc, /,
    ],
  ])('%j', async (words, said) => {
    const { code, stdout, stderr } = await call(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.trimEnd().replace('tollgate: ', '')).toMatch(
      said instanceof RegExp ? said : new RegExp(`^${escaped(said)}$`),
    );
  });

  test.each([
    [['--carrier', 'att', '--registered', '--unregistered'], /cannot be used with option/],
    [['--carrier', 'att', '--sender', 'fax'], /Allowed choices are 10dlc, toll-free, short-code/],
    [['--carrier', 'att', 'more'], /too many arguments/],
    [['diff', '--book', 'us-10dlc', '--book', 'what-if-flat'], /required option '--cdr <path>' not specified/],
    [['diff', '--cdr', 'gone'], /required option '--book <book>' not specified/],
  ])('%j, as the command line says', async (words, said) => {
    const { code, stderr } = await call(...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('a mistake in a book, at its place', async () => {
    const path = join(folder, 'wrong.yaml');
    writeFileSync(path, ['book: wrong', 'extends: us-10dlc', 'title: W', 'timeZone: Mars'].join('\n'));
    expect(await call('--carrier', 'att', '--book', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`tollgate: ${path}:4:11 timeZone "Mars" is unknown: `) as string,
    });
  });
});

function escaped(words: string): string {
  return words.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
