import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import type { MessageAnswer } from '../../messages/index.ts';

interface RateAnswer {
  readonly book: string;
  readonly date: string;
  readonly carrier: string;
  readonly sender: string;
  readonly registration: string;
  readonly segments: number;
  readonly price: MessageAnswer['price'];
  readonly total: string;
  readonly lines: readonly {
    readonly payee: string;
    readonly cause: string;
    readonly unitMicros: number;
    readonly units: number;
    readonly micros: number;
    readonly row: { readonly book: string; readonly from: string; readonly until: string | null };
  }[];
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
    const { lines, ...answer } = await priceOf({ carrier: 'att', registered: false, segments: 2 });
    expect(answer).toEqual({
      book: 'us-10dlc',
      date: '2024-03-01',
      carrier: 'att',
      sender: '10dlc',
      message: 'sms',
      direction: 'out',
      registration: 'not_in_registry',
      segments: 2,
      price: {
        totalMicros: 36_800,
        postings: [
          { payer: 'sender', payee: 'att', cause: 'carrier_fee', micros: 4_000 },
          { payer: 'sender', payee: 'att', cause: 'unregistered_surcharge', micros: 16_000 },
          { payer: 'sender', payee: 'dca', cause: 'dca_margin', micros: 1_000 },
          { payer: 'sender', payee: 'aggregator', cause: 'aggregator_price', micros: 15_800 },
        ],
      },
      total: '$0.036800',
    });
    expect(lines.map(({ cause, unitMicros, units, micros }) => [cause, unitMicros, units, micros])).toEqual([
      ['carrier_fee', 2_000, 2, 4_000],
      ['unregistered_surcharge', 8_000, 2, 16_000],
      ['dca_margin', 500, 2, 1_000],
      ['aggregator_price', 7_900, 2, 15_800],
    ]);
    expect(lines[1]?.row).toEqual({
      book: 'us-10dlc',
      line: expect.any(Number) as number,
      from: '2023-06-01',
      until: null,
      priceMicros: 10_000,
      confidence: 'B',
      sources: [
        { key: 'HL-FEES', citation: expect.stringMatching(/^LeadConnector\/HighLevel, /) as string },
        { key: 'HL-UNREG', citation: expect.stringMatching(/^HighLevel, /) as string },
      ],
      note: null,
    });
  });

  test('of a toll-free number, an MMS, a message in, and a carrier that only the book knows', async () => {
    const tollFree = await priceOf({ carrier: 'tmobile', from: '+18005550100', date: '2023-01-01' });
    expect([tollFree.sender, tollFree.lines[0]?.unitMicros]).toEqual(['toll-free', 2_500]);
    const mms = await priceOf({ carrier: 'tmobile', message: 'mms', text: 'a'.repeat(500) });
    expect([mms.segments, mms.lines[0]?.micros]).toEqual([1, 10_000]);
    const inbound = await priceOf({ carrier: 'att', direction: 'in' });
    expect(inbound.lines[0]).toMatchObject({ cause: 'carrier_fee', micros: 0, row: { from: '2023-06-01' } });
    const regional = await priceOf({ carrier: 'claropr', sender: '10dlc', segments: 3 });
    expect(regional.lines[0]).toMatchObject({ payee: 'claropr', unitMicros: 8_750, micros: 26_250 });
  });

  test('by several books and dates side by side', async () => {
    const asked = {
      carrier: 'tmobile',
      registered: false,
      books: ['us-10dlc', 'what-if-double-surcharge', 'what-if-flat'],
      dates: ['2022-06-01', '2024-03-01'],
    };
    const { body } = await gateway.ask<{ quotes: RateAnswer[] }>('POST', '/v1/rate', asked);
    const surcharge = ({ lines }: RateAnswer): number =>
      lines.find(({ cause }) => cause === 'unregistered_surcharge')?.micros ?? 0;
    expect(body.quotes.map((quote) => [quote.date, quote.book, surcharge(quote)])).toEqual([
      ['2022-06-01', 'us-10dlc', 1_000],
      ['2022-06-01', 'what-if-double-surcharge', 2_000],
      ['2022-06-01', 'what-if-flat', 0],
      ['2024-03-01', 'us-10dlc', 5_000],
      ['2024-03-01', 'what-if-double-surcharge', 10_000],
      ['2024-03-01', 'what-if-flat', 0],
    ]);
    // A row that the what-if leaves alone is still that of the book below.
    expect(body.quotes[1]?.lines.map(({ row }) => row.book)).toEqual([
      'us-10dlc',
      'what-if-double-surcharge',
      'us-10dlc',
      'us-10dlc',
    ]);
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
    expect(before.price.postings).toContainEqual({
      payer: 'sender',
      payee: 'att',
      cause: 'unregistered_surcharge',
      micros: 2_000,
    });
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

  test('or another of those loaded, which are listed', async () => {
    const { body } = await gateway.ask<Book & Books>('GET', '/v1/tariffs?book=what-if-flat');
    expect(body).toMatchObject({ book: 'what-if-flat', inForce: 'us-10dlc' });
    expect(body.books.map((one) => [one.book, one.extends, one.inForce])).toEqual([
      ['us-10dlc', null, true],
      ['what-if-flat', 'us-10dlc', false],
      ['what-if-double-surcharge', 'us-10dlc', false],
    ]);
  });
});

interface Books {
  readonly inForce: string;
  readonly books: readonly { readonly book: string; readonly extends: string | null; readonly inForce: boolean }[];
}

describe('switching the book at run time', () => {
  const putBook = (book: string) => gateway.ask<Books>('PUT', '/v1/tariffs', { book });
  const surchargeNow = async (): Promise<number> => {
    const { body } = await gateway.send({ to: gateway.number('tmobile') });
    return body.price.postings.find(({ cause }) => cause === 'unregistered_surcharge')?.micros ?? 0;
  };

  test('prices the next message by the other book, and leaves those before as they were', async () => {
    const before = (await gateway.send({ to: gateway.number('tmobile') })).body;
    const { status, body } = await putBook('what-if-double-surcharge');
    expect([status, body.inForce]).toEqual([200, 'what-if-double-surcharge']);
    expect(await surchargeNow()).toBe(10_000);
    expect((await priceOf({ carrier: 'tmobile', registered: false })).book).toBe('what-if-double-surcharge');

    await putBook('what-if-flat');
    expect(await surchargeNow()).toBe(0);
    const { body: kept } = await gateway.ask<MessageAnswer>('GET', `/v1/messages/${before.id}`);
    expect(kept).toMatchObject({ book: 'us-10dlc', price: before.price });

    await putBook('us-10dlc');
    expect(await surchargeNow()).toBe(5_000);
  });

  test('a book that is not there changes nothing', async () => {
    expect((await putBook('eu')).status).toBe(422);
    expect((await gateway.ask<Books>('GET', '/v1/tariffs')).body.inForce).toBe('us-10dlc');
  });
});
