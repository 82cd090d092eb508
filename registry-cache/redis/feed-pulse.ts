/**
 * Asks the store how far it is, over a connection of its own: one that blocks cannot, and one that carries a load answers late.
 * An answer that takes too long counts as none, and the connection as dead.
 */
import type { RedisConnection } from './connection.ts';
import { lookAt, START_ID, type Look } from './feed-probe.ts';
import type { StreamKeys } from './layout.ts';

/** A stream, and the id to look around. */
export interface Place {
  readonly keys: StreamKeys;
  readonly id: string | undefined;
}

export interface PulseTimers {
  after(delayMs: number, run: () => void): () => void;
}

const ANSWER_MAX_MS = 2_000;

export class Pulse {
  private readonly redis: RedisConnection;
  private readonly timers: PulseTimers;
  private connection: RedisConnection | undefined;
  private connecting: Promise<RedisConnection> | undefined;
  private isClosed = false;

  constructor(redis: RedisConnection, timers: PulseTimers) {
    this.redis = redis;
    this.timers = timers;
  }

  /** What is around each place, or undefined when the store does not answer. */
  async look(places: readonly Place[]): Promise<readonly Look[] | undefined> {
    let stop = (): void => {};
    const tooLate = new Promise<undefined>((resolve) => {
      stop = this.timers.after(ANSWER_MAX_MS, () => {
        resolve(undefined);
        this.drop().catch(() => {});
      });
    });
    try {
      return await Promise.race([this.ask(places), tooLate]);
    } catch {
      return undefined;
    } finally {
      stop();
    }
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.drop();
  }

  private async ask(places: readonly Place[]): Promise<readonly Look[]> {
    this.connection ??= await this.connect();
    return lookAtAll(this.connection, places);
  }

  /** One at a time, also when it takes longer than an answer may. */
  private connect(): Promise<RedisConnection> {
    this.connecting ??= this.redis.duplicate().finally(() => (this.connecting = undefined));
    return this.connecting.then(async (connection) => {
      if (this.isClosed) await connection.close();
      return connection;
    });
  }

  private async drop(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await connection?.close();
  }
}

/** Rejects with StoreUnavailable. */
export function lookAtAll(redis: RedisConnection, places: readonly Place[]): Promise<readonly Look[]> {
  return Promise.all(places.map(({ keys, id }) => lookAt(redis, keys, id ?? START_ID)));
}
