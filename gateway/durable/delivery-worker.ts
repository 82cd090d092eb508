/**
 * Delivers batches of accepted messages, apart from the gateways that accepted them.
 *
 * A batch is a job. Its messages are put into this worker's own store, where the simulated carriers deliver them; what becomes of them
 * is written back every few milliseconds, many at once, and the job is done when nothing is to come for any of them. So nothing is told to
 * anybody, gateway or webhook, that is not written down first.
 *
 * A worker takes batches for as long as it has places for their messages, however many batches that makes; a place is free again once
 * nothing is to come of its message and that is written. A batch of which nothing is to come for a while, because a carrier is away or its
 * receipts are late, is parked: put back into the queue until something is, so that one carrier never keeps the others waiting.
 *
 * A worker that is killed leaves its jobs stalled, and another one takes them: it reads what was written down, and goes on from there.
 * One that only seemed dead finds that its batch has another owner, and what it says of it is no longer taken. What it had told was
 * written down before; and what is drawn for a message is the same whoever draws.
 */
import { DelayedError, type Job, type Queue, UnrecoverableError, Worker } from 'bullmq';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  BATCH_PARK_LOOK_MS,
  BATCH_PARK_MS,
  DELIVERY_BATCH_MESSAGES,
  DELIVERY_DONE_MESSAGES_MAX,
  JOB_LOCK_MS,
  JOB_STALLED_CHECK_MS,
  JOB_STALLED_MAX,
  OUTCOMES_KEPT_MS,
  SETTLE_MS,
  UNQUEUED_LOOK_MS,
  UNQUEUED_LOOKED_AT,
} from '../limits.ts';
import { DeliveryError, drawKeyOf, emptyDraft, type MessageStore, messageId, ReceiptState } from '../messages/index.ts';
import { type Clock, DecisionCode, HandsetOutcome, MessageSlot, type Rng, type Timers } from '../router/index.ts';
import { type DeliveryJob, queueBatch, retryMs } from './delivery-job.ts';
import { batchKey, DELIVERY_QUEUE, fateKey, outcomesKey, QUEUE_PREFIX, runNumber, UNQUEUED_KEY } from './layout.ts';
import { type MessageLine, parseLines, readLine } from './message-lines.ts';
import { type Fate, PATCH_ENTRY_BYTES, readFate, writePatchEntry } from './outcome-bytes.ts';
import { FATE_BYTES, FINISH, PARK, RELEASE, run as runScript, SETTLE, TAKE } from './scripts.ts';

/** The far end, working on the worker's own store, which it tells of what becomes of messages: `receiptArrived`, `ended`, `settled`. */
export interface Carriers {
  dispatch(at: number, nowMs: number): void;
  /** When something is next to come of a message that is not settled. */
  nextMs(at: number): number;
  /** Forgets messages that are not settled. */
  withdraw(isGone: (at: number) => boolean): void;
}

/** Where posts go that tell of receipts. */
export interface ReceiptPosts {
  /** Resolves once posts that tell of these receipts, of messages that want any, are where they survive. */
  add(receipts: readonly RecordedReceipt[], nowMs: number): Promise<void>;
}

/** A receipt that is written down. */
export interface RecordedReceipt {
  /** Place of its message in the worker's store. */
  readonly at: number;
  /** 0 for the receipt, from 1 on for the same one come again. */
  readonly copy: number;
  /** Whether another worker may have told of it already. */
  readonly isRepeat: boolean;
}

export interface DeliveryWorkerParts {
  readonly connection: RedisConnection;
  readonly queue: Queue<DeliveryJob>;
  /** Its own: places are handed out here. */
  readonly store: MessageStore;
  readonly carriers: (worker: DeliveryWorker) => Carriers;
  readonly posts: ReceiptPosts;
  readonly id: string;
  /** Sets jobs apart that failed together. */
  readonly chance: Rng;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface WorkerFigures {
  /** Batches in this worker's hands. */
  readonly active: number;
  readonly taken: number;
  readonly finished: number;
  /** Batches that another worker had taken over meanwhile. */
  readonly lost: number;
  /** Batches that had been begun by another worker. */
  readonly takenOver: number;
  /** Times that a batch was put back until something is to come of it. */
  readonly parked: number;
  /** Messages that came to their end here. */
  readonly ended: number;
  /** Times that Redis could not be written. */
  readonly errors: number;
}

interface ActiveBatch {
  readonly id: string;
  /** Whose gateway hears what becomes of its messages. */
  readonly run: string;
  readonly owner: string;
  readonly count: number;
  /** Messages for which something is still to come. */
  left: number;
  /** Ring places of messages of which something is to be written, each once. */
  changed: number[];
  receipts: RecordedReceipt[];
  /** Ring places of messages for which nothing is to come, once that is written. */
  done: number[];
  isWriting: boolean;
  /** Set when another worker has it: what comes of it here interests nobody. */
  isLost: boolean;
  /** Ring place by index; NO_PLACE of a message that has none, or none any more. */
  readonly ats: Int32Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A batch as Redis has it. */
interface TakenBatch {
  readonly lines: Buffer;
  readonly run: string;
  /** The run that ids of its messages name. */
  readonly origin: string;
  readonly fates: Buffer;
  /** Whether it may have been somebody's before. */
  readonly isTakenAgain: boolean;
  /** Whether all that is written was told of. */
  readonly isTold: boolean;
}

const NO_PLACE = -1;
/** How long Redis may take over each step of closing. */
const CLOSE_MS = 1_000;

export class DeliveryWorker {
  readonly #parts: DeliveryWorkerParts;
  readonly #carriers: Carriers;
  readonly #worker: Worker<DeliveryJob>;
  readonly #draft = emptyDraft();
  readonly #slot = new MessageSlot();
  readonly #free: Int32Array;
  #freeCount: number;
  readonly #batchOf: (ActiveBatch | undefined)[] = [];
  readonly #indexOf: Uint16Array;
  /** By ring place: whether it is in its batch's `changed`. */
  readonly #isChanged: Uint8Array;
  readonly #active = new Set<ActiveBatch>();
  readonly #dirty = new Set<ActiveBatch>();
  readonly #waitingForRoom: (() => void)[] = [];
  readonly #stops: (() => void)[] = [];
  readonly #queueClient: ReturnType<RedisConnection['queueClient']>;
  /** Jobs in hand, and of them those whose messages have no places yet. */
  #running = 0;
  #taking = 0;
  #turn = 0;
  #parked = 0;
  #taken = 0;
  #finished = 0;
  #lost = 0;
  #takenOver = 0;
  #ended = 0;
  #errors = 0;
  #isClosing = false;

  /** Begins to take batches once it is made. */
  constructor(parts: DeliveryWorkerParts) {
    this.#parts = parts;
    const { store, timers, connection } = parts;
    this.#free = Int32Array.from({ length: store.capacity }, (_, place) => store.capacity - 1 - place);
    this.#freeCount = store.capacity;
    this.#indexOf = new Uint16Array(store.capacity);
    this.#isChanged = new Uint8Array(store.capacity);
    this.#carriers = parts.carriers(this);
    this.#queueClient = connection.queueClient();
    this.#worker = new Worker<DeliveryJob>(DELIVERY_QUEUE, (job, token) => this.#deliver(job, token), {
      connection: this.#queueClient,
      prefix: QUEUE_PREFIX,
      concurrency: Math.max(1, Math.floor(store.capacity / DELIVERY_BATCH_MESSAGES)),
      lockDuration: JOB_LOCK_MS,
      stalledInterval: JOB_STALLED_CHECK_MS,
      maxStalledCount: JOB_STALLED_MAX,
      settings: { backoffStrategy: (attempts) => retryMs(attempts, parts.chance.next()) },
    });
    let isTold = false;
    this.#worker.on('ready', () => (isTold = false));
    this.#worker.on('error', (error) => {
      this.#errors += 1;
      if (!isTold) parts.log.warn({ why: error.message }, 'the delivery queue cannot be served');
      isTold = true;
    });
    this.#worker.on('failed', (job, error) => {
      parts.log.warn({ batch: job?.data.batch, why: error.message }, 'a batch could not be delivered');
    });
    this.#stops.push(
      timers.every(SETTLE_MS, () => this.#settleAll()),
      timers.every(BATCH_PARK_LOOK_MS, () => this.#parkIdle()),
      timers.every(UNQUEUED_LOOK_MS, () => {
        this.#queueForgotten().catch(() => {});
      }),
    );
  }

  figures(): WorkerFigures {
    return {
      active: this.#active.size,
      taken: this.#taken,
      finished: this.#finished,
      lost: this.#lost,
      takenOver: this.#takenOver,
      parked: this.#parked,
      ended: this.#ended,
      errors: this.#errors,
    };
  }

  /** A receipt was recorded for the message at ring place `at`. */
  receiptArrived(at: number, copy: number): void {
    const batch = this.#batchOf[at];
    if (batch === undefined) return;
    batch.receipts.push({ at, copy, isRepeat: false });
    this.#changed(batch, at);
  }

  /** The message at ring place `at` has come to its end. */
  ended(at: number): void {
    const batch = this.#batchOf[at];
    if (batch === undefined) return;
    this.#ended += 1;
    this.#changed(batch, at);
  }

  /** Nothing more is to come for the message at ring place `at`. */
  settled(at: number): void {
    const batch = this.#batchOf[at];
    if (batch === undefined) return;
    this.#done(batch, at);
    this.#dirty.add(batch);
  }

  /**
   * Takes no more batches, gives those under way `graceMs` to end, writes down how far the others are and puts them back for other
   * workers.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    let isOver = false;
    const stop = this.#parts.timers.after(graceMs, () => (isOver = true));
    await this.#atMost(CLOSE_MS, this.#worker.pause(true));
    while (this.#active.size > 0 && !isOver)
      await new Promise<void>((resolve) => this.#parts.timers.after(SETTLE_MS, resolve));
    stop();
    const rest = [...this.#active];
    await Promise.all(rest.map((batch) => this.#write(batch).catch(() => {})));
    await Promise.all(
      rest.map((batch) => runScript(this.#client, RELEASE, [batchKey(batch.id)], [batch.owner]).catch(() => {})),
    );
    this.#withdraw(new Set(rest));
    for (const batch of rest) {
      this.#forget(batch);
      batch.reject(new PutBack(0));
    }
    for (const stopTimer of this.#stops) stopTimer();
    // Without Redis a worker never comes to its end: then its jobs stall, and others take them.
    await this.#atMost(CLOSE_MS, this.#worker.close());
    this.#queueClient.disconnect();
  }

  /** Resolves when `work` has ended, well or not, or after `ms`. */
  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    await Promise.race([work.catch(() => {}), new Promise<void>((resolve) => this.#parts.timers.after(ms, resolve))]);
  }

  get #client(): RedisConnection['client'] {
    return this.#parts.connection.client;
  }

  async #deliver(job: Job<DeliveryJob>, token: string | undefined): Promise<void> {
    this.#running += 1;
    this.#taking += 1;
    this.#makeRoomForJobs();
    try {
      await this.#deliverBatch(job.data.batch);
    } catch (error) {
      if (!(error instanceof PutBack)) throw error;
      // Without counting as a failure.
      await job.moveToDelayed(Math.max(error.untilMs, this.#parts.clock.nowMs()), token);
      throw new DelayedError();
    } finally {
      this.#running -= 1;
      this.#makeRoomForJobs();
    }
  }

  /** Resolves when the batch is at its end, here or elsewhere. */
  async #deliverBatch(id: string): Promise<void> {
    const owner = `${this.#parts.id}.${(this.#turn += 1)}`;
    let taken: TakenBatch | undefined;
    let messages: readonly MessageLine[] = [];
    try {
      taken = await this.#take(id, owner);
      if (taken === undefined) return;
      this.#taken += 1;
      messages = read(taken.lines);
      while (this.#freeCount < messages.length)
        await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
      if (this.#isClosing) throw new PutBack(0);
    } finally {
      this.#taking -= 1;
    }
    const { run } = taken;
    await new Promise<void>((resolve, reject) => {
      const batch: ActiveBatch = {
        id,
        run,
        owner,
        count: messages.length,
        left: messages.length,
        changed: [],
        receipts: [],
        done: [],
        isWriting: false,
        isLost: false,
        ats: new Int32Array(messages.length).fill(NO_PLACE),
        resolve,
        reject,
      };
      this.#active.add(batch);
      try {
        this.#begin(batch, messages, taken);
      } catch (error) {
        this.#withdraw(new Set([batch]));
        this.#forget(batch);
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Makes a batch this worker's; undefined if it is at its end or gone. */
  async #take(id: string, owner: string): Promise<TakenBatch | undefined> {
    const keys = [batchKey(id), fateKey(id)];
    const taken = (await runScript(this.#client, TAKE, keys, [owner])) as
      | readonly [lines: Buffer, run: Buffer, origin: Buffer, fates: Buffer, takes: number, told: number]
      | readonly [];
    if (taken.length === 0) return undefined;
    const [lines, run, origin, fates, takes, told] = taken;
    const isTold = told === 1;
    return { lines, run: run.toString(), origin: origin.toString(), fates, isTakenAgain: takes > 1, isTold };
  }

  #begin(
    batch: ActiveBatch,
    messages: readonly MessageLine[],
    { origin, fates, isTakenAgain, isTold }: TakenBatch,
  ): void {
    const { store, clock } = this.#parts;
    const nowMs = clock.nowMs();
    let isBegun = false;
    messages.forEach((message, index) => {
      readLine(message, this.#draft, this.#slot);
      const fate = readFate(fates, index * FATE_BYTES);
      if (isTold && this.#isOver(fate)) {
        batch.left -= 1;
        return;
      }
      this.#freeCount -= 1;
      const at = this.#free[this.#freeCount]!;
      store.addAt(at, this.#draft, this.#slot);
      store.adopt(at, messageId(origin, message[0]), drawKeyOf(runNumber(origin), message[0]));
      batch.ats[index] = at;
      this.#batchOf[at] = batch;
      this.#indexOf[at] = index;
      this.#isChanged[at] = 0;
      if (fate.receipt !== ReceiptState.None) {
        isBegun = isTakenAgain;
        store.error[at] = fate.error;
        store.recordReceipt(at, fate.receipt, fate.receiptAtMs);
        // Whoever had the batch before may not have come to tell of it.
        if (!isTold) batch.receipts.push({ at, copy: 0, isRepeat: isTakenAgain });
        this.#dirty.add(batch);
      }
      if (fate.outcome !== HandsetOutcome.Pending) {
        isBegun = true;
        store.error[at] = fate.error;
        store.recordHandset(at, fate.outcome, fate.handsetAtMs);
      }
      if (fate.error === DeliveryError.Superseded) {
        this.#changed(batch, at);
        this.#done(batch, at);
      } else if (this.#slot.code === DecisionCode.Accepted) {
        // Also of one that has ended, a receipt may be to come.
        this.#carriers.dispatch(at, nowMs);
      } else {
        // Refused after it waited: there is only its receipt to tell of.
        this.#done(batch, at);
      }
    });
    if (isBegun && !isTold) this.#takenOver += 1;
    if (batch.left === 0) this.#dirty.add(batch);
  }

  /** Whether nothing can be to come of a message with this fate, whose line was read last. */
  #isOver(fate: Fate): boolean {
    if (fate.receipt === ReceiptState.None) return false;
    return fate.outcome !== HandsetOutcome.Pending || this.#slot.code !== DecisionCode.Accepted;
  }

  #changed(batch: ActiveBatch, at: number): void {
    if (this.#isChanged[at] === 0) {
      this.#isChanged[at] = 1;
      batch.changed.push(at);
    }
    this.#dirty.add(batch);
  }

  #done(batch: ActiveBatch, at: number): void {
    batch.done.push(at);
    batch.left -= 1;
  }

  #settleAll(): void {
    for (const batch of this.#dirty) {
      if (batch.isWriting) continue;
      this.#dirty.delete(batch);
      // What cannot be written stays to be written.
      this.#write(batch).catch(() => this.#dirty.add(batch));
    }
  }

  /** Writes what is to be written of a batch, tells of receipts, and ends the batch if nothing more is to come. */
  async #write(batch: ActiveBatch): Promise<void> {
    if (batch.isWriting || batch.isLost) return;
    batch.isWriting = true;
    const { changed, receipts, done } = batch;
    batch.changed = [];
    batch.receipts = [];
    batch.done = [];
    try {
      if (changed.length > 0 && !(await this.#settle(batch, changed))) {
        this.#lose(batch);
        return;
      }
      if (receipts.length > 0) await this.#parts.posts.add(receipts, this.#parts.clock.nowMs());
    } catch (error) {
      this.#errors += 1;
      batch.isWriting = false;
      for (const at of changed) this.#isChanged[at] = 1;
      batch.changed = [...changed, ...batch.changed.filter((at) => !changed.includes(at))];
      batch.receipts = [...receipts, ...batch.receipts];
      batch.done = [...done, ...batch.done];
      throw error;
    }
    // Closed meanwhile.
    if (batch.isLost) return;
    // From here on nothing of these is to be written or told again: their places are others'.
    for (const at of done) this.#giveBack(at);
    try {
      if (batch.left === 0 && batch.changed.length === 0 && batch.receipts.length === 0) await this.#finish(batch);
    } catch (error) {
      this.#errors += 1;
      throw error;
    } finally {
      batch.isWriting = false;
    }
  }

  async #settle(batch: ActiveBatch, changed: readonly number[]): Promise<boolean> {
    const patch = Buffer.allocUnsafe(changed.length * PATCH_ENTRY_BYTES);
    changed.forEach((at, place) => {
      this.#isChanged[at] = 0;
      writePatchEntry(patch, place * PATCH_ENTRY_BYTES, this.#indexOf[at]!, this.#parts.store, at);
    });
    const keys = [batchKey(batch.id), fateKey(batch.id), outcomesKey(batch.run)];
    return (await runScript(this.#client, SETTLE, keys, [batch.owner, batch.id, patch, OUTCOMES_KEPT_MS])) === 1;
  }

  async #finish(batch: ActiveBatch): Promise<void> {
    const keys = [batchKey(batch.id), outcomesKey(batch.run)];
    const args = [batch.owner, batch.id, this.#parts.clock.nowMs(), DELIVERY_DONE_MESSAGES_MAX];
    const isOurs = (await runScript(this.#client, FINISH, keys, args)) === 1;
    if (isOurs) this.#finished += 1;
    else this.#lost += 1;
    this.#forget(batch);
    batch.resolve();
  }

  /** Puts back batches of which nothing is to come for a while. */
  #parkIdle(): void {
    const untilMs = this.#parts.clock.nowMs() + BATCH_PARK_MS;
    const idle = new Map<ActiveBatch, number>();
    for (const batch of this.#active) {
      if (batch.isWriting || this.#dirty.has(batch) || batch.left === 0) continue;
      let nextMs = Infinity;
      for (const at of batch.ats) if (at !== NO_PLACE) nextMs = Math.min(nextMs, this.#carriers.nextMs(at));
      if (nextMs > untilMs && nextMs < Infinity) idle.set(batch, nextMs);
    }
    if (idle.size === 0) return;
    this.#withdraw(idle);
    for (const [batch, nextMs] of idle) this.#park(batch, nextMs).catch(() => {});
  }

  /** Never rejects. */
  async #park(batch: ActiveBatch, untilMs: number): Promise<void> {
    batch.isWriting = true;
    try {
      const isOurs = (await runScript(this.#client, PARK, [batchKey(batch.id)], [batch.owner])) === 1;
      if (isOurs) this.#parked += 1;
      else this.#lost += 1;
      this.#forget(batch);
      batch.reject(new PutBack(isOurs ? untilMs : 0));
    } catch {
      this.#errors += 1;
      batch.isWriting = false;
      const nowMs = this.#parts.clock.nowMs();
      for (const at of batch.ats) if (at !== NO_PLACE) this.#carriers.dispatch(at, nowMs);
    }
  }

  /** Another worker has the batch: it is that one's to end. If nobody has, the job is put back, and found to be over if it is. */
  #lose(batch: ActiveBatch): void {
    this.#lost += 1;
    this.#parts.log.warn({ batch: batch.id }, 'a batch was taken over by another worker');
    this.#withdraw(new Set([batch]));
    this.#forget(batch);
    batch.reject(new PutBack(0));
  }

  /** Has carriers forget the messages of batches. */
  #withdraw(batches: { has(batch: ActiveBatch): boolean }): void {
    this.#carriers.withdraw((at) => {
      const batch = this.#batchOf[at];
      return batch !== undefined && batches.has(batch);
    });
  }

  /** Frees the places of a batch of whose messages carriers know nothing any more. */
  #forget(batch: ActiveBatch): void {
    batch.isLost = true;
    this.#active.delete(batch);
    this.#dirty.delete(batch);
    for (const at of batch.ats) if (at !== NO_PLACE) this.#giveBack(at);
  }

  #giveBack(at: number): void {
    this.#batchOf[at]!.ats[this.#indexOf[at]!] = NO_PLACE;
    this.#batchOf[at] = undefined;
    this.#free[this.#freeCount] = at;
    this.#freeCount += 1;
    while (this.#waitingForRoom.length > 0 && this.#freeCount >= DELIVERY_BATCH_MESSAGES)
      this.#waitingForRoom.shift()!();
    this.#makeRoomForJobs();
  }

  /** Has as many jobs fetched as there are places for their messages, whatever number is in hand. */
  #makeRoomForJobs(): void {
    const more = Math.floor(this.#freeCount / DELIVERY_BATCH_MESSAGES) - this.#taking;
    this.#worker.concurrency = Math.max(1, this.#running + more);
  }

  /** Queues batches that are not known to be queued: their gateway died between the one and the other. Never rejects. */
  async #queueForgotten(): Promise<void> {
    const { clock, queue } = this.#parts;
    const client = this.#client;
    try {
      const before = clock.nowMs() - UNQUEUED_LOOK_MS;
      const batches = await client.zrangebyscore(UNQUEUED_KEY, '-inf', before, 'LIMIT', 0, UNQUEUED_LOOKED_AT);
      for (const batch of batches) await queueBatch({ client, queue }, batch);
    } catch {
      // Redis is away; there is another time.
    }
  }
}

/** The batch goes back into the queue, until a time at which it can be taken again. */
class PutBack extends Error {
  readonly untilMs: number;

  constructor(untilMs: number) {
    super('put back');
    this.untilMs = untilMs;
  }
}

/** A batch that cannot be read will not be readable next time: it is kept where failed jobs are. */
function read(lines: Buffer): MessageLine[] {
  try {
    return parseLines(lines);
  } catch (error) {
    throw new UnrecoverableError(
      `its messages cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
