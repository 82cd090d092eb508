/**
 * How many messages a second are accepted only once they are in Redis, written to its append-only file, and what that costs an answer.
 *
 * Batches by HTTP to one gateway that leaves delivery to others, first with nobody delivering, then with a worker beside it. The baseline
 * is what is usually done: one job of BullMQ for each message, as many of them under way as the gateway has messages in its requests.
 * What it adds to an answer is measured at half the rate asked for, by a load that keeps its times whatever the answers do, against a
 * gateway that keeps nothing. The gateway, Redis, the worker and the clients share the machine.
 */
import { Queue } from 'bullmq';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '../registry-cache/redis/index.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import { startTollgate } from '../scripts/tollgate-process.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series } from './harness.ts';
import { batchBodies } from './traffic.ts';

const BENCH = 'durable-accept';
const UNIT = 'messages/s';
const ACCEPTED_MIN = 50_000;
const ADDED_MS_MAX = 10;
const MS_PER_SECOND = 1_000;
const CONNECTIONS = 4;

interface Scale {
  readonly messagesPerRequest: number;
  readonly bodies: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly pacedSeconds: number;
  readonly pacedPerSecond: number;
  readonly pacedPerRequest: number;
}

const FULL: Scale = {
  messagesPerRequest: 1_000,
  bodies: 64,
  seconds: 1.5,
  rounds: 3,
  pacedSeconds: 8,
  pacedPerSecond: ACCEPTED_MIN / 2,
  pacedPerRequest: 100,
};

const TINY: Scale = {
  messagesPerRequest: 100,
  bodies: 4,
  seconds: 0.2,
  rounds: 1,
  pacedSeconds: 0.4,
  pacedPerSecond: 1_000,
  pacedPerRequest: 20,
};

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const redis = await startRedisServer(['--appendonly', 'yes']);
  const environment = { REDIS_URL: redis.url };
  const opened: { stop(): Promise<void> }[] = [redis];
  try {
    const keeping = await startTollgate({ environment, words: ['--delivery', 'workers', '--inbox', '2097152'] });
    opened.push(keeping);
    const forgetting = await startTollgate({ words: ['--inbox', '2097152'] });
    opened.push(forgetting);
    const population = { seed, campaigns: 100, numbers: 200 };
    const of = (messagesPerRequest: number): Buffer[] =>
      batchBodies('ndjson', { population, messages: scale.bodies * messagesPerRequest, messagesPerRequest });
    const bodies = of(scale.messagesPerRequest);
    const figures = [await acceptedFigure(keeping.url, redis.url, bodies, scale)];
    const paced = of(scale.pacedPerRequest);
    figures.push(...(await addedFigures(keeping.url, forgetting.url, paced, scale, isTiny)));
    const worker = await startTollgate({ command: 'worker', environment });
    opened.push(worker);
    const unit = UNIT;
    const [subject, baseline] = (await interleave(
      [
        { name: 'kept and delivered', unit, measure: () => flood(keeping.url, bodies, scale.seconds) },
        { name: 'kept nowhere and delivered', unit, measure: () => flood(forgetting.url, bodies, scale.seconds) },
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
    for (const one of opened.toReversed()) await one.stop();
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
        { name: 'kept in groups', unit, measure: () => flood(url, bodies, scale.seconds) },
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

async function addedFigures(
  keeping: string,
  forgetting: string,
  bodies: readonly Buffer[],
  scale: Scale,
  isTiny: boolean,
): Promise<Figure[]> {
  const { pacedPerSecond, pacedPerRequest, pacedSeconds: seconds } = scale;
  const params = { messagesPerSecond: pacedPerSecond, messagesPerRequest: pacedPerRequest, seconds };
  const without = await paced(forgetting, bodies, scale);
  const kept = await paced(keeping, bodies, scale);
  const unit = 'ms';
  const baseline = { name: 'kept nowhere', unit, values: [without.p99Ms] };
  return [
    figureOf({
      bench: BENCH,
      figure: 'p99 of an answer at half load',
      params,
      subject: { name: 'kept in groups', unit, values: [kept.p99Ms] },
      baseline,
      isLessBetter: true,
      note: `p50 ${kept.p50Ms.toFixed(1)} ms against ${without.p50Ms.toFixed(1)} ms`,
    }),
    figureOf({
      bench: BENCH,
      figure: 'added to the p99 at half load',
      params,
      subject: { name: 'by keeping', unit, values: [Math.max(0, kept.p99Ms - without.p99Ms)] },
      baseline,
      isLessBetter: true,
      ...(!isTiny && { target: [{ measure: 'median', atMost: ADDED_MS_MAX }] }),
    }),
  ];
}

/** Messages accepted a second by a gateway that a few connections keep busy. */
async function flood(url: string, bodies: readonly Buffer[], seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const startMs = performance.now();
  const untilMs = startMs + seconds * MS_PER_SECOND;
  let accepted = 0;
  let sent = 0;
  const keepBusy = async (): Promise<void> => {
    while (performance.now() < untilMs) accepted += await acceptedOf(agent, url, bodies[sent++ % bodies.length]!);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, keepBusy));
  agent.destroy();
  if (accepted === 0) throw new Error('no message was accepted');
  return (accepted * MS_PER_SECOND) / (performance.now() - startMs);
}

/** How long answers took, from when their requests were due. */
async function paced(url: string, bodies: readonly Buffer[], scale: Scale): Promise<{ p50Ms: number; p99Ms: number }> {
  const { pacedPerSecond, pacedPerRequest, pacedSeconds } = scale;
  const everyMs = (pacedPerRequest * MS_PER_SECOND) / pacedPerSecond;
  const agent = new Agent({ keepAlive: true });
  const tookMs: number[] = [];
  const answered: Promise<unknown>[] = [];
  const startMs = performance.now();
  for (let count = 0; count * everyMs < pacedSeconds * MS_PER_SECOND; count += 1) {
    const dueMs = startMs + count * everyMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    answered.push(
      acceptedOf(agent, url, bodies[count % bodies.length]!).then(() => tookMs.push(performance.now() - dueMs)),
    );
  }
  await Promise.all(answered);
  agent.destroy();
  tookMs.sort((one, other) => one - other);
  const at = (share: number): number => tookMs[Math.floor(tookMs.length * share)]!;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

const ACCEPTED = '"decision":"accepted"';

/** Posts one batch. How many of it were accepted; rejects if any might not be kept. */
function acceptedOf(agent: Agent, url: string, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
    const asked = request(`${url}/v1/messages/batch`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        if (answer.statusCode !== 200 || text.includes('"status":"unknown"')) {
          reject(new Error(`a batch was answered ${answer.statusCode}: ${text.slice(0, 200)}`));
        } else resolve(text.split(ACCEPTED).length - 1);
      });
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
