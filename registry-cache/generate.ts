/**
 * A synthetic registry: campaigns and the numbers registered to them, as many as asked for, the same for the same chance.
 *
 * No public figure tells how full such blocks are or how numbers spread over campaigns. Known are the blocks themselves,
 * the rules of the campaign registry, and two of the FCC's: who wants more blocks in a rate centre must use 75 % of those
 * there (47 CFR 52.15(h)), and a block used to less than 10 % is handed back (52.20(c)). From these, and for the rest chosen:
 *
 * - Numbers are in thousands blocks of companies that rent numbers out, blocks drawn without weight. So an area gets
 *   numbers as those companies hold blocks there.
 * - Of a block in use, 20 to 100 % is registered, any share as likely as another. Not all of a used block sends texts.
 * - Within a block, numbers stand in runs, one for each order; what is free lies between the runs. A pool orders up to 200
 *   numbers in a row, any other campaign up to 5; in both, each doubling of the length is as likely as the one before.
 * - One campaign in 20 has a number pool approved, one in 7 is a sole proprietor's with its one number, all others have 1
 *   to 49, short lists being the more likely. These take half of all numbers at most; the pools share the rest by Zipf's
 *   law, the second half as large as the first and so on. A campaign that nothing is left for has no numbers yet.
 * - Each campaign belongs to one DCA, whose NNID its numbers carry. The first DCA has half of the campaigns, the second half
 *   of the others and so on; the last has what is left.
 *
 * Chance is handed in. Memory is a few bytes per block and some hundred per campaign, whatever the count of numbers.
 */
import { HANDLE_MAX } from './number-index.ts';

export interface SyntheticCampaign {
  readonly id: string;
  readonly kind: 'pool' | 'small' | 'sole_proprietor';
  /** How many numbers are registered to it. */
  readonly numberCount: number;
  /** Index into the DCAs given. */
  readonly dca: number;
}

/** Some of the numbers: `count` rows from 0, the handle of a campaign being its index. The arrays are used again for the next batch. */
export interface SyntheticNumbers {
  readonly keys: Float64Array;
  readonly campaigns: Uint32Array;
  readonly count: number;
}

/** One stream of chance: numbers from 0 inclusive to 1 exclusive. */
interface Chance {
  next(): number;
}

/** Numbers a campaign may hold without a number pool approved. */
export const UNPOOLED_NUMBERS_MAX = 49;

const BLOCK_NUMBERS = 1000;
const FILL_MIN = 0.2;
const POOL_ORDER_MAX = 200;
const SMALL_ORDER_MAX = 5;
const CAMPAIGNS_PER_POOL = 20;
const CAMPAIGNS_PER_SOLE_PROPRIETOR = 7;

const BATCH_NUMBERS = 10_000;

/** Ids are a letter for the kind, a G, and five letters or digits, which leaves those without the G to people. */
const ID_DIGITS = 5;
const ID_COUNT = 36 ** ID_DIGITS;
/** Shares no factor with ID_COUNT, so that no two positions meet in one id. */
const ID_STEP = 22_906_493;

/**
 * `count` campaigns, pools first and sole proprietors last, that `numbers` numbers are registered to in all.
 * Throws RangeError if the count is not 1 to 4,194,304, or there is no DCA.
 */
export function syntheticCampaigns(
  { count, numbers, dcas }: { readonly count: number; readonly numbers: number; readonly dcas: number },
  chance: Chance,
): SyntheticCampaign[] {
  if (!(Number.isInteger(count) && count >= 1 && count <= HANDLE_MAX + 1)) {
    throw new RangeError(`${count} campaigns asked; 1 to ${HANDLE_MAX + 1} can be given`);
  }
  if (dcas < 1) throw new RangeError('campaigns need at least one DCA');
  const poolCount = Math.ceil(count / CAMPAIGNS_PER_POOL);
  const soleCount = Math.floor((count - poolCount) / CAMPAIGNS_PER_SOLE_PROPRIETOR);
  const sizes = new Float64Array(count);
  let left = Math.floor(numbers / 2);
  for (let campaign = count - 1; campaign >= poolCount; campaign--) {
    const wanted = campaign >= count - soleCount ? 1 : logUniform(UNPOOLED_NUMBERS_MAX, chance);
    sizes[campaign] = Math.min(wanted, left);
    left -= sizes[campaign]!;
  }
  sizes
    .subarray(poolCount, count - soleCount)
    .sort()
    .reverse();
  sharePools(sizes.subarray(0, poolCount), numbers - Math.floor(numbers / 2) + left);

  const ids = syntheticIds('C', count, chance);
  return Array.from(sizes, (numberCount, campaign) => ({
    id: ids[campaign]!,
    kind: campaign < poolCount ? 'pool' : campaign < count - soleCount ? 'small' : 'sole_proprietor',
    numberCount,
    dca: Math.min(Math.floor(-Math.log2(1 - chance.next())), dcas - 1),
  }));
}

/** Different ids as the campaign registry gives them: `C` and six letters or digits for campaigns, `B` for brands. At most 60 million. */
export function syntheticIds(kind: 'B' | 'C', count: number, chance: Chance): string[] {
  const first = Math.floor(chance.next() * ID_COUNT);
  return Array.from({ length: count }, (_, at) => {
    const value = (first + at * ID_STEP) % ID_COUNT;
    return `${kind}G${value.toString(36).toUpperCase().padStart(ID_DIGITS, '0')}`;
  });
}

/**
 * The numbers of the campaigns, each once, batch by batch, in blocks given as `CarrierMap.blocksOf` does.
 * Throws RangeError if the campaigns have more numbers than the blocks. Cost: some 10 ns per number.
 */
export function* syntheticNumbers(
  { campaigns, blocks }: { readonly campaigns: readonly SyntheticCampaign[]; readonly blocks: Uint32Array },
  chance: Chance,
): Generator<SyntheticNumbers> {
  const needs = new Needs(campaigns.map((campaign) => campaign.numberCount));
  if (needs.total > blocks.length * BLOCK_NUMBERS) {
    throw new RangeError(`${needs.total} numbers asked; ${blocks.length} blocks hold ${blocks.length * BLOCK_NUMBERS}`);
  }
  const undrawn = Uint32Array.from(blocks);
  const keys = new Float64Array(BATCH_NUMBERS);
  const handles = new Uint32Array(BATCH_NUMBERS);
  let count = 0;
  for (let opened = 0; needs.total > 0; opened++) {
    const firstKey = draw(undrawn, opened, chance) * BLOCK_NUMBERS;
    const share = FILL_MIN + (1 - FILL_MIN) * chance.next();
    const roomElsewhere = (undrawn.length - opened - 1) * BLOCK_NUMBERS;
    let wanted = Math.min(needs.total, Math.max(Math.round(share * BLOCK_NUMBERS), needs.total - roomElsewhere));
    let free = BLOCK_NUMBERS - wanted;
    let line = 0;
    while (wanted > 0) {
      const campaign = needs.at(Math.floor(chance.next() * needs.total));
      const orderMax = campaigns[campaign]!.kind === 'pool' ? POOL_ORDER_MAX : SMALL_ORDER_MAX;
      const run = Math.min(logUniform(orderMax, chance), needs.of(campaign), wanted);
      // On average as much of what is free as the run is of what is wanted, with as much again left for after the last run.
      const gap = Math.floor(2 * chance.next() * ((free * run) / (wanted + run)));
      line += gap;
      free -= gap;
      if (count + run > BATCH_NUMBERS) {
        yield { keys, campaigns: handles, count };
        count = 0;
      }
      for (let i = 0; i < run; i++) {
        keys[count] = firstKey + line + i;
        handles[count] = campaign;
        count++;
      }
      line += run;
      wanted -= run;
      needs.take(campaign, run);
    }
  }
  if (count > 0) yield { keys, campaigns: handles, count };
}

/** How many numbers each campaign still needs: a tree of partial sums, so that one is drawn by need in log2 of their count. */
class Needs {
  total = 0;
  private readonly left: Float64Array;
  /** Cell i, from 1, sums as many campaigns before i as the lowest set bit of i says. */
  private readonly sums: Float64Array;

  constructor(counts: readonly number[]) {
    this.left = Float64Array.from(counts);
    this.sums = new Float64Array(2 ** Math.ceil(Math.log2(counts.length + 1)) + 1);
    for (let cell = 1; cell < this.sums.length; cell++) {
      const count = this.left[cell - 1] ?? 0;
      this.total += count;
      this.sums[cell]! += count;
      const parent = cell + (cell & -cell);
      if (parent < this.sums.length) this.sums[parent]! += this.sums[cell]!;
    }
  }

  of(campaign: number): number {
    return this.left[campaign]!;
  }

  /** The campaign at a position below `total`, with all needs side by side. */
  at(position: number): number {
    let cell = 0;
    for (let step = (this.sums.length - 1) / 2; step >= 1; step /= 2) {
      const sum = this.sums[cell + step]!;
      if (sum > position) continue;
      position -= sum;
      cell += step;
    }
    return cell;
  }

  take(campaign: number, count: number): void {
    this.total -= count;
    this.left[campaign]! -= count;
    for (let cell = campaign + 1; cell < this.sums.length; cell += cell & -cell) this.sums[cell]! -= count;
  }
}

/** One of the blocks not drawn yet, which are those from `from` on; leaves it before them. */
function draw(undrawn: Uint32Array, from: number, chance: Chance): number {
  const at = from + Math.floor(chance.next() * (undrawn.length - from));
  const drawn = undrawn[at]!;
  undrawn[at] = undrawn[from]!;
  undrawn[from] = drawn;
  return drawn;
}

/** A whole number from 1 to `max`, each doubling as likely as another. */
function logUniform(max: number, chance: Chance): number {
  return Math.floor(Math.exp(chance.next() * Math.log(max + 1)));
}

/** Fills `sizes` with shares of `total` by Zipf's law, which sum to it. */
function sharePools(sizes: Float64Array, total: number): void {
  let weights = 0;
  for (let rank = 1; rank <= sizes.length; rank++) weights += 1 / rank;
  let shared = 0;
  let weight = 0;
  for (let rank = 1; rank <= sizes.length; rank++) {
    weight += 1 / rank;
    const upTo = rank === sizes.length ? total : Math.round((total * weight) / weights);
    sizes[rank - 1] = upTo - shared;
    shared = upTo;
  }
}
