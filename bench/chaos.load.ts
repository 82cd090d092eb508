/**
 * A hundred rounds of everything that can fail, under load: whether each acknowledged message kept every promise, what a fault adds to
 * the way of a message, and how soon messages are acknowledged again once Redis is back.
 *
 * Gateways, workers and Redis are processes of their own, each of ours behind a proxy of its own. How a message fares while nothing is
 * wrong is taken in the same run: that is the baseline. One broken promise ends the bench with an error.
 */
import { type ChaosReport, type ChaosSetting, describeViolations, runChaos } from '../scripts/chaos.ts';
import { owesWebhook } from '../scripts/chaos-checks.ts';
import type { Befallen } from '../scripts/chaos-fleet.ts';
import type { Fault, FaultKind } from '../scripts/chaos-plan.ts';
import { type BenchSettings, type Figure, figureOf } from './harness.ts';

const BENCH = 'chaos';

const FULL = { rounds: 100, roundMs: 4_000, restMs: 400_000, singles: 120, batches: 10, messagesPerBatch: 50 };
/** The last round has no faults: on a busy machine no message of the others may be spared by all of them. */
const TINY = { rounds: 3, roundMs: 2_000, restMs: 30_000, singles: 40, batches: 4, messagesPerBatch: 20 };
const PROCESSES = { gateways: 2, workers: 2 };

/** One of each group, for a run too short to be dealt all. */
const TINY_FAULTS: readonly Fault[] = (['kill', 'stall', 'cut', 'pause Redis'] as const).map((what, at) => ({
  round: at >> 1,
  what,
  role: at % 2 === 0 ? 'worker' : 'gateway',
  place: at % 2,
  atMs: 200 + 500 * (at % 2),
  forMs: 500,
  delayMs: 0,
}));

/** Faults that are alike to a message. */
const GROUPS: Readonly<Record<string, readonly FaultKind[]>> = {
  'a process had ended': ['kill', 'stop'],
  'a process was held still': ['stall', 'stall past its lock'],
  'the network was cut, hung or late': ['cut', 'hang', 'cut all', 'delay all'],
  'Redis was paused or killed': ['pause Redis', 'kill Redis'],
};
const OF_REDIS: readonly FaultKind[] = [...GROUPS['Redis was paused or killed']!, 'cut all'];

const MS_PER_SECOND = 1_000;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const setting: ChaosSetting = {
    seed,
    ...PROCESSES,
    ...(isTiny ? { ...TINY, faults: TINY_FAULTS } : FULL),
  };
  const report = await runChaos(setting);
  const broken = describeViolations(report, `npm run bench -- ${BENCH} --seed ${seed}`);
  if (broken !== '') throw new Error(broken);
  const { rounds, roundMs } = setting;
  const params = { ...PROCESSES, rounds, roundMs, faults: report.befallen.length };
  return [
    keptFigure(report, params),
    webhookFigure(report, params),
    ...Object.entries(GROUPS).map(([while_, kinds]) => wayFigure(report, while_, kinds, params)),
    againFigure(report, params),
  ];
}

type Params = Readonly<Record<string, number | string>>;

function keptFigure({ sent, records, drainMs, failedRequests }: ChaosReport, params: Params): Figure {
  const unit = 'messages';
  const acknowledged = sent.filter(({ ids }) => ids.length > 0).length;
  return figureOf({
    bench: BENCH,
    figure: 'acknowledged messages that kept every promise',
    params,
    subject: { name: 'kept', unit, values: [records.size] },
    baseline: { name: 'acknowledged', unit, values: [acknowledged] },
    target: [{ measure: 'ratio', atLeast: 1, atMost: 1 }],
    note: `${failedRequests} requests failed; at rest ${Math.round(drainMs)} ms after the last fault`,
  });
}

function webhookFigure({ sent, records, posts }: ChaosReport, params: Params): Figure {
  const owed = sent.filter((one) => {
    const record = records.get(one.ids[0] ?? '');
    return record !== undefined && owesWebhook(one, record);
  }).length;
  const taken = posts.filter(({ isTaken }) => isTaken).length;
  const unit = 'webhooks';
  return figureOf({
    bench: BENCH,
    figure: 'webhooks taken by their receiver',
    params,
    subject: { name: 'taken', unit, values: [taken] },
    baseline: { name: 'one for each receipt', unit, values: [owed] },
    isLessBetter: true,
    note: `${taken - owed} came twice, under the same id; ${posts.length - taken} were not taken at first`,
  });
}

interface Way {
  readonly acceptedAtMs: number;
  readonly ms: number;
}

/** How long messages were on their way, from acceptance to the phone. */
function waysOf({ records }: ChaosReport): Way[] {
  return Array.from(records.values()).flatMap(({ acceptedAt, handset }) => {
    if (handset === null) return [];
    const acceptedAtMs = Date.parse(acceptedAt);
    return [{ acceptedAtMs, ms: Date.parse(String(handset['at'])) - acceptedAtMs }];
  });
}

const wasUnderWay = ({ fromMs, untilMs }: Befallen, { acceptedAtMs, ms }: Way): boolean =>
  acceptedAtMs < untilMs && acceptedAtMs + ms > fromMs;

function wayFigure(report: ChaosReport, while_: string, kinds: readonly FaultKind[], params: Params): Figure {
  const ways = waysOf(report);
  const faults = report.befallen.filter(({ fault }) => kinds.includes(fault.what));
  const met = ways.filter((way) => faults.some((fault) => wasUnderWay(fault, way)));
  const calm = ways.filter((way) => !report.befallen.some((fault) => wasUnderWay(fault, way)));
  const unit = 'ms';
  return figureOf({
    bench: BENCH,
    figure: `p99 of the way of a message while ${while_}`,
    params: { ...params, faults: faults.length, messages: met.length },
    subject: { name: 'meanwhile', unit, values: [p99(met, while_)] },
    baseline: { name: 'while nothing was wrong', unit, values: [p99(calm, 'nothing was wrong')] },
    isLessBetter: true,
  });
}

function againFigure(report: ChaosReport, params: Params): Figure {
  const faults = report.befallen.filter(({ fault }) => OF_REDIS.includes(fault.what));
  const unit = 'ms';
  return figureOf({
    bench: BENCH,
    figure: 'first acknowledgement after Redis was away',
    params: { ...params, faults: faults.length },
    subject: { name: 'after it is back', unit, values: faults.map(({ untilMs }) => untilNextMs(report, untilMs)) },
    baseline: {
      name: 'a second before',
      unit,
      values: faults.map(({ fromMs }) => untilNextMs(report, fromMs - MS_PER_SECOND)),
    },
    isLessBetter: true,
  });
}

/** How long after a moment the next message was acknowledged; 0 is what a clock that is read in whole steps may say. */
function untilNextMs({ sent }: ChaosReport, fromMs: number): number {
  const later = sent.flatMap(({ acknowledgedAtMs: atMs }) =>
    atMs !== undefined && atMs > fromMs ? [atMs - fromMs] : [],
  );
  return later.reduce((least, ms) => Math.min(least, ms), Number.MAX_SAFE_INTEGER);
}

function p99(ways: readonly Way[], while_: string): number {
  if (ways.length === 0) throw new Error(`no message was on its way while ${while_}; the run is too short`);
  return ways.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(ways.length * 0.99)]!;
}
