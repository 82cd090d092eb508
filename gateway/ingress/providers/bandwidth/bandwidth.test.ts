import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../../../messages/index.ts';
import { decisionAt, DecisionCode, Registration } from '../../../router/index.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { bandwidthCallbacks } from './callbacks.ts';
import { codeOfDecision, codeOfDeliveryError, isRefused, meaningOf, refusalOf } from './errors.ts';

const ACCOUNT = '9900000';
const USER = 'user';
const BASIC = `Basic ${Buffer.from(`${USER}:secret`).toString('base64')}`;
const MESSAGES = `/bandwidth/users/${ACCOUNT}/messages`;
const APPLICATION = '93de2206-9669-4e07-948d-329f4b722ee2';

let gateway: GatewayUnderTest;
let receiver: CallbackReceiver;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
beforeEach(async () => {
  await gateway.ask('POST', '/v1/reset');
  receiver = await CallbackReceiver.open();
  await gateway.ask('PUT', `/v1/accounts/${USER}`, {
    kind: 'postpaid',
    face: 'bandwidth',
    webhook: { url: receiver.url },
  });
});
afterEach(() => receiver.close());
afterAll(() => gateway.close());

interface Body {
  readonly id: string;
  readonly type: string;
  readonly description: string;
  readonly fieldErrors?: readonly { readonly fieldName: string; readonly description: string }[];
  readonly [field: string]: unknown;
}

function create(own: object = {}, headers: Readonly<Record<string, string>> = {}) {
  const body = {
    applicationId: APPLICATION,
    from: gateway.number('cpaas'),
    to: [gateway.number('att')],
    text: 'Your table is ready.',
    ...own,
  };
  return gateway.ask<Body>('POST', MESSAGES, body, { authorization: BASIC, ...headers });
}

interface Event {
  readonly type: string;
  readonly to: string;
  readonly errorCode?: number;
  readonly message: Body;
}

/** The event of a callback, once it has come. */
async function event(place: number): Promise<Event> {
  const events = JSON.parse((await receiver.received(place + 1))[place]?.body ?? '') as Event[];
  expect(events).toHaveLength(1);
  return events[0]!;
}

describe('a message', () => {
  test('is taken, and told of once it has been delivered', async () => {
    const { status, body } = await create({ tag: 'a tag', priority: 'high' });
    expect([status, body]).toEqual([
      202,
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        owner: gateway.number('cpaas'),
        applicationId: APPLICATION,
        time: '2024-03-01T18:00:00.000000Z',
        segmentCount: 1,
        direction: 'out',
        to: [gateway.number('att')],
        from: gateway.number('cpaas'),
        text: 'Your table is ready.',
        tag: 'a tag',
        priority: 'high',
      },
    ]);
    gateway.time.advance(120_000);
    const told = await event(0);
    expect(told).toMatchObject({
      type: 'message-delivered',
      to: gateway.number('att'),
      message: { id: body.id, text: '', tag: 'a tag', segmentCount: 1, applicationId: APPLICATION },
    });
    expect(told).not.toHaveProperty('errorCode');
    expect(receiver.callbacks[0]?.headers['content-type']).toMatch(/^application\/json/);
  });

  test('with media is an MMS, and told of when the carrier has it, too', async () => {
    const media = ['https://example.com/a.png'];
    const { body } = await create({ media });
    expect(body['media']).toEqual(media);
    gateway.time.advance(120_000);
    expect([(await event(0)).type, (await event(1)).type]).toEqual(['message-sent', 'message-delivered']);
    expect((await event(1)).message['media']).toEqual(media);
  });

  test('to several has one id, and is told of for each', async () => {
    const to = [gateway.number('att'), gateway.number('tmobile'), gateway.number('verizon')];
    const { status, body } = await create({ to });
    expect([status, body['to']]).toEqual([202, to]);
    expect(gateway.store.count).toBe(3);
    gateway.time.advance(120_000);
    await receiver.received(3);
    const events = await Promise.all([0, 1, 2].map(event));
    expect(events.map((one) => one.to).toSorted()).toEqual(to.toSorted());
    expect(new Set(events.map((one) => one.message.id))).toEqual(new Set([body.id]));
    expect(events[2]!.message['to']).toEqual(to);
  });

  test('that expires is told of as such', async () => {
    const expiration = new Date(gateway.time.nowMs() + 5).toISOString();
    expect((await create({ expiration })).body['expiration']).toBe(expiration);
    expect((await create({ expiration: new Date(gateway.time.nowMs()).toISOString() })).status).toBe(400);
  });
});

describe('what the core refuses', () => {
  test('at a carrier is taken first, and told of later with its code', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    expect((await create()).status).toBe(202);
    expect(await event(0)).toMatchObject({ type: 'message-failed', errorCode: 4774 });
  });

  test('by the rate of the account is answered with 429 and when to come again', async () => {
    await gateway.ask('PUT', `/v1/accounts/${USER}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await create()).status).toBe(202);
    const { status, body, headers } = await create();
    expect([status, body.type]).toEqual([429, 'too-many-requests']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('has a row for every decision, and its meaning in words', () => {
    for (const code of Object.values(DecisionCode)) {
      const refusal = refusalOf(code);
      expect([code, isRefused(code)]).toEqual([code, code !== DecisionCode.Accepted && code !== DecisionCode.Queued]);
      if (refusal !== undefined) {
        expect(refusal.status === 429 || refusal.status === 503).toBe(decisionAt(code).retryable);
      } else if (isRefused(code)) {
        expect([code, meaningOf(codeOfDecision(code, Registration.NotInRegistry))]).not.toContain('unknown error');
      }
    }
    for (const [error, { name }] of DELIVERY_ERRORS.entries()) {
      const isTold = error !== DeliveryError.None && error !== DeliveryError.Superseded;
      if (isTold) expect([name, meaningOf(codeOfDeliveryError(error))]).not.toContain('unknown error');
    }
    expect(codeOfDecision(DecisionCode.UnregisteredBlocked, Registration.CampaignExpired)).toBe(4773);
  });
});

describe('bad input', () => {
  test.each([
    ['no application', { applicationId: undefined }, 'applicationId'],
    ['no recipient', { to: undefined }, 'to'],
    ['an empty list of recipients', { to: [] }, 'to'],
    ['a bad recipient', { to: ['+1555'] }, 'to'],
    ['one bad recipient among several', { to: ['+13105550123', '+1555'] }, 'to'],
    ['a recipient twice', { to: ['+13105550123', '(310) 555-0123'] }, 'to'],
    ['a recipient that is a number', { to: 13105550123 }, 'to'],
    ['no sender', { from: '' }, 'from'],
    ['a bad sender', { from: 'ACME' }, 'from'],
    ['no text', { text: '' }, 'text'],
    ['a text too long', { text: 'x'.repeat(2_049) }, 'text'],
    ['a text longer than we take', { text: 'x'.repeat(2_000) }, 'text'],
    ['a text that is none', { text: 5 }, 'text'],
    ['bad media', { media: ['nonsense'] }, 'media'],
    ['too many media', { media: Array.from({ length: 11 }, () => 'https://example.com/a.png') }, 'media'],
    ['a tag too long', { tag: 'x'.repeat(1_025) }, 'tag'],
    ['a bad priority', { priority: 'low' }, 'priority'],
    ['a bad expiration', { expiration: 'tomorrow' }, 'expiration'],
  ])('%s', async (_, own, fieldName) => {
    const { status, body } = await create(own);
    expect([status, body.type, body.fieldErrors?.map((one) => one.fieldName)]).toEqual([
      400,
      'request-validation',
      [fieldName],
    ]);
    expect(gateway.store.count).toBe(0);
  });

  test('all at once', async () => {
    const { body } = await gateway.ask<Body>('POST', MESSAGES, {}, { authorization: BASIC });
    expect(body.fieldErrors?.map(({ fieldName }) => fieldName)).toEqual(['applicationId', 'from', 'to']);
  });

  test.each([
    ['no JSON', 'POST', '{"to":', { 'content-type': 'application/json' }, 400, 'request-validation'],
    [
      'another type',
      'POST',
      'to=1',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['another method', 'DELETE', undefined, {}, 405, 'method-not-allowed'],
    ['an answer in another type', 'GET', undefined, { accept: 'text/html' }, 406, 'not-acceptable'],
  ])('%s', async (_, method, sent, headers, status, type) => {
    const answer = await gateway.ask<Body>(method, MESSAGES, sent, { authorization: BASIC, ...headers });
    expect([answer.status, answer.body.type]).toEqual([status, type]);
  });

  test('a resource that is none', async () => {
    const { status, body } = await gateway.ask<Body>('GET', '/bandwidth/nonsense', undefined, { authorization: BASIC });
    expect([status, body.type]).toEqual([404, 'not-found']);
  });
});

describe('credentials', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', `/v1/accounts/${ACCOUNT}`, { kind: 'postpaid', api: { id: USER, secret: 'secret' } });
  });

  test('of an account let its messages in, and nobody elses', async () => {
    expect((await create()).status).toBe(202);
    expect(gateway.store.accounts[0]).toBe(ACCOUNT);
    for (const authorization of [`Basic ${Buffer.from(`${USER}:wrong`).toString('base64')}`, 'Bearer x.y.z', '']) {
      const { status, body } = await create({}, { authorization });
      expect([authorization, status, body.type]).toEqual([authorization, 401, 'unauthorized']);
    }
    const other = await gateway.ask<Body>('GET', '/bandwidth/users/1/messages', undefined, { authorization: BASIC });
    expect([other.status, other.body.type]).toEqual([403, 'forbidden']);
  });

  test('can be changed for a token, for an hour', async () => {
    const token = (secret: string, grant = 'client_credentials') =>
      gateway.ask<{ access_token: string; expires_in: number; error?: string }>(
        'POST',
        '/bandwidth/api/v1/oauth2/token',
        `grant_type=${grant}&client_id=${USER}&client_secret=${secret}`,
        { 'content-type': 'application/x-www-form-urlencoded' },
      );
    expect((await token('wrong')).body.error).toBe('invalid_client');
    expect((await token('secret', 'password')).body.error).toBe('unsupported_grant_type');
    const { body } = await token('secret');
    const bearer = { authorization: `Bearer ${body.access_token}` };
    expect((await create({}, bearer)).status).toBe(202);
    const [head, claims, signature] = body.access_token.split('.');
    const forged = `${head}.${claims}.${signature?.startsWith('A') ? 'B' : 'A'}${signature?.slice(1)}`;
    expect((await create({}, { authorization: `Bearer ${forged}` })).status).toBe(401);
    gateway.time.advance(body.expires_in * 1_000);
    expect((await create({}, bearer)).status).toBe(401);
  });
});

interface List {
  readonly totalCount: number;
  readonly pageInfo: { readonly nextPage?: string; readonly nextPageToken?: string; readonly prevPageToken?: string };
  readonly messages: readonly Readonly<Record<string, unknown>>[];
}

describe('a list', () => {
  const list = async (query: string | Readonly<Record<string, string>>): Promise<List> => {
    const { body } = await gateway.ask<List>('GET', `${MESSAGES}?${new URLSearchParams(query).toString()}`, undefined, {
      authorization: BASIC,
    });
    return body;
  };

  test('has the latest first, page by page', async () => {
    for (let place = 0; place < 5; place += 1) {
      await create({ text: 'x'.repeat(place + 1) });
      gateway.time.advance(1_000);
    }
    await gateway.send();
    const lengths: unknown[] = [];
    let page = await list({ limit: '2' });
    for (;;) {
      expect(page.totalCount).toBe(5);
      lengths.push(...page.messages.map((message) => message['messageLength']));
      if (page.pageInfo.nextPage === undefined) break;
      const url = page.pageInfo.nextPage.slice(gateway.url.length);
      page = (await gateway.ask<List>('GET', url, undefined, { authorization: BASIC })).body;
    }
    expect(lengths).toEqual([5, 4, 3, 2, 1]);
    expect(page.pageInfo).not.toHaveProperty('nextPageToken');
    expect(page.pageInfo.prevPageToken).toBeTypeOf('string');
  });

  test('can be asked for by what a message has', async () => {
    const { body } = await create();
    await create({ to: [gateway.number('tmobile')], media: ['https://example.com/a.png'] });
    await gateway.ask('PUT', '/v1/regime', { carrier: 'verizon', regime: 'block' });
    await create({ to: [gateway.number('verizon')], text: 'x'.repeat(200) });
    const count = async (query: Readonly<Record<string, string>>): Promise<number> => (await list(query)).totalCount;
    expect(await count({ messageId: body.id })).toBe(1);
    expect(await count({ messageStatus: 'FAILED' })).toBe(1);
    expect(await count({ errorCode: '4774' })).toBe(1);
    expect(await count({ carrierName: 'AT&T' })).toBe(1);
    expect(await count({ messageType: 'mms' })).toBe(1);
    expect(await count({ fromSegmentCount: '2' })).toBe(1);
    expect(await count({ sourceTn: gateway.number('cpaas').slice(0, 5) })).toBe(3);
    expect(await count({ destinationTn: `${gateway.number('att')},${gateway.number('tmobile')}` })).toBe(2);
    expect(await count({ fromDateTime: '2024-03-01T18:00:00Z', toDateTime: '2024-03-01T18:00:01Z' })).toBe(3);
    expect(await count({ fromDateTime: '2024-03-02T00:00:00Z' })).toBe(0);
    expect(await count({ messageDirection: 'INBOUND' })).toBe(0);
    expect(await count({ product: 'P2P' })).toBe(0);
    const sorted = await list({ sort: 'destinationTn:asc' });
    const numbers = sorted.messages.map((message) => message['destinationTn'] as string);
    expect(numbers).toEqual(numbers.toSorted());
  });

  test.each([
    [{ limit: '0' }],
    [{ limit: '10001' }],
    [{ sort: 'text:asc' }],
    [{ sourceTn: '+1' }],
    [{ fromDateTime: 'yesterday' }],
    [{ pageToken: 'x' }],
    ['limit=1&limit=2'],
  ])('is refused for %j', async (query) => {
    expect(await list(query)).toMatchObject({ type: 'request-validation' });
  });
});

describe('callbacks', () => {
  test('are tried again for a day, whatever the failure', () => {
    const { waitsMs, timeoutMs } = bandwidthCallbacks;
    const hours = waitsMs.reduce((sum, ms) => sum + ms, 0) / 3_600_000;
    expect([Math.round(hours), timeoutMs]).toEqual([23, 10_000]);
    expect([404, 410, 500].map((status) => bandwidthCallbacks.triesAgain({ result: 'status', status }))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('that are answered with an error come again', async () => {
    receiver.statuses.push(500);
    await create();
    gateway.time.advance(120_000);
    await receiver.received(1);
    for (let step = 0; receiver.callbacks.length < 2; step += 1) {
      expect(step).toBeLessThan(1_000);
      gateway.time.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect((await receiver.received(2))[1]?.body).toBe(receiver.callbacks[0]?.body);
  });
});

describe('a message from a handset', () => {
  const inbound = (text: string, own: object = {}) =>
    gateway.ask('POST', '/v1/inbound', {
      from: gateway.number('tmobile'),
      to: gateway.number('cpaas'),
      text,
      account: USER,
      ...own,
    });

  test('is told as Bandwidth tells it', async () => {
    await inbound('Where is it?', { media: ['https://example.com/a.png'] });
    expect(await event(0)).toMatchObject({
      type: 'message-received',
      to: gateway.number('cpaas'),
      message: {
        owner: gateway.number('cpaas'),
        direction: 'in',
        to: [gateway.number('cpaas')],
        from: gateway.number('tmobile'),
        text: 'Where is it?',
        media: ['https://example.com/a.png'],
      },
    });
  });

  test('that says STOP ends messages to it, and nothing is told of the answer', async () => {
    await inbound('STOP');
    gateway.time.advance(120_000);
    expect((await create({ to: [gateway.number('tmobile')] })).status).toBe(202);
    expect((await event(0)).type).toBe('message-received');
    expect(await event(1)).toMatchObject({ type: 'message-failed', errorCode: 4775 });
  });
});
