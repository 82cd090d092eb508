/**
 * The compiled tariff: columns of numbers that `rate` walks without allocating.
 *
 * Each cell (see `tariff-book.ts`) owns a run of eras, newest first, in three parallel columns:
 *
 *     starts:      [ 0, 2, 2, 5, ... ]        cell c owns eras starts[c] up to, not including, starts[c + 1]
 *     fromMs:      [ 2023-06-01, 2021-03-01,   2023-12-01, 2022-03-01, 2021-04-01, ... ]
 *     priceMicros: [ 10000,      2000,         8000,       4000,       3000,       ... ]
 *     rows:        [ 1,          0,            7,          4,          3,          ... ]   into RateTable.rows
 *
 * Here cell 0 has two eras, cell 1 none, cell 2 three. A lookup scans from the newest: a cell has rarely more than eight
 * eras and messages are mostly rated at recent dates, so the first or second comparison answers and a binary search would not help.
 */

import { DIRECTIONS, MESSAGES, SENDERS } from './tariff-book.ts';
import type { RateRow, TariffBook } from './tariff-book.ts';

export interface EraColumns {
  /** One more than there are cells. */
  readonly starts: Uint32Array;
  readonly fromMs: Float64Array;
  readonly priceMicros: Float64Array;
  readonly rows: Uint32Array;
}

export interface RateTable {
  readonly book: string;
  /** What it was made of; rating does not look at it. */
  readonly asWritten: TariffBook;
  /** Position is the `carrier` index of a rate request. */
  readonly carriers: readonly string[];
  /** Cells by `carrierCell`. */
  readonly carrierPrices: EraColumns;
  /** Cells by `partyCell`; their rows are those of the book as written. */
  readonly aggregatorPrices: EraColumns;
  readonly dcaMargins: EraColumns;
  /** In an order that does not depend on the order in the file. */
  readonly rows: readonly RateRow[];
}

export const NO_ERA = -1;
export const CELLS_PER_CARRIER = SENDERS.length * MESSAGES.length * 2 * DIRECTIONS.length;
export const PARTY_CELL_COUNT = MESSAGES.length * DIRECTIONS.length;

/** Cell of a carrier price; `registered` is 0 or 1. */
export function carrierCell(
  carrier: number,
  sender: number,
  message: number,
  registered: number,
  direction: number,
): number {
  return (((carrier * SENDERS.length + sender) * MESSAGES.length + message) * 2 + registered) * 2 + direction;
}

/** Cell of an aggregator price or DCA margin, which depend on neither carrier nor sender. */
export function partyCell(message: number, direction: number): number {
  return message * 2 + direction;
}

/** Position of the era of `cell` in force at `atMs`, or NO_ERA when the cell's first era begins later or it has none. */
export function eraAt(columns: EraColumns, cell: number, atMs: number): number {
  const fromMs = columns.fromMs;
  const end = columns.starts[cell + 1]!;
  for (let era = columns.starts[cell]!; era < end; era++) {
    if (fromMs[era]! <= atMs) return era;
  }
  return NO_ERA;
}

/** The era of `cell` in force at `atMs`, with the row that set its price and the row that ends it, if one does; undefined where none is. */
export function describeEra(
  columns: EraColumns,
  cell: number,
  atMs: number,
): { readonly priceMicros: number; readonly row: number; readonly nextRow: number | undefined } | undefined {
  const era = eraAt(columns, cell, atMs);
  if (era === NO_ERA) return undefined;
  const nextRow = era === columns.starts[cell] ? undefined : columns.rows[era - 1];
  return { priceMicros: columns.priceMicros[era]!, row: columns.rows[era]!, nextRow };
}

/** The book row behind `Quote.row`, or `null` for -1 (no carrier price was involved) and for numbers that are no row. */
export function describeRow(table: RateTable, row: number): RateRow | null {
  return table.rows[row] ?? null;
}
