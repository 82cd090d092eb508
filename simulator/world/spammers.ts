/**
 * Spammers. Once a day each of them settles what its victims paid, learns from what landed and what it cost, and takes the strategy that it expects
 * to earn the most by, or stops; how much it sends follows from the price (list-economics.ts). It cannot spend what it does not have.
 */
import { Route, UNLIMITED } from '../../gateway/router/index.ts';
import { Beliefs } from './beliefs.ts';
import { BurnerNumbers, NUMBERS_MAX } from './burner-numbers.ts';
import { nextArrivalMs } from './calendar.ts';
import { drawDca } from './dcas.ts';
import { EventKind } from './events.ts';
import { bestCopies, type List, valueOf } from './list-economics.ts';
import { meanPrice } from './prices.ts';
import type { Renters } from './renters.ts';
import { Sender, SPAM } from './sender.ts';
import { send } from './send.ts';
import { SetUps } from './set-ups.ts';
import { CHECK, NOTHING, pay, Spammer, spend, State } from './spammer.ts';
import { isNamed, isP2p, registers, STRATEGIES, Strategy } from './strategies.ts';
import { DAY_MS, DAYS_PER_MONTH, type World } from './world.ts';

/** Days that something set up is hoped to last, and that a number is. */
const HOPED_DAYS = 10;
/** Of its list, what a spammer tries a strategy with that it does not expect to pay. */
const PROBE_SHARE = 0.1;
/** Messages at a time. */
const GROUP_MAX = 12;
const GROUPS_PER_DAY = 200;
/** Of P2P messages a day from one number, what leaves room under the limit. */
const P2P_PER_NUMBER = 180;

export class Spammers {
  /** What they brought along, all together. */
  budgetMicros = 0;
  readonly #world: World;
  readonly #renters: Renters;
  readonly #numbers: BurnerNumbers;
  readonly #setUps: SetUps;
  readonly #spammers: Spammer[] = [];
  readonly #bySender = new Map<number, Spammer>();
  /** By strategy: what the route charges for a message under the rules in force, micro-dollars. */
  readonly #prices = new Float64Array(STRATEGIES.length);

  constructor(world: World, renters: Renters) {
    this.#world = world;
    this.#renters = renters;
    this.#numbers = new BurnerNumbers(world, renters);
    this.#setUps = new SetUps(world);
    this.setPrices();
    const count = Math.max(1, Math.round(world.scaled('spammerCount')));
    for (let index = 0; index < count; index += 1) this.#add(index);
  }

  /** What is in their accounts, micro-dollars. */
  get balanceMicros(): number {
    return this.#spammers.reduce((sum, { sender }) => sum + this.#world.balances.micros(sender.account), 0);
  }

  /** Pays in what each begins with; the core has to have made room for their accounts. */
  payIn(): void {
    for (const spammer of this.#spammers) this.#bringMoney(spammer);
  }

  /** Works out what messages cost now. To be called when rules or prices have changed. */
  setPrices(): void {
    const { core, carrierShares, pricedAtMs } = this.#world;
    const billed = this.#world.parameter('segmentsMean') * (1 - this.#world.parameter('invalidShareSpam'));
    const of = (registered: number, route: number): number =>
      billed * meanPrice(core.books[0]!, { registered, route }, carrierShares, pricedAtMs);
    const registered = of(1, Route.A2p);
    this.#prices[Strategy.CycleNumbers] = of(0, Route.A2p);
    this.#prices[Strategy.SoleProprietor] = registered;
    this.#prices[Strategy.StolenIdentity] = registered;
    this.#prices[Strategy.RentedCampaign] = registered;
    this.#prices[Strategy.GreyRoute] = of(0, Route.P2p);
    this.#prices[Strategy.SimFarm] = 0;
  }

  /** Rules have changed. */
  adapt(): void {
    this.setPrices();
    for (const { registrations } of this.#spammers) {
      for (const registration of registrations) {
        if (registration.isActive) registration.setKnown(this.#world.carriersKnowing(true));
      }
    }
  }

  /** Sends what is due and sets the next time. */
  wake(place: number, wake: number): void {
    const world = this.#world;
    const spammer = this.#bySender.get(place)!;
    const { sender, strategy } = spammer;
    if (wake !== sender.wake || sender.linesInUse === 0) return;
    const before = sender.sentToday;
    send(world, sender, sender.group);
    const sent = sender.sentToday - before;
    world.sentByStrategy[strategy]! += sent;
    if (strategy === Strategy.RentedCampaign) {
      spend(world, spammer, 'aggregator', 'campaign_rent', sent * world.micros('rentPrice'));
    }
    this.#numbers.changeUsed(spammer, this.#messagesPerNumber(strategy));
    this.#expectNext(spammer);
  }

  /** The day is over: victims have paid, bills come, and the spammer learns. */
  endDay(): void {
    for (const spammer of this.#spammers) {
      this.#settle(spammer);
      this.#setUps.payDaily(spammer, (id) => {
        const fee = this.#world.fee(id);
        if (fee !== undefined) pay(this.#world, spammer, fee.payee, id, Math.round(fee.micros / DAYS_PER_MONTH));
      });
    }
  }

  startDay(): void {
    for (const spammer of this.#spammers) {
      if (this.#world.day > 0) spammer.beliefs.fade();
      this.#dropLost(spammer);
      this.#replaceBroke(spammer);
      this.#plan(spammer);
    }
  }

  /** What it set up has come to its end, unless it lost its identity meanwhile. */
  ready(index: number, what: number, identity: number, hasPassed: boolean): void {
    const spammer = this.#spammers[index]!;
    if (identity !== spammer.sender.identity) return;
    spammer.beliefs.seeSetUp(what, hasPassed);
    spammer.states[what] = hasPassed ? State.Ready : State.None;
    if (!hasPassed) return;
    spammer.readyMs[what] = this.#world.nowMs;
    if (registers(what)) spammer.registrationFor(what).activate(this.#world.carriersKnowing(true));
  }

  /** Sees that a number is blocked, and takes another. */
  noticesBlock(line: number, generation: number): void {
    const { lines } = this.#world;
    const spammer = this.#bySender.get(lines.owner[line]!)!;
    if (lines.generation[line] !== generation) return;
    const at = spammer.sender.lines.indexOf(line);
    if (at < spammer.sender.linesInUse) this.#numbers.change(spammer, at);
  }

  /** A trace named it where that has consequences: it loses its numbers, its campaigns and its name. */
  loseIdentity(place: number, identity: number): void {
    const world = this.#world;
    const spammer = this.#bySender.get(place)!;
    const { sender } = spammer;
    if (sender.identity !== identity) return;
    sender.identity += 1;
    spammer.backAtMs = world.nowMs + world.parameter('newIdentityDays') * DAY_MS;
    for (const registration of spammer.registrations) registration.end();
    for (const what of [...STRATEGIES.keys()].filter(isNamed)) spammer.lose(what, world.nowMs);
    spammer.lose(CHECK, world.nowMs);
    sender.dca = drawDca(world.dcas, sender.fortunes);
    if (spammer.strategy === NOTHING || isP2p(spammer.strategy)) return;
    this.#settle(spammer);
    this.#stop(spammer);
  }

  /** A fine for a spammer; false if it cannot pay. */
  fine(place: number, payee: string, micros: number): boolean {
    return spend(this.#world, this.#bySender.get(place)!, payee, 'fine', micros);
  }

  #add(index: number): void {
    const world = this.#world;
    const { request } = world;
    const place = world.senders.length;
    const first = world.lines.add(2 * NUMBERS_MAX, place);
    const sender = new Sender({
      seed: request.seed,
      name: `replication/${request.replication}/spammer/${index}`,
      place,
      truth: SPAM,
      recipients: world.spamRecipients,
      lines: Int32Array.from({ length: 2 * NUMBERS_MAX }, (_, line) => first + line),
      dca: world.dcas[0]!,
    });
    const { plans } = sender;
    sender.dca = drawDca(world.dcas, plans);
    const listFactor = plans.lognormal(1, world.parameter('spammerListSpread'));
    const worthFactor = plans.lognormal(1, world.parameter('spammerWorthSpread'));
    const knows = (id: string): boolean => plans.next() < world.parameter(id);
    const list = world.parameter('spammerList') * listFactor;
    const spammer = new Spammer({
      index,
      sender,
      knows: [true, true, true, knows('rentShare'), knows('greyShare'), knows('simFarmShare')],
      beliefs: new Beliefs({
        landedShare: world.parameter('spammerHope'),
        costMicros: [...STRATEGIES.keys(), CHECK].map((strategy) => this.#hopedCost(strategy, list)),
        days: HOPED_DAYS,
        memoryDays: world.parameter('spammerMemory'),
      }),
      registrations: [
        world.addRegistration({
          name: `spammer-${index}-sole`,
          attClass: 'W',
          tmobileTier: 'SOLE_PROPRIETOR',
          useCase: 'SOLE_PROPRIETOR',
        }),
        world.addRegistration({ name: `spammer-${index}`, attClass: 'F', tmobileTier: 'LOW', useCase: 'MIXED' }),
      ],
      listFactor,
      worthFactor,
    });
    sender.account = world.core.accounts.set({
      id: `spammer-${index}`,
      isPrepaid: true,
      smsPerSecond: UNLIMITED,
      mmsPerSecond: UNLIMITED,
      numberSmsPerSecond: UNLIMITED,
      numberMmsPerSecond: UNLIMITED,
      inFlightMax: UNLIMITED,
    });
    world.senders.push(sender);
    this.#spammers.push(spammer);
    this.#bySender.set(place, spammer);
  }

  /** What a message is expected to cost beyond its price before anything was tried. */
  #hopedCost(strategy: number, list: number): number {
    if (strategy === CHECK) return 0;
    const rent = strategy === Strategy.RentedCampaign ? this.#world.micros('rentPrice') : 0;
    const messages = Math.min(this.#messagesPerNumber(strategy), list * HOPED_DAYS);
    return rent + this.#numbers.priceMicros(strategy) / messages;
  }

  #messagesPerNumber(strategy: number): number {
    // A flat rate has no price of a message: by that of the other P2P route.
    const priced = strategy === Strategy.SimFarm ? Strategy.GreyRoute : strategy;
    return this.#numbers.messagesPerNumber(strategy, this.#prices[priced]!);
  }

  #listOf({ listFactor, worthFactor }: Spammer): List & { readonly recipients: number } {
    const world = this.#world;
    const steepness = world.parameter('listSteepness');
    const mean = world.parameter('readShare') * world.parameter('responseShare') * world.micros('responseValue');
    return {
      recipients: world.parameter('spammerList') * listFactor,
      // The best recipient, if the mean over the list is to be what is given.
      worth: (mean * worthFactor * steepness) / (1 - Math.exp(-steepness)),
      steepness,
      copiesMax: world.parameter('copiesMax'),
    };
  }

  /** What was sent since it was last settled: victims pay by what was planned and what landed of it, and it learns. */
  #settle(spammer: Spammer): void {
    const world = this.#world;
    const { sender, beliefs, strategy, planned, wantedMessages } = spammer;
    const { sentToday, landedToday } = sender;
    sender.sentToday = 0;
    sender.landedToday = 0;
    if (strategy === NOTHING || sentToday === 0) return;
    const list = this.#listOf(spammer);
    const perRecipient = valueOf(list, planned, landedToday / sentToday);
    const micros = Math.round((perRecipient * list.recipients * sentToday) / wantedMessages);
    world.balances.credit(sender.account, micros);
    world.victimsMicros += micros;
    beliefs.see(strategy, sentToday, landedToday);
    // What the route took beyond its price, as where a bypass is closed.
    const charged = world.core.counters.accountMicros[sender.account + 1] ?? 0;
    const extra = charged - spammer.chargedMicros - sentToday * this.#prices[strategy]!;
    if (extra > 0) beliefs.spend(strategy, extra);
    spammer.chargedMicros = charged;
  }

  #bringMoney({ sender }: Spammer): void {
    const micros = this.#world.micros('spammerBudget');
    this.#world.balances.credit(sender.account, micros);
    this.budgetMicros += micros;
  }

  /** Who has lost its money stays away; after a while a newcomer finds the same list and has the same connections. */
  #replaceBroke(spammer: Spammer): void {
    const world = this.#world;
    if (world.nowMs - spammer.brokeSinceMs < world.parameter('newcomerDays') * DAY_MS) return;
    this.loseIdentity(spammer.sender.place, spammer.sender.identity);
    spammer.beliefs.forget();
    this.#bringMoney(spammer);
    spammer.brokeSinceMs = Infinity;
  }

  /** A registration that most carriers have suspended is none. */
  #dropLost(spammer: Spammer): void {
    for (const strategy of [Strategy.SoleProprietor, Strategy.StolenIdentity]) {
      const registration = spammer.registrationFor(strategy);
      if (!spammer.isReady(strategy) || registration.isWorthIt) continue;
      registration.end();
      spammer.lose(strategy, this.#world.nowMs);
    }
  }

  #plan(spammer: Spammer): void {
    const world = this.#world;
    const { sender, beliefs } = spammer;
    const list = this.#listOf(spammer);
    const expected = (strategy: number): { landedShare: number; costMicros: number } => ({
      landedShare: beliefs.landedShare(strategy),
      costMicros: this.#prices[strategy]! + beliefs.costMicros(strategy),
    });
    const profits = Array.from(STRATEGIES, (_, strategy) => {
      const by = expected(strategy);
      const copies = bestCopies(list, by.landedShare, by.costMicros);
      return list.recipients * (valueOf(list, by, by.landedShare) - copies * by.costMicros);
    });
    const profitOf = (strategy: number | undefined): number => (strategy === undefined ? 0 : profits[strategy]!);
    const known = [...STRATEGIES.keys()].filter((strategy) => this.#canHave(spammer, strategy));
    const byProfit = known.toSorted((a, b) => profitOf(b) - profitOf(a));
    // Both are drawn every day, so that exploring shifts no later draw.
    const [explores, which] = [sender.plans.next() < world.parameter('spammerExplores'), sender.plans.next()];
    const wanted = explores ? known[Math.floor(which * known.length)] : byProfit[0];

    const canUse = (strategy: number): boolean => spammer.isReady(strategy) && this.#passes(spammer, strategy);
    const best = byProfit.find((strategy) => canUse(strategy) && profitOf(strategy) > 0);
    const pays = (what: number): boolean =>
      explores || (profitOf(wanted) - profitOf(best)) * beliefs.usableDays(what) > this.#setUps.costMicros(what);
    if (wanted !== undefined) {
      const isToBeChecked = world.rules.checksIdentity && isNamed(wanted) && !spammer.isReady(CHECK);
      if (isToBeChecked && pays(CHECK)) this.#setUps.begin(spammer, CHECK);
      if (!spammer.isReady(wanted) && !isToBeChecked && pays(wanted)) this.#setUps.begin(spammer, wanted);
    }
    const taken = explores && wanted !== undefined && canUse(wanted) ? wanted : best;
    if (taken === undefined) {
      this.#stop(spammer);
      return;
    }
    const by = expected(taken);
    const isProbe = explores && bestCopies(list, by.landedShare, by.costMicros) < PROBE_SHARE;
    // As if messages cost what sends just so many.
    const probed = list.worth * by.landedShare * Math.exp(-list.steepness * PROBE_SHARE);
    const planned = isProbe ? { ...by, costMicros: probed } : by;
    const messages = bestCopies(list, planned.landedShare, planned.costMicros) * list.recipients;
    this.#start(spammer, taken, { planned, messages, costMicros: by.costMicros });
  }

  /** Whether it knows how, and it is to be had at all: a provider may have no campaign to rent out. */
  #canHave({ knows, sender }: Spammer, strategy: number): boolean {
    return knows[strategy]! && (strategy !== Strategy.RentedCampaign || this.#renters.isOpen(sender.place));
  }

  /** Whether carriers take its messages as far as its identity goes. */
  #passes(spammer: Spammer, strategy: number): boolean {
    return !isNamed(strategy) || this.#world.nowMs < this.#world.checksFromMs || spammer.isReady(CHECK);
  }

  #start(
    spammer: Spammer,
    strategy: number,
    day: {
      readonly planned: { landedShare: number; costMicros: number };
      readonly messages: number;
      readonly costMicros: number;
    },
  ): void {
    const world = this.#world;
    const { sender } = spammer;
    const perNumberMost = world.parameter('messagesPerNumberDay');
    const perNumber = isP2p(strategy) ? Math.min(P2P_PER_NUMBER, perNumberMost) : perNumberMost;
    // A sole proprietor has one number and sends all from it.
    const isSole = strategy === Strategy.SoleProprietor;
    const affordable = world.balances.micros(sender.account) / Math.max(1, day.costMicros);
    const messages = Math.min(day.messages, affordable, isSole ? Infinity : NUMBERS_MAX * perNumber);
    if (strategy !== spammer.strategy) this.#numbers.use(spammer, 0);
    spammer.strategy = strategy;
    spammer.planned = day.planned;
    spammer.wantedMessages = day.messages;
    sender.isFlatRate = strategy === Strategy.SimFarm;
    sender.isRefused = !this.#passes(spammer, strategy);
    this.#numbers.use(spammer, isSole ? 1 : Math.max(1, Math.ceil(messages / perNumber)));
    if (sender.linesInUse === 0 || messages < 1) {
      if (day.messages >= 1) spammer.brokeSinceMs = Math.min(spammer.brokeSinceMs, world.nowMs);
      this.#stop(spammer);
      return;
    }
    spammer.brokeSinceMs = Infinity;
    sender.perDay = messages;
    sender.group = Math.min(GROUP_MAX, Math.max(1, Math.round(messages / GROUPS_PER_DAY)));
    sender.wake += 1;
    this.#expectNext(spammer);
  }

  #stop(spammer: Spammer): void {
    this.#numbers.use(spammer, 0);
    spammer.strategy = NOTHING;
    spammer.sender.wake += 1;
  }

  #expectNext({ sender }: Spammer): void {
    const world = this.#world;
    const atMs = nextArrivalMs(world.calendar, world.inputs.spamShape, sender, sender.arrivals, world.nowMs);
    if (atMs !== Infinity) world.queue.push(atMs, EventKind.Wake, sender.place, sender.wake);
  }
}
