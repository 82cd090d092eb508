/**
 * One pass of a bulk file from a socket into the registry.
 *
 * Lines are read while there are bytes at hand, up to a chunk; then the chunk is applied and only then is more read, so that
 * memory is bounded by a chunk whatever the file's size and the socket slows down to the store's pace. A job moves on by
 * whole chunks. To resume, the same file is read again from its start: its lines are skipped up to the job's mark, where the
 * digest of their bytes must be the one the job remembers.
 */
import { maskNumber, NumberIndex } from '../../../registry-cache/index.ts';
import {
  type BulkForm,
  csvReader,
  isWide,
  type LineFault,
  type LineReader,
  readJsonLine,
  withoutMark,
} from './bulk-file.ts';
import type { BulkJob, Remark } from './bulk-job.ts';
import { type Line, LineSplitter } from './line-splitter.ts';
import { BULK_CHUNK_LINES, BULK_REMARKS_KEPT, BULK_WATCHED_NUMBERS_MAX } from './limits.ts';
import type { NumberService, Order, OrderResult } from './number-service.ts';
import { OTHER_DCAS_NUMBER, REASONS } from './order-check.ts';
import { type Problem, problem, ProblemError } from '../../problem.ts';
import type { UploadBody } from './upload-body.ts';

/** Hears of each chunk once it is applied. */
export interface UploadListener {
  applied(remarks: readonly Remark[]): void;
}

interface OrderLine {
  readonly line: number;
  readonly order: Order;
}

export class BulkUpload {
  readonly #body: UploadBody;
  readonly #splitter: LineSplitter;
  readonly #read: LineReader;
  /** Numbers this upload has had, as far as they are watched. */
  readonly #seen = NumberIndex.withCapacity(0);
  /** The line taken to see what the file is, if it is an order. */
  #first: Line | undefined;
  #lineCount = 0;
  /** Of the lines since the last chunk: */
  #orders: OrderLine[] = [];
  #remarks: Remark[] = [];

  /** Reads the first line. Rejects with ProblemError for a file that is none of ours, with UploadBroken if there is no line. */
  static async open(body: UploadBody, form: BulkForm): Promise<BulkUpload> {
    const splitter = new LineSplitter();
    const first = await nextLine(splitter, body);
    if (first === undefined)
      throw new ProblemError(fileProblem('empty-file', 400, 'Empty file', 'is empty; send the lines'));
    if (isWide(first)) {
      const message = 'is not UTF-8 but an encoding of two bytes a character; save it as UTF-8';
      throw new ProblemError(fileProblem('wrong-encoding', 415, 'Wrong encoding', message));
    }
    return new BulkUpload({ body, splitter, form, first: withoutMark(first) });
  }

  private constructor({ body, splitter, form, first }: OpenedFile) {
    this.#body = body;
    this.#splitter = splitter;
    if (form === 'ndjson') {
      this.#read = readJsonLine;
      this.#first = first;
      return;
    }
    const reader = csvReader(first);
    if (typeof reader !== 'function') {
      const message = `the first line ${reader.message}`;
      throw new ProblemError(problem('bad-header', 422, 'Bad header', [{ field: '', message }]));
    }
    this.#read = reader;
    this.#lineCount = 1;
  }

  /** Skips what a job has done. Rejects with ProblemError if these are not the bytes it did it from. */
  async skipDone(job: BulkJob): Promise<void> {
    while (this.#lineCount < job.counts.lines) {
      const line = this.#first ?? (await nextLine(this.#splitter, this.#body));
      this.#first = undefined;
      if (line === undefined) throw new ProblemError(otherFile());
      this.#lineCount += 1;
      const read = this.#read(line);
      if (read !== undefined && 'order' in read) this.#watch(read.order.key);
    }
    if (job.counts.lines > 0 && this.#splitter.digest() !== job.digest) throw new ProblemError(otherFile());
  }

  /**
   * Applies the rest of the file. Rejects with UploadBroken or StoreUnavailable when it cannot go on; the job then stands at
   * the last whole chunk.
   */
  async run(job: BulkJob, service: NumberService, listener: UploadListener): Promise<void> {
    for (;;) {
      const line = this.#first ?? this.#splitter.take();
      this.#first = undefined;
      if (line !== undefined) this.#add(line);
      const isChunk = line === undefined || this.#lineCount - job.counts.lines >= BULK_CHUNK_LINES;
      if (isChunk && this.#lineCount > job.counts.lines) await this.#apply(job, service, listener);
      if (line === undefined && !(await feed(this.#splitter, this.#body))) return;
    }
  }

  #add(line: Line): void {
    this.#lineCount += 1;
    const read = this.#read(line);
    if (read === undefined) return;
    if ('fault' in read) {
      this.#remarks.push({ type: 'error', line: this.#lineCount, number: undefined, ...read.fault });
      return;
    }
    if (this.#watch(read.order.key))
      this.#remarks.push(remarkOn(this.#lineCount, read.order.key, 'warning', DUPLICATE));
    this.#orders.push({ line: this.#lineCount, order: read.order });
  }

  /** True for a number met before. */
  #watch(key: number): boolean {
    if (this.#seen.get(key) >= 0) return true;
    if (this.#seen.size < BULK_WATCHED_NUMBERS_MAX) this.#seen.set(key, 0);
    return false;
  }

  async #apply(job: BulkJob, service: NumberService, listener: UploadListener): Promise<void> {
    const remarks = this.#remarks;
    const counts = { provisioned: 0, removed: 0 };
    for (const run of runsOfDistinct(this.#orders)) {
      const orders = run.map(({ order }) => order);
      // As many failures leave a notice as the job remembers: a file of failures must not fill the store with them.
      const results = await service.execute(job.dca, orders, BULK_REMARKS_KEPT - job.remarks.length);
      results.forEach((result, index) => {
        const { line, order } = run[index] ?? { line: 0, order: undefined };
        if (order === undefined) return;
        if (result.kind === 'provisioned') counts.provisioned += 1;
        if (result.kind === 'removed') counts.removed += 1;
        const remark = remarkOnResult(line, order.key, result);
        if (remark !== undefined) remarks.push(remark);
      });
    }
    remarks.sort((a, b) => a.line - b.line);
    job.counts.lines = this.#lineCount;
    job.counts.provisioned += counts.provisioned;
    job.counts.removed += counts.removed;
    job.counts.duplicates += remarks.filter((one) => one.code === DUPLICATE.code).length;
    for (const remark of remarks) job.remark(remark);
    job.digest = this.#splitter.digest();
    this.#orders = [];
    this.#remarks = [];
    listener.applied(remarks);
  }
}

interface OpenedFile {
  readonly body: UploadBody;
  readonly splitter: LineSplitter;
  readonly form: BulkForm;
  readonly first: Line;
}

/** More bytes for the splitter. False when there are none; there may then still be a last line, once. */
async function feed(splitter: LineSplitter, body: UploadBody): Promise<boolean> {
  if (splitter.isEnded) return false;
  const block = await body.next();
  if (block === undefined) splitter.end();
  else splitter.feed(block);
  return true;
}

async function nextLine(splitter: LineSplitter, body: UploadBody): Promise<Line | undefined> {
  for (;;) {
    const line = splitter.take();
    if (line !== undefined || !(await feed(splitter, body))) return line;
  }
}

/** Cuts orders where a number comes again, so that each part has it once and the later order is the last to write. */
function* runsOfDistinct(orders: readonly OrderLine[]): Generator<readonly OrderLine[]> {
  let run: OrderLine[] = [];
  let keys = new Set<number>();
  for (const one of orders) {
    if (keys.has(one.order.key)) {
      yield run;
      run = [];
      keys = new Set();
    }
    keys.add(one.order.key);
    run.push(one);
  }
  if (run.length > 0) yield run;
}

const DUPLICATE: LineFault = {
  field: 'number',
  code: 'duplicate_number',
  message: 'was on an earlier line too; the later line wins',
};

const NOT_REGISTERED: LineFault = {
  field: 'number',
  code: 'not_registered',
  message: 'was not registered, so there was nothing to remove',
};

const OTHER_NNID: LineFault = {
  field: 'number',
  code: 'other_nnid',
  message: OTHER_DCAS_NUMBER,
};

function remarkOnResult(line: number, key: number, result: OrderResult): Remark | undefined {
  switch (result.kind) {
    case 'provisioned': {
      if (!result.isTakeover || result.replaced === undefined) return undefined;
      const { nnid, campaignId } = result.replaced;
      const message = `was registered by NNID ${nnid} to campaign ${campaignId} and has been taken over`;
      return remarkOn(line, key, 'warning', { field: 'number', code: 'took_over', message });
    }
    case 'removed':
      return undefined;
    case 'failed':
      return remarkOn(line, key, 'error', { ...REASONS[result.reason], code: result.reason });
    case 'refused':
      if (result.refusal === 'other_nnid') return remarkOn(line, key, 'error', OTHER_NNID);
      return remarkOn(line, key, 'warning', NOT_REGISTERED);
  }
}

function remarkOn(line: number, key: number, type: Remark['type'], { field, code, message }: LineFault): Remark {
  return { type, line, number: maskNumber(key), field, code, message };
}

function fileProblem(kind: string, status: number, title: string, message: string): Problem {
  return problem(kind, status, title, [{ field: '', message: `the file ${message}` }]);
}

function otherFile(): Problem {
  const message =
    'is the job of a file that begins differently; send the same file, byte for byte, or begin a job of its own without resume';
  return problem('different-file', 409, 'Different file', [{ field: 'resume', message }]);
}
