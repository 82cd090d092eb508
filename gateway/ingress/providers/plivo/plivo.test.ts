import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../../../messages/index.ts';
import { decisionAt, DecisionCode } from '../../../router/index.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { passing } from '../passing-under-test.ts';
import { codeOfDeliveryError, endOf, meaningOf, refusalOf } from './errors.ts';
import { signatureV2, signatureV3 } from './signing.ts';

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

interface Answered {
  readonly api_id: string;
  readonly error: string;
  readonly message_uuid: readonly string[];
  readonly message_state: string;
  readonly [field: string]: unknown;
}

const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
/** Numbers are without + here. */
const bare = (number: string): string => number.slice(1);

function ask<Body = Answered>(method: string, path: string, body?: unknown, headers: object = basic(`${ID}:${TOKEN}`)) {
  return gateway.ask<Body>(method, `/plivo/v1/Account/${ID}${path}`, body, headers as Record<string, string>);
}

function send(own: object = {}, headers?: object) {
  const fields = { src: bare(gateway.number('cpaas')), dst: bare(gateway.number('att')), text: 'Your table is ready.' };
  return ask('POST', '/Message/', { ...fields, ...own }, headers);
}

async function fetchOne(uuid: string | undefined): Promise<Answered> {
  return (await ask('GET', `/Message/${uuid}/`)).body;
}

describe('a message', () => {
  test('is queued, and read back as sent and then as delivered', async () => {
    const { status, body } = await send();
    expect([status, body.message_uuid.length]).toEqual([202, 1]);
    expect(body.api_id).toMatch(/^[0-9a-f-]{36}$/);
    const [uuid] = body.message_uuid;
    expect((await fetchOne(uuid)).message_state).toBe('sent');
    gateway.time.advance(120_000);
    expect(await fetchOne(uuid)).toMatchObject({
      message_state: 'delivered',
      message_direction: 'outbound',
      message_type: 'sms',
      message_time: '2024-03-01 18:00:00+00:00',
      from_number: bare(gateway.number('cpaas')),
      to_number: bare(gateway.number('att')),
      units: 1,
      total_amount: expect.stringMatching(/^0\.\d{5}$/) as string,
      error_code: null,
      destination_network: '310410',
      resource_uri: `/v1/Account/${ID}/Message/${uuid}/`,
    });
  });

  test('of media is an MMS, and costs what one does', async () => {
    const sms = await fetchOne((await send()).body.message_uuid[0]);
    const url = 'https://example.com/a.png';
    const [uuid] = (await send({ type: 'mms', media_urls: [url] })).body.message_uuid;
    const mms = await fetchOne(uuid);
    expect(mms['message_type']).toBe('mms');
    expect(Number(mms['carrier_fees'])).toBeGreaterThan(Number(sms['carrier_fees']));
    const { body } = await ask<{ objects: readonly object[] }>('GET', `/Message/${uuid}/Media/`);
    expect(body.objects).toMatchObject([{ media_url: url, message_uuid: uuid }]);
  });

  test('tells of its states in order, signed in both ways', async () => {
    const url = `${receiver.url}?b=2&a=1`;
    await send({ url });
    gateway.time.advance(120_000);
    const callbacks = await receiver.received(2);
    const told = callbacks.map(({ body }) => new URLSearchParams(body));
    expect(told.map((one) => [one.get('Status'), one.get('Sequence'), one.get('ErrorCode')])).toEqual([
      ['sent', '1', null],
      ['delivered', '2', null],
    ]);
    expect([told[0]?.get('MCC'), told[0]?.get('MNC'), told[0]?.get('Units')]).toEqual(['310', '410', '1']);
    expect(told[1]?.get('DeliveryReportTime')).toMatch(/^2024-03-01 18:0\d:\d\d\.\d{6}$/);
    for (const { headers, body } of callbacks) {
      expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
      const nonce = String(headers['x-plivo-signature-v3-nonce']);
      expect(nonce).toMatch(/^\d{20}$/);
      const request = { method: 'POST', url, body, nonce } as const;
      expect(headers['x-plivo-signature-v3']).toBe(signatureV3(TOKEN, request));
      expect(headers['x-plivo-signature-v2']).toBe(signatureV2(TOKEN, request));
    }
  });

  test('tells by GET if it is asked to, with all in the query', async () => {
    await send({ url: `${receiver.url}?a=1`, method: 'GET' });
    const [callback] = await receiver.received(1);
    expect([callback?.method, callback?.body]).toEqual(['GET', '']);
    const query = new URL(callback!.path, receiver.url).searchParams;
    expect([query.get('a'), query.get('Status')]).toEqual(['1', 'sent']);
  });

  test('to several is a message to each, once', async () => {
    const [one, other] = [bare(gateway.number('att')), bare(gateway.number('tmobile'))];
    const { status, body } = await send({ dst: `${one}<${other}<${one}<1555` });
    expect([status, body.message_uuid.length, body['invalid_number']]).toEqual([202, 2, ['1555']]);
    const to = await Promise.all(body.message_uuid.map((uuid) => fetchOne(uuid)));
    expect(to.map((message) => message['to_number'])).toEqual([one, other]);
  });

  test('to several of whom none is a number is refused', async () => {
    const { status, body } = await send({ dst: '1555<1556' });
    expect([status, body.error]).toEqual([400, expect.stringMatching(/^dst: /)]);
  });

  test('that is valid for a while waits no longer', async () => {
    await send({ message_expiry: 5 });
    expect(gateway.store.validUntilMs[0]).toBe(gateway.time.nowMs() + 5_000);
  });
});

test('a callback that is not taken is tried again after a minute, two and four', async () => {
  receiver.statuses.push(500, 404, 301, 500);
  await gateway.ask('PUT', '/v1/regime', { regime: 'block' });
  await send({ url: receiver.url });
  await receiver.received(1);
  const waits = [60_000, 120_000, 240_000];
  for (const [count, ms] of waits.entries()) {
    await passing(gateway, ms - 1_000);
    expect(receiver.callbacks).toHaveLength(count + 1);
    await passing(gateway, 2_000);
    await receiver.received(count + 2);
  }
  await passing(gateway, 3_600_000);
  expect(receiver.callbacks).toHaveLength(4);
  const nonces = receiver.callbacks.map(({ headers }) => headers['x-plivo-signature-v3-nonce']);
  expect(new Set(nonces).size).toBe(4);
});

describe('what the core refuses', () => {
  test('at a carrier is taken first, and told of later with its code', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    const { status, body } = await send({ url: receiver.url });
    expect(status).toBe(202);
    const [callback] = await receiver.received(1);
    const told = new URLSearchParams(callback?.body);
    expect([told.get('Status'), told.get('ErrorCode')]).toEqual(['undelivered', '100']);
    expect(await fetchOne(body.message_uuid[0])).toMatchObject({ message_state: 'undelivered', error_code: '100' });
  });

  test.each([
    ['verizon', 'landline', '50'],
    ['nobody', 'nobody', '70'],
  ] as const)('%s: a number that no handset has', async (_, group, code) => {
    const { body } = await send({ dst: bare(gateway.number(group)) });
    expect((await fetchOne(body.message_uuid[0]))['error_code']).toBe(code);
  });

  test('by the rate of the account is answered with 429, and not listed', async () => {
    await gateway.ask('PUT', `/v1/accounts/${ID}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await send()).status).toBe(202);
    const { status, body, headers } = await send();
    expect([status, body.error]).toEqual([429, expect.stringMatching(/^throttled/)]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    const list = await ask<{ objects: readonly object[] }>('GET', '/Message/');
    expect(list.body.objects).toHaveLength(1);
  });

  test('of several by the rate is taken, and has failed', async () => {
    await gateway.ask('PUT', `/v1/accounts/${ID}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    const dst = `${bare(gateway.number('att'))}<${bare(gateway.number('tmobile'))}`;
    const { body } = await send({ dst });
    const states = await Promise.all(body.message_uuid.map(async (uuid) => (await fetchOne(uuid)).message_state));
    expect(states).toEqual(['sent', 'failed']);
  });

  test('has a row for every decision, and its meaning in words', () => {
    for (const code of Object.values(DecisionCode)) {
      const refusal = refusalOf(code);
      const end = endOf(code);
      const isTaken = code === DecisionCode.Accepted || code === DecisionCode.Queued;
      expect([code, end === undefined]).toEqual([code, isTaken]);
      if (end !== undefined) expect(meaningOf(end.code)).not.toMatch(/^Something/);
      if (refusal !== undefined) {
        expect(refusal.status === 429 || refusal.status === 503).toBe(decisionAt(code).retryable);
      }
    }
    for (const [error, { name }] of DELIVERY_ERRORS.entries()) {
      if (error !== DeliveryError.None)
        expect([name, meaningOf(codeOfDeliveryError(error))]).not.toContain('Something');
    }
  });
});

describe('bad input', () => {
  test.each([
    ['no recipient', { dst: undefined }, /^dst: /],
    ['recipients that are a list', { dst: ['13105550123'] }, /^dst: /],
    ['recipients of nothing', { dst: '<' }, /^dst: /],
    ['too many recipients', { dst: Array.from({ length: 1_001 }, (_, at) => at).join('<') }, /^dst: 1000/],
    ['no sender', { src: undefined }, /^src, powerpack_uuid: /],
    ['a sender and a powerpack', { powerpack_uuid: 'x' }, /not both/],
    ['a bad recipient', { dst: '1555' }, /^dst: /],
    ['a bad sender', { src: 'ACME' }, /^src: /],
    ['nothing to send', { text: '' }, /^text: /],
    ['a text too long', { text: 'x'.repeat(1_601) }, /^text: 1600/],
    ['half a character', { text: '\ud800' }, /^text: /],
    ['bad media', { media_urls: ['nonsense'] }, /^media_urls: /],
    ['media that are no list', { media_urls: 'https://example.com/a.png' }, /^media_urls: /],
    ['too many media', { media_urls: Array(11).fill('https://example.com/a.png') }, /^media_urls: 10/],
    ['media by id', { media_ids: ['x'] }, /^media_ids: /],
    ['an MMS without media', { type: 'mms' }, /^type: /],
    ['another type', { type: 'whatsapp' }, /^type: /],
    ['a callback to nowhere', { url: 'nonsense' }, /^url: /],
    ['a callback to a forbidden host', { url: 'http://169.254.169.254/' }, /^url: /],
    ['another method', { method: 'PUT' }, /^method: /],
    ['a bad expiry', { message_expiry: 1 }, /^message_expiry: /],
  ] as const)('%s', async (_, fields, error) => {
    const { status, body } = await send(fields);
    expect([status, body.error]).toEqual([400, expect.stringMatching(error)]);
    expect(body.api_id).toBeTruthy();
    expect(gateway.store.count).toBe(0);
  });

  test('a powerpack that is none', async () => {
    expect((await send({ src: undefined, powerpack_uuid: 'x' })).status).toBe(404);
  });

  test('a body that is no JSON, or none of an object, or of another type', async () => {
    const statuses: number[] = [];
    for (const [body, type] of [
      ['{"dst":', 'application/json'],
      ['[]', 'application/json'],
      ['dst=1', 'application/x-www-form-urlencoded'],
    ] as const) {
      const headers = { ...basic(`${ID}:${TOKEN}`), 'content-type': type };
      const answer = await ask('POST', '/Message/', body, headers);
      statuses.push(answer.status);
      expect(answer.body.error).toBeTruthy();
    }
    expect(statuses).toEqual([400, 400, 415]);
  });

  test('a resource that is none', async () => {
    for (const path of ['/Message/40385f64-5717-4562-b3fc-2c963f66afa6/', '/Message/x/', '/nonsense/']) {
      const { status, body } = await ask('GET', path);
      expect([path, status, body.error]).toEqual([path, 404, 'not found']);
    }
  });
});

describe('credentials', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: ID, secret: TOKEN } });
  });

  test('of an account let its messages in, and nobody elses', async () => {
    expect((await send()).status).toBe(202);
    expect(gateway.store.accounts[0]).toBe('acme');
    for (const headers of [basic(`${ID}:wrong`), basic(`MA0:${TOKEN}`), basic(''), { authorization: 'Bearer x' }, {}]) {
      const { status, body } = await send({}, headers);
      expect([status, body.error]).toEqual([401, expect.stringMatching(/^authentication failed/)]);
    }
    expect(gateway.store.count).toBe(1);
  });

  test('see the messages of their account alone', async () => {
    await gateway.ask('PUT', '/v1/accounts/other', { kind: 'postpaid', api: { id: 'MA1', secret: 'other' } });
    const [uuid] = (await send()).body.message_uuid;
    const path = `/plivo/v1/Account/MA1/Message/${uuid}/`;
    expect((await gateway.ask('GET', path, undefined, basic('MA1:other'))).status).toBe(404);
    expect((await ask('GET', `/Message/${uuid}/`, undefined, basic('MA1:other'))).status).toBe(401);
  });
});

interface List {
  readonly objects: readonly Answered[];
  readonly meta: { readonly limit: number; readonly offset: number; readonly next: string | null };
}

describe('a list', () => {
  test('has the latest first, page by page', async () => {
    const sent: (string | undefined)[] = [];
    for (let count = 0; count < 5; count += 1) sent.push((await send()).body.message_uuid[0]);
    const found: unknown[] = [];
    for (let next: string | null = '?limit=2'; next !== null;) {
      const { body }: { readonly body: List } = await ask<List>('GET', `/Message/${next}`);
      found.push(...body.objects.map((one) => one['message_uuid']));
      next = body.meta.next?.replace(/.*\?/, '?') ?? null;
    }
    expect(found).toEqual(sent.toReversed());
  });

  test('can be asked for by state, code and time', async () => {
    await send();
    await send({ dst: bare(gateway.number('landline')) });
    const count = async (query: string): Promise<number> =>
      (await ask<List>('GET', `/Message/?${query}`)).body.objects.length;
    expect(await count('message_state=undelivered')).toBe(1);
    expect(await count('error_code=50')).toBe(1);
    expect(await count('message_direction=inbound')).toBe(0);
    expect(await count('message_time__gte=2024-03-01%2018:00')).toBe(2);
    expect(await count('message_time__gt=2024-03-01%2018:00')).toBe(0);
    for (const query of ['limit=21', 'limit=x', 'offset=-1', 'message_time=x']) {
      expect((await ask('GET', `/Message/?${query}`)).status).toBe(400);
    }
  });
});

describe('a powerpack', () => {
  async function makePowerpack(numbers: number): Promise<string> {
    const { status, body } = await ask<{ uuid: string }>('POST', '/Powerpack/', { name: 'Tables' });
    expect(status).toBe(201);
    for (let place = 0; place < numbers; place += 1) {
      const path = `/NumberPool/${body.uuid}/Number/${bare(gateway.number('cpaas', place))}/`;
      expect((await ask('POST', path)).status).toBe(201);
    }
    return body.uuid;
  }

  test('sends from its numbers in turn', async () => {
    const uuid = await makePowerpack(2);
    const dst = `${bare(gateway.number('att'))}<${bare(gateway.number('tmobile'))}`;
    const { body } = await send({ src: undefined, powerpack_uuid: uuid, dst });
    const sent = await Promise.all(body.message_uuid.map((one) => fetchOne(one)));
    expect(sent.map((one) => [one['from_number'], one['powerpack_id']])).toEqual([
      [bare(gateway.number('cpaas')), uuid],
      [bare(gateway.number('cpaas', 1)), uuid],
    ]);
  });

  test('is listed, fetched, changed and deleted, with its numbers', async () => {
    const uuid = await makePowerpack(1);
    const number = bare(gateway.number('cpaas'));
    const numbers = await ask<List>('GET', `/NumberPool/${uuid}/Number/`);
    expect(numbers.body.objects.map((one) => one['number'])).toEqual([number]);
    expect((await ask('POST', `/NumberPool/${uuid}/Number/${number}/`)).status).toBe(400);
    expect((await ask('DELETE', `/NumberPool/${uuid}/Number/${number}/`)).status).toBe(200);
    expect((await ask('GET', `/NumberPool/${uuid}/Number/${number}/`)).status).toBe(404);
    expect((await ask('POST', `/Powerpack/${uuid}/`, { name: 'Chairs' })).body['name']).toBe('Chairs');
    expect((await ask<List>('GET', '/Powerpack/')).body.objects).toMatchObject([{ uuid, name: 'Chairs' }]);
    expect((await send({ src: undefined, powerpack_uuid: uuid })).body.error).toContain('no numbers');
    expect((await ask('DELETE', `/Powerpack/${uuid}/`)).status).toBe(200);
    expect((await ask('GET', `/Powerpack/${uuid}/`)).status).toBe(404);
    expect((await ask('POST', '/Powerpack/', {})).body.error).toMatch(/^name: /);
  });
});

describe('a message from a handset', () => {
  const handset = (): string => gateway.number('tmobile');
  const inbound = (text: string, own: object = {}) =>
    gateway.ask('POST', '/v1/inbound', { from: handset(), to: gateway.number('cpaas'), text, account: 'acme', ...own });

  beforeEach(async () => {
    const webhook = { url: receiver.url };
    const api = { id: ID, secret: TOKEN };
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api, face: 'plivo', webhook });
  });

  test('is told as Plivo tells it, signed', async () => {
    await inbound('Where is it?', { media: ['https://example.com/a.png'] });
    const [callback] = await receiver.received(1);
    const { body, headers } = callback!;
    expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
      From: bare(handset()),
      To: bare(gateway.number('cpaas')),
      Text: 'Where is it?',
      Type: 'mms',
      Media0: 'https://example.com/a.png',
    });
    const nonce = String(headers['x-plivo-signature-v3-nonce']);
    const request = { method: 'POST', url: receiver.url, body, nonce } as const;
    expect(headers['x-plivo-signature-v3']).toBe(signatureV3(TOKEN, request));
  });

  test('that says STOP ends messages from that number until START', async () => {
    await inbound('STOP');
    const dst = bare(handset());
    const stopped = (await send({ dst })).body.message_uuid[0];
    expect(await fetchOne(stopped)).toMatchObject({ message_state: 'failed', error_code: '200' });
    await inbound('START');
    expect((await fetchOne((await send({ dst })).body.message_uuid[0])).message_state).toBe('sent');
  });
});

describe('10DLC', () => {
  test('a brand and a campaign are registered, and a number is put on it', async () => {
    const brand = await ask<{ brand_id: string }>('POST', '/10dlc/Brand/', {
      brand_alias: 'Tables',
      profile_uuid: '201faedc-7df9-4840-9ab1-3997ce3f7cf4',
      brand_type: 'STANDARD',
    });
    expect(brand.status).toBe(202);
    const brandId = brand.body.brand_id;
    expect((await ask('GET', `/10dlc/Brand/${brandId}/`)).body['brand']).toMatchObject({
      registration_status: 'PROCESSING',
    });
    await passing(gateway, 180_000);
    expect((await ask('GET', `/10dlc/Brand/${brandId}/`)).body['brand']).toMatchObject({
      brand_alias: 'Tables',
      registration_status: 'COMPLETED',
      vetting_status: 'VERIFIED',
    });
    expect((await ask('GET', '/10dlc/Brand/')).body['brands']).toHaveLength(1);
    expect((await ask('GET', `/10dlc/Brand/${brandId}/usecases/`)).body['use_cases']).toContainEqual({
      code: 'CUSTOMER_CARE',
      name: 'Customer care',
    });
    const campaign = await ask<{ campaign_id: string }>('POST', '/10dlc/Campaign/', {
      brand_id: brandId,
      campaign_alias: 'Ready tables',
      vertical: 'HOSPITALITY',
      usecase: 'CUSTOMER_CARE',
      description: 'Tells guests that their tables are ready.',
      message_flow: 'Guests ask for it at the door.',
      help_message: 'Ask at the door.',
      sample1: 'Your table is ready.',
      sample2: 'Your table is almost ready.',
      subscriber_optin: true,
      subscriber_optout: true,
      subscriber_help: true,
    });
    expect(campaign.status).toBe(202);
    const path = `/10dlc/Campaign/${campaign.body.campaign_id}/`;
    const number = bare(gateway.number('cpaas'));
    expect((await ask('POST', `${path}Number/`, { numbers: [number] })).status).toBe(202);
    expect((await ask('GET', `${path}Number/${number}/`)).body['status']).toBe('PROCESSING');
    await passing(gateway, 12 * 86_400_000);
    expect((await ask('GET', path)).body['campaign']).toMatchObject({ registration_status: 'COMPLETED' });
    expect((await ask('GET', `${path}Number/${number}/`)).body['status']).toBe('COMPLETED');
    const [uuid] = (await send()).body.message_uuid;
    expect((await fetchOne(uuid))['tendlc_registration_status']).toBe('registered');
    expect((await ask('GET', `/10dlc/Campaign/?brand_id=${brandId}`)).body['campaigns']).toHaveLength(1);
    const changed = await ask('POST', path, { description: 'Tells guests when their tables are free.' });
    expect(changed.body['campaign']).toMatchObject({ description: 'Tells guests when their tables are free.' });
    expect((await ask('DELETE', `${path}Number/${number}/`)).status).toBe(200);
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('DELETE', `/10dlc/Brand/${brandId}/`)).status).toBe(200);
  });

  test('what is wrong is told of with the field', async () => {
    expect((await ask('POST', '/10dlc/Brand/', {})).body.error).toMatch(/^brand_alias: /);
    expect((await ask('POST', '/10dlc/Brand/', { brand_alias: 'x' })).body.error).toMatch(/^profile_uuid: /);
    expect((await ask('POST', '/10dlc/Campaign/', { brand_id: 'B000000' })).status).toBe(404);
    expect((await ask('GET', '/10dlc/Campaign/C000000/')).status).toBe(404);
  });
});

test("a request for Plivo's own host needs no prefix", async () => {
  const { request } = await import('node:http');
  const status = await new Promise<number | undefined>((resolve) => {
    const headers = { host: 'api.plivo.com', ...basic(`${ID}:${TOKEN}`) };
    const path = `/v1/Account/${ID}/Message/`;
    request(gateway.url, { path, headers }, (response) => resolve(response.resume().statusCode)).end();
  });
  expect(status).toBe(200);
});
