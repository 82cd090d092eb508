import { afterEach, describe, expect, it, test } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../scripts/cutting-proxy.ts';
import { type RedisServer, startRedisServer, tell } from '../scripts/redis-server.ts';
import { systemClock, systemTimers } from './control/index.ts';
import { CannotStart, loadWorld } from './load-world.ts';
import { type Gateway, openGateway } from './main.ts';
import { readOptions } from './options.ts';
import { createLog } from './telemetry/index.ts';

// Whole gateways on a real Redis and in real time.

const FROM = '+12125550123';
const TO = '+12019161000';
const DCA = `Basic ${Buffer.from('north-key:north-secret').toString('base64')}`;

let opened: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of opened.toReversed()) await one.close();
  opened = [];
});

async function redis(options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedisServer(options);
  opened.push({ close: () => server.stop() });
  return server;
}

async function proxyTo(server: RedisServer): Promise<CuttingProxy & { url: string }> {
  const proxy = await startCuttingProxy(server.port);
  opened.push(proxy);
  return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` });
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

interface Answer {
  readonly status: number;
  readonly body: {
    readonly state?: string;
    readonly registration?: unknown;
    readonly registryView?: string;
    readonly view?: { readonly ageMs: number; readonly stale: boolean };
    readonly detail?: string;
    readonly type?: string;
    readonly outcome?: string;
    readonly limit?: { readonly name: string; readonly key: string };
  };
}

async function ask({ url }: Gateway, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: DCA, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answer['body'] };
}

const provision = (gateway: Gateway, number = FROM): Promise<Answer> =>
  ask(gateway, 'PUT', `/nnsr/v1/numbers/${number}`, { campaignId: 'CTOPA01' });
const send = (gateway: Gateway): Promise<Answer> =>
  ask(gateway, 'POST', '/v1/messages', { from: FROM, to: TO, text: 'hi' });
let senders = 2_000;
/** From a number that has not sent anything, so that no limit is met however often it is tried. */
const sendAnew = (gateway: Gateway): Promise<Answer> =>
  ask(gateway, 'POST', '/v1/messages', { from: `+1212555${(senders += 1)}`, to: TO, text: 'hi' });
const stateAt = async (gateway: Gateway, number = FROM): Promise<unknown> =>
  ((await ask(gateway, 'GET', `/v1/lookup/${number}`)).body.registration as { state: string }).state;

async function eventually<T>(what: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await what();
    if (isSo(value)) return value;
    if (tries === 300) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('two gateways on one Redis', () => {
  it('hold the same numbers and campaigns, each at once for who wrote and soon for the other', async () => {
    const server = await redis();
    const [one, two] = [await gatewayOn(server.url), await gatewayOn(server.url)];
    expect(two.core.campaigns.count).toBe(one.core.campaigns.count);
    expect((await provision(one)).body.state).toBe('active');
    expect(await stateAt(one)).toBe('registered');
    await eventually(
      () => stateAt(two),
      (state) => state === 'registered',
    );
    expect((await send(two)).body.registration).toBe('registered');
    expect((await ask(two, 'DELETE', `/nnsr/v1/numbers/${FROM}`)).status).toBe(204);
    expect(await stateAt(two)).toBe('not_in_registry');
    await eventually(
      () => stateAt(one),
      (state) => state === 'not_in_registry',
    );
  });

  it('one that starts later has what was there, and history if the registry keeps it', async () => {
    const server = await redis();
    const first = await gatewayOn(server.url, { registryHistory: 'true' });
    await provision(first);
    const at = new Date().toISOString();
    await ask(first, 'DELETE', `/nnsr/v1/numbers/${FROM}`);
    await provision(first, '+12125550124');
    await first.close();
    const second = await gatewayOn(server.url, { registryHistory: 'true' });
    expect(await stateAt(second, '+12125550124')).toBe('registered');
    const traced = await ask(second, 'GET', `/v1/trace?number=%2B${FROM.slice(1)}&at=${at}`);
    expect(traced.body.outcome).toBe('traced');
  });
});

describe('a limit', () => {
  it('is one for all gateways, to the last message', async () => {
    const server = await redis();
    const gateways = [await gatewayOn(server.url), await gatewayOn(server.url), await gatewayOn(server.url)];
    const [first] = gateways;
    expect((await ask(first!, 'PUT', `/nnsr/v1/numbers/${FROM}`, { campaignId: 'CSOLE01' })).status).toBe(200);
    for (const gateway of gateways) {
      await eventually(
        () => stateAt(gateway),
        (state) => state === 'registered',
      );
    }
    // AT&T allows a sole proprietor 15 segments a minute, of which one refills in four seconds.
    const startMs = systemClock.nowMs();
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => send(gateways[index % 3]!)));
    const taken = answers.filter(({ status }) => status === 202).length;
    expect(taken).toBeGreaterThanOrEqual(15);
    expect(taken).toBeLessThanOrEqual(15 + (systemClock.nowMs() - startMs) / 4_000);
    const refused = answers.find(({ status }) => status !== 202);
    expect([refused?.status, refused?.body.limit]).toMatchObject([429, { name: 'att_campaign_tpm', key: 'CSOLE01' }]);
  });

  it('that cannot be asked admits nothing, and says so', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const gateway = await gatewayOn(proxy.url);
    await provision(gateway);
    proxy.cut();
    const refused = await send(gateway);
    expect([refused.status, refused.body]).toEqual([503, expect.objectContaining({ decision: 'limit_not_leased' })]);
  });
});

describe('a Redis that goes away', () => {
  it('has messages and writes answered with 503, since nothing can be kept; back, all catches up', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const cutOff = await gatewayOn(proxy.url, { registryStaleMs: '1500', limitsWhenAway: '1' });
    const other = await gatewayOn(server.url);
    await provision(cutOff);
    proxy.cut();
    // It may have been kept, so it is not refused.
    const unknown = await sendAnew(cutOff);
    expect([unknown.status, unknown.body.type]).toEqual([503, 'urn:tollgate:problem:not-kept']);
    expect(cutOff.intake.staleCount).toBe(0);
    await eventually(
      async () => (await ask(cutOff, 'GET', `/v1/lookup/${FROM}`)).body.view as { stale: boolean },
      ({ stale }) => stale,
    );
    expect((await ask(cutOff, 'GET', `/v1/lookup/${FROM}`)).body.view).toMatchObject({ stale: true });
    const refused = await provision(cutOff, '+12125550125');
    expect(refused.status).toBe(503);
    await provision(other, '+12125550126');
    proxy.heal();
    await eventually(
      () => stateAt(cutOff, '+12125550126'),
      (state) => state === 'registered',
    );
    await eventually(
      () => send(cutOff),
      ({ status, body }) => status === 202 && body.registryView === undefined,
    );
  });

  it('has messages refused with 503 and the age, where the operator wants that', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const gateway = await gatewayOn(proxy.url, { registryStaleMs: '1500', registryWhenStale: 'refuse' });
    proxy.cut();
    const refused = await eventually(
      () => sendAnew(gateway),
      ({ body }) => body.type === 'urn:tollgate:problem:registry-stale',
    );
    expect(refused.body.detail).toMatch(/the view of the registry is \d+ ms old and 1500 is allowed; send again later/);
    proxy.heal();
    await eventually(
      () => sendAnew(gateway),
      ({ status }) => status === 202,
    );
  });
});

test('a Redis that is emptied gets the declared campaigns again, and numbers can be put on them', async () => {
  const server = await redis();
  const gateway = await gatewayOn(server.url);
  await provision(gateway);
  await tell(server, 'FLUSHALL');
  await eventually(
    () => stateAt(gateway),
    (state) => state === 'not_in_registry',
  );
  await eventually(
    () => provision(gateway),
    ({ status }) => status === 200,
  );
  expect(await stateAt(gateway)).toBe('registered');
});

describe('a Redis that will not do stops the start, and says why', () => {
  it.each([
    ['one that forgets', ['--maxmemory-policy', 'allkeys-lru'], '', /--redis: .*noeviction/],
    ['a wrong password', ['--requirepass', 'right'], 'default:wrong@', /--redis: .*password/],
  ])('%s', async (_name, options, credentials, expected) => {
    const server = await redis(options);
    const failure = await gatewayOn(`redis://${credentials}127.0.0.1:${server.port}`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CannotStart);
    expect((failure as CannotStart).lines[0]).toMatch(expected);
    expect((failure as CannotStart).lines[0]).not.toContain('wrong@');
  });

  it('an address that is none', async () => {
    await expect(gatewayOn('http://127.0.0.1:6379')).rejects.toThrow(/--redis: .*redis:\/\//);
  });
});
