/**
 * A small book that parses, then one mistake at a time: each case edits one place and states the whole message a person gets.
 * The line numbers of the small book are written beside it so that the places can be checked by eye.
 */

import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatBookError } from './book-error.ts';
import { feeAt } from './fees.ts';
import { parseTariffBook } from './parse.ts';

const SMALL_BOOK = [
  'book: small', //                                            1
  'title: A small book', //                                    2
  'timeZone: UTC', //                                          3
  'sources:', //                                               4
  '  NOTICE: the notice of 2021', //                           5
  'rates:', //                                                 6
  '  - carrier: att', //                                       7
  '    sender: 10dlc', //                                      8
  '    message: sms', //                                       9
  '    from: 2021-03-01', //                                  10
  '    registered: { out: 0.002, in: 0 }', //                 11
  '    unregistered: { out: "0.010", in: null }', //          12
  '    confidence: A/B', //                                   13
  '    source: [NOTICE]', //                                  14
  '  - carrier: att', //                                      15
  '    sender: 10dlc', //                                     16
  '    message: sms', //                                      17
  '    from: 2022-03-01', //                                  18
  '    unregistered: { out: 0.020 }', //                      19
  '    confidence: assumed', //                               20
  '    note: what if it doubled', //                          21
  'parties:', //                                              22
  '  aggregatorPrice:', //                                    23
  '    - { message: sms, from: 2021-01-01, out: 0.0079, confidence: C, source: [NOTICE] }', // 24
  '  dcaMargin:', //                                          25
  '    - { message: sms, from: 2021-01-01, out: 0.0005, confidence: assumed, note: no public figure }', // 26
  'fees:', //                                                 27
  '  - { id: pool, title: Pool, kind: fine, per: request, payee: tmobile, amount: 50, until: 2023-01-01,', // 28
  '      waived: true, appliesTo: [2FA], confidence: A, source: [NOTICE] }', // 29
  'carriers: { att: AT&T }', //                                30
  '',
].join('\n');

/** What is said about the small book after one edit; the text to edit must be there. */
function errorsAfter(was: string, is: string): string[] {
  if (!SMALL_BOOK.includes(was)) throw new Error(`the small book has no ${was}`);
  const parsed = parseTariffBook(SMALL_BOOK.replace(was, is), 'small.yaml');
  return parsed.ok ? [] : parsed.errors.map(formatBookError);
}

test('a book parses into dated rows with prices in micros', () => {
  const parsed = parseTariffBook(SMALL_BOOK, 'small.yaml');
  expect(parsed).toEqual({
    ok: true,
    book: {
      book: 'small',
      title: 'A small book',
      extends: null,
      timeZone: 'UTC',
      carriers: new Map([['att', 'AT&T']]),
      sources: new Map([['NOTICE', 'the notice of 2021']]),
      rates: [
        {
          carrier: 'att',
          sender: '10dlc',
          message: 'sms',
          from: '2021-03-01',
          fromMs: Date.UTC(2021, 2, 1),
          registered: { out: 2_000, in: 0 },
          unregistered: { out: 10_000, in: null },
          book: 'small',
          line: 7,
          confidence: 'A/B',
          sources: ['NOTICE'],
          note: null,
        },
        {
          carrier: 'att',
          sender: '10dlc',
          message: 'sms',
          from: '2022-03-01',
          fromMs: Date.UTC(2022, 2, 1),
          registered: { out: null, in: null },
          unregistered: { out: 20_000, in: null },
          book: 'small',
          line: 15,
          confidence: 'assumed',
          sources: [],
          note: 'what if it doubled',
        },
      ],
      aggregatorPrices: [
        {
          message: 'sms',
          from: '2021-01-01',
          fromMs: Date.UTC(2021, 0, 1),
          price: { out: 7_900, in: null },
          book: 'small',
          line: 24,
          confidence: 'C',
          sources: ['NOTICE'],
          note: null,
        },
      ],
      dcaMargins: [
        {
          message: 'sms',
          from: '2021-01-01',
          fromMs: Date.UTC(2021, 0, 1),
          price: { out: 500, in: null },
          book: 'small',
          line: 26,
          confidence: 'assumed',
          sources: [],
          note: 'no public figure',
        },
      ],
      fees: [
        {
          id: 'pool',
          title: 'Pool',
          kind: 'fine',
          per: 'request',
          payee: 'tmobile',
          amountMicros: 50_000_000,
          from: null,
          fromMs: -Infinity,
          until: '2023-01-01',
          untilMs: Date.UTC(2023, 0, 1),
          waived: true,
          appliesTo: ['2FA'],
          book: 'small',
          line: 28,
          confidence: 'A',
          sources: ['NOTICE'],
          note: null,
        },
      ],
    },
  });
});

describe('a date', () => {
  const fromAfter = (was: string, is: string): number | undefined => {
    const parsed = parseTariffBook(SMALL_BOOK.replace(was, is), 'small.yaml');
    return parsed.ok ? parsed.book.rates[0]?.fromMs : undefined;
  };

  test('is a day in the time zone of the book', () => {
    expect(fromAfter('timeZone: UTC', 'timeZone: America/Los_Angeles')).toBe(Date.UTC(2021, 2, 1, 8));
  });

  test.each([
    ['2021-03-01T08:00-08:00', Date.UTC(2021, 2, 1, 16)],
    ['2021-03-01T08:00:30Z', Date.UTC(2021, 2, 1, 8, 0, 30)],
    ['2021-03-01T08:00:30.250+05:30', Date.UTC(2021, 2, 1, 2, 30, 30, 250)],
  ])('or an instant with its offset: %s', (written, ms) => {
    expect(fromAfter('from: 2021-03-01', `from: ${written}`)).toBe(ms);
  });

  test('of an end is the day from which on the next row holds', () => {
    const ended = 'from: 2021-03-01\n    until: 2022-03-01';
    expect(fromAfter('from: 2021-03-01\n    registered: { out: 0.002, in: 0 }', ended)).toBe(Date.UTC(2021, 2, 1));
  });

  test('of a fee ends where the next of its id begins, and one in time is the one that holds', () => {
    const later =
      'fees:\n  - { id: pool, title: P, kind: fine, per: x, payee: x, amount: 1, confidence: C, source: [NOTICE], from: 2023-01-01 }\n';
    const parsed = parseTariffBook(
      SMALL_BOOK.replace('fees:\n', later).replace(' until: 2023-01-01,', ''),
      'small.yaml',
    );
    if (!parsed.ok) throw new Error(parsed.errors.map(formatBookError).join('\n'));
    const { fees } = parsed.book;
    expect(fees.map(({ from, until }) => [from, until])).toEqual([
      ['2023-01-01', null],
      [null, '2023-01-01'],
    ]);
    expect(feeAt(fees, 'pool', Date.UTC(2023, 0, 1))?.amountMicros).toBe(1_000_000);
    // The earlier one is waived.
    expect(feeAt(fees, 'pool', Date.UTC(2023, 0, 1) - 1)).toBeUndefined();
    expect(feeAt(fees, 'pond', Date.UTC(2023, 0, 1))).toBeUndefined();
  });
});

describe('each mistake is told with its place and its remedy', () => {
  test.each([
    [
      'unknown key at the top',
      'title: A',
      'titel: A',
      'small.yaml:1:1 the book has no "title": add it',
      'small.yaml:2:1 unknown key "titel" in the book: use one of book, title, timeZone, carriers, sources, rates, parties, fees',
    ],
    [
      'unknown key in a rate',
      '    registered:',
      '    registred:',
      'small.yaml:11:5 unknown key "registred" in a rate: use one of carrier, sender, message, from, confidence, registered, unregistered, until, source, note',
    ],
    [
      'unknown direction',
      'in: null',
      'back: null',
      'small.yaml:12:35 unknown key "back" in unregistered: use one of out, in',
    ],
    ['missing key', '    sender: 10dlc\n', '', 'small.yaml:7:5 a rate has no "sender": add it'],
    ['missing time zone', 'timeZone: UTC\n', '', 'small.yaml:1:1 the book has no "timeZone": add it'],
    [
      'unknown time zone',
      'timeZone: UTC',
      'timeZone: Chicago',
      'small.yaml:3:11 timeZone "Chicago" is unknown: write UTC, or a name such as America/Los_Angeles',
    ],
    [
      'text where a map belongs',
      '{ out: 0.002, in: 0 }',
      '0.002',
      'small.yaml:11:17 registered "0.002" must be a map of "key: value" lines',
    ],
    [
      'text where a list belongs',
      'source: [NOTICE]',
      'source: NOTICE',
      'small.yaml:14:13 source "NOTICE" must be a list: "- item" lines or [item, item]',
    ],
    [
      'a number where text belongs',
      'title: A small book',
      'title: 2021',
      'small.yaml:2:8 title "2021" must be text: put it in quotes',
    ],
    [
      'a key that is not text',
      '  NOTICE:',
      '  2021:',
      'small.yaml:5:3 a key in sources is not text: put it in quotes',
      'small.yaml:14:14 source NOTICE is not listed under "sources": add its citation there',
      'small.yaml:24:78 source NOTICE is not listed under "sources": add its citation there',
      'small.yaml:29:63 source NOTICE is not listed under "sources": add its citation there',
    ],
    [
      'empty text',
      'title: A small book',
      'title: ""',
      'small.yaml:2:8 title is empty: write something or leave the key out',
    ],
    ['something else for a flag', 'waived: true', 'waived: yes', 'small.yaml:29:15 waived "yes" must be true or false'],
    [
      'a name in capitals',
      'payee: tmobile',
      'payee: T-Mobile',
      'small.yaml:28:63 payee "T-Mobile" is not a name: use lower-case letters, digits and single hyphens',
    ],
    [
      'negative amount',
      'out: 0.002,',
      'out: -0.002,',
      'small.yaml:11:24 registered out: -0.002 is negative: amounts are zero or more',
    ],
    [
      'amount finer than a micro-dollar',
      'out: 0.002,',
      'out: 0.0020001,',
      'small.yaml:11:24 registered out: 0.0020001 has 7 decimals: at most 6 are kept (whole micro-dollars)',
    ],
    [
      'amount with an exponent',
      'out: 0.002,',
      'out: 2e-3,',
      'small.yaml:11:24 registered out: "2e-3" is not a plain amount in dollars: write it like 0.0035',
    ],
    [
      'amount that is no number',
      'out: "0.010"',
      'out: free',
      'small.yaml:12:26 unregistered out: "free" is not a plain amount in dollars: write it like 0.0035',
    ],
    [
      'amount that is a list',
      'amount: 50',
      'amount: [50]',
      'small.yaml:28:80 amount must be an amount in dollars such as 0.0035',
    ],
    [
      'unit price beyond belief',
      'out: 0.002,',
      'out: 1001,',
      'small.yaml:11:24 registered out is above $1000.000000 per unit: is the decimal point right?',
    ],
    [
      'unknown sender',
      'sender: 10dlc',
      'sender: 10-dlc',
      'small.yaml:8:13 unknown sender "10-dlc": use one of 10dlc, toll-free, short-code',
    ],
    ['unknown message', 'message: sms', 'message: rcs', 'small.yaml:9:14 unknown message "rcs": use one of sms, mms'],
    [
      'unknown kind of fee',
      'kind: fine',
      'kind: bill',
      'small.yaml:28:36 unknown kind "bill": use one of one-time, monthly, fine',
    ],
    [
      'same rate from the same day',
      'from: 2022-03-01',
      'from: 2021-03-01',
      'small.yaml:18:11 att 10dlc sms from 2021-03-01 is already set on line 10: merge the two or change a date',
    ],
    [
      'same party price from the same day',
      '  dcaMargin:',
      '    - { message: sms, from: 2021-01-01, out: 0, confidence: C, source: [NOTICE] }\n  dcaMargin:',
      'small.yaml:25:29 aggregatorPrice sms from 2021-01-01 is already set on line 24: merge the two or change a date',
    ],
    [
      'same fee twice without a date',
      'fees:\n',
      'fees:\n  - { id: pool, title: P, kind: fine, per: x, payee: x, amount: 1, confidence: C, source: [NOTICE] }\n',
      'small.yaml:29:5 fee pool from an unknown date is already set on line 28: merge the two or change a date',
    ],
    [
      'date in another order',
      'from: 2021-03-01',
      'from: 01.03.2021',
      'small.yaml:10:11 from "01.03.2021" is not a date: write a real day as YYYY-MM-DD, or an instant with its offset',
    ],
    [
      'date that does not exist',
      'from: 2021-03-01',
      'from: 2021-02-29',
      'small.yaml:10:11 from "2021-02-29" is not a date: write a real day as YYYY-MM-DD, or an instant with its offset',
    ],
    [
      'time of day without a zone',
      'from: 2021-03-01',
      'from: 2021-03-01T08:00',
      'small.yaml:10:11 from "2021-03-01T08:00" has no time zone: add its offset, as in 2021-03-01T08:00-08:00, or Z for UTC',
    ],
    [
      'time of day that does not exist',
      'from: 2021-03-01',
      'from: 2021-03-01T24:01:00Z',
      'small.yaml:10:11 from "2021-03-01T24:01:00Z" is not a date: write a real day as YYYY-MM-DD, or an instant with its offset',
    ],
    [
      'carrier that is not declared',
      'carrier: att',
      'carrier: atnt',
      'small.yaml:7:14 carrier "atnt" is not in the book: use one of att, or add it under "carriers"',
    ],
    ['no carriers', 'carriers: { att: AT&T }\n', '', 'small.yaml:1:1 the book has no "carriers": add it'],
    [
      'rate that ends after the next begins',
      'from: 2021-03-01\n    registered: { out: 0.002, in: 0 }',
      'from: 2021-03-01\n    until: 2022-03-02',
      'small.yaml:11:12 att 10dlc sms unregistered out until 2022-03-02 overlaps: the next row begins 2022-03-01; let both name one day, or leave until out',
    ],
    [
      'rate that ends before the next begins',
      'from: 2021-03-01\n    registered: { out: 0.002, in: 0 }',
      'from: 2021-03-01\n    until: 2022-02-28',
      'small.yaml:11:12 att 10dlc sms unregistered out until 2022-02-28 leaves a gap: the next row begins 2022-03-01; let both name one day, or leave until out',
    ],
    [
      'rate that ends and is not followed',
      'note: what if it doubled',
      'note: what if it doubled\n    until: 2023-01-01',
      'small.yaml:22:12 att 10dlc sms unregistered out until 2023-01-01 has no price from then on: add the row that begins then, or leave until out',
    ],
    [
      'party price that ends and is not followed',
      'out: 0.0079,',
      'out: 0.0079, until: 2022-01-01,',
      'small.yaml:24:61 aggregatorPrice sms out until 2022-01-01 has no price from then on: add the row that begins then, or leave until out',
    ],
    [
      'rate that ends before it begins',
      'from: 2022-03-01',
      'from: 2022-03-01\n    until: 2022-03-01',
      'small.yaml:19:12 until 2022-03-01 is not after from 2022-03-01',
    ],
    [
      'fees that overlap',
      'fees:\n',
      'fees:\n  - { id: pool, title: P, kind: fine, per: x, payee: x, amount: 1, confidence: C, source: [NOTICE], from: 2022-12-31 }\n',
      'small.yaml:29:91 fee pool until 2023-01-01 overlaps: the next row begins 2022-12-31; let both name one day, or leave until out',
    ],
    [
      'fees with a gap',
      'fees:\n',
      'fees:\n  - { id: pool, title: P, kind: fine, per: x, payee: x, amount: 1, confidence: C, source: [NOTICE], from: 2023-01-02 }\n',
      'small.yaml:29:91 fee pool until 2023-01-01 leaves a gap: the next row begins 2023-01-02; let both name one day, or leave until out',
    ],
    [
      'end before the beginning',
      'until: 2023-01-01',
      'from: 2024-01-01, until: 2023-01-01',
      'small.yaml:28:109 until 2023-01-01 is not after from 2024-01-01',
    ],
    [
      'no source',
      '    source: [NOTICE]\n',
      '',
      'small.yaml:7:5 no source: add "source: [KEY]", or "confidence: assumed" with a note',
    ],
    [
      'empty source',
      'source: [NOTICE]',
      'source: []',
      'small.yaml:14:13 no source: add "source: [KEY]", or "confidence: assumed" with a note',
    ],
    [
      'source without a citation',
      'source: [NOTICE]',
      'source: [NOTICE, RUMOUR]',
      'small.yaml:14:22 source RUMOUR is not listed under "sources": add its citation there',
    ],
    [
      'assumption without a reason',
      '    note: what if it doubled\n',
      '',
      'small.yaml:15:5 an assumed figure has no "note": say why this figure',
    ],
    [
      'unknown confidence',
      'confidence: A/B',
      'confidence: B/A',
      'small.yaml:13:17 unknown confidence "B/A": use one of A, B, C, D, A/B, A/C, A/D, B/C, B/D, C/D, assumed',
    ],
    [
      'rate without a price',
      '    unregistered: { out: 0.020 }\n',
      '',
      'small.yaml:15:5 a rate sets no price: give out or in under registered or unregistered',
    ],
    [
      'party row without a price',
      'out: 0.0005, ',
      '',
      'small.yaml:26:7 this dcaMargin row sets no price: give out or in',
    ],
    [
      'alias',
      'registered: { out: 0.002, in: 0 }\n    unregistered: { out: "0.010", in: null }',
      'registered: &p { out: 0.002, in: 0 }\n    unregistered: *p',
      'small.yaml:12:19 unregistered is an alias: write the value out',
    ],
  ])('%s', (_name, was, is, ...messages) => {
    expect(errorsAfter(was, is)).toEqual(messages);
  });

  test('YAML that is not well-formed', () => {
    const errors = errorsAfter('{ out: 0.002, in: 0 }', '{ out: 0.002, in: 0');
    expect(errors[0]).toMatch(/^small\.yaml:12:5 not valid YAML: /);
  });

  test('the same key twice', () => {
    const errors = errorsAfter('timeZone: UTC', 'timeZone: UTC\ntimeZone: UTC');
    expect(errors).toEqual(['small.yaml:4:1 not valid YAML: Map keys must be unique']);
  });

  test.each([
    ['', 'small.yaml:1:1 the book must be a map of "key: value" lines'],
    ['- a', 'small.yaml:1:1 the book must be a map of "key: value" lines'],
    ['# nothing', 'small.yaml:1:1 the book must be a map of "key: value" lines'],
  ])('a file that is no map: "%s"', (text, message) => {
    const parsed = parseTariffBook(text, 'small.yaml');
    expect(parsed.ok ? [] : parsed.errors.map(formatBookError)).toEqual([message]);
  });

  test('all mistakes of a file are told at once, in the order of the file', () => {
    const text = SMALL_BOOK.replace('timeZone: UTC', 'timeZone: Mars')
      .replace('from: 2022-03-01', 'from: soon')
      .replace('sender: 10dlc', 'sender: fax');
    const parsed = parseTariffBook(text, 'small.yaml');
    expect(parsed.ok ? [] : parsed.errors.map((error) => error.line)).toEqual([3, 8, 18]);
  });
});

describe('whatever the text, the parser answers', () => {
  propertyTest.prop([fc.string({ unit: 'binary', maxLength: 200 })])('random text never throws', (text) => {
    expect(parseTariffBook(text, 'x.yaml').ok).toBe(false);
  });

  propertyTest.prop([fc.nat(SMALL_BOOK.length - 1), fc.nat(40), fc.string({ maxLength: 6 })], {
    // Found once: a place after a syntax error was told on the wrong line.
    examples: [[740, 29, '}']],
  })('a damaged book parses or tells a place inside the file', (at, length, insert) => {
    const text = SMALL_BOOK.slice(0, at) + insert + SMALL_BOOK.slice(at + length);
    const parsed = parseTariffBook(text, 'x.yaml');
    if (parsed.ok) return;
    expect(parsed.errors.length).toBeGreaterThan(0);
    const lines = text.split('\n');
    for (const error of parsed.errors) {
      expect(error.line).toBeGreaterThanOrEqual(1);
      expect(error.line).toBeLessThanOrEqual(lines.length);
      expect(error.column).toBeGreaterThanOrEqual(1);
      expect(error.column).toBeLessThanOrEqual(lines[error.line - 1]!.length + 1);
    }
  });

  test('brackets nested without end are refused, not crashed on', () => {
    expect(parseTariffBook('['.repeat(200_000), 'x.yaml').ok).toBe(false);
  });
});
