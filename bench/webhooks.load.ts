/**
 * How many webhooks a second are delivered to ten receivers, from memory and from Redis, beside plain posts of the same client at the
 * same concurrency? And how long do the posts to nine of them take while the tenth takes connections and never answers, beside a time
 * in which it does?
 *
 * The receivers have a process of their own; sender, Redis and they share the machine.
 */
import { Agent, request } from 'undici';
import { systemClock, systemTimers } from '../gateway/control/index.ts';
import { namedStream } from '../gateway/router/index.ts';
import { openWebhooks, webhookGuard, webhookId, type WebhookPost, type Webhooks } from '../gateway/webhooks/index.ts';
import { openRedis, type RedisConnection } from '../registry-cache/redis/index.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series, type Side } from './harness.ts';
import { PEERS } from './peers/index.ts';
import { sharedNowMs } from './peers/webhook-receivers.ts';
import { startPeer } from './processes.ts';

const BENCH = 'webhooks';
const RECEIVERS = 10;
/** Posts at once and connections to one host, as the sender has them at most. */
const AT_ONCE = 128;
const CONNECTIONS = 32;
const MS_PER_SECOND = 1_000;
/** How often posts are made while their times are taken. */
const TICK_MS = 10;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const posts = isTiny ? 200 : 20_000;
  const rounds = isTiny ? 1 : 5;
  const timing = { perSecond: isTiny ? 200 : 500, seconds: isTiny ? 0.3 : 15 };
  const timingRounds = isTiny ? 1 : 3;
  const server = await startRedisServer();
  const connection = await openRedis(server.url);
  const receivers = await startPeer('webhook-receivers', PEERS['webhook-receivers'], { receivers: RECEIVERS });
  const { urls } = receivers.ready;
  let made = 0;
  const nextPost = (): WebhookPost => {
    const subject = `M${(made += 1)}`;
    const url = urls[made % RECEIVERS]!;
    const body = JSON.stringify({
      event: 'receipt',
      id: subject,
      carrier: 'att',
      receipt: 'ACCEPTD',
      at: sharedNowMs(),
    });
    return { id: webhookId(subject, 0), subject, order: 0, url, body };
  };
  const received = async (): Promise<number> => (await receivers.ask({ kind: 'tell' })).count;
  const allReceived = async (count: number): Promise<void> => {
    while ((await received()) < count) await sleep(2);
  };

  const delivered = (name: string, send: (all: readonly WebhookPost[]) => Promise<() => Promise<void>>): Side => ({
    name,
    unit: 'posts/s',
    async measure() {
      await receivers.ask({ kind: 'begin' });
      const all = Array.from({ length: posts }, nextPost);
      const startMs = performance.now();
      const close = await send(all);
      await allReceived(posts);
      const tookMs = performance.now() - startMs;
      await close();
      return (posts * MS_PER_SECOND) / tookMs;
    },
  });
  const through = (redis: RedisConnection | undefined) => async (all: readonly WebhookPost[]) => {
    const webhooks = await opened(redis, seed);
    await webhooks.add(all);
    return () => webhooks.close();
  };

  const timed = (name: string, redis: RedisConnection | undefined, firstIsSilent: boolean): Side => ({
    name,
    unit: 'ms',
    async measure() {
      await receivers.ask({ kind: 'begin', firstIsSilent });
      const webhooks = await opened(redis, seed);
      const { perSecond, seconds } = timing;
      const startMs = performance.now();
      for (let sent = 0; sent < perSecond * seconds;) {
        const due = Math.ceil(((performance.now() - startMs) * perSecond) / MS_PER_SECOND);
        const some = Array.from({ length: Math.min(due, perSecond * seconds) - sent }, nextPost);
        sent += some.length;
        await webhooks.add(some);
        await sleep(TICK_MS);
      }
      await allReceived(Math.floor(perSecond * seconds * (firstIsSilent ? 1 - 1 / RECEIVERS : 1)) - RECEIVERS);
      await webhooks.close();
      return (await receivers.ask({ kind: 'tell' })).p99Ms;
    },
  });

  try {
    const [memory, redis, plain] = (await interleave(
      [
        delivered('webhooks in memory', through(undefined)),
        delivered('webhooks in Redis', through(connection)),
        delivered('plain undici posts', sendPlainly),
      ],
      rounds,
      1,
    )) as [Series, Series, Series];
    const p99s = (await interleave(
      [
        timed('in memory, one of ten silent', undefined, true),
        timed('in memory, all ten answer', undefined, false),
        timed('in Redis, one of ten silent', connection, true),
        timed('in Redis, all ten answer', connection, false),
      ],
      timingRounds,
      0,
    )) as [Series, Series, Series, Series];
    const params = { receivers: RECEIVERS, posts, rounds, atOnce: AT_ONCE };
    const figure = (name: string, subject: Series): Figure =>
      figureOf({ bench: BENCH, figure: name, params, subject, baseline: plain });
    const timingParams = { receivers: RECEIVERS, ...timing, rounds: timingRounds };
    const p99 = (where: string, subject: Series, baseline: Series): Figure =>
      figureOf({
        bench: BENCH,
        figure: `p99 at nine of ten receivers, ${where}`,
        params: timingParams,
        subject,
        baseline,
        isLessBetter: true,
      });
    return [
      figure('delivered from memory', memory),
      figure('delivered from Redis', redis),
      p99('from memory', p99s[0], p99s[1]),
      p99('from Redis', p99s[2], p99s[3]),
    ];
  } finally {
    await receivers.stop();
    await connection.close();
    await server.stop();
  }
}

/** Webhooks that send, from an empty queue. */
async function opened(connection: RedisConnection | undefined, seed: number): Promise<Webhooks> {
  await connection?.client.flushall();
  const webhooks = openWebhooks({
    guard: webhookGuard([]),
    accounts: { of: () => undefined, gone: () => Promise.resolve() },
    connection,
    clock: systemClock,
    timers: systemTimers,
    machineClock: systemClock,
    machineTimers: systemTimers,
    chance: namedStream(seed, 'bench/webhooks'),
    log: { warn: () => {} },
  });
  webhooks.start();
  return webhooks;
}

/** Posts as a program would that keeps no queue, signs nothing and tries nothing again. */
function sendPlainly(all: readonly WebhookPost[]): Promise<() => Promise<void>> {
  const dispatcher = new Agent({ connections: CONNECTIONS, pipelining: 1 });
  let next = 0;
  const sendOn = async (): Promise<void> => {
    for (let post = all[next++]; post !== undefined; post = all[next++]) {
      const headers = { 'content-type': 'application/json' };
      const answer = await request(post.url, { method: 'POST', headers, body: post.body, dispatcher });
      await answer.body.dump();
    }
  };
  const sending = Promise.all(Array.from({ length: AT_ONCE }, () => sendOn()));
  return Promise.resolve(async () => {
    await sending;
    await dispatcher.close();
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
