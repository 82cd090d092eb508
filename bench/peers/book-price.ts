/**
 * The price of a message read straight off the rows of a tariff book, as one would write it first: the newest row of
 * the kind that has a price, found by looking at all of them. The benches hold `rate` beside it, in speed and in result.
 */
import type { Direction, MessageKind, RateRow, Sender, TariffBook } from '../../tariffs/index.ts';

type PartyRow = TariffBook['dcaMargins'][number];

export interface PriceQuestion {
  readonly carrier: string;
  readonly sender: Sender;
  readonly isRegistered: boolean;
  readonly direction: Direction;
  readonly message: MessageKind;
  readonly units: number;
  readonly isP2p: boolean;
  readonly atMs: number;
}

export interface BookPrice {
  readonly carrierFeeMicros: number;
  readonly surchargeMicros: number;
  readonly dcaMicros: number;
  readonly aggregatorMicros: number;
}

/** The four amounts, or undefined where the book has no price. */
export function bookPrice(book: TariffBook, question: PriceQuestion): BookPrice | undefined {
  const { carrier, sender, isRegistered, direction, message, units, isP2p, atMs } = question;
  const aggregator = partyPrice(book.aggregatorPrices, message, direction, atMs);
  if (aggregator === undefined) return undefined;
  if (isP2p) {
    return { carrierFeeMicros: 0, surchargeMicros: 0, dcaMicros: 0, aggregatorMicros: aggregator * units };
  }
  const rows = book.rates.filter(
    (row) => row.carrier === carrier && row.sender === sender && row.message === message && row.fromMs <= atMs,
  );
  const registered = newestPrice(rows, 'registered', direction);
  const price = isRegistered ? registered : newestPrice(rows, 'unregistered', direction);
  const dca = partyPrice(book.dcaMargins, message, direction, atMs);
  if (price === undefined || dca === undefined) return undefined;
  const fee = registered !== undefined && registered < price ? registered : price;
  return {
    carrierFeeMicros: fee * units,
    surchargeMicros: (price - fee) * units,
    dcaMicros: dca * units,
    aggregatorMicros: aggregator * units,
  };
}

function newestPrice(
  rows: readonly RateRow[],
  side: 'registered' | 'unregistered',
  direction: Direction,
): number | undefined {
  let newest: RateRow | undefined;
  for (const row of rows) {
    if (row[side][direction] !== null && (newest === undefined || row.fromMs > newest.fromMs)) newest = row;
  }
  return newest?.[side][direction] ?? undefined;
}

function partyPrice(
  rows: readonly PartyRow[],
  message: MessageKind,
  direction: Direction,
  atMs: number,
): number | undefined {
  let newest: PartyRow | undefined;
  for (const row of rows) {
    if (row.message !== message || row.fromMs > atMs || row.price[direction] === null) continue;
    if (newest === undefined || row.fromMs > newest.fromMs) newest = row;
  }
  return newest?.price[direction] ?? undefined;
}
