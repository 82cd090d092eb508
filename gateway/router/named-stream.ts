/**
 * Seeded chance with a name: every component draws from its own stream, derived from the run's seed and the
 * component's name, so that a new draw in one never shifts another.
 *
 * The pair is hashed into all 128 bits of the generator's state, since its own one-word seeding starts neighbouring
 * seeds nearly alike.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { Rng } from './clock.ts';

const TWO_POW_32 = 4_294_967_296;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A stream that can be taken up again where it stood. */
export interface NamedStream extends Rng {
  capture(): readonly number[];
  restore(state: readonly number[]): void;
}

/**
 * The stream called `name` of the run seeded with `seed`. Same pair, same numbers, always.
 * @throws RangeError if `seed` is not an integer that a double holds exactly
 */
export function namedStream(seed: number, name: string): NamedStream {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, got ${seed}`);
  let generator = xoroshiro128plusFromState([
    hash32(seed, name, 0x9e3779b9),
    hash32(seed, name, 0x7f4a7c15),
    hash32(seed, name, 0xf39cc060),
    hash32(seed, name, 0x5cedc834) | 1, // all zeros is the one state this family of generators cannot leave
  ]);
  return {
    next: () => (generator.next() >>> 0) / TWO_POW_32,
    capture: () => generator.getState(),
    restore(state) {
      generator = xoroshiro128plusFromState(state);
    },
  };
}

/** FNV-1a over seed and name, started from a salt and closed with the finaliser of MurmurHash3. */
function hash32(seed: number, name: string, salt: number): number {
  let hash = Math.imul(FNV_OFFSET ^ salt ^ seed, FNV_PRIME);
  hash = Math.imul(finalise(hash) ^ Math.floor(seed / TWO_POW_32), FNV_PRIME);
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), FNV_PRIME);
  }
  return finalise(hash);
}

function finalise(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
