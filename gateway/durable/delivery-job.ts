/** A batch as a job of the delivery queue. */
import { DELIVERY_JOB_ATTEMPTS, DELIVERY_RETRY_MS } from '../limits.ts';

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
