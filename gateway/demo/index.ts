/** The door to the demo: a world to declare and the messages it sends. */
import { ACCOUNTS } from './cast.ts';
import { loadCorpus } from './corpus.ts';
import { loadFigures } from './figures.ts';
import type { BlockSource } from './numbers.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { createWorld, type DemoRegistry } from './world.ts';

export type { BlockGroup, BlockSource } from './numbers.ts';
export { loadCorpus, loadFigures };
export { startSending } from './sender.ts';
export type { Traffic } from './traffic.ts';
export type { DemoRegistry } from './world.ts';

export interface DemoOptions {
  /** A safe integer; the same seed, start and blocks give the same demo. */
  readonly seed: number;
  /** Messages per second, mean over a day; any one hour lies between 0.3 and about twice that. */
  readonly ratePerSecond: number;
  /** Milliseconds since the epoch at which the demo begins; delays and expiry count from here. */
  readonly startMs: number;
  readonly blocks: BlockSource;
}

export interface Demo {
  /** To be declared before the first message is sent. */
  readonly registry: DemoRegistry;
  /** Every account that messages name. */
  readonly accounts: readonly string[];
  readonly traffic: Traffic;
}

/** Reads the demo's data files and sets the stage. Reads files synchronously: for start-up only. */
export function createDemo({ seed, ratePerSecond, startMs, blocks }: DemoOptions): Demo {
  const world = createWorld({ seed, startMs, blocks });
  const traffic = createTraffic({
    seed,
    ratePerSecond,
    startMs,
    blocks,
    world,
    corpus: loadCorpus(),
    figures: loadFigures(),
  });
  return { registry: world.registry, accounts: ACCOUNTS, traffic };
}
