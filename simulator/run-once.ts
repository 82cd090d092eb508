/**
 * One run of one policy: the world is made, events are taken in order of time until the days are over, and what was counted is put together.
 *
 * Checked at the end of every day: messages and money are conserved, no limit was exceeded, no account is below zero. A run that breaks one of
 * these stops: it is a bug, and its figures would be worth nothing.
 */
import { createHash } from 'node:crypto';
import { revenueCells } from '../gateway/router/index.ts';
import { loadInputs } from './load-inputs.ts';
import { MEASURE_IDS, type MeasureId, SERIES_IDS, type SeriesId } from './measures.ts';
import { POLICIES } from './policies/index.ts';
import type { Flow, MoneyFlow, RunOutcome, Truth } from './results.ts';
import type { OnDay, Run, RunRequest } from './run.ts';
import { Brands } from './world/brands.ts';
import { Complaints } from './world/complaints.ts';
import { EventKind } from './world/events.ts';
import { Renters } from './world/renters.ts';
import { Spammers } from './world/spammers.ts';
import { STRATEGIES } from './world/strategies.ts';
import { flowsOf, sumOf } from './world/tallies.ts';
import { daysAfter } from './world/calendar.ts';
import { DAY_MS, MICROS_PER_DOLLAR, World } from './world/world.ts';

/** Hexadecimal digits of a digest. */
const DIGEST_DIGITS = 32;
/** Of spammers' spending, what goes to the underworld and is nobody's revenue. */
const UNDERWORLD = 'identity_seller';

export const runOnce: Run = (request, onDay = () => true) => {
  const simulation = new Simulation(request);
  simulation.run(onDay);
  return simulation.outcome();
};

class Simulation {
  readonly #world: World;
  readonly #renters: Renters;
  readonly #brands: Brands;
  readonly #spammers: Spammers;
  readonly #complaints: Complaints;
  readonly #daily: Record<SeriesId, number[]> = {
    spamLanded: [],
    spamLandedP2p: [],
    surchargeFromSpam: [],
    legitDelivered: [],
    legitStopped: [],
  };
  /** Sums up to the day before. */
  readonly #before: Record<SeriesId, number> = {
    spamLanded: 0,
    spamLandedP2p: 0,
    surchargeFromSpam: 0,
    legitDelivered: 0,
    legitStopped: 0,
  };
  #isStopped = false;

  constructor(request: RunRequest) {
    this.#world = new World(request, loadInputs(), STRATEGIES.length);
    this.#renters = new Renters(this.#world);
    this.#brands = new Brands(this.#world);
    this.#spammers = new Spammers(this.#world, this.#renters);
    this.#complaints = new Complaints(this.#world, {
      brands: this.#brands,
      spammers: this.#spammers,
      renters: this.#renters,
    });
  }

  run(onDay: OnDay): void {
    const world = this.#world;
    const { queue, request, calendar } = world;
    const { scenario, starts } = request;
    world.makeRoom();
    this.#spammers.payIn();
    for (const [index, { day }] of starts.entries()) {
      queue.push(daysAfter(scenario.startMs, day), EventKind.PolicyBegins, index);
    }
    for (const [index, { day }] of scenario.events.entries()) {
      queue.push(daysAfter(scenario.startMs, day), EventKind.ScenarioEvent, index);
    }
    this.#brands.expectBlock();
    // What begins with the run, and what comes before it, is there before the first day is planned.
    this.#handleUntil(scenario.startMs);
    queue.push(calendar.endMs, EventKind.DayEnd);
    this.#startDay();
    while (world.day < request.days && !this.#isStopped && queue.next()) {
      world.nowMs = queue.timeMs;
      if (queue.kind === EventKind.DayEnd) this.#endDay(onDay);
      else this.#handle();
    }
  }

  outcome(): RunOutcome {
    const world = this.#world;
    const { request } = world;
    const flows = flowsOf(world.flows);
    const money = this.#money();
    const found = {
      policy: request.policy,
      replication: request.replication,
      seed: request.seed,
      days: world.day,
      flows,
      money,
      strategies: this.#strategies(),
      measures: this.#measures(flows, money),
      daily: this.#daily,
    };
    const digest = createHash('sha256').update(JSON.stringify(found)).digest('hex').slice(0, DIGEST_DIGITS);
    return { ...found, digest };
  }

  #handleUntil(atMs: number): void {
    const { queue } = this.#world;
    while (queue.nextMs <= atMs && queue.next()) {
      this.#world.nowMs = queue.timeMs;
      this.#handle();
    }
    this.#world.nowMs = atMs;
  }

  #handle(): void {
    const { queue } = this.#world;
    const { kind, a, b, c } = queue;
    switch (kind) {
      case EventKind.Wake:
        if (this.#brands.isBrand(a)) this.#brands.wake(a, b);
        else this.#spammers.wake(a, b);
        break;
      case EventKind.Complaint:
        this.#complaints.arrive(a, b, c);
        break;
      case EventKind.BlockNoticed:
        this.#spammers.noticesBlock(a, b);
        break;
      case EventKind.SenderNamed:
        this.#complaints.named(a, b, c);
        break;
      case EventKind.PolicyBegins:
        this.#begin(a);
        break;
      case EventKind.ScenarioEvent:
        this.#changeParameters(a);
        break;
      case EventKind.BrandRegisters:
        this.#brands.register(a, b, c === 1);
        break;
      case EventKind.BrandApproved:
        this.#brands.approve(a, b);
        break;
      case EventKind.BrandProvisioned:
        this.#brands.provisioned(a, b);
        break;
      case EventKind.BrandInSecondRegistry:
        this.#brands.joinedSecondRegistry(a, b);
        break;
      case EventKind.BrandReinstated:
        this.#brands.reinstated(a, b);
        break;
      case EventKind.BrandCheckOver:
        this.#brands.checked(a, b, c === 1);
        break;
      case EventKind.SpammerReady:
        this.#spammers.ready(a, b, c < 0 ? -1 - c : c, c >= 0);
        break;
      case EventKind.RenterBack:
        this.#renters.back(a);
        break;
      default:
        throw new Error(`nobody handles events of kind ${kind}`);
    }
  }

  #changeParameters(place: number): void {
    const { scenario } = this.#world.request;
    this.#world.setParameters(scenario.events[place]?.set ?? {});
    this.#adapt();
  }

  #begin(place: number): void {
    const world = this.#world;
    const id = world.request.starts[place]?.id;
    const policy = POLICIES.find((one) => one.id === id);
    if (policy === undefined) throw new Error(`there is no policy ${id}`);
    const checkedBefore = world.rules.checksIdentity;
    policy.apply(world.rules, world.parameters);
    if (world.rules.checksIdentity && !checkedBefore) {
      world.checksFromMs = world.nowMs + world.parameter('kycGraceDays') * DAY_MS;
      this.#brands.expectChecks();
    }
    if (world.rules.hasAnalytics) world.analyticsFromMs = Math.min(world.analyticsFromMs, world.nowMs);
    world.applyRules();
    this.#adapt();
  }

  #adapt(): void {
    this.#brands.adapt();
    this.#renters.adapt();
    this.#spammers.adapt();
  }

  #startDay(): void {
    this.#brands.startDay();
    this.#spammers.startDay();
  }

  #endDay(onDay: OnDay): void {
    const world = this.#world;
    this.#brands.endDay();
    this.#spammers.endDay();
    this.#countDay();
    world.checkDay();
    this.#checkMessages();
    this.#checkMoney();
    world.day += 1;
    world.calendar.startDay(world.nowMs);
    world.queue.push(world.calendar.endMs, EventKind.DayEnd);
    if (!onDay(world.day)) this.#isStopped = true;
    if (this.#isStopped || world.day >= world.request.days) return;
    world.applyRules();
    this.#spammers.setPrices();
    this.#startDay();
  }

  #countDay(): void {
    const flows = flowsOf(this.#world.flows);
    const now: Record<SeriesId, number> = {
      spamLanded: landed(flows, 'spam'),
      spamLandedP2p: sumOf(flows, (flow) => isLandedSpam(flow) && flow.route === 'p2p'),
      surchargeFromSpam: this.#surchargeFromSpam(),
      legitDelivered: landed(flows, 'legit'),
      legitStopped: stopped(flows),
    };
    for (const id of SERIES_IDS) {
      this.#daily[id].push(now[id] - this.#before[id]);
      this.#before[id] = now[id];
    }
  }

  /** Every message that was handed in is in one flow, and is one that the core decided or that was turned away. */
  #checkMessages(): void {
    const { flows, core, turnedAway } = this.#world;
    const sum = (cells: Float64Array): number => cells.reduce((total, messages) => total + messages, 0);
    const [counted, decided] = [sum(flows), sum(core.counters.messages)];
    if (counted !== decided + turnedAway) {
      throw new Error(`${counted} messages are counted; ${decided} were decided and ${turnedAway} turned away`);
    }
  }

  /** What spammers have is what they began with and what victims paid, less what they paid for messages and for all else. */
  #checkMoney(): void {
    const { core, money, victimsMicros } = this.#world;
    const { counters } = core;
    const ofAccounts = counters.accountMicros.reduce((sum, micros, at) => (at === 0 ? sum : sum + micros), 0);
    const left = this.#spammers.budgetMicros + victimsMicros - ofAccounts - money.paidBy('spammers');
    if (left !== this.#spammers.balanceMicros) {
      throw new Error(`spammers have ${this.#spammers.balanceMicros} micro-dollars and should have ${left}`);
    }
    const posted = counters.revenueMicros.reduce((sum, micros) => sum + micros, 0);
    if (posted !== counters.chargedMicros) {
      throw new Error(`messages were charged ${counters.chargedMicros} micro-dollars and ${posted} were received`);
    }
  }

  #surchargeFromSpam(): number {
    return revenueCells(this.#world.core.counters).reduce(
      (sum, { labels, value }) =>
        labels.truth === 'spam' && labels.cause === 'unregistered_surcharge' ? sum + value : sum,
      0,
    );
  }

  /** Postings of messages and all other payments; what has the same ends, cause and truth is one flow. */
  #money(): MoneyFlow[] {
    const flows = new Map<string, MoneyFlow>();
    const add = (flow: MoneyFlow): void => {
      const key = `${flow.payer} ${flow.payee} ${flow.cause} ${flow.truth}`;
      flows.set(key, { ...flow, micros: flow.micros + (flows.get(key)?.micros ?? 0) });
    };
    for (const { labels, value } of revenueCells(this.#world.core.counters)) {
      const truth: Truth = labels.truth === 'spam' ? 'spam' : 'legit';
      const payer = truth === 'spam' ? 'spammers' : 'brands';
      add({ payer, payee: labels.payee, cause: labels.cause, truth, micros: value });
    }
    for (const flow of this.#world.money.flows) add(flow);
    return [...flows.values()].toSorted((a, b) => b.micros - a.micros || (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  #strategies(): Record<string, number> {
    const { sentByStrategy } = this.#world;
    const sum = sentByStrategy.reduce((total, sent) => total + sent, 0);
    return Object.fromEntries(STRATEGIES.map((name, at) => [name, sum === 0 ? 0 : (sentByStrategy[at] ?? 0) / sum]));
  }

  #measures(flows: readonly Flow[], money: readonly MoneyFlow[]): Record<MeasureId, number> {
    const world = this.#world;
    const paid = (payer: string): number =>
      money.reduce((sum, flow) => (flow.payer === payer ? sum + flow.micros : sum), 0);
    const spamLanded = landed(flows, 'spam');
    const ofSpam = (holds: (flow: Flow) => boolean): number =>
      sumOf(flows, (flow) => isLandedSpam(flow) && holds(flow));
    const legitSent = sumOf(flows, (flow) => flow.truth === 'legit');
    const legitDelivered = landed(flows, 'legit');
    const underworld = money.reduce((sum, flow) => (flow.payee === UNDERWORLD ? sum + flow.micros : sum), 0);
    const brandsPaid = paid('brands');
    const spread = brandsPaid - this.#brands.oneTimePaidMicros + Math.round(this.#brands.writtenOffMicros);
    const measures: Record<MeasureId, number> = {
      spamSent: sumOf(flows, (flow) => flow.truth === 'spam'),
      spamLanded,
      spamLandedRegistered: ofSpam((flow) => flow.route === 'a2p' && flow.registration === 'registered'),
      spamLandedUnregistered: ofSpam((flow) => flow.route === 'a2p' && flow.registration === 'unregistered'),
      spamLandedP2p: ofSpam((flow) => flow.route === 'p2p'),
      spamTolledShare: spamLanded === 0 ? Number.NaN : world.spamTolled / spamLanded,
      spamRevenue: paid('spammers') - underworld,
      surchargeFromSpam: this.#surchargeFromSpam(),
      legitRevenue: brandsPaid,
      legitSent,
      legitDelivered,
      legitCostPerMessage: legitDelivered === 0 ? Number.NaN : spread / legitDelivered,
      legitFalseBlockShare: legitSent === 0 ? Number.NaN : stopped(flows) / legitSent,
      legitLostInGap: world.lostInGap,
      traces: world.tracesAsked,
      traceSuccessShare: world.tracesAsked === 0 ? Number.NaN : world.tracesFound / world.tracesAsked,
      traceHours: world.tracesFound === 0 ? Number.NaN : world.traceHours / world.tracesFound,
      spammerProfit: world.victimsMicros - paid('spammers'),
      numbersBurnt: world.numbersBurnt,
      harm: world.victimsMicros + Math.round(spamLanded * world.parameter('harmPerSpam') * MICROS_PER_DOLLAR),
    };
    // In the order of the list of measures, which digests and tables go by.
    return Object.fromEntries(MEASURE_IDS.map((id) => [id, measures[id]])) as Record<MeasureId, number>;
  }
}

function isLandedSpam({ truth, outcome }: Flow): boolean {
  return truth === 'spam' && outcome === 'delivered';
}

function landed(flows: readonly Flow[], truth: Truth): number {
  return sumOf(flows, (flow) => flow.truth === truth && flow.outcome === 'delivered');
}

/** Good messages that a rule or a filter stopped. */
function stopped(flows: readonly Flow[]): number {
  return sumOf(
    flows,
    ({ truth, outcome }) =>
      truth === 'legit' && (outcome === 'blocked' || outcome === 'filtered' || outcome === 'limited'),
  );
}

function keyOf({ payer, payee, cause, truth }: MoneyFlow): string {
  return `${payer} ${payee} ${cause} ${truth}`;
}
