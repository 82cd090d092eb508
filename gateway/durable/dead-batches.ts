/** Batches that no worker could deliver, however often it was tried: kept where they are, to be looked at and delivered after all. */
import type { Queue } from 'bullmq';
import type { DeliveryJob } from './delivery-job.ts';

export interface DeadBatch {
  readonly batch: string;
  readonly why: string;
  readonly attempts: number;
  /** When it was given up. */
  readonly atMs: number;
}

export class DeadBatches {
  /** How many there are, when last heard. */
  count = 0;
  readonly #queue: Queue<DeliveryJob>;

  constructor(queue: Queue<DeliveryJob>) {
    this.#queue = queue;
  }

  /** Asks how many there are. Rejects if Redis does not say. */
  async refresh(): Promise<void> {
    this.count = await this.#queue.getFailedCount();
  }

  /** The latest first. Rejects if Redis does not say. */
  async list(from: number, limit: number): Promise<DeadBatch[]> {
    const jobs = await this.#queue.getFailed(from, from + limit - 1);
    return jobs.map(({ data, failedReason, attemptsMade, finishedOn }) => ({
      batch: data.batch,
      why: failedReason,
      attempts: attemptsMade,
      atMs: finishedOn ?? 0,
    }));
  }

  /**
   * Has those named tried again, or all of them.
   * @returns how many are; one that is not there any more is none
   */
  async replay(batches: readonly string[] | 'all'): Promise<number> {
    const jobs =
      batches === 'all'
        ? await this.#queue.getFailed()
        : await Promise.all(batches.map((batch) => this.#queue.getJob(batch)));
    let replayed = 0;
    for (const job of jobs) {
      if (job === undefined || !(await job.isFailed())) continue;
      await job.retry('failed', { resetAttemptsMade: true });
      replayed += 1;
    }
    return replayed;
  }
}
