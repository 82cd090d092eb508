import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import type { MessageAnswer, MessageRecord } from '../../messages/index.ts';

/** A page of the inbox. */
interface Page {
  readonly messages: MessageRecord[];
  readonly next: string;
  readonly missed: number;
}

const payer = 'sender';
const DCA = { payer, payee: 'dca', cause: 'dca_margin', micros: 500 };
const AGGREGATOR = { payer, payee: 'aggregator', cause: 'aggregator_price', micros: 7_900 };
const sumOf = (price: MessageAnswer['price']): number => price.postings.reduce((sum, { micros }) => sum + micros, 0);

let gateway: GatewayUnderTest;
let places = 0;
/** A number no other test has used. */
const freshNumber = (): string => gateway.number('cpaas', (places += 1));

async function register(campaign: string, own: Record<string, unknown> = {}): Promise<string> {
  const from = freshNumber();
  const { status } = await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign, ...own });
  expect(status).toBeLessThan(300);
  return from;
}

async function readBack(id: string): Promise<MessageRecord> {
  return (await gateway.ask<MessageRecord>('GET', `/v1/messages/${id}`)).body;
}

beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

describe('prices at the default date', () => {
  test.each([
    ['att', 2_000, 8_000],
    ['tmobile', 3_000, 5_000],
    ['verizon', 3_000, 7_000],
    ['uscellular', 5_000, 0],
  ] as const)('%s takes %i micro-dollars, and %i more from the unregistered', async (carrier, fee, surcharge) => {
    const registered = await register('CTOPA01');
    const to = gateway.number(carrier);
    const carrierFee = { payer, payee: carrier, cause: 'carrier_fee', micros: fee };

    const first = await gateway.send({ from: registered, to });
    expect(first.status).toBe(202);
    expect(first.body).toEqual({
      id: expect.stringMatching(/^M[0-9A-Z]+-[0-9A-Z]+$/),
      status: 'accepted',
      decision: 'accepted',
      registration: 'registered',
      reason: 'registered',
      carrier,
      segments: 1,
      encoding: 'gsm-7',
      price: { totalMicros: fee + 8_400, postings: [carrierFee, DCA, AGGREGATOR] },
    });

    const second = await gateway.send({ from: freshNumber(), to });
    const surcharges =
      surcharge === 0 ? [] : [{ payer, payee: carrier, cause: 'unregistered_surcharge', micros: surcharge }];
    expect(second.status).toBe(202);
    expect(second.body).toMatchObject({ registration: 'unregistered', reason: 'not_in_registry', carrier });
    expect(second.body.price).toEqual({
      totalMicros: fee + surcharge + 8_400,
      postings: [carrierFee, ...surcharges, DCA, AGGREGATOR],
    });
  });

  test('the P2P route pays no carrier and no DCA, and the sender is classed all the same', async () => {
    const { status, body } = await gateway.send({ from: freshNumber(), route: 'p2p' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ decision: 'accepted', registration: 'unregistered', reason: 'not_in_registry' });
    expect(body.price).toEqual({ totalMicros: 7_900, postings: [AGGREGATOR] });
  });

  test('every segment is paid for, and the postings are the total', async () => {
    const { body } = await gateway.send({ text: 'a'.repeat(161) });
    expect(body).toMatchObject({ segments: 2, encoding: 'gsm-7' });
    expect(body.price.totalMicros).toBe(2 * (2_000 + 8_000 + 8_400));
    expect(sumOf(body.price)).toBe(body.price.totalMicros);

    const unicode = await gateway.send({ text: '½'.repeat(71) });
    expect(unicode.body).toMatchObject({ segments: 2, encoding: 'ucs-2' });
  });

  test('media make it an MMS: one unit at the MMS price, with or without a text', async () => {
    const media = ['https://example.com/a.png', 'https://example.com/b.png'];
    const { status, body } = await gateway.send({ text: 'a'.repeat(500), media });
    expect(status).toBe(202);
    expect(body).toMatchObject({ segments: 1, encoding: 'none' });
    expect(body.price.postings).toContainEqual({ ...AGGREGATOR, micros: 22_000 });
    expect(sumOf(body.price)).toBe(body.price.totalMicros);
    expect(await readBack(body.id)).toMatchObject({ message: 'mms', media });

    const silent = await gateway.send({ text: undefined, media });
    expect(silent.status).toBe(202);
    expect(silent.body.price).toEqual(body.price);
  });
});

describe('why a sender counts as unregistered', () => {
  test('it is in no registry', async () => {
    expect((await gateway.send({ from: freshNumber() })).body.reason).toBe('not_in_registry');
  });

  test('its campaign is not active at this carrier, though it is at others', async () => {
    const from = await register('CNOVZW1');
    const atVerizon = await gateway.send({ from, to: gateway.number('verizon') });
    expect(atVerizon.body).toMatchObject({ registration: 'unregistered', reason: 'not_active_at_carrier' });
    const atAtt = await gateway.send({ from });
    expect(atAtt.body).toMatchObject({ registration: 'registered', reason: 'registered' });
  });

  test('its campaign has expired', async () => {
    const from = await register('CEXPIR1');
    expect((await gateway.send({ from })).body).toMatchObject({
      registration: 'unregistered',
      reason: 'campaign_expired',
    });
  });

  test('it is not yet provisioned; once its time has come it is registered', async () => {
    const from = freshNumber();
    const put = await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CTOPA01', provisioningDelayMs: 60_000 });
    expect(put.status).toBe(202);
    gateway.time.advance(59_999);
    const early = await gateway.send({ from });
    expect(early.body).toMatchObject({ registration: 'unregistered', reason: 'not_yet_provisioned' });
    gateway.time.advance(1);
    const late = await gateway.send({ from });
    expect(late.body).toMatchObject({ registration: 'registered', reason: 'registered' });
    expect(late.body.price.totalMicros).toBe(early.body.price.totalMicros - 8_000);
  });
});

describe('destinations that no carrier serves', () => {
  test('a landline is refused and costs nothing', async () => {
    const { status, body } = await gateway.send({ to: gateway.number('landline') });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      status: 'rejected',
      decision: 'destination_landline',
      registration: 'not_classed',
      reason: 'not_classed',
      carrier: 'none',
      price: { totalMicros: 0, postings: [] },
    });
  });

  test('so is a number in a block that nobody holds', async () => {
    const { status, body } = await gateway.send({ to: gateway.number('nobody') });
    expect(status).toBe(422);
    expect(body).toMatchObject({ decision: 'destination_unassigned', carrier: 'none', price: { totalMicros: 0 } });
  });
});

describe('limits', () => {
  test("AT&T's segments per minute: the campaign's sixteenth of class W waits, and fits when it says", async () => {
    const [one, other] = [await register('CSOLE01'), await register('CSOLE01')];
    const burst: MessageAnswer[] = [];
    for (let count = 0; count < 15; count += 1) burst.push((await gateway.send({ from: one })).body);
    expect(burst.map(({ decision }) => decision)).toEqual(Array(15).fill('accepted'));

    // The limit is the campaign's, so another of its numbers does not help.
    const refused = await gateway.send({ from: other });
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      status: 'rejected',
      decision: 'att_tpm_exceeded',
      registration: 'registered',
      price: { totalMicros: 0, postings: [] },
      limit: { name: 'att_campaign_tpm', scope: 'campaign', key: 'CSOLE01', used: 15, cap: 15 },
    });
    const { retryAfterMs } = refused.body;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(refused.headers.get('retry-after')).toBe(String(Math.ceil(retryAfterMs! / 1_000)));

    gateway.time.advance(retryAfterMs! - 1);
    expect((await gateway.send({ from: other })).status).toBe(429);
    gateway.time.advance(1);
    expect((await gateway.send({ from: other })).status).toBe(202);
    // Nobody else's limit.
    expect((await gateway.send({ from: one, to: gateway.number('verizon') })).status).toBe(202);
  });

  test("T-Mobile's daily cap: segments of all the brand's numbers, until midnight Pacific", async () => {
    const from = await register('CSOLE01');
    const to = gateway.number('tmobile');
    const longText = 'a'.repeat(1_530); // Ten segments.
    const batch = Array.from({ length: 100 }, () => ({ from, to, text: longText }));
    const sent = await gateway.ask<{ accepted: number }>('POST', '/v1/messages/batch', batch);
    expect(sent.body.accepted).toBe(100);

    const refused = await gateway.send({ from, to });
    const msLeft = Date.UTC(2024, 2, 2, 8) - gateway.time.nowMs();
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      decision: 'tmobile_daily_cap_exceeded',
      limit: { name: 'tmobile_brand_day', scope: 'brand', used: 1_000, cap: 1_000 },
      retryAfterMs: msLeft,
    });
    expect(refused.headers.get('retry-after')).toBe(String(Math.ceil(msLeft / 1_000)));

    const start = gateway.time.nowMs();
    gateway.time.advance(msLeft - 1);
    expect((await gateway.send({ from, to })).status).toBe(429);
    gateway.time.advance(1);
    expect((await gateway.send({ from, to })).status).toBe(202);
    expect(gateway.time.nowMs() - start).toBe(msLeft);
  });
});

describe('reading back', () => {
  test('a message is accepted, then sent, then delivered: receipt and handset are told apart', async () => {
    const from = await register('CTOPA01');
    const sent = await gateway.send({ from, truth: 'legit', account: 'clinic', reference: 'order 7' });
    const acceptedAtMs = gateway.time.nowMs();
    expect(sent.body.reference).toBe('order 7');

    const atOnce = await readBack(sent.body.id);
    expect(atOnce).toEqual({
      ...sent.body,
      from,
      to: gateway.number('att'),
      text: 'Your table is ready.',
      message: 'sms',
      route: 'a2p',
      truth: 'legit',
      account: 'clinic',
      campaign: 'CTOPA01',
      acceptedAt: new Date(acceptedAtMs).toISOString(),
      book: 'us-10dlc',
      tariff: { from: '2023-06-01', confidence: 'B', sources: ['HL-FEES', 'HL-UNREG'] },
      receipt: null,
      handset: null,
      error: null,
    });

    let record = atOnce;
    while (record.receipt === null) {
      gateway.time.advance(10);
      record = await readBack(sent.body.id);
    }
    expect(record).toMatchObject({ status: 'sent', receipt: { state: 'ACCEPTD', error: null }, handset: null });

    gateway.time.advance(10_000);
    const atLast = await readBack(sent.body.id);
    expect(atLast).toMatchObject({ status: 'delivered', handset: { outcome: 'delivered' }, price: sent.body.price });
    expect(atLast.receipt).toEqual(record.receipt);
    expect(Date.parse(atLast.receipt!.at)).toBeGreaterThan(acceptedAtMs);
    expect(Date.parse(atLast.handset!.at)).toBeGreaterThan(Date.parse(atLast.receipt!.at));
  });

  test('a refused message can be read back too, and never gets a receipt', async () => {
    const { body } = await gateway.send({ to: gateway.number('landline') });
    gateway.time.advance(20_000);
    expect(await readBack(body.id)).toMatchObject({ status: 'rejected', tariff: null, receipt: null, handset: null });
  });

  test('an unreachable phone is reported as such, and a filtered message is not', async () => {
    const lures = Array.from({ length: 400 }, (_, place) => ({
      // One number may send AT&T 60 a minute.
      from: gateway.number('cpaas', 500 + Math.floor(place / 50)),
      to: gateway.number('att', place),
      text: 'URGENT: you WON $900, claim at http://prize.example.com',
      reference: 'lure',
    }));
    const { next } = (await gateway.ask<Page>('GET', '/v1/messages?limit=1000')).body;
    await gateway.ask('POST', '/v1/messages/batch', lures);
    gateway.time.advance(20_000);
    const { messages } = (await gateway.ask<Page>('GET', `/v1/messages?limit=1000&since=${next}`)).body;
    expect(messages).toHaveLength(lures.length);
    const pairs = messages.map(({ status, receipt, handset }) => `${status} ${receipt?.state} ${handset?.outcome}`);
    expect([...new Set(pairs)].sort()).toEqual([
      'delivered ACCEPTD delivered',
      'filtered ACCEPTD filtered',
      'undelivered UNDELIV undelivered',
    ]);
  });
});

describe('the inbox', () => {
  /** What this test sent, by reference, in the order of the inbox. */
  const references = (page: Page): (string | undefined)[] => page.messages.map(({ reference }) => reference);
  const inbox = async (query: string): Promise<Page> => (await gateway.ask<Page>('GET', `/v1/messages?${query}`)).body;

  test('filters by sender, destination, decision and truth, alone and together', async () => {
    const [anna, ben] = [freshNumber(), freshNumber()];
    const since = (await inbox('limit=1000&since=' + String(gateway.store.nextSequence))).next;
    const verizon = gateway.number('verizon', 3);
    await gateway.send({ from: anna, to: verizon, truth: 'spam', reference: '1' });
    await gateway.send({ from: anna, to: gateway.number('landline'), truth: 'legit', reference: '2' });
    await gateway.send({ from: ben, to: verizon, reference: '3' });

    const find = async (query: string) => references(await inbox(`since=${since}&${query}`));
    expect(await find('')).toEqual(['1', '2', '3']);
    expect(await find(`from=${encodeURIComponent(anna)}`)).toEqual(['1', '2']);
    // An unescaped plus arrives as a space.
    expect(await find(`from=${anna}`)).toEqual(['1', '2']);
    expect(await find(`to=${verizon}`)).toEqual(['1', '3']);
    expect(await find('decision=destination_landline')).toEqual(['2']);
    expect(await find('truth=spam')).toEqual(['1']);
    expect(await find('truth=unlabelled')).toEqual(['3']);
    expect(await find(`from=${anna}&to=${verizon}&decision=accepted&truth=spam`)).toEqual(['1']);
    expect(await find(`from=${ben}&truth=spam`)).toEqual([]);
  });

  test('a reader that follows the cursor sees every message once, in order', async () => {
    let cursor = String(gateway.store.nextSequence);
    for (let count = 0; count < 7; count += 1) await gateway.send({ reference: String(count) });
    const seen: (string | undefined)[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const page = await inbox(`since=${cursor}&limit=3`);
      expect(page.missed).toBe(0);
      seen.push(...references(page));
      cursor = page.next;
    }
    expect(seen).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    await gateway.send({ reference: '7' });
    expect(references(await inbox(`since=${cursor}`))).toEqual(['7']);
  });

  test('a page holds 100 messages when nobody says how many', async () => {
    const messages = Array.from({ length: 120 }, () => ({
      from: freshNumber(),
      to: gateway.number('verizon'),
      text: 'hello',
    }));
    const since = gateway.store.nextSequence;
    await gateway.ask('POST', '/v1/messages/batch', messages);
    expect((await inbox(`since=${since}`)).messages).toHaveLength(100);
    expect((await inbox(`since=${since}&limit=1000`)).messages).toHaveLength(120);
  });
});

describe('a small inbox', () => {
  test('overwrites the oldest finished message, tells readers how many they missed, and keeps what is in flight', async () => {
    const small = await openGatewayUnderTest({ inbox: 4 });
    try {
      const ids: string[] = [];
      for (let count = 0; count < 4; count += 1) ids.push((await small.send({ reference: String(count) })).body.id);

      // All four are in flight: the fifth is turned away, and with it nothing of them is lost.
      const full = await small.ask('POST', '/v1/messages', {
        from: small.number('cpaas'),
        to: small.number('att'),
        text: 'one too many',
      });
      expect(full.status).toBe(429);
      expect(full.headers.get('content-type')).toContain('application/problem+json');
      expect(full.headers.get('retry-after')).toBe('1');
      expect(full.body).toMatchObject({
        type: 'urn:tollgate:problem:queue-full',
        detail: expect.stringContaining('4 messages are in flight and the inbox holds 4'),
      });
      expect((await small.ask('GET', '/readyz')).status).toBe(503);

      small.time.advance(20_000);
      expect((await small.ask('GET', '/readyz')).status).toBe(200);
      const before = (await small.ask<Page>('GET', '/v1/messages')).body;
      expect(before.messages.map(({ id }) => id)).toEqual(ids);
      expect(before.messages.every(({ handset }) => handset !== null)).toBe(true);

      await small.send({ reference: '4' });
      await small.send({ reference: '5' });
      const after = (await small.ask<Page>('GET', '/v1/messages?since=0')).body;
      expect(after.missed).toBe(2);
      expect(after.messages.map(({ reference }) => reference)).toEqual(['2', '3', '4', '5']);
      expect(after.next).toBe('6');

      const gone = await small.ask('GET', `/v1/messages/${ids[0]}`);
      expect(gone.status).toBe(404);
      expect(gone.body.errors).toEqual([
        { field: 'id', message: 'has been overwritten; the inbox holds the latest 4 messages' },
      ]);
    } finally {
      await small.close();
    }
  });
});
