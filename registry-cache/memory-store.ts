/**
 * The registry's store in this process: what the gateway runs on when it is given no Redis.
 *
 * The numbers are the gateway's own `NumberRegistry`, so its view is the truth at once and there is no feed to follow.
 * Beside it stands a second index for the rows of NNIDs, which leaves out the numbers of row 0, as most registries here
 * have one DCA. That makes 6 to 12 bytes per number. Everything else is small: campaigns, notices, and the past if asked.
 */
import { checkCampaignRoom, checkChanges, checkKey, checkMoment, checkNnidRoom, checkNnids } from './check-changes.ts';
import { Notices } from './notices.ts';
import { NumberIndex } from './number-index.ts';
import type { NumberRegistry, NumberRegistryState } from './number-registry.ts';
import {
  ANY_NNID,
  type AppliedChanges,
  type CampaignEntry,
  type CampaignRecord,
  type CarrierTerms,
  type ChangeOutcome,
  type FailNumber,
  type Notice,
  type NumberChange,
  type NumberInterval,
  type NumberRecord,
  type RegistryListener,
  type RegistryStore,
  type RemoveNumber,
  type SetNumber,
  type StoreStats,
} from './registry-store.ts';

const FIRST_CAMPAIGNS = 64;
const SCAN_BATCH = 1000;

export interface MemoryStoreOptions {
  /**
   * Where the numbers live. This store writes it and nobody else may. Numbers it holds already are taken over as they are,
   * as set by row 0 of the NNIDs.
   */
  readonly registry: NumberRegistry;
  readonly listener?: RegistryListener;
  /** Whether to keep what numbers were registered to before. */
  readonly history?: boolean;
}

export interface MemoryRegistryState {
  readonly registry: NumberRegistryState;
  readonly setBy: Uint8Array;
  /** By handle. */
  readonly records: readonly CampaignRecord[];
  /** By row. */
  readonly nnids: readonly string[];
  readonly notices: ReadonlyMap<number, ReadonlyMap<number, Notice>>;
  readonly intervals: ReadonlyMap<number, readonly NumberInterval[]>;
}

export class MemoryRegistryStore implements RegistryStore {
  readonly keepsHistory: boolean;
  private readonly registry: NumberRegistry;
  private readonly listener: RegistryListener | undefined;
  /** Row of the NNID that set a number, where that is not 0. */
  private readonly setBy = NumberIndex.withCapacity(0);
  private readonly records: CampaignRecord[] = [];
  private readonly handles = new Map<string, number>();
  /** By handle of a campaign: its numbers, pending ones included. */
  private numberCounts = new Uint32Array(FIRST_CAMPAIGNS);
  private readonly nnidList: string[] = [];
  private readonly rows = new Map<string, number>();
  private readonly pendingNotices = new Notices();
  private readonly intervals = new Map<number, NumberInterval[]>();

  constructor(options: MemoryStoreOptions) {
    this.registry = options.registry;
    this.listener = options.listener;
    this.keepsHistory = options.history ?? false;
    this.countNumbers();
  }

  /** All that it holds, the numbers of its registry among it. */
  capture(): MemoryRegistryState {
    return {
      registry: this.registry.capture(),
      setBy: this.setBy.capture(),
      records: this.records,
      nnids: this.nnidList,
      notices: this.pendingNotices.capture(),
      intervals: this.intervals,
    };
  }

  /** Holds what another captured, and no longer what it held itself. The listener is told nothing: its own state is restored as well. */
  restore({ registry, setBy, records, nnids, notices, intervals }: MemoryRegistryState): void {
    this.registry.restore(registry);
    this.setBy.restoreFrom(setBy);
    this.records.length = 0;
    this.handles.clear();
    this.numberCounts.fill(0);
    for (const record of records) this.putCampaign(record);
    this.countNumbers();
    this.nnidList.length = 0;
    this.rows.clear();
    for (const nnid of nnids) this.rows.set(nnid, this.nnidList.push(nnid) - 1);
    this.pendingNotices.restore(notices);
    this.intervals.clear();
    for (const [key, ofKey] of intervals) this.intervals.set(key, [...ofKey]);
  }

  apply(changes: readonly NumberChange[], nowMs: number): Promise<AppliedChanges> {
    return answer(() => {
      checkChanges(changes, nowMs, { campaigns: this.records.length, nnids: this.nnidList.length });
      return { outcomes: changes.map((change) => this.applyOne(change, nowMs)), position: [] };
    });
  }

  read(keys: readonly number[]): Promise<readonly (NumberRecord | undefined)[]> {
    return answer(() => {
      keys.forEach(checkKey);
      return keys.map((key) => this.find(key));
    });
  }

  notices(nnid: number, limit: number, nowMs: number): Promise<readonly Notice[]> {
    return answer(() => this.pendingNotices.list(nnid, limit, nowMs));
  }

  notice(key: number, nnid: number, nowMs: number): Promise<Notice | undefined> {
    return answer(() => this.pendingNotices.find(key, nnid, nowMs));
  }

  /** Cost: 8 bytes per number while it runs, and one walk of the whole index in one go when it starts. */
  async *scan(): AsyncIterable<readonly NumberRecord[]> {
    const keys = new Float64Array(this.registry.count);
    let count = 0;
    this.registry.forEachActive((key) => (keys[count++] = key));
    this.registry.forEachPending((key) => (keys[count++] = key));
    for (let from = 0; from < count; from += SCAN_BATCH) {
      const batch: NumberRecord[] = [];
      for (const key of keys.subarray(from, from + SCAN_BATCH)) {
        const record = this.find(key);
        if (record !== undefined) batch.push(record);
      }
      if (batch.length > 0) yield batch;
    }
  }

  publishCampaigns(records: readonly CampaignRecord[]): Promise<readonly number[]> {
    return answer(() => {
      const fresh = new Set(records.map((record) => record.id).filter((id) => !this.handles.has(id)));
      checkCampaignRoom(this.records.length + fresh.size);
      const entries = records.map((record) => ({ handle: this.putCampaign(record), record }));
      this.listener?.campaignsChanged(entries);
      return entries.map((entry) => entry.handle);
    });
  }

  campaign(id: string): Promise<CampaignEntry | undefined> {
    return answer(() => {
      const handle = this.handles.get(id);
      return handle === undefined ? undefined : { handle, record: this.records[handle]! };
    });
  }

  campaigns(): Promise<readonly CampaignEntry[]> {
    return answer(() => this.records.map((record, handle) => ({ handle, record })));
  }

  publishTerms(terms: readonly CarrierTerms[]): Promise<void> {
    return answer(() => this.listener?.termsChanged(terms));
  }

  nnidRows(nnids: readonly string[]): Promise<readonly number[]> {
    return answer(() => {
      checkNnids(nnids);
      const fresh = new Set(nnids.filter((nnid) => !this.rows.has(nnid)));
      checkNnidRoom(this.nnidList.length + fresh.size);
      for (const nnid of fresh) this.rows.set(nnid, this.nnidList.push(nnid) - 1);
      return nnids.map((nnid) => this.rows.get(nnid)!);
    });
  }

  nnids(): Promise<readonly string[]> {
    return answer(() => [...this.nnidList]);
  }

  history(key: number): Promise<readonly NumberInterval[]> {
    return answer(() => {
      checkKey(key);
      return [...(this.intervals.get(key) ?? [])];
    });
  }

  stats(): Promise<StoreStats> {
    return answer(() => ({
      numbers: this.registry.count,
      pending: this.registry.pendingCount,
      campaigns: this.records.length,
      shards: 1,
      bytes: this.registry.index.sizeBytes + this.setBy.sizeBytes,
    }));
  }

  settle(nowMs: number): Promise<void> {
    return answer(() => {
      checkMoment('nowMs', nowMs);
      this.registry.settle(nowMs);
      this.pendingNotices.settle(nowMs);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private applyOne(change: NumberChange, nowMs: number): ChangeOutcome {
    switch (change.kind) {
      case 'set':
        return this.set(change, nowMs);
      case 'remove':
        return this.remove(change, nowMs);
      case 'fail':
        return this.fail(change, nowMs);
    }
  }

  private set({ key, campaign, nnid, activeAtMs, numberLimit }: SetNumber, nowMs: number): ChangeOutcome {
    const previous = this.find(key);
    if (previous?.campaign !== campaign) {
      if (this.numberCounts[campaign]! >= numberLimit) return { done: false, refusal: 'number_limit' };
      if (previous !== undefined) this.count(previous.campaign, -1);
      this.count(campaign, 1);
    }
    this.registry.register(key, campaign, activeAtMs, nowMs);
    if (nnid === 0) this.setBy.delete(key);
    else this.setBy.set(key, nnid);
    this.pendingNotices.drop(key, nnid);
    if (previous !== undefined && previous.nnid !== nnid) {
      this.pendingNotices.post({
        kind: 'taken_over',
        key,
        nnid: previous.nnid,
        campaign: previous.campaign,
        reason: undefined,
        atMs: nowMs,
      });
    }
    if (this.keepsHistory) {
      const intervals = endLast(this.intervals.get(key) ?? [], nowMs);
      this.intervals.set(key, begin(intervals, campaign, nnid, Math.max(activeAtMs, nowMs)));
    }
    return { done: true, previous };
  }

  private remove({ key, nnid }: RemoveNumber, nowMs: number): ChangeOutcome {
    const previous = this.find(key);
    if (previous === undefined) {
      if (nnid === ANY_NNID) this.pendingNotices.dropAll(key);
      else this.pendingNotices.drop(key, nnid);
      return { done: false, refusal: 'not_registered' };
    }
    if (nnid !== ANY_NNID && nnid !== previous.nnid) return { done: false, refusal: 'other_nnid' };
    this.registry.unregister(key);
    this.setBy.delete(key);
    this.count(previous.campaign, -1);
    this.pendingNotices.dropAll(key);
    if (this.keepsHistory) {
      const intervals = endLast(this.intervals.get(key) ?? [], nowMs);
      if (intervals.length > 0) this.intervals.set(key, intervals);
      else this.intervals.delete(key);
    }
    return { done: true, previous };
  }

  private fail({ key, nnid, campaign, reason }: FailNumber, nowMs: number): ChangeOutcome {
    this.pendingNotices.post({ kind: 'failed', key, nnid, campaign, reason, atMs: nowMs });
    return { done: true, previous: this.find(key) };
  }

  private find(key: number): NumberRecord | undefined {
    // Everything pending counts as active at the end of time.
    const campaign = this.registry.find(key, Infinity);
    if (campaign < 0) return undefined;
    return {
      key,
      campaign,
      nnid: Math.max(0, this.setBy.get(key)),
      activeAtMs: this.registry.pending(key)?.activeAtMs ?? 0,
    };
  }

  private putCampaign(record: CampaignRecord): number {
    const known = this.handles.get(record.id);
    if (known !== undefined) {
      this.records[known] = record;
      return known;
    }
    const handle = this.records.push(record) - 1;
    this.handles.set(record.id, handle);
    this.count(handle, 0);
    return handle;
  }

  private countNumbers(): void {
    this.registry.forEachActive((_key, campaign) => this.count(campaign, 1));
    this.registry.forEachPending((_key, campaign) => this.count(campaign, 1));
  }

  private count(campaign: number, by: number): void {
    if (campaign >= this.numberCounts.length) {
      const longer = new Uint32Array(Math.max(campaign + 1, this.numberCounts.length * 2));
      longer.set(this.numberCounts);
      this.numberCounts = longer;
    }
    this.numberCounts[campaign]! += by;
  }
}

/** A promise of what `run` returns, or rejected with what it throws. */
function answer<Result>(run: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(run());
  });
}

/** Ends the interval that lasts at `nowMs`. One that was still to begin never was. */
function endLast(intervals: readonly NumberInterval[], nowMs: number): NumberInterval[] {
  const last = intervals.at(-1);
  if (last === undefined || last.untilMs !== Infinity) return [...intervals];
  const ended = intervals.slice(0, -1);
  if (last.fromMs < nowMs) ended.push({ ...last, untilMs: nowMs });
  return ended;
}

function begin(intervals: NumberInterval[], campaign: number, nnid: number, fromMs: number): NumberInterval[] {
  const last = intervals.at(-1);
  if (last?.untilMs === fromMs && last.campaign === campaign && last.nnid === nnid) {
    intervals[intervals.length - 1] = { ...last, untilMs: Infinity };
  } else {
    intervals.push({ campaign, nnid, fromMs, untilMs: Infinity });
  }
  return intervals;
}
