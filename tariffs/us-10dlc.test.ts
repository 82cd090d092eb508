/**
 * The shipped book: facts anyone can look up, laws every row keeps, and the whole rated deck as a file to read.
 *
 * `golden/us-10dlc.rated.csv` has one line per price and era, obtained through `rate` and not copied from the book, so that a change
 * to the book, the parser or the rating shows as a readable difference. `UPDATE_GOLDEN=1` rewrites it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileRateTable } from './compile.ts';
import { formatBookError } from './book-error.ts';
import { formatMicros } from './money.ts';
import { parseTariffBook } from './parse.ts';
import { plainDateMs } from './plain-date.ts';
import { RateCode } from './rate-code.ts';
import { describeRow } from './rate-table.ts';
import { rate } from './rate.ts';
import type { Quote } from './rate.ts';
import { DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { Direction, MessageKind, Sender, TariffBook } from './tariff-book.ts';

const GOLDEN = new URL('./golden/us-10dlc.rated.csv', import.meta.url);
const BOOK = readBook();
const CARRIERS = [...new Set(BOOK.rates.map((row) => row.carrier))];
const TABLE = compileRateTable(BOOK, CARRIERS);
const REGISTRATIONS = ['unregistered', 'registered'] as const;

function readBook(): TariffBook {
  const file = 'books/us-10dlc.yaml';
  const parsed = parseTariffBook(readFileSync(new URL(file, import.meta.url), 'utf8'), file);
  if (!parsed.ok) throw new Error(parsed.errors.map(formatBookError).join('\n'));
  return parsed.book;
}

interface Cell {
  carrier: string;
  sender?: Sender;
  message?: MessageKind;
  registration?: (typeof REGISTRATIONS)[number];
  direction?: Direction;
}

/** What the carrier takes for one unit in that cell on that day: its price as text, and the row behind it. */
function carrierPrice(cell: Cell, date: string) {
  const quote: Quote = {
    row: -1,
    carrierFeeMicros: 0,
    surchargeMicros: 0,
    dcaMicros: 0,
    aggregatorMicros: 0,
    totalMicros: 0,
  };
  const code = rate(
    TABLE,
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
  return { micros: quote.carrierFeeMicros + quote.surchargeMicros, row: describeRow(TABLE, quote.row) };
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

test('the rated deck is the one in golden/us-10dlc.rated.csv', () => {
  const deck = ratedDeck();
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, deck);
  expect(deck).toBe(readFileSync(GOLDEN, 'utf8'));
});

function ratedDeck(): string {
  const lines = ['carrier,sender,message,registration,direction,from,price,confidence,source'];
  for (const carrier of CARRIERS) {
    for (const cell of SENDERS.flatMap((sender) => cellsOf(carrier, sender))) {
      for (const date of datesOfBook()) {
        const price = carrierPrice(cell, date);
        // A row that says nothing about this cell leaves an earlier row in force: no new era, no line.
        if (price?.row?.from !== date) continue;
        const { confidence, sources } = price.row;
        const { sender, message, registration, direction } = cell;
        const amount = formatMicros(price.micros);
        lines.push(
          [carrier, sender, message, registration, direction, date, amount, confidence, sources.join(' ')].join(','),
        );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

function cellsOf(carrier: string, sender: Sender): Cell[] {
  return MESSAGES.flatMap((message) =>
    REGISTRATIONS.flatMap((registration) =>
      DIRECTIONS.map((direction) => ({ carrier, sender, message, registration, direction })),
    ),
  );
}

function datesOfBook(): string[] {
  return [...new Set(BOOK.rates.map((row) => row.from))].toSorted();
}
