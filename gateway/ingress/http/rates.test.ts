import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import type { MessageAnswer } from '../../messages/index.ts';

interface RateAnswer {
  readonly book: string;
  readonly date: string;
  readonly carrier: string;
  readonly registration: string;
  readonly segments: number;
  readonly price: MessageAnswer['price'];
  readonly total: string;
  readonly lines: readonly { readonly cause: string; readonly micros: number; readonly row: unknown }[];
}

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

const priceOf = async (body: unknown): Promise<RateAnswer> =>
  (await gateway.ask<RateAnswer>('POST', '/v1/rate', body)).body;

describe('the price of a message', () => {
  test('of an unregistered sender: each line with the row of the book it comes from', async () => {
    const row = {
      carrier: 'att',
      sender: '10dlc',
      message: 'sms',
      from: '2023-06-01',
      confidence: 'B',
      sources: ['HL-FEES', 'HL-UNREG'],
      note: null,
    };
    expect(await priceOf({ carrier: 'att', registered: false })).toEqual({
      book: 'us-10dlc',
      date: '2024-03-01',
      carrier: 'att',
      registration: 'not_in_registry',
      segments: 1,
      price: {
        totalMicros: 18_400,
        postings: [
          { payee: 'att', cause: 'carrier_fee', micros: 2_000 },
          { payee: 'att', cause: 'unregistered_surcharge', micros: 8_000 },
          { payee: 'dca', cause: 'dca_margin', micros: 500 },
          { payee: 'aggregator', cause: 'aggregator_price', micros: 7_900 },
        ],
      },
      total: '$0.018400',
      lines: [
        { cause: 'carrier_fee', micros: 2_000, row },
        { cause: 'unregistered_surcharge', micros: 8_000, row },
        { cause: 'dca_margin', micros: 500, row: null },
        { cause: 'aggregator_price', micros: 7_900, row: null },
      ],
    });
  });

  test.each([{}, { text: 'a'.repeat(200) }, { media: ['https://example.com/a.png'] }, { route: 'p2p' }])(
    'is what sending it then costs: %o',
    async (own) => {
      const from = gateway.number('cpaas', 9);
      await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CNOVZW1' });
      for (const carrier of ['att', 'verizon', 'tmobile', 'uscellular', 'other'] as const) {
        const to = gateway.number(carrier);
        const { media, ...others } = { text: 'hello', media: undefined, ...own };
        const asked = await priceOf({ from, to, ...others, ...(media && { message: 'mms' }) });
        const { body } = await gateway.send({ from, to, text: 'hello', ...own });
        expect(asked).toMatchObject({ carrier, registration: body.reason, segments: body.segments });
        expect(asked.price).toEqual(body.price);
      }
    },
  );

  test('is linear in segments', async () => {
    const one = await priceOf({ carrier: 'verizon', registered: false });
    const seven = await priceOf({ carrier: 'verizon', registered: false, segments: 7 });
    expect(seven.price.totalMicros).toBe(7 * one.price.totalMicros);
  });

  test('follows the date asked for, not the one the gateway runs at', async () => {
    const before = await priceOf({ carrier: 'att', registered: false, date: '2022-06-01' });
    expect(before.price.postings).toContainEqual({ payee: 'att', cause: 'unregistered_surcharge', micros: 2_000 });
    expect(before.date).toBe('2022-06-01');
  });

  test('asking sends nothing and counts nothing', () => {
    expect(gateway.summary().decided).toBe(gateway.store.nextSequence);
    expect(gateway.summary().decided).toBe(20);
  });
});

describe('the book', () => {
  interface Book {
    readonly book: string;
    readonly date: string;
    readonly sources: Readonly<Record<string, string>>;
    readonly rates: readonly { readonly carrier: string; readonly sources: readonly string[] }[];
  }

  test('is shown with its sources, and every source a row names is among them', async () => {
    const { status, body } = await gateway.ask<Book>('GET', '/v1/tariffs');
    expect(status).toBe(200);
    expect(body).toMatchObject({ book: 'us-10dlc', date: '2024-03-01' });
    expect(body.rates.length).toBeGreaterThan(50);
    const named = body.rates.flatMap(({ sources }) => sources);
    expect(named.filter((source) => body.sources[source] === undefined)).toEqual([]);
  });

  test('or of one carrier alone', async () => {
    const { body } = await gateway.ask<Book>('GET', '/v1/tariffs?carrier=tmobile');
    expect(new Set(body.rates.map(({ carrier }) => carrier))).toEqual(new Set(['tmobile']));
  });
});
