/** `tollgate registry import`: a file of numbers into Redis, or into a snapshot for gateways to start from. */
import { Command } from 'commander';
import { stat } from 'node:fs/promises';
import { NumberRegistry } from '../../../registry-cache/index.ts';
import { systemClock } from '../../control/index.ts';
import { campaignsById, publishCampaigns, readCampaignsFile } from './campaigns-file.ts';
import { carryOut, failed, systemCode, usage } from '../carry-out.ts';
import { type NumberSource, watched } from './number-batch.ts';
import { registrySource } from './number-sources.ts';
import { fillRegistry, fillStore } from './number-targets.ts';
import { STANDARD_STREAM } from './number-text.ts';
import {
  type Format,
  formatOf,
  formatOption,
  FORMATS,
  onePlace,
  quietOption,
  readNnid,
  redisOption,
  whole,
} from './options.ts';
import { NO_POSITION, openSnapshot, withStore, writeSnapshot } from './places.ts';
import { type Progress, startProgress } from './progress.ts';
import { readText, type TextOptions } from './read-text.ts';
import { WrongLines } from './wrong-lines.ts';

const ERRORS_DEFAULT = 100;

interface ImportOptions {
  readonly redis?: string;
  readonly out?: string;
  readonly format?: Format;
  readonly campaigns?: string;
  readonly nnid?: string;
  readonly maxErrors: number;
  readonly fromLine: number;
  readonly quiet: boolean;
}

const EXAMPLES = `
Examples:
  tollgate registry import numbers.csv --redis redis://127.0.0.1:6379 --campaigns campaigns.yaml
  tollgate registry import numbers.ndjson --out numbers.snapshot --campaigns campaigns.yaml

A CSV file starts with a heading: number,campaign,nnid and perhaps activeAt. A number that comes twice is registered as its
last line says. Lines that are wrong are told and left out, and the exit code is 1. An import into Redis that was
interrupted says from which line to go on.`;

export function importCommand(): Command {
  return new Command('import')
    .description('register the numbers of a file')
    .argument('<file>', '.csv, .ndjson or .snapshot file, or - for standard input')
    .addOption(redisOption('write to Redis'))
    .option('--out <file>', 'write a .snapshot file')
    .addOption(formatOption(FORMATS))
    .option(
      '--campaigns <file>',
      'YAML file of brands and campaigns: published in Redis first; in a snapshot, none but these and in this order, as tollgate serve --campaigns wants it',
    )
    .option('--nnid <digits>', 'NNID of the DCA that set the numbers whose line names none', readNnid)
    .option('--max-errors <count>', 'wrong lines to leave out before giving up', whole(0, 1e9), ERRORS_DEFAULT)
    .option('--from-line <number>', 'line to start from, to go on after an interruption', whole(1, 1e12), 1)
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((path: string, options: ImportOptions) => carryOut((stop) => importFile(path, options, stop)));
}

async function importFile(path: string, options: ImportOptions, stop: AbortSignal): Promise<void> {
  const format = formatOf(path, options.format, FORMATS);
  const place = onePlace(options, ['redis', 'out']);
  if (format === 'snapshot' && path === STANDARD_STREAM) throw usage('a snapshot is read from a file, not from -');
  if (place.name === 'out') formatOf(place.value, undefined, ['snapshot']);
  if (options.fromLine > 1 && (place.name === 'out' || format === 'snapshot')) {
    throw usage('--from-line: only an import of lines into Redis can go on; leave it out');
  }
  if (place.name === 'redis') await importIntoRedis(place.value, { path, format, options, stop });
  else await importIntoSnapshot(place.value, { path, format, options, stop });
}

interface Import {
  readonly path: string;
  readonly format: Format;
  readonly options: ImportOptions;
  readonly stop: AbortSignal;
}

async function importIntoSnapshot(target: string, given: Import): Promise<void> {
  const { campaigns: path } = given.options;
  const known = path === undefined ? undefined : (await readCampaignsFile(path)).campaigns.map(({ id }) => id);
  const ids = new Set(known);
  const refuseCampaign = (id: string): string | undefined =>
    known === undefined || ids.has(id) ? undefined : `campaign ${id} is not in ${path}; add it there, or correct it`;
  await withInput(given, { refuseCampaign, needsNnid: false }, async ({ source }) => {
    const registry = new NumberRegistry();
    const filling = { nowMs: systemClock.nowMs(), ...(known !== undefined && { known }) };
    const campaignIds = await fillRegistry(registry, source, filling);
    await writeSnapshot(target, { registry, campaignIds, position: NO_POSITION });
    return `${registry.count.toLocaleString('en-US')} numbers in ${target}`;
  });
}

async function importIntoRedis(url: string, given: Import): Promise<void> {
  const { options, format, path } = given;
  if (format === 'snapshot' && options.nnid === undefined) {
    throw usage('--nnid: a snapshot does not say which DCA set its numbers; give an NNID for all of them');
  }
  const file = options.campaigns === undefined ? undefined : await readCampaignsFile(options.campaigns);
  await withStore(url, async (store) => {
    if (file !== undefined) await publishCampaigns(store, file);
    const campaigns = await campaignsById(store);
    const refuseCampaign = (id: string): string | undefined =>
      campaigns.has(id)
        ? undefined
        : `campaign ${id} is not in the registry; publish it with --campaigns, or correct it`;
    await withInput(given, { refuseCampaign, needsNnid: true }, async ({ source, wrong, progress }) => {
      let appliedLine = 0;
      try {
        const replacedCount = await fillStore(store, source, {
          campaigns,
          nowMs: systemClock.nowMs(),
          onRefused: (line, message) => wrong.note(line, message),
          onApplied: (line) => {
            appliedLine = line;
          },
        });
        return `${replacedCount.toLocaleString('en-US')} numbers were registered before`;
      } catch (error) {
        if (appliedLine > 0) {
          progress.say(`${path}: all up to line ${appliedLine} is imported; go on with --from-line ${appliedLine + 1}`);
        }
        throw error;
      }
    });
  });
}

interface Input {
  readonly source: NumberSource;
  readonly wrong: WrongLines;
  readonly progress: Progress;
}

/** Runs with the file open, and says at the end what came of it. Rejects if lines were left out. */
async function withInput(
  { path, format, options, stop }: Import,
  rules: Pick<TextOptions, 'refuseCampaign' | 'needsNnid'>,
  run: (input: Input) => Promise<string>,
): Promise<void> {
  const { nnid, fromLine, maxErrors, quiet } = options;
  const onWrong = (line: number, message: string): void => wrong.note(line, message);
  let opened: NumberSource & { readonly readBytes?: () => number };
  let total: number | undefined;
  if (format === 'snapshot') {
    const { registry, campaignIds } = await openSnapshot(path);
    const refused = campaignIds.flatMap((id) => rules.refuseCampaign(id) ?? []);
    if (refused.length > 0) throw failed(...refused.map((message) => `${path}: ${message}`));
    opened = { ...registrySource(registry, campaignIds), nnids: [nnid ?? ''] };
    total = registry.count;
  } else {
    opened = readText({ path, format, fromLine, nnid, onWrong, ...rules });
    total = await sizeOf(path);
  }
  const { readBytes } = opened;
  const progress = startProgress(readBytes === undefined ? 'numbers' : 'bytes', total, quiet);
  const wrong = new WrongLines({ path, max: maxErrors, progress });
  try {
    const source = watched(opened, { progress, stop, ...(readBytes !== undefined && { done: readBytes }) });
    const result = await run({ source, wrong, progress });
    progress.end();
    if (!quiet) progress.say(result);
  } finally {
    progress.end();
  }
  if (wrong.count > 0) throw failed(`${path}: ${wrong.count} wrong lines were left out`);
}

/** Bytes of a file, or undefined for standard input. */
async function sizeOf(path: string): Promise<number | undefined> {
  if (path === STANDARD_STREAM) return undefined;
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw usage(`${path} cannot be read (${systemCode(error)})`);
  }
}
