/**
 * Whether memory stays where it is: what gateway, worker and Redis take of it over a quarter of an hour at a steady rate, once every
 * buffer, ring and store that fills has filled.
 *
 * Each of them is a process of its own. Resident memory is what the operating system says. The baseline is the same process when
 * warm-up is over: the median of the first third of the time after it, against that of the last third; the slope between is in the note.
 */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { linearRegression } from 'simple-statistics';
import { putOnCampaigns } from '../scripts/chaos-world.ts';
import { ChaosFleet } from '../scripts/chaos-fleet.ts';
import { nowMs } from '../scripts/gateway-fleet.ts';
import { tell } from '../scripts/redis-server.ts';
import { SteadyLoad } from '../scripts/steady-load.ts';
import { type BenchSettings, type Figure, figureOf, median } from './harness.ts';

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
/** Of what was taken after warm-up. */
const GROWTH_MAX = 1.1;
const MS_PER_HOUR = 3_600_000;
const KIB_PER_MIB = 1_024;

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
    return Object.keys(pids).map((name, place) => memoryFigure(name, place, looks, params, isTiny));
  } finally {
    await fleet.close();
  }
}

interface Look {
  readonly atMs: number;
  /** Of each process, in the order of their names. */
  readonly mib: readonly number[];
}

async function residentMib(pids: readonly number[]): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=,rss=', '-p', pids.join(',')]);
  const kib = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]),
  );
  return pids.map((pid) => (kib.get(pid) ?? Number.NaN) / KIB_PER_MIB);
}

function memoryFigure(
  name: string,
  place: number,
  looks: readonly Look[],
  params: Readonly<Record<string, number | string>>,
  isTiny: boolean,
): Figure {
  const unit = 'MiB';
  const third = Math.ceil(looks.length / 3);
  const of = (some: readonly Look[]): number => median(some.map(({ mib }) => mib[place]!));
  const { m: slope } = linearRegression(looks.map(({ atMs, mib }) => [atMs / MS_PER_HOUR, mib[place]!]));
  return figureOf({
    bench: BENCH,
    figure: `resident memory of ${name}`,
    params,
    subject: { name: 'in the last third', unit, values: [of(looks.slice(-third))] },
    baseline: { name: 'in the first third', unit, values: [of(looks.slice(0, third))] },
    isLessBetter: true,
    ...(!isTiny && { target: [{ measure: 'ratio', atLeast: 1 / GROWTH_MAX }] }),
    note: `${Math.round(slope)} MiB an hour`,
  });
}
