/**
 * Keeps accepted messages in Redis before their senders are answered: many in one step.
 *
 * Messages gather in an open batch per class until two milliseconds have passed or it is full. A batch is written by one script and
 * then queued as one job; it is written again, as the same batch, for as long as Redis does not say that it is there, since an answer
 * that was lost says nothing. Whoever waits for the answer is told after a while that it is not known (`NotKept`).
 *
 * What is due first is delivered first only when there is more than can be delivered: passwords before notices before advertising.
 */
import type { Cluster, Redis } from 'ioredis';
import type { Queue } from 'bullmq';
import {
  DELIVERY_BATCH_MESSAGES,
  DELIVERY_GATHER_MS,
  DELIVERY_JOB_ATTEMPTS,
  DELIVERY_KEEP_RETRY_MS,
  DELIVERY_KEEP_TIMEOUT_MS,
  DELIVERY_OPEN_MESSAGES_MAX,
  DELIVERY_RETRY_MS,
  DELIVERY_UNKEPT_MESSAGES_MAX,
} from '../limits.ts';
import { type Backlog, type Dispatcher, type MessageStore, NotKept, TextBytes } from '../messages/index.ts';
import { Binding, type Core, type Timers } from '../router/index.ts';
import { USE_CASES } from '../../registry-cache/index.ts';
import { BATCH_CLASSES, BatchClass, batchKey, fateKey, OPEN_MESSAGES_KEY, runKey } from './layout.ts';
import { addLine } from './message-lines.ts';
import { COMMIT, run as runScript } from './scripts.ts';

/** About as long as the line of a message. */
const LINE_BYTES = 320;
const SPARE_BUFFERS = 16;

const URGENT: ReadonlySet<string> = new Set(['2FA', 'SECURITY_ALERT', 'FRAUD_ALERT', 'EMERGENCY']);
const BULK: ReadonlySet<string> = new Set(['MARKETING', 'POLITICAL', 'SWEEPSTAKE', 'POLLING_VOTING']);

/** By use case. */
const CLASS_OF_USE_CASE = Uint8Array.from(USE_CASES, (useCase) => {
  if (URGENT.has(useCase)) return BatchClass.Urgent;
  return BULK.has(useCase) ? BatchClass.Bulk : BatchClass.Plain;
});

/** BullMQ's priorities by class: 0 goes first, then 1 and up. */
const PRIORITY: readonly number[] = [0, 1, 2, 1];

export interface DeliveryJob {
  readonly batch: string;
}

/** How a batch is queued: once, however often it is asked for, and tried until it is delivered. */
export function deliveryJobOptions(batch: string, batchClass: number): object {
  return {
    jobId: batch,
    priority: PRIORITY[batchClass],
    attempts: DELIVERY_JOB_ATTEMPTS,
    backoff: { type: 'exponential', delay: DELIVERY_RETRY_MS, jitter: 0.5 },
    removeOnComplete: true,
  };
}

interface Batch {
  readonly id: string;
  readonly batchClass: number;
  readonly lines: TextBytes;
  /** Ring places, by index in the batch. */
  readonly places: number[];
  /** Sequence numbers from which on, up to the next batch of its class, messages are found here. */
  readonly starts: number[];
  readonly claimKeys: string[];
  readonly claimValues: (string | number)[];
  readonly kept: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface GroupCommitParts {
  readonly client: Redis | Cluster;
  readonly queue: Queue<DeliveryJob>;
  readonly core: Core;
  readonly store: MessageStore;
  readonly run: string;
  readonly timers: Timers;
  readonly nowMs: () => number;
  /** Told of a batch as soon as it may be delivered, with the ring places of its messages. */
  readonly onCommit: (batch: string, places: readonly number[]) => void;
  readonly log: { warn(fields: object, message: string): void };
}

export interface GroupCommitFigures {
  /** Batches and messages that Redis has acknowledged. */
  readonly batches: number;
  readonly messages: number;
  /** Messages that it has not. */
  readonly pending: number;
  /** Messages accepted by any gateway and not at their end, when last heard. */
  readonly open: number;
  /** Writes that had to be repeated. */
  readonly retries: number;
}

export class GroupCommit implements Dispatcher, Backlog {
  readonly #parts: GroupCommitParts;
  readonly #open: (Batch | undefined)[] = BATCH_CLASSES.map(() => undefined);
  readonly #lastSequence: number[] = BATCH_CLASSES.map(() => -1);
  /** Batches that are gathering or on their way. */
  readonly #pending = new Set<Batch>();
  readonly #buffers: TextBytes[] = [];
  /** For all that was given so far; undefined when that has changed. */
  #allKept: Promise<void> | undefined;
  /** The batch that took the message given last. */
  #latest: Batch | undefined;
  #stopTimer: (() => void) | undefined;
  #isClosed = false;
  #batches = 0;
  #messages = 0;
  #pendingMessages = 0;
  #openMessages = 0;
  #retries = 0;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  readonly binding = Binding.DeliveryBacklog;

  get isFull(): boolean {
    return this.#pendingMessages >= DELIVERY_UNKEPT_MESSAGES_MAX || this.#openMessages >= DELIVERY_OPEN_MESSAGES_MAX;
  }

  get used(): number {
    return Math.max(this.#pendingMessages, this.#openMessages);
  }

  get cap(): number {
    return this.#pendingMessages >= DELIVERY_UNKEPT_MESSAGES_MAX
      ? DELIVERY_UNKEPT_MESSAGES_MAX
      : DELIVERY_OPEN_MESSAGES_MAX;
  }

  figures(): GroupCommitFigures {
    return {
      batches: this.#batches,
      messages: this.#messages,
      pending: this.#pendingMessages,
      open: this.#openMessages,
      retries: this.#retries,
    };
  }

  dispatch(at: number): void {
    const { core, store } = this.#parts;
    const sequence = store.sequence[at]!;
    let batchClass: number = BatchClass.Plain;
    const campaign = store.campaign[at]!;
    if (campaign >= 0) batchClass = CLASS_OF_USE_CASE[core.campaigns.useCase(campaign)]!;
    // A message that waited under a limit comes after younger ones, and would not be found among them.
    if (sequence < this.#lastSequence[batchClass]!) batchClass = BatchClass.Late;
    else this.#lastSequence[batchClass] = sequence;
    const batch = this.#batchFor(batchClass, sequence);
    addLine(batch.lines, core, store, at, batch.places.length);
    batch.places.push(at);
    this.#pendingMessages += 1;
    this.#latest = batch;
    this.#allKept = undefined;
  }

  kept(): Promise<void> | undefined {
    if (this.#pending.size === 0) return undefined;
    this.#allKept ??= Promise.all(Array.from(this.#pending, ({ kept }) => kept)).then(() => undefined);
    // Whoever does not wait is not to fail for it.
    this.#allKept.catch(() => {});
    return this.#allKept;
  }

  /** Has a value set under a key in the same step in which the message given last is kept. */
  attach(key: string, value: string, ttlMs: number): void {
    this.#latest!.claimKeys.push(key);
    this.#latest!.claimValues.push(value, ttlMs);
  }

  /** Asks how many messages are open. Rejects if Redis does not say. */
  async refresh(): Promise<void> {
    this.#openMessages = Number((await this.#parts.client.get(OPEN_MESSAGES_KEY)) ?? 0);
  }

  /** Sends what gathers, and resolves once nothing is on its way, or after `graceMs`; writes nothing afterwards. */
  async close(graceMs: number): Promise<void> {
    this.#flush();
    const grace = new Promise<void>((resolve) => this.#parts.timers.after(graceMs, resolve));
    while (this.#pending.size > 0) {
      const first = await Promise.race([
        grace.then(() => 'over'),
        this.kept()?.then(
          () => '',
          () => '',
        ),
      ]);
      if (first === 'over') break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isClosed = true;
  }

  #batchFor(batchClass: number, sequence: number): Batch {
    const open = this.#open[batchClass];
    if (open !== undefined) {
      if (open.places.length < DELIVERY_BATCH_MESSAGES) {
        if (batchClass === BatchClass.Late) open.starts.push(sequence);
        return open;
      }
      // Sent when the next one needs room and not as soon as it is full, so that what belongs to its last message can join it.
      this.#send(open);
    }
    const batch = this.#newBatch(batchClass, sequence);
    this.#open[batchClass] = batch;
    this.#pending.add(batch);
    this.#stopTimer ??= this.#parts.timers.after(DELIVERY_GATHER_MS, () => this.#flush());
    return batch;
  }

  #newBatch(batchClass: number, sequence: number): Batch {
    let resolve = (): void => {};
    let reject: (error: Error) => void = resolve;
    const kept = new Promise<void>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    kept.catch(() => {});
    return {
      id: `${this.#parts.run}-${BATCH_CLASSES[batchClass]}-${sequence.toString(36).toUpperCase()}`,
      batchClass,
      lines: this.#buffers.pop() ?? new TextBytes(DELIVERY_BATCH_MESSAGES * LINE_BYTES),
      places: [],
      starts: [sequence],
      claimKeys: [],
      claimValues: [],
      kept,
      resolve,
      reject,
    };
  }

  #flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const batch of this.#open) if (batch !== undefined) this.#send(batch);
  }

  #send(batch: Batch): void {
    this.#open[batch.batchClass] = undefined;
    void this.#keep(batch);
  }

  /** Writes and queues a batch, again and again until it is said to be there. Never rejects. */
  async #keep(batch: Batch): Promise<void> {
    const { timers, log } = this.#parts;
    const count = batch.places.length;
    const giveUp = timers.after(DELIVERY_KEEP_TIMEOUT_MS, () => {
      batch.reject(new NotKept('Redis has not said in time whether the message was kept'));
    });
    for (let tries = 0; !this.#isClosed; tries += 1) {
      try {
        await this.#write(batch);
        break;
      } catch (error) {
        this.#retries += 1;
        if (tries === 0)
          log.warn({ batch: batch.id, why: reasonOf(error) }, 'messages could not be kept; trying again');
        await new Promise<void>((resolve) => timers.after(DELIVERY_KEEP_RETRY_MS, resolve));
      }
    }
    giveUp();
    this.#batches += 1;
    this.#messages += count;
    this.#pendingMessages -= count;
    this.#pending.delete(batch);
    this.#allKept = undefined;
    if (this.#buffers.length < SPARE_BUFFERS) {
      batch.lines.clear();
      this.#buffers.push(batch.lines);
    }
    batch.resolve();
  }

  async #write(batch: Batch): Promise<void> {
    const { client, queue, run, nowMs, onCommit } = this.#parts;
    const { id, batchClass, places, starts } = batch;
    const keys = [batchKey(id), fateKey(id), runKey(run, batchClass), ...batch.claimKeys];
    const head = [id, batch.lines.take(), places.length, run, BATCH_CLASSES[batchClass]!, starts.join(' '), nowMs()];
    // Before it can be delivered, or an outcome might come back to nobody.
    onCommit(id, places);
    this.#openMessages = Number(await runScript(client, COMMIT, keys, [...head, ...batch.claimValues]));
    await queue.add('deliver', { batch: id }, deliveryJobOptions(id, batchClass));
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
