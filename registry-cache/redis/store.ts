/**
 * The registry's store in Redis, alone or a cluster, for any number of gateways. `layout.ts` draws what lies there.
 *
 * Changes go to their shards in parallel, and within a shard one script run after another, so that changes of one number
 * stay in order through reconnects and redirects.
 *
 * A limit spans shards, and no script does. So whoever adds numbers to a campaign with a limit takes the campaign's lock
 * first, asks all shards how many it has there, and tells each how many it may come to. Locks have no time limit that clocks
 * would have to agree on: one that stays with the same holder for long is broken, and before it is, the fence of every
 * shard is raised. Scripts leave limited sets undone that come with an older fence, and the holder, if it is alive after
 * all, begins anew. So a limit holds whatever becomes of a gateway. What is set without a limit takes no lock.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkChanges, checkKey, checkMoment, checkNnids } from '../check-changes.ts';
import { isAlive } from '../notices.ts';
import { NO_CAMPAIGN } from '../number-registry.ts';
import {
  StoreUnavailable,
  type AppliedChanges,
  type CampaignEntry,
  type CampaignRecord,
  type CarrierTerms,
  type ChangeOutcome,
  type Notice,
  type NumberChange,
  type NumberInterval,
  type NumberRecord,
  type RegistryStore,
  type SetNumber,
  type StoreStats,
} from '../registry-store.ts';
import { ask, EpochChanged, run } from './ask.ts';
import type { RedisConnection } from './connection.ts';
import {
  FORMAT,
  isLimited,
  KEY_BYTES,
  keyAt,
  MOST_MAX,
  NOTICE_BYTES,
  noticeAt,
  OSR_KEYS,
  outcomeAt,
  packCampaign,
  packKeys,
  packMoment,
  packRequests,
  packTerms,
  recordAt,
  shardOf,
  SHARDS_MAX,
  TCR_KEYS,
  unpackCampaign,
  unpackIntervals,
} from './layout.ts';
import { RegistryReader } from './reader.ts';
import {
  APPLY,
  BEGIN,
  COUNTS,
  LOCK,
  NNID_ROWS,
  NOTICES_OF_ROW,
  PUBLISH_CAMPAIGNS,
  PUBLISH_TERMS,
  READ,
  SETTLE,
  TRIM,
  UNLOCK,
} from './scripts.ts';

const SHARDS_DEFAULT = 4;
const RETENTION_MS_DEFAULT = 60_000;

/** Changes of one script run: some 2 ms of the server. */
const CHUNK_CHANGES = 250;
const CHUNK_KEYS = 500;
/** Notices of one answer. */
const NOTICES_MAX = 10_000;
const CHUNK_RECORDS = 500;
/** Changes between taking locks and giving them back. */
const ROUND_CHANGES = 2_000;
/** Tries to take a lock before its holder counts as dead; more than a second. */
const LOCK_TRIES = 150;
const LOCK_RETRY_MS_MAX = 8;
/** How often a call begins anew because the store was replaced under it. */
const EPOCHS_MAX = 3;

export interface RedisStoreOptions {
  /** Into how many shards numbers are divided. Taken when the registry is first written, and from there ever after. */
  readonly shards?: number;
  /** Whether to keep what numbers were registered to before. As with shards, but another value later is refused. */
  readonly history?: boolean;
  /** How long the streams keep changes, and with them removed numbers. */
  readonly retentionMs?: number;
}

/** The registry in this Redis is not what was asked for. The message says how, and the fix. */
export class OtherRegistry extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OtherRegistry';
  }
}

export class RedisRegistryStore implements RegistryStore {
  readonly keepsHistory: boolean;
  /** Reads all there is, as for a view that is built up. */
  readonly reader: RegistryReader;
  private readonly redis: RedisConnection;
  private readonly shardCount: number;
  private readonly retentionMs: number;
  private osrEpoch = '';
  private tcrEpoch = '';
  private readonly shardEpochs: string[] = [];
  private readonly fences: string[] = [];
  /** Handles and rows that are known to have been given out. */
  private known = { campaigns: 0, nnids: 0 };
  /** Ends when the last round that takes locks does: calls of one store wait here for each other, not in Redis. */
  private lastLocked: Promise<unknown> = Promise.resolve();

  private constructor(redis: RedisConnection, shardCount: number, options: RedisStoreOptions) {
    this.redis = redis;
    this.shardCount = shardCount;
    this.keepsHistory = options.history ?? false;
    this.retentionMs = options.retentionMs ?? RETENTION_MS_DEFAULT;
    this.reader = new RegistryReader(redis, shardCount);
  }

  /**
   * The store on a connection, which stays its caller's to close; begins a registry where there is none.
   * Rejects with StoreUnavailable, OtherRegistry, or RangeError for shards out of 1 to 256.
   */
  static async open(redis: RedisConnection, options: RedisStoreOptions = {}): Promise<RedisRegistryStore> {
    const shards = options.shards ?? SHARDS_DEFAULT;
    if (!(Number.isInteger(shards) && shards >= 1 && shards <= SHARDS_MAX)) {
      throw new RangeError(`shards ${shards} is not a whole number from 1 to ${SHARDS_MAX}`);
    }
    const { shards: shardsThere } = await beginRegistry(redis, shards, options.history ?? false);
    const store = new RedisRegistryStore(redis, shardsThere, options);
    await store.begin();
    return store;
  }

  apply(changes: readonly NumberChange[], nowMs: number): Promise<AppliedChanges> {
    const outcomes: (ChangeOutcome | undefined)[] = changes.map(() => undefined);
    const position = Array.from({ length: this.shardCount }, () => 0);
    return this.inEpoch(async () => {
      await this.learnKnown(changes);
      checkChanges(changes, nowMs, this.known);
      const patience = new Patience();
      let waiting = indicesOf(outcomes, (outcome) => outcome === undefined);
      while (waiting.length > 0) {
        const round = new Round(changes, waiting.slice(0, ROUND_CHANGES), nowMs, outcomes, position);
        await this.applyRound(round, patience);
        waiting = [...round.deferred(), ...waiting.slice(ROUND_CHANGES)];
      }
      return { outcomes: outcomes.map((outcome) => outcome!), position };
    });
  }

  async read(keys: readonly number[]): Promise<readonly (NumberRecord | undefined)[]> {
    keys.forEach(checkKey);
    const records: (NumberRecord | undefined)[] = keys.map(() => undefined);
    await this.eachShard(async (shard) => {
      const here = indicesOf(keys, (key) => shardOf(key, this.shardCount) === shard);
      const { meta, numbers, pending } = this.reader.shards[shard]!;
      for (const chunk of chunksOf(here, CHUNK_KEYS)) {
        const packed = packKeys(chunk.map((i) => keys[i]!));
        const answers = (await run(this.redis, READ, [meta, numbers, pending], [this.shardCount, packed])) as Buffer;
        chunk.forEach((i, at) => (records[i] = recordAt(answers, at)));
      }
    });
    return records;
  }

  async notices(nnid: number, limit: number, nowMs: number): Promise<readonly Notice[]> {
    const row = Buffer.from([nnid >> 8, nnid & 0xff]);
    const found: Notice[] = [];
    await this.eachShard(async (shard) => {
      const { notices, noticeOrder } = this.reader.shards[shard]!;
      const args = [row, packMoment(nowMs), Math.min(limit, NOTICES_MAX)];
      const packed = (await run(this.redis, NOTICES_OF_ROW, [notices, noticeOrder], args)) as Buffer;
      for (let at = 0; at < packed.length; at += KEY_BYTES + NOTICE_BYTES) {
        found.push(noticeAt(packed, at + KEY_BYTES, keyAt(packed, at)));
      }
    });
    return found.sort((a, b) => b.atMs - a.atMs).slice(0, limit);
  }

  async notice(key: number, nnid: number, nowMs: number): Promise<Notice | undefined> {
    checkKey(key);
    const list = (await ask(this.redis, 'HGET', this.keysOf(key).notices, packKeys([key]))) as Buffer | null;
    for (let at = 0; at < (list?.length ?? 0); at += NOTICE_BYTES) {
      const notice = noticeAt(list!, at, key);
      if (notice.nnid === nnid) return isAlive(notice, nowMs) ? notice : undefined;
    }
    return undefined;
  }

  async *scan(): AsyncIterable<readonly NumberRecord[]> {
    for (let shard = 0; shard < this.shardCount; shard++) yield* this.reader.scanShard(shard);
  }

  async publishCampaigns(records: readonly CampaignRecord[]): Promise<readonly number[]> {
    const handles: number[] = [];
    for (const chunk of chunksOf(records, CHUNK_RECORDS)) {
      const pairs = chunk.flatMap((record) => [record.id, packCampaign(record)]);
      const keys = [OSR_KEYS.meta, OSR_KEYS.campaigns, OSR_KEYS.feed];
      const reply = await this.inEpoch(() =>
        run(this.redis, PUBLISH_CAMPAIGNS, keys, [this.osrEpoch, this.retentionMs, ...pairs]),
      );
      handles.push(...(reply as number[]));
    }
    return handles;
  }

  async campaign(id: string): Promise<CampaignEntry | undefined> {
    const value = (await ask(this.redis, 'HGET', OSR_KEYS.campaigns, id)) as Buffer | null;
    return value === null ? undefined : unpackCampaign(id, value.toString());
  }

  campaigns(): Promise<readonly CampaignEntry[]> {
    return this.reader.readCampaigns();
  }

  async publishTerms(terms: readonly CarrierTerms[]): Promise<void> {
    for (const chunk of chunksOf(terms, CHUNK_RECORDS)) {
      const pairs = chunk.flatMap((each) => [each.campaign, packTerms(each)]);
      const keys = [TCR_KEYS.meta, TCR_KEYS.terms, TCR_KEYS.feed];
      await this.inEpoch(() => run(this.redis, PUBLISH_TERMS, keys, [this.tcrEpoch, this.retentionMs, ...pairs]));
    }
  }

  async nnidRows(nnids: readonly string[]): Promise<readonly number[]> {
    checkNnids(nnids);
    const rows: number[] = [];
    for (const chunk of chunksOf(nnids, CHUNK_RECORDS)) {
      const keys = [OSR_KEYS.meta, OSR_KEYS.nnids];
      const reply = await this.inEpoch(() => run(this.redis, NNID_ROWS, keys, [this.osrEpoch, ...chunk]));
      rows.push(...(reply as number[]));
    }
    return rows;
  }

  async nnids(): Promise<readonly string[]> {
    const pairs = (await ask(this.redis, 'HGETALL', OSR_KEYS.nnids)) as Buffer[];
    const nnids: string[] = [];
    for (let i = 0; i < pairs.length; i += 2) nnids[Number(pairs[i + 1])] = pairs[i]!.toString();
    return nnids;
  }

  async history(key: number): Promise<readonly NumberInterval[]> {
    checkKey(key);
    const packed = (await ask(this.redis, 'HGET', this.keysOf(key).history, packKeys([key]))) as Buffer | null;
    return packed === null ? [] : unpackIntervals(packed);
  }

  async stats(): Promise<StoreStats> {
    const groups: readonly object[] = [...this.reader.shards, OSR_KEYS, TCR_KEYS];
    const keys = groups.flatMap((group) => Object.values(group) as string[]);
    const sizes = await Promise.all(keys.map((key) => ask(this.redis, 'MEMORY', 'USAGE', key, 'SAMPLES', 50)));
    const pending = await Promise.all(this.reader.shards.map((shard) => ask(this.redis, 'ZCARD', shard.pending)));
    return {
      numbers: await this.reader.count(),
      pending: sum(pending),
      campaigns: Number(await ask(this.redis, 'HLEN', OSR_KEYS.campaigns)),
      shards: this.shardCount,
      bytes: sum(sizes),
    };
  }

  async settle(nowMs: number): Promise<void> {
    checkMoment('nowMs', nowMs);
    await this.eachShard(async (shard) => {
      const { meta, numbers, pending, notices, noticeOrder, feed } = this.reader.shards[shard]!;
      const keys = [meta, numbers, pending, notices, noticeOrder, feed];
      for (let row = 0; row >= 0;) {
        const args = [this.shardCount, packMoment(nowMs), this.retentionMs, row];
        row = Number(await run(this.redis, SETTLE, keys, args));
      }
    });
    for (const feed of [OSR_KEYS.feed, TCR_KEYS.feed]) await run(this.redis, TRIM, [feed], [this.retentionMs]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** One try at the changes of a round; those that must wait are left undone and in order. */
  private async applyRound(round: Round, patience: Patience): Promise<void> {
    const limited = round.limitedCampaigns();
    if (limited.length === 0) return this.applyShards(round, [...this.fences], undefined);
    const turn = this.lastLocked.then(() => this.applyLocked(round, limited));
    this.lastLocked = turn.catch(() => {});
    const held = await turn;
    const stuck = patience.exhausted(held);
    if (stuck.length > 0) await this.breakLocks(stuck);
    else if (held.size === limited.length) await sleep(patience.waitMs);
  }

  /** The holders of the locks it did not get. */
  private async applyLocked(round: Round, limited: readonly number[]): Promise<ReadonlyMap<number, string>> {
    // A fence seen before the locks were taken: one that was raised to break them makes this round begin anew.
    const fences = [...this.fences];
    const token = randomBytes(8).toString('hex');
    const pairs = (await run(this.redis, LOCK, [OSR_KEYS.locks], [token, ...limited])) as Buffer[];
    const held = new Map<number, string>();
    for (let i = 0; i < pairs.length; i += 2) held.set(Number(pairs[i]), pairs[i + 1]!.toString());
    const ours = limited.filter((campaign) => !held.has(campaign));
    try {
      await this.applyShards(round, fences, new Tally(await this.countsOf(ours), round));
    } catch (error) {
      // What failed may still be on its way to some shard. A lock that cannot be broken now will be, by who waits for it.
      await this.breakLocks(ours.map((campaign) => [campaign, token])).catch(() => {});
      throw error;
    }
    if (ours.length > 0) await run(this.redis, UNLOCK, [OSR_KEYS.locks], [token, ...ours]).catch(() => {});
    return held;
  }

  private async applyShards(round: Round, fences: readonly string[], tally: Tally | undefined): Promise<void> {
    const shards = round.byShard(this.shardCount, tally);
    const work = (shard: number) => this.applyShard(round, shard, shards[shard]!, fences[shard]!, tally);
    const used = indicesOf(shards, (indices) => indices.length > 0);
    if (tally?.isTight === true) {
      for (const shard of used) await work(shard);
    } else {
      // All are waited for, also when one fails: none may go on writing when the locks are given back.
      const results = await Promise.allSettled(used.map(work));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
    if (round.isFenced) await this.learnFences();
  }

  private async applyShard(
    round: Round,
    shard: number,
    indices: readonly number[],
    fence: string,
    tally: Tally | undefined,
  ): Promise<void> {
    const { meta, numbers, pending, counts, notices, noticeOrder, feed, history } = this.reader.shards[shard]!;
    const keys = [meta, numbers, pending, counts, notices, noticeOrder, feed, history];
    for (const chunk of chunksOf(indices, CHUNK_CHANGES)) {
      const now = chunk.filter((i) => !round.mustWait(i));
      if (now.length === 0) continue;
      const changes = now.map((i) => round.changes[i]!);
      const requests = packRequests(
        changes,
        round.nowMs,
        (campaign, limit) => tally?.most(campaign, limit, shard) ?? 0,
      );
      const history01 = this.keepsHistory ? 1 : 0;
      const moment = packMoment(round.nowMs);
      const args = [this.shardEpochs[shard]!, fence, this.shardCount, moment, requests, history01, this.retentionMs];
      const [sequence, answers] = (await run(this.redis, APPLY, keys, args)) as [number, Buffer];
      round.position[shard] = sequence;
      now.forEach((i, at) => {
        const outcome = outcomeAt(answers, at);
        if (outcome === undefined) return round.fence(i);
        round.outcomes[i] = outcome;
        tally?.record(round.changes[i]!, outcome, shard);
      });
    }
  }

  /** By campaign: its numbers in each shard. */
  private async countsOf(campaigns: readonly number[]): Promise<Map<number, number[]>> {
    const handles = Buffer.alloc(campaigns.length * 3);
    campaigns.forEach((campaign, i) => handles.writeUIntBE(campaign, i * 3, 3));
    const counts = new Map(campaigns.map((campaign): [number, number[]] => [campaign, []]));
    if (campaigns.length === 0) return counts;
    await this.eachShard(async (shard) => {
      const packed = (await run(this.redis, COUNTS, [this.reader.shards[shard]!.counts], [handles])) as Buffer;
      campaigns.forEach((campaign, i) => (counts.get(campaign)![shard] = packed.readUInt32BE(i * 4)));
    });
    return counts;
  }

  private async breakLocks(locks: readonly (readonly [campaign: number, holder: string])[]): Promise<void> {
    await this.eachShard(async (shard) => {
      const fence = await ask(this.redis, 'HINCRBY', this.reader.shards[shard]!.meta, 'fence', 1);
      this.fences[shard] = String(fence);
    });
    for (const [campaign, holder] of locks) await run(this.redis, UNLOCK, [OSR_KEYS.locks], [holder, campaign]);
  }

  private learnFences(): Promise<void> {
    return this.eachShard(async (shard) => {
      const fence = (await ask(this.redis, 'HGET', this.reader.shards[shard]!.meta, 'fence')) as Buffer | null;
      this.fences[shard] = fence?.toString() ?? '';
    });
  }

  private async learnKnown(changes: readonly NumberChange[]): Promise<void> {
    const isNew = (change: NumberChange) =>
      change.nnid >= this.known.nnids || (change.kind !== 'remove' && change.campaign >= this.known.campaigns);
    if (!changes.some(isNew)) return;
    const [campaigns, nnids] = await Promise.all([
      ask(this.redis, 'HLEN', OSR_KEYS.campaigns),
      ask(this.redis, 'HLEN', OSR_KEYS.nnids),
    ]);
    this.known = { campaigns: Number(campaigns), nnids: Number(nnids) };
  }

  /** Runs again, in the new epoch, what found that the registry was emptied. */
  private async inEpoch<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let epoch = 1; ; epoch++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof EpochChanged)) throw error;
        if (epoch === EPOCHS_MAX) throw new StoreUnavailable('Redis was emptied time and again', { cause: error });
        await this.begin();
      }
    }
  }

  private async begin(): Promise<void> {
    const { epoch, shards } = await beginRegistry(this.redis, this.shardCount, this.keepsHistory);
    if (shards !== this.shardCount) {
      throw new OtherRegistry(`The registry in Redis was replaced by one of ${shards} shards: start again to use it`);
    }
    this.osrEpoch = epoch;
    this.tcrEpoch = (await begin(this.redis, TCR_KEYS.meta, { seq: 0 })).get('epoch')!;
    await this.eachShard(async (shard) => {
      const fields = { seq: 0, count: 0, buckets: 1, fence: 0 };
      const meta = await begin(this.redis, this.reader.shards[shard]!.meta, fields);
      this.shardEpochs[shard] = meta.get('epoch')!;
      this.fences[shard] = meta.get('fence')!;
    });
    this.known = { campaigns: 0, nnids: 0 };
  }

  private async eachShard(work: (shard: number) => Promise<void>): Promise<void> {
    await Promise.all(this.reader.shards.map((_, shard) => work(shard)));
  }

  private keysOf(key: number) {
    return this.reader.shards[shardOf(key, this.shardCount)]!;
  }
}

/** Changes of one call that are tried together, and what has become of them. Changes of one number stay in order. */
class Round {
  readonly changes: readonly NumberChange[];
  readonly nowMs: number;
  /** By index of the change; undefined while it is not done. */
  readonly outcomes: (ChangeOutcome | undefined)[];
  readonly position: number[];
  /** Whether somebody broke our locks. */
  isFenced = false;
  private readonly indices: readonly number[];
  /** Numbers of which a change must wait, and so all later ones. */
  private readonly stopped = new Set<number>();

  constructor(
    changes: readonly NumberChange[],
    indices: readonly number[],
    nowMs: number,
    outcomes: (ChangeOutcome | undefined)[],
    position: number[],
  ) {
    this.changes = changes;
    this.indices = indices;
    this.nowMs = nowMs;
    this.outcomes = outcomes;
    this.position = position;
  }

  limitedCampaigns(): readonly number[] {
    return [...new Set(this.limitedSets().map(({ campaign }) => campaign))];
  }

  limitedSets(): readonly SetNumber[] {
    return this.indices.map((i) => this.changes[i]!).filter(isLimited);
  }

  /** Indices by shard, without those that must wait for a lock, which is all limited ones that `tally` does not count. */
  byShard(shardCount: number, tally: Tally | undefined): readonly (readonly number[])[] {
    const shards: number[][] = Array.from({ length: shardCount }, () => []);
    for (const i of this.indices) {
      const change = this.changes[i]!;
      if (isLimited(change) && tally?.counts(change.campaign) !== true) this.stopped.add(change.key);
      if (!this.mustWait(i)) shards[shardOf(change.key, shardCount)]!.push(i);
    }
    return shards;
  }

  mustWait(i: number): boolean {
    return this.stopped.has(this.changes[i]!.key);
  }

  fence(i: number): void {
    this.stopped.add(this.changes[i]!.key);
    this.isFenced = true;
  }

  deferred(): readonly number[] {
    return this.indices.filter((i) => this.outcomes[i] === undefined);
  }
}

/** Numbers of the campaigns whose locks we hold, by shard. Others may take some away meanwhile, and add only what has no limit. */
class Tally {
  /** Whether some limit may be reached in this round, so that a shard must know what the one before it has added. */
  readonly isTight: boolean;
  private readonly byCampaign: ReadonlyMap<number, number[]>;

  constructor(byCampaign: ReadonlyMap<number, number[]>, round: Round) {
    this.byCampaign = byCampaign;
    const coming = new Map([...byCampaign].map(([campaign, counts]) => [campaign, sum(counts)]));
    const sets = round.limitedSets().filter(({ campaign }) => byCampaign.has(campaign));
    for (const { campaign } of sets) coming.set(campaign, coming.get(campaign)! + 1);
    this.isTight = sets.some(({ campaign, numberLimit }) => coming.get(campaign)! > numberLimit);
  }

  counts(campaign: number): boolean {
    return this.byCampaign.has(campaign);
  }

  /** How many numbers of a campaign a shard may come to. */
  most(campaign: number, numberLimit: number, shard: number): number {
    if (!this.isTight) return MOST_MAX;
    const counts = this.byCampaign.get(campaign)!;
    return Math.min(Math.max(0, numberLimit - sum(counts) + counts[shard]!), MOST_MAX);
  }

  record(change: NumberChange, outcome: ChangeOutcome, shard: number): void {
    if (!outcome.done || change.kind === 'fail') return;
    this.add(outcome.previous?.campaign, shard, -1);
    if (change.kind === 'set') this.add(change.campaign, shard, 1);
  }

  private add(campaign: number | undefined, shard: number, by: number): void {
    const counts = this.byCampaign.get(campaign ?? NO_CAMPAIGN);
    if (counts !== undefined) counts[shard]! += by;
  }
}

/** How long one call has waited for which holder of which lock. */
class Patience {
  private readonly waits = new Map<number, { readonly holder: string; tries: number }>();
  private tries = 0;

  get waitMs(): number {
    return Math.min(this.tries, LOCK_RETRY_MS_MAX);
  }

  /** Takes note of who holds what after one more try; the locks that have been held by the same for too long. */
  exhausted(held: ReadonlyMap<number, string>): readonly (readonly [campaign: number, holder: string])[] {
    this.tries = held.size === 0 ? 0 : this.tries + 1;
    for (const campaign of this.waits.keys()) if (!held.has(campaign)) this.waits.delete(campaign);
    for (const [campaign, holder] of held) {
      const wait = this.waits.get(campaign);
      if (wait?.holder === holder) wait.tries++;
      else this.waits.set(campaign, { holder, tries: 1 });
    }
    return [...held].filter(([campaign]) => this.waits.get(campaign)!.tries >= LOCK_TRIES);
  }
}

async function beginRegistry(
  redis: RedisConnection,
  shards: number,
  history: boolean,
): Promise<{ readonly epoch: string; readonly shards: number }> {
  const meta = await begin(redis, OSR_KEYS.meta, { seq: 0, format: FORMAT, shards, history: history ? 1 : 0 });
  const format = meta.get('format');
  if (format !== String(FORMAT)) {
    throw new OtherRegistry(
      `The registry in Redis has format ${format} and this release reads ${FORMAT}: use the release that wrote it, or another Redis`,
    );
  }
  if ((meta.get('history') === '1') !== history) {
    throw new OtherRegistry(
      `The registry in Redis was begun ${history ? 'without' : 'with'} history: start ${history ? 'without' : 'with'} it, or use another Redis`,
    );
  }
  return { epoch: meta.get('epoch')!, shards: Number(meta.get('shards')) };
}

async function begin(
  redis: RedisConnection,
  meta: string,
  fields: Readonly<Record<string, number>>,
): Promise<ReadonlyMap<string, string>> {
  const epoch = randomBytes(8).toString('hex');
  const pairs = (await run(redis, BEGIN, [meta], [epoch, ...Object.entries(fields).flat()])) as Buffer[];
  const found = new Map<string, string>();
  for (let i = 0; i < pairs.length; i += 2) found.set(pairs[i]!.toString(), pairs[i + 1]!.toString());
  return found;
}

function indicesOf<Item>(items: readonly Item[], wanted: (item: Item) => boolean): number[] {
  const indices: number[] = [];
  items.forEach((item, i) => {
    if (wanted(item)) indices.push(i);
  });
  return indices;
}

function* chunksOf<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}

/** Of numbers as Redis gives them, where nothing counts as 0. */
function sum(numbers: readonly unknown[]): number {
  return numbers.reduce((total: number, each) => total + Number(each ?? 0), 0);
}
