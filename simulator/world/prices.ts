/** The tariff book as a policy changes it: another book, priced by the same rating. */
import {
  compileRateTable,
  DIRECTIONS,
  emptyQuote,
  MESSAGES,
  rate,
  RateCode,
  type RateRow,
  type RateTable,
  SENDERS,
} from '../../tariffs/index.ts';
import { CARRIER_IDS, type Inputs } from '../load-inputs.ts';

const MICROS_PER_DOLLAR = 1_000_000;
const LONG_CODE = SENDERS.indexOf('10dlc');
const SMS = MESSAGES.indexOf('sms');
const OUT = DIRECTIONS.indexOf('out');

export interface PriceRules {
  readonly priceFactor: number;
  readonly surchargeFactor: number;
  /** Carrier without a surcharge, as an index; -1 for none. */
  readonly exitedCarrier: number;
  /** Dollars on a message. */
  readonly dcaMargin: number;
}

/** Books that were made, by their rules: the runs of a comparison share a handful. */
const made = new Map<string, RateTable>();
const MADE_MAX = 64;

/** The built-in book with other prices of SMS from long codes, for all its dates. */
export function bookWith(inputs: Inputs, rules: PriceRules): RateTable {
  const key = `${rules.priceFactor}/${rules.surchargeFactor}/${rules.exitedCarrier}/${rules.dcaMargin}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  if (made.size >= MADE_MAX) made.clear();
  const table = compileRateTable(
    {
      ...inputs.book,
      book: 'policy-lab',
      rates: CARRIER_IDS.flatMap((carrier, index) => rowsOf(inputs.rates, carrier, index, rules)),
      dcaMargins: inputs.book.dcaMargins.map((row) => ({
        ...row,
        price: { ...row.price, out: Math.round(rules.dcaMargin * MICROS_PER_DOLLAR) },
      })),
    },
    CARRIER_IDS,
  );
  made.set(key, table);
  return table;
}

/** A row for every date at which one of the carrier's two prices changes. */
function rowsOf(rates: RateTable, carrier: string, index: number, rules: PriceRules): RateRow[] {
  const own = rates.rows.filter((row) => row.carrier === carrier && row.sender === '10dlc' && row.message === 'sms');
  const surchargeFactor = index === rules.exitedCarrier ? 0 : rules.surchargeFactor;
  return own.map((row) => {
    const [registered, unregistered] = [1, 0].map((isRegistered) => priceAt(rates, index, isRegistered, row.fromMs));
    if (registered === undefined || unregistered === undefined) return row;
    const fee = Math.round(registered.fee * rules.priceFactor);
    return {
      ...row,
      registered: { out: fee, in: null },
      unregistered: { out: fee + Math.round(unregistered.surcharge * surchargeFactor), in: null },
    };
  });
}

function priceAt(
  rates: RateTable,
  carrier: number,
  registered: number,
  atMs: number,
): { readonly fee: number; readonly surcharge: number } | undefined {
  const quote = emptyQuote();
  const request = { carrier, sender: LONG_CODE, registered, direction: OUT, message: SMS, units: 1, route: 0, atMs };
  if (rate(rates, request, quote) !== RateCode.Ok) return undefined;
  return { fee: quote.carrierFeeMicros, surcharge: quote.surchargeMicros };
}

/** What one segment costs at a date on average over carriers, all parties together, micro-dollars. `shares` are by carrier and sum to 1. */
export function meanPrice(
  rates: RateTable,
  way: { readonly registered: number; readonly route: number },
  shares: readonly number[],
  atMs: number,
): number {
  const quote = emptyQuote();
  return shares.reduce((sum, share, carrier) => {
    const request = { carrier, sender: LONG_CODE, ...way, direction: OUT, message: SMS, units: 1, atMs };
    return rate(rates, request, quote) === RateCode.Ok ? sum + share * quote.totalMicros : sum;
  }, 0);
}
