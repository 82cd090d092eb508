/**
 * Why a message costs what it costs: each amount of a quote with the row of the book behind it, its era and its sources.
 *
 * For people, so it may allocate. The amounts are those `rate` gives; the rows are found anew by the same cells, since a quote names
 * one row only and has no room for more in the hot path.
 */

import { RateCode } from './rate-code.ts';
import { carrierCell, describeEra, partyCell } from './rate-table.ts';
import type { EraColumns, RateTable } from './rate-table.ts';
import { POSTINGS, emptyQuote, rate } from './rate.ts';
import type { Quote, RateRequest } from './rate.ts';
import type { Confidence, Provenance } from './tariff-book.ts';

/** A row of a book, as the reason of one amount. */
export interface ExplainedRow {
  /** The book it stands in, which is not the one asked where that extends another, and the line in its file. */
  readonly book: string;
  readonly line: number;
  /** As written there. */
  readonly from: string;
  /** When the next row of its cell begins; `null` while it is in force. */
  readonly until: string | null;
  /** Its price per segment or MMS. For a surcharge this is more than the line's, by the carrier's registered price. */
  readonly priceMicros: number;
  readonly confidence: Confidence;
  readonly sources: readonly { readonly key: string; readonly citation: string }[];
  readonly note: string | null;
}

/** One amount of a price: `unitMicros` x `units` = `micros`. */
export interface PriceLine {
  /** A carrier by its key, `dca` or `aggregator`. */
  readonly payee: string;
  readonly cause: (typeof POSTINGS)[number]['cause'];
  readonly unitMicros: number;
  readonly units: number;
  readonly micros: number;
  readonly row: ExplainedRow;
}

export interface Explanation {
  readonly book: string;
  readonly quote: Quote;
  /** In the order of `POSTINGS`. What somebody takes nothing for is a line too; a surcharge only if there is one. */
  readonly lines: readonly PriceLine[];
}

/** Explains the price of one message, or gives the code of `rate` when it has none. */
export function explain(table: RateTable, request: Readonly<RateRequest>): Explanation | Exclude<RateCode, 0> {
  const quote = emptyQuote();
  const code = rate(table, request, quote);
  if (code !== RateCode.Ok) return code;
  const { carrier, sender, message, registered, direction, units, route, atMs } = request;
  const { asWritten } = table;

  const rowsBehind = (columns: EraColumns, cell: number, rows: readonly DatedRow[]): ExplainedRow | undefined =>
    rowInForce(table, columns, cell, rows, atMs);
  const carrierRow = (asRegistered: number): ExplainedRow | undefined =>
    rowsBehind(table.carrierPrices, carrierCell(carrier, sender, message, asRegistered, direction), table.rows);
  const party = partyCell(message, direction);
  const rows = {
    carrier_fee: route === 0 ? carrierRow(registered === 1 || quote.surchargeMicros > 0 ? 1 : 0) : undefined,
    unregistered_surcharge: quote.surchargeMicros > 0 ? carrierRow(0) : undefined,
    dca_margin: route === 0 ? rowsBehind(table.dcaMargins, party, asWritten.dcaMargins) : undefined,
    aggregator_price: rowsBehind(table.aggregatorPrices, party, asWritten.aggregatorPrices),
  };
  const lines = POSTINGS.flatMap(({ payee, cause, amount }): PriceLine[] => {
    const row = rows[cause];
    if (row === undefined) return [];
    const micros = quote[amount];
    const paid = payee === 'carrier' ? table.carriers[carrier] : undefined;
    return [{ payee: paid ?? payee, cause, unitMicros: micros / units, units, micros, row }];
  });
  return { book: table.book, quote, lines };
}

type DatedRow = Provenance & { readonly from: string };

function rowInForce(
  { asWritten }: RateTable,
  columns: EraColumns,
  cell: number,
  rows: readonly DatedRow[],
  atMs: number,
): ExplainedRow | undefined {
  const era = describeEra(columns, cell, atMs);
  const row = era && rows[era.row];
  if (era === undefined || row === undefined) return undefined;
  const { book, line, from, confidence, sources, note } = row;
  return {
    book,
    line,
    from,
    until: era.nextRow === undefined ? null : (rows[era.nextRow]?.from ?? null),
    priceMicros: era.priceMicros,
    confidence,
    sources: sources.map((key) => ({ key, citation: asWritten.sources.get(key) ?? '' })),
    note,
  };
}
