import { namedStream, type Rng } from '../router/index.ts';

/** A named stream of chance with the draws the demo needs. Each actor owns one. */
export interface Stream extends Rng {
  /** The next integer, 0 inclusive to `count` exclusive. */
  below(count: number): number;
  /** The next wait of a memoryless process that happens once per unit of time on average. */
  exponential(): number;
}

/** @throws if `seed` is not an integer that a double holds exactly. */
export function createStream(seed: number, name: string): Stream {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, got ${seed}`);
  const stream = namedStream(seed, name);
  const next = (): number => stream.next();
  return {
    next,
    below: (count) => Math.floor(next() * count),
    exponential: () => -Math.log(1 - next()),
  };
}
