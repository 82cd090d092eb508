/** `tollgate cdr export`: CDRs as a file that spreadsheets and databases open. */
import { Command, Option } from 'commander';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { extname } from 'node:path';
import type { Writable } from 'node:stream';
import { type Cdr, writeCsv, writeNdjson, writeParquet } from '../../cdr/index.ts';
import { CARRIER_LABELS } from '../../router/index.ts';
import { carryOut, usage } from '../carry-out.ts';
import { writeWhole } from '../registry/whole-file.ts';
import { GivenCdrs, readMoment, skipBadOption } from './options.ts';

const FORMATS = ['csv', 'parquet', 'ndjson'] as const;
type Format = (typeof FORMATS)[number];

/** The path that stands for standard output. */
const STANDARD_STREAM = '-';
/** They hold whole phone numbers: nobody else gets to read them. */
const FILE_MODE = 0o600;

interface ExportOptions {
  readonly in: string;
  readonly out: string;
  readonly format?: Format;
  readonly since?: number;
  readonly until?: number;
  readonly carrier?: string;
  readonly account?: string;
  readonly skipBad: boolean;
}

const HELP = `
Postings become columns, one for each cause, in whole micro-dollars. Times are UTC. Files that are still being written are read
as far as they go. Exit code 1 if a line was wrong (it is told and left out), 2 for a mistake in the call.

Examples:
  tollgate cdr export --in cdrs --out march.parquet --since 2024-03-01 --until 2024-04-01
  tollgate cdr export --in cdrs --format csv --out - --carrier att | head`;

export function exportCommand(): Command {
  return new Command('export')
    .description('write CDRs as CSV, Parquet or NDJSON')
    .requiredOption('--in <path>', 'CDR file, or directory of some')
    .requiredOption('--out <file>', 'file to write, or - for standard output')
    .addOption(new Option('--format <format>', 'for a path that does not end in it').choices(FORMATS))
    .option('--since <moment>', 'only messages that came at this day or moment (UTC) or later', readMoment)
    .option('--until <moment>', 'only messages that came before', readMoment)
    .addOption(new Option('--carrier <carrier>', 'only messages to it').choices(CARRIER_LABELS))
    .option('--account <account>', 'only messages of it')
    .addOption(skipBadOption())
    .addHelpText('after', HELP)
    .action((options: ExportOptions) => carryOut((stop) => exportCdrs(options, stop)));
}

async function exportCdrs(options: ExportOptions, stop: AbortSignal): Promise<void> {
  const { in: path, out, skipBad: skipsBad } = options;
  const format = formatOf(options);
  const given = new GivenCdrs({ flag: '--in', path, skipsBad });
  const cdrs = chosen(given.read(stop), options);
  if (out === STANDARD_STREAM) await writeTo(process.stdout, cdrs, format);
  else {
    await writeWhole(out, async (partPath) => {
      if (format === 'parquet') return writeParquet(cdrs, partPath);
      const stream = createWriteStream(partPath, { mode: FILE_MODE });
      await writeTo(stream, cdrs, format);
      stream.end();
      await once(stream, 'close');
    });
  }
  given.end();
}

function writeTo(stream: Writable, cdrs: AsyncIterable<Cdr[]>, format: Format): Promise<void> {
  return format === 'csv' ? writeCsv(cdrs, stream) : writeNdjson(cdrs, stream);
}

async function* chosen(all: AsyncIterable<Cdr[]>, options: ExportOptions): AsyncGenerator<Cdr[]> {
  const { since, until, carrier, account } = options;
  for await (const cdrs of all) {
    yield cdrs.filter((cdr) => {
      if (carrier !== undefined && cdr.carrier !== carrier) return false;
      if (account !== undefined && cdr.account !== account) return false;
      if (since === undefined && until === undefined) return true;
      const atMs = Date.parse(cdr.acceptedAt);
      return atMs >= (since ?? -Infinity) && atMs < (until ?? Infinity);
    });
  }
}

/** What `--format` says, or what the name of the file ends in. */
function formatOf({ out, format }: ExportOptions): Format {
  const ending = extname(out).slice(1);
  const found = format ?? FORMATS.find((one) => one === ending) ?? (out === STANDARD_STREAM ? 'csv' : undefined);
  if (found === 'parquet' && out === STANDARD_STREAM) throw usage('--out: Parquet needs a file, not -');
  if (found !== undefined) return found;
  const endings = FORMATS.map((one) => `.${one}`).join(', ');
  throw usage(`--out: ${out} does not end in ${endings}; name it so, or say which with --format`);
}
