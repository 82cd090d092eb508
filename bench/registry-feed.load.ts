/**
 * The registry in Redis: how much memory a number takes there, how fast a gateway's view is loaded from it and from a
 * snapshot file, how many changes a second it takes, and how long a change is on its way into two gateways.
 *
 * Redis, each gateway's view, and this process, which writes, are processes of their own on the same machine. What no
 * registry in Redis can beat is taken in the same run: keys read plainly, commands sent plainly, a stream read plainly.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { CHANGES_MAX, loadCarrierMap, type NumberChange, type RegistryStore } from '../registry-cache/index.ts';
import { openRedis, RedisRegistryStore } from '../registry-cache/redis/index.ts';
import { systemClock } from '../gateway/control/index.ts';
import { type RedisServer, startRedisServer } from '../scripts/redis-server.ts';
import { type BenchSettings, consume, type Figure, figureOf, interleave, type Series } from './harness.ts';
import type { LagReport } from './lag-histogram.ts';
import { PEERS } from './peers/index.ts';
import { drawNumbers } from './population.ts';
import { startPeer } from './processes.ts';

const BENCH = 'registry-feed';
const CAMPAIGNS = 1_000;
const NNID = '104801';
const PLAIN_PREFIX = 'number';
const PLAIN_PIPELINE = 1_000;

const BYTES_MAX = 16;
const LOAD_SECONDS_MAX = 60;
const FILE_SECONDS_MAX = 2;
const LAG_P99_MS_MAX = 50;

const CHANGES_PER_SECOND = 20_000;
const BATCHES_PER_SECOND = 100;
/** How long after the last change a view may take to have it. */
const SETTLE_MS = 500;

interface Sizes {
  readonly memory: number;
  readonly load: number;
  readonly rateRounds: number;
  readonly lagSeconds: number;
}

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const sizes: Sizes = isTiny
    ? { memory: 2_000, load: 4_000, rateRounds: 1, lagSeconds: 0.5 }
    : { memory: 1_000_000, load: 10_000_000, rateRounds: 5, lagSeconds: 10 };
  const server = await startRedisServer(['--enable-debug-command', 'local']);
  const redis = await openRedis(server.url);
  const plain = new Redis({ port: server.port, host: server.host });
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-feed-'));
  try {
    const numbers = drawNumbers(seed, loadCarrierMap().blocksOf('cpaas'), sizes.load);
    const baseBytes = await usedBytes(plain);
    const store = await RedisRegistryStore.open(redis);
    await declareCampaigns(store);
    await fill(store, numbers.subarray(0, sizes.memory));
    // Once the streams have forgotten it, what is left is what the numbers take.
    const forgetful = await RedisRegistryStore.open(redis, { retentionMs: 1 });
    await sleep(SETTLE_MS);
    await forgetful.settle(systemClock.nowMs());
    const bytes = (await usedBytes(plain)) - baseBytes;
    const plainBytes = await populatePlain(plain, sizes.memory);
    const rates = await writeRates(store, plain, numbers.subarray(0, sizes.memory), sizes);
    await fill(store, numbers.subarray(sizes.memory));
    return [
      memoryFigure(sizes, bytes, plainBytes, isTiny),
      ...rates,
      ...(await loadFigures(server, plain, sizes, join(folder, 'view.snapshot'), isTiny)),
      ...(await lagFigures(server, plain, store, numbers, sizes)),
    ];
  } finally {
    plain.disconnect();
    await redis.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function declareCampaigns(store: RegistryStore): Promise<void> {
  await store.nnidRows([NNID]);
  await store.publishCampaigns(
    Array.from({ length: CAMPAIGNS }, (_, at) => ({
      id: `C${String(at).padStart(6, '0')}`,
      status: 0b11111,
      operations: [],
      standing: 'available',
      dca: 'NORTH',
      numberLimit: Infinity,
      expiresAtMs: Infinity,
    })),
  );
}

function changeOf(key: number, campaign: number): NumberChange {
  return { kind: 'set', key, campaign, nnid: 0, activeAtMs: 0, numberLimit: Infinity };
}

async function fill(store: RegistryStore, numbers: Float64Array, shift = 0): Promise<void> {
  for (let from = 0; from < numbers.length; from += CHANGES_MAX) {
    const chunk = numbers.subarray(from, from + CHANGES_MAX);
    await store.apply(
      Array.from(chunk, (key, at) => changeOf(key, (from + at + shift) % CAMPAIGNS)),
      systemClock.nowMs(),
    );
  }
}

async function usedBytes(plain: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await plain.info('memory'))?.[1]);
}

/** A key for each number, as one would keep them at first; returns what they take. */
async function populatePlain(plain: Redis, count: number): Promise<number> {
  const before = await usedBytes(plain);
  await plain.call('DEBUG', 'POPULATE', count, PLAIN_PREFIX, 7);
  return (await usedBytes(plain)) - before;
}

function memoryFigure({ memory }: Sizes, bytes: number, plainBytes: number, isTiny: boolean): Figure {
  const unit = 'bytes per number';
  return figureOf({
    bench: BENCH,
    figure: `memory in Redis, ${memory / 1_000_000} M numbers`,
    params: { numbers: memory },
    subject: { name: 'registry', unit, values: [bytes / memory] },
    baseline: { name: 'a key each', unit, values: [plainBytes / memory] },
    isLessBetter: true,
    ...(!isTiny && { target: [{ measure: 'median', atMost: BYTES_MAX }] }),
  });
}

/** Every number moved to another campaign, as fast as it goes. */
async function writeRates(
  store: RegistryStore,
  plain: Redis,
  numbers: Float64Array,
  { rateRounds }: Sizes,
): Promise<Figure[]> {
  const count = Math.min(numbers.length, 200_000);
  const part = numbers.subarray(0, count);
  let shift = 0;
  const perSecond = async (work: () => Promise<void>): Promise<number> => {
    const startMs = performance.now();
    await work();
    return (count * 1_000) / (performance.now() - startMs);
  };
  const [subject, baseline] = (await interleave(
    [
      { name: 'registry', unit: 'changes/s', measure: () => perSecond(() => fill(store, part, (shift += 1))) },
      {
        name: 'SET and XADD in pipelines',
        unit: 'changes/s',
        measure: () => perSecond(() => writePlainly(plain, part)),
      },
    ],
    rateRounds,
    1,
  )) as [Series, Series];
  await plain.del('plain-feed');
  const target = [{ measure: 'median', atLeast: CHANGES_PER_SECOND }] as const;
  return [figureOf({ bench: BENCH, figure: 'changes written', params: { changes: count }, subject, baseline, target })];
}

async function writePlainly(plain: Redis, numbers: Float64Array): Promise<void> {
  for (let from = 0; from < numbers.length; from += PLAIN_PIPELINE) {
    const pipeline = plain.pipeline();
    for (const key of numbers.subarray(from, from + PLAIN_PIPELINE)) {
      pipeline.set(`plain:${key}`, 'CTEST01').xadd('plain-feed', '*', 'n', key);
    }
    await pipeline.exec();
  }
}

async function loadFigures(
  server: RedisServer,
  plain: Redis,
  { load }: Sizes,
  file: string,
  isTiny: boolean,
): Promise<Figure[]> {
  const fromRedis = await startPeer('registry-view', PEERS['registry-view'], { url: server.url });
  await fromRedis.ask({ save: file });
  await fromRedis.stop();
  const fromFile = await startPeer('registry-view', PEERS['registry-view'], { url: server.url, snapshotFile: file });
  await fromFile.stop();
  for (const { ready } of [fromRedis, fromFile]) {
    if (ready.numbers !== load) throw new Error(`a view of ${load} numbers holds ${ready.numbers}`);
  }
  const unit = 'seconds';
  const seconds = (ready: { loadMs: number }): number => ready.loadMs / 1_000;
  const plainly = { name: 'a key each, GET in pipelines', unit, values: [await readPlainly(plain, load, isTiny)] };
  const parts = { bench: BENCH, params: { numbers: load }, isLessBetter: true } as const;
  const name = `${load / 1_000_000} M numbers`;
  return [
    figureOf({
      ...parts,
      figure: `view from Redis, ${name}`,
      subject: { name: 'view', unit, values: [seconds(fromRedis.ready)] },
      baseline: plainly,
      target: [{ measure: 'median', atMost: LOAD_SECONDS_MAX }],
    }),
    figureOf({
      ...parts,
      figure: `view from a file, ${name}`,
      subject: { name: 'view', unit, values: [seconds(fromFile.ready)] },
      baseline: plainly,
      target: [{ measure: 'median', atMost: FILE_SECONDS_MAX }],
    }),
  ];
}

/** Seconds that reading a key for each of `count` numbers takes, measured on fewer. */
async function readPlainly(plain: Redis, count: number, isTiny: boolean): Promise<number> {
  const asked = isTiny ? 2_000 : 500_000;
  const startMs = performance.now();
  for (let from = 0; from < asked; from += PLAIN_PIPELINE) {
    const pipeline = plain.pipeline();
    for (let at = from; at < from + PLAIN_PIPELINE; at += 1) pipeline.get(`${PLAIN_PREFIX}:${at}`);
    consume((await pipeline.exec())?.length ?? 0);
  }
  return (((performance.now() - startMs) / 1_000) * count) / asked;
}

async function lagFigures(
  server: RedisServer,
  plain: Redis,
  store: RegistryStore,
  numbers: Float64Array,
  { lagSeconds }: Sizes,
): Promise<Figure[]> {
  const stream = 'plain-lag';
  const views = await Promise.all(
    [1, 2].map(() => startPeer('registry-view', PEERS['registry-view'], { url: server.url })),
  );
  const reader = await startPeer('stream-reader', PEERS['stream-reader'], { port: server.port, stream });
  try {
    const size = CHANGES_PER_SECOND / BATCHES_PER_SECOND;
    const batches = Math.round(lagSeconds * BATCHES_PER_SECOND);
    let at = 0;
    await paced(batches, async () => {
      const changes = Array.from({ length: size }, () => {
        at += 1;
        return changeOf(numbers[(at * 7_919) % numbers.length]!, at % CAMPAIGNS);
      });
      await store.apply(changes, systemClock.nowMs());
    });
    await sleep(SETTLE_MS);
    const reports = await Promise.all(views.map((view) => view.ask('report')));
    const payload = 'x'.repeat(size * 16);
    await paced(batches, async () => {
      await plain.xadd(stream, '*', 'changes', size, 'payload', payload);
    });
    await sleep(SETTLE_MS);
    const bare = await reader.ask(null);
    for (const { changes } of [...reports, bare]) {
      if (changes !== batches * size) throw new Error(`${changes} of ${batches * size} changes arrived`);
    }
    const figure = (name: string, read: (report: LagReport) => number, atMost?: number): Figure =>
      figureOf({
        bench: BENCH,
        figure: `lag of ${CHANGES_PER_SECOND} changes/s in two gateways, ${name}`,
        params: { seconds: lagSeconds, changesPerSecond: CHANGES_PER_SECOND, views: views.length },
        subject: { name: 'view', unit: 'ms', values: reports.map((report) => read(report)) },
        baseline: { name: 'bare stream', unit: 'ms', values: reports.map(() => read(bare)) },
        isLessBetter: true,
        ...(atMost !== undefined && { target: [{ measure: 'median', atMost }] }),
      });
    return [
      figure('p50', (report) => report.p50Ms),
      figure('p99', (report) => report.p99Ms, LAG_P99_MS_MAX),
      figure('max', (report) => report.maxMs),
    ];
  } finally {
    await Promise.all([...views, reader].map((peer) => peer.stop()));
  }
}

/** Does something so and so often, BATCHES_PER_SECOND times a second, without waiting for one to end before the next. */
async function paced(times: number, once: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  const underWay: Promise<void>[] = [];
  for (let time = 0; time < times; time += 1) {
    const dueMs = startMs + (time * 1_000) / BATCHES_PER_SECOND;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    underWay.push(once());
  }
  await Promise.all(underWay);
}
