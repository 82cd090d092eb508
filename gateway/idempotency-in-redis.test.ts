import { afterEach, describe, expect, test } from 'vitest';
import { formatNumber } from '../registry-cache/index.ts';
import { type CuttingProxy, startCuttingProxy } from '../scripts/cutting-proxy.ts';
import { type RedisServer, startRedisServer } from '../scripts/redis-server.ts';
import { systemClock, systemTimers } from './control/index.ts';
import { loadWorld } from './load-world.ts';
import { type Gateway, openGateway } from './main.ts';
import type { MessageAnswer, MessageRecord } from './messages/index.ts';
import { readOptions } from './options.ts';
import { createLog } from './telemetry/index.ts';

// A message sent again under its key to another gateway, after a restart and while Redis is away: whole gateways, in real time.

const FROM = '+12125550123';
const AT_ATT = '+12019161000';
const shipped = loadWorld();
/** No number is limited there, and so no new gateway has to wait for its part of such limits. */
const AT_TMOBILE = formatNumber((shipped.carrierMap.blocksOf('tmobile')[0] ?? 0) * 1_000);

interface Answered<Body> {
  readonly status: number;
  readonly text: string;
  readonly replayed: string | null;
  readonly body: Body;
}

interface BatchAnswer {
  readonly accepted: number;
  readonly refused: number;
  readonly results: readonly { readonly id?: string; readonly status: string; readonly replayed?: true }[];
}

let opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.toReversed()) await one.close();
  opened = [];
});

async function redis(): Promise<RedisServer> {
  const server = await startRedisServer();
  opened.push({ close: () => server.stop() });
  return server;
}

async function gatewayOn(redisUrl: string, flags: Readonly<Record<string, string>> = {}): Promise<Gateway> {
  const read = readOptions({
    environment: { REDIS_URL: redisUrl },
    flags: { port: '0', logLevel: 'silent', ...flags },
  });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const gateway = await openGateway({
    options: read.options,
    world: loadWorld(),
    clock: systemClock,
    timers: systemTimers,
    log: createLog('silent'),
  });
  opened.push(gateway);
  return gateway;
}

async function ask<Body>({ url }: Gateway, method: string, path: string, body?: unknown): Promise<Answered<Body>> {
  const response = await fetch(url + path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const replayed = response.headers.get('idempotent-replayed');
  return { status: response.status, text, replayed, body: JSON.parse(text) as Body };
}

const message = (idempotencyKey: string, own: Record<string, unknown> = {}): Record<string, unknown> => ({
  from: FROM,
  to: AT_TMOBILE,
  text: 'hi',
  account: 'acme',
  idempotencyKey,
  ...own,
});
const send = (gateway: Gateway, one: unknown): Promise<Answered<MessageAnswer & { type?: string }>> =>
  ask(gateway, 'POST', '/v1/messages', one);
const sendBatch = (gateway: Gateway, batch: unknown): Promise<Answered<BatchAnswer>> =>
  ask(gateway, 'POST', '/v1/messages/batch', batch);

describe('two gateways on one Redis', () => {
  test('take a message once, whichever of them it is sent to again, and both can read it back', async () => {
    const server = await redis();
    const [one, two] = [await gatewayOn(server.url), await gatewayOn(server.url)];
    const first = await send(one, message('a'));
    expect([first.status, first.replayed]).toEqual([202, null]);
    const again = await send(two, message('a'));
    expect([again.status, again.text, again.replayed]).toEqual([202, first.text, 'true']);
    expect((await send(two, message('a', { text: 'other' }))).body.type).toBe(
      'urn:tollgate:problem:idempotency-key-reused',
    );
    const batch = await sendBatch(two, [message('a'), message('b'), message('b')]);
    expect(batch.body).toMatchObject({ accepted: 3, refused: 0 });
    const [repeated, taken, twin] = batch.body.results;
    expect(repeated).toMatchObject({ id: first.body.id, replayed: true });
    expect(twin).toEqual({ ...taken, index: 2, replayed: true });
    expect((await send(one, message('b'))).body.id).toBe(taken?.id);
    expect([one.store.nextSequence, two.store.nextSequence]).toEqual([1, 1]);
    for (const gateway of [one, two]) {
      const read = await ask<MessageRecord>(gateway, 'GET', `/v1/messages/${first.body.id}`);
      expect([read.status, read.body.id, read.body.text]).toEqual([200, first.body.id, 'hi']);
    }
  });

  test('send the same at the same time, and one of them takes it', async () => {
    const server = await redis();
    const gateways = [await gatewayOn(server.url), await gatewayOn(server.url)];
    const messages = Array.from({ length: 40 }, (_, n) => message(`k${n}`));
    const sent = await Promise.all([
      ...gateways.map((gateway) => sendBatch(gateway, messages)),
      ...gateways.map((gateway) => sendBatch(gateway, messages.toReversed())),
      ...gateways.flatMap((gateway) => messages.map((one) => send(gateway, one))),
    ]);
    const ids = sent.flatMap(({ body }) => ('results' in body ? body.results.map(({ id }) => id) : [body.id]));
    expect(ids).toHaveLength(6 * 40);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(40);
    expect(gateways.reduce((sum, { store }) => sum + store.nextSequence, 0)).toBe(40);
  });

  test('one that starts when the others are gone repeats their answers: taken, waiting and refused', async () => {
    const server = await redis();
    const flags = { overLimit: 'queue' };
    const first = await gatewayOn(server.url, flags);
    const put = await ask(first, 'PUT', `/v1/numbers/${FROM}`, { campaign: 'CSOLE01' });
    expect(put.status).toBeLessThan(300);
    const filler = Array.from({ length: 15 }, () => ({ from: FROM, to: AT_ATT, text: 'hi' }));
    const messages = [message('taken'), message('refused', { from: '+18005550123' }), message('waits', { to: AT_ATT })];
    const taken = await send(first, messages[0]);
    await sendBatch(first, filler);
    const answers = [taken, await send(first, messages[1]), await send(first, messages[2])];
    expect(answers.map(({ body }) => body.status)).toEqual(['accepted', 'rejected', 'queued']);
    await first.close();
    const second = await gatewayOn(server.url, flags);
    for (const [n, { status, text }] of answers.entries()) {
      const again = await send(second, messages[n]);
      expect([again.status, again.text, again.replayed]).toEqual([status, text, 'true']);
    }
  });
});

test('Redis away: a message with a key is not decided and the answer says so; afterwards it is taken, once', async () => {
  const server = await redis();
  const proxy: CuttingProxy = await startCuttingProxy(server.port);
  opened.push(proxy);
  const gateway = await gatewayOn(`redis://127.0.0.1:${proxy.port}`);
  const before = gateway.store.nextSequence;
  proxy.cut();
  const refused = await send(gateway, message('a'));
  expect([refused.status, refused.body.type]).toEqual([503, 'urn:tollgate:problem:idempotency-unavailable']);
  const batch = await sendBatch(gateway, [message('a'), message('b')]);
  expect(batch.body.results.map(({ status }) => status)).toEqual(['undecided', 'undecided']);
  expect(gateway.store.nextSequence).toBe(before);
  proxy.heal();
  let taken = await send(gateway, message('a'));
  for (let tries = 0; taken.status !== 202 && tries < 100; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    taken = await send(gateway, message('a'));
  }
  expect([taken.status, taken.replayed]).toEqual([202, null]);
  expect((await send(gateway, message('a'))).text).toBe(taken.text);
  expect(gateway.store.nextSequence).toBe(before + 1);
});
