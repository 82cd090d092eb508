/**
 * Whether memory stays where it is: what gateway, worker and Redis take of it over a quarter of an hour at a steady rate, once every
 * buffer, ring and store that fills has filled.
 *
 * Each of them is a process of its own. The baseline is the same process when warm-up is over: the median of the first third of the time
 * after it, against that of the last third.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { putOnCampaigns } from '../scripts/chaos-world.ts';
import { ChaosFleet } from '../scripts/chaos-fleet.ts';
import { nowMs } from '../scripts/gateway-fleet.ts';
import { tell } from '../scripts/redis-server.ts';
import { SteadyLoad } from '../scripts/steady-load.ts';
import type { BenchSettings, Figure } from './harness.ts';
import { type Look, memoryFigure, residentMib } from './memory.ts';

const BENCH = 'soak';

interface Scale {
  readonly perSecond: number;
  /** Until the messages that are kept after their end are as many as may be. */
  readonly warmUpMs: number;
  readonly soakMs: number;
  readonly lookMs: number;
}

const FULL: Scale = { perSecond: 4_000, warmUpMs: 330_000, soakMs: 900_000, lookMs: 5_000 };
const TINY: Scale = { perSecond: 200, warmUpMs: 500, soakMs: 1_500, lookMs: 100 };
const PROCESSES = { gateways: 1, workers: 1 };

export async function run({ isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const fleet = await ChaosFleet.start(PROCESSES);
  try {
    await putOnCampaigns(fleet.gatewayUrls(), true);
    const pids = {
      gateway: fleet.processes('gateway')[0]!.pid,
      worker: fleet.processes('worker')[0]!.pid,
      Redis: Number(/process_id:(\d+)/.exec(await tell(fleet.redis!, 'INFO server'))?.[1]),
    };
    const load = new SteadyLoad({ perSecond: scale.perSecond, gateways: () => fleet.gatewayUrls(), keepsIds: false });
    await sleep(scale.warmUpMs);
    const startMs = nowMs();
    const looks: Look[] = [];
    while (nowMs() < startMs + scale.soakMs) {
      looks.push({ atMs: nowMs() - startMs, mib: await residentMib(Object.values(pids)) });
      await sleep(scale.lookMs);
    }
    await load.stop();
    const acceptedPercent = Math.round((100 * load.acceptedCount) / load.offeredCount);
    const params = { perSecond: scale.perSecond, seconds: scale.soakMs / 1_000, acceptedPercent };
    return Object.keys(pids).map((name, place) => memoryFigure({ bench: BENCH, name, place, looks, params, isTiny }));
  } finally {
    await fleet.close();
  }
}
