/** `tollgate registry stats`: how many numbers there are, where they lie and whose they are. */
import { Command } from 'commander';
import {
  type CarrierMap,
  carrierOf,
  CARRIERS,
  isAssigned,
  LINE_TYPES,
  lineTypeOf,
  loadCarrierMap,
} from '../../../registry-cache/index.ts';
import { nameAt } from '../../router/index.ts';
import { carryOut } from '../carry-out.ts';
import { type NumberSource, watched } from './number-batch.ts';
import { onePlace, quietOption, redisOption } from './options.ts';
import { type Registered, withNumbers } from './places.ts';
import { startProgress } from './progress.ts';

/** Rows of each list of the largest. */
const TOP = 10;
const BLOCK_NUMBERS = 1_000;
const AREA_NUMBERS = 10_000_000;

interface StatsOptions {
  readonly redis?: string;
  readonly snapshot?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

interface Share {
  readonly name: string;
  readonly numbers: number;
}

interface Stats {
  readonly numbers: number;
  readonly pending: number;
  readonly campaigns: number;
  readonly campaignsWithNumbers: number;
  readonly bytesPerNumber: number | null;
  /** Share of the index's room that is taken; none in Redis. */
  readonly load: number | null;
  /** Thousands blocks with at least one number. */
  readonly blocks: number;
  readonly byCarrier: readonly Share[];
  readonly byLineType: readonly Share[];
  /** Empty where nobody tells who set a number. */
  readonly byNnid: readonly Share[];
  readonly largestAreaCodes: readonly Share[];
  readonly largestCampaigns: readonly Share[];
}

const EXAMPLES = `
Examples:
  tollgate registry stats --snapshot today.snapshot
  tollgate registry stats --redis redis://127.0.0.1:6379 --json`;

export function statsCommand(): Command {
  return new Command('stats')
    .description('count numbers by carrier, line type, area code and campaign')
    .addOption(redisOption('count in Redis'))
    .option('--snapshot <file>', 'count in a .snapshot file')
    .option('--json', 'answer with a JSON object', false)
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: StatsOptions) => carryOut((stop) => stats(options, stop)));
}

async function stats(options: StatsOptions, stop: AbortSignal): Promise<void> {
  await withNumbers(onePlace(options, ['redis', 'snapshot']), async (registered) => {
    const progress = startProgress('numbers', registered.numbers, options.quiet);
    let counted: Stats;
    try {
      const source = watched(registered.source, { progress, stop });
      counted = await count(registered, source, loadCarrierMap());
    } finally {
      progress.end();
    }
    process.stdout.write(options.json ? `${JSON.stringify(counted, undefined, 2)}\n` : describe(counted));
  });
}

async function count(registered: Registered, source: NumberSource, map: CarrierMap): Promise<Stats> {
  const byCarrier = new Tally();
  const byLineType = new Tally();
  const byNnid = new Tally();
  const byAreaCode = new Tally();
  const byCampaign = new Tally();
  const hasNumbers = new Uint8Array(BLOCKS);
  for await (const batch of source.batches) {
    for (let row = 0; row < batch.count; row++) {
      const key = batch.keys[row] ?? 0;
      const line = map.lookup(key);
      byCarrier.add(isAssigned(line) ? carrierOf(line) : UNASSIGNED);
      byLineType.add(lineTypeOf(line));
      byNnid.add(batch.nnids[row] ?? 0);
      byAreaCode.add(Math.floor(key / AREA_NUMBERS));
      byCampaign.add(batch.campaigns[row] ?? 0);
      hasNumbers[Math.floor(key / BLOCK_NUMBERS) - FIRST_BLOCK] = 1;
    }
  }
  const { numbers, pending, campaigns, bytes, load } = registered;
  return {
    numbers,
    pending,
    campaigns,
    campaignsWithNumbers: byCampaign.count,
    bytesPerNumber: bytes === undefined || numbers === 0 ? null : bytes / numbers,
    load: load ?? null,
    blocks: hasNumbers.reduce((sum, one) => sum + one, 0),
    byCarrier: byCarrier.largest((index) => CARRIERS[index]?.id ?? (index === UNASSIGNED ? 'nobody' : 'landline')),
    byLineType: byLineType.largest((index) => nameAt(LINE_TYPES, index)),
    byNnid: byNnid.largest((index) => source.nnids[index] ?? '').filter((share) => share.name !== ''),
    largestAreaCodes: byAreaCode.largest(String),
    largestCampaigns: byCampaign.largest((index) => source.campaignIds[index] ?? ''),
  };
}

/** In place of a carrier's index, for blocks that nobody holds. */
const UNASSIGNED = 15;
/** The first seven digits of a number are FIRST_BLOCK or above. */
const FIRST_BLOCK = 2_000_000;
const BLOCKS = 10_000_000 - FIRST_BLOCK;

/** Counts by small whole numbers. */
class Tally {
  #counts = new Uint32Array(64);

  add(index: number): void {
    if (index >= this.#counts.length) {
      const longer = new Uint32Array(Math.max(index + 1, this.#counts.length * 2));
      longer.set(this.#counts);
      this.#counts = longer;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** How many indices were counted at all. */
  get count(): number {
    return this.#counts.reduce((count, one) => (one > 0 ? count + 1 : count), 0);
  }

  /** The largest counts, largest first. */
  largest(nameOf: (index: number) => string): Share[] {
    const shares: { index: number; numbers: number }[] = [];
    for (const [index, numbers] of this.#counts.entries()) if (numbers > 0) shares.push({ index, numbers });
    shares.sort((a, b) => b.numbers - a.numbers);
    return shares.slice(0, TOP).map(({ index, numbers }) => ({ name: nameOf(index), numbers }));
  }
}

function describe(counted: Stats): string {
  const whole = (value: number): string => value.toLocaleString('en-US');
  const { bytesPerNumber, load } = counted;
  const lines = [
    ['numbers', whole(counted.numbers)],
    ['pending', whole(counted.pending)],
    ['campaigns', `${whole(counted.campaigns)}, ${whole(counted.campaignsWithNumbers)} with numbers`],
    ['thousands blocks', whole(counted.blocks)],
    ['bytes per number', bytesPerNumber === null ? 'unknown' : bytesPerNumber.toFixed(2)],
    ...(load === null ? [] : [['load', `${(load * 100).toFixed(1)} % of its room`]]),
  ].map(([name = '', value = '']) => `${name.padEnd(18)}${value}`);
  const list = (title: string, shares: readonly Share[]): void => {
    if (shares.length === 0) return;
    lines.push('', title);
    for (const { name, numbers } of shares) {
      const percent = ((numbers / Math.max(1, counted.numbers)) * 100).toFixed(1);
      lines.push(`  ${name.padEnd(12)}${whole(numbers).padStart(14)}${percent.padStart(8)} %`);
    }
  };
  list('by carrier', counted.byCarrier);
  list('by line type', counted.byLineType);
  list('by NNID', counted.byNnid);
  list('largest area codes', counted.largestAreaCodes);
  list('largest campaigns', counted.largestCampaigns);
  return `${lines.join('\n')}\n`;
}
