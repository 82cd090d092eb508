/** `tollgate registry generate`: a registry made up by seed, in real blocks of companies that rent numbers out. */
import { Command } from 'commander';
import {
  loadCarrierMap,
  NumberRegistry,
  type SyntheticCampaign,
  syntheticCampaigns,
  syntheticNumbers,
  UNPOOLED_NUMBERS_MAX,
} from '../../../registry-cache/index.ts';
import { systemClock } from '../../control/index.ts';
import { readPackageFile } from '../../package-files.ts';
import { readParties } from '../../read-parties.ts';
import { namedStream } from '../../router/index.ts';
import { type CampaignApproval, campaignsById, publishCampaigns, writeCampaignsFile } from './campaigns-file.ts';
import { carryOut, failed, usage } from '../carry-out.ts';
import { watched } from './number-batch.ts';
import { syntheticSource } from './number-sources.ts';
import { fillRegistry, fillStore } from './number-targets.ts';
import { STANDARD_STREAM, writeText } from './number-text.ts';
import { type Format, formatOf, formatOption, FORMATS, onePlace, quietOption, redisOption, whole } from './options.ts';
import { NO_POSITION, withStore, writeSnapshot } from './places.ts';
import { startProgress } from './progress.ts';
import { syntheticCampaignsFile } from './synthetic-brands.ts';

/** Half the rented blocks there are would be full. */
const NUMBERS_MAX = 200_000_000;
const CAMPAIGNS_MAX = 1_000_000;
const CAMPAIGNS_DEFAULT = 1_000;

const PARTIES = 'gateway/starter-parties.yaml';

interface GenerateOptions {
  readonly numbers: number;
  readonly campaigns: number;
  readonly seed: number;
  readonly out?: string;
  readonly redis?: string;
  readonly format?: Format;
  readonly campaignsOut?: string;
  readonly quiet: boolean;
}

const EXAMPLES = `
Examples:
  tollgate registry generate --numbers 10000000 --out ten-million.snapshot
  tollgate registry generate --numbers 100000 --redis redis://127.0.0.1:6379 --campaigns-out campaigns.yaml
  tollgate registry generate --numbers 10 --campaigns 3 --seed 7 --format csv --out -`;

export function generateCommand(): Command {
  return new Command('generate')
    .description('make up a registry: campaigns and numbers in real blocks, the same for the same seed')
    .requiredOption('--numbers <count>', 'how many numbers', whole(1, NUMBERS_MAX))
    .option('--campaigns <count>', 'how many campaigns they belong to', whole(1, CAMPAIGNS_MAX), CAMPAIGNS_DEFAULT)
    .option('--seed <number>', 'seed of all chance', whole(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--out <file>', 'write to a .snapshot, .csv or .ndjson file, or - for standard output')
    .addOption(redisOption('write to Redis'))
    .addOption(formatOption(FORMATS))
    .option('--campaigns-out <file>', 'also write brands and campaigns, for tollgate serve --campaigns')
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: GenerateOptions) => carryOut((stop) => generate(options, stop)));
}

async function generate(options: GenerateOptions, stop: AbortSignal): Promise<void> {
  const place = onePlace(options, ['out', 'redis']);
  const format = place.name === 'out' ? formatOf(place.value, options.format, FORMATS) : undefined;
  if (format === 'snapshot' && place.value === STANDARD_STREAM) throw usage('--out: a snapshot needs a file, not -');
  const dcas = starterDcas();
  const campaigns = syntheticCampaigns(
    { count: options.campaigns, numbers: options.numbers, dcas: dcas.length },
    namedStream(options.seed, 'registry-campaigns'),
  );
  const file = syntheticCampaignsFile(campaigns, options.seed);
  if (options.campaignsOut !== undefined) await writeCampaignsFile(options.campaignsOut, file);

  const numbers = syntheticNumbers(
    { campaigns, blocks: loadCarrierMap().blocksOf('cpaas') },
    namedStream(options.seed, 'registry-numbers'),
  );
  const nnids = dcas.map((dca) => dca.nnid);
  const nowMs = systemClock.nowMs();
  const progress = startProgress('numbers', options.numbers, options.quiet);
  try {
    const source = watched(syntheticSource(campaigns, nnids, numbers), { progress, stop });
    if (format === undefined) {
      await withStore(place.value, async (store) => {
        const approvals = new Map(campaigns.map((campaign) => [campaign.id, approvalOf(campaign, dcas)]));
        await publishCampaigns(store, file, (id) => approvals.get(id));
        await fillStore(store, source, { campaigns: await campaignsById(store), nowMs, onRefused });
      });
    } else if (format === 'snapshot') {
      const registry = new NumberRegistry({ capacity: options.numbers });
      const campaignIds = await fillRegistry(registry, source, { nowMs });
      await writeSnapshot(place.value, { registry, campaignIds, position: NO_POSITION });
    } else {
      await writeText(source, place.value, format);
    }
  } finally {
    progress.end();
  }
}

function approvalOf({ kind, dca }: SyntheticCampaign, dcas: readonly SyntheticDca[]): CampaignApproval {
  const numberLimit = kind === 'pool' ? Infinity : kind === 'small' ? UNPOOLED_NUMBERS_MAX : 1;
  return { numberLimit, dca: dcas[dca]?.id };
}

/** Only a campaign that held numbers before has no room. */
function onRefused(_line: number, message: string): never {
  throw failed(`--redis: ${message}; generate into an empty registry, or with another seed`);
}

interface SyntheticDca {
  readonly id: string;
  readonly nnid: string;
}

/** The DCAs that come with the package, each by its first NNID, so that they may change what was made up. */
function starterDcas(): SyntheticDca[] {
  const read = readParties(readPackageFile(PARTIES), PARTIES);
  if (!read.ok) throw new Error(`the packaged ${PARTIES} has mistakes`);
  return read.file.partners.flatMap(({ id, nnids: [nnid] }) => (nnid === undefined ? [] : [{ id, nnid }]));
}
