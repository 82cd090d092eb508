import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startCuttingProxy, type CuttingProxy } from '../../scripts/cutting-proxy.ts';
import { startRedisCluster } from '../../scripts/redis-cluster.ts';
import { startRedisServer, tell, type RedisServer } from '../../scripts/redis-server.ts';
import { MemoryRegistryStore } from '../memory-store.ts';
import { NumberRegistry } from '../number-registry.ts';
import { StoreUnavailable } from '../registry-store.ts';
import { openRedis, type RedisConnection } from './connection.ts';
import { Follower, unreliable } from './follower-under-test.ts';
import { OSR_KEYS, shardKeys, TCR_KEYS } from './layout.ts';
import {
  play,
  seeded,
  Watcher,
  type Fault,
  type RegistryModel,
  type RunClock,
  type World,
} from './model-under-test.ts';
import { RegistryReader } from './reader.ts';
import { RedisRegistryStore } from './store.ts';

// Random commands and faults, the same for the same seed, against a plain object model. More or other runs:
// TOLLGATE_MODEL_RUNS=10000 TOLLGATE_MODEL_SEED=1 npx vitest run registry-cache/redis/model.test.ts
const RUNS = Number(process.env['TOLLGATE_MODEL_RUNS'] ?? 0);
const RUNS_IN_MEMORY = 300;
const RUNS_IN_REDIS = 1_000;
const RUNS_WITH_CRASHES = 20;
const RUNS_ON_CLUSTER = 20;
/** Runs at the same time, each in a database of its own. */
const LANES = 4;
const SEED = Number(process.env['TOLLGATE_MODEL_SEED'] ?? 20_261_123);

type Open = (model: RegistryModel, clock: RunClock, seed: number) => Promise<World>;

/** Plays runs in some lanes at once and ends them. The first that fails says how to play it again. */
async function playAll(name: string, runs: number, lanes: readonly Lane[]): Promise<void> {
  const seeds = Array.from({ length: RUNS || runs }, (_, run) => SEED + run).values();
  const playLane = async ({ open }: Lane) => {
    for (const seed of seeds) {
      try {
        await play(seed, open);
      } catch (error) {
        const again = `TOLLGATE_MODEL_SEED=${seed} TOLLGATE_MODEL_RUNS=1 npx vitest run registry-cache/redis/model.test.ts`;
        throw new Error(`${(error as Error).message}\nTo play this run again: ${again} -t '${name}'`, { cause: error });
      }
    }
  };
  await Promise.all(lanes.map(playLane));
  await Promise.all(lanes.map((lane) => lane.end()));
}

describe('a registry in memory', () => {
  it('is as the model after any run', async () => {
    const open: Open = (model) => {
      const registry = new NumberRegistry();
      const watcher = new Watcher(model, registry);
      return Promise.resolve({
        stores: [new MemoryRegistryStore({ registry, listener: watcher })],
        views: () => [{ registry, watcher, settle: (nowMs: number) => void registry.settle(nowMs) }],
        faults: [],
        mend: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
    };
    await playAll('a registry in memory', RUNS_IN_MEMORY, [{ open, end: () => Promise.resolve() }]);
  });
});

interface Lane {
  readonly open: Open;
  end(): Promise<void>;
}

interface LaneOptions {
  readonly url: string;
  /** For the follower whose way is cut now and then. */
  readonly cuttableUrl?: string;
  readonly proxy?: CuttingProxy;
  /** Where that follower saves its snapshots. */
  readonly file: string;
  /** Called when all is empty, before each run. */
  readonly emptied?: () => Promise<unknown>;
  /** Faults of this lane, given what waits until all connections serve again. */
  readonly more?: (allReady: () => Promise<void>) => readonly Fault[];
}

const SHARDS = 2;

/** Connections for runs one after another, each with two stores, and two followers of which one hears some things twice. */
async function openLane({ url, cuttableUrl = url, proxy, file, emptied, more }: LaneOptions): Promise<Lane> {
  const direct = await openRedis(url);
  const proxied = await openRedis(cuttableUrl);
  const masters = () => (direct.client instanceof Cluster ? direct.client.nodes('master') : [direct.client]);
  const empty = async () => void (await Promise.all(masters().map((master) => master.flushdb())));
  const trim = async (random: (bound: number) => number) => {
    for (const feed of [...new RegistryReader(direct, SHARDS).shards, OSR_KEYS, TCR_KEYS].map((keys) => keys.feed)) {
      await direct.client.xtrim(feed, 'MAXLEN', random(3));
    }
  };

  const open: Open = async (model, clock, seed) => {
    await empty();
    await emptied?.();
    await rm(file, { force: true });
    const stores = [
      await RedisRegistryStore.open(direct, { shards: SHARDS }),
      await RedisRegistryStore.open(direct, { shards: SHARDS }),
    ];
    const start = (snapshotFile?: string) =>
      Follower.start({ model, clock, redis: proxied, shards: SHARDS, ...(snapshotFile && { snapshotFile }) });
    let cuttable = await start();
    const redis = unreliable(direct, seeded(seed));
    const other = await Follower.start({ model, clock, redis, shards: SHARDS });

    const heal = async () => {
      proxy?.heal();
      await ready(proxied);
      cuttable.isConnected = true;
    };
    const restart = async (snapshotFile?: string) => {
      await heal();
      await cuttable.feed.close();
      cuttable = await start(snapshotFile);
    };
    const save = async () => {
      await heal();
      await cuttable.feed.saveSnapshot(file).catch((error: unknown) => {
        // Being read anew; then the one before has to do.
        if (!(error instanceof StoreUnavailable)) throw error;
      });
    };
    const cut = (): Promise<void> => {
      proxy?.cut();
      cuttable.isConnected = false;
      return Promise.resolve();
    };
    const allReady = async () => void (await Promise.all([heal(), ready(direct)]));
    return {
      stores,
      views: () => [cuttable, other],
      faults: [
        ...(proxy ? [{ name: 'cut', weight: 2, strike: cut }] : []),
        { name: 'heal', weight: 2, strike: heal },
        { name: 'trim', weight: 2, strike: trim },
        { name: 'empty', weight: 1, truth: 'empties', strike: empty },
        { name: 'snapshot', weight: 3, strike: save },
        { name: 'new process', weight: 1, strike: () => restart() },
        { name: 'new process from snapshot', weight: 3, strike: () => restart(file) },
        ...(more?.(allReady) ?? []),
      ],
      mend: heal,
      async close() {
        await Promise.all([cuttable.feed.close(), other.feed.close()]);
        await heal();
      },
    };
  };
  const end = async () => void (await Promise.all([direct.close(), proxied.close(), proxy?.close()]));
  return { open, end };
}

/** A connection that was cut comes back by itself, in its own time. A cluster as a whole, too. */
async function ready({ client }: RedisConnection): Promise<void> {
  for (;;) {
    try {
      const keys = [OSR_KEYS, TCR_KEYS, shardKeys(0), shardKeys(1)].map(({ meta }) => meta);
      return void (await Promise.all(keys.map((key) => client.exists(key))));
    } catch {
      await sleep(5);
    }
  }
}

describe('a registry in Redis', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tollgate-model-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function laneOn(server: RedisServer, database: number, options: Partial<LaneOptions> = {}): Promise<Lane> {
    const proxy = await startCuttingProxy(server.port);
    return openLane({
      url: `${server.url}/${database}`,
      cuttableUrl: `redis://127.0.0.1:${proxy.port}/${database}`,
      proxy,
      file: join(folder, `${server.port}-${database}`),
      ...options,
    });
  }

  it('is as the model after any run, and so are its views, which never show what was not', async () => {
    const server = await startRedisServer();
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, database) => laneOn(server, database)));
    await playAll('a registry in Redis', RUNS_IN_REDIS, lanes);
    await server.stop();
  }, 600_000);

  it('that crashes is so too, with what it had saved', async () => {
    const server = await startRedisServer(['--dbfilename', 'model.rdb']);
    const save = async () => void (await tell(server, 'SAVE'));
    const lane = await laneOn(server, 0, {
      emptied: save,
      more: (allReady) => [
        { name: 'save', weight: 4, truth: 'keeps', strike: save },
        { name: 'crash', weight: 4, truth: 'brings back', strike: () => server.restart().then(allReady) },
      ],
    });
    await playAll('that crashes', RUNS_WITH_CRASHES, [lane]);
    await server.stop();
  }, 600_000);

  it('that is a cluster is so too', async () => {
    const cluster = await startRedisCluster();
    const killConnections = async () => {
      for (const node of cluster.nodes) await tell(node, 'CLIENT KILL TYPE normal');
    };
    const lane = await openLane({
      url: cluster.url,
      file: join(folder, 'cluster'),
      more: (allReady) => [{ name: 'kill connections', weight: 2, strike: () => killConnections().then(allReady) }],
    });
    await playAll('that is a cluster', RUNS_ON_CLUSTER, [lane]);
    await cluster.stop();
  }, 600_000);
});
