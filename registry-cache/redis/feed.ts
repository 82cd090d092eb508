/**
 * Keeps the numbers, campaigns and terms of one process equal to what Redis holds.
 *
 * First it reads everything, having noted where the streams of changes stood; then it applies those streams, from there on
 * and for ever. Changes carry absolute values, so what was read already may be applied again. Lookups are answered throughout
 * from the view as it is: while Redis is away, and while everything is read anew into a second registry because the view
 * cannot go on from where it is (`ReloadReason`), which the view then takes over in one go.
 *
 *   tails --entries--> judged, queued --slices--> registry, listener
 *   pulse --looks----> level at this moment? able to read on? else reload
 *
 * Entries are judged when they arrive, and wait in a queue for their turn, or until the view is read or a file written.
 */
import { loadSnapshot, saveSnapshot, type Snapshot } from '../load-snapshot.ts';
import { NumberRegistry } from '../number-registry.ts';
import { StoreUnavailable, type FeedPosition, type RegistryListener } from '../registry-store.ts';
import type { RedisConnection } from './connection.ts';
import {
  feedState,
  hasReached,
  judgeEntry,
  judgeProbe,
  RELOAD_REASONS,
  type Cursor,
  type FeedState,
  type ReloadReason,
} from './feed-cursor.ts';
import type { Look } from './feed-probe.ts';
import { lookAtAll, Pulse } from './feed-pulse.ts';
import { ChangeQueue } from './feed-queue.ts';
import { FollowedStream } from './feed-stream.ts';
import { StreamTail, type TailEntry, type TailPlace } from './feed-tail.ts';
import type { RegistryReader } from './reader.ts';

export interface FeedOptions {
  readonly redis: RedisConnection;
  readonly reader: RegistryReader;
  /** Start from this file, if there is one and the streams reach back to it. */
  readonly snapshotFile?: string;
  /** The view. The feed writes it and nobody else may, but for `settle`. */
  readonly registry: NumberRegistry;
  readonly listener: RegistryListener;
  readonly clock: { nowMs(): number };
  readonly timers: {
    every(periodMs: number, run: () => void): () => void;
    after(delayMs: number, run: () => void): () => void;
  };
  /** How often the store is asked how far it is. */
  readonly heartbeatMs?: number;
  /** Called for each batch of changes: how long after the store wrote them the view had them. */
  readonly onLag?: (lagMs: number, changes: number) => void;
  readonly onReload?: (reason: ReloadReason) => void;
  /** Called when there is a reason not to start from `snapshotFile`; then everything is read from Redis. */
  readonly onSnapshotUnused?: (reason: string) => void;
  /** Called as numbers are read: how many so far, out of about how many. */
  readonly onProgress?: (numbers: number, total: number) => void;
}

const HEARTBEAT_MS = 1_000;
/** Heartbeats without word of being level before a view counts as behind. */
const LIVE_HEARTBEATS = 3;
const RETRY_MS = 200;
interface FeedPlace extends TailPlace {
  readonly stream: FollowedStream;
  /** The load whose reading this is. */
  readonly load: number;
}

/** Thrown inside a load that another one has to replace. */
class Overtaken extends Error {}

export class RegistryFeed {
  /** How often everything had to be read anew, by reason. */
  readonly reloads: Readonly<Record<ReloadReason, number>>;

  private readonly options: FeedOptions;
  private readonly shards: readonly FollowedStream[];
  private readonly campaigns: FollowedStream;
  private readonly terms: FollowedStream;
  private readonly streams: readonly FollowedStream[];
  private readonly queue: ChangeQueue;

  private tails: readonly { readonly tail: StreamTail<FeedPlace>; readonly streams: readonly FollowedStream[] }[] = [];
  /** Streams whose reading broke off, until the store is known to be the one that was read. */
  private readonly doubted = new Set<readonly FollowedStream[]>();
  private readonly pulse: Pulse;
  private stopHeartbeat: (() => void) | undefined;
  private beating: Promise<boolean> = Promise.resolve(false);
  private isAnswering = false;

  /** Counts reads of everything, so that what belongs to an earlier one can be told. */
  private load = 0;
  /** How the view stands while it is read anew, or was not read yet. */
  private frozen: { readonly position: FeedPosition; readonly levelAtMs: number } | undefined;
  private isLoaded = false;
  /** The last of the loads and saves, which take turns. */
  private lastTurn: Promise<unknown> = Promise.resolve();

  private readonly changed = new Signal();
  private isClosed = false;

  /** Use `start`. */
  private constructor(options: FeedOptions) {
    this.options = options;
    this.shards = options.reader.shards.map((keys) => new FollowedStream(keys));
    this.campaigns = new FollowedStream(options.reader.campaigns);
    this.terms = new FollowedStream(options.reader.terms);
    this.streams = [...this.shards, this.campaigns, this.terms];
    this.pulse = new Pulse(options.redis, options.timers);
    const { campaigns, terms } = this;
    this.queue = new ChangeQueue({
      ...options,
      campaigns,
      terms,
      onApplied: () => this.changed.raise(),
      onUnreadable: () => this.reload('unreadable'),
    });
    this.frozen = { position: this.shards.map(() => 0), levelAtMs: -Infinity };
    this.reloads = Object.fromEntries(RELOAD_REASONS.map((reason) => [reason, 0])) as Record<ReloadReason, number>;
  }

  /** A feed whose view has been read and is followed. Rejects with StoreUnavailable if that cannot be done. */
  static async start(options: FeedOptions): Promise<RegistryFeed> {
    const feed = new RegistryFeed(options);
    try {
      await feed.begin();
      return feed;
    } catch (error) {
      await feed.close();
      throw error;
    }
  }

  get state(): FeedState {
    return feedState({
      isLoaded: this.isLoaded,
      isAnswering: this.isAnswering,
      isReloading: this.frozen !== undefined,
      ageMs: this.ageMs(this.options.clock.nowMs()),
      liveAgeMaxMs: LIVE_HEARTBEATS * this.heartbeatMs,
    });
  }

  /** How old the view may be: time since it was last known to hold all the store did. Infinity before it was read. */
  ageMs(nowMs: number): number {
    return Math.max(0, nowMs - this.levelAtMs);
  }

  /** How far the view is: by shard, the number of the last change it has. */
  get position(): FeedPosition {
    return this.frozen?.position ?? this.shards.map((shard) => shard.applied.sequence);
  }

  /**
   * Whether the view has come as far as `position`, waiting up to `timeoutMs` for it. After a failover that lost writes and cut
   * no connection it may be told of a later one, until the next heartbeat.
   */
  async reached(position: FeedPosition, timeoutMs: number): Promise<boolean> {
    let isLate = timeoutMs <= 0;
    const stop = this.options.timers.after(Math.max(0, timeoutMs), () => {
      isLate = true;
      this.changed.raise();
    });
    try {
      for (;;) {
        // Where a view stands that is read anew, or may have to be, can be in a past that the store has forgotten.
        const isSure = this.frozen === undefined && this.doubted.size === 0;
        if (isSure && hasReached(this.position, position)) return true;
        if (isLate || this.isClosed) return false;
        await this.changed.raised();
      }
    } finally {
      stop();
    }
  }

  /**
   * Makes pending numbers that are due active in the view, unless it is being saved. Changes no answer.
   */
  settle(nowMs: number): void {
    if (!this.queue.isHeld) this.options.registry.settle(nowMs);
  }

  /**
   * Writes the view to a file to start from. Changes wait meanwhile, and lookups are answered.
   * Rejects with StoreUnavailable while the view is read anew, and with what the function of that name rejects with.
   */
  async saveSnapshot(path: string): Promise<void> {
    this.requireView();
    await this.inTurn(async () => {
      this.requireView();
      this.queue.hold();
      try {
        while (this.queue.isApplying) await this.changed.raised();
        const { registry } = this.options;
        const position = JSON.stringify(this.streams.map(({ applied }) => applied));
        await saveSnapshot(path, { registry, campaignIds: this.queue.campaignIds, position });
      } finally {
        this.queue.release();
      }
    });
  }

  /** Stops following. The view stays as it is. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.load++;
    this.queue.close();
    this.stopHeartbeat?.();
    this.changed.raise();
    await Promise.all([...this.tails.map(({ tail }) => tail.close()), this.pulse.close()]);
    await this.lastTurn.catch(() => undefined);
    await this.beating;
  }

  private get heartbeatMs(): number {
    return this.options.heartbeatMs ?? HEARTBEAT_MS;
  }

  private get levelAtMs(): number {
    return this.frozen?.levelAtMs ?? Math.min(...this.streams.map((stream) => stream.levelAtMs));
  }

  // Reading everything

  private async begin(): Promise<void> {
    const { redis, timers } = this.options;
    this.startHeartbeat();
    this.tails = groupBySlot(this.streams, redis.isCluster).map((streams) => ({
      streams,
      tail: new StreamTail(redis, timers, {
        places: (isFirst) => this.placesOf(streams, isFirst),
        lost: () => void this.doubted.add(streams),
        received: (place, entries) => this.receive(place, entries),
      }),
    }));
    await this.inTurn(async () => {
      for (let isRestoring = true; ; isRestoring = false) {
        try {
          if (!(isRestoring && (await this.restore()))) await this.readAll();
          return;
        } catch (error) {
          if (!(error instanceof Overtaken) || this.isClosed) throw error;
        }
      }
    });
    await this.beat();
  }

  /** The view cannot go on: it stays as it is until everything has been read anew. */
  private reload(reason: ReloadReason): void {
    if (this.isClosed) return;
    (this.reloads as Record<ReloadReason, number>)[reason]++;
    this.options.onReload?.(reason);
    const isUnderWay = this.frozen !== undefined;
    this.frozen ??= { position: this.position, levelAtMs: this.levelAtMs };
    this.abandonReading();
    // One that is under way finds that it was overtaken, and starts again.
    if (!isUnderWay) this.inTurn(() => this.readAllAtLast()).catch(() => {});
  }

  private async readAllAtLast(): Promise<void> {
    while (!this.isClosed) {
      try {
        return await this.readAll();
      } catch (error) {
        if (!(error instanceof Overtaken)) await this.pause(RETRY_MS);
      }
    }
  }

  /** Forgets where streams were read to and what of them waits, so that nothing is read until that is known anew. */
  private abandonReading(): void {
    this.load++;
    for (const stream of this.streams) stream.read = undefined;
    this.queue.clear();
    this.changed.raise();
  }

  private async readAll(): Promise<void> {
    const { reader, clock, onProgress } = this.options;
    this.abandonReading();
    const { load } = this;
    const looks = await this.lookAtEnds();
    this.requireCurrent(load);
    this.streams.forEach((stream, at) => stream.standAt(endOf(looks[at]!)));
    this.changed.raise();

    await this.readCampaignsAndTerms(load);
    const total = await reader.count();
    const fresh = this.emptyRegistry(total);
    let numbers = 0;
    const onRead = (more: number): void => {
      this.requireCurrent(load);
      onProgress?.((numbers += more), total);
    };
    for (let shard = 0; shard < this.shards.length; shard++) {
      await reader.readShard(shard, fresh, clock.nowMs(), onRead);
      this.requireCurrent(load);
    }
    await this.takeOver(fresh, load);
  }

  /** Starts from the snapshot file. False if there is none, or it cannot be used. */
  private async restore(): Promise<boolean> {
    const { redis, snapshotFile, onSnapshotUnused, registry } = this.options;
    if (snapshotFile === undefined) return false;
    let snapshot: Snapshot;
    try {
      snapshot = await loadSnapshot(snapshotFile, { shared: isShared(registry) });
    } catch (error) {
      // A file is a shortcut, and whatever is wrong with it, Redis has it all.
      onSnapshotUnused?.((error as Error).message);
      return false;
    }
    const cursors = parsePosition(snapshot.position);
    if (cursors.length !== this.streams.length) {
      onSnapshotUnused?.('it was taken from a store with another number of shards');
      return false;
    }
    this.abandonReading();
    const { load } = this;
    const looks = await lookAtAll(
      redis,
      this.streams.map(({ keys }, at) => ({ keys, id: cursors[at]!.id })),
    );
    const verdicts = looks.map((look, at) => judgeProbe(cursors[at]!, look));
    const reason = RELOAD_REASONS.find((each) => verdicts.includes(each));
    if (reason !== undefined) {
      onSnapshotUnused?.(`the store cannot continue from where it was taken: ${reason}`);
      return false;
    }
    this.streams.forEach((stream, at) => stream.standAt({ ...cursors[at]!, server: looks[at]!.server }));
    this.changed.raise();
    await this.readCampaignsAndTerms(load);
    if (snapshot.campaignIds.some((id, handle) => this.queue.campaignIds[handle] !== id)) {
      onSnapshotUnused?.('its campaigns have other handles in the store');
      return false;
    }
    await this.takeOver(snapshot.registry, load);
    return true;
  }

  /**
   * Makes a registry that was read the view, once changes have brought it to where the store is: parts of it may be newer
   * than where the streams were when reading began, and going through the changes in sight would show numbers as they
   * were before.
   */
  private async takeOver(fresh: NumberRegistry, load: number): Promise<void> {
    const { registry, clock } = this.options;
    const askedMs = clock.nowMs();
    const ends = await this.lookAtEnds();
    this.requireCurrent(load);
    this.queue.target = fresh;
    try {
      this.queue.release();
      while (this.streams.some((stream, at) => stream.applied.sequence < ends[at]!.sequence)) {
        await this.changed.raised();
        this.requireCurrent(load);
      }
      this.queue.tell();
      registry.adopt(fresh);
    } finally {
      this.queue.target = registry;
    }
    this.streams.forEach((stream, at) => stream.saw(ends[at]!.sequence, askedMs));
    this.frozen = undefined;
    this.isLoaded = true;
    this.changed.raise();
  }

  private async readCampaignsAndTerms(load: number): Promise<void> {
    const { reader } = this.options;
    const [campaigns, terms] = await Promise.all([reader.readCampaigns(), reader.readTerms()]);
    this.requireCurrent(load);
    this.queue.beginAnew(campaigns, terms);
  }

  private emptyRegistry(capacity: number): NumberRegistry {
    return new NumberRegistry({ capacity, shared: isShared(this.options.registry) });
  }

  private requireView(): void {
    if (this.frozen !== undefined) throw new StoreUnavailable('the view is being read anew: save it when that is done');
  }

  private requireCurrent(load: number): void {
    if (this.isClosed || load !== this.load) throw new Overtaken('the store changed while it was read');
  }

  // Following

  /** Where a tail is to read on, once it may. */
  private async placesOf(streams: readonly FollowedStream[], isFirst: boolean): Promise<readonly FeedPlace[]> {
    let isFit = !isFirst;
    while (!this.isClosed) {
      if (!isFit) {
        isFit = await this.beat();
        if (!isFit) await this.pause(RETRY_MS);
        else if (this.doubted.delete(streams)) this.changed.raise();
      } else if (this.queue.isFull || streams.some((stream) => stream.read === undefined)) {
        await this.changed.raised();
      } else {
        return streams.map((stream) => ({ feed: stream.keys.feed, id: stream.read!.id, stream, load: this.load }));
      }
    }
    return [];
  }

  private receive({ stream, load }: FeedPlace, entries: readonly TailEntry[]): void {
    if (load !== this.load) return;
    for (const { id, fields } of entries) {
      const sequence = Number(fields[1]!.toString());
      const verdict = judgeEntry(stream.read!, id, sequence);
      if (verdict === 'duplicate') continue;
      if (verdict !== 'next') return this.reload(verdict);
      stream.read = { ...stream.read!, id, sequence };
      this.queue.push({ stream, id, sequence, fields });
    }
  }

  // Heartbeat

  private startHeartbeat(): void {
    let isBeating = false;
    this.stopHeartbeat = this.options.timers.every(this.heartbeatMs, () => {
      if (isBeating) return;
      isBeating = true;
      this.beat()
        .finally(() => (isBeating = false))
        .catch(() => {});
    });
  }

  /** Asks the store how far it is, not before now. Whether it answered. */
  private beat(): Promise<boolean> {
    this.beating = this.beating.then(() => !this.isClosed && this.beatOnce());
    return this.beating;
  }

  private async beatOnce(): Promise<boolean> {
    const { clock } = this.options;
    const { load } = this;
    const cursors = this.streams.map((stream) => stream.read);
    const askedMs = clock.nowMs();
    const looks = await this.pulse.look(this.streams.map(({ keys, read }) => ({ keys, id: read?.id })));
    this.isAnswering = looks !== undefined;
    if (looks === undefined) return false;
    const heardMs = clock.nowMs();
    if (load !== this.load) return true;
    const verdicts = looks.map((look, at) => (cursors[at] === undefined ? 'level' : judgeProbe(cursors[at], look)));
    const reason = RELOAD_REASONS.find((each) => verdicts.includes(each));
    if (reason !== undefined) {
      this.reload(reason);
      return true;
    }
    looks.forEach((look, at) => this.streams[at]!.hear(look, askedMs, heardMs));
    // A tail that stands still while there is more to read is listening to the wrong server.
    for (const { tail, streams } of this.tails) {
      if (!this.queue.isFull && streams.some((stream) => stream.standsStill)) tail.reconnect();
    }
    return true;
  }

  private lookAtEnds(): Promise<readonly Look[]> {
    return lookAtAll(
      this.options.redis,
      this.streams.map(({ keys }) => ({ keys, id: undefined })),
    );
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.lastTurn.then(work);
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.options.timers.after(ms, resolve));
  }
}

/** Wakes all who wait for it. */
class Signal {
  private waiting: (() => void)[] = [];

  raise(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }

  raised(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** On Cluster one connection cannot wait for streams of different slots. */
function groupBySlot(streams: readonly FollowedStream[], isCluster: boolean): (readonly FollowedStream[])[] {
  return isCluster ? streams.map((stream) => [stream]) : [streams];
}

function endOf({ epoch, server, sequence, lastId }: Look): Cursor {
  return { epoch, server, sequence, id: lastId };
}

function isShared(registry: NumberRegistry): boolean {
  return registry.index.buffer instanceof SharedArrayBuffer;
}

/** One cursor per stream, as `saveSnapshot` writes them; none for a text that somebody else wrote. */
function parsePosition(position: string): readonly Cursor[] {
  try {
    return JSON.parse(position) as Cursor[];
  } catch {
    return [];
  }
}
