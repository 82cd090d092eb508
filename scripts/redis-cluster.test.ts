import { Cluster } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedisCluster, type RedisCluster } from './redis-cluster.ts';
import { tell } from './redis-server.ts';

let cluster: RedisCluster | undefined;
let client: Cluster | undefined;

afterEach(async () => {
  client?.disconnect();
  await cluster?.stop();
});

describe('a Redis Cluster of our own', () => {
  it('has three masters with all slots, a replica of each, and promotes that when its master crashes', async () => {
    cluster = await startRedisCluster();
    const { nodes, url } = cluster;
    expect(url).toBe(`redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`);
    const roles = await Promise.all(
      nodes.map(async (node) => /role:(\w+)/.exec(await tell(node, 'INFO replication'))?.[1]),
    );
    expect(roles).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);
    const followed = await Promise.all(
      nodes.slice(3).map(async (node) => /master_port:(\d+)/.exec(await tell(node, 'INFO replication'))?.[1]),
    );
    expect(followed.map(Number)).toEqual(nodes.slice(0, 3).map(({ port }) => port));

    const entry = new Cluster(nodes.map(({ host, port }) => ({ host, port })));
    client = entry;
    const keys = Array.from({ length: 100 }, (_, index) => `key:${index}`);
    await Promise.all(keys.map((key) => entry.set(key, key)));
    expect(await Promise.all(keys.map((key) => entry.get(key)))).toEqual(keys);
    const sizes = await Promise.all(nodes.slice(0, 3).map((node) => tell(node, 'DBSIZE')));
    expect(sizes.map((size) => Number(size.slice(1))).every((size) => size > 0 && size < 100)).toBe(true);

    await nodes[0]?.kill();
    await expect.poll(() => tell(nodes[3]!, 'INFO replication')).toContain('role:master');
    await expect.poll(() => tell(nodes[1]!, 'CLUSTER INFO')).toContain('cluster_state:ok');
    expect(await Promise.all(keys.map((key) => entry.get(key)))).toEqual(keys);
    await nodes[0]?.restart();
    await expect.poll(() => tell(nodes[0]!, 'INFO replication')).toContain('role:slave');
  });
});
