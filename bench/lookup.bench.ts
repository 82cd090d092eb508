/**
 * How fast is a random number found, and how much memory does it take?
 *
 * Beside a `Map` of the same numbers, which is what one would use otherwise and which ends at 2^24 of them; beside LMDB, the
 * embedded store on npm, and a Redis asked in pipelines, for who would ask a store; and beside independent reads of random
 * cells of an array as large as the index, which no index can beat by much. Keys and positions lie in arrays in the order
 * they are asked for, so that reading them costs all sides the same.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { open as openLmdb } from 'lmdb';
import { loadCarrierMap, NumberIndex } from '../registry-cache/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import {
  type BenchSettings,
  consume,
  type Figure,
  figureOf,
  interleave,
  loopSide,
  type Series,
  type Side,
} from './harness.ts';
import { drawFreeNumber, drawNumbers } from './population.ts';

const BENCH = 'lookup';
const UNIT = 'lookups/s';
const FULL_COUNTS = [1_000_000, 10_000_000, 100_000_000];
/** A Map holds no more entries. */
const MAP_COUNT_MAX = 2 ** 24;
const HANDLES = 4_000_000;
const CHUNK = 4_096;

/** The index promises as much: against a Map at the one size, against memory at the other. */
const MAP_TARGET_COUNT = 10_000_000;
const RATIO_TO_MAP_MIN = 6;
const MEMORY_TARGET_COUNT = 100_000_000;
const RATIO_TO_MEMORY_MIN = 0.45;
/** Stores take so long that they are asked for fewer, or the sides would not be measured at the same time. */
const LMDB_SHARE = 1 / 16;
const REDIS_SHARE = 1 / 64;
const PIPELINE = 1_000;
const BYTES_PER_NUMBER_MAX = 6;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of isTiny ? [20_000] : FULL_COUNTS) figures.push(...(await runAt(count, seed, isTiny)));
  return figures;
}

async function runAt(count: number, seed: number, isTiny: boolean): Promise<Figure[]> {
  const blocks = loadCarrierMap().blocksOf('cpaas');
  const numbers = drawNumbers(seed, blocks, count);
  const index = NumberIndex.withCapacity(count);
  const map = count > MAP_COUNT_MAX ? undefined : mapOf(numbers);
  for (let at = 0; at < count; at += 1) index.set(numbers[at]!, at % HANDLES);
  const stores = [await openStoredInLmdb(numbers), await openStoredInRedis(count)];

  const asked = isTiny ? 8_192 : 4_194_304;
  const rounds = isTiny ? 2 : 9;
  const chance = namedStream(seed, 'bench/lookup');
  const cells = new Uint32Array(index.sizeBytes / Uint32Array.BYTES_PER_ELEMENT);
  for (let at = 0; at < cells.length; at += 1) cells[at] = at;
  const positions = Uint32Array.from({ length: asked }, () => Math.floor(chance.next() * cells.length));
  const readSide = loopSide('memory', 'reads/s', asked, (loops) => sumOfReads(cells, positions, loops));

  const figures: Figure[] = [];
  for (const mix of ['half hits', 'all hits'] as const) {
    const places = Float64Array.from({ length: asked }, () => Math.floor(chance.next() * count));
    const keys = Float64Array.from(places, (place) =>
      mix === 'half hits' && chance.next() < 0.5 ? drawFreeNumber(chance, blocks) : numbers[place]!,
    );
    const viaGet = (loops: number): number => sumOfGets(index, keys, loops);
    const viaGetMany = (loops: number): number => sumOfGetMany(index, keys, loops);
    requireSame(viaGetMany(asked), viaGet(asked));
    const others: Side[] = [readSide];
    if (map !== undefined) {
      requireSame(viaGet(asked), sumOfMapGets(map.map, keys, asked));
      others.push(loopSide('Map', UNIT, asked / 4, (loops) => sumOfMapGets(map.map, keys, loops)));
    }
    if (mix === 'all hits') others.push(...stores.map((store) => store.side(keys, places, asked)));
    const series = await interleave(
      [
        loopSide('NumberIndex.get', UNIT, asked, viaGet),
        loopSide('NumberIndex.getMany', UNIT, asked, viaGetMany),
        ...others,
      ],
      rounds,
    );
    const [get, getMany, ...baselines] = series as [Series, Series, ...Series[]];
    const params = { numbers: count, mix, asked, rounds };
    const name = `${count / 1_000_000} M numbers, ${mix}`;
    for (const baseline of baselines) {
      const parts = { bench: BENCH, params, baseline, ...promiseAt(count, baseline.name) };
      figures.push(
        figureOf({ ...parts, figure: `get against ${baseline.name}, ${name}`, subject: get }),
        figureOf({ ...parts, figure: `getMany against ${baseline.name}, ${name}`, subject: getMany }),
      );
    }
  }
  const unit = 'bytes per number';
  const memory = { name: 'NumberIndex', unit, values: [index.sizeBytes / count] };
  const inOthers = [
    ...(map === undefined ? [] : [{ name: 'Map', bytes: map.bytes }]),
    ...stores.map(({ name, bytes }) => ({ name, bytes })),
  ];
  for (const { name, bytes } of inOthers) {
    figures.push(
      figureOf({
        bench: BENCH,
        figure: `memory against ${name}, ${count / 1_000_000} M numbers`,
        params: { numbers: count },
        subject: memory,
        baseline: { name, unit, values: [bytes / count] },
        isLessBetter: true,
        // The index has a smallest size, so few numbers come dear.
        ...(!isTiny && { target: [{ measure: 'median', atMost: BYTES_PER_NUMBER_MAX }] }),
      }),
    );
  }
  for (const store of stores) await store.close();
  return figures;
}

function promiseAt(count: number, baseline: string): Pick<Parameters<typeof figureOf>[0], 'target'> {
  if (count === MAP_TARGET_COUNT && baseline === 'Map') {
    return { target: [{ measure: 'ratio', atLeast: RATIO_TO_MAP_MIN }] };
  }
  if (count === MEMORY_TARGET_COUNT && baseline === 'memory') {
    return { target: [{ measure: 'ratio', atLeast: RATIO_TO_MEMORY_MIN }] };
  }
  return {};
}

function mapOf(numbers: Float64Array): { readonly map: ReadonlyMap<number, number>; readonly bytes: number } {
  const collect = globalThis.gc;
  collect?.();
  const before = process.memoryUsage().heapUsed;
  const map = new Map<number, number>();
  numbers.forEach((number, at) => map.set(number, at % HANDLES));
  collect?.();
  return { map, bytes: process.memoryUsage().heapUsed - before };
}

/** All numbers in a store outside the heap, and a side that asks it for some of them. */
interface Stored {
  readonly name: string;
  readonly bytes: number;
  side(keys: Float64Array, places: Float64Array, asked: number): Side;
  close(): Promise<void>;
}

async function openStoredInLmdb(numbers: Float64Array): Promise<Stored> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-lmdb-'));
  const database = openLmdb<number, number>({ path: join(folder, 'data'), noSync: true });
  // LMDB fills its pages best when keys come in order.
  const sorted = numbers.toSorted();
  for (let from = 0; from < sorted.length; from += LMDB_TRANSACTION) {
    database.transactionSync(() => {
      for (const key of sorted.subarray(from, from + LMDB_TRANSACTION)) {
        database.putSync(key, key % HANDLES, { append: true });
      }
    });
  }
  const { mapSize } = database.getStats() as { readonly mapSize: number };
  return {
    name: 'LMDB file',
    bytes: mapSize,
    side: (keys, _places, asked) =>
      loopSide('LMDB', UNIT, asked * LMDB_SHARE, (loops) => {
        let sum = 0;
        for (let at = 0; at < loops; at += 1) sum += database.get(keys[at]!) ?? -1;
        return sum;
      }),
    async close() {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const LMDB_TRANSACTION = 1_000_000;
const KEY_PREFIX = 'number';

/** Made by Redis itself, since to send it so many would take minutes: keys of a number's length, by place. */
async function openStoredInRedis(count: number): Promise<Stored> {
  const server = await startRedisServer(['--enable-debug-command', 'local']);
  const client = new Redis({ port: server.port, host: server.host });
  const usedBytes = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  const before = await usedBytes();
  await client.call('DEBUG', 'POPULATE', count, KEY_PREFIX, 7);
  const bytes = (await usedBytes()) - before;
  return {
    name: 'Redis keys',
    bytes,
    side: (_keys, places, asked) => ({
      name: 'Redis GET in pipelines',
      unit: UNIT,
      async measure() {
        const times = Math.max(PIPELINE, asked * REDIS_SHARE);
        const startMs = performance.now();
        for (let from = 0; from < times; from += PIPELINE) {
          const pipeline = client.pipeline();
          for (const place of places.subarray(from, from + PIPELINE)) pipeline.get(`${KEY_PREFIX}:${place}`);
          const replies = await pipeline.exec();
          if (replies?.some(([error, value]) => error !== null || value === null)) throw new Error('Redis lost a key');
          consume(replies?.length ?? 0);
        }
        return (times * 1_000) / (performance.now() - startMs);
      },
    }),
    async close() {
      client.disconnect();
      await server.stop();
    },
  };
}

function sumOfGets(index: NumberIndex, keys: Float64Array, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += index.get(keys[at]!);
  return sum;
}

const answers = new Int32Array(CHUNK);

function sumOfGetMany(index: NumberIndex, keys: Float64Array, count: number): number {
  let sum = 0;
  for (let from = 0; from < count; from += CHUNK) {
    const chunk = Math.min(CHUNK, count - from);
    index.getMany(keys.subarray(from, from + chunk), answers, chunk);
    for (let at = 0; at < chunk; at += 1) sum += answers[at]!;
  }
  return sum;
}

function sumOfMapGets(map: ReadonlyMap<number, number>, keys: Float64Array, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += map.get(keys[at]!) ?? -1;
  return sum;
}

function sumOfReads(cells: Uint32Array, positions: Uint32Array, count: number): number {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += cells[positions[at]!]!;
  return sum;
}

function requireSame(ours: number, theirs: number): void {
  if (ours !== theirs) throw new Error(`the index and the Map disagree: ${ours} and ${theirs}`);
}
