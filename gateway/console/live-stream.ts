/**
 * One reading, told to many: Server-Sent Events to every open page.
 *
 * However many watch, the reading is taken, written as JSON and encoded once per period, by one timer that runs only
 * while somebody watches. A reader that takes nothing lets its answers pile up in our memory, so past a bound it is
 * disconnected; a browser then comes back by itself and says which event it saw last. It is told those since that are still
 * kept, so that a curve has no gap; since each event is whole, one that is gone is missed by nobody.
 */
import type { ServerResponse } from 'node:http';
import type { Timers } from '../router/index.ts';

/** Unread bytes a subscriber may have: some ten seconds of events. */
const BACKLOG_BYTES_MAX = 262_144;
/** Events kept for those who come back: ten seconds of them. */
const KEPT_MAX = 20;
/** What browsers wait before they connect again. */
const RECONNECT_MS = 2_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // Some reverse proxies gather answers unless asked not to.
  'x-accel-buffering': 'no',
  // The answer ends when the gateway stops, and then the connection is of no more use.
  connection: 'close',
};

export interface LiveStreamOptions {
  /** What the next event says. */
  readonly read: () => unknown;
  /** Tells the ids of this stream from those of another run of the gateway. */
  readonly run: string;
  readonly timers: Timers;
  readonly periodMs: number;
  readonly subscribersMax: number;
}

interface KeptEvent {
  readonly id: string;
  readonly bytes: Buffer;
}

export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #subscribers = new Set<ServerResponse>();
  #stopTimer: (() => void) | undefined;
  /** The latest events, newest last. */
  readonly #kept: KeptEvent[] = [];
  #eventId = 0;
  #isClosed = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  /** Why nobody can be added now, if so. */
  refusal(): 'full' | 'closed' | undefined {
    if (this.#isClosed) return 'closed';
    return this.#subscribers.size >= this.#options.subscribersMax ? 'full' : undefined;
  }

  /** Takes over an answer not yet begun. It is told what it missed since `lastSeenId`, or else the latest event, and every later one. */
  add(subscriber: ServerResponse, lastSeenId?: string): void {
    // Gone before its turn came: its end was already announced.
    if (subscriber.destroyed) return;
    // A write that meets a connection just lost fails here and not in the whole process.
    subscriber.on('error', () => this.#drop(subscriber));
    subscriber.on('close', () => this.#drop(subscriber));
    if (this.#stopTimer === undefined) {
      this.#readEvent();
      this.#stopTimer = this.#options.timers.every(this.#options.periodMs, () => this.#tellAll());
    }
    this.#subscribers.add(subscriber);
    subscriber.writeHead(200, HEADERS);
    subscriber.write(`retry: ${RECONNECT_MS}\n\n`);
    const lastSeen = this.#kept.findIndex(({ id }) => id === lastSeenId);
    const missed = lastSeen < 0 ? this.#kept.slice(-1) : this.#kept.slice(lastSeen + 1);
    for (const { bytes } of missed) subscriber.write(bytes);
  }

  /** Ends every stream, so that the server can close. What somebody has not read by then goes with the connection. */
  close(): void {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) {
      subscriber.end();
      this.#drop(subscriber);
    }
  }

  #readEvent(): Buffer {
    this.#eventId += 1;
    const id = `${this.#options.run}-${this.#eventId}`;
    const bytes = Buffer.from(`id: ${id}\ndata: ${JSON.stringify(this.#options.read())}\n\n`);
    this.#kept.push({ id, bytes });
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    return bytes;
  }

  #tellAll(): void {
    const latest = this.#readEvent();
    for (const subscriber of this.#subscribers) {
      subscriber.write(latest);
      if (subscriber.writableLength <= BACKLOG_BYTES_MAX) continue;
      this.#drop(subscriber);
      subscriber.destroy();
    }
  }

  #drop(subscriber: ServerResponse): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
