/**
 * Reads streams as they grow: one connection with one blocking XREAD on it at a time.
 *
 * It only carries. What was read goes to the feed, which also says from where to read on and when; after any failure the feed is
 * asked anew, since the store may be another one when it comes back. A connection that says nothing for longer than its
 * XREAD may block is a dead one that nobody closed, as after a failover or behind a firewall, and is replaced.
 */
import type { RedisConnection } from './connection.ts';

/** A stream to read on in, after the entry with this id. */
export interface TailPlace {
  readonly feed: string;
  readonly id: string;
}

export interface TailEntry {
  readonly id: string;
  readonly fields: readonly Buffer[];
}

export interface TailReader<Place extends TailPlace> {
  /**
   * Where to read on. Resolves when there is room for more; with `isFirst`, the first time and after each failure, when the
   * store was found fit to read on from there. Never rejects; empty at the end of it all.
   */
  places(isFirst: boolean): Promise<readonly Place[]>;
  /** Reading broke off. Whoever answers next may not be who answered before. */
  lost(): void;
  /** New entries of one of these streams, in order. */
  received(place: Place, entries: readonly TailEntry[]): void;
}

export interface TailTimers {
  after(delayMs: number, run: () => void): () => void;
}

/** Redis answers after this much silence, so that the positions are asked for again. */
const BLOCK_MS = 1_000;
/** How much longer than that an answer may take. */
const ANSWER_MARGIN_MS = 1_500;
/** Entries of a stream in one answer. A stream entry holds what one call of `apply` changed on its shard. */
const ENTRIES_MAX = 200;
const RETRY_MS = 50;

type StreamReply = [key: Buffer, entries: [id: Buffer, fields: Buffer[]][]];

export class StreamTail<Place extends TailPlace> {
  private readonly parent: RedisConnection;
  private readonly reader: TailReader<Place>;
  private readonly timers: TailTimers;
  private connection: RedisConnection | undefined;
  private isClosed = false;

  constructor(parent: RedisConnection, timers: TailTimers, reader: TailReader<Place>) {
    this.parent = parent;
    this.timers = timers;
    this.reader = reader;
    this.run().catch(() => {});
  }

  /** Goes on over another connection. */
  reconnect(): void {
    this.drop().catch(() => {});
  }

  /** Nothing is received any more from here on. */
  close(): Promise<void> {
    this.isClosed = true;
    return this.drop();
  }

  private async run(): Promise<void> {
    let isFirst = true;
    for (;;) {
      const places = await this.reader.places(isFirst);
      if (this.isClosed) return;
      try {
        const replies = await this.read(await this.connect(), places);
        if (this.isClosed) return;
        isFirst = false;
        for (const [key, entries] of replies) {
          const place = places.find(({ feed }) => feed === key.toString())!;
          this.reader.received(
            place,
            entries.map(([id, fields]) => ({ id: id.toString(), fields })),
          );
        }
      } catch {
        // Whatever it was, the answer is the same; that the store is away is seen and told by the heartbeat.
        isFirst = true;
        this.reader.lost();
        await this.drop();
        await new Promise<void>((resolve) => void this.timers.after(RETRY_MS, resolve));
      }
    }
  }

  private async connect(): Promise<RedisConnection> {
    if (this.connection === undefined) {
      const connection = await this.parent.duplicate();
      if (this.isClosed) await connection.close();
      this.connection = connection;
    }
    return this.connection;
  }

  private async read(connection: RedisConnection, places: readonly Place[]): Promise<StreamReply[]> {
    const keys = places.map(({ feed }) => feed);
    const ids = places.map(({ id }) => id);
    const reply = connection.client.xreadBuffer('COUNT', ENTRIES_MAX, 'BLOCK', BLOCK_MS, 'STREAMS', ...keys, ...ids);
    const stop = this.timers.after(BLOCK_MS + ANSWER_MARGIN_MS, () => this.reconnect());
    try {
      return (await reply) ?? [];
    } finally {
      stop();
    }
  }

  /** Closing a connection rejects what is under way on it. */
  private async drop(): Promise<void> {
    const connection = this.connection;
    this.connection = undefined;
    await connection?.close();
  }
}
