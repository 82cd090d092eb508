/** `tollgate registry export`: the numbers of Redis or of a snapshot as text or as a snapshot. */
import { Command } from 'commander';
import { NumberRegistry } from '../../../registry-cache/index.ts';
import { systemClock } from '../../control/index.ts';
import { carryOut, usage } from '../carry-out.ts';
import { watched } from './number-batch.ts';
import { fillRegistry } from './number-targets.ts';
import { STANDARD_STREAM, writeText } from './number-text.ts';
import { type Format, formatOf, formatOption, FORMATS, onePlace, quietOption, redisOption } from './options.ts';
import { withNumbers, writeSnapshot, writeSnapshotOfRedis } from './places.ts';
import { type Progress, startProgress } from './progress.ts';

interface ExportOptions {
  readonly redis?: string;
  readonly snapshot?: string;
  readonly out?: string;
  readonly format?: Format;
  readonly quiet: boolean;
}

const EXAMPLES = `
Examples:
  tollgate registry export --redis redis://127.0.0.1:6379 --out today.snapshot
  tollgate registry export --snapshot today.snapshot | head`;

export function exportCommand(): Command {
  return new Command('export')
    .description('write all numbers as text or as a snapshot')
    .addOption(redisOption('read Redis'))
    .option('--snapshot <file>', 'read a .snapshot file; it does not say which DCA set a number')
    .option('--out <file>', 'write a .csv, .ndjson or .snapshot file, or - for standard output', STANDARD_STREAM)
    .addOption(formatOption(FORMATS))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: ExportOptions) => carryOut((stop) => exportNumbers(options, stop)));
}

async function exportNumbers(options: ExportOptions, stop: AbortSignal): Promise<void> {
  const place = onePlace(options, ['redis', 'snapshot']);
  const out = options.out ?? STANDARD_STREAM;
  const format = out === STANDARD_STREAM ? (options.format ?? 'csv') : formatOf(out, options.format, FORMATS);
  if (format === 'snapshot' && out === STANDARD_STREAM) throw usage('--out: a snapshot needs a file, not -');
  if (format === 'snapshot' && place.name === 'redis') return exportView(place.value, out, options, stop);
  await withNumbers(place, async (registered) => {
    const progress = startProgress('numbers', registered.numbers, options.quiet);
    try {
      const source = watched(registered.source, { progress, stop });
      if (format !== 'snapshot') return await writeText(source, out, format);
      const registry = new NumberRegistry({ capacity: registered.numbers });
      const campaignIds = await fillRegistry(registry, source, { nowMs: systemClock.nowMs() });
      await writeSnapshot(out, { registry, campaignIds, position: registered.position });
    } finally {
      progress.end();
    }
  });
}

async function exportView(url: string, out: string, options: ExportOptions, stop: AbortSignal): Promise<void> {
  let progress: Progress | undefined;
  try {
    await writeSnapshotOfRedis(url, out, (numbers, total) => {
      stop.throwIfAborted();
      progress ??= startProgress('numbers', total, options.quiet);
      progress.to(numbers);
    });
  } finally {
    progress?.end();
  }
}
