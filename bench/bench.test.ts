import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BENCHES } from './benches.ts';
import { type Compiled, compileBenches } from './compile.ts';
import { allocatedBytesPerOp, type Figure, figureOf, interleave, type Series } from './harness.ts';
import { recordsOf } from './record.ts';
import { runBench } from './run-bench.ts';
import { tableOf } from './table.ts';

const TINY = { seed: 7, isTiny: true };

// Every bench at toy size, as it would be run by hand: in a process of its own, compiled. How fast it was is not looked at.
describe('every bench runs and yields its figures', () => {
  let compiled: Compiled;
  beforeAll(() => {
    compiled = compileBenches();
  });
  afterAll(() => compiled.remove());

  const expected: Readonly<Record<string, { figures: number; baselines: readonly string[] }>> = {
    lookup: { figures: 15, baselines: ['memory', 'Map', 'LMDB', 'LMDB file', 'Redis GET in pipelines', 'Redis keys'] },
    'registry-index': {
      figures: 6,
      baselines: [
        'growing at once',
        'freshly filled',
        'writing alone',
        'reading alone',
        'writing as many bytes',
        'reading as many bytes',
      ],
    },
    'registry-feed': {
      figures: 7,
      baselines: ['a key each', 'SET and XADD in pipelines', 'a key each, GET in pipelines', 'bare stream'],
    },
    decide: { figures: 2, baselines: ['the two lookups alone', 'Maps and objects, without limits'] },
    segments: { figures: 6, baselines: ['split-sms', 'sms-segments-calculator'] },
    simulate: { figures: 2, baselines: ['decide alone', 'after a sixth of the days'] },
    rate: { figures: 1, baselines: ["scan of the book's rows"] },
    limits: { figures: 10, baselines: ['Map of objects'] },
    'lease-refill': { figures: 4, baselines: ['INCRBY for each message, in pipelines', 'own bucket'] },
    postings: { figures: 2, baselines: ['Maps under joined keys', 'adding up every posting'] },
    carriers: { figures: 1, baselines: ['a store told at once'] },
    cdr: {
      figures: 5,
      baselines: ['JSON.stringify and writeSync', 'JSON.stringify and pino', 'JSON.parse of each line'],
    },
    'http-one': { figures: 4, baselines: ['bare Fastify route'] },
    faces: { figures: 6, baselines: ['our own API'] },
    'http-batch': { figures: 2, baselines: ['JSON.parse'] },
    smpp: {
      figures: 11,
      baselines: [
        'npm smpp, no decision',
        'our codec, no decision',
        'in plain',
        'kept nowhere',
        'without',
        'smsbox, bearerbox, our codec',
        'npm smpp',
      ],
    },
    'smpp-fuzz': { figures: 1, baselines: ['as they should be'] },
    'smpp-soak': { figures: 2, baselines: ['in the first third', 'of messages accepted'] },
    scrape: { figures: 2, baselines: ['/healthz', 'while nobody scrapes'] },
    traces: { figures: 4, baselines: ['without traces'] },
    console: { figures: 3, baselines: ['while none passes', 'after the first messages'] },
    'durable-accept': { figures: 6, baselines: ['a job of BullMQ each', 'kept nowhere', 'kept nowhere and delivered'] },
    delivery: { figures: 6, baselines: ['embedded'] },
    webhooks: {
      figures: 4,
      baselines: ['plain undici posts', 'in memory, all ten answer', 'in Redis, all ten answer'],
    },
    'limits-across': { figures: 13, baselines: ['what is allowed', 'a second before', 'own limits'] },
    chaos: {
      figures: 7,
      baselines: ['acknowledged', 'one for each receipt', 'while nothing was wrong', 'a second before'],
    },
    recovery: { figures: 3, baselines: ['after a moment in calm'] },
    testing: { figures: 4, baselines: ['bare Fastify', 'bare Fastify, not listening', 'all to one gateway'] },
    soak: { figures: 3, baselines: ['in the first third'] },
  };

  test('none is left out here', () => {
    expect(Object.keys(expected)).toEqual(Object.keys(BENCHES));
  });

  // On a machine that is busy a run of this size can be over before there was anything to measure; such a one is made again.
  test.for(Object.entries(expected))('%s', { retry: 2 }, async ([name, { figures, baselines }]) => {
    const found = await runBench(name, TINY, compiled.program);
    expect(found).toHaveLength(figures);
    expect([...new Set(found.map((one) => one.baseline.name))].toSorted()).toEqual(baselines.toSorted());
    expect(new Set(found.map((one) => one.figure)).size).toBe(figures);
    for (const one of found) requireSane(one, name);

    const [record] = recordsOf(found, TINY);
    expect(JSON.parse(JSON.stringify(record))).toMatchObject({ bench: name, seed: TINY.seed, node: process.version });
    expect(tableOf(name, found).split('\n').length).toBeGreaterThan(figures);
  });
});

function requireSane(figure: Figure, bench: string): void {
  expect(figure.bench).toBe(bench);
  for (const side of [figure.subject, figure.baseline]) {
    expect(side.min).toBeGreaterThan(0);
    expect(side.median).toBeGreaterThanOrEqual(side.min);
    expect(side.max).toBeGreaterThanOrEqual(side.median);
    expect(side.max).toBeLessThan(Infinity);
    expect(side.unit).not.toBe('');
  }
  expect(figure.ratio).toBeGreaterThan(0);
  expect(figure.met === undefined).toBe(figure.target === undefined);
  expect(figure.allocatedBytesPerOp ?? 0).toBeGreaterThanOrEqual(0);
}

describe('allocation', () => {
  beforeAll(() => {
    setFlagsFromString('--expose-gc');
    globalThis.gc = runInNewContext('gc') as typeof globalThis.gc;
  });

  const kept: unknown[] = [undefined];
  const loopOf =
    (once: (i: number) => unknown) =>
    (count: number): number => {
      for (let i = 0; i < count; i += 1) kept[0] = once(i);
      return count;
    };

  // Until V8 has compiled the loop it boxes numbers of its own; some versions take longer than one warm-up.
  test('of nothing is 0 bytes', { retry: 5 }, async () => {
    expect(
      await allocatedBytesPerOp(
        loopOf((i) => i & 1),
        TINY,
      ),
    ).toBeLessThan(0.5);
  });

  test('of an array of doubles is its 8 bytes each and a header, and twice that for twice as many', async () => {
    const header = 16;
    const ten = await allocatedBytesPerOp(
      loopOf(() => new Float64Holder(10)),
      TINY,
    );
    const twenty = await allocatedBytesPerOp(
      loopOf(() => new Float64Holder(20)),
      TINY,
    );
    expect(ten).toBeGreaterThanOrEqual(80 + header);
    expect(Math.round(twenty - ten)).toBe(80);
  });

  test('is found even when an operation allocates more than the nursery would hold of them', async () => {
    const found = await allocatedBytesPerOp(
      loopOf(() => new Array<number>(4_096).fill(1.5)),
      TINY,
    );
    expect(found).toBeGreaterThanOrEqual(4_096 * 8);
    // What is left at the end of a page of the heap counts too.
    expect(found).toBeLessThan(4_096 * 8 * 1.25);
  });
});

class Float64Holder {
  readonly values: number[];
  constructor(length: number) {
    this.values = new Array<number>(length).fill(0.5);
  }
}

describe('a figure', () => {
  const series = (name: string, values: readonly number[]): Series => ({ name, unit: 'things/s', values });

  test('compares round by round, so a spell that slows both sides does not count', () => {
    const figure = figureOf({
      bench: 'x',
      figure: 'y',
      params: {},
      subject: series('ours', [300, 30, 310]),
      baseline: series('theirs', [100, 10, 100]),
      target: [{ measure: 'ratio', atLeast: 3 }],
    });
    expect(figure).toMatchObject({ ratio: 3, met: true, subject: { median: 300, min: 30, max: 310 } });
  });

  test('of costs is better the less it costs', () => {
    const parts = { bench: 'x', figure: 'y', params: {}, isLessBetter: true };
    const figure = figureOf({
      ...parts,
      subject: series('ours', [2]),
      baseline: series('theirs', [8]),
      target: [{ measure: 'median', atMost: 1 }],
    });
    expect(figure).toMatchObject({ ratio: 4, met: false });
  });

  test('is taken in turns, and warm-up rounds leave no value', async () => {
    const order: string[] = [];
    const side = (name: string) => ({ name, unit: 'u', measure: () => order.push(name) });
    const [a, b] = await interleave([side('a'), side('b')], 2, 1);
    expect(order.join('')).toBe('ababab');
    expect([a?.values, b?.values]).toEqual([
      [3, 5],
      [4, 6],
    ]);
  });
});

test('a bench that does not exist is refused with the names of those that do', () => {
  const call = (): unknown =>
    execFileSync(process.execPath, ['--import', 'tsx', 'bench/run.ts', 'nonsense'], {
      stdio: 'pipe',
      encoding: 'utf8',
    });
  expect(call).toThrow(/there is no nonsense; there are lookup, registry-index/);
});
