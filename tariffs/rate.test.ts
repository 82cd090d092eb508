import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { compileRateTable } from './compile.ts';
import { formatMicros } from './money.ts';
import { parseTariffBook } from './parse.ts';
import { RateCode } from './rate-code.ts';
import { describeRow } from './rate-table.ts';
import type { RateTable } from './rate-table.ts';
import { MAX_UNITS, POSTINGS, rate } from './rate.ts';
import type { Quote, RateRequest } from './rate.ts';

const CARRIERS = ['att', 'other'];
const PARTIES = [
  'parties:',
  '  aggregatorPrice:',
  '    - { message: sms, from: 2021-01-01, out: 0.0075, in: 0.0075, confidence: C, source: [N] }',
  '    - { message: sms, from: 2023-01-01, out: 0.0079, in: 0.0079, confidence: C, source: [N] }',
  '    - { message: mms, from: 2021-01-01, out: 0.022, in: 0.0165, confidence: C, source: [N] }',
  '  dcaMargin:',
  '    - { message: sms, from: 2022-01-01, out: 0.0005, in: 0.0005, confidence: assumed, note: no public figure }',
  '    - { message: mms, from: 2021-01-01, out: 0.0006, in: 0.0006, confidence: assumed, note: no public figure }',
];

function tableOf(rates: readonly string[]): RateTable {
  const head = ['book: b', 'title: B', 'timeZone: UTC', 'carriers: { att: A, other: O }', 'sources: { N: a notice }'];
  const text = [...head, 'rates:', ...rates, ...PARTIES];
  const parsed = parseTariffBook(text.join('\n'), 'b.yaml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compileRateTable(parsed.book, CARRIERS);
}

const TABLE = tableOf([
  '  - { carrier: att, sender: 10dlc, message: sms, from: 2021-03-01, registered: { out: 0.002, in: 0 }, unregistered: { out: 0.002, in: 0 }, confidence: A, source: [N] }',
  '  - { carrier: att, sender: 10dlc, message: sms, from: 2023-06-01, unregistered: { out: 0.010 }, confidence: B, source: [N] }',
  '  - { carrier: att, sender: 10dlc, message: sms, from: 2025-05-05, registered: { out: 0.003, in: 0.003 }, confidence: C, source: [N] }',
  '  - { carrier: other, sender: 10dlc, message: sms, from: 2021-01-01, unregistered: { out: 0.0035 }, confidence: C, source: [N] }',
]);

const REQUEST: RateRequest = {
  carrier: 0,
  sender: 0,
  registered: 1,
  direction: 0,
  message: 0,
  units: 1,
  route: 0,
  atMs: Date.UTC(2024, 2, 1),
};

function untouchedQuote(): Quote {
  return { row: -7, carrierFeeMicros: -7, surchargeMicros: -7, dcaMicros: -7, aggregatorMicros: -7, totalMicros: -7 };
}

function quoteOf(change: Partial<RateRequest>, table = TABLE): Quote | RateCode {
  const quote = untouchedQuote();
  const code = rate(table, { ...REQUEST, ...change }, quote);
  if (code !== RateCode.Ok) expect(quote).toEqual(untouchedQuote());
  return code === RateCode.Ok ? quote : code;
}

describe('the price of one message', () => {
  test('a registered sender pays the carrier fee, the DCA margin and the aggregator price', () => {
    expect(quoteOf({ units: 3 })).toEqual({
      row: 0,
      carrierFeeMicros: 6_000,
      surchargeMicros: 0,
      dcaMicros: 1_500,
      aggregatorMicros: 23_700,
      totalMicros: 31_200,
    });
  });

  test('an unregistered sender pays the difference as a surcharge, and the row is the one that set it', () => {
    const quote = quoteOf({ registered: 0 });
    expect(quote).toMatchObject({ carrierFeeMicros: 2_000, surchargeMicros: 8_000, totalMicros: 18_400 });
    expect(describeRow(TABLE, (quote as Quote).row)).toMatchObject({ from: '2023-06-01', confidence: 'B' });
  });

  test('without a registered price the whole unregistered price is the fee', () => {
    expect(quoteOf({ carrier: 1, registered: 0 })).toMatchObject({ carrierFeeMicros: 3_500, surchargeMicros: 0 });
  });

  test('an unregistered price below the registered one is the fee: a surcharge is never negative', () => {
    const atMs = Date.UTC(2025, 5, 1);
    expect(quoteOf({ registered: 1, direction: 1, atMs })).toMatchObject({ carrierFeeMicros: 3_000 });
    expect(quoteOf({ registered: 0, direction: 1, atMs })).toMatchObject({ carrierFeeMicros: 0, surchargeMicros: 0 });
  });

  test('the P2P route pays the aggregator and nobody else', () => {
    for (const registered of [0, 1]) {
      expect(quoteOf({ route: 1, registered, units: 2 })).toEqual({
        row: -1,
        carrierFeeMicros: 0,
        surchargeMicros: 0,
        dcaMicros: 0,
        aggregatorMicros: 15_800,
        totalMicros: 15_800,
      });
    }
  });

  test('the P2P route needs no carrier price', () => {
    expect(quoteOf({ route: 1, sender: 2 })).toMatchObject({ row: -1, totalMicros: 7_900 });
  });

  test('postings name the payee and the cause of every part', () => {
    const quote = quoteOf({ registered: 0 }) as Quote;
    expect(POSTINGS.map(({ payee, cause, amount }) => `${payee} ${cause} ${formatMicros(quote[amount])}`)).toEqual([
      'carrier carrier_fee $0.002000',
      'carrier unregistered_surcharge $0.008000',
      'dca dca_margin $0.000500',
      'aggregator aggregator_price $0.007900',
    ]);
  });
});

describe('the date', () => {
  test('a price holds from the first millisecond of its day in UTC', () => {
    const from = Date.UTC(2023, 5, 1);
    expect(quoteOf({ registered: 0, atMs: from - 1 })).toMatchObject({ surchargeMicros: 0 });
    expect(quoteOf({ registered: 0, atMs: from })).toMatchObject({ surchargeMicros: 8_000 });
  });

  test('a price left out of a later row stays that of the earlier one', () => {
    const quote = quoteOf({ registered: 0, atMs: Date.UTC(2025, 5, 1) });
    expect(quote).toMatchObject({ carrierFeeMicros: 3_000, surchargeMicros: 7_000 });
  });

  test('before the first price there is no tariff', () => {
    expect(quoteOf({ atMs: Date.UTC(2021, 1, 28) })).toBe(RateCode.NoTariff);
    expect(quoteOf({ atMs: Number.NaN })).toBe(RateCode.NoTariff);
  });
});

describe('what cannot be priced leaves the quote as it was', () => {
  test('no price for this sender, message or registration', () => {
    expect(quoteOf({ sender: 1 })).toBe(RateCode.NoTariff);
    expect(quoteOf({ message: 1 })).toBe(RateCode.NoTariff);
    expect(quoteOf({ carrier: 1, registered: 1 })).toBe(RateCode.NoTariff);
  });

  test('no DCA margin or aggregator price at that time', () => {
    expect(quoteOf({ atMs: Date.UTC(2021, 6, 1) })).toBe(RateCode.NoPartyPrice);
    expect(quoteOf({ route: 1, atMs: Date.UTC(2020, 0, 1) })).toBe(RateCode.NoPartyPrice);
  });

  test.each<Partial<RateRequest>>([
    { carrier: -1 },
    { carrier: 2 },
    { carrier: 0.5 },
    { sender: 3 },
    { registered: 2 },
    { direction: -1 },
    { message: Number.NaN },
    { route: 2 },
    { units: 0 },
    { units: -1 },
    { units: 1.5 },
    { units: MAX_UNITS + 1 },
  ])('a request out of range: %o', (change) => {
    expect(quoteOf(change)).toBe(RateCode.BadRequest);
  });
});

interface Row {
  carrier: string;
  sender: string;
  message: string;
  day: string;
  prices: readonly (number | null)[];
}

const SENDERS = ['10dlc', 'toll-free', 'short-code'];
const micros = fc.option(fc.oneof(fc.nat(20_000), fc.nat(1_000_000_000)), { freq: 4 });
const day = fc.integer({ min: 0, max: 9 }).map((n) => `2022-01-1${n}`);
const rows = fc.uniqueArray(
  fc.record({
    carrier: fc.constantFrom(...CARRIERS),
    sender: fc.constantFrom(...SENDERS),
    message: fc.constantFrom('sms', 'mms'),
    day,
    prices: fc.tuple(micros, micros, micros, micros).filter((prices) => prices.some((price) => price !== null)),
  }),
  { selector: (row) => [row.carrier, row.sender, row.message, row.day].join(' '), maxLength: 30 },
);
const request = fc.record({
  carrier: fc.nat(1),
  sender: fc.nat(2),
  registered: fc.nat(1),
  direction: fc.nat(1),
  message: fc.nat(1),
  units: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: MAX_UNITS })),
  route: fc.constantFrom(0, 0, 0, 1),
  atMs: fc.integer({ min: Date.UTC(2022, 0, 9), max: Date.UTC(2022, 0, 21) }),
});

/** Both carriers are always in the book, at a date beyond all requests. */
const LATE_ROWS: Row[] = CARRIERS.map((carrier) => {
  return { carrier, sender: '10dlc', message: 'sms', day: '2030-01-01', prices: [1, 1, 1, 1] };
});

function lineOf({ carrier, sender, message, day: from, prices }: Row): string {
  const [uOut, uIn, rOut, rIn] = prices.map((price) => (price === null ? 'null' : formatMicros(price).slice(1)));
  const amounts = `registered: { out: ${rOut}, in: ${rIn} }, unregistered: { out: ${uOut}, in: ${uIn} }`;
  return `  - { carrier: ${carrier}, sender: ${sender}, message: ${message}, from: ${from}, ${amounts}, confidence: A, source: [N] }`;
}

/** The obvious price of a cell: of its rows that have begun and name a price, the last. */
function slowPrice(all: readonly Row[], wanted: RateRequest, registered: number): number | null {
  const begun = all
    .filter((row) => row.carrier === CARRIERS[wanted.carrier] && row.sender === SENDERS[wanted.sender])
    .filter((row) => row.message === ['sms', 'mms'][wanted.message])
    .filter((row) => Date.parse(row.day) <= wanted.atMs && row.prices[registered * 2 + wanted.direction] !== null)
    .toSorted((a, b) => (a.day < b.day ? -1 : 1));
  return begun.at(-1)?.prices[registered * 2 + wanted.direction] ?? null;
}

describe('rating any book', () => {
  const anyBook = fc.tuple(rows, fc.array(request, { minLength: 1, maxLength: 20 }));

  propertyTest.prop([anyBook])(
    'the latest price that has begun wins, and parts sum to the total',
    ([book, requests]) => {
      const table = tableOf([...book, ...LATE_ROWS].map(lineOf));
      for (const wanted of requests) {
        const quote = quoteOf(wanted, table);
        const price = slowPrice(book, wanted, wanted.registered);
        if (wanted.route === 0 && price === null) {
          expect(quote).toBe(RateCode.NoTariff);
          continue;
        }
        if (typeof quote === 'number') throw new Error(`unexpected code ${quote}`);
        const registeredPrice = slowPrice(book, wanted, 1);
        const carrierPrice = wanted.route === 0 ? (price ?? 0) : 0;
        const fee = wanted.route === 0 ? Math.min(carrierPrice, registeredPrice ?? carrierPrice) : 0;
        expect(quote.carrierFeeMicros).toBe((wanted.registered === 1 ? carrierPrice : fee) * wanted.units);
        expect(quote.carrierFeeMicros + quote.surchargeMicros).toBe(carrierPrice * wanted.units);
        expect(quote.surchargeMicros).toBeGreaterThanOrEqual(0);
        expect(POSTINGS.reduce((sum, posting) => sum + quote[posting.amount], 0)).toBe(quote.totalMicros);
        expect(Number.isSafeInteger(quote.totalMicros)).toBe(true);
      }
    },
  );

  const shuffledBook = rows.chain((book) => {
    return fc.tuple(fc.constant(book), fc.shuffledSubarray(book, { minLength: book.length }), fc.array(request));
  });

  propertyTest.prop([shuffledBook])('the order of rows in the file is of no matter', ([book, shuffled, requests]) => {
    const table = tableOf([...book, ...LATE_ROWS].map(lineOf));
    const shuffledTable = tableOf([...LATE_ROWS, ...shuffled].map(lineOf));
    for (const wanted of requests) expect(quoteOf(wanted, shuffledTable)).toEqual(quoteOf(wanted, table));
  });

  propertyTest.prop([anyBook])('price is linear in units', ([book, requests]) => {
    const table = tableOf([...book, ...LATE_ROWS].map(lineOf));
    for (const wanted of requests) {
      const one = quoteOf({ ...wanted, units: 1 }, table);
      const many = quoteOf(wanted, table);
      if (typeof one === 'number' || typeof many === 'number') {
        expect(many).toBe(one);
        continue;
      }
      for (const posting of POSTINGS) expect(many[posting.amount]).toBe(one[posting.amount] * wanted.units);
      expect(many.totalMicros).toBe(one.totalMicros * wanted.units);
    }
  });
});
