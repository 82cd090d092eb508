/**
 * How soon all is as before when Redis has been away: the first message accepted, the full rate, and everything that was accepted
 * before at its end.
 *
 * Gateways, workers and Redis are processes of their own. Redis is killed and after twenty seconds started again, on what it had
 * written; messages are offered all the time, at one rate, and not again when they are not taken. The same is measured from a moment
 * before at which nothing happened: the baseline.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAtItsEnd } from '../scripts/chaos-checks.ts';
import { putOnCampaigns } from '../scripts/chaos-world.ts';
import { ChaosFleet } from '../scripts/chaos-fleet.ts';
import { readBack } from '../scripts/chaos-senders.ts';
import { nowMs } from '../scripts/gateway-fleet.ts';
import { type AcceptedBatch, SteadyLoad } from '../scripts/steady-load.ts';
import { type BenchSettings, type Figure, figureOf } from './harness.ts';

const BENCH = 'recovery';

interface Scale {
  readonly perSecond: number;
  readonly calmMs: number;
  readonly outageMs: number;
  readonly afterMs: number;
  /** Messages looked at whether they are at their end. */
  readonly looks: number;
}

const FULL: Scale = { perSecond: 4_000, calmMs: 10_000, outageMs: 20_000, afterMs: 30_000, looks: 2_000 };
const TINY: Scale = { perSecond: 200, calmMs: 1_500, outageMs: 1_000, afterMs: 4_000, looks: 50 };
const PROCESSES = { gateways: 2, workers: 2 };

/** Of the rate that is offered: what counts as all of it. */
const FULL_SHARE = 0.95;
const RATE_WINDOW_MS = 500;
const RATE_STEP_MS = 20;
const MS_PER_SECOND = 1_000;
const END_TIMEOUT_MS = 60_000;
const LOOK_MS = 50;

export async function run({ isTiny }: BenchSettings): Promise<Figure[]> {
  const fleet = await ChaosFleet.start(PROCESSES);
  try {
    await putOnCampaigns(fleet.gatewayUrls(), true);
    return await figures(fleet, isTiny ? TINY : FULL);
  } finally {
    await fleet.close();
  }
}

async function figures(fleet: ChaosFleet, scale: Scale): Promise<Figure[]> {
  const load = new SteadyLoad({ perSecond: scale.perSecond, gateways: () => fleet.gatewayUrls(), keepsIds: true });
  await sleep(scale.calmMs / 2);
  const calmMs = nowMs();
  await sleep(scale.calmMs / 2);
  const anywhere = { round: 0, role: 'gateway', place: 0, atMs: 0, delayMs: 0 } as const;
  await fleet.befall({ ...anywhere, what: 'kill Redis', forMs: scale.outageMs });
  const backMs = nowMs();
  await sleep(scale.afterMs);
  await load.stop();

  const params = { ...PROCESSES, perSecond: scale.perSecond, outageSeconds: scale.outageMs / MS_PER_SECOND };
  const figure = (name: string, after: number, before: number): Figure =>
    figureOf({
      bench: BENCH,
      figure: name,
      params,
      subject: { name: 'after Redis is back', unit: 'ms', values: [after] },
      baseline: { name: 'after a moment in calm', unit: 'ms', values: [before] },
      isLessBetter: true,
    });
  return [
    figure('first message accepted', firstAcceptedMs(load.accepted, backMs), firstAcceptedMs(load.accepted, calmMs)),
    figure(
      'half a second at the full rate',
      fullRateMs(load.accepted, backMs, scale.perSecond),
      fullRateMs(load.accepted, calmMs, scale.perSecond),
    ),
    figure(
      'what was accepted before at its end',
      (await lastEndMs(fleet, load.accepted, backMs, scale.looks)) - backMs,
      (await lastEndMs(fleet, load.accepted, calmMs, scale.looks)) - calmMs,
    ),
  ];
}

function firstAcceptedMs(accepted: readonly AcceptedBatch[], fromMs: number): number {
  const first = accepted.find(({ atMs }) => atMs > fromMs);
  if (first === undefined) throw new Error('nothing was accepted any more');
  return first.atMs - fromMs;
}

/** How long after a moment the first stretch ends in which nearly all was accepted that was offered. */
function fullRateMs(accepted: readonly AcceptedBatch[], fromMs: number, perSecond: number): number {
  const wanted = (perSecond * RATE_WINDOW_MS * FULL_SHARE) / MS_PER_SECOND;
  const lastMs = accepted.at(-1)?.atMs ?? 0;
  for (let startMs = fromMs; startMs + RATE_WINDOW_MS <= lastMs; startMs += RATE_STEP_MS) {
    const inside = accepted.filter(({ atMs }) => atMs >= startMs && atMs < startMs + RATE_WINDOW_MS);
    if (inside.reduce((sum, { count }) => sum + count, 0) >= wanted) return startMs + RATE_WINDOW_MS - fromMs;
  }
  throw new Error('the full rate did not come back while it was looked for');
}

/** When the last of the messages accepted just before a moment came to its end. Waits until all have. */
async function lastEndMs(
  fleet: ChaosFleet,
  accepted: readonly AcceptedBatch[],
  beforeMs: number,
  looks: number,
): Promise<number> {
  const ids = accepted.flatMap((batch) => (batch.atMs < beforeMs ? batch.ids : [])).slice(-looks);
  const untilMs = nowMs() + END_TIMEOUT_MS;
  let lastMs = beforeMs;
  for (const id of ids) {
    for (;;) {
      const { record } = await readBack(fleet.gatewayUrls()[0]!, id);
      if (record !== undefined && isAtItsEnd(record)) {
        lastMs = Math.max(lastMs, atMsOf(record.handset?.['at'] ?? record.acceptedAt));
        break;
      }
      if (nowMs() > untilMs) throw new Error(`message ${id} does not come to its end`);
      await sleep(LOOK_MS);
    }
  }
  return Math.max(lastMs, beforeMs + 1);
}

/** Of a time as the API writes it. */
function atMsOf(written: unknown): number {
  if (typeof written !== 'string') throw new Error('a record tells a time that is none');
  return Date.parse(written);
}
