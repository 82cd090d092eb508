/** Where batches go besides text: a registry in memory, to be saved as a snapshot, and a store. */
import type { CampaignEntry, NumberChange, NumberRegistry, RegistryStore } from '../../../registry-cache/index.ts';
import type { NumberSource } from './number-batch.ts';

/**
 * Registers all numbers of a source, the last of each winning. The ids its handles stand for, which are those of `known` and
 * then others as they are met.
 */
export async function fillRegistry(
  registry: NumberRegistry,
  source: NumberSource,
  { nowMs, known = [] }: { readonly nowMs: number; readonly known?: readonly string[] },
): Promise<string[]> {
  const campaignIds = [...known];
  const handleOf = new Map(campaignIds.map((id, handle) => [id, handle]));
  const handles: number[] = [];
  for await (const { keys, campaigns, activeAtMs, count } of source.batches) {
    for (const id of source.campaignIds.slice(handles.length)) {
      handles.push(handleOf.get(id) ?? campaignIds.push(id) - 1);
    }
    for (let row = 0; row < count; row++) {
      registry.register(keys[row] ?? 0, handles[campaigns[row] ?? 0] ?? 0, activeAtMs[row] ?? 0, nowMs);
    }
  }
  return campaignIds;
}

export interface StoreFill {
  readonly campaigns: ReadonlyMap<string, CampaignEntry>;
  readonly nowMs: number;
  /** Told of a number that its campaign has no room for, by line of the source. May throw to end it. */
  readonly onRefused: (line: number, message: string) => void;
  /** Told after each batch, which is applied whole, of the last line in it. */
  readonly onApplied?: (lastLine: number) => void;
}

/**
 * Sends all numbers of a source to a store, batch by batch, each after the one before: the last of each number wins.
 * How many of them were registered to something before.
 */
export async function fillStore(store: RegistryStore, source: NumberSource, fill: StoreFill): Promise<number> {
  const entries: CampaignEntry[] = [];
  const nnidRows: number[] = [];
  let replacedCount = 0;
  for await (const batch of source.batches) {
    for (const id of source.campaignIds.slice(entries.length)) entries.push(entryOf(fill.campaigns, id));
    nnidRows.push(...(await store.nnidRows(source.nnids.slice(nnidRows.length))));
    const changes: NumberChange[] = [];
    for (let row = 0; row < batch.count; row++) {
      const entry = entries[batch.campaigns[row] ?? 0];
      const nnid = nnidRows[batch.nnids[row] ?? 0];
      const key = batch.keys[row];
      const activeAtMs = batch.activeAtMs[row];
      if (entry === undefined || nnid === undefined || key === undefined || activeAtMs === undefined) {
        throw new Error(`row ${row} of a batch points past the tables of its source`);
      }
      changes.push({
        kind: 'set',
        key,
        campaign: entry.handle,
        nnid,
        activeAtMs,
        numberLimit: entry.record.numberLimit,
      });
    }
    const { outcomes } = await store.apply(changes, fill.nowMs);
    fill.onApplied?.(batch.lines[batch.count - 1] ?? 0);
    for (const [row, outcome] of outcomes.entries()) {
      if (!outcome.done) fill.onRefused(batch.lines[row] ?? 0, describeLimit(entries[batch.campaigns[row] ?? 0]));
      else if (outcome.previous !== undefined) replacedCount++;
    }
  }
  return replacedCount;
}

function entryOf(campaigns: ReadonlyMap<string, CampaignEntry>, id: string): CampaignEntry {
  const entry = campaigns.get(id);
  if (entry === undefined) throw new Error(`campaign ${id} was not checked against the store`);
  return entry;
}

function describeLimit(entry: CampaignEntry | undefined): string {
  return (
    `campaign ${entry?.record.id} holds the ${entry?.record.numberLimit} numbers it may; ` +
    'it needs a number pool approved, or the number another campaign'
  );
}
