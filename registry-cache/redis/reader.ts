/**
 * Reads everything a registry in Redis holds, while it goes on changing.
 *
 * Nothing stands still meanwhile, so what was read is no picture of any one moment. But whatever is left alone is in it:
 * pending numbers are read first, as they settle into the buckets and never come back from there unchanged, and then the
 * buckets from the first to the last, as splits only move entries to a bucket further on (`layout.ts`). Each slice is
 * asked for when the one before has come, so that order holds across reconnects and redirects too.
 */
import type { NumberRegistry } from '../number-registry.ts';
import type { CampaignEntry, CarrierTerms, NumberRecord } from '../registry-store.ts';
import { ask } from './ask.ts';
import type { RedisConnection } from './connection.ts';
import {
  campaignAt,
  ENTRY_BYTES,
  isPendingAt,
  keyAt,
  OSR_KEYS,
  rowAt,
  shardKeys,
  splitFrom,
  TCR_KEYS,
  unpackCampaign,
  unpackTerms,
  type ShardKeys,
  type StreamKeys,
} from './layout.ts';

/** Buckets of a slice: some 4,000 numbers, 40 kB. Small enough that messages are decided in between. */
const SLICE_BUCKETS = 64;
const SCAN_COUNT = 1000;

export class RegistryReader {
  readonly shards: readonly ShardKeys[];
  readonly campaigns: StreamKeys = OSR_KEYS;
  readonly terms: StreamKeys = TCR_KEYS;
  private readonly redis: RedisConnection;

  constructor(redis: RedisConnection, shardCount: number) {
    this.redis = redis;
    this.shards = Array.from({ length: shardCount }, (_, shard) => shardKeys(shard));
  }

  /** How many numbers there are, about. */
  async count(): Promise<number> {
    const counts = await Promise.all(this.shards.map(({ meta }) => this.field(meta, 'count')));
    return counts.reduce((total, count) => total + count, 0);
  }

  /**
   * Reads a shard into a registry. A number that is left alone meanwhile is read, one that is not may be: as it was, or as
   * it is. `onRead` is told how many more have been read. No object per active number.
   */
  async readShard(
    shard: number,
    into: NumberRegistry,
    nowMs: number,
    onRead: (numbers: number) => void,
  ): Promise<void> {
    for await (const { entries, moments } of this.pendingSlices(shard)) {
      entries.forEach((entry, i) => into.register(keyAt(entry, 0), campaignAt(entry, 0), moments[i]!, nowMs));
      onRead(entries.length);
    }
    for await (const values of this.bucketSlices(shard)) {
      let numbers = 0;
      for (const value of values) {
        if (value === null) continue;
        for (let at = 0; at < value.length; at += ENTRY_BYTES) {
          if (isPendingAt(value, at)) continue;
          into.register(keyAt(value, at), campaignAt(value, at), 0, nowMs);
          numbers++;
        }
      }
      onRead(numbers);
    }
  }

  /** Every number of a shard, in batches; the guarantee of `RegistryStore.scan`. */
  async *scanShard(shard: number): AsyncGenerator<readonly NumberRecord[]> {
    for await (const { entries, moments } of this.pendingSlices(shard)) {
      yield entries.map((entry, i) => recordOf(entry, 0, moments[i]!));
    }
    for await (const values of this.bucketSlices(shard)) {
      const records: NumberRecord[] = [];
      for (const value of values) {
        for (let at = 0; at < (value?.length ?? 0); at += ENTRY_BYTES) {
          if (!isPendingAt(value!, at)) records.push(recordOf(value!, at, 0));
        }
      }
      if (records.length > 0) yield records;
    }
  }

  /** All campaigns, by handle. */
  async readCampaigns(): Promise<readonly CampaignEntry[]> {
    const byHandle: CampaignEntry[] = [];
    for await (const [id, value] of this.pairs('HSCAN', OSR_KEYS.campaigns)) {
      const entry = unpackCampaign(id.toString(), value.toString());
      byHandle[entry.handle] = entry;
    }
    // One that was published meanwhile may have been missed, and a later one seen.
    const gap = byHandle.findIndex((entry) => entry === undefined);
    return gap < 0 ? byHandle : byHandle.slice(0, gap);
  }

  /** All terms, in no order. */
  async readTerms(): Promise<readonly CarrierTerms[]> {
    const terms = new Map<string, CarrierTerms>();
    for await (const [id, value] of this.pairs('HSCAN', TCR_KEYS.terms)) {
      terms.set(id.toString(), unpackTerms(id.toString(), value.toString()));
    }
    return [...terms.values()];
  }

  private async *bucketSlices(shard: number): AsyncGenerator<readonly (Buffer | null)[]> {
    const { meta, numbers } = this.shards[shard]!;
    const slice = async (from: number, to: number) => {
      const buckets = Array.from({ length: to - from }, (_, i) => from + i);
      return (await ask(this.redis, 'HMGET', numbers, ...buckets)) as (Buffer | null)[];
    };
    let first = 0;
    let end = await this.field(meta, 'buckets');
    while (first < end) {
      let coming: ReturnType<typeof slice> | undefined;
      for (let from = first; from < end; from += SLICE_BUCKETS) {
        const values = await (coming ?? slice(from, Math.min(from + SLICE_BUCKETS, end)));
        const next = from + SLICE_BUCKETS;
        coming = next < end ? slice(next, Math.min(next + SLICE_BUCKETS, end)) : undefined;
        // Whoever breaks off does not want to hear that this failed.
        coming?.catch(() => {});
        yield values;
      }
      // Of the buckets added meanwhile only those matter that were split from one read just now. Past the first time round
      // that takes twice as many buckets as before, so this ends however fast the registry grows.
      const added = await this.field(meta, 'buckets');
      const hasMoved = Array.from({ length: Math.max(0, added - end) }, (_, i) => splitFrom(end + i)).some(
        (source) => source >= first && source < end,
      );
      first = end;
      end = hasMoved ? added : end;
    }
  }

  private async *pendingSlices(
    shard: number,
  ): AsyncGenerator<{ readonly entries: readonly Buffer[]; readonly moments: readonly number[] }> {
    for await (const pairs of this.pages('ZSCAN', this.shards[shard]!.pending)) {
      const entries = pairs.filter((_, i) => i % 2 === 0);
      const moments = pairs.filter((_, i) => i % 2 === 1).map(Number);
      if (entries.length > 0) yield { entries, moments };
    }
  }

  private async *pairs(command: string, key: string): AsyncGenerator<readonly [Buffer, Buffer]> {
    for await (const page of this.pages(command, key)) {
      for (let i = 0; i < page.length; i += 2) yield [page[i]!, page[i + 1]!];
    }
  }

  private async *pages(command: string, key: string): AsyncGenerator<readonly Buffer[]> {
    let cursor = '0';
    do {
      const [next, page] = (await ask(this.redis, command, key, cursor, 'COUNT', SCAN_COUNT)) as [Buffer, Buffer[]];
      cursor = next.toString();
      yield page;
    } while (cursor !== '0');
  }

  private async field(meta: string, name: string): Promise<number> {
    return Number(((await ask(this.redis, 'HGET', meta, name)) as Buffer | null) ?? 0);
  }
}

function recordOf(entries: Buffer, at: number, activeAtMs: number): NumberRecord {
  return { key: keyAt(entries, at), campaign: campaignAt(entries, at), nnid: rowAt(entries, at), activeAtMs };
}
