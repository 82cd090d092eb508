/**
 * Limits that gateways share through Redis, under more than they allow: how much of each is used, how soon all of it again
 * after a gateway is killed, cut off, held still or stopped, and what sharing costs.
 *
 * Every gateway is a process and reaches Redis by a proxy of its own; clients put seven tenths of the load on one of them, and
 * which one moves. As many gateways that each count for themselves get the same load in the same run: the baseline of what an
 * answer and a message cost. Those keep no message outside their process either: what sharing costs includes what keeping costs.
 * One unit beyond any limit, by the answers that clients got, ends the bench with an error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ledger, openLedger, press, register, type Use, useOf } from '../scripts/fleet-load.ts';
import { type Fault, GatewayFleet, nowMs } from '../scripts/gateway-fleet.ts';
import { filesOf, limitedTraffic, type Sizes, type Traffic } from '../scripts/limited-traffic.ts';
import { flood } from './flood.ts';
import { type BenchSettings, type Figure, figureOf, interleave, type Series } from './harness.ts';

const BENCH = 'limits-across';
const USED_AT_LEAST = 0.95;
const MS_PER_SECOND = 1_000;

const CALM = 0;
const FAULTY = 1;
const SETS = 2;

interface Scale {
  readonly gateways: number;
  readonly sizes: Sizes;
  readonly calmSeconds: number;
  /** Between one fault and the next. */
  readonly faultSeconds: number;
  readonly stallMs: number;
  readonly cutMs: number;
  readonly floodSeconds: number;
  readonly floodRounds: number;
  readonly messagesPerRequest: number;
}

const FULL: Scale = {
  gateways: 8,
  sizes: {
    attClass: 'C',
    tier: 'LOW',
    smsPerSecond: 150,
    paidDollars: 20,
    inFlightMax: 100,
    // Of the account more than its rate goes to the others, too: what is missed then is not for want of messages.
    perSecond: { rate: 400, day: 250, account: 500, money: 250, 'in-flight': 250 },
  },
  calmSeconds: 12,
  faultSeconds: 6,
  stallMs: 3_000,
  cutMs: 3_000,
  floodSeconds: 2,
  floodRounds: 3,
  messagesPerRequest: 500,
};

const TINY: Scale = {
  gateways: 2,
  sizes: {
    attClass: 'E',
    tier: 'SOLE_PROPRIETOR',
    smsPerSecond: 30,
    paidDollars: 1,
    inFlightMax: 10,
    perSecond: { rate: 100, day: 100, account: 100, money: 60, 'in-flight': 60 },
  },
  calmSeconds: 1,
  faultSeconds: 0.8,
  stallMs: 200,
  cutMs: 200,
  floodSeconds: 0.2,
  floodRounds: 1,
  messagesPerRequest: 100,
};

/** What each fault is, in the order they come. Each befalls the gateway that most of the load is on. */
const FAULTS = ['killed', 'cut', 'stalled', 'stopped'] as const;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const scale = isTiny ? TINY : FULL;
  const shared = await startFleet(scale, true);
  try {
    const own = await startFleet(scale, false);
    try {
      return await figures(shared, own, scale, seed, isTiny);
    } finally {
      await own.close();
    }
  } finally {
    await shared.close();
  }
}

async function startFleet({ gateways, sizes }: Scale, isShared: boolean): Promise<GatewayFleet> {
  const { campaigns, accounts } = filesOf(SETS, sizes);
  const flooded = `  - { id: ${FLOODED}, kind: prepaid, balance: 1000000, limits: { smsPerSecond: 1000000000 } }\n`;
  const files = { campaigns: campaigns!, accounts: accounts! + flooded };
  const fleet = await GatewayFleet.start({ gateways, isShared, files });
  try {
    await register(fleet, [...limitedTraffic(CALM, sizes), ...limitedTraffic(FAULTY, sizes)]);
    return fleet;
  } catch (error) {
    await fleet.close();
    throw error;
  }
}

async function figures(
  shared: GatewayFleet,
  own: GatewayFleet,
  scale: Scale,
  seed: number,
  isTiny: boolean,
): Promise<Figure[]> {
  const { gateways, sizes, calmSeconds, faultSeconds } = scale;
  const calm = { seconds: calmSeconds, seed, moves: gateways - 1, first: seed % gateways };
  const ledgers = limitedTraffic(CALM, sizes).map(openLedger);
  await press(shared, ledgers, calm);
  const uses = await usesOf(shared, ledgers, seed);
  const ownLedgers = limitedTraffic(CALM, sizes).map(openLedger);
  await press(own, ownLedgers, calm);

  const faulty = limitedTraffic(FAULTY, sizes).map(openLedger);
  const seconds = faultSeconds * FAULTS.length;
  const [, faults] = await Promise.all([
    press(shared, faulty, { seconds, seed, moves: FAULTS.length - 1, first: seed % gateways }),
    befall(shared, scale, seed),
  ]);
  const usesInFaults = await usesOf(shared, faulty, seed);

  const params = { gateways, seconds: calmSeconds, favouredPercent: 70 };
  return [
    ...uses.map((use) => usedFigure(use, params, isTiny)),
    ...usesInFaults.flatMap((use) => fullestWindow(use, { ...params, seconds })),
    ...faults.map((fault) => recoveryFigure(fault, faulty, { ...params, seconds })),
    answerFigure(ledgers, ownLedgers, params),
    await floodFigure(shared, own, scale),
  ];
}

async function usesOf(fleet: GatewayFleet, ledgers: readonly Ledger[], seed: number): Promise<Use[]> {
  const uses = await Promise.all(ledgers.map((ledger) => useOf(fleet, ledger)));
  const beyond = uses.filter(({ excess }) => excess > 0);
  if (beyond.length === 0) return uses;
  const what = beyond.map(({ name, excess }) => `${name} by ${excess}`).join(', ');
  throw new Error(`more was accepted than is allowed: ${what}; again by npm run bench -- ${BENCH} --seed ${seed}`);
}

async function befall(fleet: GatewayFleet, scale: Scale, seed: number): Promise<Fault[]> {
  const startMs = nowMs();
  const underWay = new Map<number, Promise<void>>();
  for (const [at, what] of FAULTS.entries()) {
    // A third into its stretch, so that the load has settled on the gateway.
    await sleep(startMs + (at + 1 / 3) * scale.faultSeconds * MS_PER_SECOND - nowMs());
    const place = (seed + at) % fleet.size;
    // Where there are few gateways one has its second fault, and must be back from the first.
    await underWay.get(place);
    if (what === 'killed')
      underWay.set(
        place,
        fleet.kill(place).then(() => fleet.startAnother(place)),
      );
    else if (what === 'cut') underWay.set(place, fleet.cut(place, scale.cutMs));
    else if (what === 'stalled') underWay.set(place, fleet.stall(place, scale.stallMs));
    else
      underWay.set(
        place,
        fleet.stop(place).then(() => fleet.startAnother(place)),
      );
  }
  await Promise.all(underWay.values());
  return FAULTS.map((what) => fleet.faults.find((fault) => fault.what === what)!);
}

type Params = Readonly<Record<string, number | string>>;

function usedFigure({ name, units, allowed }: Use, params: Params, isTiny: boolean): Figure {
  const unit = name.endsWith('money') ? 'micro-dollars' : name.endsWith('flight') ? 'messages at once' : 'segments';
  return figureOf({
    bench: BENCH,
    figure: `used of ${name}`,
    params,
    subject: { name: 'accepted', unit, values: [units] },
    baseline: { name: 'what is allowed', unit, values: [allowed] },
    ...(!isTiny && { target: [{ measure: 'ratio', atLeast: USED_AT_LEAST, atMost: 1 }] }),
  });
}

function fullestWindow({ name, window }: Use, params: Params): Figure[] {
  if (window === undefined) return [];
  const figure = figureOf({
    bench: BENCH,
    figure: `fullest window of ${name}, with faults`,
    params,
    subject: { name: 'accepted', unit: 'segments', values: [window.units] },
    baseline: { name: 'what is allowed', unit: 'segments', values: [window.allowed] },
    target: [{ measure: 'ratio', atMost: 1 }],
    note: `${Math.round(window.untilMs - window.fromMs)} ms long`,
  });
  return [figure];
}

/** The limit whose use is looked at: the one that comes anew soonest. */
function secondsLedger(ledgers: readonly Ledger[]): { readonly ledger: Ledger; readonly cap: number } {
  for (const ledger of ledgers) {
    const { bound } = ledger.traffic;
    if (bound.kind === 'rate' && bound.windowMs === MS_PER_SECOND) return { ledger, cap: bound.cap };
  }
  throw new Error('no traffic has a rate by the second');
}

const LOOK_MS = 20;

/** How long after `fromMs` the first second ends in which nearly all of the cap was used; else how long was looked. */
function fullAgainMs(ledgers: readonly Ledger[], fromMs: number): number {
  const { ledger, cap } = secondsLedger(ledgers);
  const endMs = Math.max(...ledger.accepted.map(({ untilMs }) => untilMs));
  for (let startMs = fromMs; startMs + MS_PER_SECOND <= endMs; startMs += LOOK_MS) {
    const inside = ledger.accepted.filter(({ untilMs }) => untilMs >= startMs && untilMs < startMs + MS_PER_SECOND);
    const units = inside.reduce((sum, one) => sum + one.units, 0);
    if (units >= USED_AT_LEAST * cap) return startMs + MS_PER_SECOND - fromMs;
  }
  return Math.max(MS_PER_SECOND, endMs - fromMs);
}

function recoveryFigure(fault: Fault, ledgers: readonly Ledger[], params: Params): Figure {
  const unit = 'ms';
  return figureOf({
    bench: BENCH,
    figure: `first full second after the busiest was ${fault.what}`,
    params,
    subject: { name: 'after', unit, values: [fullAgainMs(ledgers, fault.atMs)] },
    baseline: { name: 'a second before', unit, values: [fullAgainMs(ledgers, fault.atMs - MS_PER_SECOND)] },
    isLessBetter: true,
  });
}

function answerFigure(shared: readonly Ledger[], own: readonly Ledger[], params: Params): Figure {
  const p99 = (ledgers: readonly Ledger[]): number => {
    const all = ledgers.flatMap(({ answerMs }) => answerMs).toSorted((a, b) => a - b);
    return all[Math.floor(all.length * 0.99)]!;
  };
  const unit = 'ms';
  return figureOf({
    bench: BENCH,
    figure: 'p99 of an answer',
    params,
    subject: { name: 'shared limits', unit, values: [p99(shared)] },
    baseline: { name: 'own limits', unit, values: [p99(own)] },
    isLessBetter: true,
  });
}

/** An account that may send all it can. */
const FLOODED = 'flooded';
const CONNECTIONS_EACH = 2;

/** As many messages as the gateways take, each of which meets an account's rate and its money. */
async function floodFigure(shared: GatewayFleet, own: GatewayFleet, scale: Scale): Promise<Figure> {
  const { messagesPerRequest, floodSeconds, floodRounds, gateways } = scale;
  const traffic = limitedTraffic(CALM, scale.sizes).find(({ bound }) => bound.kind === 'money')!;
  const body = floodBody(traffic, messagesPerRequest);
  const unit = 'messages/s';
  const [subject, baseline] = (await interleave(
    [
      { name: 'shared limits', unit, measure: () => flooded(shared, body, floodSeconds) },
      { name: 'own limits', unit, measure: () => flooded(own, body, floodSeconds) },
    ],
    floodRounds,
    1,
  )) as [Series, Series];
  return figureOf({
    bench: BENCH,
    figure: 'messages taken, with an account and its money asked',
    params: { gateways, messagesPerRequest, connections: gateways * CONNECTIONS_EACH, seconds: floodSeconds },
    subject,
    baseline,
  });
}

function floodBody({ from, to }: Traffic, messages: number): Buffer {
  const lines = Array.from({ length: messages }, (_, index) =>
    JSON.stringify({ from, to: to[index % to.length], text: 'Your table is ready.', account: FLOODED }),
  );
  return Buffer.from(lines.join('\n'));
}

function flooded(fleet: GatewayFleet, body: Buffer, seconds: number): Promise<number> {
  const urls = fleet.urls().map(([, url]) => url);
  return flood({ urls, bodies: [body], connectionsEach: CONNECTIONS_EACH, seconds });
}
