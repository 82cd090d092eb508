import { createHash, createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../../../messages/index.ts';
import { decisionAt, DecisionCode } from '../../../router/index.ts';
import { CallbackReceiver, type ReceivedCallback } from '../callback-receiver-under-test.ts';
import { readJwt, signJwt } from '../tokens.ts';
import { vonageCallbacks } from './callbacks.ts';
import { endOfDecision, endOfDelivery, isRefused, problemOf, problemRefusalOf, smsRefusalOf } from './errors.ts';
import { isSigned, signatureOf } from './signature.ts';

const KEY = 'abcd1234';
const SECRET = 'a-secret';
const BASIC = { authorization: `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString('base64')}` };
const SMS = '/vonage/sms/json';
const MESSAGES = '/vonage/v1/messages';

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

type Parameters = Readonly<Record<string, string>>;

interface SmsBody {
  readonly 'message-count': string;
  readonly messages: readonly Parameters[];
}

interface Problem {
  readonly message_uuid: string;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly instance: string;
  readonly invalid_parameters?: readonly { readonly name: string; readonly reason: string }[];
}

const bare = (number: string): string => number.slice(1);

const sms = (own: object = {}): Record<string, string> => ({
  from: bare(gateway.number('cpaas')),
  to: bare(gateway.number('att')),
  text: 'Your table is ready.',
  ...own,
});

function sendSms(own: object = {}, headers: Parameters = BASIC) {
  return gateway.ask<SmsBody>('POST', SMS, sms(own), headers);
}

function sendMessage(own: object = {}, headers: Parameters = BASIC) {
  return gateway.ask<Problem>('POST', MESSAGES, { channel: 'sms', message_type: 'text', ...sms(own) }, headers);
}

/** The status and the text of the only message in an answer of the SMS API, which is always 200. */
async function smsStatus(answer: Promise<{ readonly status: number; readonly body: SmsBody }>) {
  const { status, body } = await answer;
  expect([status, body['message-count'], body.messages.length]).toEqual([200, '1', 1]);
  return [body.messages[0]?.['status'], body.messages[0]?.['error-text']];
}

const json = ({ body }: ReceivedCallback): Parameters => JSON.parse(body) as Parameters;

describe('the SMS API', () => {
  test('answers with the message', async () => {
    const { status, body } = await sendSms({ 'client-ref': 'r1' });
    expect([status, body]).toEqual([
      200,
      {
        'message-count': '1',
        messages: [
          {
            to: bare(gateway.number('att')),
            'message-id': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
            status: '0',
            'remaining-balance': '0.00000000',
            'message-price': expect.stringMatching(/^0\.\d+$/) as string,
            network: '310410',
            'client-ref': 'r1',
          },
        ],
      },
    ]);
  });

  test('has an id for each part, and a receipt', async () => {
    const { body } = await sendSms({ text: 'x'.repeat(400), callback: receiver.url });
    expect(body['message-count']).toBe('3');
    const ids = body.messages.map((message) => message['message-id']);
    expect(new Set(ids).size).toBe(3);
    gateway.time.advance(120_000);
    const told = (await receiver.received(6)).map(json);
    for (const status of ['accepted', 'delivered']) {
      expect(new Set(told.filter((one) => one['status'] === status).map((one) => one['messageId']))).toEqual(
        new Set(ids),
      );
    }
    for (const id of ids) {
      const states = told.filter((one) => one['messageId'] === id).map((one) => one['status']);
      expect(states).toEqual(['accepted', 'delivered']);
    }
    expect(new Set(told.map((one) => one['price']))).toEqual(new Set([body.messages[0]?.['message-price']]));
  });

  test.each(['query', 'form', 'json'])('takes parameters as %s, credentials among them', async (how) => {
    const parameters = sms({ api_key: KEY, api_secret: SECRET });
    const form = new URLSearchParams(parameters).toString();
    const answer =
      how === 'query'
        ? gateway.ask<SmsBody>('GET', `${SMS}?${form}`)
        : how === 'form'
          ? gateway.ask<SmsBody>('POST', SMS, form, { 'content-type': 'application/x-www-form-urlencoded' })
          : gateway.ask<SmsBody>('POST', SMS, parameters);
    expect(await smsStatus(answer)).toEqual(['0', undefined]);
    expect(gateway.store.accounts[0]).toBe(KEY);
  });

  test.each([
    ['json', '', 'POST'],
    ['json', '#json', 'POST'],
    ['form', '#post', 'POST'],
    ['query', '#get', 'GET'],
  ])('tells of receipts by %s, if the fragment of the address is %j', async (how, fragment, method) => {
    await sendSms({ callback: `${receiver.url}?a=b${fragment}`, 'client-ref': 'r1' });
    gateway.time.advance(120_000);
    const callbacks = await receiver.received(2);
    const read = ({ path, body }: ReceivedCallback): Parameters =>
      how === 'json'
        ? (JSON.parse(body) as Parameters)
        : Object.fromEntries(new URLSearchParams(how === 'form' ? body : path.split('?')[1]));
    expect(callbacks.map((one) => one.method)).toEqual([method, method]);
    expect(callbacks.every(({ path }) => path.startsWith('/callbacks?a=b'))).toBe(true);
    const { a: _, ...told } = read(callbacks[1]!);
    expect(told).toMatchObject({
      msisdn: bare(gateway.number('att')),
      to: bare(gateway.number('cpaas')),
      'network-code': '310410',
      status: 'delivered',
      scts: '2403011800',
      'err-code': '0',
      'api-key': KEY,
      'client-ref': 'r1',
      'message-timestamp': expect.stringMatching(/^2024-03-01 18:0\d:\d\d$/) as string,
    });
    expect(isSigned(told, SECRET)).toBe(true);
    expect(isSigned({ ...told, status: 'failed' }, SECRET)).toBe(false);
  });

  test('tells nothing where that was asked for', async () => {
    await sendSms({ callback: receiver.url, 'status-report-req': 'false' });
    await sendSms({ callback: receiver.url });
    gateway.time.advance(120_000);
    await receiver.received(2);
    expect(receiver.callbacks).toHaveLength(2);
  });

  test('tells later of what a carrier refuses', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    expect(await smsStatus(sendSms({ callback: receiver.url }))).toEqual(['0', undefined]);
    const [told] = await receiver.received(1);
    expect(json(told!)).toMatchObject({ status: 'rejected', 'err-code': '54' });
  });

  test('throttles by a status, with 200', async () => {
    await gateway.ask('PUT', `/v1/accounts/${KEY}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await smsStatus(sendSms()))[0]).toBe('0');
    const [status, text] = await smsStatus(sendSms());
    expect([status, text]).toEqual(['1', expect.stringMatching(/please wait/)]);
  });

  test.each([
    ['no recipient', { to: '' }, '2', /Missing to/],
    ['no sender', { from: undefined }, '2', /Missing from/],
    ['no text', { text: undefined }, '2', /Missing text/],
    ['a bad recipient', { to: '1555' }, '3', /to/],
    ['a recipient that is a list', { to: ['13105550123'] }, '3', /to/],
    ['a bad sender', { from: 'ACME' }, '15', /sender/],
    ['a text too long', { text: 'x'.repeat(1_601) }, '12', /long/],
    ['another type', { type: 'binary' }, '3', /type/],
    ['a bad ttl', { ttl: '5' }, '3', /ttl/],
    ['a reference too long', { 'client-ref': 'x'.repeat(101) }, '3', /client-ref/],
    ['a callback to nowhere', { callback: 'nonsense' }, '23', /callback/],
  ])('refuses %s', async (_, own, status, text) => {
    expect(await smsStatus(sendSms(own))).toEqual([status, expect.stringMatching(text)]);
    expect(gateway.store.count).toBe(0);
  });

  test('refuses what is no JSON, and has no parameters in another type', async () => {
    const ask = (type: string) => gateway.ask<SmsBody>('POST', SMS, '{"to":', { ...BASIC, 'content-type': type });
    expect((await smsStatus(ask('application/json')))[0]).toBe('3');
    expect(await smsStatus(ask('text/plain'))).toEqual(['2', 'Missing to param']);
    const twice = gateway.ask<SmsBody>('GET', `${SMS}?to=1&to=2`, undefined, BASIC);
    expect((await smsStatus(twice))[0]).toBe('3');
  });
});

describe('credentials of the SMS API', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: KEY, secret: SECRET } });
  });
  const send = (own: object) => smsStatus(gateway.ask<SmsBody>('POST', SMS, sms(own)));

  test('are a pair, in a header or among the parameters', async () => {
    expect((await smsStatus(sendSms()))[0]).toBe('0');
    expect(gateway.store.accounts[0]).toBe('acme');
    expect(await send({ api_key: KEY, api_secret: SECRET })).toEqual(['0', undefined]);
    expect((await send({ api_key: KEY, api_secret: 'wrong' }))[0]).toBe('4');
    expect((await smsStatus(sendSms({}, { authorization: 'Basic x' })))[0]).toBe('4');
    expect(await send({})).toEqual(['2', 'Missing api_key']);
    expect(await send({ api_key: KEY })).toEqual(['2', 'Missing api_secret']);
    expect((await send({ api_key: KEY, api_secret: SECRET, sig: 'x' }))[0]).toBe('32');
  });

  test('can be a signature', async () => {
    const parameters = sms({ api_key: KEY, timestamp: '1709316000', text: 'a=b & c' });
    expect((await send({ ...parameters, sig: signatureOf(parameters, SECRET) }))[0]).toBe('0');
    expect((await send({ ...parameters, sig: signatureOf(parameters, SECRET).toUpperCase() }))[0]).toBe('0');
    // By hand, as the documents have it: md5 over the parameters and the secret.
    const joined = Object.keys(parameters)
      .sort()
      .map((name) => `&${name}=${parameters[name]!.replaceAll(/[&=]/g, '_')}`)
      .join('');
    const md5 = createHash('md5')
      .update(joined + SECRET)
      .digest('hex');
    expect((await send({ ...parameters, sig: md5 }))[0]).toBe('0');
    const sha512 = createHmac('sha512', SECRET).update(joined).digest('hex');
    expect((await send({ ...parameters, sig: sha512 }))[0]).toBe('0');
    expect((await send({ ...parameters, sig: signatureOf(parameters, 'wrong') }))[0]).toBe('14');
    expect((await send({ ...parameters, text: 'other', sig: md5 }))[0]).toBe('14');
  });
});

describe('the Messages API', () => {
  test('takes a message, and tells what became of it, signed', async () => {
    const { status, body } = await sendMessage({ client_ref: 'r1', webhook_url: receiver.url, text: 'x'.repeat(200) });
    expect([status, Object.keys(body)]).toEqual([202, ['message_uuid']]);
    gateway.time.advance(120_000);
    const callbacks = await receiver.received(2);
    const told = callbacks.map((callback) => JSON.parse(callback.body) as Readonly<Record<string, unknown>>);
    expect(told.map((one) => one['status'])).toEqual(['submitted', 'delivered']);
    expect(told[1]).toMatchObject({
      message_uuid: body.message_uuid,
      to: bare(gateway.number('att')),
      from: bare(gateway.number('cpaas')),
      channel: 'sms',
      client_ref: 'r1',
      usage: { currency: 'USD', price: expect.stringMatching(/^0\.\d+$/) as string },
      destination: { network_code: '310410' },
      sms: { count_total: '2' },
    });
    for (const { headers, body: text } of callbacks) {
      const jwt = readJwt((headers.authorization ?? '').slice('Bearer '.length));
      expect(jwt?.isSignedWith(SECRET)).toBe(true);
      expect(jwt?.claims).toMatchObject({
        iss: 'Vonage',
        api_key: KEY,
        payload_hash: createHash('sha256').update(text).digest('hex'),
      });
    }
  });

  test('sends media as an MMS', async () => {
    const image = { url: 'https://example.com/a.png', caption: 'Look.' };
    const own = { channel: 'mms', message_type: 'image', image, text: undefined, webhook_url: receiver.url };
    expect((await sendMessage(own)).status).toBe(202);
    expect([gateway.store.media[0], gateway.store.texts.get(0)]).toEqual([[image.url], 'Look.']);
    gateway.time.advance(120_000);
    expect(JSON.parse((await receiver.received(2))[1]!.body)).toMatchObject({ channel: 'mms', status: 'delivered' });
  });

  test('tells later of what a carrier refuses, by a problem', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    const { status, body } = await sendMessage({ webhook_url: receiver.url });
    expect(status).toBe(202);
    expect(JSON.parse((await receiver.received(1))[0]!.body)).toMatchObject({
      status: 'rejected',
      error: {
        type: 'https://developer.vonage.com/api-errors/messages#1120',
        title: 1120,
        instance: body.message_uuid,
      },
    });
  });

  test('throttles by 429', async () => {
    await gateway.ask('PUT', `/v1/accounts/${KEY}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await sendMessage();
    const { status, body, headers } = await sendMessage();
    expect([status, body.type]).toEqual([429, 'https://developer.vonage.com/api-errors/messages#1000']);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test.each([
    ['no channel', { channel: undefined }, 1010, 'channel'],
    ['no recipient', { to: '' }, 1010, 'to'],
    ['no text', { text: undefined }, 1010, 'text'],
    ['another channel', { channel: 'whatsapp' }, 1020, 'channel'],
    ['media by SMS', { message_type: 'image', image: { url: 'https://example.com/a.png' } }, 1020, 'message_type'],
    ['media without address', { channel: 'mms', message_type: 'image', image: {} }, 1020, 'image.url'],
    ['a bad recipient', { to: '1555' }, 1020, 'to'],
    ['a bad sender', { from: 'ACME' }, 1020, 'from'],
    ['a sender that is a number', { from: 5 }, 1020, 'from'],
    ['a text too long', { text: 'x'.repeat(1_001) }, 1020, 'text'],
    ['a bad ttl', { ttl: 5 }, 1020, 'ttl'],
    ['a webhook to nowhere', { webhook_url: 'nonsense' }, 1020, 'webhook_url'],
  ])('refuses %s', async (_, own, code, name) => {
    const { status, body } = await sendMessage(own);
    expect([status, body.type]).toEqual([422, `https://developer.vonage.com/api-errors/messages#${code}`]);
    expect(body.invalid_parameters?.map((one) => one.name)).toEqual([name]);
    expect(body.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(gateway.store.count).toBe(0);
  });

  test('refuses what is no JSON, and what is not there', async () => {
    const malformed = await gateway.ask<Problem>('POST', MESSAGES, '{', BASIC);
    expect([malformed.status, malformed.body.title]).toEqual([400, 'Invalid JSON']);
    const nothing = await gateway.ask<Problem>('GET', '/vonage/nonsense');
    expect([nothing.status, nothing.body.type]).toEqual([404, 'https://developer.vonage.com/api-errors#not-found']);
  });

  test('knows callers by Basic, or by a JWT that it can check', async () => {
    const bearer = (claims: object, secret = SECRET): Parameters => ({
      authorization: `Bearer ${signJwt({ ...claims }, secret)}`,
    });
    expect((await sendMessage({}, bearer({ application_id: 'app-1' }, 'whatever'))).status).toBe(202);
    expect(gateway.store.accounts[0]).toBe('app-1');
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: KEY, secret: SECRET } });
    expect((await sendMessage()).status).toBe(202);
    expect((await sendMessage({}, bearer({ application_id: KEY }))).status).toBe(202);
    const wrong: Parameters[] = [
      bearer({ application_id: KEY }, 'wrong'),
      bearer({ application_id: 'app-1' }),
      bearer({}),
      { authorization: 'Bearer nonsense' },
      { authorization: `Basic ${Buffer.from(`${KEY}:wrong`).toString('base64')}` },
      {},
    ];
    for (const headers of wrong) {
      const { status, body } = await sendMessage({}, headers);
      expect([headers, status, body.title]).toEqual([headers, 401, 'Unauthorized']);
    }
  });
});

test('there is a row for every decision and every delivery error', () => {
  const unknown = problemOf(1330).title;
  for (const code of Object.values(DecisionCode)) {
    expect([code, isRefused(code)]).toEqual([code, code !== DecisionCode.Accepted && code !== DecisionCode.Queued]);
    if (!isRefused(code)) continue;
    expect([code, problemOf(endOfDecision(code).problem).title]).not.toContain(unknown);
    const http = problemRefusalOf(code)?.http;
    const isRetried = http === 429 || http === 503;
    if (http !== undefined) expect([code, isRetried]).toEqual([code, decisionAt(code).retryable]);
    if (isRetried) expect(['1', '5']).toContain(smsRefusalOf(code)?.status);
  }
  for (const error of DELIVERY_ERRORS.keys()) {
    if (error === DeliveryError.None || error === DeliveryError.Lost) continue;
    expect([error, problemOf(endOfDelivery(error).problem).title]).not.toContain(unknown);
  }
});

test('callbacks are tried again for a day', () => {
  const { waitsMs } = vonageCallbacks;
  const hours = waitsMs.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
  expect([Math.round(hours), waitsMs[0]]).toEqual([24, 5_000]);
  expect(vonageCallbacks.triesAgain({ result: 'status', status: 404 })).toBe(true);
});

describe('a message from a handset', () => {
  const inbound = (text: string, own: object = {}) =>
    gateway.ask('POST', '/v1/inbound', {
      from: gateway.number('tmobile'),
      to: gateway.number('cpaas'),
      text,
      account: 'acme',
      ...own,
    });
  const open = (fragment = '') =>
    gateway.ask('PUT', '/v1/accounts/acme', {
      kind: 'postpaid',
      api: { id: KEY, secret: SECRET },
      face: 'vonage',
      webhook: { url: receiver.url + fragment },
    });

  test('is told as the SMS API tells it', async () => {
    await open();
    await inbound('where is it?');
    const told = json((await receiver.received(1))[0]!);
    expect(told).toMatchObject({
      'api-key': KEY,
      msisdn: bare(gateway.number('tmobile')),
      to: bare(gateway.number('cpaas')),
      text: 'where is it?',
      type: 'text',
      keyword: 'WHERE',
      'message-timestamp': '2024-03-01 18:00:00',
    });
    expect(isSigned(told, SECRET)).toBe(true);
  });

  test('is told as the Messages API tells it, where that is asked for or it has media', async () => {
    await open('#messages');
    await inbound('Where is it?');
    expect(JSON.parse((await receiver.received(1))[0]!.body)).toMatchObject({
      channel: 'sms',
      message_type: 'text',
      text: 'Where is it?',
      from: bare(gateway.number('tmobile')),
      sms: { num_messages: '1', keyword: 'WHERE' },
    });
    await open();
    await inbound('Look.', { media: ['https://example.com/a.png'] });
    expect(JSON.parse((await receiver.received(2))[1]!.body)).toMatchObject({
      channel: 'mms',
      message_type: 'image',
      image: { url: 'https://example.com/a.png', caption: 'Look.' },
    });
  });

  test('that says STOP ends messages to it, in the words of both APIs', async () => {
    await open();
    await inbound('STOP');
    const to = bare(gateway.number('tmobile'));
    expect((await smsStatus(sendSms({ to })))[0]).toBe('7');
    expect((await sendMessage({ to })).status).toBe(202);
    const last = (await receiver.received(2))[1]!;
    expect(JSON.parse(last.body)).toMatchObject({ status: 'rejected', error: { title: 1050 } });
  });
});

test('asking for the head alone of what a GET would send sends nothing', async () => {
  const held = gateway.store.nextSequence;
  const { status } = await fetch(`${gateway.url}${SMS}?from=12125550123&to=13105550100&text=Hi`, { method: 'HEAD' });
  expect([status, gateway.store.nextSequence]).toEqual([404, held]);
});
