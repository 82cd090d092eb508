/**
 * How many messages a second does the policy lab take through a simulated market, on one core?
 *
 * A run of the seed's world from its making to its outcome: arrivals, drawing each message, the real decision, filters, complaints, spammers that
 * learn, the checks at the end of each day. Beside it the decision alone, over messages made beforehand, to and from as many numbers. And what is
 * on the heap late in a run against early in it: a run keeps no message, so it should be the same.
 */
import { compileDecisionsWhole, loadWorld } from '../gateway/index.ts';
import { createCore, decide, makeRoomForLimits, MessageSlot, namedStream, Route } from '../gateway/router/index.ts';
import { loadScenario, type RunOutcome, runOnce } from '../simulator/index.ts';
import {
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  type Loop,
  loopSide,
  type Series,
  type Side,
} from './harness.ts';
import { addPopulation, drawFreeNumber } from './population.ts';

const BENCH = 'simulate';
const UNIT = 'messages/s';
const RATE_MIN = 1_000_000;
const MS_PER_SECOND = 1_000;
const DAY_MS = 86_400_000;

const SCENARIO = 'seed-world';
const POLICY = 'toll';
const DAYS = 30;
const DAYS_TINY = 2;

/** About as many as in the scenario. */
const CAMPAIGNS = 150;
const NUMBERS = 300;
const RECIPIENTS = 32_768;
const MESSAGES = 65_536;
const REGISTERED_SHARE = 0.8;
const LINES_PER_BLOCK = 1_000;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  compileDecisionsWhole();
  const days = isTiny ? DAYS_TINY : DAYS;
  const rounds = isTiny ? 2 : 9;
  let replication = 0;
  let messages = 0;
  const simulated: Side = {
    name: 'a run of the lab',
    unit: UNIT,
    measure() {
      const startMs = performance.now();
      const outcome = runOf({ seed, days, replication });
      const tookMs = performance.now() - startMs;
      replication += 1;
      messages = messagesOf(outcome);
      return (messages * MS_PER_SECOND) / tookMs;
    },
  };
  const decided = loopSide('decide alone', UNIT, isTiny ? MESSAGES : 16 * MESSAGES, decideLoop(seed));
  const [lab, alone] = (await interleave([simulated, decided], rounds)) as [Series, Series];
  const params = { scenario: SCENARIO, policy: POLICY, days, messages, rounds };
  return [
    figureOf({
      bench: BENCH,
      figure: 'a run of the lab',
      params,
      subject: lab,
      baseline: alone,
      target: [{ measure: 'median', atLeast: RATE_MIN }],
    }),
    heapFigure(seed, days, isTiny ? 1 : 3),
  ];
}

function runOf(
  { seed, days, replication }: { seed: number; days: number; replication: number },
  onDay?: (day: number) => boolean,
): RunOutcome {
  const loaded = loadScenario(SCENARIO);
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { scenario } = loaded.file;
  const starts = [{ id: POLICY, day: 0 }];
  return runOnce({ scenario, policy: POLICY, starts, seed, replication, days, scale: 1 }, onDay);
}

function messagesOf({ flows }: RunOutcome): number {
  return flows.reduce((sum, flow) => sum + flow.messages, 0);
}

/** Messages from registered and free numbers to mobile phones, at the pace of the scenario. */
function decideLoop(seed: number): Loop {
  const world = loadWorld();
  const senders = addPopulation(world, { seed, campaigns: CAMPAIGNS, numbers: NUMBERS });
  const core = createCore(world);
  makeRoomForLimits(core);
  const chance = namedStream(seed, 'bench/simulate');
  const rented = world.carrierMap.blocksOf('cpaas');
  const free = Float64Array.from({ length: NUMBERS }, () => drawFreeNumber(chance, rented));
  const mobile = ['att', 'verizon', 'tmobile'].flatMap((group) => [...world.carrierMap.blocksOf(group as 'att')]);
  const recipients = Float64Array.from(
    { length: RECIPIENTS },
    () =>
      mobile[Math.floor(chance.next() * mobile.length)]! * LINES_PER_BLOCK +
      Math.floor(chance.next() * LINES_PER_BLOCK),
  );
  const from = Float64Array.from({ length: MESSAGES }, () => {
    const numbers = chance.next() < REGISTERED_SHARE ? senders : free;
    return numbers[Math.floor(chance.next() * numbers.length)]!;
  });
  const to = Float64Array.from({ length: MESSAGES }, () => recipients[Math.floor(chance.next() * RECIPIENTS)]!);
  const slot = new MessageSlot();
  slot.route = Route.A2p;
  slot.draw = 0.5;
  const startMs = Date.UTC(2024, 2, 6, 20);
  slot.pricedAtMs = startMs;
  const gapMs = (DAYS * DAY_MS) / 1_000_000;
  let next = 0;
  return (count) => {
    let sum = 0;
    for (let message = next; message < next + count; message += 1) {
      const at = message % MESSAGES;
      slot.senderKey = from[at]!;
      slot.destinationKey = to[at]!;
      slot.atMs = startMs + Math.floor(message * gapMs);
      slot.uptimeMs = slot.atMs;
      sum += decide(core, slot) + slot.quote.totalMicros;
    }
    next += count;
    return sum;
  };
}

/** Heap in use at the end of the last day of a run, against that of the day on which a sixth of it is over. */
function heapFigure(seed: number, days: number, rounds: number): Figure {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('the heap can only be measured with --expose-gc');
  const early: number[] = [];
  const late: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    runOf({ seed, days, replication: round }, (day) => {
      if (day !== Math.ceil(days / 6) && day !== days) return true;
      gc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      if (day === days) late.push((heapUsed + arrayBuffers) / 2 ** 20);
      else early.push((heapUsed + arrayBuffers) / 2 ** 20);
      return true;
    });
  }
  return figureOf({
    bench: BENCH,
    figure: 'memory late in a run',
    params: { scenario: SCENARIO, policy: POLICY, days, rounds },
    subject: { name: 'at the end', unit: 'MiB', values: late },
    baseline: { name: 'after a sixth of the days', unit: 'MiB', values: early },
    isLessBetter: true,
    target: [{ measure: 'ratio', atLeast: 0.9 }],
  });
}
