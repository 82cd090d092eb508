import { describe, expect, it } from 'vitest';
import { emptyQuote, rate, type RateTable } from '../../tariffs/index.ts';
import { CARRIER_IDS, loadInputs } from '../load-inputs.ts';
import { bookWith, meanPrice } from './prices.ts';

const inputs = loadInputs();
const AS_IT_IS = { priceFactor: 1, surchargeFactor: 1, exitedCarrier: -1, dcaMargin: 0.0005 };
const MONTHS = Array.from({ length: 70 }, (_, month) => Date.UTC(2021, month, 15));

function priceOf(table: RateTable, carrier: number, registered: number, atMs: number) {
  const quote = emptyQuote();
  rate(table, { carrier, sender: 0, registered, direction: 0, message: 0, units: 1, route: 0, atMs }, quote);
  const { carrierFeeMicros, surchargeMicros, dcaMicros, aggregatorMicros } = quote;
  return { carrierFeeMicros, surchargeMicros, dcaMicros, aggregatorMicros };
}

describe('prices under a policy', () => {
  it('are those of the built-in book where no policy changes them, at all dates', () => {
    const book = bookWith(inputs, AS_IT_IS);
    for (const atMs of MONTHS) {
      for (const carrier of CARRIER_IDS.keys()) {
        for (const registered of [0, 1]) {
          expect(priceOf(book, carrier, registered, atMs)).toEqual(priceOf(inputs.rates, carrier, registered, atMs));
        }
      }
    }
  });

  it('multiply fee and surcharge by themselves, whenever they changed', () => {
    const book = bookWith(inputs, { ...AS_IT_IS, priceFactor: 2, surchargeFactor: 3, dcaMargin: 0.001 });
    for (const atMs of MONTHS) {
      for (const carrier of CARRIER_IDS.keys()) {
        const before = priceOf(inputs.rates, carrier, 0, atMs);
        const after = priceOf(book, carrier, 0, atMs);
        expect(after.carrierFeeMicros).toBe(2 * before.carrierFeeMicros);
        expect(after.surchargeMicros).toBe(3 * before.surchargeMicros);
        expect(after.dcaMicros).toBe(1_000);
      }
    }
  });

  it('have no surcharge at a carrier that left the registry', () => {
    const atMs = Date.UTC(2024, 2, 1);
    const book = bookWith(inputs, { ...AS_IT_IS, exitedCarrier: 0 });
    expect(priceOf(book, 0, 0, atMs).surchargeMicros).toBe(0);
    expect(priceOf(book, 1, 0, atMs)).toEqual(priceOf(inputs.rates, 1, 0, atMs));
  });

  it('have a mean over carriers', () => {
    const mean = meanPrice(inputs.rates, { registered: 0, route: 0 }, [0.5, 0.5, 0, 0, 0], Date.UTC(2024, 2, 1));
    expect(mean).toBe((10_000 + 10_000) / 2 + 500 + 7_900);
  });
});
