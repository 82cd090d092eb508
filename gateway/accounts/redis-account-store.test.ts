import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../../scripts/redis-cluster.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { boundsOf } from '../router/index.ts';
import { accountStoreContract } from './account-store.contract.ts';
import { AccountStoreUnavailable, NOTHING_WRITTEN } from './account-store.ts';
import { RedisAccountStore } from './redis-account-store.ts';

const KEYS = ['tollgate:{accounts}:definitions', 'tollgate:{accounts}:mark'];
const ACCOUNT = { id: 'a', isPrepaid: true, ...boundsOf('telnyx') };

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer()));
afterAll(() => server.stop());

async function emptyRedis(): Promise<Redis> {
  const redis = new Redis(server.url);
  await redis.flushall();
  return redis;
}

describe('in Redis', () => {
  accountStoreContract(async (accountsMax) => {
    const redis = await emptyRedis();
    return { store: new RedisAccountStore(redis, accountsMax), close: () => redis.quit().then(() => undefined) };
  });
});

describe('in Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => (cluster = await startRedisCluster()));
  afterAll(() => cluster.stop());

  accountStoreContract(async (accountsMax) => {
    const client = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
    await client.del(...KEYS);
    return { store: new RedisAccountStore(client, accountsMax), close: () => client.quit().then(() => undefined) };
  });
});

test('two gateways on one Redis see what the other wrote', async () => {
  const clients = [await emptyRedis(), new Redis(server.url)] as const;
  const [one, two] = [new RedisAccountStore(clients[0]), new RedisAccountStore(clients[1])];
  await one.put(ACCOUNT);
  const seen = await two.changedSince(NOTHING_WRITTEN);
  expect(seen?.accounts).toEqual([ACCOUNT]);
  await two.put({ ...ACCOUNT, isPrepaid: false });
  expect((await one.changedSince(seen!.mark))?.accounts).toEqual([{ ...ACCOUNT, isPrepaid: false }]);
  for (const client of clients) await client.quit();
});

test('a Redis that was emptied counts as changed, also when it was written to again as often as before', async () => {
  const redis = await emptyRedis();
  const store = new RedisAccountStore(redis);
  await store.put(ACCOUNT);
  const before = await store.changedSince(NOTHING_WRITTEN);
  await redis.flushall();
  expect(await store.changedSince(before!.mark)).toEqual({ accounts: [], mark: NOTHING_WRITTEN });
  await store.put({ ...ACCOUNT, id: 'b' });
  expect((await store.changedSince(before!.mark))?.accounts.map(({ id }) => id)).toEqual(['b']);
  expect((await redis.keys('*')).toSorted()).toEqual(KEYS);
  await redis.quit();
});

test('says so when Redis is away', async () => {
  const redis = new Redis({
    port: 1,
    host: '127.0.0.1',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  });
  redis.on('error', () => undefined);
  const store = new RedisAccountStore(redis);
  await expect(store.put(ACCOUNT)).rejects.toBeInstanceOf(AccountStoreUnavailable);
  await expect(store.changedSince('')).rejects.toBeInstanceOf(AccountStoreUnavailable);
  redis.disconnect();
});
