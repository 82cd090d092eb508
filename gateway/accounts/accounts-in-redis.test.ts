import { afterEach, expect, test } from 'vitest';
import { type RedisServer, startRedisServer, tell } from '../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { readOptions } from '../options.ts';
import { createLog } from '../telemetry/index.ts';

// Whole gateways on a real Redis and in real time.

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

async function gatewayOn(redisUrl: string): Promise<Gateway> {
  const read = readOptions({ environment: { REDIS_URL: redisUrl }, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const log = createLog('silent');
  const gateway = await openGateway({
    options: read.options,
    world: loadWorld(),
    clock: systemClock,
    timers: systemTimers,
    log,
  });
  opened.push(gateway);
  return gateway;
}

interface Account {
  readonly kind: string;
  readonly limits: { readonly smsPerSecond: number | null };
  readonly money: { readonly balanceMicros: number };
}

async function ask(
  gateway: Gateway,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Account }> {
  const response = await fetch(`${gateway.url}/v1/accounts${path === '' ? '' : `/${path}`}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Account };
}

async function eventually<T>(what: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    const value = await what();
    if (isSo(value)) return value;
    if (tries === 500) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('an account declared or changed at one gateway is so at the other soon, and at one that starts later', async () => {
  const { url } = await redis();
  const [one, two] = [await gatewayOn(url), await gatewayOn(url)];
  expect((await ask(one, 'PUT', 'acme', { kind: 'prepaid', profile: 'telnyx' })).status).toBe(201);
  expect((await ask(one, 'GET', 'acme')).body).toMatchObject({ kind: 'prepaid', limits: { smsPerSecond: 50 } });
  await eventually(
    () => ask(two, 'GET', 'acme'),
    ({ status }) => status === 200,
  );
  expect((await ask(two, 'PUT', 'acme', { kind: 'postpaid' })).status).toBe(200);
  await eventually(
    () => ask(one, 'GET', 'acme'),
    ({ body }) => body.kind === 'postpaid' && body.limits.smsPerSecond === null,
  );
  const three = await gatewayOn(url);
  expect((await ask(three, 'GET', 'acme')).body.kind).toBe('postpaid');
});

test('what a gateway declared and an operator changed stays changed when gateways start again', async () => {
  const { url } = await redis();
  const first = await gatewayOn(url);
  await ask(first, 'PUT', 'starter-tight', { kind: 'postpaid', limits: { smsPerSecond: 77 } });
  await first.close();
  const second = await gatewayOn(url);
  expect((await ask(second, 'GET', 'starter-tight')).body.limits.smsPerSecond).toBe(77);
});

test('while Redis is away accounts stay known and changes are answered with 503', async () => {
  const server = await redis();
  const gateway = await gatewayOn(server.url);
  await server.kill();
  const refused = await ask(gateway, 'PUT', 'acme', { kind: 'postpaid' });
  expect([refused.status, refused.body]).toMatchObject([503, { type: 'urn:tollgate:problem:accounts-unavailable' }]);
  expect((await ask(gateway, 'GET', '')).body).toMatchObject({ accounts: [{}, {}, {}] });
  await server.restart();
  await eventually(
    () => ask(gateway, 'PUT', 'acme', { kind: 'postpaid' }),
    ({ status }) => status === 201,
  );
});

test('a Redis that is emptied gets the declared accounts again', async () => {
  const server = await redis();
  const gateway = await gatewayOn(server.url);
  await tell(server, 'FLUSHALL');
  await eventually(
    () => tell(server, 'HEXISTS tollgate:{accounts}:definitions starter-tight'),
    (reply) => reply === ':1',
  );
  expect((await ask(gateway, 'GET', 'starter-tight')).status).toBe(200);
});
