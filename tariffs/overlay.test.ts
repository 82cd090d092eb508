/** Books that extend others: what they make of them, and every way in which they cannot. Files are texts by name. */

import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatBookError } from './book-error.ts';
import { compileRateTable } from './compile.ts';
import { feeAt } from './fees.ts';
import { formatMicros } from './money.ts';
import { parseTariffBook } from './parse.ts';
import type { OpenBase, ParsedTariffBook } from './parse.ts';
import { RateCode } from './rate-code.ts';
import { emptyQuote, rate } from './rate.ts';
import type { RateRequest } from './rate.ts';
import type { TariffBook } from './tariff-book.ts';

const BASE = [
  'book: base', //                                                                                                     1
  'title: Base', //                                                                                                    2
  'timeZone: UTC', //                                                                                                  3
  'carriers: { att: AT&T, other: Others }', //                                                                         4
  'sources: { N: a notice }', //                                                                                       5
  'rates:', //                                                                                                         6
  '  - { carrier: att, sender: 10dlc, message: sms, from: 2022-01-01, registered: { out: 0.002, in: 0.001 }, unregistered: { out: 0.004 }, confidence: A, source: [N] }', // 7
  '  - { carrier: att, sender: 10dlc, message: sms, from: 2023-01-01, unregistered: { out: 0.010 }, confidence: A, source: [N] }', // 8
  '  - { carrier: other, sender: toll-free, message: sms, from: 2022-01-01, registered: { out: 0.003 }, confidence: A, source: [N] }', // 9
  'parties:', //                                                                                                       10
  '  aggregatorPrice: [{ message: sms, from: 2020-01-01, out: 0.008, in: 0.007, confidence: A, source: [N] }]', //     11
  '  dcaMargin: [{ message: sms, from: 2020-01-01, out: 0.0005, in: 0.0005, confidence: A, source: [N] }]', //         12
  'fees:', //                                                                                                          13
  '  - { id: brand, title: Brand, kind: one-time, per: brand, payee: tcr, amount: 4, until: 2024-01-01, confidence: A, source: [N] }',
  '  - { id: brand, title: Brand, kind: one-time, per: brand, payee: tcr, amount: 5, from: 2024-01-01, confidence: A, source: [N] }',
  '  - { id: gone, title: Gone, kind: one-time, per: brand, payee: tcr, amount: 1, until: 2023-01-01, confidence: A, source: [N] }',
].join('\n');

const HEAD = ['book: over', 'extends: base', 'title: Over', 'timeZone: UTC'];

/** Parses the file `name` of `files`, in which a book is named by its file. */
function parse(name: string, files: Readonly<Record<string, string>>): ParsedTariffBook {
  const open: OpenBase = (wanted, _from, extending) => {
    const text = files[wanted];
    return text === undefined ? { wrong: 'is not there' } : parseTariffBook(text, `${wanted}.yaml`, open, extending);
  };
  return parseTariffBook(files[name] ?? '', `${name}.yaml`, open);
}

function over(...lines: readonly string[]): ParsedTariffBook {
  return parse('over', { base: BASE, over: [...HEAD, ...lines].join('\n') });
}

function bookOf(parsed: ParsedTariffBook): TariffBook {
  if (!parsed.ok) throw new Error(parsed.errors.map(formatBookError).join('\n'));
  return parsed.book;
}

function errorsOf(parsed: ParsedTariffBook): string[] {
  return parsed.ok ? [] : parsed.errors.map(formatBookError);
}

const REQUEST: RateRequest = {
  carrier: 0,
  sender: 0,
  message: 0,
  registered: 0,
  direction: 0,
  units: 1,
  route: 0,
  atMs: Date.UTC(2022, 5, 1),
};

/** What the carrier takes for one unit, and the book whose row says so; a code when there is no price. */
function priceIn(book: TariffBook, own: Partial<RateRequest>): string | number {
  const table = compileRateTable(book, ['att', 'other']);
  const quote = emptyQuote();
  const code = rate(table, { ...REQUEST, ...own }, quote);
  if (code !== RateCode.Ok) return code;
  return `${formatMicros(quote.carrierFeeMicros + quote.surchargeMicros)} ${table.rows[quote.row]!.book}`;
}

describe('a book laid over another', () => {
  test('sets its price from its day on, until the next row of the base', () => {
    const book = bookOf(
      over(
        'rates:',
        '  - { carrier: att, sender: 10dlc, message: sms, from: 2022-07-01, unregistered: { out: 0.02 }, confidence: assumed, note: if }',
      ),
    );
    const at = (year: number, month: number): string | number => priceIn(book, { atMs: Date.UTC(year, month, 1) });
    expect([at(2022, 5), at(2022, 6), at(2023, 0)]).toEqual(['$0.004000 base', '$0.020000 over', '$0.010000 base']);
    expect(book).toMatchObject({ book: 'over', extends: 'base', title: 'Over' });
    expect(book.sources).toEqual(new Map([['N', 'a notice']]));
  });

  test('takes the place of a row of the same day, price by price', () => {
    const book = bookOf(
      over(
        'sources: { M: a memo }',
        'rates:',
        '  - { carrier: att, sender: 10dlc, message: sms, from: 2022-01-01, unregistered: { out: 0.02 }, confidence: B, source: [M, N] }',
      ),
    );
    expect(priceIn(book, {})).toBe('$0.020000 over');
    expect(priceIn(book, { registered: 1 })).toBe('$0.002000 base');
    expect(priceIn(book, { registered: 1, direction: 1 })).toBe('$0.001000 base');
  });

  test('changes what the parties take, and adds carriers that it declares', () => {
    const book = bookOf(
      over(
        'carriers: { newco: New }',
        'parties:',
        '  dcaMargin: [{ message: sms, from: 2020-01-01, out: 0.002, confidence: assumed, note: if }]',
        'rates:',
        '  - { carrier: newco, sender: short-code, message: mms, from: 2022-01-01, registered: { out: 1 }, confidence: assumed, note: if }',
      ),
    );
    expect(book.dcaMargins.map(({ price, book: of }) => [price.out, price.in, of])).toEqual([
      [null, 500, 'base'],
      [2_000, null, 'over'],
    ]);
    expect([...book.carriers.keys()]).toEqual(['att', 'other', 'newco']);
    expect(compileRateTable(book, ['newco']).rows).toHaveLength(1);
  });

  test('changes fees: in the place of an era, or from a day on', () => {
    const fee = (words: string): string =>
      `  - { id: brand, title: B, kind: one-time, per: brand, payee: tcr, ${words}, confidence: assumed, note: if }`;
    const book = bookOf(over('fees:', fee('amount: 7, from: 2024-01-01'), fee('amount: 6, from: 2023-01-01')));
    const at = (year: number): number | undefined => feeAt(book.fees, 'brand', Date.UTC(year, 0, 1))?.amountMicros;
    expect([at(2022), at(2023), at(2024)]).toEqual([4_000_000, 6_000_000, 7_000_000]);
    expect(feeAt(book.fees, 'gone', Date.UTC(2023, 0, 1))).toBeUndefined();
  });

  test('may itself be extended, and says of every row which book has it', () => {
    const row = (from: string, out: string): string =>
      `rates: [{ carrier: att, sender: 10dlc, message: sms, from: ${from}, unregistered: { out: ${out} }, confidence: assumed, note: if }]`;
    const files = {
      base: BASE,
      middle: ['book: middle', 'extends: base', 'title: M', 'timeZone: UTC', row('2022-07-01', '0.02')].join('\n'),
      top: ['book: top', 'extends: middle', 'title: T', 'timeZone: UTC', row('2022-08-01', '0.03')].join('\n'),
    };
    const book = bookOf(parse('top', files));
    const at = (month: number): string | number => priceIn(book, { atMs: Date.UTC(2022, month, 1) });
    expect([at(5), at(6), at(7)]).toEqual(['$0.004000 base', '$0.020000 middle', '$0.030000 top']);
    expect(book.extends).toBe('middle');
  });
});

describe('what cannot be laid over is refused at its place', () => {
  const rateWith = (words: string): string => `rates: [{ ${words}, confidence: assumed, note: if }]`;

  test.each([
    [
      'an unknown carrier',
      [rateWith('carrier: atnt, sender: 10dlc, message: sms, from: 2022-01-01, registered: { out: 1 }')],
      'over.yaml:5:20 carrier "atnt" is not in the book: use one of att, other, or add it under "carriers"',
    ],
    [
      'a sender that the base has no rates for',
      [rateWith('carrier: att, sender: short-code, message: sms, from: 2022-01-01, registered: { out: 1 }')],
      'over.yaml:5:33 att has no short-code rates in base: use one of 10dlc',
    ],
    [
      'a source that neither has',
      [
        'rates: [{ carrier: att, sender: 10dlc, message: sms, from: 2022-01-01, registered: { out: 1 }, confidence: A, source: [X] }]',
      ],
      'over.yaml:5:120 source X is not listed under "sources": add its citation there',
    ],
    [
      'a source said anew',
      ['sources: { N: another }'],
      'over.yaml:5:12 N is already among the sources of base: leave it out, or use another key',
    ],
    [
      'a carrier said anew',
      ['carriers: { att: AT and T }'],
      'over.yaml:5:13 att is already among the carriers of base: leave it out, or use another key',
    ],
    [
      'an end that overlaps with the base',
      [
        rateWith(
          'carrier: att, sender: 10dlc, message: sms, from: 2022-07-01, until: 2023-02-01, unregistered: { out: 1 }',
        ),
      ],
      'over.yaml:5:79 att 10dlc sms unregistered out until 2023-02-01 overlaps: the next row begins 2023-01-01; let both name one day, or leave until out',
    ],
    [
      'a fee that begins after the base lets it end',
      [
        'fees: [{ id: gone, title: G, kind: one-time, per: x, payee: x, amount: 1, from: 2024-01-01, confidence: assumed, note: if }]',
      ],
      'over.yaml:5:81 fee gone until 2023-01-01 leaves a gap: the next row begins 2024-01-01; let both name one day, or leave until out',
    ],
  ])('%s', (_name, lines, message) => {
    expect(errorsOf(over(...lines))).toEqual([message]);
  });

  const head = (book: string, base: string): string =>
    [`book: ${book}`, `extends: ${base}`, 'title: T', 'timeZone: UTC'].join('\n');

  test('a base that is not there', () => {
    expect(errorsOf(parse('a', { a: head('a', 'b') }))).toEqual(['a.yaml:2:10 extends "b" is not there']);
    expect(errorsOf(parseTariffBook(head('a', 'b'), 'a.yaml'))).toEqual([
      'a.yaml:2:10 extends "b" cannot be found here: read it from a file',
    ]);
  });

  test('a book that extends itself', () => {
    expect(errorsOf(parse('a', { a: head('a', 'a') }))).toEqual([
      'a.yaml:2:10 extends "a" is the name of this book itself: name another to extend, or give this one a name of its own',
    ]);
  });

  test('books that extend each other, told once, where the way leads back', () => {
    const files = { a: head('a', 'b'), b: head('b', 'c'), c: head('c', 'a') };
    expect(errorsOf(parse('a', files))).toEqual([
      'c.yaml:2:10 extends "a" leads back to a (a -> b -> c -> a): extend a book that does not, or give one of them another name',
    ]);
  });

  test('a book of the same name as its base', () => {
    expect(errorsOf(parse('a', { a: head('base', 'base'), base: BASE }))).toEqual([
      'a.yaml:2:10 extends "base" is the name of this book itself: name another to extend, or give this one a name of its own',
    ]);
  });

  test('a base with mistakes: they are told in its own file', () => {
    const files = { a: head('a', 'base'), base: BASE.replace('out: 0.002', 'out: free') };
    expect(errorsOf(parse('a', files))).toEqual([
      'base.yaml:7:87 registered out: "free" is not a plain amount in dollars: write it like 0.0035',
    ]);
  });

  test('dates that would be read in another time zone', () => {
    const text = head('a', 'base').replace('UTC', 'America/Denver');
    expect(errorsOf(parse('a', { a: text, base: BASE }))).toEqual([
      'a.yaml:4:11 timeZone America/Denver is not that of base: write UTC, and other moments with their offset',
    ]);
  });
});

const CARRIERS = ['att', 'other'];
const price = fc.option(fc.nat(20_000), { freq: 3 });
const prices = fc.tuple(price, price, price, price).filter((four) => four.some((one) => one !== null));
const rows = fc.uniqueArray(
  fc.record({
    carrier: fc.nat(1),
    message: fc.nat(1),
    day: fc.integer({ min: 10, max: 19 }).map((day) => `2022-01-${day}`),
    prices,
  }),
  { selector: ({ carrier, message, day }) => `${carrier} ${message} ${day}`, maxLength: 12 },
);
type Row = typeof rows extends fc.Arbitrary<(infer One)[]> ? One : never;
const request = fc.record({
  carrier: fc.nat(1),
  sender: fc.constant(0),
  message: fc.nat(1),
  registered: fc.nat(1),
  direction: fc.nat(1),
  units: fc.integer({ min: 1, max: 5 }),
  route: fc.constant(0),
  atMs: fc.integer({ min: Date.UTC(2022, 0, 9), max: Date.UTC(2022, 0, 21) }),
});

function lineOf({ carrier, message, day, prices: [uOut, uIn, rOut, rIn] }: Row): string {
  const [a, b, c, d] = [uOut, uIn, rOut, rIn].map((one) => (one === null ? 'null' : formatMicros(one).slice(1)));
  const what = `carrier: ${CARRIERS[carrier]}, sender: 10dlc, message: ${['sms', 'mms'][message]}, from: ${day}`;
  return `  - { ${what}, registered: { out: ${c}, in: ${d} }, unregistered: { out: ${a}, in: ${b} }, confidence: A, source: [N] }`;
}

/** Rows of one far day keep both carriers in the base, whatever is drawn. */
const FAR: Row[] = [0, 1].map((carrier) => ({ carrier, message: 0, day: '2030-01-01', prices: [1, 1, 1, 1] }));

function fileOf(name: string, drawn: readonly Row[]): string {
  const both = ['message: sms', 'message: mms'].map(
    (m) => `    - { ${m}, from: 2020-01-01, out: 0, in: 0, confidence: A, source: [N] }`,
  );
  const alone = ['carriers: { att: A, other: O }', 'sources: { N: a notice }', 'parties:'];
  alone.push('  aggregatorPrice:', ...both, '  dcaMargin:', ...both);
  const own = name === 'base' ? alone : ['extends: base'];
  return [
    `book: ${name}`,
    'title: T',
    'timeZone: UTC',
    ...own,
    drawn.length === 0 ? 'rates: []' : 'rates:',
    ...drawn.map(lineOf),
  ].join('\n');
}

/** The obvious price: of all rows that have begun and name it, the last; of one day the overlay's. */
function slowPrice(layers: readonly (readonly Row[])[], asked: RateRequest): number | undefined {
  const cell = asked.registered * 2 + asked.direction;
  return layers
    .flatMap((layer, depth) => layer.map((row) => ({ ...row, depth })))
    .filter(({ carrier, message }) => carrier === asked.carrier && message === asked.message)
    .filter(({ day, prices: four }) => Date.parse(day) <= asked.atMs && four[cell] !== null)
    .toSorted((a, b) => Date.parse(a.day) - Date.parse(b.day) || a.depth - b.depth)
    .at(-1)?.prices[cell] as number | undefined;
}

describe('laying any book over any other', () => {
  const requests = fc.array(request, { minLength: 1, maxLength: 30 });

  propertyTest.prop([rows, requests])('a book of nothing rates as its base', (drawn, asked) => {
    const files = { base: fileOf('base', [...drawn, ...FAR]), over: [...HEAD, ''].join('\n') };
    const tables = ['base', 'over'].map((name) => compileRateTable(bookOf(parse(name, files)), CARRIERS));
    for (const one of asked) {
      const [ofBase, ofOver] = tables.map((table) => {
        const quote = emptyQuote();
        return { code: rate(table, one, quote), quote };
      });
      expect(ofOver).toEqual(ofBase);
    }
  });

  propertyTest.prop([rows, rows, rows, requests])(
    'rates as a slow look through the rows of all layers',
    (first, second, third, asked) => {
      const base = [...first, ...FAR];
      const files = {
        base: fileOf('base', base),
        over: fileOf('over', second),
        top: fileOf('top', third).replace('extends: base', 'extends: over'),
      };
      const table = compileRateTable(bookOf(parse('top', files)), CARRIERS);
      for (const one of asked) {
        const quote = emptyQuote();
        const code = rate(table, one, quote);
        const expected = slowPrice([base, second, third], one);
        expect(code).toBe(expected === undefined ? RateCode.NoTariff : RateCode.Ok);
        if (expected !== undefined) expect(quote.totalMicros).toBe(expected * one.units);
      }
    },
  );
});
