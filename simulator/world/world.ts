/**
 * All that a run is made of, and the little that everybody in it needs: the core, the queue, the time, the rules in force, money and counts.
 * Brands, spammers and complaints are handled in files of their own; `run-once.ts` puts them together.
 */
import {
  createCore,
  type Core,
  makeRoomForLimits,
  MessageSlot,
  ownLimits,
  Regime,
} from '../../gateway/router/index.ts';
import {
  type BlockGroup,
  BrandTable,
  CampaignTable,
  CARRIERS,
  isAssigned,
  NumberRegistry,
} from '../../registry-cache/index.ts';
import { type Balances, feeAt, P2P_UNANSWERED_PER_DAY, TMOBILE_TIERS } from '../../tariffs/index.ts';
import { EventQueue } from '../engine/event-queue.ts';
import { Stream } from '../engine/stream.ts';
import { type Inputs, regimesOf } from '../load-inputs.ts';
import { type Rules, rulesOfTheSeed } from '../policies/index.ts';
import type { Truth } from '../results.ts';
import type { Parameters, RunRequest } from '../run.ts';
import { Calendar, daysAfter } from './calendar.ts';
import { type Dca, makeDcas } from './dcas.ts';
import { newFilters, setFilters } from './filters.ts';
import { Lines } from './lines.ts';
import { Money } from './money.ts';
import { bookWith } from './prices.ts';
import { ALL_CARRIERS, Registration, type Terms } from './registration.ts';
import { ReviewDesk } from './review-desk.ts';
import type { Sender } from './sender.ts';
import { parameterOf } from '../parameter-of.ts';
import { FLOW_CELLS } from './tallies.ts';

export const MICROS_PER_DOLLAR = 1_000_000;
export const HOUR_MS = 3_600_000;
const HOURS_PER_DAY = 24;
const HOURS_WORKED = 8;
export const DAY_MS = HOURS_PER_DAY * HOUR_MS;
/** What a month is where something is paid by the month. */
export const DAYS_PER_MONTH = 30;

/** Recipients that senders of a kind draw from: a power of two. */
export const RECIPIENT_BITS = 15;
const RECIPIENTS = 1 << RECIPIENT_BITS;
const LINES_PER_BLOCK = 1_000;
const ANY_NUMBER_MIN = 2_010_000_000;
const ANY_NUMBER_COUNT = 7_890_000_000;

/** Carriers that look in the second registry where the two are split. */
const SECOND_REGISTRY = ['tmobile', 'uscellular'];
const SECOND_MASK = CARRIERS.reduce(
  (mask, { id }, bit) => (SECOND_REGISTRY.includes(id) ? mask | (1 << bit) : mask),
  0,
);

const SEGMENT_CELLS = 256;
const SEGMENTS_MAX = 4;

/** Who is paid a fee of the tariff book, in the lab's words. */
const PAYEES: Readonly<Record<string, string>> = {
  tcr: 'registry',
  'number-registry': 'number_registry',
  'vetting-provider': 'vetting_provider',
};

/** Of the logarithm of the time that a review takes without a queue. */
const REVIEW_SPREAD = 0.5;

/** The policy that brands have to register for. */
const BLOCK_POLICY = 'block-unregistered';

/** Draws after which there is no such number. */
const DRAWS_MAX = 10_000;

export class World {
  readonly request: RunRequest;
  readonly inputs: Inputs;
  readonly core: Core;
  readonly balances: Balances;
  readonly slot = new MessageSlot();
  readonly queue = new EventQueue();
  readonly calendar: Calendar;
  readonly lines = new Lines();
  readonly money = new Money();
  readonly filters = newFilters();
  readonly rules: Rules = rulesOfTheSeed();
  readonly dcas: readonly Dca[];
  readonly desk: ReviewDesk;
  readonly senders: Sender[] = [];
  /** By campaign handle. */
  readonly registrations: Registration[] = [];
  /** Recipients by carrier, in the order of CARRIERS; they sum to 1. */
  readonly carrierShares: readonly number[];
  readonly legitRecipients: Float64Array;
  readonly spamRecipients: Float64Array;
  /** Segments of a message by one of 256 draws. */
  readonly segments: Uint8Array;

  /** Values in force; events of the scenario change them. */
  parameters: Record<string, number>;
  nowMs: number;
  /** The date that prices go by. */
  pricedAtMs: number;
  /** Days that have ended. */
  day = 0;
  /** Draws of 32 bits below these complain: by truth as in `Sender`, and phones below this are not reached. */
  readonly complaintsBelow = new Float64Array(3);
  unreachableBelow = 0;
  /** From then on carriers take messages only from senders whose identity they know. */
  checksFromMs = Infinity;

  /** Most unregistered messages are refused from then on, as policies and the scenario's regimes have it; Infinity for never. */
  readonly blocksFromMs: number;
  /** Carriers have analytics from then on. */
  analyticsFromMs = Infinity;

  readonly flows = new Float64Array(FLOW_CELLS);
  /** Messages that a rule of the lab stopped before the core was asked. */
  turnedAway = 0;
  /** Spam that landed and for which a surcharge was charged: not every carrier has one, nor every date. */
  spamTolled = 0;
  lostInGap = 0;
  numbersBurnt = 0;
  tracesAsked = 0;
  tracesFound = 0;
  traceHours = 0;
  /** What victims paid spammers, micro-dollars. */
  victimsMicros = 0;
  /** By strategy: spam sent. */
  readonly sentByStrategy: Float64Array;
  /** Units that T-Mobile took of each brand today, to hold the core's own count against. */
  tmobileUnits = new Float64Array(0);

  constructor(request: RunRequest, inputs: Inputs, strategies: number) {
    const { scenario } = request;
    this.request = request;
    this.inputs = inputs;
    this.parameters = { ...scenario.parameters };
    this.nowMs = scenario.startMs;
    this.pricedAtMs = scenario.startMs;
    this.calendar = new Calendar(scenario.startMs);
    this.sentByStrategy = new Float64Array(strategies);
    const limits = ownLimits();
    this.balances = limits.accountBalance;
    this.core = createCore(
      {
        carrierMap: inputs.carrierMap,
        registry: new NumberRegistry(),
        brands: new BrandTable(),
        campaigns: new CampaignTable(),
        regimes: regimesOf(inputs),
        rates: inputs.rates,
      },
      limits,
    );
    this.dcas = makeDcas(this.parameters);
    this.desk = new ReviewDesk(Math.max(1, Math.round(this.scaled('reviewStaff'))));
    this.carrierShares = carrierShares(inputs, this.parameters);
    this.blocksFromMs = Math.min(this.#policyBlocksFromMs(), this.#regimesBlockFromMs());
    const recipients = new Stream(request.seed, `replication/${request.replication}/recipients`);
    this.legitRecipients = this.#drawRecipients(recipients, this.parameter('invalidShareLegit'));
    this.spamRecipients = this.#drawRecipients(recipients, this.parameter('invalidShareSpam'));
    this.segments = segmentTable(this.parameter('segmentsMean'));
    this.applyRules();
  }

  parameter(id: string): number {
    return parameterOf(this.parameters, id);
  }

  /** A parameter that counts actors, at the scale of the run. */
  scaled(id: string): number {
    return this.parameter(id) * this.request.scale;
  }

  /** Dollars of a parameter as micro-dollars. */
  micros(id: string): number {
    return Math.round(this.parameter(id) * MICROS_PER_DOLLAR);
  }

  setParameters(values: Parameters): void {
    Object.assign(this.parameters, values);
    this.applyRules();
  }

  /** Puts the rules in force into the core and the filters. To be called whenever rules, parameters or the date have changed. */
  applyRules(): void {
    const { core, rules, request } = this;
    core.books[0] = bookWith(this.inputs, {
      priceFactor: rules.priceFactor,
      surchargeFactor: rules.surchargeFactor,
      exitedCarrier: rules.exitedCarrier,
      dcaMargin: this.parameter('dcaMargin'),
    });
    if (request.scenario.prices === 'by-date') this.pricedAtMs = this.nowMs;
    const date = { pricedAtMs: this.nowMs };
    for (const carrier of CARRIERS.keys()) {
      const { regimes } = core;
      regimes.clearOverride(carrier);
      if (carrier === rules.exitedCarrier) regimes.override(carrier, Regime.ChargeMore, 0);
      else if (rules.blocksUnregistered) regimes.override(carrier, Regime.Block, 0);
      else if (request.scenario.regimes === 'charge-more') regimes.override(carrier, Regime.ChargeMore, 0);
      else regimes.override(carrier, regimes.regimeAt(carrier, date), regimes.shareAt(carrier, date));
    }
    const analyticsMonths = Math.max(0, this.nowMs - this.analyticsFromMs) / (DAYS_PER_MONTH * DAY_MS);
    setFilters(this.filters, this.parameters, rules, analyticsMonths);
    const read = this.parameter('readShare') * 2 ** 32;
    this.complaintsBelow[1] = read * this.parameter('complaintShareLegit');
    this.complaintsBelow[2] = read * this.parameter('complaintShareSpam');
    this.unreachableBelow = this.parameter('unreachableShare') * 2 ** 16;
  }

  /** Carriers that a registration is known to, a bit each, under the rules in force. */
  carriersKnowing(isInSecondRegistry: boolean): number {
    const { exitedCarrier, registries } = this.rules;
    let known = ALL_CARRIERS;
    if (exitedCarrier >= 0) known &= ~(1 << exitedCarrier);
    if (registries === 'split' && !isInSecondRegistry) known &= ~SECOND_MASK;
    return known;
  }

  /** A brand and a campaign in the core's tables, active nowhere yet. */
  addRegistration(terms: Terms): Registration {
    const registration = new Registration(this.core, terms);
    this.registrations[registration.campaign] = registration;
    if (registration.brand >= this.tmobileUnits.length) {
      const larger = new Float64Array(2 * (registration.brand + 1));
      larger.set(this.tmobileUnits);
      this.tmobileUnits = larger;
    }
    return registration;
  }

  /** To be called once all registrations and accounts are there. */
  makeRoom(): void {
    makeRoomForLimits(this.core);
  }

  /** A fee of the tariff book as it is charged now, or undefined where there is none. */
  fee(id: string): { readonly payee: string; readonly micros: number } | undefined {
    const fee = feeAt(this.inputs.book.fees, id, this.pricedAtMs);
    if (fee === undefined) return undefined;
    const isOfRegistry = fee.payee === 'tcr' && this.rules.registries === 'competing';
    const factor = isOfRegistry ? this.parameter('secondRegistryFeeFactor') : 1;
    return { payee: PAYEES[fee.payee] ?? fee.payee, micros: Math.round(fee.amountMicros * factor) };
  }

  /** Share of throw-away registrations that a DCA's review catches, under the rules in force. */
  careOf(dca: Dca): number {
    return this.rules.registries === 'competing' ? dca.care * this.parameter('secondRegistryCareFactor') : dca.care;
  }

  /** Puts a registration in the queue of reviews; when it is through. */
  reviewedMs(fortunes: Stream): number {
    const waitMs = fortunes.lognormal(this.parameter('reviewWaitHours') * HOUR_MS, REVIEW_SPREAD);
    // As the time of day goes: of each day eight hours are worked.
    const workMs = this.parameter('reviewHours') * HOUR_MS * (HOURS_PER_DAY / HOURS_WORKED);
    return this.desk.submit(this.nowMs, workMs) + waitMs;
  }

  /** A number that can be rented. Those of good senders are even, those of spammers odd: so nobody gets another's. */
  drawRentedNumber(stream: Stream, truth: Truth): number {
    const blocks = this.inputs.carrierMap.blocksOf('cpaas');
    const line = 2 * stream.below(LINES_PER_BLOCK / 2) + (truth === 'spam' ? 1 : 0);
    return blocks[stream.below(blocks.length)]! * LINES_PER_BLOCK + line;
  }

  /** A number of a mobile phone. */
  drawMobileNumber(stream: Stream): number {
    const blocks = this.inputs.carrierMap.blocksOf('tmobile');
    return blocks[stream.below(blocks.length)]! * LINES_PER_BLOCK + stream.below(LINES_PER_BLOCK);
  }

  /** A number in a block that nobody holds. */
  drawInvalidNumber(stream: Stream): number {
    for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
      const number = ANY_NUMBER_MIN + stream.below(ANY_NUMBER_COUNT);
      if (!isAssigned(this.inputs.carrierMap.lookup(number))) return number;
    }
    throw new Error('every block is held by somebody');
  }

  /** Accounts and limits that were not exceeded, checked at the end of each day. @throws Error if one was: a bug */
  checkDay(): void {
    const { core, tmobileUnits, lines } = this;
    for (let brand = 0; brand < tmobileUnits.length && brand < core.brands.count; brand += 1) {
      const { dailyCap, name } = TMOBILE_TIERS[core.brands.tmobileTier(brand)]!;
      if (tmobileUnits[brand]! > dailyCap) {
        throw new Error(
          `${core.brands.id(brand)} sent ${tmobileUnits[brand]} units to T-Mobile in a day; ${name} allows ${dailyCap}`,
        );
      }
    }
    tmobileUnits.fill(0);
    for (let line = 0; line < lines.count; line += 1) {
      if (lines.p2pToday[line]! > P2P_UNANSWERED_PER_DAY) {
        throw new Error(
          `a number sent ${lines.p2pToday[line]} messages on the P2P route in a day; ${P2P_UNANSWERED_PER_DAY} are allowed`,
        );
      }
    }
    lines.p2pToday.fill(0);
    for (const { account } of this.senders) {
      if (account >= 0 && this.balances.micros(account) < 0) throw new Error(`account ${account} is below zero`);
    }
  }

  #policyBlocksFromMs(): number {
    const { scenario, starts } = this.request;
    const block = starts.find(({ id }) => id === BLOCK_POLICY);
    return block === undefined ? Infinity : daysAfter(scenario.startMs, block.day);
  }

  /** When the carriers of half of all recipients refuse unregistered traffic, by the dated rows. */
  #regimesBlockFromMs(): number {
    if (this.request.scenario.regimes === 'charge-more') return Infinity;
    const { regimes } = this.core;
    const dates = regimes.rows.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b);
    const blockedAt = (pricedAtMs: number): number =>
      this.carrierShares.reduce((sum, share, carrier) => {
        const row = regimes.rowAt(carrier, { pricedAtMs });
        return row >= 0 && regimes.rows[row]!.regime === Regime.Block ? sum + share : sum;
      }, 0);
    return dates.find((date) => blockedAt(date) >= 0.5) ?? Infinity;
  }

  #drawRecipients(stream: Stream, invalidShare: number): Float64Array {
    const { carrierMap } = this.inputs;
    const pool = new Float64Array(RECIPIENTS);
    const blocks = CARRIERS.map(({ id }) => carrierMap.blocksOf(id as BlockGroup));
    const landlines = carrierMap.blocksOf('landline');
    for (let place = 0; place < RECIPIENTS; place += 1) {
      let rest = stream.next();
      if (rest < invalidShare) {
        const isLandline = rest < invalidShare / 2;
        pool[place] = isLandline
          ? landlines[stream.below(landlines.length)]! * LINES_PER_BLOCK + stream.below(LINES_PER_BLOCK)
          : this.drawInvalidNumber(stream);
        continue;
      }
      rest = (rest - invalidShare) / (1 - invalidShare);
      let carrier = 0;
      while (carrier < blocks.length - 1 && rest >= this.carrierShares[carrier]!) {
        rest -= this.carrierShares[carrier]!;
        carrier += 1;
      }
      const own = blocks[carrier]!;
      pool[place] = own[stream.below(own.length)]! * LINES_PER_BLOCK + stream.below(LINES_PER_BLOCK);
    }
    return pool;
  }
}

/** Recipients by carrier: the small ones as set, the rest as the list of market shares divides them. */
function carrierShares({ marketShares }: Inputs, parameters: Parameters): number[] {
  const small: Readonly<Record<string, number>> = {
    uscellular: parameterOf(parameters, 'carrierShareUscellular'),
    other: parameterOf(parameters, 'carrierShareOther'),
  };
  const left = 1 - Object.values(small).reduce((sum, share) => sum + share, 0);
  return CARRIERS.map(({ id }) => small[id] ?? left * (marketShares.get(id) ?? 0));
}

/** 256 lengths in segments, each further segment as likely as the one before, that have about this mean. */
function segmentTable(mean: number): Uint8Array {
  const further = 1 - 1 / Math.max(1, mean);
  return Uint8Array.from({ length: SEGMENT_CELLS }, (_, cell) => {
    let segments = 1;
    let rest = (cell + 0.5) / SEGMENT_CELLS;
    while (segments < SEGMENTS_MAX && rest < further) {
      rest /= further;
      segments += 1;
    }
    return segments;
  });
}
