/**
 * That dates meet. A row without `until` ends where the next one for its cell begins, so nothing can go wrong. One that says when it
 * ends says that the next begins then, and is held to it: a later one leaves a gap in which messages have no price, an earlier one
 * overlaps. Fees may also end for good.
 */

import type { DirectionalPrice, Fee, PartyRow, RateRow, TariffBook } from './tariff-book.ts';
import { note } from './yaml-reader.ts';
import type { PlainDate, Problems } from './yaml-reader.ts';

/** An `until` as it is written, with the row that has it. */
export type StatedEnd = PlainDate & { readonly offset: number } & (
    | { readonly kind: 'rates'; readonly row: RateRow }
    | { readonly kind: 'aggregatorPrice' | 'dcaMargin'; readonly row: PartyRow }
  );

export interface FeePlace {
  readonly fromOffset: number;
  readonly untilOffset: number;
}

/** One price set from one day on. */
interface SetPrice {
  /** Words that name its cell. */
  readonly cell: string;
  readonly from: string;
  readonly fromMs: number;
}

/** Notes each stated end at which no row of the same cell begins: one mistake for each, whatever the number of its prices. */
export function checkEnds(problems: Problems, ends: readonly StatedEnd[], book: TariffBook): void {
  if (ends.length === 0) return;
  const all = [
    ...book.rates.flatMap(pricesOfRate),
    ...book.aggregatorPrices.flatMap((row) => pricesOfParty(row, 'aggregatorPrice')),
    ...book.dcaMargins.flatMap((row) => pricesOfParty(row, 'dcaMargin')),
  ];
  for (const end of ends) {
    const prices = end.kind === 'rates' ? pricesOfRate(end.row) : pricesOfParty(end.row, end.kind);
    for (const price of prices) {
      const next = nextOf(
        price,
        all.filter(({ cell }) => cell === price.cell),
      );
      if (next?.fromMs === end.ms) continue;
      note(problems, end.offset, wrongEnd(end, price.cell, next));
      break;
    }
  }
}

/**
 * The fees, each ending where the next of the same id begins. `places` has those written in this file. An end that is written there
 * must be right; one of an extended book gives way to a row that begins earlier.
 */
export function settleFees(
  problems: Problems,
  fees: readonly Fee[],
  places: ReadonlyMap<Fee, FeePlace>,
): readonly Fee[] {
  return fees.map((fee) => {
    const next = nextOf(
      fee,
      fees.filter(({ id }) => id === fee.id),
    );
    if (next === undefined || next.fromMs === fee.untilMs) return fee;
    const place = places.get(fee);
    if (fee.until !== null && (place !== undefined || fee.untilMs < next.fromMs)) {
      const offset = place?.untilOffset ?? places.get(next)?.fromOffset ?? 0;
      note(problems, offset, wrongEnd({ text: fee.until, ms: fee.untilMs }, `fee ${fee.id}`, next));
    }
    return { ...fee, until: next.from, untilMs: next.fromMs };
  });
}

function wrongEnd(end: PlainDate, what: string, next: { from: string | null; fromMs: number } | undefined): string {
  if (next === undefined) {
    return `${what} until ${end.text} has no price from then on: add the row that begins then, or leave until out`;
  }
  const fault = next.fromMs > end.ms ? 'leaves a gap' : 'overlaps';
  return `${what} until ${end.text} ${fault}: the next row begins ${next.from}; let both name one day, or leave until out`;
}

/** Of `all`, the first to begin after `one`. */
function nextOf<T extends { readonly fromMs: number }>(one: T, all: readonly T[]): T | undefined {
  let next: T | undefined;
  for (const other of all) {
    if (other.fromMs > one.fromMs && (next === undefined || other.fromMs < next.fromMs)) next = other;
  }
  return next;
}

function pricesOfRate({ carrier, sender, message, registered, unregistered, ...era }: RateRow): SetPrice[] {
  const what = `${carrier} ${sender} ${message}`;
  return [...pricesIn(registered, `${what} registered`, era), ...pricesIn(unregistered, `${what} unregistered`, era)];
}

function pricesOfParty({ message, price, ...era }: PartyRow, party: string): SetPrice[] {
  return pricesIn(price, `${party} ${message}`, era);
}

function pricesIn(
  price: DirectionalPrice,
  what: string,
  { from, fromMs }: { readonly from: string; readonly fromMs: number },
): SetPrice[] {
  return (['out', 'in'] as const).flatMap((direction) =>
    price[direction] === null ? [] : [{ cell: `${what} ${direction}`, from, fromMs }],
  );
}
