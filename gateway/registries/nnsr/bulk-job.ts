/**
 * Bulk jobs: how far the file of each has been applied, what came of it, and enough to go on with the same file later.
 *
 * A job moves on by whole chunks, after the store has taken them. It remembers no number, only masks of those that had an
 * error. Jobs are bounded in number and in age, and live in this process.
 */
import type { Clock } from '../../router/index.ts';
import type { BulkForm } from './bulk-file.ts';
import type { Dca } from './dcas.ts';
import { BULK_JOB_LIFE_MS, BULK_JOBS_MAX, BULK_REMARKS_KEPT, BULK_RUNNING_MAX } from './limits.ts';
import { problem, ProblemError } from '../../problem.ts';

/** An error or a warning about one line. */
export interface Remark {
  readonly type: 'error' | 'warning';
  /** From 1. */
  readonly line: number;
  /** Masked; undefined where the line has no number that can be read. */
  readonly number: string | undefined;
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface BulkCounts {
  /** Lines of the file that are done with, whatever came of them. */
  lines: number;
  provisioned: number;
  removed: number;
  errors: number;
  warnings: number;
  /** Of the warnings: numbers that an earlier line had. */
  duplicates: number;
}

/** Why a job has not come to its end. */
export interface Stop {
  readonly code: 'socket_closed' | 'idle' | 'store_unavailable' | 'internal';
  readonly message: string;
  readonly retryAfterS?: number;
}

type BulkJobState = Pick<
  BulkJob,
  'id' | 'dca' | 'form' | 'counts' | 'digest' | 'state' | 'stop' | 'touchedAtMs' | 'remarks'
>;

export interface BulkJobsState {
  readonly tag: string;
  readonly count: number;
  /** The least recently written to first. */
  readonly jobs: readonly BulkJobState[];
}

export class BulkJob {
  readonly id: string;
  readonly dca: Dca;
  readonly form: BulkForm;
  readonly counts: BulkCounts = { lines: 0, provisioned: 0, removed: 0, errors: 0, warnings: 0, duplicates: 0 };
  /** Digest of the bytes of the lines that are done with. */
  digest = '';
  state: 'running' | 'complete' | 'stopped' = 'running';
  stop: Stop | undefined;
  touchedAtMs: number;
  readonly #remarks: Remark[] = [];

  constructor(id: string, dca: Dca, form: BulkForm, nowMs: number) {
    this.id = id;
    this.dca = dca;
    this.form = form;
    this.touchedAtMs = nowMs;
  }

  /** A job that was captured. */
  static restored({ id, dca, form, touchedAtMs, counts, digest, state, stop, remarks }: BulkJobState): BulkJob {
    const job = new BulkJob(id, dca, form, touchedAtMs);
    Object.assign(job.counts, counts);
    job.#remarks.push(...remarks);
    return Object.assign(job, { digest, state, stop });
  }

  capture(): BulkJobState {
    const { id, dca, form, counts, digest, state, stop, touchedAtMs, remarks } = this;
    return { id, dca, form, counts, digest, state, stop, touchedAtMs, remarks };
  }

  /** The first errors and warnings, by line. */
  get remarks(): readonly Remark[] {
    return this.#remarks;
  }

  remark(one: Remark): void {
    if (one.type === 'error') this.counts.errors += 1;
    else this.counts.warnings += 1;
    if (this.#remarks.length < BULK_REMARKS_KEPT) this.#remarks.push(one);
  }
}

/** A job as answers show it. */
export function describeJob(job: BulkJob): object {
  const { id, state, form, counts, stop } = job;
  const remarksKept = job.remarks.length;
  return {
    job: id,
    state,
    form,
    ...counts,
    remarksKept,
    ...(stop !== undefined && { stopped: stop, resume: `POST /nnsr/v1/bulk?resume=${id} with the same file` }),
  };
}

/** A refusal that waiting may lift. */
export class UploadsBusy extends ProblemError {}

export class BulkJobs {
  /** The least recently written to first. */
  readonly #jobs = new Map<string, BulkJob>();
  readonly #clock: Clock;
  #tag: string;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tag = clock.nowMs().toString(36).toUpperCase();
  }

  /** All jobs; none may be running, since a socket cannot be kept. */
  capture(): BulkJobsState {
    return { tag: this.#tag, count: this.#count, jobs: Array.from(this.#jobs.values(), (job) => job.capture()) };
  }

  /** Holds what another captured, and no longer what it held itself. */
  restore({ tag, count, jobs }: BulkJobsState): void {
    this.#tag = tag;
    this.#count = count;
    this.#jobs.clear();
    for (const job of jobs) this.#jobs.set(job.id, BulkJob.restored(job));
  }

  get runningCount(): number {
    return [...this.#jobs.values()].filter((job) => job.state === 'running').length;
  }

  /** A new job, running. Throws UploadsBusy when as many uploads are under way as may be. */
  start(dca: Dca, form: BulkForm): BulkJob {
    this.#forgetOld();
    this.#checkRunning();
    if (this.#jobs.size >= BULK_JOBS_MAX) this.#forgetOldest();
    this.#count += 1;
    const job = new BulkJob(`J${this.#tag}-${this.#count}`, dca, form, this.#clock.nowMs());
    this.#jobs.set(job.id, job);
    return job;
  }

  /** Throws ProblemError if the DCA has no such job. */
  find(dca: Dca, id: string): BulkJob {
    this.#forgetOld();
    const job = this.#jobs.get(id);
    if (job === undefined || job.dca.id !== dca.id) {
      const message =
        'is no job of this DCA, or one so old that it was forgotten; upload the file again without resume';
      throw new ProblemError(problem('no-such-job', 404, 'No such job', [{ field: 'job', message }]));
    }
    return job;
  }

  /** A stopped job, running again. Throws ProblemError if it cannot go on. */
  resume(dca: Dca, id: string, form: BulkForm): BulkJob {
    const job = this.find(dca, id);
    const refusal = whyNotResumable(job, form);
    if (refusal !== undefined) {
      const one = problem('not-resumable', 409, 'Cannot be resumed', [{ field: 'resume', message: refusal }]);
      throw job.state === 'running' ? new UploadsBusy(one) : new ProblemError(one);
    }
    this.#checkRunning();
    job.state = 'running';
    this.touch(job);
    return job;
  }

  touch(job: BulkJob): void {
    job.touchedAtMs = this.#clock.nowMs();
    this.#jobs.delete(job.id);
    this.#jobs.set(job.id, job);
  }

  #checkRunning(): void {
    if (this.runningCount < BULK_RUNNING_MAX) return;
    const message = `${BULK_RUNNING_MAX} uploads are under way, which is the most; try again when one has ended`;
    throw new UploadsBusy(problem('too-many-uploads', 429, 'Too many uploads', [{ field: '', message }]));
  }

  #forgetOldest(): void {
    for (const job of this.#jobs.values()) {
      if (job.state === 'running') continue;
      this.#jobs.delete(job.id);
      return;
    }
  }

  #forgetOld(): void {
    const sinceMs = this.#clock.nowMs() - BULK_JOB_LIFE_MS;
    for (const job of this.#jobs.values()) {
      if (job.state !== 'running' && job.touchedAtMs <= sinceMs) this.#jobs.delete(job.id);
    }
  }
}

function whyNotResumable({ id, state, form }: BulkJob, given: BulkForm): string | undefined {
  if (state === 'complete') return `is complete; GET /nnsr/v1/bulk/${id} has its result`;
  if (state === 'running') return 'is still being read from another socket; try again in a little while';
  return form === given ? undefined : `was begun with a file in ${form}; send the same file`;
}
