/**
 * How many messages a second are accepted only once they are in Redis, written to its append-only file, and what that costs an answer.
 *
 * Batches by HTTP to one gateway that leaves delivery to others, first with nobody delivering, then with a worker beside it. The baseline
 * is what is usually done: one job of BullMQ for each message, as many of them under way as the gateway has messages in its requests.
 * What it adds to an answer is measured at half the rate asked for, by a load that keeps its times whatever the answers do, before there is a
 * worker and with it at work, against a gateway that keeps nothing and delivers by itself. The gateway, Redis, the worker and the clients share the machine.
 */
import { Queue } from 'bullmq';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '../registry-cache/redis/index.ts';
import { LATENCY_STEP_MS, type LatencyReport } from '../gateway/load/index.ts';
import { startRedisServer, tell } from '../scripts/redis-server.ts';
import { startTollgate } from '../scripts/tollgate-process.ts';
import { acceptedOf, flood } from './flood.ts';
import { type BenchSettings, type Figure, figureOf, interleave, median, type Series } from './harness.ts';
import { sendOnTime } from './open-loop.ts';
import { batchBodies } from './traffic.ts';

const BENCH = 'durable-accept';
const UNIT = 'messages/s';
const ACCEPTED_MIN = 50_000;
const ADDED_MS_MAX = 10;
const MS_PER_SECOND = 1_000;
const CONNECTIONS = 4;
const DRAINED_LOOK_MS = 200;

interface Scale {
  readonly messagesPerRequest: number;
  readonly bodies: number;
  readonly numbers: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly pacedWarmUpSeconds: number;
  readonly pacedSeconds: number;
  readonly pacedRounds: number;
  readonly pacedPerSecond: number;
  readonly pacedPerRequest: number;
}

const FULL: Scale = {
  messagesPerRequest: 1_000,
  bodies: 128,
  numbers: 400_000,
  seconds: 1.5,
  rounds: 3,
  pacedWarmUpSeconds: 1,
  pacedSeconds: 4,
  pacedRounds: 2,
  pacedPerSecond: ACCEPTED_MIN / 2,
  pacedPerRequest: 100,
};

const TINY: Scale = {
  messagesPerRequest: 100,
  bodies: 4,
  numbers: 400,
  seconds: 0.2,
  rounds: 1,
  pacedWarmUpSeconds: 0.1,
  pacedSeconds: 0.4,
  pacedRounds: 1,
  pacedPerSecond: 1_000,
  pacedPerRequest: 20,
};

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const redis = await startRedisServer(['--appendonly', 'yes']);
  const environment = { REDIS_URL: redis.url };
  const closers = [(): Promise<void> => redis.stop()];
  try {
    const keeping = await startTollgate({ environment, words: ['--delivery', 'workers', '--inbox', '2097152'] });
    closers.push(() => keeping.kill());
    const forgetting = await startTollgate({ words: ['--inbox', '2097152'] });
    closers.push(() => forgetting.kill());
    // So many senders that next to none is over a limit.
    const population = { seed, campaigns: 1, numbers: scale.numbers };
    const of = (messagesPerRequest: number): Buffer[] =>
      batchBodies('ndjson', { population, messages: scale.bodies * messagesPerRequest, messagesPerRequest });
    const bodies = of(scale.messagesPerRequest);
    const figures = [await acceptedFigure(keeping.url, redis.url, bodies, scale)];
    const paced = of(scale.pacedPerRequest);
    const waiting = { scale, meanwhile: 'delivered by nobody yet', isTiny };
    figures.push(...(await addedFigures(keeping.url, forgetting.url, paced, waiting)));
    const worker = await startTollgate({ command: 'worker', environment });
    closers.push(() => worker.kill());
    while (Number(await tell(redis, 'GET tollgate:{delivery}:openMessages')) > 0) await sleep(DRAINED_LOOK_MS);
    const delivered = { scale, meanwhile: 'delivered by a worker', isTiny };
    figures.push(...(await addedFigures(keeping.url, forgetting.url, paced, delivered)));
    const unit = UNIT;
    const [subject, baseline] = (await interleave(
      [
        { name: 'kept and delivered', unit, measure: () => flooded(keeping.url, bodies, scale) },
        { name: 'kept nowhere and delivered', unit, measure: () => flooded(forgetting.url, bodies, scale) },
      ],
      scale.rounds,
      0,
    )) as [Series, Series];
    figures.push(
      figureOf({
        bench: BENCH,
        figure: 'accepted while a worker delivers',
        params: paramsOf(scale),
        subject,
        baseline,
      }),
    );
    return figures;
  } finally {
    for (const close of closers.toReversed()) await close();
  }
}

function paramsOf({ messagesPerRequest, seconds }: Scale): Figure['params'] {
  return { messagesPerRequest, requestsInFlight: CONNECTIONS, seconds };
}

async function acceptedFigure(url: string, redisUrl: string, bodies: Buffer[], scale: Scale): Promise<Figure> {
  const connection = await openRedis(redisUrl);
  const queue = new Queue('one-each', { connection: connection.client, prefix: 'bench' });
  const [first] = bodies;
  const texts = first!.toString().split('\n');
  try {
    const unit = UNIT;
    const [subject, baseline] = (await interleave(
      [
        { name: 'kept in groups', unit, measure: () => flooded(url, bodies, scale) },
        { name: 'a job of BullMQ each', unit, measure: () => jobs(queue, texts, scale) },
      ],
      scale.rounds,
      0,
    )) as [Series, Series];
    return figureOf({
      bench: BENCH,
      figure: 'accepted once in Redis',
      params: paramsOf(scale),
      subject,
      baseline,
      target: [{ measure: 'median', atLeast: ACCEPTED_MIN }],
    });
  } finally {
    await queue.close();
    await connection.close();
  }
}

/** Jobs a second, each of one message and added on its own, as many at once as messages are in requests of the other side. */
async function jobs(queue: Queue, texts: readonly string[], scale: Scale): Promise<number> {
  const startMs = performance.now();
  const untilMs = startMs + scale.seconds * MS_PER_SECOND;
  let added = 0;
  const keepAdding = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      await queue.add('deliver', { message: texts[added % texts.length] }, { removeOnComplete: true });
      added += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS * scale.messagesPerRequest }, keepAdding));
  return (added * MS_PER_SECOND) / (performance.now() - startMs);
}

/** What keeping adds to an answer, by turns with a gateway that keeps nothing. */
async function addedFigures(
  keeping: string,
  forgetting: string,
  bodies: readonly Buffer[],
  { scale, meanwhile, isTiny }: { readonly scale: Scale; readonly meanwhile: string; readonly isTiny: boolean },
): Promise<Figure[]> {
  const { pacedPerSecond, pacedPerRequest, pacedSeconds: seconds, pacedRounds } = scale;
  const params = { messagesPerSecond: pacedPerSecond, messagesPerRequest: pacedPerRequest, seconds };
  const unit = 'ms';
  const medians: number[][] = [[], []];
  const sideOf = (name: string, url: string, place: number) => ({
    name,
    unit,
    measure: async () => {
      const { p50Ms, p99Ms } = await paced(url, bodies, scale);
      medians[place]!.push(p50Ms);
      return p99Ms;
    },
  });
  const [kept, without] = (await interleave(
    [sideOf('kept in groups', keeping, 0), sideOf('kept nowhere', forgetting, 1)],
    pacedRounds,
    0,
  )) as [Series, Series];
  const added = kept.values.map((p99Ms, round) => Math.max(LATENCY_STEP_MS, p99Ms - without.values[round]!));
  const [p50, p50Without] = medians.map((values) => median(values).toFixed(1));
  const shared = { bench: BENCH, params, baseline: without, isLessBetter: true };
  return [
    figureOf({
      ...shared,
      figure: `p99 of an answer at half load, ${meanwhile}`,
      subject: kept,
      note: `p50 ${p50} ms against ${p50Without} ms`,
    }),
    figureOf({
      ...shared,
      figure: `added to the p99 at half load, ${meanwhile}`,
      subject: { name: 'by keeping', unit, values: added },
      ...(!isTiny && { target: [{ measure: 'median', atMost: ADDED_MS_MAX }] }),
    }),
  ];
}

function flooded(url: string, bodies: readonly Buffer[], { seconds }: Scale): Promise<number> {
  return flood({ urls: [url], bodies, connectionsEach: CONNECTIONS, seconds });
}

/** How long answers took, from when their requests were due. */
async function paced(url: string, bodies: readonly Buffer[], scale: Scale): Promise<LatencyReport> {
  const { pacedPerSecond, pacedPerRequest, pacedWarmUpSeconds: warmUpSeconds, pacedSeconds: seconds } = scale;
  const agent = new Agent({ keepAlive: true });
  try {
    return await sendOnTime({ perSecond: pacedPerSecond / pacedPerRequest, warmUpSeconds, seconds }, (request) =>
      acceptedOf(agent, url, bodies[request % bodies.length]!),
    );
  } finally {
    agent.destroy();
  }
}
