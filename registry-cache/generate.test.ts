import { test as propertyTest, fc } from '@fast-check/vitest';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import { isAssigned } from './carrier-map.ts';
import { type SyntheticCampaign, syntheticCampaigns, syntheticIds, syntheticNumbers } from './generate.ts';
import { loadCarrierMap } from './load-carrier-map.ts';
import { formatNumber, parseNumberKey } from './number-key.ts';

const chanceOf = (seed: number): { next(): number } => {
  const generator = xoroshiro128plus(seed);
  return { next: () => (generator.next() >>> 0) / 2 ** 32 };
};

/** All numbers, as pairs of key and campaign. */
function numbersOf(campaigns: readonly SyntheticCampaign[], blocks: Uint32Array, seed: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (const { keys, campaigns: handles, count } of syntheticNumbers({ campaigns, blocks }, chanceOf(seed))) {
    for (let row = 0; row < count; row++) pairs.push([keys[row]!, handles[row]!]);
  }
  return pairs;
}

const blocksFrom = (first: number, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, at) => first + at);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

propertyTest.prop([
  fc.integer({ min: 1, max: 20_000 }),
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 0, max: 1_000 }),
  fc.integer(),
])('gives exactly the numbers asked for, none twice, to campaigns as planned, inside the blocks', (...given) => {
  const [numbers, count, dcas, spareBlocks, seed] = given;
  const blocks = blocksFrom(2_122_000, Math.ceil(numbers / 1000) + spareBlocks);
  const campaigns = syntheticCampaigns({ count, numbers, dcas }, chanceOf(seed));
  expect(campaigns).toHaveLength(count);
  expect(sum(campaigns.map((campaign) => campaign.numberCount))).toBe(numbers);

  const pairs = numbersOf(campaigns, blocks, seed);
  expect(new Set(pairs.map(([key]) => key)).size).toBe(numbers);
  expect(pairs).toHaveLength(numbers);
  const allowed = new Set(blocks);
  expect(pairs.every(([key]) => allowed.has(Math.floor(key / 1000)))).toBe(true);
  const held = new Array<number>(count).fill(0);
  for (const [, campaign] of pairs) held[campaign]!++;
  expect(held).toEqual(campaigns.map((campaign) => campaign.numberCount));
});

describe('campaigns', () => {
  const campaigns = syntheticCampaigns({ count: 1_000, numbers: 1_000_000, dcas: 3 }, chanceOf(1));
  const ofKind = (kind: string): SyntheticCampaign[] => campaigns.filter((campaign) => campaign.kind === kind);

  test('are a few pools, many with 49 numbers at most, and sole proprietors with one', () => {
    expect(ofKind('pool')).toHaveLength(50);
    expect(ofKind('small')).toHaveLength(815);
    expect(ofKind('sole_proprietor')).toHaveLength(135);
    expect(Math.max(...ofKind('small').map((campaign) => campaign.numberCount))).toBeLessThanOrEqual(49);
    expect(Math.min(...ofKind('small').map((campaign) => campaign.numberCount))).toBeGreaterThan(0);
    expect(new Set(ofKind('sole_proprietor').map((campaign) => campaign.numberCount))).toEqual(new Set([1]));
  });

  test('of pools share the numbers by rank', () => {
    const [first, second, third] = ofKind('pool').map((campaign) => campaign.numberCount);
    expect(second! / first!).toBeCloseTo(1 / 2, 3);
    expect(third! / first!).toBeCloseTo(1 / 3, 3);
  });

  test('of small ones hold few numbers more often than many', () => {
    const sizes = ofKind('small').map((campaign) => campaign.numberCount);
    const upTo = (max: number): number => sizes.filter((size) => size <= max).length / sizes.length;
    // log(8) / log(50) and so on.
    expect(upTo(7)).toBeCloseTo(Math.log(8) / Math.log(50), 1);
    expect(upTo(1)).toBeCloseTo(Math.log(2) / Math.log(50), 1);
  });

  test('belong to DCAs of which each has half of what the earlier ones left', () => {
    const shares = [0, 1, 2].map((dca) => campaigns.filter((campaign) => campaign.dca === dca).length / 1_000);
    for (const [dca, share] of [0.5, 0.25, 0.25].entries()) expect(Math.abs(shares[dca]! - share)).toBeLessThan(0.05);
  });

  test('leave half of the numbers to pools when there are more campaigns than numbers', () => {
    const many = syntheticCampaigns({ count: 5_000, numbers: 1_000, dcas: 1 }, chanceOf(1));
    expect(sum(many.filter(({ kind }) => kind === 'pool').map(({ numberCount }) => numberCount))).toBe(500);
    expect(many.filter(({ numberCount }) => numberCount === 0).length).toBeGreaterThan(4_000);
  });

  test('have ids as the campaign registry gives them, none twice', () => {
    const ids = syntheticIds('B', 200_000, chanceOf(5));
    expect(new Set(ids).size).toBe(200_000);
    expect(ids.filter((id) => !/^BG[A-Z0-9]{5}$/.test(id))).toEqual([]);
  });

  test('cannot be none, too many, or without a DCA', () => {
    const plan = (count: number, dcas: number) => () => syntheticCampaigns({ count, numbers: 1, dcas }, chanceOf(1));
    expect(plan(0, 1)).toThrow('0 campaigns asked; 1 to 4194304 can be given');
    expect(plan(4_194_305, 1)).toThrow(RangeError);
    expect(plan(1, 0)).toThrow('campaigns need at least one DCA');
  });
});

describe('numbers', () => {
  const campaigns = syntheticCampaigns({ count: 100, numbers: 300_000, dcas: 3 }, chanceOf(1));
  const map = loadCarrierMap();
  const pairs = numbersOf(campaigns, map.blocksOf('cpaas'), 1);
  const keys = pairs.map(([key]) => key);

  test('can be dialled and lie in blocks of companies that rent them out', () => {
    expect(keys.filter((key) => parseNumberKey(formatNumber(key)) !== key)).toEqual([]);
    const rented = new Set(map.blocksOf('cpaas'));
    expect(keys.filter((key) => !isAssigned(map.lookup(key)) || !rented.has(Math.floor(key / 1000)))).toEqual([]);
  });

  test('fill a block to between 20 and 100 %, 60 % on average', () => {
    const fills = new Map<number, number>();
    for (const key of keys) fills.set(Math.floor(key / 1000), (fills.get(Math.floor(key / 1000)) ?? 0) + 1);
    const full = [...fills.values()].slice(0, -1);
    expect(Math.min(...full)).toBeGreaterThanOrEqual(200);
    expect(sum(full) / full.length).toBeGreaterThan(560);
    expect(sum(full) / full.length).toBeLessThan(640);
  });

  test('stand in runs of one campaign, and the runs apart', () => {
    const isRunOn = pairs.map(
      ([key, campaign], at) => pairs[at - 1]?.[0] === key - 1 && pairs[at - 1]?.[1] === campaign,
    );
    const runs = isRunOn.filter((runsOn) => !runsOn).length;
    // Pools order 38 numbers on average, fewer where a block ends.
    expect(pairs.length / runs).toBeGreaterThan(20);
    expect(pairs.length / runs).toBeLessThan(40);
    const gaps = keys.filter(
      (key, at) => at > 0 && Math.floor(key / 1000) === Math.floor(keys[at - 1]! / 1000) && key > keys[at - 1]! + 1,
    );
    expect(gaps.length / runs).toBeGreaterThan(0.5);
  });

  test('are the same for the same chance and others for another', () => {
    expect(numbersOf(campaigns, map.blocksOf('cpaas'), 1)).toEqual(pairs);
    expect(numbersOf(campaigns, map.blocksOf('cpaas'), 2).slice(0, 10)).not.toEqual(pairs.slice(0, 10));
  });

  test('fill all blocks to the last number if they must, and no more', () => {
    const full = syntheticCampaigns({ count: 3, numbers: 5_000, dcas: 1 }, chanceOf(1));
    const inFive = numbersOf(full, blocksFrom(2_122_000, 5), 1).map(([key]) => key);
    expect(inFive.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5_000 }, (_, at) => 2_122_000_000 + at));
    expect(() => numbersOf(full, blocksFrom(2_122_000, 4), 1)).toThrow('5000 numbers asked; 4 blocks hold 4000');
  });
});
