/**
 * Good senders. They send by the shape of the week, register or do not, wait for reviews and for numbers to reach the carriers, grow, and now and
 * then one leaves and another comes.
 */
import { Route } from '../../gateway/router/index.ts';
import { nextArrivalMs } from './calendar.ts';
import { drawDca } from './dcas.ts';
import { EventKind } from './events.ts';
import { meanPrice } from './prices.ts';
import type { Registration } from './registration.ts';
import { LEGIT, Sender } from './sender.ts';
import { send } from './send.ts';
import { DAY_MS, DAYS_PER_MONTH, HOUR_MS, type World } from './world.ts';

interface BrandClass {
  readonly name: string;
  readonly attClass: string;
  readonly tmobileTier: string;
  readonly useCase: string;
  readonly monthlyFee: string;
  readonly isVetted: boolean;
  readonly share: string;
  readonly messagesPerDay: string;
  readonly unregisteredShare: string;
  /** Numbers, as a multiple of those of a middle-sized company; one where that is 0. */
  readonly numbers: number;
}

/** By entity and size. Classes and tiers are those that the vetting scores of such brands lead to (tariffs, carrier-limits.ts). */
const CLASSES: readonly BrandClass[] = [
  {
    name: 'sole',
    attClass: 'W',
    tmobileTier: 'SOLE_PROPRIETOR',
    useCase: 'SOLE_PROPRIETOR',
    monthlyFee: 'tcr-campaign-sole-proprietor',
    isVetted: false,
    share: 'brandShareSole',
    messagesPerDay: 'messagesPerDaySole',
    unregisteredShare: 'unregisteredShareSole',
    numbers: 0,
  },
  {
    name: 'small',
    attClass: 'T',
    tmobileTier: 'LOW',
    useCase: 'LOW_VOLUME',
    monthlyFee: 'tcr-campaign-low-volume',
    isVetted: false,
    share: 'brandShareSmall',
    messagesPerDay: 'messagesPerDaySmall',
    unregisteredShare: 'unregisteredShareSmall',
    numbers: 0,
  },
  {
    name: 'middle',
    attClass: 'C',
    tmobileTier: 'UPPER_MID',
    useCase: 'CUSTOMER_CARE',
    monthlyFee: 'tcr-campaign-standard',
    isVetted: true,
    share: 'brandShareMiddle',
    messagesPerDay: 'messagesPerDayMiddle',
    unregisteredShare: 'unregisteredShareMiddle',
    numbers: 1,
  },
  {
    name: 'large',
    attClass: 'A',
    tmobileTier: 'TOP',
    useCase: 'MIXED',
    monthlyFee: 'tcr-campaign-standard',
    isVetted: true,
    share: 'brandShareLarge',
    messagesPerDay: 'messagesPerDayLarge',
    unregisteredShare: 'unregisteredShareLarge',
    numbers: 4,
  },
];

const BRAND_FEE = 'tcr-brand-registration';
const REVIEW_FEE = 'dca-campaign-review';
const ACTIVATION_FEE = 'tmobile-campaign-activation';
const VETTING_FEE = 'vet-standard';
const APPEAL_FEE = 'tcr-identity-appeal';
const NUMBER_FEE = 'number-registry';

const PROVISIONING_SPREAD = 0.5;
const MINUTES_PER_DAY = 1_440;
const GROUP_MAX = 25;
const DAYS_PER_YEAR = 365;
/** Those who register late do so within so many days of being refused. */
const LATE_DAYS = 3;

class Brand {
  readonly place: number;
  readonly sender: Sender;
  readonly type: BrandClass;
  readonly registration: Registration;
  /** Which brand this is of those that have had the place. */
  generation = 0;
  basePerDay = 0;
  /** Does not register as long as it can send all the same. */
  isReluctant = false;
  hasApplied = false;
  isRegistered = false;
  /** Has registered in a second registry as well, or will not. */
  hasChosenSecond = false;
  isInSecondRegistry = false;
  hasLeft = false;
  /** One-time fees of what it now has, micro-dollars. */
  oneTimeMicros = 0;
  /** What of that is written off, in parts of a micro-dollar. */
  writtenOffMicros = 0;

  constructor(place: number, sender: Sender, type: BrandClass, registration: Registration) {
    this.place = place;
    this.sender = sender;
    this.type = type;
    this.registration = registration;
  }
}

export class Brands {
  /** Of what they paid, fees that are paid once, micro-dollars. */
  oneTimePaidMicros = 0;
  /** The same spread over the time that they are written off in. */
  writtenOffMicros = 0;
  readonly #world: World;
  readonly #brands: Brand[] = [];
  /** By place of the sender. */
  readonly #bySender = new Map<number, Brand>();
  #growth = 1;
  /** What an unregistered message costs above a registered one, on average over carriers. */
  #surchargeMicros = 0;

  constructor(world: World) {
    this.#world = world;
    const count = Math.max(1, Math.round(world.scaled('brandCount')));
    for (let place = 0; place < count; place += 1) this.#add(place, count);
  }

  isBrand(place: number): boolean {
    return this.#bySender.has(place);
  }

  /** Sends what is due and sets the next time. */
  wake(place: number, wake: number): void {
    const { sender } = this.#bySender.get(place)!;
    if (wake !== sender.wake) return;
    send(this.#world, sender, sender.group);
    this.#expectNext(sender);
  }

  startDay(): void {
    const world = this.#world;
    this.#growth = (1 + world.parameter('brandGrowth')) ** (world.day / DAYS_PER_YEAR);
    const churn = world.parameter('brandChurn') / DAYS_PER_MONTH;
    const urge = world.parameter('registrationUrge') / DAYS_PER_MONTH;
    this.#surchargeMicros = this.#meanSurcharge();
    for (const brand of this.#brands) {
      const [leaves, registers] = [brand.sender.plans.next() < churn, brand.sender.plans.next() < urge];
      if (leaves) this.#replace(brand);
      else if (registers && this.#wouldSave(brand)) this.register(brand.place, brand.generation, false);
      brand.sender.sentToday = 0;
      brand.sender.landedToday = 0;
      if (brand.hasLeft) continue;
      brand.sender.perDay = brand.basePerDay * this.#growth;
      brand.sender.group = groupOf(brand.sender.perDay);
      brand.sender.wake += 1;
      this.#expectNext(brand.sender);
    }
  }

  /** What is paid by the month, day by day, and what is written off. */
  endDay(): void {
    const world = this.#world;
    const days = world.parameter('amortisationMonths') * DAYS_PER_MONTH;
    const rentMicros = Math.round(world.micros('numberRent') / DAYS_PER_MONTH);
    for (const brand of this.#brands) {
      if (brand.hasLeft) continue;
      const numbers = brand.sender.lines.length;
      world.money.post('brands', 'number_seller', 'number_rent', 'legit', rentMicros * numbers);
      const partMicros = Math.min(brand.oneTimeMicros / days, brand.oneTimeMicros - brand.writtenOffMicros);
      brand.writtenOffMicros += partMicros;
      this.writtenOffMicros += partMicros;
      if (!brand.isRegistered) continue;
      const registries = world.rules.registries === 'split' && brand.isInSecondRegistry ? 2 : 1;
      this.#payMonthly(brand.type.monthlyFee, registries);
      this.#payMonthly(NUMBER_FEE, numbers);
    }
  }

  /**
   * If unregistered traffic is to be refused, those that are not registered begin to register before it, or wait until their messages are
   * refused, or give up. Some of it lies before the run.
   */
  expectBlock(): void {
    for (const brand of this.#brands) this.#expectBlock(brand, -Infinity);
  }

  /** What one brand that stands there at `fromMs` does about it, then or later. */
  #expectBlock({ sender, isReluctant, place, generation }: Brand, fromMs: number): void {
    const world = this.#world;
    const atMs = world.blocksFromMs;
    if (!isReluctant || atMs === Infinity) return;
    const noticeMs = world.parameter('registrationNoticeDays') * DAY_MS;
    const givesUp = sender.fortunes.next() < world.parameter('giveUpShare');
    const isLate = sender.fortunes.next() < world.parameter('registrationLateShare');
    const when = sender.fortunes.next();
    const beginsMs = isLate ? atMs + when * LATE_DAYS * DAY_MS : atMs - noticeMs * (1 - when);
    if (givesUp) world.queue.push(atMs, EventKind.BrandRegisters, place, generation, 1);
    else world.queue.push(Math.max(fromMs, beginsMs), EventKind.BrandRegisters, place, generation);
  }

  /** Rules have changed: who is known where, and what brands do about it. */
  adapt(): void {
    const { rules } = this.#world;
    for (const brand of this.#brands) {
      if (!brand.isRegistered) continue;
      if (rules.registries === 'split') this.#goToSecondRegistry(brand);
      brand.registration.setKnown(this.#world.carriersKnowing(brand.isInSecondRegistry));
    }
  }

  /** Carriers begin to check identities: each brand is checked within the time it is given, and some are rejected at first. */
  expectChecks(): void {
    for (const brand of this.#brands) this.#check(brand, this.#world.checksFromMs);
  }

  register(place: number, generation: number, givesUp: boolean): void {
    const brand = this.#brands[place]!;
    if (generation !== brand.generation || brand.isRegistered || brand.hasLeft || brand.hasApplied) return;
    if (givesUp) {
      brand.hasLeft = true;
      brand.sender.wake += 1;
      return;
    }
    brand.hasApplied = true;
    brand.sender.isWaiting = true;
    this.#payRegistration(brand);
    this.#review(brand);
  }

  approve(place: number, generation: number): void {
    const world = this.#world;
    const brand = this.#brands[place]!;
    if (generation !== brand.generation || brand.hasLeft) return;
    const { sender, registration } = brand;
    const { fortunes } = sender;
    if (fortunes.next() < world.parameter('reviewFalseRejectShare')) {
      this.#payOnce(brand, APPEAL_FEE);
      this.#review(brand);
      return;
    }
    brand.isRegistered = true;
    registration.activate(world.carriersKnowing(brand.isInSecondRegistry));
    let lastMs = world.nowMs;
    for (const line of sender.lines) {
      const delayMs = fortunes.lognormal(sender.dca.provisioningHours * HOUR_MS, PROVISIONING_SPREAD);
      const activeAtMs = world.nowMs + delayMs;
      world.core.registry.register(world.lines.key[line]!, registration.campaign, activeAtMs, world.nowMs);
      lastMs = Math.max(lastMs, activeAtMs);
    }
    world.queue.push(lastMs, EventKind.BrandProvisioned, place, generation);
    if (world.rules.registries === 'split') this.#goToSecondRegistry(brand);
  }

  provisioned(place: number, generation: number): void {
    const brand = this.#brands[place]!;
    if (generation !== brand.generation) return;
    brand.sender.isWaiting = false;
    this.#world.core.registry.settle(this.#world.nowMs);
  }

  joinedSecondRegistry(place: number, generation: number): void {
    const brand = this.#brands[place]!;
    if (generation !== brand.generation) return;
    brand.isInSecondRegistry = true;
    brand.registration.setKnown(this.#world.carriersKnowing(true));
  }

  /** A carrier suspended its campaign: it appeals. */
  suspended(place: number): void {
    const world = this.#world;
    const brand = this.#bySender.get(place)!;
    this.#payOnce(brand, APPEAL_FEE);
    const doneMs = world.reviewedMs(brand.sender.fortunes);
    world.queue.push(doneMs, EventKind.BrandReinstated, brand.place, brand.generation);
  }

  reinstated(place: number, generation: number): void {
    const brand = this.#brands[place]!;
    if (generation !== brand.generation || !brand.isRegistered) return;
    brand.registration.activate(this.#world.carriersKnowing(brand.isInSecondRegistry));
  }

  /** `isRejected` while an appeal is under way. */
  checked(place: number, generation: number, isRejected: boolean): void {
    const world = this.#world;
    const brand = this.#brands[place]!;
    if (generation !== brand.generation) return;
    brand.sender.isRefused = isRejected;
    brand.sender.isWaiting = isRejected || (brand.sender.isWaiting && !brand.isRegistered);
    if (isRejected) {
      const appealMs = 2 * world.parameter('kycDays') * DAY_MS;
      world.queue.push(world.nowMs + appealMs, EventKind.BrandCheckOver, place, generation);
    }
  }

  #add(place: number, count: number): void {
    const world = this.#world;
    const { request } = world;
    const name = `replication/${request.replication}/brand/${place}`;
    const type = this.#typeOf((place + 0.5) / count);
    const numbers = type.numbers === 0 ? 1 : Math.max(1, Math.round(type.numbers * world.parameter('numbersMiddle')));
    const senderPlace = world.senders.length;
    const first = world.lines.add(numbers, senderPlace);
    const sender = new Sender({
      seed: request.seed,
      name,
      place: senderPlace,
      truth: LEGIT,
      recipients: world.legitRecipients,
      lines: Int32Array.from({ length: numbers }, (_, index) => first + index),
      dca: world.dcas[0]!,
    });
    sender.dca = drawDca(world.dcas, sender.plans);
    const { attClass, tmobileTier, useCase } = type;
    const registration = world.addRegistration({ name: `brand-${place}`, attClass, tmobileTier, useCase });
    const brand = new Brand(place, sender, type, registration);
    world.senders.push(sender);
    this.#brands.push(brand);
    this.#bySender.set(senderPlace, brand);
    this.#begin(brand);
    if (brand.isReluctant && world.blocksFromMs >= world.nowMs) return;
    brand.isReluctant = false;
    brand.isRegistered = true;
    brand.oneTimeMicros = this.#oneTimeMicros(type);
    registration.activate(world.carriersKnowing(false));
    for (const line of sender.lines) {
      world.core.registry.register(world.lines.key[line]!, registration.campaign, world.nowMs, world.nowMs);
    }
  }

  /** The class at a place of all brands side by side, 0 to 1. */
  #typeOf(position: number): BrandClass {
    const shares = CLASSES.map(({ share }) => this.#world.parameter(share));
    let rest = position * shares.reduce((sum, share) => sum + share, 0);
    const found = CLASSES.find((_, index) => {
      rest -= shares[index]!;
      return rest < 0;
    });
    return found ?? CLASSES.at(-1)!;
  }

  /** What it is when it comes: how much it sends, from which numbers, whether it means to register. */
  #begin(brand: Brand): void {
    const world = this.#world;
    const { sender, type } = brand;
    brand.basePerDay = sender.plans.lognormal(world.parameter(type.messagesPerDay), world.parameter('messagesSpread'));
    brand.isReluctant = sender.plans.next() < world.parameter(type.unregisteredShare);
    for (const line of sender.lines) {
      const key = world.drawRentedNumber(sender.plans, 'legit');
      world.lines.start(line, { key, route: Route.A2p, isInvalid: false, isConspicuous: false });
    }
    sender.linesInUse = sender.lines.length;
  }

  /** The brand leaves and another of its class comes, which has to register first. */
  #replace(brand: Brand): void {
    const world = this.#world;
    const { sender } = brand;
    for (const line of sender.lines) world.core.registry.unregister(world.lines.key[line]!);
    brand.registration.end();
    brand.generation += 1;
    brand.hasApplied = false;
    brand.isRegistered = false;
    brand.hasChosenSecond = false;
    brand.isInSecondRegistry = false;
    brand.hasLeft = false;
    brand.oneTimeMicros = 0;
    brand.writtenOffMicros = 0;
    sender.isWaiting = false;
    sender.isRefused = false;
    this.#begin(brand);
    if (!brand.isReluctant || world.nowMs >= world.blocksFromMs) this.register(brand.place, brand.generation, false);
    else this.#expectBlock(brand, world.nowMs);
    if (world.rules.checksIdentity && world.nowMs >= world.checksFromMs) {
      this.#check(brand, world.nowMs);
      sender.isRefused = true;
      sender.isWaiting = true;
    }
  }

  /** Whether a registration costs less by the month than the surcharge does. */
  #wouldSave({ type, basePerDay }: Brand): boolean {
    const world = this.#world;
    const monthly = world.fee(type.monthlyFee)?.micros ?? 0;
    const once = this.#oneTimeMicros(type) / world.parameter('amortisationMonths');
    const messages = basePerDay * this.#growth * DAYS_PER_MONTH;
    return messages * world.parameter('segmentsMean') * this.#surchargeMicros > monthly + once;
  }

  #meanSurcharge(): number {
    const { core, carrierShares, pricedAtMs } = this.#world;
    const [registered, unregistered] = [1, 0].map((way) =>
      meanPrice(core.books[0]!, { registered: way, route: Route.A2p }, carrierShares, pricedAtMs),
    ) as [number, number];
    return unregistered - registered;
  }

  #oneTimeMicros(type: BrandClass): number {
    return this.#oneTimeFees(type).reduce((sum, id) => sum + (this.#world.fee(id)?.micros ?? 0), 0);
  }

  #expectNext(sender: Sender): void {
    const world = this.#world;
    const atMs = nextArrivalMs(world.calendar, world.inputs.legitShape, sender, sender.arrivals, world.nowMs);
    if (atMs !== Infinity) world.queue.push(atMs, EventKind.Wake, sender.place, sender.wake);
  }

  #review(brand: Brand): void {
    const world = this.#world;
    const doneMs = world.reviewedMs(brand.sender.fortunes);
    world.queue.push(doneMs, EventKind.BrandApproved, brand.place, brand.generation);
  }

  #goToSecondRegistry(brand: Brand): void {
    const world = this.#world;
    if (brand.hasChosenSecond) return;
    brand.hasChosenSecond = true;
    if (brand.sender.fortunes.next() >= world.parameter('secondRegistryShare')) return;
    this.#payRegistration(brand);
    const doneMs = world.reviewedMs(brand.sender.fortunes);
    world.queue.push(doneMs, EventKind.BrandInSecondRegistry, brand.place, brand.generation);
  }

  #check(brand: Brand, fromMs: number): void {
    const world = this.#world;
    const isRejected = brand.sender.fortunes.next() < world.parameter('kycFalseRejectShare');
    const micros = world.micros('kycPrice');
    world.money.post('brands', 'carrier_kyc', 'identity_check', 'legit', micros);
    this.oneTimePaidMicros += micros;
    brand.oneTimeMicros += micros;
    const doneMs = Math.max(fromMs, world.nowMs + world.parameter('kycDays') * DAY_MS);
    world.queue.push(doneMs, EventKind.BrandCheckOver, brand.place, brand.generation, isRejected ? 1 : 0);
  }

  #oneTimeFees({ isVetted, name }: BrandClass): string[] {
    return [BRAND_FEE, REVIEW_FEE, ...(isVetted ? [VETTING_FEE] : []), ...(name === 'sole' ? [] : [ACTIVATION_FEE])];
  }

  #payRegistration(brand: Brand): void {
    for (const id of this.#oneTimeFees(brand.type)) this.#payOnce(brand, id);
  }

  #payOnce(brand: Brand, id: string): void {
    const fee = this.#world.fee(id);
    if (fee === undefined) return;
    this.#world.money.post('brands', fee.payee, id, 'legit', fee.micros);
    this.oneTimePaidMicros += fee.micros;
    brand.oneTimeMicros += fee.micros;
  }

  #payMonthly(id: string, times: number): void {
    const fee = this.#world.fee(id);
    if (fee === undefined) return;
    this.#world.money.post('brands', fee.payee, id, 'legit', Math.round((fee.micros * times) / DAYS_PER_MONTH));
  }
}

/** Messages at a time: one where there is time between them, more at high rates. */
function groupOf(perDay: number): number {
  return Math.min(GROUP_MAX, Math.max(1, Math.round(perDay / MINUTES_PER_DAY)));
}
