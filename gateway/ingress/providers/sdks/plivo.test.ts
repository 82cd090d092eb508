import plivo from 'plivo';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { passing } from '../passing-under-test.ts';

// Plivo's own SDK, unmodified: `url` is an option of its client. Its types leave out much of what it answers.

const ID = 'MA0123456789ABCDEF01';
const TOKEN = 'f'.repeat(40);

let gateway: GatewayUnderTest;
let receiver: CallbackReceiver;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
beforeEach(async () => {
  await gateway.ask('POST', '/v1/reset');
  receiver = await CallbackReceiver.open();
});
afterEach(() => receiver.close());
afterAll(() => gateway.close());

function clientOf(token = TOKEN) {
  return new plivo.Client(ID, token, { url: `${gateway.url}/plivo/v1/Account/${ID}` });
}

/** Numbers are without + here. */
const bare = (number: string): string => number.slice(1);

function send(own: { dst?: string; url?: string; method?: string } = {}, client = clientOf()) {
  const { dst = bare(gateway.number('att')), ...optional } = own;
  return client.messages.create(bare(gateway.number('cpaas')), dst, 'Your table is ready.', optional);
}

type Answer = Readonly<Record<string, unknown>>;

async function fetchOne(uuid: unknown): Promise<Answer> {
  return (await clientOf().messages.get(String(uuid))) as unknown as Answer;
}

describe('the SDK of Plivo', () => {
  test('sends a message and fetches it', async () => {
    const sent = await send();
    expect(sent.messageUuid).toHaveLength(1);
    expect(sent.apiId).toBeTruthy();
    gateway.time.advance(120_000);
    expect(await fetchOne(sent.messageUuid)).toMatchObject({ messageState: 'delivered', units: 1, messageType: 'sms' });
  });

  test('sends a message to several', async () => {
    const numbers = ['att', 'tmobile', 'verizon'].map((group) => bare(gateway.number(group as 'att')));
    const sent = await send({ dst: numbers.join('<') });
    expect(sent.messageUuid).toHaveLength(3);
  });

  test('throws what we answer as its own errors', async () => {
    await expect(send({ dst: '1555' })).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/^dst: /) as string,
    });
    await expect(fetchOne('nonsense')).rejects.toMatchObject({ status: 404, message: 'not found' });
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: ID, secret: TOKEN } });
    await expect(send({}, clientOf('wrong'))).rejects.toMatchObject({ status: 401 });
  });

  test('meets the rate of its account', async () => {
    await gateway.ask('PUT', `/v1/accounts/${ID}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await send();
    await expect(send()).rejects.toThrow('429');
    gateway.time.advance(1_000);
    expect((await send()).messageUuid).toHaveLength(1);
  });

  test.each(['', '?b=2&a=1', '?a=a%20b'])('takes our callbacks for those of Plivo: %s', async (query) => {
    const url = receiver.url + query;
    await send({ url });
    gateway.time.advance(120_000);
    for (const { body, headers } of await receiver.received(2)) {
      const parameters = Object.fromEntries(new URLSearchParams(body));
      const nonce = String(headers['x-plivo-signature-v3-nonce']);
      const [v2, v3] = [2, 3].map((version) => String(headers[`x-plivo-signature-v${version}`]));
      expect(plivo.validateV3Signature('POST', url, nonce, TOKEN, v3!, parameters)).toBe(true);
      expect(plivo.validateV3Signature('POST', url, nonce, 'other', v3!, parameters)).toBe(false);
      expect(plivo.validateSignature(url, nonce, v2!, TOKEN)).toBe(true);
      expect(plivo.validateSignature(url, nonce, v2!, 'other')).toBe(false);
    }
  });

  test('takes those that come by GET, too', async () => {
    await send({ url: `${receiver.url}?a=1`, method: 'GET' });
    const [callback] = await receiver.received(1);
    const { path, headers } = callback!;
    const url = new URL(path, receiver.url).toString();
    const [nonce, v3] = ['-nonce', ''].map((end) => String(headers[`x-plivo-signature-v3${end}`]));
    expect(plivo.validateV3Signature('GET', url, nonce!, TOKEN, v3!)).toBe(true);
  });

  test('learns later what a carrier refuses', async () => {
    await gateway.ask('PUT', '/v1/regime', { regime: 'block' });
    const sent = await send();
    expect(await fetchOne(sent.messageUuid)).toMatchObject({ messageState: 'undelivered', errorCode: '100' });
  });

  test('lists messages', async () => {
    for (let count = 0; count < 3; count += 1) await send();
    const list = (await clientOf().messages.list({ limit: 2, offset: 1 })) as unknown as readonly Answer[] & {
      readonly meta: Answer;
    };
    expect([list.length, list.meta['offset'], list.meta['next']]).toEqual([2, 1, null]);
  });

  test('makes a powerpack, and sends by it', async () => {
    const client = clientOf();
    const { uuid } = (await client.powerpacks.create('Tables', {})) as unknown as { uuid: string };
    const powerpack = (await client.powerpacks.get(uuid)) as unknown as {
      add_number(number: string): Promise<Answer>;
      count_numbers(): Promise<number>;
    };
    const number = bare(gateway.number('cpaas'));
    expect(await powerpack.add_number(number)).toMatchObject({ number, numberPoolUuid: uuid });
    expect(await powerpack.count_numbers()).toBe(1);
    const message = { powerpackUUID: uuid, dst: bare(gateway.number('att')), text: 'Your table is ready.' };
    const sent = await (client.messages.create as unknown as (one: object) => Promise<Answer>)(message);
    const [messageUuid] = sent['messageUuid'] as readonly string[];
    expect(await fetchOne(messageUuid)).toMatchObject({ fromNumber: number, powerpackID: uuid });
  });

  test('registers a brand and a campaign, and puts a number on it', async () => {
    const client = clientOf();
    const profile = '201faedc-7df9-4840-9ab1-3997ce3f7cf4';
    const brand = (await client.brand.create('Tables', profile, 'STANDARD', false)) as unknown as Answer;
    const brandId = String(brand['brand_id']);
    await passing(gateway, 180_000);
    expect(await client.brand.get(brandId)).toMatchObject({ brand: { registrationStatus: 'COMPLETED' } });
    const create = client.campaign.create.bind(client.campaign) as unknown as (
      ...fields: readonly unknown[]
    ) => Promise<{ campaignId: string }>;
    const made = await create(
      brandId,
      'Ready tables',
      'HOSPITALITY',
      'CUSTOMER_CARE',
      [],
      'Tells guests that their tables are ready.',
      // Link, phone number, age gate, lending; opt-in, opt-out, help; affiliates.
      ...Array.from({ length: 8 }, (_, place) => place >= 4 && place < 7),
      'Your table is ready.',
      'Your table is almost ready.',
      '',
      '',
      '',
      'Guests ask for it at the door.',
      'Ask at the door.',
    );
    const number = bare(gateway.number('cpaas'));
    await client.campaign.linkNumber(made.campaignId, [number] as never);
    await passing(gateway, 12 * 86_400_000);
    expect(await client.campaign.get(made.campaignId)).toMatchObject({ campaign: { registrationStatus: 'COMPLETED' } });
    expect(await client.campaign.getNumber(made.campaignId, number)).toMatchObject({ status: 'COMPLETED' });
    expect(await fetchOne((await send()).messageUuid)).toMatchObject({ tendlcRegistrationStatus: 'registered' });
  });
});
