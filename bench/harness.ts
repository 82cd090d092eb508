/**
 * Measuring on a machine that others use too.
 *
 * A figure is a subject beside a baseline, both taken in one run: round after round, each side in turn (A, B, A, B, ...),
 * so that whatever slows the machine for a while slows both. The ratio is the median of the ratios of single rounds, and
 * is the part of a figure that carries over to another day; the median of each side says about where it stood. Every
 * loop returns a number that depends on all it did, and it ends up in a sink, so that no compiler leaves the work out.
 *
 * Bytes allocated per operation come from V8's count of heap in use, before and after a long loop, and are only taken
 * when no collection ran in between: then the count never went down, the nursery's bump pointer is exact, and what the
 * loop allocated is the difference, garbage or not. If one did run, the loop is shortened until none does. A loop that
 * allocates nothing is therefore measured at full length, where one byte per operation would show as a megabyte. What
 * an empty loop costs in the same way is taken off, and of several tries the least counts, since compilers at work on
 * other threads can only add. Needs `--expose-gc`; `bench.test.ts` holds it against loops whose allocation is known.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

export interface BenchSettings {
  readonly seed: number;
  /** Toy sizes, to see that a bench works; the figures mean nothing. */
  readonly isTiny: boolean;
}

/** One of the things compared. */
export interface Side {
  readonly name: string;
  readonly unit: string;
  /** One round: a rate in `unit`, or a cost if the figure says that less is better. */
  measure(): number | Promise<number>;
}

/** A loop of `count` operations. Returns a number that depends on every one of them. */
export type Loop = (count: number) => number;

/** What a side gave, a value per round. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** A bound that a figure is held to. `ratio` is how many times better than the baseline. */
export interface Target {
  readonly measure: 'median' | 'ratio' | 'allocatedBytesPerOp';
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/** What a bench says; `run.ts` adds where and when to make a record of it. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly subject: Summary;
  readonly baseline: Summary & { readonly name: string };
  /** Above 1 the subject is better, whether it is a rate or a cost. */
  readonly ratio: number;
  readonly target?: readonly Target[];
  readonly met?: boolean;
  readonly allocatedBytesPerOp?: number;
  readonly note?: string;
}

const MS_PER_SECOND = 1_000;
const WARM_UP_ROUNDS = 2;

const sink = new Float64Array(1);

/** A place for results to go: a store to memory is one thing no compiler leaves out. */
export function consume(value: number): void {
  sink[0] = value;
}

/** A side that is a loop in this process: operations per second. */
export function loopSide(name: string, unit: string, count: number, run: Loop): Side {
  return {
    name,
    unit,
    measure() {
      const startMs = performance.now();
      consume(run(count));
      return (count * MS_PER_SECOND) / (performance.now() - startMs);
    },
  };
}

/** All sides in turn, `rounds` times over, after a few rounds that do not count. */
export async function interleave(
  sides: readonly Side[],
  rounds: number,
  warmUpRounds = WARM_UP_ROUNDS,
): Promise<Series[]> {
  const values = sides.map((): number[] => []);
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const [index, side] of sides.entries()) {
      const value = await side.measure();
      if (round >= 0) values[index]!.push(value);
    }
  }
  return sides.map(({ name, unit }, index) => ({ name, unit, values: values[index]! }));
}

export interface FigureParts {
  readonly bench: string;
  readonly figure: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly subject: Series;
  readonly baseline: Series;
  readonly target?: readonly Target[];
  /** The values are costs, such as bytes or milliseconds. */
  readonly isLessBetter?: boolean;
  readonly allocatedBytesPerOp?: number;
  readonly note?: string;
}

export function figureOf(parts: FigureParts): Figure {
  const { bench, figure, params, subject, baseline, target, allocatedBytesPerOp, note } = parts;
  const ratios = subject.values.map((value, round) =>
    parts.isLessBetter === true ? baseline.values[round]! / value : value / baseline.values[round]!,
  );
  const ratio = toDigits(median(ratios));
  const made = {
    bench,
    figure,
    params,
    subject: summaryOf(subject),
    baseline: { name: baseline.name, ...summaryOf(baseline) },
    ratio,
    ...(allocatedBytesPerOp !== undefined && { allocatedBytesPerOp }),
    ...(note !== undefined && { note }),
  };
  if (target === undefined) return made;
  return { ...made, target, met: target.every((one) => isMet(one, made)) };
}

function isMet(target: Target, figure: Pick<Figure, 'ratio' | 'subject' | 'allocatedBytesPerOp'>): boolean {
  const value = {
    median: figure.subject.median,
    ratio: figure.ratio,
    allocatedBytesPerOp: figure.allocatedBytesPerOp ?? Number.NaN,
  }[target.measure];
  return value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
}

function summaryOf({ values, unit }: Series): Summary {
  return {
    median: toDigits(median(values)),
    min: toDigits(Math.min(...values)),
    max: toDigits(Math.max(...values)),
    unit,
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Four digits that count: more would be noise in a record. */
function toDigits(value: number): number {
  return Number(value.toPrecision(4));
}

const ALLOCATION_LOOP = 1_048_576;
const ALLOCATION_LOOP_TINY = 32_768;
const ALLOCATION_LOOP_MIN = 256;
const ALLOCATION_TRIES = 8;
const ALLOCATION_WARM_UP_MS = 300;

/**
 * Bytes allocated on the JavaScript heap per operation of `run`, to a hundredth of a byte.
 * @throws Error without `--expose-gc`, or if even a short loop makes the collector run
 */
export async function allocatedBytesPerOp(run: Loop, { isTiny }: Pick<BenchSettings, 'isTiny'>): Promise<number> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('allocation can only be measured with --expose-gc');
  const longest = isTiny ? ALLOCATION_LOOP_TINY : ALLOCATION_LOOP;
  const warmUntilMs = performance.now() + ALLOCATION_WARM_UP_MS;
  while (performance.now() < warmUntilMs) consume(run(ALLOCATION_LOOP_TINY));
  const collect = (): void => {
    gc();
  };
  const watch = watchCollections();
  try {
    for (let count = longest; count >= ALLOCATION_LOOP_MIN; count >>= 1) {
      const growth = await leastGrowth(run, count, collect, watch);
      if (growth === undefined) continue;
      const overhead = (await leastGrowth(emptyLoop, count, collect, watch)) ?? 0;
      return Math.max(0, Math.round((100 * (growth - overhead)) / count) / 100);
    }
    throw new Error('the collector ran during every loop, however short');
  } finally {
    watch.stop();
  }
}

/** The least growth of the heap over some runs of `count` operations, or undefined if every one met a collection. */
async function leastGrowth(
  run: Loop,
  count: number,
  collect: () => void,
  watch: Collections,
): Promise<number | undefined> {
  let least: number | undefined;
  for (let i = 0; i < ALLOCATION_TRIES; i += 1) {
    collect();
    const startMs = performance.now();
    const before = getHeapStatistics().used_heap_size;
    consume(run(count));
    const growth = getHeapStatistics().used_heap_size - before;
    if (await watch.sawOneSince(startMs)) {
      if (least === undefined) return undefined;
      continue;
    }
    least = Math.min(least ?? Infinity, growth);
  }
  return least;
}

function emptyLoop(count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum = (sum + i) | 0;
  return sum;
}

export interface Collections {
  /** Whether the collector has run since `startMs` on the clock of `performance.now`. */
  sawOneSince(startMs: number): Promise<boolean>;
  /** How long the collector has held this process up since `startMs`. */
  heldUpMsSince(startMs: number): number;
  stop(): void;
}

/** Watches this process's garbage collector. */
export function watchCollections(): Collections {
  let lastMs = -Infinity;
  const starts: number[] = [];
  const durations: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      lastMs = Math.max(lastMs, startTime);
      starts.push(startTime);
      durations.push(duration);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    async sawOneSince(startMs) {
      // Reports of the collector arrive by way of the event loop, a turn or two later.
      for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return lastMs >= startMs;
    },
    heldUpMsSince: (startMs) =>
      durations.reduce((sum, duration, index) => (starts[index]! >= startMs ? sum + duration : sum), 0),
    stop: () => observer.disconnect(),
  };
}
