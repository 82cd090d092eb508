/** Registries as sources of batches: one in memory, one in a store, one that chance makes up. */
import {
  type NumberRegistry,
  type RegistryStore,
  type SyntheticCampaign,
  type SyntheticNumbers,
} from '../../../registry-cache/index.ts';
import { BATCH_NUMBERS, emptyBatch, type NumberBatch, type NumberSource } from './number-batch.ts';

/** Numbers copied out of an index at a time, 12 bytes each: its walk cannot pause, while files and stores must be waited for. */
const WALK_NUMBERS = 4_194_304;

/**
 * The numbers of a registry that does not change meanwhile. It says of none who set it.
 * Cost: walks the index once for every four million numbers, and holds 48 MB at most.
 */
export function registrySource(registry: NumberRegistry, campaignIds: readonly string[]): NumberSource {
  return { campaignIds, nnids: [''], batches: registryBatches(registry) };
}
async function* registryBatches(registry: NumberRegistry): AsyncGenerator<NumberBatch> {
  const batch = emptyBatch();
  const activeCount = registry.count - registry.pendingCount;
  const keys = new Float64Array(Math.min(WALK_NUMBERS, activeCount));
  const campaigns = new Uint32Array(keys.length);
  for (let from = 0; from < activeCount; from += keys.length) {
    const count = copyWalk(registry, from, keys, campaigns);
    for (let at = 0; at < count; at += batch.count) {
      batch.count = Math.min(BATCH_NUMBERS, count - at);
      batch.keys.set(keys.subarray(at, at + batch.count));
      batch.campaigns.set(campaigns.subarray(at, at + batch.count));
      yield batch;
    }
  }
  const pending: { key: number; campaign: number; activeAtMs: number }[] = [];
  registry.forEachPending((key, campaign, activeAtMs) => pending.push({ key, campaign, activeAtMs }));
  for (let at = 0; at < pending.length; at += BATCH_NUMBERS) {
    batch.count = 0;
    for (const { key, campaign, activeAtMs } of pending.slice(at, at + BATCH_NUMBERS)) {
      const row = batch.count++;
      batch.keys[row] = key;
      batch.campaigns[row] = campaign;
      batch.activeAtMs[row] = activeAtMs;
    }
    yield batch;
  }
}

/** Thrown by a visitor to end a walk; nothing else can. */
const FULL = new Error('enough numbers for this walk');

/** Copies the active numbers from position `from` of the walk on; how many they were. */
function copyWalk(registry: NumberRegistry, from: number, keys: Float64Array, campaigns: Uint32Array): number {
  let position = -from;
  try {
    registry.forEachActive((key, campaign) => {
      if (position === keys.length) throw FULL;
      if (position >= 0) {
        keys[position] = key;
        campaigns[position] = campaign;
      }
      position++;
    });
  } catch (error) {
    if (error !== FULL) throw error;
  }
  return position;
}

/** The numbers of a store, each at least once. What is due by `nowMs` counts as active. */
export async function storeSource(store: RegistryStore, nowMs: number): Promise<NumberSource> {
  const campaignIds: string[] = [];
  const nnids: string[] = [];
  // Both only grow, so what a number points to is there once it has been read anew.
  const readTables = async (): Promise<void> => {
    for (const { handle, record } of await store.campaigns()) campaignIds[handle] = record.id;
    for (const [row, nnid] of (await store.nnids()).entries()) nnids[row] = nnid;
  };
  await readTables();

  async function* batches(): AsyncGenerator<NumberBatch> {
    const batch = emptyBatch();
    batch.count = 0;
    for await (const records of store.scan()) {
      if (records.some(({ campaign, nnid }) => campaign >= campaignIds.length || nnid >= nnids.length))
        await readTables();
      for (const { key, campaign, nnid, activeAtMs } of records) {
        const row = batch.count++;
        batch.keys[row] = key;
        batch.campaigns[row] = campaign;
        batch.nnids[row] = nnid;
        batch.activeAtMs[row] = activeAtMs > nowMs ? activeAtMs : 0;
        if (batch.count < BATCH_NUMBERS) continue;
        yield batch;
        batch.count = 0;
      }
    }
    if (batch.count > 0) yield batch;
  }
  return { campaignIds, nnids, batches: batches() };
}

/** Made-up numbers, set by the DCA of their campaign. */
export function syntheticSource(
  campaigns: readonly SyntheticCampaign[],
  nnids: readonly string[],
  numbers: Iterable<SyntheticNumbers>,
): NumberSource {
  async function* batches(): AsyncGenerator<NumberBatch> {
    const batch = emptyBatch();
    for (const made of numbers) {
      batch.count = made.count;
      batch.keys.set(made.keys.subarray(0, made.count));
      batch.campaigns.set(made.campaigns.subarray(0, made.count));
      for (let row = 0; row < made.count; row++) batch.nnids[row] = campaigns[made.campaigns[row] ?? 0]?.dca ?? 0;
      yield batch;
    }
  }
  return { campaignIds: campaigns.map((campaign) => campaign.id), nnids, batches: batches() };
}
