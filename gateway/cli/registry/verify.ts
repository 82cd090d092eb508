/** `tollgate registry verify`: whether a snapshot is sound and, if asked, whether Redis says the same. */
import { Command } from 'commander';
import {
  formatNumber,
  isAssigned,
  loadCarrierMap,
  maskNumber,
  type NumberRegistry,
  parseNumberKey,
  type RegistryStore,
  type Snapshot,
} from '../../../registry-cache/index.ts';
import { systemClock } from '../../control/index.ts';
import { carryOut, failed } from '../carry-out.ts';
import { type NumberSource, watched } from './number-batch.ts';
import { registrySource, storeSource } from './number-sources.ts';
import { quietOption, redisOption } from './options.ts';
import { openSnapshot, withStore } from './places.ts';
import { startProgress } from './progress.ts';

/** Differences told in full; the others are counted. */
const TOLD_MAX = 20;

interface VerifyOptions {
  readonly snapshot: string;
  readonly redis?: string;
  readonly quiet: boolean;
}

const EXAMPLES = `
Examples:
  tollgate registry verify --snapshot today.snapshot
  tollgate registry verify --snapshot today.snapshot --redis redis://127.0.0.1:6379

Of a snapshot: checksum and counts, every number found again by lookup, every campaign handle known, every number in a
block that somebody holds. With --redis also that both hold the same numbers with the same campaigns.`;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('check a snapshot, by itself or against Redis')
    .requiredOption('--snapshot <file>', 'the .snapshot file')
    .addOption(redisOption('compare with Redis'))
    .addOption(quietOption())
    .addHelpText('after', EXAMPLES)
    .action((options: VerifyOptions) => carryOut((stop) => verify(options, stop)));
}

async function verify({ snapshot: path, redis, quiet }: VerifyOptions, stop: AbortSignal): Promise<void> {
  const snapshot = await openSnapshot(path);
  const differences = new Differences();
  /** The numbers of a source with a progress bar. */
  const overAll = async (label: string, source: NumberSource, visit: (source: NumberSource) => Promise<void>) => {
    const progress = startProgress(label, snapshot.registry.count, quiet);
    try {
      await visit(watched(source, { progress, stop }));
    } finally {
      progress.end();
    }
  };
  const numbers = (): NumberSource => registrySource(snapshot.registry, snapshot.campaignIds);
  await overAll('snapshot', numbers(), (source) => checkSnapshot(snapshot, source, differences));
  if (redis !== undefined) {
    await withStore(redis, async (store) => {
      await overAll('snapshot in Redis', numbers(), (source) => checkAgainstStore(store, source, differences));
      const stored = await storeSource(store, systemClock.nowMs());
      await overAll('Redis in snapshot', stored, (source) => checkNoneMissing(snapshot.registry, source, differences));
    });
  }
  const { count } = differences;
  if (count > 0) throw failed(`${path}: ${count} differences${count > TOLD_MAX ? `, ${TOLD_MAX} of them told` : ''}`);
  if (!quiet)
    process.stdout.write(
      `${path}: ${snapshot.registry.count.toLocaleString('en-US')} numbers, all as they should be\n`,
    );
}

class Differences {
  count = 0;

  note(key: number, what: string): void {
    this.count++;
    if (this.count <= TOLD_MAX) process.stdout.write(`${maskNumber(key)} ${what}\n`);
  }
}

async function checkSnapshot({ registry, campaignIds }: Snapshot, source: NumberSource, differences: Differences) {
  const map = loadCarrierMap();
  for await (const { keys, campaigns, activeAtMs, count } of source.batches) {
    for (let row = 0; row < count; row++) {
      const key = keys[row] ?? 0;
      const campaign = campaigns[row] ?? 0;
      const isPending = (activeAtMs[row] ?? 0) > 0;
      if (registry.find(key, Infinity) !== campaign || (registry.pending(key) !== undefined) !== isPending) {
        differences.note(key, 'is in the snapshot and cannot be looked up; take a new snapshot');
      }
      if (campaign >= campaignIds.length) {
        differences.note(key, `is registered to handle ${campaign}, and there are ${campaignIds.length} campaigns`);
      }
      if (parseNumberKey(formatNumber(key)) < 0) differences.note(key, 'is a number that nobody can have');
      else if (!isAssigned(map.lookup(key))) differences.note(key, 'is in a block that nobody holds');
    }
  }
}

async function checkAgainstStore(store: RegistryStore, source: NumberSource, differences: Differences): Promise<void> {
  const idByHandle = new Map((await store.campaigns()).map(({ handle, record }) => [handle, record.id]));
  for await (const { keys, campaigns, count } of source.batches) {
    const batchKeys = Array.from(keys.subarray(0, count));
    const records = await store.read(batchKeys);
    for (const [row, key] of batchKeys.entries()) {
      const record = records[row];
      const expected = source.campaignIds[campaigns[row] ?? 0];
      const stored = record === undefined ? undefined : idByHandle.get(record.campaign);
      if (record === undefined) differences.note(key, `is registered to ${expected} in the snapshot and not in Redis`);
      else if (stored !== expected) {
        differences.note(key, `is registered to ${expected} in the snapshot and to ${stored} in Redis`);
      }
    }
  }
}

async function checkNoneMissing(
  registry: NumberRegistry,
  source: NumberSource,
  differences: Differences,
): Promise<void> {
  for await (const { keys, campaigns, count } of source.batches) {
    for (let row = 0; row < count; row++) {
      const key = keys[row] ?? 0;
      if (registry.find(key, Infinity) >= 0) continue;
      differences.note(
        key,
        `is registered to ${source.campaignIds[campaigns[row] ?? 0]} in Redis and not in the snapshot`,
      );
    }
  }
}
