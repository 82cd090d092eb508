/**
 * Packs a tariff book into the columns of `rate-table.ts`. Runs once per loaded book, so it may allocate and sort as it likes.
 * It looks at nothing but the book and the carrier list, and gives the same table whatever order the file has its rows in.
 */

import { CELLS_PER_CARRIER, PARTY_CELL_COUNT, carrierCell, partyCell } from './rate-table.ts';
import type { EraColumns, RateTable } from './rate-table.ts';
import { MESSAGES, SENDERS } from './tariff-book.ts';
import type { PartyRow, RateRow, TariffBook } from './tariff-book.ts';

interface Era {
  readonly cell: number;
  readonly fromMs: number;
  readonly priceMicros: number;
  /** Row of the book, as numbered in the table. */
  readonly row: number;
}

/** The carriers a book prices, those of `first` leading: tables made for the result agree on the indexes of `first`. */
export function carriersOf(book: TariffBook, first: readonly string[]): string[] {
  return [...new Set([...first, ...book.rates.map((row) => row.carrier)])];
}

/**
 * Makes the table in which carrier index i is `carriers[i]`; carriers of the book that are not asked for are left out.
 * Throws Error, naming them, when `carriers` repeats one or has one the book does not price: that is a start-up mistake.
 */
export function compileRateTable(book: TariffBook, carriers: readonly string[]): RateTable {
  assertCarriersAreInBook(book, carriers);
  const rows = book.rates
    .filter((row) => carriers.includes(row.carrier))
    .toSorted((a, b) => byCellThenDate(a, b, carriers));
  return {
    book: book.book,
    asWritten: book,
    carriers: [...carriers],
    carrierPrices: packEras(carriers.length * CELLS_PER_CARRIER, carrierEras(rows, carriers)),
    aggregatorPrices: packEras(PARTY_CELL_COUNT, partyEras(book.aggregatorPrices)),
    dcaMargins: packEras(PARTY_CELL_COUNT, partyEras(book.dcaMargins)),
    rows,
  };
}

function assertCarriersAreInBook(book: TariffBook, carriers: readonly string[]): void {
  const priced = new Set(book.rates.map((row) => row.carrier));
  const missing = carriers.filter((carrier) => !priced.has(carrier));
  if (missing.length > 0) {
    const known = [...priced].toSorted().join(', ');
    throw new Error(`tariff book ${book.book} has no rates for ${missing.join(', ')}; it has ${known}`);
  }
  const repeated = carriers.filter((carrier, index) => carriers.indexOf(carrier) !== index);
  if (repeated.length > 0) throw new Error(`carrier listed more than once: ${repeated.join(', ')}`);
}

function byCellThenDate(a: RateRow, b: RateRow, carriers: readonly string[]): number {
  return (
    carriers.indexOf(a.carrier) - carriers.indexOf(b.carrier) ||
    SENDERS.indexOf(a.sender) - SENDERS.indexOf(b.sender) ||
    MESSAGES.indexOf(a.message) - MESSAGES.indexOf(b.message) ||
    a.fromMs - b.fromMs
  );
}

function carrierEras(rows: readonly RateRow[], carriers: readonly string[]): Era[] {
  return rows.flatMap(({ carrier, sender, message, fromMs, registered, unregistered }, row) =>
    [unregistered.out, unregistered.in, registered.out, registered.in].flatMap((priceMicros, i) => {
      if (priceMicros === null) return [];
      const carrierIndex = carriers.indexOf(carrier);
      const cell = carrierCell(carrierIndex, SENDERS.indexOf(sender), MESSAGES.indexOf(message), i >> 1, i & 1);
      return [{ cell, fromMs, priceMicros, row }];
    }),
  );
}

function partyEras(rows: readonly PartyRow[]): Era[] {
  return rows.flatMap(({ message, fromMs, price }, row) =>
    [price.out, price.in].flatMap((priceMicros, direction) => {
      if (priceMicros === null) return [];
      return [{ cell: partyCell(MESSAGES.indexOf(message), direction), fromMs, priceMicros, row }];
    }),
  );
}

function packEras(cellCount: number, eras: readonly Era[]): EraColumns {
  const packed = eras.toSorted((a, b) => a.cell - b.cell || b.fromMs - a.fromMs);
  const starts = new Uint32Array(cellCount + 1);
  let start = 0;
  for (let cell = 0; cell <= cellCount; cell++) {
    starts[cell] = start;
    while (packed[start]?.cell === cell) start++;
  }
  return {
    starts,
    fromMs: Float64Array.from(packed, (era) => era.fromMs),
    priceMicros: Float64Array.from(packed, (era) => era.priceMicros),
    rows: Uint32Array.from(packed, (era) => era.row),
  };
}
