import { describe, expect, test } from 'vitest';
import { compileRateTable } from './compile.ts';
import { parseTariffBook } from './parse.ts';
import { describeRow } from './rate-table.ts';
import type { RateRow, TariffBook } from './tariff-book.ts';

function bookOf(...rates: string[]): TariffBook {
  const parsed = parseTariffBook(
    [
      'book: two',
      'title: Two carriers',
      'timeZone: UTC',
      'carriers: { att: AT&T, verizon: Verizon }',
      'sources: { NOTICE: a notice }',
      'rates:',
      ...rates.map((rate) => `  - { ${rate}, confidence: B, source: [NOTICE] }`),
      'parties: { aggregatorPrice: [], dcaMargin: [] }',
    ].join('\n'),
    'two.yaml',
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.book;
}

const ATT = 'carrier: att, sender: 10dlc, message: sms, from: 2021-03-01, registered: { out: 0.002 }';
const ATT_LATER = 'carrier: att, sender: 10dlc, message: sms, from: 2022-03-01, unregistered: { out: 0.004 }';
const VERIZON = 'carrier: verizon, sender: 10dlc, message: sms, from: 2020-02-01, registered: { out: 0.0025 }';

describe('compiling a book', () => {
  test('carriers stand in the order they were asked for, and only those', () => {
    const table = compileRateTable(bookOf(ATT, VERIZON), ['verizon']);
    expect(table.carriers).toEqual(['verizon']);
    expect(table.rows.map((row) => row.carrier)).toEqual(['verizon']);
  });

  test('the order of rows in the file makes no difference, row numbers included', () => {
    const carriers = ['verizon', 'att'];
    // Where the rows stand is kept, and differs.
    const { asWritten: _one, ...inOrder } = compileRateTable(bookOf(ATT, ATT_LATER, VERIZON), carriers);
    const { asWritten: _other, ...shuffled } = compileRateTable(bookOf(ATT_LATER, VERIZON, ATT), carriers);
    const withoutLine = (rows: readonly RateRow[]): unknown[] => rows.map((row) => ({ ...row, line: 0 }));
    expect({ ...shuffled, rows: withoutLine(shuffled.rows) }).toEqual({ ...inOrder, rows: withoutLine(inOrder.rows) });
  });

  test('a carrier the book does not price is refused by name', () => {
    expect(() => compileRateTable(bookOf(ATT, VERIZON), ['att', 'sprint', 'alltel'])).toThrow(
      'tariff book two has no rates for sprint, alltel; it has att, verizon',
    );
  });

  test('a carrier asked for twice is refused by name', () => {
    expect(() => compileRateTable(bookOf(ATT), ['att', 'att'])).toThrow('carrier listed more than once: att');
  });

  test('a row can be described, so that a price can be explained', () => {
    const table = compileRateTable(bookOf(ATT), ['att']);
    expect(describeRow(table, 0)).toEqual({
      carrier: 'att',
      sender: '10dlc',
      message: 'sms',
      from: '2021-03-01',
      fromMs: Date.UTC(2021, 2, 1),
      registered: { out: 2_000, in: null },
      unregistered: { out: null, in: null },
      book: 'two',
      line: 7,
      confidence: 'B',
      sources: ['NOTICE'],
      note: null,
    });
    expect(describeRow(table, -1)).toBeNull();
    expect(describeRow(table, 1)).toBeNull();
  });
});
