import type { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRedisCluster, type RedisCluster } from '../../scripts/redis-cluster.ts';
import { startRedisSentinel, type RedisSentinel } from '../../scripts/redis-sentinel.ts';
import { eventually, tell, type RedisServer } from '../../scripts/redis-server.ts';
import { atEnd, endAll, open, refused, SOON, start } from './connection-under-test.ts';

afterEach(endAll);

describe('Sentinel', () => {
  let sentinel: RedisSentinel;
  beforeAll(async () => {
    sentinel = await startRedisSentinel();
  });
  afterAll(() => sentinel.stop());

  it('is refused without a master of that name, with a server that is none, and as a server', async () => {
    const { url, master, sentinels } = sentinel;
    await expect(open(url.replace('mymaster', 'other'))).rejects.toEqual(refused('unknown_master', 'SENTINEL MONITOR'));
    await expect(open(`redis+sentinel://127.0.0.1:${master.port}/mymaster`)).rejects.toEqual(
      refused('wrong_kind', 'begin REDIS_URL with redis://'),
    );
    await expect(open(sentinels[0]!.url)).rejects.toEqual(refused('wrong_kind', 'redis+sentinel://'));
  });

  it('with a password of its own is told it by the URL', async () => {
    const guarded = await start(['--sentinel', '--requirepass', 'hush']);
    await tell(guarded, 'AUTH hush');
    const url = `redis+sentinel://127.0.0.1:${guarded.port}/mymaster`;
    await expect(open(url)).rejects.toEqual(refused('wrong_password', 'sentinelPassword'));
    await expect(open(`${url}?sentinelPassword=guess`)).rejects.toEqual(refused('wrong_password', 'sentinelPassword'));
    await expect(open(`${url}?sentinelPassword=hush`)).rejects.toEqual(refused('unknown_master', 'SENTINEL MONITOR'));
  });

  it('leads to the master, the first of them being away, and to the replica after the master crashed or stepped down', async () => {
    const { url, master, replica, sentinels } = sentinel;
    await sentinels[0]!.kill();
    const { client } = await open(url);
    const portOf = async () => Number(/tcp_port:(\d+)/.exec(await client.info('server'))?.[1]);
    const writtenTo = () => client.set('owner', 'next').then(portOf, String);
    expect(await writtenTo()).toBe(master.port);
    await sentinels[0]!.restart();

    await master.kill();
    await expect.poll(writtenTo).toBe(replica.port);
    await master.restart();
    await eventually('the old master follows', [master], async (it) =>
      (await tell(it, 'INFO replication').catch(() => '')).includes('master_link_status:up'),
    );
    // Nobody dies this time: the connection stays with a server that takes no more writes. Asked for again while the
    // sentinels still name the one that is to step down: with times this short a busy machine makes them give a failover
    // up, or take half a second of silence for a crash and go back.
    const stepDown = async () => {
      const named = await tell(sentinels[1]!, 'SENTINEL GET-MASTER-ADDR-BY-NAME mymaster');
      if (named.includes(String(replica.port))) await tell(sentinels[1]!, 'SENTINEL FAILOVER mymaster').catch(String);
      return writtenTo();
    };
    await expect.poll(stepDown, { interval: 500 }).toBe(master.port);
  });
});

describe('Redis Cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());
  const one = () => `redis+cluster://127.0.0.1:${cluster.nodes[1]!.port}`;

  it('gives a client that finds the node of each key, from any one of them', async () => {
    const connection = await open(one());
    const { client, isCluster } = connection;
    expect(isCluster).toBe(true);
    const keys = Array.from({ length: 50 }, (_, index) => `{${index}}:numbers`);
    await Promise.all(keys.map((key) => client.set(key, key)));
    const reader = await connection.duplicate();
    atEnd(() => reader.close());
    expect(await Promise.all(keys.map((key) => reader.client.get(key)))).toEqual(keys);
    expect((client as Cluster).nodes('master')).toHaveLength(3);
  });

  it('is refused as one server, as sentinels, and where there is none', async () => {
    const { port } = cluster.nodes[0]!;
    await expect(open(`redis://127.0.0.1:${port}`)).rejects.toEqual(refused('wrong_kind', 'redis+cluster://'));
    await expect(open(`redis+sentinel://127.0.0.1:${port}/m`)).rejects.toEqual(
      refused('wrong_kind', 'redis+cluster://'),
    );
    const single = await start();
    await expect(open(`redis+cluster://127.0.0.1:${single.port}`)).rejects.toEqual(
      refused('wrong_kind', 'begin REDIS_URL with redis://'),
    );
  });

  it('is refused when one master of it evicts', async () => {
    await tell(cluster.nodes[2]!, 'CONFIG SET maxmemory-policy volatile-lru');
    await expect(open(one())).rejects.toEqual(refused('evicts', `${cluster.nodes[2]!.port} throws keys away`));
    await tell(cluster.nodes[2]!, 'CONFIG SET maxmemory-policy noeviction');
    await open(one());
  });

  it('is refused while it does not serve all slots', async () => {
    await tell(cluster.nodes[1]!, 'CLUSTER DELSLOTS 8000');
    await eventually('the cluster is down', [cluster.nodes[1]!], async (node) =>
      (await tell(node, 'CLUSTER INFO')).includes('cluster_state:fail'),
    );
    await expect(open(one(), SOON)).rejects.toEqual(refused('cluster_down', '16384 slots'));
    await tell(cluster.nodes[1]!, 'CLUSTER ADDSLOTS 8000');
    expect((await open(one())).client.status).toBe('ready');
  });

  it('fails commands while a master is away, and answers again by itself once its replica has taken over', async () => {
    const { client } = await open(one(), { commandTimeoutMs: 1_000 });
    const key = await keyOn(client as Cluster, cluster.nodes[0]!);
    await client.set(key, 'first');
    expect(await cluster.nodes[0]!.kill().then(() => client.set(key, 'late').catch(() => 'failed'))).toBe('failed');
    await expect.poll(() => client.set(key, 'next').catch(String)).toBe('OK');
    expect(await client.get(key)).toBe('next');
    await cluster.nodes[0]!.restart();
  });

  it('answers again by itself after all nodes were away', async () => {
    const { client } = await open(one());
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await expect.poll(() => client.get('owner').catch(() => 'failed')).toBe('failed');
    const startMs = performance.now();
    await expect(client.get('owner')).rejects.toThrow();
    expect(performance.now() - startMs).toBeLessThan(3_000);
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await expect.poll(() => client.get('owner').catch(() => 'failed')).toBeNull();
  });
});

async function keyOn(client: Cluster, { port }: RedisServer): Promise<string> {
  const slots = await client.cluster('SLOTS');
  const [from = 0, to = 0] = slots.find(([, , master]) => master?.[1] === port) ?? [];
  for (let index = 0; ; index++) {
    const key = `key:${index}`;
    const slot = Number(await client.cluster('KEYSLOT', key));
    if (slot >= from && slot <= to) return key;
  }
}
