import { Cluster, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisCluster, startRedisCluster } from '../../../scripts/redis-cluster.ts';
import { type RedisServer, startRedisServer } from '../../../scripts/redis-server.ts';
import { RedisTcrStore } from './redis-tcr-store.ts';
import { tcrStoreContract } from './tcr-store.contract.ts';
import { TcrStoreUnavailable } from './tcr-store.ts';
import { openTcrUnderTest, StillTime } from './tcr-under-test.ts';

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer()));
afterAll(() => server.stop());

async function emptyRedis(): Promise<Redis> {
  const redis = new Redis(server.url);
  await redis.flushall();
  return redis;
}

describe('in Redis', () => {
  tcrStoreContract(async () => {
    const redis = await emptyRedis();
    return { store: new RedisTcrStore(redis), close: () => redis.quit().then(() => undefined) };
  });
});

describe('in Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => (cluster = await startRedisCluster()));
  afterAll(() => cluster.stop());

  tcrStoreContract(async () => {
    const client = new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })));
    await client.del('tollgate:{tcr}:reseller', 'tollgate:{tcr}:name', 'tollgate:{tcr}:counters', 'tollgate:{tcr}:due');
    return { store: new RedisTcrStore(client), close: () => client.quit().then(() => undefined) };
  });
});

test('all keys have the one hash tag that keeps them together on a cluster', async () => {
  const redis = await emptyRedis();
  const tcr = await openTcrUnderTest({ store: new RedisTcrStore(redis) });
  await tcr.campaign(await tcr.brand());
  const keys = await redis.keys('*');
  expect(keys.length).toBeGreaterThan(4);
  expect(keys.filter((key) => !key.startsWith('tollgate:{tcr}:'))).toEqual([]);
  await tcr.close();
  await redis.quit();
});

test('says so when Redis is away, and an answer to a client says to wait', async () => {
  const redis = new Redis({
    port: 1,
    host: '127.0.0.1',
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
  });
  redis.on('error', () => undefined);
  const store = new RedisTcrStore(redis);
  await expect(store.get('brand', 'B000001')).rejects.toBeInstanceOf(TcrStoreUnavailable);
  const tcr = await openTcrUnderTest({ store });
  expect(await tcr.as('csp').errors('GET', '/brand')).toEqual(['591 -']);
  await tcr.close();
  redis.disconnect();
});

describe('two gateways on one Redis', () => {
  test('see the same, give out no id twice, do each due thing once and tell of it once', async () => {
    const clients = [await emptyRedis(), new Redis(server.url)];
    const time = new StillTime();
    const [one, two] = await Promise.all(
      clients.map((redis) => openTcrUnderTest({ store: new RedisTcrStore(redis), time })),
    );
    if (one === undefined || two === undefined) throw new Error('two gateways');
    await one
      .as('csp')
      .put('/webhook/subscription', { eventCategory: 'BRAND', webhookEndpoint: 'http://127.0.0.1/hook' });

    const ids = await Promise.all(
      [one, two, one, two, one, two].map((gateway) =>
        gateway.as('csp').post<{ brandId: string }>('/brand/nonBlocking', { ...BRAND_OF_TWO }),
      ),
    );
    expect(new Set(ids.map(({ brandId }) => brandId)).size).toBe(6);
    time.move(120_000);
    await Promise.all([one.service.settle(), two.service.settle()]);
    for (const gateway of [one, two]) {
      expect(await gateway.as('csp').get('/brand?identityStatus=VERIFIED')).toMatchObject({ totalRecords: 6 });
    }
    const scored = [...one.hooks, ...two.hooks].filter(({ body }) => body.includes('BRAND_SCORE_UPDATE'));
    expect(scored).toHaveLength(6);

    for (const gateway of [one, two]) await gateway.close();
    for (const redis of clients) await redis.quit();
  });

  test('hold the number of campaigns of a brand exactly', async () => {
    const clients = [await emptyRedis(), new Redis(server.url)];
    const time = new StillTime();
    const settings = { campaignsPerBrand: 5, readsPerSecond: 1_000, writesPerTenSeconds: 1_000 };
    const [one, two] = await Promise.all(
      clients.map((redis) => openTcrUnderTest({ store: new RedisTcrStore(redis), time, settings })),
    );
    if (one === undefined || two === undefined) throw new Error('two gateways');
    const brandId = await one.brand();
    const asked = Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? one : two).campaign(brandId));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await two.as('csp').get(`/campaign?brandId=${brandId}`)).toMatchObject({ totalRecords: 5 });
    for (const gateway of [one, two]) await gateway.close();
    for (const redis of clients) await redis.quit();
  });
});

const BRAND_OF_TWO = {
  entityType: 'PRIVATE_PROFIT',
  displayName: 'Two',
  companyName: 'Two Inc',
  ein: '123456789',
  phone: '+12025550100',
  country: 'US',
  email: 'two@example.com',
  brandRelationship: 'BASIC_ACCOUNT',
  vertical: 'RETAIL',
};
