/**
 * What became of messages that this gateway accepted, told by the workers that delivered them: read from a stream and written into the
 * gateway's own store, counters and all that hangs on them.
 *
 * The stream is the quick way and may have gaps: it is forgotten when it is left unread, and with Redis. So batches that are kept and have
 * been open for long are looked up themselves now and then. Of one that Redis does not know any more, the messages end as lost once the
 * stream has been read up to its end: it may have been forgotten because it is long over.
 *
 * From when a message is kept until nothing more is to come of it, it lingers in the ring: it is safe in Redis and must not stop the
 * intake, but its end is still to be counted at its place.
 */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { DELIVERY_OVERDUE_MS, OUTCOMES_BLOCK_MS, OUTCOMES_READ_MAX } from '../limits.ts';
import { DeliveryError, MessageState, type MessageStore, ReceiptState } from '../messages/index.ts';
import { type Clock, type Counters, HandsetOutcome, type Timers } from '../router/index.ts';
import { batchKey, fateKey, outcomesKey } from './layout.ts';
import { type Fate, PATCH_ENTRY_BYTES, readFate } from './outcome-bytes.ts';
import { FATE_BYTES } from './scripts.ts';

interface OpenBatch {
  /** By index in the batch. */
  readonly sequences: readonly number[];
  /** When it is to be looked up; never as long as it is not known to be kept. */
  dueMs: number;
}

export interface OutcomeFeedParts {
  readonly connection: RedisConnection;
  readonly store: MessageStore;
  readonly counters: Counters;
  readonly run: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { warn(fields: object, message: string): void };
}

type StreamReply = readonly (readonly [key: Buffer, entries: readonly (readonly [id: Buffer, fields: Buffer[]])[]])[];

const RETRY_MS = 200;
/** Batches looked up at once. */
const OVERDUE_AT_ONCE = 64;

export class OutcomeFeed {
  readonly #parts: OutcomeFeedParts;
  /** Those that are kept are in the order in which they are to be looked up. */
  readonly #batches = new Map<string, OpenBatch>();
  /** Batches that Redis did not know when they were looked up. */
  readonly #gone = new Set<string>();
  #reader: RedisConnection | undefined;
  #lastId = '0-0';
  #isClosed = false;
  #isLooking = false;
  #reading: Promise<void> | undefined;
  /** Messages whose record Redis did not have any more. */
  lostCount = 0;

  constructor(parts: OutcomeFeedParts) {
    this.#parts = parts;
  }

  /** Begins to read; goes on for as long as it is open. */
  start(): void {
    this.#reading = this.#read();
  }

  /** Tells which messages a batch holds, once, before it can be delivered: an outcome might come back to nobody. */
  expect(batch: string, places: readonly number[]): void {
    const { store } = this.#parts;
    this.#batches.set(batch, { sequences: places.map((at) => store.sequence[at]!), dueMs: Infinity });
  }

  /** Tells that Redis keeps a batch that was told of. */
  kept(batch: string): void {
    const open = this.#batches.get(batch);
    // It may be at its end by the time Redis says that it is there.
    if (open === undefined) return;
    for (const sequence of open.sequences) this.#setLingering(sequence, this.#isAwaited(sequence));
    this.#putLast(batch, open);
  }

  /** Batches that are not known to be at their end. */
  get openCount(): number {
    return this.#batches.size;
  }

  /** Looks up batches that are overdue. Never rejects. */
  async lookUpOverdue(): Promise<void> {
    if (this.#isLooking || this.#isClosed) return;
    this.#isLooking = true;
    const { clock, connection } = this.#parts;
    const { client } = connection;
    const nowMs = clock.nowMs();
    let left = OVERDUE_AT_ONCE;
    try {
      for (const [batch, { dueMs }] of this.#batches) {
        if (dueMs === Infinity) continue;
        if (dueMs > nowMs || left === 0) break;
        left -= 1;
        // In this order: what is written before it has ended is all there will be.
        const [hasEnded, fates] = await Promise.all([
          client.hexists(batchKey(batch), 'ended'),
          client.getBuffer(fateKey(batch)),
        ]);
        if (this.#isClosed) return;
        this.#applyAll(batch, fates, hasEnded === 1);
      }
    } catch {
      // Redis is away, and will be asked again.
    }
    this.#isLooking = false;
  }

  /** Stops reading. What the stream holds may be read by nobody any more, and goes with time. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader?.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { connection, run, log, timers } = this.#parts;
    const key = outcomesKey(run);
    let isTold = false;
    while (!this.#isClosed) {
      try {
        this.#reader ??= await connection.duplicate();
        const words = ['COUNT', OUTCOMES_READ_MAX, 'BLOCK', OUTCOMES_BLOCK_MS, 'STREAMS', key, this.#lastId];
        const gone = [...this.#gone];
        const reply = (await this.#reader.client.callBuffer('XREAD', words)) as StreamReply | null;
        isTold = false;
        const entries = reply?.[0]?.[1] ?? [];
        for (const [id, fields] of entries) {
          this.#apply(fields);
          this.#lastId = id.toString();
        }
        if (entries.length < OUTCOMES_READ_MAX) for (const batch of gone) this.#loseAll(batch);
        if (entries.length > 0) await connection.client.xtrim(key, 'MINID', this.#lastId);
      } catch (error) {
        if (this.#isClosed) break;
        if (!isTold)
          log.warn({ why: error instanceof Error ? error.message : String(error) }, 'outcomes cannot be read');
        isTold = true;
        await new Promise<void>((resolve) => timers.after(RETRY_MS, resolve));
      }
    }
    // It may have been opened while this was closed.
    await this.#reader?.close();
  }

  /** One entry: a patch of a batch, or its end. */
  #apply(fields: readonly Buffer[]): void {
    const batch = String(fields[1]);
    const open = this.#batches.get(batch);
    if (open === undefined) return;
    if (String(fields[2]) === 'e') {
      // If some of what came before was not there to be read any more, it is still to be looked up.
      if (!open.sequences.some((sequence) => this.#isInFlight(sequence))) this.#forget(batch, open);
      return;
    }
    const patch = fields[3]!;
    for (let from = 0; from < patch.length; from += PATCH_ENTRY_BYTES) {
      this.#record(open.sequences[patch.readUInt16BE(from)]!, readFate(patch, from + 2));
    }
  }

  /** All fates of a batch as Redis has them, or none if it does not know it. It goes on to be looked up until it has ended. */
  #applyAll(batch: string, fates: Buffer | null, hasEnded: boolean): void {
    const open = this.#batches.get(batch);
    if (open === undefined) return;
    if (fates === null) this.#gone.add(batch);
    else open.sequences.forEach((sequence, index) => this.#record(sequence, readFate(fates, index * FATE_BYTES)));
    if (fates !== null && hasEnded) this.#forget(batch, open);
    else this.#putLast(batch, open);
  }

  #loseAll(batch: string): void {
    const open = this.#batches.get(batch);
    this.#gone.delete(batch);
    if (open === undefined) return;
    for (const sequence of open.sequences) this.#lose(sequence);
    this.#forget(batch, open);
  }

  /** Nothing more is to come of a batch. */
  #forget(batch: string, { sequences }: OpenBatch): void {
    this.#batches.delete(batch);
    this.#gone.delete(batch);
    for (const sequence of sequences) this.#setLingering(sequence, false);
  }

  /** Others that are to be looked up have their turn first. */
  #putLast(batch: string, open: OpenBatch): void {
    open.dueMs = this.#parts.clock.nowMs() + DELIVERY_OVERDUE_MS;
    this.#batches.delete(batch);
    this.#batches.set(batch, open);
  }

  #record(sequence: number, fate: Fate): void {
    const { store, counters } = this.#parts;
    if (!store.holds(sequence)) return;
    const at = sequence % store.capacity;
    if (fate.receipt !== ReceiptState.None && store.receipt[at] === ReceiptState.None) {
      store.error[at] = fate.error;
      store.recordReceipt(at, fate.receipt, fate.receiptAtMs);
    }
    if (fate.outcome !== HandsetOutcome.Pending && store.outcome[at] === HandsetOutcome.Pending) {
      store.error[at] = fate.error;
      store.recordHandset(at, fate.outcome, fate.handsetAtMs);
      store.countEnd(at, counters);
    }
    if (!this.#isAwaited(sequence)) store.setLingering(at, false);
  }

  #setLingering(sequence: number, lingers: boolean): void {
    const { store } = this.#parts;
    if (store.holds(sequence)) store.setLingering(sequence % store.capacity, lingers);
  }

  /** Whether its end or its receipt is still to come. */
  #isAwaited(sequence: number): boolean {
    const { store } = this.#parts;
    return this.#isInFlight(sequence) || store.receipt[sequence % store.capacity] === ReceiptState.None;
  }

  #isInFlight(sequence: number): boolean {
    const { store } = this.#parts;
    return store.holds(sequence) && store.state[sequence % store.capacity]! <= MessageState.Sent;
  }

  #lose(sequence: number): void {
    if (!this.#isInFlight(sequence)) return;
    const { clock } = this.#parts;
    this.lostCount += 1;
    this.#record(sequence, {
      receipt: ReceiptState.None,
      outcome: HandsetOutcome.Undelivered,
      error: DeliveryError.Lost,
      receiptAtMs: 0,
      handsetAtMs: clock.nowMs(),
    });
  }
}
