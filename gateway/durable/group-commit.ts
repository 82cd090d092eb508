/**
 * Keeps accepted messages in Redis before their senders are answered: each group of them is a batch, written by one script and then
 * queued as one job.
 *
 * What is due first is delivered first only when there is more than can be delivered: passwords before notices before advertising.
 */
import type { Cluster, Redis } from 'ioredis';
import type { Queue } from 'bullmq';
import { DELIVERY_OPEN_MESSAGES_MAX, DELIVERY_UNKEPT_MESSAGES_MAX } from '../limits.ts';
import { type Backlog, type Dispatcher, type MessageStore } from '../messages/index.ts';
import { Binding, type Core } from '../router/index.ts';
import { USE_CASES } from '../../registry-cache/index.ts';
import { type DeliveryJob, queueBatch } from './delivery-job.ts';
import type { Groups, WriteGroup } from './groups.ts';
import { BATCH_CLASSES, BatchClass, batchKey, fateKey, HELD_KEY, OPEN_MESSAGES_KEY, runKey } from './layout.ts';
import { addLine } from './message-lines.ts';
import { supersededFate } from './outcome-bytes.ts';
import type { OutcomeFeed } from './outcome-feed.ts';
import { COMMIT, run as runScript } from './scripts.ts';
import type { WaitingRoom } from './waiting-room.ts';

const URGENT: ReadonlySet<string> = new Set(['2FA', 'SECURITY_ALERT', 'FRAUD_ALERT', 'EMERGENCY']);
const BULK: ReadonlySet<string> = new Set(['MARKETING', 'POLITICAL', 'SWEEPSTAKE', 'POLLING_VOTING']);

/** By use case. */
const CLASS_OF_USE_CASE = Uint8Array.from(USE_CASES, (useCase) => {
  if (URGENT.has(useCase)) return BatchClass.Urgent;
  return BULK.has(useCase) ? BatchClass.Bulk : BatchClass.Plain;
});

export interface GroupCommitParts {
  readonly client: Redis | Cluster;
  readonly queue: Queue<DeliveryJob>;
  readonly core: Core;
  readonly store: MessageStore;
  readonly run: string;
  readonly groups: Groups;
  readonly waiting: WaitingRoom;
  readonly feed: OutcomeFeed;
  readonly nowMs: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

export interface GroupCommitFigures {
  /** Batches and messages that Redis has acknowledged. */
  readonly batches: number;
  readonly messages: number;
  /** Messages that it has not, those that wait under a limit among them. */
  readonly pending: number;
  /** Messages accepted by any gateway and not at their end, when last heard. */
  readonly open: number;
  /** Messages of any gateway that wait under a limit, when last heard. */
  readonly held: number;
  /** Waiting messages that this gateway took over from dead ones. */
  readonly takenOver: number;
  /** Waiting messages of this gateway that others took over, since it seemed dead. */
  readonly takenAway: number;
  /** Writes that had to be repeated. */
  readonly retries: number;
}

export class GroupCommit implements Dispatcher, Backlog {
  readonly #parts: GroupCommitParts;
  #batches = 0;
  #messages = 0;
  #openMessages = 0;
  #heldMessages = 0;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
  }

  readonly binding = Binding.DeliveryBacklog;

  get waiting(): WaitingRoom {
    return this.#parts.waiting;
  }

  get isFull(): boolean {
    return this.#isUnkeptFull || this.#openMessages >= DELIVERY_OPEN_MESSAGES_MAX;
  }

  get used(): number {
    return Math.max(this.#parts.groups.pendingMessages, this.#openMessages);
  }

  get cap(): number {
    return this.#isUnkeptFull ? DELIVERY_UNKEPT_MESSAGES_MAX : DELIVERY_OPEN_MESSAGES_MAX;
  }

  figures(): GroupCommitFigures {
    const { groups, waiting } = this.#parts;
    return {
      batches: this.#batches,
      messages: this.#messages,
      pending: groups.pendingMessages,
      open: this.#openMessages,
      held: this.#heldMessages,
      takenOver: waiting.takenOver,
      takenAway: waiting.takenAway,
      retries: groups.retries,
    };
  }

  dispatch(at: number): void {
    const { core, store, groups } = this.#parts;
    let batchClass: number = BatchClass.Plain;
    const campaign = store.campaign[at]!;
    if (campaign >= 0) batchClass = CLASS_OF_USE_CASE[core.campaigns.useCase(campaign)]!;
    const name = BATCH_CLASSES[batchClass]!;
    const group = groups.find(name) ?? groups.begin(name, this.#writerOf(batchClass, store.sequence[at]!));
    addLine(group.lines, core, store, at, group.places.length);
    groups.add(group, at);
  }

  kept(): Promise<void> | undefined {
    return this.#parts.groups.kept();
  }

  /** Has a value set under a key in the same step in which the message given last is kept. */
  attach(key: string, value: string, ttlMs: number): void {
    this.#parts.groups.attach(key, value, ttlMs);
  }

  /** Asks how many messages are open and how many wait. Rejects if Redis does not say. */
  async refresh(): Promise<void> {
    const { client } = this.#parts;
    const [open, held] = await Promise.all([client.get(OPEN_MESSAGES_KEY), client.hlen(HELD_KEY)]);
    this.#openMessages = Number(open ?? 0);
    this.#heldMessages = held;
  }

  get #isUnkeptFull(): boolean {
    return this.#parts.groups.pendingMessages >= DELIVERY_UNKEPT_MESSAGES_MAX;
  }

  /** Writes the group that begins with the message of this number, as a batch that is found by it: those of a class are in their order. */
  #writerOf(batchClass: number, start: number): WriteGroup {
    const { client, queue, run, feed, log, nowMs } = this.#parts;
    const name = BATCH_CLASSES[batchClass]!;
    const batch = `${run}-${name}-${start.toString(36).toUpperCase()}`;
    const atMs = nowMs();
    let isExpected = false;
    return async ({ lines, places, claimKeys, claimValues }) => {
      // Once: by the next try the batch may be at its end, and its places others'.
      if (!isExpected) feed.expect(batch, places);
      isExpected = true;
      const keys = [batchKey(batch), fateKey(batch), runKey(run, batchClass), ...claimKeys];
      const head = [batch, lines.take(), places.length, run, name, start, atMs, supersededFate(atMs)];
      this.#openMessages = Number(await runScript(client, COMMIT, keys, [...head, ...claimValues]));
      feed.kept(batch);
      this.#batches += 1;
      this.#messages += places.length;
      // Nobody needs to wait for it: what is noted as not queued, a worker queues.
      queueBatch({ client, queue }, batch).catch((error: unknown) => {
        log.warn(
          { batch, why: error instanceof Error ? error.message : String(error) },
          'a batch is left to workers to queue',
        );
      });
    };
  }
}
