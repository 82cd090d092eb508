/**
 * How long a message takes from its sender and back: until it is answered, and until the webhook with its receipt is there.
 *
 * Single messages at a steady rate, counted from when each was due, each asking for a webhook. With Redis a gateway keeps them before it
 * answers, Redis writes them to its append-only file, and a worker delivers them and posts. The baseline is one gateway that does all of it
 * itself and keeps nothing. Carriers take the same time over every receipt, and it is taken off: what is left is ours, with the ten
 * milliseconds' grain of the simulated carriers in it. Everything shares the machine with the sender, which receives the webhooks too.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies, type LatencyReport } from '../gateway/load/index.ts';
import { ask, askJson } from '../scripts/ask.ts';
import { APPEND_ONLY } from '../scripts/chaos-fleet.ts';
import { type ChaosReceiver, startChaosReceiver } from '../scripts/chaos-receiver.ts';
import { CHAOS_CAMPAIGNS, CHAOS_SENDERS, putOnCampaigns } from '../scripts/chaos-world.ts';
import { nowMs } from '../scripts/gateway-fleet.ts';
import { destinations } from '../scripts/limited-traffic.ts';
import { startRedisServer } from '../scripts/redis-server.ts';
import { startTollgate } from '../scripts/tollgate-process.ts';
import { type BenchSettings, type Figure, figureOf, type Series } from './harness.ts';
import { counts, type OpenLoop, sendOnTime } from './open-loop.ts';

const BENCH = 'delivery';

interface Scale {
  readonly loop: OpenLoop;
  readonly rounds: number;
}

const FULL: Scale = { loop: { perSecond: 500, warmUpSeconds: 5, seconds: 20 }, rounds: 3 };
const TINY: Scale = { loop: { perSecond: 100, warmUpSeconds: 0.2, seconds: 1 }, rounds: 1 };

/** What every carrier takes over every receipt. */
const CARRIER_MS = 50;
/** Carriers count whole milliseconds, so theirs may begin up to one before ours. */
const CARRIER_STEP_MS = 1;
const RECEIPT_TIMEOUT_MS = 30_000;
const LOOK_MS = 10;
const TEXT = 'Your table is ready.';

/** What one stretch of load took, the receipts beyond their carriers' time. */
interface Stretch {
  readonly answer: LatencyReport;
  readonly receipt: LatencyReport;
}

export async function run({ isTiny }: BenchSettings): Promise<Figure[]> {
  const { loop, rounds } = isTiny ? TINY : FULL;
  const redis = await startRedisServer(APPEND_ONLY);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-delivery-'));
  const closers = [(): Promise<void> => redis.stop()];
  try {
    const campaigns = join(folder, 'campaigns.yaml');
    writeFileSync(campaigns, CHAOS_CAMPAIGNS);
    const quiet = ['--log-level', 'error'];
    const words = [...quiet, '--campaigns', campaigns];
    const environment = { REDIS_URL: redis.url };
    const keeping = await startTollgate({ environment, words: [...words, '--delivery', 'workers'] });
    closers.push(() => keeping.kill());
    const embedded = await startTollgate({ words });
    closers.push(() => embedded.kill());
    for (const { url } of [keeping, embedded]) {
      await putOnCampaigns([url], false);
      const latency = { medianMs: CARRIER_MS, sigma: 0, capMs: CARRIER_MS };
      await askJson(`${url}/v1/faults/even-carriers`, 'PUT', { latency });
    }
    // After the fault is set, so that the worker goes by it from its first message on.
    const worker = await startTollgate({ command: 'worker', environment, words: quiet });
    closers.push(() => worker.kill());

    const kept: Stretch[] = [];
    const unkept: Stretch[] = [];
    for (let round = 0; round < rounds; round += 1) {
      kept.push(await loaded(keeping.url, loop));
      unkept.push(await loaded(embedded.url, loop));
    }
    const { perSecond, seconds } = loop;
    return figures(kept, unkept, { perSecond, seconds, rounds, carrierMs: CARRIER_MS });
  } finally {
    for (const close of closers.toReversed()) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function figures(
  kept: readonly Stretch[],
  unkept: readonly Stretch[],
  params: Readonly<Record<string, number>>,
): Figure[] {
  const figure = (name: string, read: (stretch: Stretch) => number): Figure => {
    const series = (side: string, all: readonly Stretch[]): Series => ({
      name: side,
      unit: 'ms',
      values: all.map(read),
    });
    return figureOf({
      bench: BENCH,
      figure: name,
      params,
      subject: series('through Redis', kept),
      baseline: series('embedded', unkept),
      isLessBetter: true,
    });
  };
  const quantiles = Object.entries({ p50: 'p50Ms', p99: 'p99Ms', 'p99.9': 'p999Ms' } as const);
  return [
    ...quantiles.map(([quantile, key]) => figure(`${quantile} of an answer`, ({ answer }) => answer[key])),
    ...quantiles.map(([quantile, key]) =>
      figure(`${quantile} of a receipt's webhook beyond its carrier`, ({ receipt }) => receipt[key]),
    ),
  ];
}

async function loaded(url: string, loop: OpenLoop): Promise<Stretch> {
  const receiver = await startChaosReceiver();
  try {
    const { tmobile, verizon } = destinations();
    const to = [...tmobile, ...verizon];
    const due: number[] = [];
    const answer = await sendOnTime(loop, async (request, dueMs) => {
      due.push(dueMs);
      const message = {
        from: CHAOS_SENDERS[request % CHAOS_SENDERS.length],
        to: to[request % to.length],
        text: TEXT,
        reference: String(request),
        callbackUrl: receiver.url,
      };
      const headers = { 'content-type': 'application/json' };
      const asked = { method: 'POST', headers, body: JSON.stringify(message) };
      const { status, text } = await ask(`${url}/v1/messages`, asked);
      if (status !== 202) throw new Error(`a message was answered ${status}: ${text}`);
    });
    return { answer, receipt: receiptLatency(loop, due, await receiptsMs(receiver, due.length)) };
  } finally {
    await receiver.close();
  }
}

/** When each message's receipt was there first, by its reference; waits until all are. */
async function receiptsMs({ posts }: ChaosReceiver, messages: number): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const untilMs = nowMs() + RECEIPT_TIMEOUT_MS;
  for (let read = 0; ; await sleep(LOOK_MS)) {
    for (; read < posts.length; read += 1) {
      const { reference, atMs } = posts[read]!;
      if (reference !== null && !found.has(reference)) found.set(reference, atMs);
    }
    if (found.size === messages) return found;
    if (nowMs() > untilMs) throw new Error(`${messages - found.size} of ${messages} receipts did not come`);
  }
}

function receiptLatency(
  loop: OpenLoop,
  due: readonly number[],
  receiptsMs: ReadonlyMap<string, number>,
): LatencyReport {
  const beyond = new Latencies();
  for (const [request, dueMs] of due.entries()) {
    const beyondMs = receiptsMs.get(String(request))! - dueMs - CARRIER_MS;
    if (beyondMs < -CARRIER_STEP_MS) throw new Error('a receipt was there sooner than its carrier sends it');
    if (counts(loop, request)) beyond.add(beyondMs);
  }
  return beyond.report();
}
