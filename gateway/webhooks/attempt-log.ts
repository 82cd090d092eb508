/**
 * What this process tried lately: a post that is done leaves its queue, and whoever looks at a message still wants to know that it came.
 *
 * A ring of attempts in columns, the subjects as bytes in one of them: as objects they would outlive many collections, which posts would
 * pay for. Finding those of a message is a search through the bytes.
 */
import { WEBHOOK_LOG_ATTEMPTS_MAX } from '../limits.ts';
import { type Attempt, ATTEMPT_RESULTS, type AttemptResult } from './post-sender.ts';
import { failoverId, webhookId, type WebhookPost } from './webhook-post.ts';

export interface LoggedAttempt extends Pick<WebhookPost, 'id' | 'subject' | 'order' | 'url'> {
  readonly style: number | undefined;
  readonly result: AttemptResult;
  readonly status: number | undefined;
  readonly atMs: number;
}

/** The oldest attempt first. */
export interface AttemptLogState {
  readonly attempts: readonly LoggedAttempt[];
  readonly hasForgotten: boolean;
}

/** A UUID or the id of a message, and a part's number behind it. */
const SUBJECT_BYTES = 40;
const END = 0;
const DOT = 46;
const NO_STYLE = 255;

const emptyColumns = () => ({
  subjects: Buffer.alloc(WEBHOOK_LOG_ATTEMPTS_MAX * SUBJECT_BYTES),
  urls: Array.from<string>({ length: WEBHOOK_LOG_ATTEMPTS_MAX }).fill(''),
  order: new Uint8Array(WEBHOOK_LOG_ATTEMPTS_MAX),
  isFailover: new Uint8Array(WEBHOOK_LOG_ATTEMPTS_MAX),
  style: new Uint8Array(WEBHOOK_LOG_ATTEMPTS_MAX),
  result: new Uint8Array(WEBHOOK_LOG_ATTEMPTS_MAX),
  status: new Uint16Array(WEBHOOK_LOG_ATTEMPTS_MAX),
  atMs: new Float64Array(WEBHOOK_LOG_ATTEMPTS_MAX),
});

export class AttemptLog {
  /** Most gateways are sandboxes, which post nothing or little: there are none before the first attempt. */
  #columns: ReturnType<typeof emptyColumns> | undefined;
  #count = 0;
  #hasForgotten = false;

  /** Whether there were attempts that are not in it any more. */
  get hasForgotten(): boolean {
    return this.#hasForgotten || this.#count > WEBHOOK_LOG_ATTEMPTS_MAX;
  }

  add(post: Omit<WebhookPost, 'body'>, { result, status = 0 }: Attempt, atMs: number): void {
    const { id, subject, order, url, style = NO_STYLE } = post;
    if (subject.length > SUBJECT_BYTES) return;
    const columns = (this.#columns ??= emptyColumns());
    const at = this.#count % WEBHOOK_LOG_ATTEMPTS_MAX;
    this.#count += 1;
    const start = at * SUBJECT_BYTES;
    columns.subjects.write(subject, start, 'latin1');
    columns.subjects.fill(END, start + subject.length, start + SUBJECT_BYTES);
    columns.urls[at] = url;
    columns.order[at] = order;
    columns.isFailover[at] = Number(id.endsWith(FAILOVER));
    columns.style[at] = style;
    columns.result[at] = ATTEMPT_RESULTS.indexOf(result);
    columns.status[at] = status;
    columns.atMs[at] = atMs;
  }

  /** Attempts at posts about a message or its parts, the oldest first. Cost: a search through a megabyte, at most. */
  of(message: string): readonly LoggedAttempt[] {
    if (this.#columns === undefined || message === '') return [];
    const { subjects } = this.#columns;
    const places: number[] = [];
    for (let found = subjects.indexOf(message, 0, 'latin1'); found >= 0;) {
      const next = found + message.length;
      const isWhole = next % SUBJECT_BYTES === 0 || subjects[next] === END || subjects[next] === DOT;
      if (found % SUBJECT_BYTES === 0 && isWhole) places.push(found / SUBJECT_BYTES);
      found = subjects.indexOf(message, next, 'latin1');
    }
    return this.#inOrder(places);
  }

  capture(): AttemptLogState {
    const count = Math.min(this.#count, WEBHOOK_LOG_ATTEMPTS_MAX);
    const attempts = this.#inOrder(Array.from({ length: count }, (_, place) => place));
    return { attempts, hasForgotten: this.hasForgotten };
  }

  restore({ attempts, hasForgotten }: AttemptLogState): void {
    this.#columns = undefined;
    this.#count = 0;
    this.#hasForgotten = hasForgotten;
    for (const { style, status, ...attempt } of attempts) {
      const { result, atMs } = attempt;
      const answered = { result, ...(status !== undefined && { status }) };
      this.add({ ...attempt, ...(style !== undefined && { style }) }, answered, atMs);
    }
  }

  #inOrder(places: readonly number[]): readonly LoggedAttempt[] {
    const first = this.#count > WEBHOOK_LOG_ATTEMPTS_MAX ? this.#count % WEBHOOK_LOG_ATTEMPTS_MAX : 0;
    const age = (at: number): number => (at - first + WEBHOOK_LOG_ATTEMPTS_MAX) % WEBHOOK_LOG_ATTEMPTS_MAX;
    return places.toSorted((a, b) => age(a) - age(b)).map((at) => this.#read(at));
  }

  #read(at: number): LoggedAttempt {
    const columns = (this.#columns ??= emptyColumns());
    const bytes = columns.subjects.subarray(at * SUBJECT_BYTES, (at + 1) * SUBJECT_BYTES);
    const end = bytes.indexOf(END);
    const subject = bytes.toString('latin1', 0, end < 0 ? SUBJECT_BYTES : end);
    const { order: orders, style: styles, status: answered, result: results } = columns;
    const [order = 0, style = NO_STYLE, status = 0] = [orders[at], styles[at], answered[at]];
    const id = webhookId(subject, order);
    return {
      id: columns.isFailover[at] === 1 ? failoverId(id) : id,
      subject,
      order,
      url: columns.urls[at] ?? '',
      style: style === NO_STYLE ? undefined : style,
      result: ATTEMPT_RESULTS[results[at] ?? 0] ?? 'ok',
      status: status === 0 ? undefined : status,
      atMs: columns.atMs[at] ?? 0,
    };
  }
}

const FAILOVER = failoverId('');
