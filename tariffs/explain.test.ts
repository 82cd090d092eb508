/** Prices of the shipped book with their reasons, and that reasons always add up to the price. */

import { readFileSync } from 'node:fs';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatBookError } from './book-error.ts';
import { carriersOf, compileRateTable } from './compile.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explain.ts';
import { formatMicros } from './money.ts';
import { parseTariffBook } from './parse.ts';
import type { ParsedTariffBook } from './parse.ts';
import { RateCode } from './rate-code.ts';
import type { RateTable } from './rate-table.ts';
import { emptyQuote, rate } from './rate.ts';
import type { RateRequest } from './rate.ts';
import { DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { Direction, MessageKind, Sender } from './tariff-book.ts';

const CARRIERS = ['att', 'verizon', 'tmobile', 'uscellular', 'other'];
const TABLE = tableOf('us-10dlc');
const FLAT = tableOf('what-if-flat');

function tableOf(name: string): RateTable {
  const parsed = parseBook(name);
  if (!parsed.ok) throw new Error(parsed.errors.map(formatBookError).join('\n'));
  return compileRateTable(parsed.book, carriersOf(parsed.book, CARRIERS));
}

function parseBook(name: string): ParsedTariffBook {
  return parseTariffBook(readFileSync(new URL(`books/${name}.yaml`, import.meta.url), 'utf8'), name, parseBook);
}

interface Asked {
  carrier: string;
  sender?: Sender;
  message?: MessageKind;
  direction?: Direction;
  registered?: boolean;
  units?: number;
  date: string;
}

function requestOf(table: RateTable, asked: Asked): RateRequest {
  return {
    carrier: table.carriers.indexOf(asked.carrier),
    sender: SENDERS.indexOf(asked.sender ?? '10dlc'),
    message: MESSAGES.indexOf(asked.message ?? 'sms'),
    direction: DIRECTIONS.indexOf(asked.direction ?? 'out'),
    registered: asked.registered === false ? 0 : 1,
    units: asked.units ?? 1,
    route: 0,
    atMs: Date.parse(asked.date),
  };
}

function explained(asked: Asked, table = TABLE): Explanation {
  const answer = explain(table, requestOf(table, asked));
  if (typeof answer === 'number') throw new Error(`no price: ${answer}`);
  return answer;
}

/** Each line as `cause unit x units = amount, row price, from..until grade sources`. */
function linesOf({ lines }: Explanation): string[] {
  return lines.map(({ cause, unitMicros, units, micros, row }) => {
    const era = `${row.from}..${row.until ?? ''}`;
    const sources = row.sources.map(({ key }) => key).join(' ');
    const price = `${formatMicros(unitMicros)} x ${units} = ${formatMicros(micros)}`;
    return `${cause} ${price}, ${row.book} has ${formatMicros(row.priceMicros)} ${era} ${row.confidence} ${sources}`.trim();
  });
}

describe('a price is explained line by line', () => {
  test('of an unregistered sender: the registered price, and what the unregistered row adds', () => {
    expect(linesOf(explained({ carrier: 'att', registered: false, units: 2, date: '2024-03-01' }))).toEqual([
      'carrier_fee $0.002000 x 2 = $0.004000, us-10dlc has $0.002000 2023-06-01..2024-11-12 B HL-FEES HL-UNREG',
      'unregistered_surcharge $0.008000 x 2 = $0.016000, us-10dlc has $0.010000 2023-06-01.. B HL-FEES HL-UNREG',
      'dca_margin $0.000500 x 2 = $0.001000, us-10dlc has $0.000500 2017-01-01.. assumed',
      'aggregator_price $0.007900 x 2 = $0.015800, us-10dlc has $0.007900 2023-01-01..2025-01-01 C AE-TW',
    ]);
  });

  test.each<[string, Asked, string]>([
    [
      'toll-free',
      { carrier: 'tmobile', sender: 'toll-free', date: '2023-01-01' },
      'carrier_fee $0.002500 x 1 = $0.002500, us-10dlc has $0.002500 2021-07-01..2026-01-01 A PL-TF',
    ],
    [
      'short code',
      { carrier: 'verizon', sender: 'short-code', message: 'mms', date: '2026-06-01' },
      'carrier_fee $0.006500 x 1 = $0.006500, us-10dlc has $0.006500 2026-01-01.. A SW-FEES',
    ],
    [
      'inbound, free of charge',
      { carrier: 'att', direction: 'in', date: '2022-06-01' },
      'carrier_fee $0.000000 x 1 = $0.000000, us-10dlc has $0.000000 2022-03-01..2023-06-01 A/D BW-ATT PL-10DLC TSIG REMAC',
    ],
    [
      'MMS',
      { carrier: 'tmobile', message: 'mms', date: '2021-12-31' },
      'carrier_fee $0.010000 x 1 = $0.010000, us-10dlc has $0.010000 2021-04-01..2022-03-01 A/D BW-TMO22 BW-OVR TFL',
    ],
    [
      'a regional carrier',
      { carrier: 'libertypr', units: 3, date: '2026-12-31' },
      'carrier_fee $0.005175 x 3 = $0.015525, us-10dlc has $0.005175 2021-01-01.. C SW-FEES',
    ],
  ])('of %s', (_name, asked, line) => {
    expect(linesOf(explained(asked))[0]).toBe(line);
  });

  test('each source comes with its citation, and the row with its line in the file', () => {
    const [{ row } = { row: undefined }] = explained({ carrier: 'claropr', date: '2024-01-01' }).lines;
    expect(row?.sources).toEqual([{ key: 'SW-FEES', citation: expect.stringMatching(/^SignalWire, Carrier fees/) }]);
    const text = readFileSync(new URL('books/us-10dlc.yaml', import.meta.url), 'utf8').split('\n');
    expect(text[(row?.line ?? 0) - 1]).toBe('  - carrier: claropr');
  });

  test('a what-if answers with its own rows and those of the book it extends', () => {
    const asked: Asked = { carrier: 'tmobile', registered: false, date: '2024-03-01' };
    expect(linesOf(explained(asked, FLAT))[0]).toBe(
      'carrier_fee $0.003000 x 1 = $0.003000, what-if-flat has $0.003000 2023-12-01..2024-12-01 assumed',
    );
    expect(linesOf(explained({ ...asked, registered: true }, FLAT))[0]).toBe(
      'carrier_fee $0.003000 x 1 = $0.003000, us-10dlc has $0.003000 2023-12-01..2024-12-01 A BW-TMO23',
    );
  });

  test('the P2P route is the aggregator alone', () => {
    const answer = explain(TABLE, { ...requestOf(TABLE, { carrier: 'att', date: '2024-03-01' }), route: 1 });
    expect(typeof answer === 'number' ? answer : answer.lines.map(({ payee }) => payee)).toEqual(['aggregator']);
  });

  test('what has no price has no explanation', () => {
    expect(explain(TABLE, requestOf(TABLE, { carrier: 'att', date: '1999-12-31' }))).toBe(RateCode.NoTariff);
    expect(explain(TABLE, requestOf(TABLE, { carrier: 'nobody', date: '2024-03-01' }))).toBe(RateCode.BadRequest);
  });
});

const anyRequest = fc.record({
  carrier: fc.nat(CARRIERS.length - 1),
  sender: fc.nat(SENDERS.length - 1),
  message: fc.nat(1),
  direction: fc.nat(1),
  registered: fc.nat(1),
  units: fc.integer({ min: 1, max: 255 }),
  route: fc.nat(1),
  atMs: fc.integer({ min: Date.UTC(2016, 0, 1), max: Date.UTC(2027, 0, 1) }),
});

describe('of any message', () => {
  propertyTest.prop([anyRequest])('lines are what rate says, in force at that time, and add up', (request) => {
    const quote = emptyQuote();
    const code = rate(TABLE, request, quote);
    const answer = explain(TABLE, request);
    if (typeof answer === 'number') {
      expect(answer).toBe(code);
      return;
    }
    expect(answer.quote).toEqual(quote);
    expect(answer.lines.reduce((sum, { micros }) => sum + micros, 0)).toBe(quote.totalMicros);
    for (const { unitMicros, units, micros, row } of answer.lines) {
      expect([unitMicros * units, Number.isSafeInteger(unitMicros)]).toEqual([micros, true]);
      expect(row.priceMicros).toBeGreaterThanOrEqual(unitMicros);
      expect(Date.parse(row.from)).toBeLessThanOrEqual(request.atMs);
      if (row.until !== null) expect(Date.parse(row.until)).toBeGreaterThan(request.atMs);
    }
  });
});
