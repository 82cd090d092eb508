/**
 * The shipped book: facts anyone can look up, laws every row keeps, and the whole rated deck as a file to read.
 *
 * `golden/us-10dlc.rated.csv` has one line per price and era, obtained through `rate` and not copied from the book, so that a change
 * to the book, the parser or the rating shows as a readable difference. `us-10dlc.fees.csv` has the fees, obtained through `feeAt`, and
 * each shipped what-if has a deck of the prices it changes. `UPDATE_GOLDEN=1` rewrites them all.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { carriersOf, compileRateTable } from './compile.ts';
import { formatBookError } from './book-error.ts';
import { feeAt } from './fees.ts';
import { formatMicros } from './money.ts';
import { parseTariffBook } from './parse.ts';
import type { ParsedTariffBook } from './parse.ts';
import { plainDateMs } from './plain-date.ts';
import { RateCode } from './rate-code.ts';
import { describeRow } from './rate-table.ts';
import type { RateTable } from './rate-table.ts';
import { emptyQuote, rate } from './rate.ts';
import { DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { Direction, MessageKind, Sender, TariffBook } from './tariff-book.ts';

const BOOK = readBook('us-10dlc');
const CARRIERS = carriersOf(BOOK, []);
const TABLE = compileRateTable(BOOK, CARRIERS);
const REGISTRATIONS = ['unregistered', 'registered'] as const;
const DAY_MS = 86_400_000;

function readBook(name: string): TariffBook {
  const parsed = parseBook(name);
  if (!parsed.ok) throw new Error(parsed.errors.map(formatBookError).join('\n'));
  return parsed.book;
}

function parseBook(name: string): ParsedTariffBook {
  const file = `books/${name}.yaml`;
  return parseTariffBook(readFileSync(new URL(file, import.meta.url), 'utf8'), file, parseBook);
}

interface Cell {
  carrier: string;
  sender?: Sender;
  message?: MessageKind;
  registration?: (typeof REGISTRATIONS)[number];
  direction?: Direction;
}

/** What the carrier takes for one unit in that cell on that day: its price as text, and the row behind it. */
function carrierPrice(cell: Cell, date: string, table = TABLE) {
  const quote = emptyQuote();
  const code = rate(
    table,
    {
      carrier: CARRIERS.indexOf(cell.carrier),
      sender: SENDERS.indexOf(cell.sender ?? '10dlc'),
      message: MESSAGES.indexOf(cell.message ?? 'sms'),
      registered: REGISTRATIONS.indexOf(cell.registration ?? 'registered'),
      direction: DIRECTIONS.indexOf(cell.direction ?? 'out'),
      units: 1,
      route: 0,
      atMs: plainDateMs(date),
    },
    quote,
  );
  if (code !== RateCode.Ok) return undefined;
  return { micros: quote.carrierFeeMicros + quote.surchargeMicros, row: describeRow(table, quote.row) };
}

function priceOf(cell: Cell, date: string): string | undefined {
  const price = carrierPrice(cell, date);
  return price && formatMicros(price.micros);
}

describe('facts of the US book', () => {
  test.each([
    ['att', '2021-12-31', '$0.002000', '$0.002000'],
    ['att', '2023-05-31', '$0.002000', '$0.004000'],
    ['att', '2024-03-01', '$0.002000', '$0.010000'],
    ['att', '2026-06-01', '$0.003500', '$0.010000'],
    ['tmobile', '2022-03-01', '$0.003000', '$0.004000'],
    ['tmobile', '2023-11-30', '$0.003000', '$0.007000'],
    ['tmobile', '2024-03-01', '$0.003000', '$0.008000'],
    ['tmobile', '2024-12-01', '$0.003000', '$0.010000'],
    ['tmobile', '2026-01-19', '$0.004500', '$0.010000'],
    ['verizon', '2021-01-01', '$0.002500', '$0.002500'],
    ['verizon', '2024-03-01', '$0.003000', '$0.010000'],
    ['verizon', '2025-12-01', '$0.004000', '$0.010000'],
    ['uscellular', '2024-03-01', '$0.005000', '$0.005000'],
    ['other', '2024-03-01', '$0.003500', '$0.003500'],
  ])('%s on %s charges %s for a registered SMS segment and %s for an unregistered one', (carrier, date, low, high) => {
    expect(priceOf({ carrier, registration: 'registered' }, date)).toBe(low);
    expect(priceOf({ carrier, registration: 'unregistered' }, date)).toBe(high);
  });

  test('inbound, MMS, toll-free and short codes have prices of their own', () => {
    const date = '2024-03-01';
    expect(priceOf({ carrier: 'att', direction: 'in' }, date)).toBe('$0.000000');
    expect(priceOf({ carrier: 'tmobile', direction: 'in', registration: 'unregistered' }, date)).toBe('$0.008000');
    expect(priceOf({ carrier: 'tmobile', message: 'mms', registration: 'unregistered' }, date)).toBe('$0.017000');
    expect(priceOf({ carrier: 'att', sender: 'toll-free' }, date)).toBe('$0.002500');
    expect(priceOf({ carrier: 'verizon', sender: 'short-code', message: 'mms' }, date)).toBe('$0.005000');
    expect(priceOf({ carrier: 'claropr' }, date)).toBe('$0.008750');
    expect(priceOf({ carrier: 'libertypr' }, date)).toBe('$0.005175');
  });

  test('the majors and the rest can be priced in every way from 10DLC and toll-free on the default day', () => {
    for (const carrier of ['att', 'verizon', 'tmobile', 'uscellular', 'other']) {
      for (const sender of ['10dlc', 'toll-free'] as const) {
        for (const cell of cellsOf(carrier, sender)) {
          expect(priceOf(cell, '2024-03-01'), JSON.stringify(cell)).toBeDefined();
        }
      }
    }
  });

  test('fees are carried with their dates', () => {
    const brand = BOOK.fees.filter((fee) => fee.id === 'tcr-brand-registration');
    expect(brand.map(({ amountMicros, from, until }) => [amountMicros, from, until])).toEqual([
      [4_000_000, null, '2025-08-01'],
      [4_500_000, '2025-08-01', null],
    ]);
    const greyRoute = BOOK.fees.find((fee) => fee.id === 'tmobile-grey-route');
    expect(greyRoute).toMatchObject({ kind: 'fine', per: 'message', amountMicros: 10_000_000, waived: true });
  });
});

describe('laws of the US book', () => {
  test('an unregistered sender never pays less than a registered one', () => {
    for (const date of datesOfBook()) {
      for (const cell of CARRIERS.flatMap((carrier) => SENDERS.flatMap((sender) => cellsOf(carrier, sender)))) {
        const registered = carrierPrice({ ...cell, registration: 'registered' }, date);
        const unregistered = carrierPrice({ ...cell, registration: 'unregistered' }, date);
        expect(unregistered === undefined, `${JSON.stringify(cell)} ${date}`).toBe(registered === undefined);
        if (registered === undefined || unregistered === undefined) continue;
        expect(unregistered.micros, `${JSON.stringify(cell)} ${date}`).toBeGreaterThanOrEqual(registered.micros);
      }
    }
  });

  test('from 2021 to 2026 there is no day without a price for anything the four and the rest carry', () => {
    for (let ms = Date.UTC(2021, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 28 * DAY_MS) {
      const date = new Date(ms).toISOString().slice(0, 10);
      for (const carrier of ['att', 'verizon', 'tmobile', 'uscellular', 'other']) {
        for (const cell of SENDERS.flatMap((sender) => cellsOf(carrier, sender))) {
          // Small carriers take no MMS from short codes.
          const isNotOffered = carrier === 'other' && cell.sender === 'short-code' && cell.message === 'mms';
          expect(priceOf(cell, date) === undefined, `${JSON.stringify(cell)} ${date}`).toBe(isNotOffered);
        }
      }
    }
  });

  test('every figure on which sources disagree says in a note what the others say', () => {
    const silent = [...BOOK.rates, ...BOOK.fees].filter((row) => row.confidence.includes('D') && row.note === null);
    expect(silent).toEqual([]);
  });

  test('every listed source is used', () => {
    const rows = [...BOOK.rates, ...BOOK.fees, ...BOOK.aggregatorPrices, ...BOOK.dcaMargins];
    const used = new Set(rows.flatMap((row) => row.sources));
    expect([...BOOK.sources.keys()].filter((key) => !used.has(key))).toEqual([]);
  });
});

describe('the shipped what-ifs', () => {
  const premium = (table: RateTable, cell: Cell, date: string): number => {
    const [low, high] = ['registered', 'unregistered'] as const;
    const priceAs = (registration: (typeof REGISTRATIONS)[number]): number =>
      carrierPrice({ ...cell, registration }, date, table)?.micros ?? 0;
    return priceAs(high) - priceAs(low);
  };

  test.each([
    ['what-if-flat', 0],
    ['what-if-double-surcharge', 2],
  ])('%s: whatever the day, the unregistered pay %i times the surcharge of the book', (name, times) => {
    const table = compileRateTable(readBook(name), CARRIERS);
    const wrong: unknown[] = [];
    for (const date of datesOfBook()) {
      for (const cell of CARRIERS.flatMap((carrier) => SENDERS.flatMap((sender) => cellsOf(carrier, sender)))) {
        const asRegistered = { ...cell, registration: 'registered' } as const;
        const isSame = carrierPrice(asRegistered, date, table)?.micros === carrierPrice(asRegistered, date)?.micros;
        if (!isSame || premium(table, cell, date) !== times * premium(TABLE, cell, date)) wrong.push([cell, date]);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('the decks for people to read', () => {
  test('prices, one line for each era of each cell and no era left out', () => {
    const deck = ratedDeck(TABLE);
    expect(deck).toHaveLength(TABLE.carrierPrices.fromMs.length);
    expectGolden('us-10dlc.rated.csv', [
      'carrier,sender,message,registration,direction,from,price,confidence,source',
      ...deck,
    ]);
  });

  test('what the parties take', () => {
    const lines = (['aggregatorPrices', 'dcaMargins'] as const).flatMap((party) =>
      BOOK[party].flatMap(({ message, from, price, confidence, sources }) =>
        DIRECTIONS.map((direction) =>
          [party, message, direction, from, formatMicros(price[direction] ?? 0), confidence, sources.join(' ')].join(
            ',',
          ),
        ),
      ),
    );
    expectGolden('us-10dlc.parties.csv', ['party,message,direction,from,price,confidence,source', ...lines]);
  });

  test('fees, one line for each era, as they are charged in it', () => {
    const lines = BOOK.fees.map(({ id, kind, per, payee, from, fromMs, until, confidence, sources }) => {
      const charged = feeAt(BOOK.fees, id, Math.max(fromMs, 0));
      const amount = charged === undefined ? 'waived' : formatMicros(charged.amountMicros);
      return [id, kind, per, payee, from ?? '', until ?? '', amount, confidence, sources.join(' ')].join(',');
    });
    expectGolden('us-10dlc.fees.csv', ['fee,kind,per,payee,from,until,amount,confidence,source', ...lines]);
  });

  test.each(['what-if-flat', 'what-if-double-surcharge'])('the prices that %s changes', (name) => {
    const deck = ratedDeck(compileRateTable(readBook(name), CARRIERS), name);
    expectGolden(`${name}.rated.csv`, [
      'carrier,sender,message,registration,direction,from,price,confidence,source',
      ...deck,
    ]);
  });
});

function expectGolden(file: string, lines: readonly string[]): void {
  const golden = new URL(`./golden/${file}`, import.meta.url);
  const deck = `${lines.join('\n')}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, deck);
  expect(deck).toBe(readFileSync(golden, 'utf8'));
}

/** Lines for the rows of one book, which is not all of a table where that book extends another. */
function ratedDeck(table: RateTable, book = 'us-10dlc'): string[] {
  const lines: string[] = [];
  for (const carrier of CARRIERS) {
    for (const cell of SENDERS.flatMap((sender) => cellsOf(carrier, sender))) {
      for (const date of datesOfBook()) {
        const price = carrierPrice(cell, date, table);
        // A row that says nothing about this cell leaves an earlier row in force: no new era, no line.
        if (price?.row?.from !== date || price.row.book !== book) continue;
        const { confidence, sources } = price.row;
        const { sender, message, registration, direction } = cell;
        const amount = formatMicros(price.micros);
        lines.push(
          [carrier, sender, message, registration, direction, date, amount, confidence, sources.join(' ')].join(','),
        );
      }
    }
  }
  return lines;
}

function cellsOf(carrier: string, sender: Sender): Required<Cell>[] {
  return MESSAGES.flatMap((message) =>
    REGISTRATIONS.flatMap((registration) =>
      DIRECTIONS.map((direction) => ({ carrier, sender, message, registration, direction })),
    ),
  );
}

function datesOfBook(): string[] {
  return [...new Set(BOOK.rates.map((row) => row.from))].toSorted();
}
