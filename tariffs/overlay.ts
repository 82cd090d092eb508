/**
 * Lays a book over the one it extends. Nothing of the base is taken away: a row of the overlay sets its prices from its day on, until
 * the base's next row for the same cell begins, and takes the place of what the base sets from that very day.
 *
 * It does so price by price: an overlay that changes one price of a row leaves the row's others with their own source and grade.
 * So two rows of a cell may begin on one day, but never set the same price.
 */

import type { DirectionalPrice, Fee, PartyRow, RateRow, TariffBook } from './tariff-book.ts';

/** The book with all that holds; `over` has only its own rows but already knows the base's carriers and sources. */
export function layOver(base: TariffBook, over: TariffBook): TariffBook {
  return {
    ...over,
    rates: [...base.rates.flatMap((row) => leftOfRate(row, over.rates)), ...over.rates],
    aggregatorPrices: layParties(base.aggregatorPrices, over.aggregatorPrices),
    dcaMargins: layParties(base.dcaMargins, over.dcaMargins),
    fees: [...base.fees.filter((fee) => !over.fees.some((one) => isSameEra(one, fee))), ...over.fees],
  };
}

function leftOfRate(row: RateRow, over: readonly RateRow[]): RateRow[] {
  const changed = over.find(
    ({ carrier, sender, message, fromMs }) =>
      carrier === row.carrier && sender === row.sender && message === row.message && fromMs === row.fromMs,
  );
  if (changed === undefined) return [row];
  const registered = leftOf(row.registered, changed.registered);
  const unregistered = leftOf(row.unregistered, changed.unregistered);
  return isUnpublished(registered) && isUnpublished(unregistered) ? [] : [{ ...row, registered, unregistered }];
}

function layParties(base: readonly PartyRow[], over: readonly PartyRow[]): PartyRow[] {
  const left = base.flatMap((row) => {
    const changed = over.find(({ message, fromMs }) => message === row.message && fromMs === row.fromMs);
    if (changed === undefined) return [row];
    const price = leftOf(row.price, changed.price);
    return isUnpublished(price) ? [] : [{ ...row, price }];
  });
  return [...left, ...over];
}

function isSameEra(a: Fee, b: Fee): boolean {
  return a.id === b.id && a.fromMs === b.fromMs;
}

function leftOf(price: DirectionalPrice, changed: DirectionalPrice): DirectionalPrice {
  return { out: changed.out === null ? price.out : null, in: changed.in === null ? price.in : null };
}

/** Whether it sets nothing. */
export function isUnpublished(price: DirectionalPrice): boolean {
  return price.out === null && price.in === null;
}
