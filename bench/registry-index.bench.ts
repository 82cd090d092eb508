/**
 * What the number index does besides answering: growing while it is written, being written while another thread reads,
 * going to a file and coming back. And whether it answers as fast after every number in it was replaced ten times.
 */
import { readFileSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { loadCarrierMap, loadSnapshot, NumberIndex, NumberRegistry, saveSnapshot } from '../registry-cache/index.ts';
import { type BenchSettings, consume, type Figure, figureOf } from './harness.ts';
import { drawFreeNumber, drawNumbers } from './population.ts';
import { namedStream } from '../gateway/router/index.ts';
import type { ReadingThreadData } from './registry-reader.thread.ts';

const BENCH = 'registry-index';
const HANDLES = 4_000_000;
const PAUSE_MS_MAX = 50;
const FILE_SECONDS_MAX = 2;
const TURNOVERS = 10;

interface Sizes {
  readonly count: number;
  readonly grownTo: number;
  readonly snapshots: readonly number[];
  readonly looks: number;
  readonly readMs: number;
}

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const sizes: Sizes = isTiny
    ? { count: 360_000, grownTo: 400_000, snapshots: [20_000], looks: 20_000, readMs: 100 }
    : {
        count: 10_000_000,
        grownTo: 16_000_000,
        snapshots: [10_000_000, 100_000_000],
        looks: 4_194_304,
        readMs: 3_000,
      };
  const blocks = loadCarrierMap().blocksOf('cpaas');
  const numbers = drawNumbers(seed, blocks, Math.max(sizes.grownTo, ...sizes.snapshots));
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-index-'));
  try {
    return [
      growth(numbers, sizes),
      turnover(numbers, blocks, seed, sizes),
      ...(await underReader(numbers, sizes)),
      ...(await snapshots(numbers, sizes, join(folder, 'numbers.snapshot'))),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filled(numbers: Float64Array, count: number, shared = false): NumberIndex {
  const index = NumberIndex.withCapacity(count, { shared });
  for (let at = 0; at < count; at += 1) index.set(numbers[at]!, at % HANDLES);
  return index;
}

/** The slowest of single sets from one size to the other, and how long the index would take in one go. */
function growth(numbers: Float64Array, { count, grownTo }: Sizes): Figure {
  const atOnce = filled(numbers, count);
  const startMs = performance.now();
  atOnce.reserve(grownTo);
  const atOnceMs = performance.now() - startMs;
  const index = filled(numbers, count);
  let slowestMs = 0;
  for (let at = count; at < grownTo; at += 1) {
    const beforeMs = performance.now();
    index.set(numbers[at]!, 0);
    slowestMs = Math.max(slowestMs, performance.now() - beforeMs);
  }
  if (index.size !== grownTo) throw new Error(`${index.size} of ${grownTo} numbers are there`);
  return figureOf({
    bench: BENCH,
    figure: `slowest single set, ${count / 1e6} to ${grownTo / 1e6} M numbers`,
    params: { from: count, to: grownTo },
    subject: { name: 'growing as it is written', unit: 'ms', values: [slowestMs] },
    baseline: { name: 'growing at once', unit: 'ms', values: [atOnceMs] },
    isLessBetter: true,
    target: [{ measure: 'median', atMost: PAUSE_MS_MAX }],
  });
}

/** Lookups after every number was removed and another put in, ten times over, beside those before; in turns with a fresh index. */
function turnover(numbers: Float64Array, blocks: Uint32Array, seed: number, { count, looks }: Sizes): Figure {
  const chance = namedStream(seed, 'bench/turnover');
  const churned = filled(numbers, count);
  const held = numbers.slice(0, count);
  for (let change = 0; change < TURNOVERS * count; change += 1) {
    const place = Math.floor(chance.next() * count);
    let next = drawFreeNumber(chance, blocks);
    while (churned.get(next) >= 0) next = drawFreeNumber(chance, blocks);
    churned.delete(held[place]!);
    churned.set(next, place % HANDLES);
    held[place] = next;
  }
  const fresh = filled(held, count);
  const keys = Float64Array.from({ length: looks }, () => held[Math.floor(chance.next() * count)]!);
  const perSecond = (index: NumberIndex): number => {
    const startMs = performance.now();
    let sum = 0;
    for (let at = 0; at < looks; at += 1) sum += index.get(keys[at]!);
    consume(sum);
    return (looks * 1_000) / (performance.now() - startMs);
  };
  const rounds = { churned: [] as number[], fresh: [] as number[] };
  for (let round = -1; round < 7; round += 1) {
    const pair = [perSecond(churned), perSecond(fresh)] as const;
    if (round < 0) continue;
    rounds.churned.push(pair[0]);
    rounds.fresh.push(pair[1]);
  }
  return figureOf({
    bench: BENCH,
    figure: `get after ten turnovers, ${count / 1e6} M numbers`,
    params: { numbers: count, turnovers: TURNOVERS },
    subject: { name: 'turned over', unit: 'lookups/s', values: rounds.churned },
    baseline: { name: 'freshly filled', unit: 'lookups/s', values: rounds.fresh },
    note: `${percent(churned)} of the numbers live outside their home bucket, ${percent(fresh)} in the fresh one`,
  });
}

function percent({ awayCount, size }: NumberIndex): string {
  return `${((100 * awayCount) / size).toFixed(1)} %`;
}

async function underReader(numbers: Float64Array, { count, readMs, looks }: Sizes): Promise<Figure[]> {
  const keys = numbers.slice(0, Math.min(count, looks));
  const alone = writesPerSecond(filled(numbers, count, true), numbers, count, readMs);
  const index = filled(numbers, count, true);
  const quiet = await readFor(index, keys, async () => {
    await sleep(readMs);
    return 0;
  });
  const busy = await readFor(index, keys, () => Promise.resolve(writesPerSecond(index, numbers, count, readMs)));
  const params = { numbers: count, ms: readMs };
  return [
    figureOf({
      bench: BENCH,
      figure: `updates, ${count / 1e6} M numbers`,
      params,
      subject: { name: 'under a reading thread', unit: 'updates/s', values: [busy.result] },
      baseline: { name: 'writing alone', unit: 'updates/s', values: [alone] },
    }),
    figureOf({
      bench: BENCH,
      figure: `lookups in another thread, ${count / 1e6} M numbers`,
      params,
      subject: { name: 'under a writing thread', unit: 'lookups/s', values: [busy.perSecond] },
      baseline: { name: 'reading alone', unit: 'lookups/s', values: [quiet.perSecond] },
    }),
  ];
}

/** Numbers moved, removed and put back, one by one. */
function writesPerSecond(index: NumberIndex, numbers: Float64Array, count: number, ms: number): number {
  const startMs = performance.now();
  let writes = 0;
  for (; performance.now() - startMs < ms;) {
    for (let i = 0; i < 1_000; i += 1) {
      const key = numbers[(writes * 7_919) % count]!;
      if (writes % 3 === 0) index.delete(key);
      index.set(key, writes % HANDLES);
      writes += writes % 3 === 0 ? 2 : 1;
    }
  }
  return (writes * 1_000) / (performance.now() - startMs);
}

async function readFor(
  index: NumberIndex,
  keys: Float64Array,
  meanwhile: () => Promise<number>,
): Promise<{ readonly perSecond: number; readonly result: number }> {
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ReadingThreadData = { buffer: index.buffer as SharedArrayBuffer, keys, isOver };
  const worker = new Worker(new URL('./registry-reader.thread.js', import.meta.url), { workerData });
  index.onMove = (buffer) => worker.postMessage(buffer);
  await once(worker, 'online');
  const result = await meanwhile();
  Atomics.store(isOver, 0, 1);
  const [answer] = (await once(worker, 'message')) as [{ readonly perSecond: number }];
  await worker.terminate();
  return { perSecond: answer.perSecond, result };
}

async function snapshots(numbers: Float64Array, { snapshots: counts }: Sizes, path: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const unit = 'seconds';
  const campaignIds = Array.from({ length: 1_000 }, (_, at) => `C${String(at).padStart(6, '0')}`);
  for (const count of counts) {
    const registry = new NumberRegistry({ capacity: count });
    for (let at = 0; at < count; at += 1) registry.register(numbers[at]!, at % campaignIds.length, 0, 0);
    const seconds = { save: [] as number[], load: [] as number[], write: [] as number[], read: [] as number[] };
    for (let round = 0; round < 3; round += 1) {
      seconds.save.push(await secondsOf(() => saveSnapshot(path, { registry, campaignIds, position: '' })));
      seconds.load.push(
        await secondsOf(async () => {
          const loaded = await loadSnapshot(path);
          if (loaded.registry.count !== count) throw new Error(`${loaded.registry.count} of ${count} came back`);
        }),
      );
      let bytes = Buffer.alloc(0);
      seconds.read.push(await secondsOf(() => Promise.resolve(void (bytes = readFileSync(path)))));
      seconds.write.push(
        await secondsOf(() => Promise.resolve(writeFileSync(`${path}.plain`, bytes, { flush: true }))),
      );
      rmSync(`${path}.plain`);
    }
    const parts = {
      bench: BENCH,
      params: { numbers: count, campaigns: campaignIds.length },
      isLessBetter: true,
    } as const;
    figures.push(
      figureOf({
        ...parts,
        figure: `snapshot saved, ${count / 1e6} M numbers`,
        subject: { name: 'saveSnapshot', unit, values: seconds.save },
        baseline: { name: 'writing as many bytes', unit, values: seconds.write },
      }),
      figureOf({
        ...parts,
        figure: `snapshot loaded, ${count / 1e6} M numbers`,
        subject: { name: 'loadSnapshot', unit, values: seconds.load },
        baseline: { name: 'reading as many bytes', unit, values: seconds.read },
        ...(count === 10_000_000 && { target: [{ measure: 'median', atMost: FILE_SECONDS_MAX }] }),
      }),
    );
  }
  return figures;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}
