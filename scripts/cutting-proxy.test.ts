import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.ts';
import { startRedisServer, type RedisServer } from './redis-server.ts';

let server: RedisServer;
let proxy: CuttingProxy;
const clients: Redis[] = [];

function connectThrough(): Redis {
  const client = new Redis(proxy.port, { retryStrategy: () => 20, maxRetriesPerRequest: null }).on('error', () => {});
  clients.push(client);
  return client;
}

/** Whether `promise` is still open after a while. */
const isOpen = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => false), new Promise<boolean>((resolve) => setTimeout(resolve, 100, true))]);

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await proxy.close();
});

describe('a proxy that fails on command', () => {
  it('forwards both ways, large values whole', async () => {
    proxy = await startCuttingProxy(server.port);
    const client = connectThrough();
    const value = 'x'.repeat(5_000_000);
    await client.set('large', value);
    expect((await client.get('large')) === value).toBe(true);
  });

  it('cuts what is open, refuses what comes, and heals', async () => {
    proxy = await startCuttingProxy(server.port);
    const client = connectThrough();
    await client.ping();
    const closed = new Promise((resolve) => client.once('close', resolve));
    proxy.cut();
    await closed;
    const pong = client.ping();
    expect(await isOpen(pong)).toBe(true);
    proxy.heal();
    expect(await pong).toBe('PONG');
  });

  it('hangs with connections open, and forwards what waited, in order', async () => {
    proxy = await startCuttingProxy(server.port);
    const client = connectThrough();
    await client.set('count', 0);
    proxy.hang();
    const counts = Promise.all([client.incr('count'), client.incr('count')]);
    const late = connectThrough();
    const pong = late.ping();
    expect(await Promise.all([isOpen(counts), isOpen(pong)])).toEqual([true, true]);
    expect(client.status).toBe('ready');
    proxy.heal();
    expect(await counts).toEqual([1, 2]);
    expect(await pong).toBe('PONG');
  });

  it('delays both ways', async () => {
    proxy = await startCuttingProxy(server.port);
    const client = connectThrough();
    await client.ping();
    proxy.delay(50);
    const startMs = performance.now();
    await client.ping();
    expect(performance.now() - startMs).toBeGreaterThan(98);
    proxy.delay(0);
    await client.ping();
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('ends a connection when the server does', async () => {
    const other = await startRedisServer();
    proxy = await startCuttingProxy(other.port);
    const client = connectThrough();
    await client.ping();
    const closed = new Promise((resolve) => client.once('close', resolve));
    await other.stop();
    await closed;
  });
});
