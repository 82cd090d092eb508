/**
 * How fast is a random number found, and how much memory does it take?
 *
 * Beside a `Map` of the same numbers, which is what one would use otherwise, and beside reads of random cells of an
 * array as large as the index, which no index can beat by much. Keys lie in an array in the order they are asked for,
 * so that reading them costs all sides the same.
 */
import { loadCarrierMap, NumberIndex } from '../registry-cache/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import { type BenchSettings, type Figure, figureOf, interleave, loopSide, type Series } from './harness.ts';
import { drawFreeNumber, drawNumbers } from './population.ts';

const BENCH = 'lookup';
const UNIT = 'lookups/s';
const FULL_COUNTS = [1_000_000, 10_000_000];
const HANDLES = 4_000_000;
const CHUNK = 4_096;

/** The index promises as much at this size. */
const SPEED_TARGET_COUNT = 10_000_000;
const RATIO_TO_MAP_MIN = 6;
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
  const collect = globalThis.gc;
  collect?.();
  const before = process.memoryUsage().heapUsed;
  const map = new Map<number, number>();
  numbers.forEach((number, at) => map.set(number, at % HANDLES));
  collect?.();
  const mapBytes = process.memoryUsage().heapUsed - before;
  numbers.forEach((number, at) => index.set(number, at % HANDLES));

  const asked = isTiny ? 8_192 : 4_194_304;
  const rounds = isTiny ? 2 : 9;
  const chance = namedStream(seed, 'bench/lookup');
  const cells = new Uint32Array(index.sizeBytes / Uint32Array.BYTES_PER_ELEMENT);
  for (let at = 0; at < cells.length; at += 1) cells[at] = at;
  const positions = Uint32Array.from({ length: asked }, () => Math.floor(chance.next() * cells.length));

  const figures: Figure[] = [];
  for (const mix of ['half hits', 'all hits'] as const) {
    const keys = Float64Array.from({ length: asked }, () =>
      mix === 'half hits' && chance.next() < 0.5
        ? drawFreeNumber(chance, blocks)
        : numbers[Math.floor(chance.next() * count)]!,
    );
    const viaGet = (loops: number): number => sumOfGets(index, keys, loops);
    const viaGetMany = (loops: number): number => sumOfGetMany(index, keys, loops);
    const viaMap = (loops: number): number => sumOfMapGets(map, keys, loops);
    requireSame(viaGet(asked), viaMap(asked));
    requireSame(viaGetMany(asked), viaMap(asked));

    const [get, getMany, mapGet, read] = (await interleave(
      [
        loopSide('NumberIndex.get', UNIT, asked, viaGet),
        loopSide('NumberIndex.getMany', UNIT, asked, viaGetMany),
        // A quarter as many, since they take so long that the sides would not be measured at the same time.
        loopSide('Map.get', UNIT, asked / 4, viaMap),
        loopSide('4-byte reads of an array as large', 'reads/s', asked, (loops) => sumOfReads(cells, positions, loops)),
      ],
      rounds,
    )) as [Series, Series, Series, Series];
    const params = { numbers: count, mix, asked, rounds };
    const promise =
      count === SPEED_TARGET_COUNT ? { target: [{ measure: 'ratio', atLeast: RATIO_TO_MAP_MIN } as const] } : {};
    const name = `${count / 1_000_000} M numbers, ${mix}`;
    figures.push(
      figureOf({ bench: BENCH, figure: `get, ${name}`, params, subject: get, baseline: mapGet, ...promise }),
      figureOf({ bench: BENCH, figure: `getMany, ${name}`, params, subject: getMany, baseline: mapGet, ...promise }),
      figureOf({ bench: BENCH, figure: `get against memory, ${name}`, params, subject: get, baseline: read }),
      figureOf({ bench: BENCH, figure: `getMany against memory, ${name}`, params, subject: getMany, baseline: read }),
    );
  }
  const unit = 'bytes per number';
  figures.push(
    figureOf({
      bench: BENCH,
      figure: `memory, ${count / 1_000_000} M numbers`,
      params: { numbers: count },
      subject: { name: 'NumberIndex', unit, values: [index.sizeBytes / count] },
      baseline: { name: 'Map', unit, values: [mapBytes / count] },
      isLessBetter: true,
      // The index has a smallest size, so few numbers come dear.
      ...(!isTiny && { target: [{ measure: 'median', atMost: BYTES_PER_NUMBER_MAX }] }),
    }),
  );
  return figures;
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
