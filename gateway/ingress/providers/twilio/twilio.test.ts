import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { passing } from '../passing-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../../../messages/index.ts';
import { decisionAt, DecisionCode, Registration } from '../../../router/index.ts';
import { signatureOf } from './callbacks.ts';
import { codeOfDeliveryError, endOf, meaningOf, refusalOf } from './errors.ts';

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const TOKEN = 'f'.repeat(32);
const BASIC = `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`;
const MESSAGES = `/twilio/2010-04-01/Accounts/${SID}/Messages`;

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

interface Message {
  readonly sid: string;
  readonly status: string;
  readonly code: number;
  readonly message: string;
  readonly error_code: number | null;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

function formOf(fields: Fields): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
  );
  return new URLSearchParams(pairs).toString();
}

function create(own: Fields = {}, headers: Readonly<Record<string, string>> = {}) {
  const fields = { From: gateway.number('cpaas'), To: gateway.number('att'), Body: 'Your table is ready.', ...own };
  return gateway.ask<Message>('POST', `${MESSAGES}.json`, formOf(fields), {
    authorization: BASIC,
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  });
}

function fetchOne(sid: string) {
  return gateway.ask<Message>('GET', `${MESSAGES}/${sid}.json`, undefined, { authorization: BASIC });
}

/** Posts a form to a path of this face. */
function post<Body = Message>(path: string, fields: Fields, authorization = BASIC) {
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  return gateway.ask<Body>('POST', `/twilio${path}`, formOf(fields), headers);
}

function get<Body = Message>(path: string) {
  return gateway.ask<Body>(
    'GET',
    path.startsWith('http') ? path.slice(gateway.url.length) : `/twilio${path}`,
    undefined,
    {
      authorization: BASIC,
    },
  );
}

/** Fields of a callback, once it has come. */
async function callback(place: number): Promise<URLSearchParams> {
  return new URLSearchParams((await receiver.received(place + 1))[place]?.body);
}

describe('a message', () => {
  test('is taken as queued, and read back as sent and then as delivered', async () => {
    const created = await create();
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      account_sid: SID,
      body: 'Your table is ready.',
      date_sent: null,
      direction: 'outbound-api',
      error_code: null,
      num_segments: '1',
      num_media: '0',
      price: null,
      status: 'queued',
      to: gateway.number('att'),
    });
    expect(created.body.sid).toMatch(/^SM[0-9a-f]{32}$/);
    expect(created.body['date_created']).toBe('Fri, 01 Mar 2024 18:00:00 +0000');
    expect((await fetchOne(created.body.sid)).body.status).toBe('sent');
    gateway.time.advance(120_000);
    const { body } = await fetchOne(created.body.sid);
    expect(body).toMatchObject({ status: 'delivered', error_code: null });
    expect(body['price']).toMatch(/^-0\.\d{5}$/);
  });

  test('tells of its states in order, signed', async () => {
    await create({ StatusCallback: `${receiver.url}?a=b` });
    gateway.time.advance(120_000);
    const [sent, delivered] = await receiver.received(2);
    expect([sent, delivered].map((one) => new URLSearchParams(one?.body).get('MessageStatus'))).toEqual([
      'sent',
      'delivered',
    ]);
    for (const callback of [sent!, delivered!]) {
      expect(callback.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
      expect(callback.headers['x-twilio-signature']).toBe(signatureOf(TOKEN, `${receiver.url}?a=b`, callback.body));
    }
    expect(new URLSearchParams(delivered!.body).get('RawDlrDoneDate')).toMatch(/^2403011800$/);
  });
});

test('media of a message are listed and fetched, by what their addresses look like', async () => {
  const { body } = await create({ MediaUrl: ['https://example.com/cat.PNG?size=1', 'https://example.com/letter'] });
  expect(body['num_media']).toBe('2');
  const { media } = body['subresource_uris'] as { media: string };
  const list = await get<{ media_list: readonly Message[]; next_page_uri: null }>(media);
  expect(list.body).toMatchObject({ start: 0, end: 1, next_page_uri: null });
  const types = list.body.media_list.map((one) => [one['content_type'], one['parent_sid']]);
  expect(types).toEqual([
    ['image/png', body.sid],
    ['application/octet-stream', body.sid],
  ]);
  const [first] = list.body.media_list;
  expect(first?.sid).toMatch(/^ME[0-9a-f]{32}$/);
  expect((await get(first!['uri'] as string)).body).toEqual(first);
  const plain = await create();
  expect((await get(`/2010-04-01/Accounts/${SID}/Messages/${plain.body.sid}/Media.json`)).body['media_list']).toEqual(
    [],
  );
  for (const path of [`${plain.body.sid}/Media/${first!.sid}`, `SM${'0'.repeat(32)}/Media`]) {
    const { status, body: error } = await get(`/2010-04-01/Accounts/${SID}/Messages/${path}.json`);
    expect([status, error.code]).toEqual([404, 20404]);
  }
});

describe('what the core refuses', () => {
  test('at a carrier is taken first, and told of later with its code', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    const { status, body } = await create({ StatusCallback: receiver.url });
    expect([status, body.status, body.error_code]).toEqual([201, 'queued', null]);
    const told = await callback(0);
    expect([told.get('MessageStatus'), told.get('ErrorCode'), told.has('RawDlrDoneDate')]).toEqual([
      'undelivered',
      '30034',
      false,
    ]);
    const { body: fetched } = await fetchOne(body.sid);
    expect(fetched).toMatchObject({ status: 'undelivered', error_code: 30034, price: null });
  });

  test.each([
    ['verizon', 'landline', 30006],
    ['nobody', 'nobody', 30005],
  ] as const)('%s: a number that no handset has', async (_, group, code) => {
    const { body } = await create({ To: gateway.number(group) });
    expect((await fetchOne(body.sid)).body.error_code).toBe(code);
  });

  test('by the rate of the account is answered with 429 and when to come again', async () => {
    await gateway.ask('PUT', `/v1/accounts/${SID}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await create()).status).toBe(201);
    const { status, body, headers } = await create();
    expect([status, body]).toEqual([
      429,
      {
        code: 20429,
        message: expect.any(String) as string,
        more_info: 'https://www.twilio.com/docs/errors/20429',
        status: 429,
      },
    ]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('has a row for every decision, and its meaning in words', () => {
    for (const code of Object.values(DecisionCode)) {
      const refusal = refusalOf(code);
      const end = endOf(code, Registration.NotInRegistry);
      const isTaken = code === DecisionCode.Accepted || code === DecisionCode.Queued;
      expect([code, end === undefined]).toEqual([code, isTaken]);
      if (end !== undefined) expect(meaningOf(end.code)).not.toMatch(/^Something/);
      if (refusal !== undefined)
        expect(refusal.status === 429 || refusal.status === 503).toBe(decisionAt(code).retryable);
    }
    for (const [error, { name }] of DELIVERY_ERRORS.entries()) {
      if (error !== DeliveryError.None)
        expect([name, meaningOf(codeOfDeliveryError(error))]).not.toContain('Something');
    }
  });

  test('names the campaign if the number has one', () => {
    expect(endOf(DecisionCode.UnregisteredBlocked, Registration.CampaignExpired)?.code).toBe(30033);
    expect(endOf(DecisionCode.UnregisteredBlocked, Registration.NotYetProvisioned)?.code).toBe(30034);
  });
});

describe('bad input', () => {
  test.each([
    ['no recipient', { To: '' }, 400, 21604],
    ['no sender', { From: '' }, 400, 21603],
    ['a bad recipient', { To: '+1555' }, 400, 21211],
    ['a bad sender', { From: 'ACME' }, 400, 21212],
    ['no body', { Body: '' }, 400, 21602],
    ['a body too long', { Body: 'x'.repeat(1_601) }, 400, 21617],
    ['bad media', { MediaUrl: 'nonsense' }, 400, 21620],
    ['too many media', { MediaUrl: Array.from({ length: 11 }, () => 'https://example.com/a.png') }, 400, 21623],
    ['a callback to nowhere', { StatusCallback: 'nonsense' }, 400, 21609],
    ['a callback to a forbidden host', { StatusCallback: 'http://169.254.169.254/' }, 400, 21609],
    ['a service that is none', { MessagingServiceSid: `MG${'0'.repeat(32)}` }, 404, 21701],
    ['a recipient twice', { To: ['+13105550123', '+13105550124'] }, 400, 20001],
    ['a bad validity', { ValidityPeriod: '0' }, 400, 20001],
  ] as const)('%s', async (_, fields, status, code) => {
    const answer = await create(fields);
    expect([answer.status, answer.body.code, answer.body.status]).toEqual([status, code, status]);
    expect(answer.body['more_info']).toBe(`https://www.twilio.com/docs/errors/${code}`);
    expect(gateway.store.count).toBe(0);
  });

  test('a message to its own sender', async () => {
    expect((await create({ To: gateway.number('cpaas') })).body.code).toBe(21266);
  });

  test('a body of another type has no parameters', async () => {
    const { status, body } = await create({}, { 'content-type': 'application/json' });
    expect([status, body.code]).toEqual([400, 21604]);
  });

  test('a resource that is none', async () => {
    for (const path of [`/SM${'0'.repeat(32)}.json`, '/nonsense.json', '.xml']) {
      const { status, body } = await get(`/2010-04-01/Accounts/${SID}/Messages${path}`);
      expect([path, status, body.code]).toEqual([path, 404, 20404]);
    }
  });
});

describe('credentials', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: SID, secret: TOKEN } });
  });

  test('of an account let its messages in, and nobody elses', async () => {
    const right = await create();
    expect(right.status).toBe(201);
    expect(gateway.store.accounts[0]).toBe('acme');
    const headers = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    const key = await create({}, headers(`SK${'1'.repeat(32)}:${TOKEN}`));
    expect(key.status).toBe(201);
    for (const pair of [`${SID}:wrong`, `AC0:${TOKEN}`, `${SID}`, '']) {
      const { status, body } = await create({}, headers(pair));
      expect([pair, status, body.code]).toEqual([pair, 401, 20003]);
    }
    expect((await create({}, { authorization: 'Bearer x' })).body.code).toBe(20003);
    expect(gateway.store.count).toBe(2);
  });

  test('see the messages of their account alone', async () => {
    const other = `AC${'9'.repeat(32)}`;
    await gateway.ask('PUT', '/v1/accounts/other', { kind: 'postpaid', api: { id: other, secret: 'other' } });
    const { body } = await create();
    const authorization = `Basic ${Buffer.from(`${other}:other`).toString('base64')}`;
    const path = (account: string) => `/twilio/2010-04-01/Accounts/${account}/Messages`;
    const ask = (url: string) => gateway.ask<Message>('GET', url, undefined, { authorization });
    expect((await ask(`${path(other)}/${body.sid}.json`)).status).toBe(404);
    expect((await ask(`${path(SID)}/${body.sid}.json`)).status).toBe(401);
    expect((await ask(`${path(other)}.json`)).body['messages']).toEqual([]);
  });
});

interface List {
  readonly messages: readonly Message[];
  readonly next_page_uri: string | null;
  readonly previous_page_uri: string | null;
  readonly page: number;
  readonly end: number;
}

describe('a list', () => {
  test('has the latest first, page by page', async () => {
    for (let place = 0; place < 5; place += 1) await create({ Body: `Text ${place}` });
    await gateway.send();
    const bodies: unknown[] = [];
    let uri: string | null = `/2010-04-01/Accounts/${SID}/Messages.json?PageSize=2`;
    let lastUri: string | null = null;
    while (uri !== null) {
      lastUri = uri;
      const { body }: { readonly body: List } = await get<List>(uri);
      expect(body.messages.length).toBeLessThanOrEqual(2);
      bodies.push(...body.messages.map((message) => message['body']));
      uri = body.next_page_uri;
    }
    expect(bodies).toEqual([4, 3, 2, 1, 0].map((place) => `Text ${place}`));
    const back: unknown[] = [];
    for (uri = lastUri; uri !== null;) {
      const { body }: { readonly body: List } = await get<List>(uri);
      back.unshift(...body.messages.map((message) => message['body']));
      uri = body.previous_page_uri;
    }
    expect(back).toEqual(bodies);
  });

  test('can be asked for by number and date', async () => {
    const to = gateway.number('tmobile');
    await create({ To: to });
    await create();
    const count = async (query: string): Promise<number> => {
      const { body } = await get<List>(`/2010-04-01/Accounts/${SID}/Messages.json?${query}`);
      return body.messages.length;
    };
    expect(await count(new URLSearchParams({ To: to }).toString())).toBe(1);
    expect(await count(new URLSearchParams({ DateSent: '2024-03-01' }).toString())).toBe(2);
    expect(await count(new URLSearchParams({ DateSent: '2024-03-02' }).toString())).toBe(0);
    expect(await count(new URLSearchParams({ 'DateSent>': '2024-03-01T19:00:00Z' }).toString())).toBe(0);
    const { body } = await get(`/2010-04-01/Accounts/${SID}/Messages.json?PageSize=x`);
    expect(body.code).toBe(20001);
  });
});

test('a message can lose its text and then itself, once it has come to its end', async () => {
  const { body } = await create();
  const path = `/2010-04-01/Accounts/${SID}/Messages/${body.sid}.json`;
  expect((await post(path, { Body: '' })).body.code).toBe(20009);
  expect((await post(path, { Status: 'canceled' })).body.code).toBe(20409);
  gateway.time.advance(120_000);
  expect((await post(path, { Body: '' })).body['body']).toBe('');
  expect((await post(path, { Body: 'other' })).body.code).toBe(20001);
  const remove = () => gateway.ask('DELETE', `/twilio${path}`, undefined, { authorization: BASIC });
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
});

interface Service extends Message {
  readonly phone_numbers: readonly Message[];
}

/** A messaging service with one number. */
async function makeService(fields: Fields = {}): Promise<Service> {
  const { body: service } = await post<Service>('/v1/Services', { FriendlyName: 'Tables', ...fields });
  await addNumber(service.sid, gateway.number('cpaas'));
  return service;
}

async function addNumber(serviceSid: string, number: string) {
  const { body: found } = await post(`/2010-04-01/Accounts/${SID}/IncomingPhoneNumbers.json`, { PhoneNumber: number });
  return post(`/v1/Services/${serviceSid}/PhoneNumbers`, { PhoneNumberSid: found.sid });
}

describe('a messaging service', () => {
  test('sends from its numbers in turn, and is told of what became of it', async () => {
    const service = await makeService({ StatusCallback: receiver.url });
    expect((await addNumber(service.sid, gateway.number('cpaas', 1))).status).toBe(201);
    const sent = await Promise.all([0, 1, 2].map(() => create({ From: '', MessagingServiceSid: service.sid })));
    expect(sent.map(({ body }) => [body.status, body['from'], body['messaging_service_sid']])).toEqual(
      [0, 1, 2].map(() => ['accepted', null, service.sid]),
    );
    const numbers = Array.from(gateway.store.senderKey.slice(0, 3), (key) => `+1${key}`);
    expect(numbers).toEqual([gateway.number('cpaas'), gateway.number('cpaas', 1), gateway.number('cpaas')]);
    expect((await callback(0)).get('MessagingServiceSid')).toBe(service.sid);
  });

  test('is listed, fetched, changed and deleted, with its numbers', async () => {
    const service = await makeService();
    const list = await get<{ services: readonly Message[]; meta: { url: string; next_page_url: null } }>(
      '/v1/Services',
    );
    expect(list.body.services.map(({ sid }) => sid)).toEqual([service.sid]);
    expect(list.body.meta).toMatchObject({
      key: 'services',
      next_page_url: null,
      url: expect.stringContaining(gateway.url) as string,
    });
    expect((await get(service['url'] as string)).body.sid).toBe(service.sid);
    const numbers = await get<Service>(`/v1/Services/${service.sid}/PhoneNumbers`);
    expect(numbers.body.phone_numbers.map((one) => one['phone_number'])).toEqual([gateway.number('cpaas')]);
    expect((await addNumber(service.sid, gateway.number('cpaas'))).body.code).toBe(21710);
    expect((await post(`/v1/Services/${service.sid}`, { FriendlyName: 'Chairs' })).body['friendly_name']).toBe(
      'Chairs',
    );
    const gone = await gateway.ask('DELETE', `/twilio/v1/Services/${service.sid}`, undefined, { authorization: BASIC });
    expect(gone.status).toBe(204);
    expect((await get(`/v1/Services/${service.sid}`)).body.code).toBe(20404);
  });

  test('sends what was scheduled when its time has come, under the sid it had from the start', async () => {
    const service = await makeService({ StatusCallback: receiver.url });
    const inAnHour = new Date(gateway.time.nowMs() + 3_600_000).toISOString();
    const plan = (SendAt = inAnHour) =>
      create({ From: '', MessagingServiceSid: service.sid, ScheduleType: 'fixed', SendAt });
    const [first, second] = [await plan(), await plan()];
    expect([first.status, first.body.status, second.body.status]).toEqual([201, 'scheduled', 'scheduled']);
    const path = `/2010-04-01/Accounts/${SID}/Messages/${second.body.sid}.json`;
    expect((await post(path, { Status: 'canceled' })).body.status).toBe('canceled');
    for (const wrong of ['', 'tomorrow', new Date(gateway.time.nowMs()).toISOString()]) {
      expect((await plan(wrong)).body.code).toBe(35114);
    }
    expect(gateway.store.count).toBe(0);
    gateway.time.advance(3_600_000 + 1_000);
    expect(gateway.store.count).toBe(1);
    expect((await callback(0)).get('MessageSid')).toBe(first.body.sid);
    expect((await fetchOne(first.body.sid)).body).toMatchObject({
      sid: first.body.sid,
      status: expect.stringMatching(/^(sent|delivered)$/) as string,
    });
    expect((await fetchOne(second.body.sid)).body.status).toBe('canceled');
  });

  test('without numbers sends nothing', async () => {
    const { body: service } = await post('/v1/Services', { FriendlyName: 'Empty' });
    expect((await create({ From: '', MessagingServiceSid: service.sid })).body.code).toBe(21704);
  });

  test('puts its numbers on its campaign, once that is approved', async () => {
    const service = await makeService();
    const brand = await post('/v1/a2p/BrandRegistrations', {
      CustomerProfileBundleSid: `BU${'1'.repeat(32)}`,
      A2PProfileBundleSid: `BU${'2'.repeat(32)}`,
    });
    expect([brand.status, brand.body.status]).toEqual([201, 'PENDING']);
    await passing(gateway, 180_000);
    const path = `/v1/a2p/BrandRegistrations/${brand.body.sid}`;
    expect((await get(path)).body).toMatchObject({ status: 'APPROVED', identity_status: 'VERIFIED' });
    const compliance = `/v1/Services/${service.sid}/Compliance/Usa2p`;
    const campaign = await post(compliance, {
      BrandRegistrationSid: brand.body.sid,
      Description: 'Tells guests that their tables are ready.',
      MessageFlow: 'Guests ask for it at the door.',
      MessageSamples: ['Your table is ready.', 'Your table is almost ready.'],
      UsAppToPersonUsecase: 'CUSTOMER_CARE',
      HasEmbeddedLinks: 'false',
      HasEmbeddedPhone: 'false',
    });
    expect([campaign.status, campaign.body['campaign_status']]).toEqual([201, 'IN_PROGRESS']);
    expect((await get(`${compliance}/Usecases?BrandRegistrationSid=${brand.body.sid}`)).status).toBe(200);
    await passing(gateway, 12 * 86_400_000);
    expect((await get(`${compliance}/${campaign.body.sid}`)).body['campaign_status']).toBe('VERIFIED');
    const { body } = await create({ From: '', MessagingServiceSid: service.sid });
    expect(body.status).toBe('accepted');
    expect(gateway.store.campaign[0]).toBeGreaterThanOrEqual(0);
    const nobody = await post(compliance, { BrandRegistrationSid: 'BN0' });
    expect([nobody.status, nobody.body.code]).toEqual([400, 20001]);
  });
});

describe('a message from a handset', () => {
  const handset = (): string => gateway.number('tmobile');
  const inbound = (text: string, own: object = {}) =>
    gateway.ask<{ id: string; keyword?: string }>('POST', '/v1/inbound', {
      from: handset(),
      to: gateway.number('cpaas'),
      text,
      account: 'acme',
      ...own,
    });

  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', {
      kind: 'postpaid',
      api: { id: SID, secret: TOKEN },
      face: 'twilio',
      webhook: { url: receiver.url },
    });
  });

  test('is told as Twilio tells it, signed, and its answer is of no interest', async () => {
    await inbound('Where is it?', { media: ['https://example.com/a.png'] });
    const [told] = await receiver.received(1);
    const fields = new URLSearchParams(told!.body);
    expect(Object.fromEntries(fields)).toMatchObject({
      AccountSid: SID,
      Body: 'Where is it?',
      From: handset(),
      To: gateway.number('cpaas'),
      NumMedia: '1',
      MediaUrl0: 'https://example.com/a.png',
      SmsStatus: 'received',
    });
    expect(told!.headers['x-twilio-signature']).toBe(signatureOf(TOKEN, receiver.url, told!.body));
  });

  test('that says STOP ends messages from that number until START', async () => {
    const send = () => create({ To: handset() });
    expect((await send()).status).toBe(201);
    expect((await inbound(' stop ')).body.keyword).toBe('stop');
    expect((await send()).body.code).toBe(21610);
    expect((await create({ From: gateway.number('cpaas', 1), To: handset() })).status).toBe(201);
    expect((await inbound('HELP')).body.keyword).toBe('help');
    expect((await send()).body.code).toBe(21610);
    expect((await inbound('Start')).body.keyword).toBe('start');
    expect((await send()).status).toBe(201);
    const texts = (await receiver.received(3)).map(({ body }) => new URLSearchParams(body).get('Body'));
    expect(new Set(texts)).toEqual(new Set([' stop ', 'HELP', 'Start']));
    // STOP and START were answered; HELP not, since its sender is out.
    const sent = Array.from({ length: gateway.store.count }, (_, at) => gateway.store.texts.get(at));
    expect(sent.filter((text) => text.includes('unsubscribed'))).toHaveLength(1);
    expect(sent.filter((text) => text.includes('again. Reply STOP'))).toHaveLength(1);
  });

  test('that says STOP to a messaging service ends messages from all its numbers', async () => {
    const service = await makeService();
    await addNumber(service.sid, gateway.number('cpaas', 1));
    await inbound('STOP');
    expect((await create({ From: gateway.number('cpaas', 1), To: handset() })).body.code).toBe(21610);
    await addNumber(service.sid, gateway.number('cpaas', 2));
    expect((await create({ From: gateway.number('cpaas', 2), To: handset() })).body.code).toBe(21610);
  });
});

test('a callback whose receiver cannot be reached is tried once more', async () => {
  const { url } = receiver;
  await receiver.close();
  await create({ StatusCallback: url });
  const letters = async () => {
    const { body } = await gateway.ask<{ deadLetters: { attempts: number; why: string }[] }>(
      'GET',
      '/v1/webhooks/dead-letters',
    );
    return body.deadLetters;
  };
  while ((await letters()).length === 0) gateway.time.advance(50);
  expect(await letters()).toMatchObject([{ attempts: 2, why: 'unreachable' }]);
  receiver = await CallbackReceiver.open();
});

test('a message is sending while its carrier is away, and sent once it takes it', async () => {
  const outage = await gateway.ask('PUT', '/v1/faults/away', { scope: { carrier: 'att' }, outage: true });
  expect(outage.status).toBe(201);
  const { body } = await create({ StatusCallback: receiver.url });
  gateway.time.advance(30_000);
  expect((await fetchOne(body.sid)).body.status).toBe('sending');
  expect(receiver.callbacks).toEqual([]);
  await gateway.ask('DELETE', '/v1/faults');
  gateway.time.advance(300_000);
  expect((await callback(0)).get('MessageStatus')).toBe('sent');
});

test('a callback that was answered is not tried again, whatever the answer', async () => {
  receiver.statuses.push(500, 500);
  await create({ StatusCallback: receiver.url });
  gateway.time.advance(120_000);
  await receiver.received(2);
  gateway.time.advance(3_600_000);
  expect(receiver.callbacks).toHaveLength(2);
});

test("a request for Twilio's own host needs no prefix", async () => {
  const { request } = await import('node:http');
  const status = await new Promise<number | undefined>((resolve) => {
    const path = `/2010-04-01/Accounts/${SID}/Messages.json`;
    const headers = { host: 'api.twilio.com', authorization: BASIC };
    request(gateway.url, { path, headers }, (response) => resolve(response.resume().statusCode)).end();
  });
  expect(status).toBe(200);
});
