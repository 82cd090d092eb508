/**
 * What became of messages that this gateway accepted, told by the workers that delivered them: read from a stream and written into the
 * gateway's own store, counters and all that hangs on them.
 *
 * The stream is the quick way and may have gaps: it is forgotten when it is left unread, and with Redis. So batches that have been open
 * for long are looked up themselves now and then; of one that Redis does not know any more the messages end as lost.
 */
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { DELIVERY_OVERDUE_MS, OUTCOMES_BLOCK_MS, OUTCOMES_READ_MAX } from '../limits.ts';
import { DeliveryError, MessageState, type MessageStore, ReceiptState } from '../messages/index.ts';
import { type Clock, type Counters, HandsetOutcome, type Timers } from '../router/index.ts';
import { fateKey, outcomesKey } from './layout.ts';
import { type Fate, PATCH_ENTRY_BYTES, readFate } from './outcome-bytes.ts';
import { FATE_BYTES } from './scripts.ts';

interface OpenBatch {
  /** By index in the batch. */
  readonly sequences: readonly number[];
  readonly sinceMs: number;
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
  readonly #batches = new Map<string, OpenBatch>();
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

  /** Tells that a batch may be delivered from now on, and which messages it holds. */
  expect(batch: string, places: readonly number[]): void {
    const { store, clock } = this.#parts;
    if (this.#batches.has(batch)) return;
    this.#batches.set(batch, { sequences: places.map((at) => store.sequence[at]!), sinceMs: clock.nowMs() });
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
    const beforeMs = clock.nowMs() - DELIVERY_OVERDUE_MS;
    let left = OVERDUE_AT_ONCE;
    try {
      for (const [batch, { sinceMs }] of this.#batches) {
        if (sinceMs > beforeMs || left === 0) break;
        left -= 1;
        const fates = await connection.client.getBuffer(fateKey(batch));
        if (this.#isClosed) return;
        this.#applyAll(batch, fates);
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
    const { connection, run, log } = this.#parts;
    const key = outcomesKey(run);
    let isTold = false;
    while (!this.#isClosed) {
      try {
        this.#reader ??= await connection.duplicate();
        const words = ['COUNT', OUTCOMES_READ_MAX, 'BLOCK', OUTCOMES_BLOCK_MS, 'STREAMS', key, this.#lastId];
        const reply = (await this.#reader.client.callBuffer('XREAD', words)) as StreamReply | null;
        isTold = false;
        const entries = reply?.[0]?.[1] ?? [];
        for (const [id, fields] of entries) {
          this.#apply(fields);
          this.#lastId = id.toString();
        }
        if (entries.length > 0) await connection.client.xtrim(key, 'MINID', this.#lastId);
      } catch (error) {
        if (this.#isClosed) return;
        if (!isTold)
          log.warn({ why: error instanceof Error ? error.message : String(error) }, 'outcomes cannot be read');
        isTold = true;
        await new Promise<void>((resolve) => this.#parts.timers.after(RETRY_MS, resolve));
      }
    }
  }

  /** One entry: a patch of a batch, or its end. */
  #apply(fields: readonly Buffer[]): void {
    const batch = String(fields[1]);
    const open = this.#batches.get(batch);
    if (open === undefined) return;
    if (String(fields[2]) === 'e') {
      this.#batches.delete(batch);
      return;
    }
    const patch = fields[3]!;
    for (let from = 0; from < patch.length; from += PATCH_ENTRY_BYTES) {
      this.#record(open.sequences[patch.readUInt16BE(from)]!, readFate(patch, from + 2));
    }
  }

  /** All fates of a batch as Redis has them, or none if it has not. The batch goes on to be overdue until all have an outcome. */
  #applyAll(batch: string, fates: Buffer | null): void {
    const open = this.#batches.get(batch);
    if (open === undefined) return;
    let isAllEnded = true;
    open.sequences.forEach((sequence, index) => {
      if (fates === null) {
        this.#lose(sequence);
        return;
      }
      const fate = readFate(fates, index * FATE_BYTES);
      this.#record(sequence, fate);
      if (fate.outcome === HandsetOutcome.Pending && this.#isInFlight(sequence)) isAllEnded = false;
    });
    if (isAllEnded) this.#batches.delete(batch);
    else this.#putLast(batch, open);
  }

  /** Others that are overdue have their turn first. */
  #putLast(batch: string, open: OpenBatch): void {
    this.#batches.delete(batch);
    this.#batches.set(batch, { ...open, sinceMs: this.#parts.clock.nowMs() });
  }

  #record(sequence: number, fate: Fate): void {
    const { store, counters } = this.#parts;
    const at = sequence % store.capacity;
    if (store.sequence[at] !== sequence) return;
    if (fate.receipt !== ReceiptState.None && store.receipt[at] === ReceiptState.None) {
      store.error[at] = fate.error;
      store.recordReceipt(at, fate.receipt, fate.receiptAtMs);
    }
    if (fate.outcome === HandsetOutcome.Pending || store.outcome[at] !== HandsetOutcome.Pending) return;
    store.error[at] = fate.error;
    store.recordHandset(at, fate.outcome, fate.handsetAtMs);
    counters.countHandset(store.carrier[at]!, store.classAt(at), fate.outcome, store.truth[at]!);
  }

  #isInFlight(sequence: number): boolean {
    const { store } = this.#parts;
    const at = sequence % store.capacity;
    return store.sequence[at] === sequence && store.state[at]! <= MessageState.Sent;
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
