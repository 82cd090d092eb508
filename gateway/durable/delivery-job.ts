/** A batch as a job of the delivery queue. */
import type { Queue } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { DELIVERY_JOB_ATTEMPTS, DELIVERY_RETRY_MS, DELIVERY_RETRY_MS_MAX } from '../limits.ts';
import { BATCH_CLASSES, UNQUEUED_KEY } from './layout.ts';

/** BullMQ's priorities by class: 0 goes first, then 1 and up. */
const PRIORITY: readonly number[] = [0, 1, 2, 1];

export interface DeliveryJob {
  readonly batch: string;
}

/**
 * Queues a batch that is kept: once, however often it is asked for; a job that is there stays as it is. Rejects if it cannot be said that
 * it is queued.
 */
export async function queueBatch(
  { client, queue }: { readonly client: Redis | Cluster; readonly queue: Queue<DeliveryJob> },
  batch: string,
): Promise<void> {
  const batchClass = BATCH_CLASSES.indexOf(batch.split('-')[1] ?? '');
  await queue.add(
    'deliver',
    { batch },
    {
      jobId: batch,
      priority: PRIORITY[batchClass] ?? 0,
      attempts: DELIVERY_JOB_ATTEMPTS,
      backoff: { type: 'custom' },
      removeOnComplete: true,
    },
  );
  // If this is not done, it is queued again, which does nothing.
  client.zrem(UNQUEUED_KEY, batch).catch(() => {});
}

/** How long a job waits that has failed so often; they do not all come back at once. */
export function retryMs(attempts: number, chance: number): number {
  return Math.min(DELIVERY_RETRY_MS_MAX, DELIVERY_RETRY_MS * 2 ** (attempts - 1)) * (0.5 + chance / 2);
}
