import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { startRedisCluster } from '../../scripts/redis-cluster.ts';
import { startRedisSentinel } from '../../scripts/redis-sentinel.ts';
import { tell, type RedisServer } from '../../scripts/redis-server.ts';
import { NO_CAMPAIGN, NumberRegistry, STILL_PENDING } from '../number-registry.ts';
import {
  StoreUnavailable,
  type AppliedChanges,
  type CampaignEntry,
  type CarrierTerms,
  type RegistryStore,
} from '../registry-store.ts';
import { atEnd, endAll, open, start } from './connection-under-test.ts';
import { timers } from './follower-under-test.ts';
import { openRedisRegistry, type RedisRegistryOptions } from './open-registry.ts';
import { RedisRegistryStore, type RedisStoreOptions } from './store.ts';

/** No reason to read anything anew. */
const NONE = { trimmed: 0, rewound: 0, replaced: 0, unreadable: 0 };

const FIRST = 2_125_550_000;
const COUNT = 50;
/** Numbers that no test changes. */
const STEADY = Array.from({ length: COUNT }, (_, i) => FIRST + i);
/** Numbers that tests change. */
const BUSY = Array.from({ length: COUNT }, (_, i) => FIRST + COUNT + i);

afterEach(endAll);

/** A process that follows the registry at `url`, with times short enough to wait for. */
async function follow(url: string, more: Partial<RedisRegistryOptions> = {}) {
  const registry = more.registry ?? new NumberRegistry();
  const campaigns: CampaignEntry[] = [];
  const terms: CarrierTerms[] = [];
  const options: RedisRegistryOptions = {
    url,
    registry,
    listener: {
      campaignsChanged: (entries) => entries.forEach((entry) => (campaigns[entry.handle] = entry)),
      termsChanged: (changed) => terms.push(...changed),
    },
    clock: { nowMs: () => Date.now() },
    timers,
    heartbeatMs: 50,
    ...more,
  };
  const opened = await openRedisRegistry(options);
  atEnd(() => opened.close());
  return { ...opened, registry, campaigns, terms };
}

type Follower = Awaited<ReturnType<typeof follow>>;

/** A store that others write to, beside the followers, with two campaigns and the steady numbers registered to the first. */
async function fill(url: string, options?: RedisStoreOptions): Promise<RegistryStore> {
  const store = await RedisRegistryStore.open(await open(url), options);
  await store.publishCampaigns(['C1', 'C2'].map(campaign));
  await store.nnidRows(['100001']);
  await set(store, STEADY, 0);
  return store;
}

function campaign(id: string) {
  const operations = Array.from({ length: 6 }, () => 'approved' as const);
  return {
    id,
    status: 63,
    operations,
    standing: 'available' as const,
    dca: 'DCA1',
    numberLimit: Infinity,
    expiresAtMs: Infinity,
  };
}

function set(store: RegistryStore, keys: readonly number[], handle: number, activeAtMs = 0): Promise<AppliedChanges> {
  const changes = keys.map((key) => ({
    kind: 'set' as const,
    key,
    campaign: handle,
    nnid: 0,
    activeAtMs,
    numberLimit: Infinity,
  }));
  return store.apply(changes, Date.now());
}

function remove(store: RegistryStore, keys: readonly number[]): Promise<AppliedChanges> {
  return store.apply(
    keys.map((key) => ({ kind: 'remove' as const, key, nnid: 0 })),
    Date.now(),
  );
}

/** Until a write gets through, as callers do while Redis is away. */
async function untilDone<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries > 500) throw error;
      await sleep(20);
    }
  }
}

const found = ({ registry }: Follower, keys: readonly number[]) => [
  ...new Set(keys.map((key) => registry.find(key, Date.now()))),
];

/** Looks numbers up all the time and remembers every answer that was not the expected one. */
function watch({ registry }: Follower, keys: readonly number[], handle: number) {
  const wrong = new Set<number>();
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    for (const key of keys) {
      const answer = registry.find(key, Date.now());
      if (answer !== handle) wrong.add(answer);
    }
  }, 1);
  return () => {
    clearInterval(timer);
    expect(looks).toBeGreaterThan(5);
    expect([...wrong]).toEqual([]);
  };
}

describe('a view', () => {
  it('holds everything there was, and follows what comes', async () => {
    const { url } = await start();
    const store = await fill(url);
    await store.publishTerms([{ campaign: 'C1', brand: 'B1', attClass: 3, tmobileTier: 1, useCase: '2FA' }]);
    const lags: number[] = [];
    const follower = await follow(url, { onLag: (lagMs) => lags.push(lagMs) });
    expect(found(follower, STEADY)).toEqual([0]);
    expect(follower.campaigns.map(({ record }) => record.id)).toEqual(['C1', 'C2']);
    expect(follower.terms.map(({ attClass }) => attClass)).toEqual([3]);
    expect(follower.feed.state).toBe('live');

    const moved = await set(store, BUSY, 1);
    expect(await follower.feed.reached(moved.position, 20_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([1]);
    const removed = await remove(follower.store, BUSY);
    expect(await follower.feed.reached(removed.position, 20_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([NO_CAMPAIGN]);
    expect(follower.registry.count).toBe(COUNT);
    expect(follower.feed.position).toEqual(removed.position.map((each, shard) => each || moved.position[shard]));
    expect(lags.length).toBeGreaterThan(0);
    expect(Math.max(...lags)).toBeLessThan(20_000);
    expect(follower.feed.ageMs(Date.now())).toBeLessThan(20_000);
  });

  it('is told of a campaign before a number shows it, wherever the two were written', async () => {
    const { url, port } = await start();
    const store = await fill(url);
    const proxy = await startCuttingProxy(port);
    atEnd(() => proxy.close());
    const registry = new NumberRegistry();
    let told = 0;
    const early: number[] = [];
    const { feed } = await follow(`redis://127.0.0.1:${proxy.port}`, {
      registry,
      listener: {
        campaignsChanged(entries) {
          early.push(...BUSY.filter((key) => registry.find(key, 0) >= told));
          told = Math.max(told, ...entries.map(({ handle }) => handle + 1));
        },
        termsChanged: () => {},
      },
    });
    // Cut off, so that it reads number and campaign together, and the number first.
    for (let i = 0; i < 3; i++) {
      proxy.cut();
      const [handle] = await store.publishCampaigns([campaign(`N${i}`)]);
      const { position } = await set(store, BUSY, handle!);
      proxy.heal();
      expect(await feed.reached(position, 5_000)).toBe(true);
      expect(told).toBe(handle! + 1);
    }
    expect(early).toEqual([]);
  });

  it('shows a pending number as active from its moment on, before and after it was settled', async () => {
    const { url } = await start();
    const store = await fill(url);
    const before = await follow(url);
    const activeAtMs = Date.now() + 300;
    await before.feed.reached((await set(store, BUSY, 1, activeAtMs)).position, 2_000);
    const after = await follow(url);
    for (const { registry } of [before, after]) {
      expect(registry.find(BUSY[0]!, activeAtMs - 1)).toBe(STILL_PENDING);
      expect(registry.find(BUSY[0]!, activeAtMs)).toBe(1);
      expect(registry.pendingCount).toBe(COUNT);
    }
    await sleep(Math.max(0, activeAtMs - Date.now()));
    await store.settle(activeAtMs);
    before.feed.settle(activeAtMs);
    expect(before.registry.pendingCount).toBe(0);
    const late = await follow(url);
    for (const { registry } of [before, after, late]) expect(registry.find(BUSY[0]!, activeAtMs)).toBe(1);
  });

  it('says whether it has reached a position, and waits no longer than it was told', async () => {
    const { url } = await start();
    const { feed } = await follow(url);
    expect(await feed.reached([0, 0, 0, 0], 0)).toBe(true);
    expect(await feed.reached([1, 0, 0, 0], 20)).toBe(false);
  });
});

describe('a store that is not as it was', () => {
  it('shows no number of before beside the campaigns of after', async () => {
    const server = await start();
    await fill(server.url);
    const proxy = await startCuttingProxy(server.port);
    atEnd(() => proxy.close());
    const registry = new NumberRegistry();
    const beside: number[] = [];
    const follower = await follow(`redis://127.0.0.1:${proxy.port}`, {
      registry,
      listener: {
        campaignsChanged(entries) {
          if (entries[0]?.record.id !== 'X1') return;
          // As soon as anybody else gets a turn.
          Promise.resolve()
            .then(() => beside.push(...STEADY.map((key) => registry.find(key, 0))))
            .catch(() => {});
        },
        termsChanged: () => {},
      },
    });
    proxy.cut();
    await tell(server, 'FLUSHALL');
    const store = await RedisRegistryStore.open(await open(server.url));
    await store.publishCampaigns([campaign('X1')]);
    await store.nnidRows(['100001']);
    const { position } = await set(store, BUSY, 0);
    expect(found(follower, STEADY)).toEqual([0]);
    proxy.heal();
    await expect.poll(() => found(follower, BUSY)).toEqual([0]);
    expect(await follower.feed.reached(position, 1_000)).toBe(true);
    expect(beside.length).toBeGreaterThan(0);
    expect([...new Set(beside)]).toEqual([NO_CAMPAIGN]);
  });

  it('and has lost a campaign, has its numbers count as not registered', async () => {
    const server = await start();
    const store = await fill(server.url);
    await set(store, BUSY.slice(0, 1), 1);
    await tell(server, 'HDEL tollgate:{osr}:campaigns C2');
    const follower = await follow(server.url);
    const { position } = await set(store, BUSY, 1);
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([NO_CAMPAIGN]);
    expect(found(follower, STEADY)).toEqual([0]);
  });

  it('and tells what nobody understands, is read anew', async () => {
    const server = await start();
    const store = await fill(server.url);
    let saved: unknown;
    const follower = await follow(server.url, {
      onReload: () => {
        saved = follower.feed.saveSnapshot('never.written').catch((error: unknown) => error);
      },
    });
    const next = follower.feed.position[0]! + 1;
    await tell(server, `XADD tollgate:{r0}:feed * n ${next} d nonsense`);
    await expect.poll(() => follower.feed.reloads.unreadable).toBe(1);
    const { position } = await set(store, BUSY, 1);
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([1]);
    expect(await saved).toBeInstanceOf(StoreUnavailable);
  });
});

describe('while Redis is away', () => {
  it('a view is answered from, grows old, and catches up by itself after a cut under load', async () => {
    const { url, port } = await start();
    const store = await fill(url);
    const proxy = await startCuttingProxy(port);
    atEnd(() => proxy.close());
    const follower = await follow(`redis://127.0.0.1:${proxy.port}`);
    const unwatch = watch(follower, STEADY, 0);
    let last: AppliedChanges | undefined;
    for (let round = 0; round < 60; round++) {
      if (round === 15) proxy.cut();
      if (round === 45) {
        await expect.poll(() => follower.feed.state).toBe('away');
        const age = follower.feed.ageMs(Date.now());
        await sleep(50);
        expect(follower.feed.ageMs(Date.now())).toBeGreaterThanOrEqual(age + 40);
        proxy.heal();
      }
      last = await (round % 3 === 2 ? remove(store, BUSY) : set(store, BUSY, round % 2));
      await sleep(5);
    }
    expect(await follower.feed.reached(last!.position, 10_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([NO_CAMPAIGN]);
    await expect.poll(() => follower.feed.state).toBe('live');
    expect(follower.feed.reloads).toEqual(NONE);
    unwatch();
  });

  it('a connection that says nothing is given up and replaced', async () => {
    const { url, port } = await start();
    const store = await fill(url);
    const proxy = await startCuttingProxy(port);
    atEnd(() => proxy.close());
    const follower = await follow(`redis://127.0.0.1:${proxy.port}`);
    proxy.hang();
    const { position } = await set(store, BUSY, 1);
    await expect.poll(() => follower.feed.state).toBe('away');
    expect(found(follower, STEADY)).toEqual([0]);
    proxy.heal();
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
  });

  it('and is killed, it is followed on from where it was when it comes back with its data', async () => {
    const server = await start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const store = await fill(server.url);
    const follower = await follow(server.url);
    const unwatch = watch(follower, STEADY, 0);
    await set(store, BUSY, 0);
    await server.kill();
    await expect.poll(() => follower.feed.state).toBe('away');
    await server.restart();
    const { position } = await untilDone(() => set(store, BUSY, 1));
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
    expect(found(follower, BUSY)).toEqual([1]);
    expect(follower.feed.reloads).toEqual(NONE);
    unwatch();
  });

  it('and comes back empty, the view becomes empty, and follows what is written then', async () => {
    const server = await start();
    const store = await fill(server.url);
    const reasons: string[] = [];
    const follower = await follow(server.url, { onReload: (reason) => reasons.push(reason) });
    await server.restart();
    await expect.poll(() => follower.registry.count).toBe(0);
    expect(reasons[0]).toBe('replaced');
    await untilDone(() => store.publishCampaigns([campaign('C1')]));
    await store.nnidRows(['100001']);
    await set(store, BUSY, 0);
    await expect.poll(() => found(follower, BUSY)).toEqual([0]);
    expect(found(follower, STEADY)).toEqual([NO_CAMPAIGN]);
  });

  it('and comes back without its last writes, the view forgets them too', async () => {
    const server = await start(['--dbfilename', 'earlier.rdb']);
    const store = await fill(server.url);
    await set(store, BUSY.slice(0, 10), 0);
    const follower = await follow(server.url);
    await tell(server, 'SAVE');
    const lost = await set(store, BUSY, 1);
    await follower.feed.reached(lost.position, 2_000);
    await server.restart();
    // As many writes as were lost, before the view can have looked.
    const { position } = await untilDone(() => set(store, BUSY.slice(0, 20), 1));
    await expect.poll(() => follower.feed.reloads.rewound).toBeGreaterThan(0);
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
    expect(found(follower, BUSY.slice(0, 20))).toEqual([1]);
    expect(found(follower, BUSY.slice(20))).toEqual([NO_CAMPAIGN]);
  });
});

describe('a gap in the streams', () => {
  it('has everything read anew, while numbers that nobody changed go on being answered', async () => {
    const { url, port } = await start();
    const store = await fill(url, { retentionMs: 1 });
    await set(store, BUSY, 0);
    const proxy = await startCuttingProxy(port);
    atEnd(() => proxy.close());
    const follower = await follow(`redis://127.0.0.1:${proxy.port}`);
    const unwatch = watch(follower, STEADY, 0);
    proxy.cut();
    await remove(store, BUSY.slice(0, 20));
    await sleep(5);
    const { position } = await set(store, BUSY.slice(20), 1);
    proxy.heal();
    expect(await follower.feed.reached(position, 10_000)).toBe(true);
    expect(found(follower, BUSY.slice(0, 20))).toEqual([NO_CAMPAIGN]);
    expect(found(follower, BUSY.slice(20))).toEqual([1]);
    expect(follower.feed.reloads.trimmed).toBeGreaterThan(0);
    unwatch();
  });

  it('is noticed although nothing comes after it', async () => {
    const server = await start();
    const store = await fill(server.url);
    const proxy = await startCuttingProxy(server.port);
    atEnd(() => proxy.close());
    const follower = await follow(`redis://127.0.0.1:${proxy.port}`);
    proxy.cut();
    await remove(store, STEADY);
    for (let shard = 0; shard < 4; shard++) await tell(server, `XTRIM tollgate:{r${shard}}:feed MAXLEN 0`);
    proxy.heal();
    await expect.poll(() => follower.registry.count).toBe(0);
    expect(follower.feed.reloads.trimmed).toBe(1);
  });
});

describe('a failover', () => {
  /** A master that is killed before its replica has it all takes writes with it, and this is not about that. */
  async function replicated(master: RedisServer, replica: RedisServer): Promise<void> {
    const offset = async (server: RedisServer) =>
      /master_repl_offset:(\d+)/.exec(await tell(server, 'INFO replication'))?.[1];
    await expect.poll(async () => (await offset(replica)) === (await offset(master))).toBe(true);
  }

  it('that Sentinel makes is followed to the new master', async () => {
    const sentinel = await startRedisSentinel();
    atEnd(() => sentinel.stop());
    const store = await fill(sentinel.url);
    const follower = await follow(sentinel.url);
    const unwatch = watch(follower, STEADY, 0);
    await replicated(sentinel.master, sentinel.replica);
    await sentinel.master.kill();
    const { position } = await untilDone(() => set(store, BUSY, 1));
    await follower.feed.reached(position, 10_000);
    expect(found(follower, BUSY)).toEqual([1]);
    await expect.poll(() => follower.feed.state).toBe('live');
    unwatch();
  });

  it('of a master of a cluster is followed to its replica', async () => {
    const cluster = await startRedisCluster();
    atEnd(() => cluster.stop());
    const store = await fill(cluster.url);
    const follower = await follow(cluster.url);
    expect(found(follower, STEADY)).toEqual([0]);
    const unwatch = watch(follower, STEADY, 0);
    await replicated(cluster.nodes[0]!, cluster.nodes[3]!);
    await cluster.nodes[0]!.kill();
    const { position } = await untilDone(() => set(store, BUSY, 1));
    await follower.feed.reached(position, 10_000);
    expect(found(follower, BUSY)).toEqual([1]);
    await expect.poll(() => follower.feed.state).toBe('live');
    unwatch();
  });
});

describe('a snapshot file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-feed-'));
    file = join(folder, 'registry.snapshot');
    atEnd(() => rm(folder, { recursive: true }));
  });

  /** Follows from the file, and tells why not if it was of no use. */
  async function followFrom(url: string) {
    const unused: string[] = [];
    let readCount = 0;
    const follower = await follow(url, {
      snapshotFile: file,
      onSnapshotUnused: (reason) => unused.push(reason),
      onProgress: (numbers) => (readCount = numbers),
    });
    return { ...follower, unused, readCount };
  }

  it('spares reading everything, and what has changed since is caught up with before the start is over', async () => {
    const { url } = await start();
    const store = await fill(url);
    const first = await follow(url);
    await first.feed.reached((await set(store, BUSY, 0, Date.now() + 60_000)).position, 2_000);
    await first.feed.saveSnapshot(file);
    await store.publishCampaigns([campaign('C3')]);
    await set(store, BUSY.slice(0, 10), 2);
    await remove(store, BUSY.slice(10, 20));

    const second = await followFrom(url);
    expect([second.unused, second.readCount]).toEqual([[], 0]);
    expect(found(second, STEADY)).toEqual([0]);
    expect(found(second, BUSY.slice(0, 10))).toEqual([2]);
    expect(found(second, BUSY.slice(10, 20))).toEqual([NO_CAMPAIGN]);
    expect(found(second, BUSY.slice(20))).toEqual([STILL_PENDING]);
    expect(second.campaigns.map(({ record }) => record.id)).toEqual(['C1', 'C2', 'C3']);
    const { position } = await set(store, BUSY, 1);
    expect(await second.feed.reached(position, 2_000)).toBe(true);
    expect(second.feed.reloads).toEqual(NONE);
  });

  it('that the streams do not reach back to is not used', async () => {
    const server = await start();
    const store = await fill(server.url);
    const first = await follow(server.url);
    await first.feed.saveSnapshot(file);
    await set(store, BUSY, 1);
    for (let shard = 0; shard < 4; shard++) await tell(server, `XTRIM tollgate:{r${shard}}:feed MAXLEN 0`);
    const second = await followFrom(server.url);
    expect(second.unused).toEqual([expect.stringContaining('trimmed')]);
    expect(second.readCount).toBe(2 * COUNT);
    expect(found(second, BUSY)).toEqual([1]);
  });

  it('that is missing, damaged or of another registry is not used, and the reason is told', async () => {
    const server = await start();
    await fill(server.url);
    const first = await followFrom(server.url);
    expect(first.unused).toEqual([expect.stringContaining('no such file')]);
    await first.feed.saveSnapshot(file);
    await truncate(file, 1_000_000);
    const second = await followFrom(server.url);
    expect(second.unused).toEqual([expect.stringContaining('shorter or longer')]);
    await second.feed.saveSnapshot(file);
    await tell(server, 'FLUSHALL');
    await fill(server.url);
    const third = await followFrom(server.url);
    expect(third.unused).toEqual([expect.stringContaining('replaced')]);
    expect(found(third, STEADY)).toEqual([0]);
  });

  it('is written while lookups are answered and changes wait', async () => {
    const { url } = await start();
    const store = await fill(url);
    const follower = await follow(url);
    const saved = follower.feed.saveSnapshot(file);
    const { position } = await set(store, BUSY, 1);
    await saved;
    expect(await follower.feed.reached(position, 2_000)).toBe(true);
    const second = await followFrom(url);
    expect(found(second, BUSY)).toEqual([1]);
  });
});

it('the first load fails when Redis goes away in its midst, and nothing stays behind', async () => {
  const { url, port } = await start();
  await fill(url);
  const proxy = await startCuttingProxy(port);
  atEnd(() => proxy.close());
  const opening = follow(`redis://127.0.0.1:${proxy.port}`, { onProgress: () => proxy.cut() });
  await expect(opening).rejects.toThrow();
});
