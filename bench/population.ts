/**
 * A registry of a size no demo has: generated brands with a campaign each, and numbers drawn from blocks that companies
 * really rent out, spread over the campaigns at random. Same seed, same world.
 *
 * Shares of classes and tiers are made up; what matters to a measurement is that every kind occurs, so that no branch
 * of a decision is always taken.
 */
import type { CarrierMap, NumberRegistry } from '../registry-cache/index.ts';
import { CARRIERS, USE_CASES } from '../registry-cache/index.ts';
import { attClassOf, tmobileTierOf } from '../tariffs/index.ts';
import { namedStream, type World } from '../gateway/router/index.ts';

const ATT_LETTERS = ['A', 'A', 'B', 'C', 'C', 'D', 'E', 'F', 'K', 'T'];
const TIERS = ['TOP', 'TOP', 'UPPER_MID', 'UPPER_MID', 'LOWER_MID', 'LOW'];
const ALL_CARRIERS = (1 << CARRIERS.length) - 1;
const NOT_EVERYWHERE_SHARE = 0.05;
const EXPIRED_SHARE = 0.02;
/** In force from before any time that a bench uses. */
const LONG_AGO_MS = 1;

export interface PopulationOptions {
  readonly seed: number;
  readonly campaigns: number;
  readonly numbers: number;
}

/** Adds brands, campaigns and numbers to `world`. The numbers, in the order they were drawn. */
export function addPopulation(world: World, { seed, campaigns, numbers }: PopulationOptions): Float64Array {
  const chance = namedStream(seed, 'bench/campaigns');
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance.next() * from.length)]!;
  const first = world.campaigns.count;
  for (let index = 0; index < campaigns; index += 1) {
    const suffix = index.toString(36).toUpperCase().padStart(6, '0');
    const brand = world.brands.add({ id: `B${suffix}`, tmobileTier: tmobileTierOf(pick(TIERS)) });
    const missing = chance.next() < NOT_EVERYWHERE_SHARE ? 1 << Math.floor(chance.next() * CARRIERS.length) : 0;
    world.campaigns.add({
      id: `C${suffix}`,
      brand,
      status: ALL_CARRIERS & ~missing,
      attClass: attClassOf(pick(ATT_LETTERS)),
      useCase: pick(USE_CASES),
      expiresAtMs: chance.next() < EXPIRED_SHARE ? LONG_AGO_MS : Infinity,
    });
  }
  return registerNumbers(world.registry, world.carrierMap, { seed, numbers, first, campaigns });
}

function registerNumbers(
  registry: NumberRegistry,
  carrierMap: CarrierMap,
  { seed, numbers, first, campaigns }: { seed: number; numbers: number; first: number; campaigns: number },
): Float64Array {
  const chance = namedStream(seed, 'bench/campaigns-of-numbers');
  const drawn = drawNumbers(seed, carrierMap.blocksOf('cpaas'), numbers);
  for (const key of drawn) registry.register(key, first + Math.floor(chance.next() * campaigns), 0, 0);
  return drawn;
}

const LINES_PER_BLOCK = 1_000;
/** Lines of a block that are given out; the others stay free, for `drawFreeNumber`. */
const LINES_IN_USE = 500;

/**
 * `count` different numbers from the even lines of `blocks`, in random order.
 * @throws RangeError if the blocks do not hold twice as many
 */
export function drawNumbers(seed: number, blocks: Uint32Array, count: number): Float64Array {
  const lines = blocks.length * LINES_IN_USE;
  if (count * 2 > lines) throw new RangeError(`${count} numbers are too many for ${blocks.length} blocks`);
  const chance = namedStream(seed, 'bench/numbers');
  const numbers = new Float64Array(count);
  const isTaken = new Uint8Array(lines);
  for (let drawn = 0; drawn < count;) {
    const line = Math.floor(chance.next() * lines);
    if (isTaken[line] === 1) continue;
    isTaken[line] = 1;
    numbers[drawn] = blocks[Math.floor(line / LINES_IN_USE)]! * LINES_PER_BLOCK + (line % LINES_IN_USE) * 2;
    drawn += 1;
  }
  return numbers;
}

/** A number from the odd lines of `blocks`: `drawNumbers` never gives it out. */
export function drawFreeNumber(chance: { next(): number }, blocks: Uint32Array): number {
  const block = blocks[Math.floor(chance.next() * blocks.length)]!;
  return block * LINES_PER_BLOCK + Math.floor(chance.next() * LINES_IN_USE) * 2 + 1;
}
