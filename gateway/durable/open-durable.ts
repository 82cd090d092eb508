/** A gateway's part of delivery through Redis: keeping what it accepts, hearing what became of it, and reading it back. */
import { Queue } from 'bullmq';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import { DELIVERY_DEPTH_MS, EVICTION_LOOK_MS } from '../limits.ts';
import type { MessageStore } from '../messages/index.ts';
import type { Clock, Core, Timers } from '../router/index.ts';
import { MessageArchive } from './archive.ts';
import { DeadBatches } from './dead-batches.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { GroupCommit } from './group-commit.ts';
import { Groups } from './groups.ts';
import { DELIVERY_QUEUE, QUEUE_PREFIX, runName, RUNS_KEY } from './layout.ts';
import { OutcomeFeed } from './outcome-feed.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface DurableParts {
  readonly connection: RedisConnection;
  readonly core: Core;
  readonly store: MessageStore;
  readonly run: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { warn(fields: object, message: string): void };
}

export interface Durable {
  readonly commit: GroupCommit;
  readonly feed: OutcomeFeed;
  readonly archive: MessageArchive;
  readonly dead: DeadBatches;
  /** Why messages cannot be kept and delivered as they should be, in words for an operator; undefined if they can. */
  readonly fault: string | undefined;
  /** Sends what is not kept yet, for at most `graceMs`, leaves what waits to other gateways, and stops listening. */
  close(graceMs: number): Promise<void>;
}

/** Takes a name for this run of a gateway that no other has. Rejects if Redis cannot be asked. */
export async function newRun({ client }: RedisConnection, nowMs: number): Promise<{ run: string; number: number }> {
  const number = await client.incr(RUNS_KEY);
  return { run: runName(nowMs, number), number };
}

/** The queue of batches; whoever opened it closes it. */
export function openDeliveryQueue({ client }: RedisConnection): Queue<DeliveryJob> {
  const queue = new Queue<DeliveryJob>(DELIVERY_QUEUE, { connection: client, prefix: QUEUE_PREFIX });
  // What fails is told to whoever asked for it.
  queue.on('error', () => {});
  return queue;
}

export function openDurable(parts: DurableParts): Durable {
  const { connection, core, clock, timers } = parts;
  const queue = openDeliveryQueue(connection);
  const feed = new OutcomeFeed({ ...parts, counters: core.counters });
  const groups = new Groups(parts);
  const shared = { ...parts, client: connection.client, queue, groups, feed };
  const waiting = new WaitingRoom(shared);
  const dead = new DeadBatches(queue);
  const commit = new GroupCommit({ ...shared, waiting, nowMs: () => clock.nowMs() });
  feed.start();
  let isReachable = true;
  const stopDepth = timers.every(DELIVERY_DEPTH_MS, () => {
    Promise.all([commit.refresh(), dead.refresh()]).then(
      () => (isReachable = true),
      () => (isReachable = false),
    );
    feed.lookUpOverdue().catch(() => {});
  });
  let eviction: string | undefined;
  const stopEviction = timers.every(EVICTION_LOOK_MS, () => {
    connection.evictionFault().then(
      (found) => (eviction = found),
      // It is away, and will be asked again.
      () => {},
    );
  });
  return {
    commit,
    feed,
    archive: new MessageArchive(connection, core),
    dead,
    get fault() {
      if (!isReachable) return 'Redis does not answer';
      return groups.isLate ? 'Redis does not take what is to be kept' : eviction;
    },
    async close(graceMs) {
      await groups.close(graceMs);
      await waiting.close();
      stopDepth();
      stopEviction();
      await feed.close();
      await queue.close();
    },
  };
}
