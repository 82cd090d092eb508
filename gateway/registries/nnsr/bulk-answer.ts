/** The streamed answer to an upload: lines of NDJSON while it is under way, the result as the last. */
import { Readable } from 'node:stream';
import type { Clock } from '../../router/index.ts';
import { type BulkJob, describeJob, type Remark } from './bulk-job.ts';
import type { UploadListener } from './bulk-upload.ts';
import { BULK_PROGRESS_MS, BULK_UNREAD_BYTES_MAX } from './limits.ts';

export class BulkAnswer implements UploadListener {
  readonly stream = new Readable({ read: () => undefined });
  readonly #job: BulkJob;
  readonly #clock: Clock;
  #toldAtMs: number;
  #omitted = 0;

  constructor(job: BulkJob, clock: Clock) {
    this.#job = job;
    this.#clock = clock;
    this.#toldAtMs = clock.nowMs();
    this.#write({ type: 'job', ...describeJob(job) });
  }

  applied(remarks: readonly Remark[]): void {
    for (const remark of remarks) {
      if (this.#isUnread()) this.#omitted += 1;
      else this.#write(remark);
    }
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#toldAtMs < BULK_PROGRESS_MS || this.#isUnread()) return;
    this.#toldAtMs = nowMs;
    this.#write({ type: 'progress', ...this.#job.counts });
  }

  /** The last line. `omitted` are errors and warnings its client was too slow for. */
  end(): void {
    this.#write({ type: 'end', ...describeJob(this.#job), omitted: this.#omitted });
    this.stream.push(null);
  }

  #isUnread(): boolean {
    return this.stream.readableLength > BULK_UNREAD_BYTES_MAX;
  }

  #write(line: object): void {
    if (!this.stream.destroyed) this.stream.push(`${JSON.stringify(line)}\n`);
  }
}
