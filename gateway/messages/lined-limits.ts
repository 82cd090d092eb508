/**
 * Limits with lines before them: over such a limit a message waits, and as long as older ones wait for the same key none goes past.
 *
 * To the decision they are limits like all others. One says no when the limit itself has no room, or when somebody older stands
 * before it; what has to be waited for, and how long, is then found here. A message that has waited meets them again
 * with its old place among all messages, so it passes those who came later, also at limits it had got past before.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { type Allowance, type Ask, NumberMeter } from '../../tariffs/index.ts';
import { Binding, type Level, type Limits, MINUTE_MS, type NumberLimits, SECOND_MS } from '../router/index.ts';
import { type HeldMessages, NONE } from './held-messages.ts';

const DAY_MS = 24 * 60 * MINUTE_MS;

/** Limits over which messages may wait: those of rate and of day. No waiting helps against a rule, a block or an empty purse. */
export const QUEUEABLE: readonly number[] = [
  Binding.AttCampaignTpm,
  Binding.AttNumberTpm,
  Binding.UscellularCampaignTpm,
  Binding.UscellularNumberTpm,
  Binding.OtherCampaignTpm,
  Binding.OtherNumberTpm,
  Binding.VerizonNumberRate,
  Binding.TmobileBrandDay,
  Binding.AccountNumberRate,
  Binding.AccountSmsRate,
  Binding.AccountMmsRate,
  Binding.AccountInFlight,
  Binding.P2pNumberMinute,
];

const CAMPAIGN_BINDING: Readonly<Record<string, number>> = {
  att: Binding.AttCampaignTpm,
  uscellular: Binding.UscellularCampaignTpm,
  other: Binding.OtherCampaignTpm,
};

/** By meter: what binds, and in what time the cap comes anew. */
const METERS: Readonly<Record<number, readonly [binding: number, periodMs: number]>> = {
  [NumberMeter.AttSms]: [Binding.AttNumberTpm, MINUTE_MS],
  [NumberMeter.AttMms]: [Binding.AttNumberTpm, MINUTE_MS],
  [NumberMeter.UscellularSms]: [Binding.UscellularNumberTpm, MINUTE_MS],
  [NumberMeter.UscellularMms]: [Binding.UscellularNumberTpm, MINUTE_MS],
  [NumberMeter.OtherSms]: [Binding.OtherNumberTpm, MINUTE_MS],
  [NumberMeter.OtherMms]: [Binding.OtherNumberTpm, MINUTE_MS],
  [NumberMeter.VerizonSms]: [Binding.VerizonNumberRate, MINUTE_MS],
  [NumberMeter.VerizonMms]: [Binding.VerizonNumberRate, SECOND_MS],
  [NumberMeter.AccountSms]: [Binding.AccountNumberRate, SECOND_MS],
  [NumberMeter.AccountMms]: [Binding.AccountNumberRate, SECOND_MS],
  [NumberMeter.P2pMinute]: [Binding.P2pNumberMinute, MINUTE_MS],
};
const METER_COUNT = Object.keys(NumberMeter).length;

/** Keys of lines: the limit above, its own key (a handle or a telephone number, below 2^34) beneath. */
const KEYS_PER_LIMIT = 2 ** 34;
const CAMPAIGN_SMS = 0;
const CAMPAIGN_MMS = CAMPAIGN_SMS + CARRIERS.length;
const BRAND_DAY = CAMPAIGN_MMS + CARRIERS.length;
const ACCOUNT_SMS = BRAND_DAY + 1;
const ACCOUNT_MMS = ACCOUNT_SMS + 1;
const ACCOUNT_IN_FLIGHT = ACCOUNT_MMS + 1;
const FIRST_METER = ACCOUNT_IN_FLIGHT + 1;

/** The message being decided, and what stopped it. One for all limits, since one message is decided at a time. */
class Turn {
  /** Its age: older ones go first. */
  acceptedAtMs = Number.NaN;
  sequence = Number.NaN;
  /** Key of the line it has to stand in, or NONE. */
  lineKey = Number.NaN;
  /** What it takes of that limit. */
  units = 1;
  /** How long its turn is away, at least. */
  waitMs = Number.NaN;
  /** Whether the limit itself had room, and only the line before it stopped the message. */
  hasRoom = false;
}

export class LinedLimits {
  /** To decide by, in place of those these were made of. */
  readonly limits: Limits;
  readonly held: HeldMessages;
  readonly turn = new Turn();
  readonly #queued: ReadonlySet<number>;

  /** @param queued bindings over which messages wait; over the others they are refused as ever */
  constructor(limits: Limits, queued: ReadonlySet<number>, held: HeldMessages) {
    this.held = held;
    this.#queued = queued;
    const line = <T extends Allowance>(
      limit: number,
      binding: number,
      periodMs: number,
      inner: T,
    ): T | LinedAllowance => (queued.has(binding) ? new LinedAllowance(this, limit, periodMs, inner) : inner);
    const byCarrier = (first: number, inner: readonly (Allowance | null)[]): (Allowance | null)[] =>
      inner.map((one, carrier) =>
        one === null ? null : line(first + carrier, CAMPAIGN_BINDING[CARRIERS[carrier]!.id]!, MINUTE_MS, one),
      );
    const { accountInFlight } = limits;
    const meterBindings = Object.values(METERS).map(([binding]) => binding);
    this.limits = {
      ...limits,
      campaignSms: byCarrier(CAMPAIGN_SMS, limits.campaignSms),
      campaignMms: byCarrier(CAMPAIGN_MMS, limits.campaignMms),
      brandDay: line(BRAND_DAY, Binding.TmobileBrandDay, DAY_MS, limits.brandDay),
      accountSms: line(ACCOUNT_SMS, Binding.AccountSmsRate, SECOND_MS, limits.accountSms),
      accountMms: line(ACCOUNT_MMS, Binding.AccountMmsRate, SECOND_MS, limits.accountMms),
      accountInFlight: queued.has(Binding.AccountInFlight) ? new LinedLevel(this, accountInFlight) : accountInFlight,
      numbers: meterBindings.some((binding) => queued.has(binding))
        ? new LinedMeters(this, queued, limits.numbers)
        : limits.numbers,
    };
  }

  /** Before each decision of a new message: all that wait are older. */
  begin(): void {
    const { turn } = this;
    turn.acceptedAtMs = Infinity;
    turn.sequence = Infinity;
    turn.lineKey = NONE;
    turn.hasRoom = false;
  }

  /** Before each further decision of the message at ring place `at`. */
  beginAgain(at: number): void {
    this.begin();
    this.held.readAge(at, this.turn);
  }

  /** After a decision that `binding` stopped: whether the message may stand in `turn.lineKey` and wait. */
  mayWait(binding: number): boolean {
    return this.turn.lineKey !== NONE && this.#queued.has(binding);
  }

  /** Asks one limit, behind its line; remembers what stopped the message. */
  waitMs(lineKey: number, periodMs: number, inner: Allowance, key: number, cap: number, ask: Ask): number {
    const line = this.held.count === 0 ? NONE : this.held.find(lineKey);
    const isOlder = line !== NONE && this.held.isFirstBefore(line, this.turn);
    const isBehind = isOlder && ask.units <= cap;
    const waitMs = isBehind ? this.#waitBehind(line, periodMs, cap, ask) : inner.waitMs(key, cap, ask);
    if (waitMs > 0 && waitMs !== Infinity) {
      this.turn.lineKey = lineKey;
      this.turn.units = ask.units;
      this.turn.waitMs = waitMs;
      this.turn.hasRoom = isBehind && inner.used(key, cap, ask) + ask.units <= cap;
    }
    return waitMs;
  }

  /**
   * How long until all of a line and then this message have had their turn, if nothing but this limit holds them up: those behind
   * the first at the pace of the limit or, by days, a cap at each midnight. The limit itself is not asked: one on lease would
   * take that for demand.
   */
  #waitBehind(line: number, periodMs: number, cap: number, ask: Ask): number {
    const { held } = this;
    const firstMs = Math.max(0, held.roomMsOf(line) - ask.atMs);
    const units = held.unitsOf(line) + ask.units;
    const isByDay = periodMs === DAY_MS;
    const periods = isByDay ? Math.ceil(units / cap) - 1 : (units - held.firstUnitsOf(line)) / cap;
    return Math.max(1, Math.ceil(firstMs + periods * periodMs));
  }

  /** The first in a line may be decided at once: what it waits for was given back. */
  wake(lineKey: number): void {
    const line = this.held.count === 0 ? NONE : this.held.find(lineKey);
    if (line !== NONE) this.held.postpone(line, 0);
  }
}

class LinedAllowance implements Allowance {
  readonly #lined: LinedLimits;
  readonly #firstKey: number;
  readonly #periodMs: number;
  readonly #inner: Allowance;

  constructor(lined: LinedLimits, limit: number, periodMs: number, inner: Allowance) {
    this.#lined = lined;
    this.#firstKey = limit * KEYS_PER_LIMIT;
    this.#periodMs = periodMs;
    this.#inner = inner;
  }

  ensure(keyCount: number): void {
    this.#inner.ensure(keyCount);
  }

  waitMs(key: number, cap: number, ask: Ask): number {
    return this.#lined.waitMs(this.#firstKey + key, this.#periodMs, this.#inner, key, cap, ask);
  }

  take(key: number, cap: number, ask: Ask): void {
    this.#inner.take(key, cap, ask);
  }

  used(key: number, cap: number, ask: Ask): number {
    return this.#inner.used(key, cap, ask);
  }
}

class LinedLevel extends LinedAllowance implements Level {
  readonly #waiting: LinedLimits;
  readonly #level: Level;

  constructor(lined: LinedLimits, level: Level) {
    super(lined, ACCOUNT_IN_FLIGHT, SECOND_MS, level);
    this.#waiting = lined;
    this.#level = level;
  }

  giveBack(key: number, units: number): void {
    this.#level.giveBack(key, units);
    this.#waiting.wake(ACCOUNT_IN_FLIGHT * KEYS_PER_LIMIT + key);
  }
}

/** The meters of sender numbers; a line is one number's at one meter. */
class LinedMeters implements NumberLimits {
  readonly #lined: LinedLimits;
  readonly #inner: NumberLimits;
  /** By meter; 0 for those without lines. */
  readonly #periodMs: Int32Array;

  constructor(lined: LinedLimits, queued: ReadonlySet<number>, inner: NumberLimits) {
    this.#lined = lined;
    this.#inner = inner;
    this.#periodMs = Int32Array.from({ length: METER_COUNT }, (_, meter) => {
      const [binding, periodMs] = METERS[meter] ?? [Binding.None, 0];
      return queued.has(binding) ? periodMs : 0;
    });
  }

  ensure(keyCount: number): void {
    this.#inner.ensure(keyCount);
  }

  waitMs(meter: number, cap: number, ask: Ask): number {
    const periodMs = this.#periodMs[meter]!;
    if (periodMs === 0) return this.#inner.waitMs(meter, cap, ask);
    const lineKey = (FIRST_METER + meter) * KEYS_PER_LIMIT + ask.senderKey;
    return this.#lined.waitMs(lineKey, periodMs, this.#inner, meter, cap, ask);
  }

  take(meter: number, cap: number, ask: Ask): void {
    this.#inner.take(meter, cap, ask);
  }

  used(meter: number, cap: number, ask: Ask): number {
    return this.#inner.used(meter, cap, ask);
  }

  touch(ask: Ask): void {
    this.#inner.touch(ask);
  }

  noteInbound(ask: Ask): void {
    this.#inner.noteInbound(ask);
  }
}
