/** Webhooks as those see them who send messages, declare accounts and operate: over the API of a whole gateway. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import type { ServeOptions } from '../options.ts';
import type { Webhooks } from './open-webhooks.ts';
import { QueueUnavailable } from './webhook-queue.ts';
import { webhookRoutes } from './webhook-routes.ts';

interface Post {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

interface AccountBody {
  readonly webhook: { readonly url: string; readonly gone: boolean; readonly secret?: string } | null;
}

let gateway: GatewayUnderTest;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let posts: Post[];
const receiver = createServer((request, response) => {
  readAll(request).then(
    (body) => {
      posts.push({ path: request.url, headers: request.headers, body: JSON.parse(body) as Record<string, unknown> });
      answer(request, response);
    },
    () => undefined,
  );
});
const address = (path = '/receipts'): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

beforeAll(() => new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

async function open(own: Partial<Pick<ServeOptions, 'adminUser' | 'adminPassword'>> = {}): Promise<void> {
  posts = [];
  answer = (_request, response) => response.writeHead(204).end();
  gateway = await openGatewayUnderTest(own);
}

const results = async (): Promise<Record<string, number>> => {
  const { text } = await gateway.ask('GET', '/metrics');
  const lines = [...text.matchAll(/^tollgate_webhook_posts_total\{result="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, result, value]) => [result, Number(value)]));
};
const ended = (result: string, count: number): Promise<void> =>
  expect.poll(async () => (await results())[result]).toBe(count);

/** Sends one message and lets its life pass; the post of its receipt is then under way. */
async function sendOne(own: Record<string, unknown> = {}): Promise<string> {
  const { body } = await gateway.send({ callbackUrl: address(), ...own });
  gateway.time.advance(20_000);
  return body.id;
}

async function putAccount(body: Record<string, unknown>, id = 'acme'): Promise<AccountBody> {
  const answered = await gateway.ask<AccountBody>('PUT', `/v1/accounts/${id}`, { kind: 'postpaid', ...body });
  expect([200, 201]).toContain(answered.status);
  return answered.body;
}

describe('a receipt', () => {
  beforeEach(() => open());
  afterEach(() => gateway.close());

  test('is posted once, and says what a carrier tells and no more', async () => {
    const id = await sendOne({ reference: 'order 7', account: 'clinic', truth: 'spam' });
    await ended('delivered', 1);
    gateway.time.advance(60_000);
    const record = await gateway.ask<{ receipt: { at: string } }>('GET', `/v1/messages/${id}`);
    expect(posts.map(({ path, body }) => [path, body])).toEqual([
      [
        '/receipts',
        {
          event: 'receipt',
          id,
          reference: 'order 7',
          account: 'clinic',
          carrier: 'att',
          receipt: 'ACCEPTD',
          error: null,
          copy: 0,
          at: record.body.receipt.at,
        },
      ],
    ]);
    expect(posts[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': `evt_${id}_0` });
    expect(await results()).toEqual({ delivered: 1, dead: 0, dropped: 0 });
  });

  test('is posted for those who asked, and not for refused messages', async () => {
    await sendOne({ callbackUrl: undefined });
    await sendOne({ to: gateway.number('landline') });
    const id = await sendOne();
    await ended('delivered', 1);
    expect(posts).toMatchObject([{ body: { id, reference: null, account: null } }]);
  });

  test('of every message of a batch comes once', async () => {
    const message = {
      from: gateway.number('cpaas'),
      to: gateway.number('verizon'),
      text: 'hi',
      callbackUrl: address(),
    };
    const batch = Array.from({ length: 200 }, (_, index) => ({ ...message, reference: String(index) }));
    await gateway.ask('POST', '/v1/messages/batch', batch);
    gateway.time.advance(20_000);
    await ended('delivered', 200);
    const references = posts.map(({ body }) => Number(body['reference']));
    expect(references.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });
});

describe("an account's webhook", () => {
  beforeEach(() => open());
  afterEach(() => gateway.close());

  test('gets the receipts of its messages that name no address, signed, and its secret is shown once', async () => {
    const made = await putAccount({ webhook: { url: address('/account') } });
    expect(made.webhook).toEqual({
      url: address('/account'),
      gone: false,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    const shown = { url: address('/account'), gone: false };
    expect((await putAccount({ limits: { smsPerSecond: 9 } })).webhook).toEqual(shown);
    expect((await putAccount({ webhook: { url: address('/account') } })).webhook).toEqual(shown);
    const all = await gateway.ask<{ accounts: AccountBody[] }>('GET', '/v1/accounts');
    expect(all.text).not.toContain('whsec_');
    expect((await gateway.ask('GET', '/v1/accounts/acme')).text).not.toContain('whsec_');
    await sendOne({ account: 'acme', callbackUrl: undefined });
    await sendOne({ account: 'acme' });
    await sendOne({ account: 'somebody', callbackUrl: undefined });
    await ended('delivered', 2);
    expect(posts.map(({ path }) => path)).toEqual(['/account', '/receipts']);
    for (const { headers } of posts) expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  });

  test('has its secret made anew or set when asked, and ends when set to null', async () => {
    const first = (await putAccount({ webhook: { url: address() } })).webhook?.secret;
    const second = (await putAccount({ webhook: { url: address(), rotateSecret: true } })).webhook?.secret;
    expect(second).toMatch(/^whsec_/);
    expect(second).not.toBe(first);
    const own = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect((await putAccount({ webhook: { url: address(), secret: own } })).webhook).not.toHaveProperty('secret');
    expect((await putAccount({ webhook: null })).webhook).toBeNull();
    await sendOne({ account: 'acme', callbackUrl: undefined });
    await sendOne();
    await ended('delivered', 1);
    expect(posts.map(({ path }) => path)).toEqual(['/receipts']);
  });

  test('that answers 410 is sent nothing until it is set again', async () => {
    await putAccount({ webhook: { url: address() } });
    answer = (_request, response) => response.writeHead(410).end();
    await sendOne({ account: 'acme', callbackUrl: undefined });
    await ended('dead', 1);
    const show = async () => (await gateway.ask<AccountBody>('GET', '/v1/accounts/acme')).body.webhook;
    await expect.poll(show).toEqual({ url: address(), gone: true });
    await sendOne({ account: 'acme', callbackUrl: undefined });
    answer = (_request, response) => response.writeHead(200).end();
    expect((await putAccount({ webhook: { url: address() } })).webhook).toEqual({ url: address(), gone: false });
    await sendOne({ account: 'acme', callbackUrl: undefined });
    await ended('delivered', 1);
    expect(posts).toHaveLength(2);
  });
});

describe('what an operator sees', () => {
  afterEach(() => gateway.close());

  interface State {
    readonly pending: number;
    readonly deadLetters: number;
    readonly posts: Record<string, number>;
    readonly attempts: Record<string, number>;
    readonly hosts: readonly { host: string; breaker: string; underWay: number }[];
  }

  test('how sending goes, what was given up and why, and that it is sent again when asked', async () => {
    await open();
    answer = (_request, response) => response.writeHead(410).end();
    const id = await sendOne({ callbackUrl: address('/gone?token=secret') });
    await ended('dead', 1);
    const state = await gateway.ask<State>('GET', '/v1/webhooks');
    expect(state.body).toMatchObject({
      pending: 0,
      deadLetters: 1,
      posts: { delivered: 0, dead: 1, dropped: 0 },
      attempts: { ok: 0, gone: 1 },
      hosts: [{ host: new URL(address()).host, breaker: 'closed', underWay: 0 }],
    });
    const letters = await gateway.ask<{ deadLetters: unknown[] }>('GET', '/v1/webhooks/dead-letters?limit=5');
    expect(letters.body.deadLetters).toEqual([
      {
        id: `evt_${id}_0`,
        subject: id,
        account: null,
        url: address('/gone'),
        why: 'gone',
        lastStatus: 410,
        attempts: 1,
        at: expect.any(String) as string,
      },
    ]);
    answer = (_request, response) => response.writeHead(200).end();
    const replay = (body: object) =>
      gateway.ask<{ replayed: number }>('POST', '/v1/webhooks/dead-letters/replay', body);
    expect((await replay({ host: 'elsewhere:1' })).body).toEqual({ replayed: 0 });
    expect((await replay({ all: true })).body).toEqual({ replayed: 1 });
    await ended('delivered', 1);
    expect(posts.map(({ headers }) => [headers['webhook-id'], headers['tollgate-repeat']])).toEqual([
      [`evt_${id}_0`, undefined],
      [`evt_${id}_0`, 'true'],
    ]);
    expect((await gateway.ask('GET', '/v1/webhooks/dead-letters')).body).toEqual({ deadLetters: [] });
  });

  test('only with the credentials that were set', async () => {
    await open({ adminUser: 'anna', adminPassword: 'secret' });
    const authorization = `Basic ${Buffer.from('anna:secret').toString('base64')}`;
    const id = await sendOne();
    for (const [method, path] of [
      ['GET', '/v1/webhooks'],
      ['GET', '/v1/webhooks/dead-letters'],
      ['GET', `/v1/messages/${id}/webhooks`],
      ['POST', '/v1/webhooks/dead-letters/replay'],
    ] as const) {
      const body = method === 'POST' ? { all: true } : undefined;
      expect((await gateway.ask(method, path, body)).status).toBe(401);
      expect((await gateway.ask(method, path, body, { authorization })).status).toBe(200);
    }
  });
});

test.each([
  ['GET', '/v1/webhooks'],
  ['GET', '/v1/webhooks/dead-letters'],
  ['GET', '/v1/messages/M1/webhooks'],
  ['POST', '/v1/webhooks/dead-letters/replay'],
] as const)('without its queue %s %s says so, and when to ask again', async (method, url) => {
  const away = (): Promise<never> => Promise.reject(new QueueUnavailable(new Error('Redis is away')));
  const webhooks = { counts: away, deadLetters: away, ofMessage: away, replay: away } as unknown as Webhooks;
  const app = Fastify();
  await app.register(webhookRoutes, { webhooks, isMessage: () => Promise.resolve(true), requireAdmin: undefined });
  const answered = await app.inject({ method, url, ...(method === 'POST' && { body: { all: true } }) });
  expect([answered.statusCode, answered.headers['retry-after'], answered.headers['content-type']]).toEqual([
    503,
    '1',
    expect.stringContaining('application/problem+json'),
  ]);
  expect(answered.json()).toMatchObject({ type: 'urn:tollgate:problem:webhooks-unavailable', status: 503 });
  await app.close();
});

describe('what was posted about a message', () => {
  interface Answer {
    readonly webhooks: readonly {
      readonly id: string;
      readonly event: string;
      readonly copy: number;
      readonly state: string;
      readonly tried: readonly unknown[];
    }[];
    readonly missing: string | null;
  }
  beforeEach(() => open());
  afterEach(() => gateway.close());

  const of = async (id: string): Promise<Answer> =>
    (await gateway.ask<Answer>('GET', `/v1/messages/${id}/webhooks`)).body;
  const tried = (result: string, status: number | null) => ({ at: expect.any(String) as string, result, status });

  test('is told with each attempt while it waits, once it is done, and after a restored state, without secrets', async () => {
    answer = (_request, response) => response.writeHead(posts.length === 1 ? 500 : 204).end();
    const id = await sendOne({ callbackUrl: address('/receipts?token=hush') });
    await expect.poll(async () => (await of(id)).webhooks[0]?.tried.length).toBe(1);
    await expect.poll(async () => (await of(id)).webhooks[0]?.state).toBe('waiting');
    const waits = {
      id: `evt_${id}_0`,
      event: 'receipt',
      copy: 0,
      url: address(),
      state: 'waiting',
      dueAt: expect.any(String) as string,
      attempts: 1,
      tried: [tried('status', 500)],
    };
    expect(await of(id)).toEqual({ webhooks: [waits], missing: null });
    const state = Buffer.from(await (await fetch(`${gateway.url}/v1/snapshot`)).arrayBuffer());
    gateway.time.advance(20_000);
    await ended('delivered', 1);
    const done = { ...waits, state: 'done', dueAt: null, attempts: 2, tried: [tried('status', 500), tried('ok', 204)] };
    expect(await of(id)).toEqual({ webhooks: [done], missing: null });
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await fetch(`${gateway.url}/v1/snapshot`, { method: 'PUT', body: state, headers })).status).toBe(200);
    expect((await of(id)).webhooks[0]?.tried).toEqual([tried('status', 500)]);
  });

  test('is told as dead when it was given up, and as nothing when nobody asked for it', async () => {
    answer = (_request, response) => response.writeHead(410).end();
    const id = await sendOne();
    await ended('dead', 1);
    expect((await of(id)).webhooks).toMatchObject([{ state: 'dead', attempts: 1, tried: [tried('gone', 410)] }]);
    const silent = await sendOne({ callbackUrl: undefined });
    expect(await of(silent)).toEqual({ webhooks: [], missing: null });
  });

  const sendWithTwoAddresses = () => {
    const message = {
      from: gateway.number('cpaas'),
      to: gateway.number('att'),
      text: 'Your table is ready.',
      webhook_url: address('/first'),
      webhook_failover_url: address('/other'),
    };
    return gateway.ask('POST', '/telnyx/v2/messages', message, { authorization: 'Bearer KEY' });
  };

  test('is told as failed over where its other address had its turn, and leaves no dead letter', async () => {
    answer = ({ url }, response) => response.writeHead(url === '/first' ? 500 : 204).end();
    await sendWithTwoAddresses();
    const id = gateway.store.idAt(0);
    const shown = async (): Promise<readonly unknown[]> =>
      (await of(id)).webhooks.map(({ state, event, copy, ...one }) => [one.id, event, copy, state, one.tried.length]);
    const passing = setInterval(() => gateway.time.advance(500), 10);
    await expect.poll(shown).toEqual([
      [`evt_${id}_0`, 'taken', 0, 'failed_over', 3],
      [`evt_${id}_0_failover`, 'taken', 0, 'done', 1],
      [`evt_${id}_1`, 'receipt', 0, 'failed_over', 3],
      [`evt_${id}_1_failover`, 'receipt', 0, 'done', 1],
    ]);
    clearInterval(passing);
    expect(await results()).toEqual({ delivered: 2, dead: 0, dropped: 0 });
  });

  test('waits for what came before it at its other address', async () => {
    const counts: Record<string, number> = { '/first': 0, '/other': 0 };
    const failures: Record<string, number> = { '/first': 3, '/other': 2 };
    const taken: string[] = [];
    answer = ({ url = '' }, response) => {
      counts[url]! += 1;
      const isTaken = counts[url]! > failures[url]!;
      if (isTaken) taken.push(url);
      response.writeHead(isTaken ? 204 : 500).end();
    };
    await sendWithTwoAddresses();
    const passing = setInterval(() => gateway.time.advance(500), 10);
    await expect.poll(() => taken).toEqual(['/other', '/first']);
    clearInterval(passing);
  });

  test.each(['nobody', 'x'.repeat(64), `${'M'.repeat(16)}.1`])('of %s is not found', async (id) => {
    const refused = await gateway.ask('GET', `/v1/messages/${id}/webhooks`);
    expect([refused.status, refused.body.detail]).toEqual([
      404,
      'id: names no message of this run; GET /v1/messages lists those there are',
    ]);
  });
});

describe('refused with the field and what to do:', () => {
  beforeAll(() => open());
  afterAll(() => gateway.close());

  test.each([
    [{ url: 'nowhere' }, 'webhook.url: is not an address'],
    [{ url: 'ftp://127.0.0.1/' }, 'webhook.url: must begin with http:// or https://'],
    [{ url: 'http://anna:secret@localhost/' }, 'webhook.url: must not carry credentials'],
    [{ url: 'https://example.com/' }, '--callback-host example.com'],
    [{ url: 'http://169.254.169.254/' }, 'webhook.url: names the host 169.254.169.254, which is never called'],
    [{ url: `http://localhost/${'x'.repeat(2_048)}` }, 'webhook.url: has 2065 characters; 2048 is the most'],
    [{ url: 7 }, 'webhook.url: must be an http or https address as text'],
    [{}, 'webhook.url: is missing; add it'],
    ['http://localhost/', 'webhook: must be an object with a url'],
    [{ url: 'http://localhost/', secret: 'hush' }, 'webhook.secret: must be whsec_ and 24 to 64 bytes in base64'],
    [{ url: 'http://localhost/', secret: 'whsec_c2hvcnQ=' }, 'webhook.secret: must be whsec_'],
    [{ url: 'http://localhost/', secret: `whsec_${'!'.repeat(40)}` }, 'webhook.secret: must be whsec_'],
    [
      { url: 'http://localhost/', secret: `whsec_${'A'.repeat(32)}`, rotateSecret: true },
      'webhook.rotateSecret: is given beside a secret',
    ],
    [{ url: 'http://localhost/', colour: 'red' }, 'webhook.colour: is not a field of this request'],
  ])('a webhook of %j', async (webhook, expected) => {
    const refused = await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', webhook });
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toContain(expected);
    expect(refused.text).not.toContain('hush');
  });

  test.each([
    [{}, 422, 'give one of ids, host and all'],
    [{ all: true, host: 'x' }, 422, 'give one of ids, host and all'],
    [{ all: false }, 400, 'all'],
    [{ ids: [] }, 400, 'ids'],
    [{ id: 'x' }, 400, 'id: is not a field of this request'],
  ])('a replay of %j is refused', async (body, status, expected) => {
    const refused = await gateway.ask('POST', '/v1/webhooks/dead-letters/replay', body);
    expect([refused.status, refused.body.detail]).toEqual([status, expect.stringContaining(expected)]);
  });

  test.each(['limit=0', 'limit=1001', 'from=-1', 'from=x', 'page=2'])('a page of %s is refused', async (query) => {
    expect((await gateway.ask('GET', `/v1/webhooks/dead-letters?${query}`)).status).toBe(400);
  });
});

describe('an event of the campaign registry', () => {
  beforeEach(() => open());
  afterEach(() => gateway.close());

  test('goes the same way, with the signature of its own', async () => {
    const authorization = `Basic ${Buffer.from('csp-key:csp-secret').toString('base64')}`;
    const subscription = { eventCategory: 'BRAND', webhookEndpoint: address('/registry') };
    await gateway.ask('PUT', '/tcr/v2/webhook/subscription', subscription, { authorization });
    const mock = '/tcr/v2/webhook/subscription/eventType/BRAND_ADD/mock';
    answer = (_request, response) => response.writeHead(410).end();
    expect((await gateway.ask('GET', mock, undefined, { authorization })).status).toBe(200);
    await ended('dead', 1);
    expect(posts).toMatchObject([{ path: '/registry', body: { eventType: 'BRAND_ADD', mock: true } }]);
    expect(posts[0]?.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-registry-signature': expect.any(String) as string,
      'webhook-id': expect.stringMatching(/^evt_[-\da-f]{36}_0$/) as string,
      'tollgate-attempt': '1',
    });
  });
});
