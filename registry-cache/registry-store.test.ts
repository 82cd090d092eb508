import { afterAll, beforeAll, describe } from 'vitest';
import { startRedisCluster, type RedisCluster } from '../scripts/redis-cluster.ts';
import { startRedisServer, type RedisServer } from '../scripts/redis-server.ts';
import { MemoryRegistryStore } from './memory-store.ts';
import { NumberRegistry } from './number-registry.ts';
import { openRedis, type RedisConnection } from './redis/connection.ts';
import { emptyRedis } from './redis/redis-under-test.ts';
import { RedisRegistryStore } from './redis/store.ts';
import { describeRegistryStore, type StoreUnderTest } from './registry-store.contract.ts';

describeRegistryStore('memory', async ({ history }) => {
  const view = new NumberRegistry();
  const store = new MemoryRegistryStore({ registry: view, history });
  return { store, other: store, view, settleView: () => Promise.resolve(), close: () => store.close() };
});

describe('on one Redis', () => {
  let server: RedisServer;
  let connections: RedisConnection[];

  beforeAll(async () => {
    server = await startRedisServer();
    connections = await Promise.all([openRedis(server.url), openRedis(server.url)]);
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await server.stop();
  });

  describeRegistryStore('Redis', ({ history }) => openStores(connections, history));
});

describe('on six', () => {
  let cluster: RedisCluster;
  let connections: RedisConnection[];

  beforeAll(async () => {
    cluster = await startRedisCluster();
    connections = await Promise.all([openRedis(cluster.url), openRedis(cluster.url)]);
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await cluster.stop();
  });

  describeRegistryStore('Redis Cluster', ({ history }) => openStores(connections, history));
});

/** Two stores on an emptied Redis, and a view that is read whole whenever it is settled. */
async function openStores([mine, theirs]: readonly RedisConnection[], history: boolean): Promise<StoreUnderTest> {
  await emptyRedis(mine!);
  const store = await RedisRegistryStore.open(mine!, { history });
  const other = await RedisRegistryStore.open(theirs!, { history });
  const view = new NumberRegistry();
  const settleView = async () => {
    const read = new NumberRegistry();
    await Promise.all(store.reader.shards.map((_, shard) => store.reader.readShard(shard, read, 0, () => {})));
    view.adopt(read);
  };
  return { store, other, view, settleView, close: () => store.close() };
}
