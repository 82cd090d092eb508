/** Every bench by name; each runs in a process of its own. */
import type { BenchSettings, Figure } from './harness.ts';
import type { Work } from './processes.ts';

type RunBench = (settings: BenchSettings) => Promise<Figure[]>;

export const BENCHES: Readonly<Record<string, () => Promise<{ run: RunBench }>>> = {
  lookup: () => import('./lookup.bench.ts'),
  'registry-index': () => import('./registry-index.bench.ts'),
  'registry-feed': () => import('./registry-feed.load.ts'),
  decide: () => import('./decide.bench.ts'),
  segments: () => import('./segments.bench.ts'),
  simulate: () => import('./simulate.bench.ts'),
  rate: () => import('./rate.bench.ts'),
  limits: () => import('./limits.bench.ts'),
  'lease-refill': () => import('./lease-refill.load.ts'),
  postings: () => import('./postings.bench.ts'),
  carriers: () => import('./carriers.bench.ts'),
  cdr: () => import('./cdr.load.ts'),
  'http-one': () => import('./http-one.load.ts'),
  faces: () => import('./faces.load.ts'),
  'http-batch': () => import('./http-batch.load.ts'),
  smpp: () => import('./smpp.load.ts'),
  'smpp-fuzz': () => import('./smpp-fuzz.load.ts'),
  'smpp-soak': () => import('./smpp-soak.load.ts'),
  scrape: () => import('./scrape.load.ts'),
  traces: () => import('./traces.load.ts'),
  console: () => import('./console.load.ts'),
  'durable-accept': () => import('./durable-accept.load.ts'),
  delivery: () => import('./delivery.load.ts'),
  webhooks: () => import('./webhooks.load.ts'),
  'limits-across': () => import('./limits-across.load.ts'),
  chaos: () => import('./chaos.load.ts'),
  recovery: () => import('./recovery.load.ts'),
  testing: () => import('./testing.load.ts'),
  soak: () => import('./soak.load.ts'),
};

/** A bench as work for a process: it is ready at once and runs when asked. */
export type BenchWork = Work<BenchSettings, null, null, Figure[]>;

export async function loadBench(name: string): Promise<{ work: BenchWork }> {
  const bench = BENCHES[name];
  if (bench === undefined) throw new Error(`there is no bench "${name}"; there are ${Object.keys(BENCHES).join(', ')}`);
  const { run } = await bench();
  return { work: { open: (settings) => Promise.resolve({ ready: null, answer: () => run(settings) }) } };
}
