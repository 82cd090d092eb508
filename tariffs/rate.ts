/**
 * The price of one message, split by who receives it. Hot: it allocates nothing, throws nothing and reads no clock.
 *
 * A message on the A2P route pays the carrier (the registered price, plus a surcharge when the sender is unregistered), the DCA's
 * margin and the aggregator's own price. On the P2P route it pays the aggregator alone: that is the bypass, and why it is taken.
 * Limits, regimes and what to do with a message that has no price are the router's business.
 */

import { RateCode } from './rate-code.ts';
import { NO_ERA, carrierCell, eraAt, partyCell } from './rate-table.ts';
import type { RateTable } from './rate-table.ts';

export interface RateRequest {
  /** Index into `RateTable.carriers`. */
  carrier: number;
  /** Index into `SENDERS`: 0 10DLC, 1 toll-free, 2 short code. */
  sender: number;
  /** 1 when registered for the carrier the message goes to, else 0. */
  registered: number;
  /** Index into `DIRECTIONS`: 0 out (to the handset), 1 in. */
  direction: number;
  /** Index into `MESSAGES`: 0 SMS, 1 MMS. */
  message: number;
  /** Segments of an SMS, or 1 for an MMS: 1 to MAX_UNITS. */
  units: number;
  /** 0 A2P, 1 P2P. */
  route: number;
  /** Milliseconds since the epoch. */
  atMs: number;
}

export interface Quote {
  /** The book row that set the price (for `describeRow`); -1 on the P2P route, where no carrier price is involved. */
  row: number;
  carrierFeeMicros: number;
  surchargeMicros: number;
  dcaMicros: number;
  aggregatorMicros: number;
  /** Exactly the sum of the four amounts above. */
  totalMicros: number;
}

/** The four amounts of a quote as postings from the sender: who is paid, why, and where the amount stands. */
export const POSTINGS = [
  { payee: 'carrier', cause: 'carrier_fee', amount: 'carrierFeeMicros' },
  { payee: 'carrier', cause: 'unregistered_surcharge', amount: 'surchargeMicros' },
  { payee: 'dca', cause: 'dca_margin', amount: 'dcaMicros' },
  { payee: 'aggregator', cause: 'aggregator_price', amount: 'aggregatorMicros' },
] as const satisfies readonly { payee: string; cause: string; amount: keyof Quote }[];

/**
 * Far above any real message (255 segments). With unit prices held to 1,000 dollars by the parser,
 * every product and sum here stays below 2^53 and is exact.
 */
export const MAX_UNITS = 1_000_000;

/**
 * Prices one message as of `request.atMs`. Writes all of `out` on Ok and leaves it untouched otherwise.
 *
 * The carrier's fee is the registered price; the surcharge is what an unregistered sender pays above it. When the carrier has no
 * registered price, or an unregistered one that is lower, the whole unregistered price is the fee and the surcharge is 0:
 * amounts are never negative, and fee plus surcharge is always the price that applies.
 *
 * Result: Ok; NoTariff (no carrier price in force); NoPartyPrice (no aggregator price or DCA margin in force); BadRequest.
 * Cost: no allocation; four short scans at most.
 */
export function rate(table: RateTable, request: Readonly<RateRequest>, out: Quote): RateCode {
  const { carrier, sender, registered, direction, message, units, route, atMs } = request;
  if (!isIndex(carrier, table.carriers.length) || !isIndex(sender, 3)) return RateCode.BadRequest;
  if (!isIndex(registered, 2) || !isIndex(direction, 2) || !isIndex(message, 2) || !isIndex(route, 2)) {
    return RateCode.BadRequest;
  }
  if (!isIndex(units, MAX_UNITS + 1) || units === 0) return RateCode.BadRequest;

  let row = -1;
  let feeMicros = 0;
  let surchargeMicros = 0;
  let dcaMicros = 0;
  const party = partyCell(message, direction);

  if (route === 0) {
    const prices = table.carrierPrices;
    const era = eraAt(prices, carrierCell(carrier, sender, message, registered, direction), atMs);
    if (era === NO_ERA) return RateCode.NoTariff;
    row = prices.rows[era]!;
    feeMicros = prices.priceMicros[era]!;
    if (registered === 0) {
      const baseEra = eraAt(prices, carrierCell(carrier, sender, message, 1, direction), atMs);
      if (baseEra !== NO_ERA && prices.priceMicros[baseEra]! < feeMicros) {
        surchargeMicros = feeMicros - prices.priceMicros[baseEra]!;
        feeMicros = prices.priceMicros[baseEra]!;
      }
    }
    const margin = eraAt(table.dcaMargins, party, atMs);
    if (margin === NO_ERA) return RateCode.NoPartyPrice;
    dcaMicros = table.dcaMargins.priceMicros[margin]!;
  }
  const price = eraAt(table.aggregatorPrices, party, atMs);
  if (price === NO_ERA) return RateCode.NoPartyPrice;
  const aggregatorMicros = table.aggregatorPrices.priceMicros[price]!;

  out.row = row;
  out.carrierFeeMicros = feeMicros * units;
  out.surchargeMicros = surchargeMicros * units;
  out.dcaMicros = dcaMicros * units;
  out.aggregatorMicros = aggregatorMicros * units;
  out.totalMicros = out.carrierFeeMicros + out.surchargeMicros + out.dcaMicros + out.aggregatorMicros;
  return RateCode.Ok;
}

/** A quote to be written into. */
export function emptyQuote(): Quote {
  return { row: -1, carrierFeeMicros: 0, surchargeMicros: 0, dcaMicros: 0, aggregatorMicros: 0, totalMicros: 0 };
}

/** Whether `value` is a whole number from 0 to `count` - 1. */
function isIndex(value: number, count: number): boolean {
  return value >>> 0 === value && value < count;
}
