/**
 * Posts waiting in Redis, as jobs of BullMQ: one job per post, under the post's id. They are there whoever dies, and any process on the
 * same Redis may send them.
 *
 * A job whose process died is stalled: its lock runs out, and another process takes it, at once marked as a repeat, since nobody knows
 * how far it had come. A job of which Redis could not be told that it was done goes the same way. So a post is sent at least once.
 *
 * Delays and ages here are in the time of Redis and the machine, whatever the gateway's clock says.
 *
 * What is sent, or about to be, waits for Redis if it is away. Whoever asks how it goes is answered, or told that Redis is away.
 */
import { DelayedError, type Job, type JobsOptions, Queue, UnrecoverableError, Worker } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import {
  JOB_LOCK_MS,
  JOB_STALLED_CHECK_MS,
  JOB_STALLED_MAX,
  SHUTDOWN_GRACE_MS,
  WEBHOOK_AGE_MS_MAX,
  WEBHOOK_DEAD_LETTERS_MAX,
  WEBHOOK_ERROR_RETRY_MS,
  WEBHOOK_HOST_HELD_MAX,
  WEBHOOKS_AT_ONCE,
  WEBHOOKS_PER_ADD,
} from '../limits.ts';
import type { WebhookPost } from './webhook-post.ts';
import {
  type DeadLetter,
  type Fate,
  type QueueCounts,
  QueueUnavailable,
  type Standing,
  type Take,
  type WebhookQueue,
  type Why,
} from './webhook-queue.ts';

export const WEBHOOK_QUEUE = 'webhooks';
const PREFIX = 'tollgate:{delivery}:queue';
const KEY = `${PREFIX}:${WEBHOOK_QUEUE}`;

const OPTIONS: JobsOptions = {
  // When enough were made is decided by whoever handles the post.
  attempts: Number.MAX_SAFE_INTEGER,
  backoff: { type: 'decided' },
  removeOnComplete: true,
  removeOnFail: { count: WEBHOOK_DEAD_LETTERS_MAX },
};

const PUT_BACK: Fate = { kind: 'later', delayMs: 0 };

/** KEYS job, failed, delayed. ARGV id. Milliseconds until its turn, 0 if it has come, -1 if it is not pending. */
const DUE_IN = `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('ZSCORE', KEYS[2], ARGV[1]) then return -1 end
local score = redis.call('ZSCORE', KEYS[3], ARGV[1])
if not score then return 0 end
local time = redis.call('TIME')
return math.max(0, math.floor(score / 4096) - math.floor(time[1] * 1000 + time[2] / 1000))`;

/** KEYS what keys of jobs begin with, failed, delayed, active. ARGV ids. Of those that are pending or dead: id, how it stands, milliseconds until its turn. */
const FIND = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for _, id in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[1] .. id) == 1 then
    local due = redis.call('ZSCORE', KEYS[3], id)
    if redis.call('ZSCORE', KEYS[2], id) then table.insert(found, {id, 'dead', 0})
    elseif due then table.insert(found, {id, 'waiting', math.max(0, math.floor(due / 4096) - nowMs)})
    elseif redis.call('LPOS', KEYS[4], id) then table.insert(found, {id, 'under_way', 0})
    else table.insert(found, {id, 'waiting', 0}) end
  end
end
return found`;

/** Of all posts held for a host, by when they come again. */
const heldKey = (host: string): string => `tollgate:{delivery}:webhooks:held:${host}`;
/** How long one may come late before it counts as gone: nobody says when it is. */
const HELD_LATE_MS = 60_000;

/** KEYS held posts of a host. ARGV id, for how long, how many there may be, how late one may be, how long the key stays. 1 if it is held. */
const HOLD = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs - ARGV[4])
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], nowMs + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1`;

/** KEYS job. ARGV data. Has a job that is there begin anew with them. */
const RENEW = `
if redis.call('EXISTS', KEYS[1]) == 0 then return end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'data', ARGV[1], 'timestamp', time[1] * 1000 + math.floor(time[2] / 1000))`;

/** Thrown so that BullMQ tries the job again after `delayMs`. */
class Again extends Error {
  readonly delayMs: number;

  constructor({ delayMs, why }: Fate & { kind: 'again' }) {
    super(textOf(why));
    this.delayMs = delayMs;
    // BullMQ keeps the stack with the job if there is one.
    this.stack = '';
  }
}

export class BullmqQueue implements WebhookQueue {
  readonly survives = true;
  readonly droppedCount = 0;
  readonly #client: ReturnType<RedisConnection['queueClient']>;
  readonly #queue: Queue<WebhookPost>;
  /** To ask how it goes: fails while Redis is away. */
  readonly #askClient: RedisConnection['client'];
  readonly #askQueue: Queue<WebhookPost>;
  readonly #onOutage: (error: Error) => void;
  #worker: Worker<WebhookPost> | undefined;
  #adding = 0;
  #underWay = 0;
  #isDraining = false;
  #isClosed = false;

  constructor(parts: {
    readonly connection: Pick<RedisConnection, 'client' | 'queueClient'>;
    /** Told of what goes wrong between here and Redis, except that it is away. */
    readonly onOutage: (error: Error) => void;
  }) {
    this.#onOutage = parts.onOutage;
    this.#client = parts.connection.queueClient();
    this.#queue = new Queue<WebhookPost>(WEBHOOK_QUEUE, { connection: this.#client, prefix: PREFIX });
    this.#askClient = parts.connection.client;
    this.#askQueue = new Queue<WebhookPost>(WEBHOOK_QUEUE, { connection: this.#askClient, prefix: PREFIX });
    for (const queue of [this.#queue, this.#askQueue]) queue.on('error', (error) => this.#complain(error));
  }

  get unfinishedCount(): number {
    return this.#adding + this.#underWay;
  }

  get underWayCount(): number {
    return this.#underWay;
  }

  async add(posts: readonly WebhookPost[]): Promise<void> {
    this.#adding += posts.length;
    try {
      for (let from = 0; from < posts.length; from += WEBHOOKS_PER_ADD) {
        await this.#addSome(posts.slice(from, from + WEBHOOKS_PER_ADD));
      }
    } finally {
      this.#adding -= posts.length;
    }
  }

  work(handle: (take: Take) => Promise<Fate>): void {
    const worker = new Worker<WebhookPost>(WEBHOOK_QUEUE, (job, token) => this.#carryOut(job, token, handle), {
      connection: this.#client,
      prefix: PREFIX,
      concurrency: WEBHOOKS_AT_ONCE,
      lockDuration: JOB_LOCK_MS,
      stalledInterval: JOB_STALLED_CHECK_MS,
      maxStalledCount: JOB_STALLED_MAX,
      // Of a job that is done while Redis is away, Redis is told as soon as it is back.
      runRetryDelay: WEBHOOK_ERROR_RETRY_MS,
      settings: {
        backoffStrategy: (_attempts, _type, error) => (error instanceof Again ? error.delayMs : WEBHOOK_ERROR_RETRY_MS),
      },
    });
    worker.on('error', (error) => this.#complain(error));
    this.#worker = worker;
  }

  async dueIn(id: string): Promise<number | undefined> {
    const keys = [`${KEY}:${id}`, `${KEY}:failed`, `${KEY}:delayed`];
    const found = Number(await this.#client.eval(DUE_IN, keys.length, ...keys, id));
    return found < 0 ? undefined : found;
  }

  async hold(host: string, id: string, forMs: number): Promise<boolean> {
    const bounds = [WEBHOOK_HOST_HELD_MAX, HELD_LATE_MS, WEBHOOK_AGE_MS_MAX];
    return (await this.#client.eval(HOLD, 1, heldKey(host), id, forMs, ...bounds)) === 1;
  }

  wake(): void {
    // To find them in Redis would cost more than it spares: they come when their delays are over.
  }

  async find(ids: readonly string[]): Promise<readonly Standing[]> {
    const places = [`${KEY}:`, `${KEY}:failed`, `${KEY}:delayed`, `${KEY}:active`];
    const found = (await asked(this.#askClient.eval(FIND, places.length, ...places, ...ids))) as readonly [
      id: string,
      state: Standing['state'],
      dueInMs: number,
    ][];
    const standings = found.map(async ([id, state, dueInMs]) => {
      const job = await asked(this.#askQueue.getJob(id));
      if (job === undefined) return [];
      const { data: post, attemptsMade } = job;
      return [{ post, state, attemptsMade, ...(state === 'waiting' && { dueInMs }) }];
    });
    return (await Promise.all(standings)).flat();
  }

  async counts(): Promise<QueueCounts> {
    const counts = await asked(this.#askQueue.getJobCounts('wait', 'active', 'delayed', 'failed'));
    const { wait = 0, active = 0, delayed = 0, failed = 0 } = counts;
    return { pending: wait + active + delayed, dead: failed };
  }

  async deadLetters(from: number, count: number): Promise<readonly DeadLetter[]> {
    const jobs = await asked(this.#askQueue.getFailed(from, from + count - 1));
    return jobs.map((job) => ({
      post: job.data,
      why: whyOf(job.failedReason),
      attempts: job.attemptsMade,
      atMs: job.finishedOn ?? 0,
    }));
  }

  async replay(ids: readonly string[]): Promise<number> {
    let count = 0;
    for (const id of ids) {
      const job = await asked(this.#askQueue.getJob(id));
      if (job === undefined || !(await asked(job.isFailed()))) continue;
      const data = JSON.stringify({ ...job.data, isRepeat: true });
      await asked(this.#askClient.eval(RENEW, 1, `${KEY}:${id}`, data));
      try {
        await job.retry('failed', { resetAttemptsMade: true });
        count += 1;
      } catch (error) {
        // BullMQ numbers its reasons: somebody else replayed it, or it was forgotten.
        if (!(error instanceof Error && 'code' in error && typeof error.code === 'number')) {
          throw new QueueUnavailable(error);
        }
      }
    }
    return count;
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#worker?.close();
  }

  /** What is under way gets a short while to end, and is left to other processes otherwise. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker !== undefined) {
      // Without Redis a worker never comes to its end.
      await Promise.race([worker.close(), sleep(SHUTDOWN_GRACE_MS, undefined, { ref: false })]);
    }
    await Promise.all([this.#queue.close(), this.#askQueue.close()]);
    this.#client.disconnect();
  }

  async #addSome(posts: readonly WebhookPost[]): Promise<void> {
    const opts = (id: string): JobsOptions => ({ ...OPTIONS, jobId: id });
    for (let isAgain = false; ; isAgain = true) {
      try {
        // A job that is there stays as it is. But what was added the first time may be done and gone by now.
        const jobs = posts.map((post) => ({
          name: 'post',
          data: isAgain ? { ...post, isRepeat: true } : post,
          opts: opts(post.id),
        }));
        await this.#queue.addBulk(jobs);
        return;
      } catch (error) {
        if (this.#isClosed) throw error;
        await sleep(WEBHOOK_ERROR_RETRY_MS);
      }
    }
  }

  async #carryOut(
    job: Job<WebhookPost>,
    token: string | undefined,
    handle: (take: Take) => Promise<Fate>,
  ): Promise<void> {
    const { data: post, attemptsMade, stalledCounter, timestamp, processedOn = timestamp } = job;
    const isRepeat = attemptsMade > 0 || stalledCounter > 0 || post.isRepeat === true;
    this.#underWay += 1;
    try {
      // A job that was on its way here when draining began is for somebody else.
      const fate: Fate = this.#isDraining
        ? PUT_BACK
        : await handle({ post, attemptsMade, isRepeat, ageMs: processedOn - timestamp });
      switch (fate.kind) {
        case 'done':
          return;
        case 'later':
          // From when it was taken, a moment ago.
          await job.moveToDelayed(processedOn + fate.delayMs, token);
          throw new DelayedError();
        case 'again':
          throw new Again(fate);
        case 'dead':
          throw Object.assign(new UnrecoverableError(textOf(fate.why)), { stack: '' });
      }
    } finally {
      this.#underWay -= 1;
    }
  }

  #complain(error: Error): void {
    // That Redis is away its client knows; everybody waits for it.
    if (!this.#isClosed && this.#client.status === 'ready') this.#onOutage(error);
  }
}

async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw new QueueUnavailable(error);
  }
}

/** BullMQ keeps one text with a job that failed: the reason, and the status behind it. */
function textOf({ reason, status }: Why): string {
  return status === undefined ? reason : `${reason} ${status}`;
}

function whyOf(text: string | undefined): Why {
  const [reason = '', status] = (text ?? '').split(' ');
  return status === undefined ? { reason } : { reason, status: Number(status) };
}
