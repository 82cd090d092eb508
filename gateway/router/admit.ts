/**
 * Whether every limit that binds a message has room for it, and the taking once all have said yes.
 *
 * Limits are asked in order from the sender to the carrier: the account, its numbers, then the destination carrier's own. What said
 * yes is remembered in a few preallocated places and taken together by `takeAdmitted`, so a message that one limit refuses
 * uses nothing of another. Allocates nothing.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import {
  type Allowance,
  type Ask,
  ATT_CLASSES,
  attMmsTpm,
  attSmsTpm,
  attClassOf,
  NOT_LEASED,
  NumberMeter,
  P2P_MESSAGES_PER_DAY,
  P2P_MESSAGES_PER_MINUTE,
  P2P_RECIPIENTS_PER_DAY,
  P2P_UNANSWERED_PER_DAY,
  TABLE_FULL,
  TMOBILE_TIERS,
  TOLL_FREE_PENDING,
  TOLL_FREE_RESTRICTED,
  TollFreeRule,
  tollFreeRule,
  VERIZON_MMS_PER_SECOND,
  VERIZON_SMS_PER_MINUTE,
} from '../../tariffs/index.ts';
import { NO_ACCOUNT, UNLIMITED } from './account-table.ts';
import { Binding, DecisionCode, MessageKind, Registration, Route } from './codes.ts';
import type { Core } from './core.ts';
import type { MessageSlot } from './slot.ts';

const ATT = carrierIndex('att');
const VERIZON = carrierIndex('verizon');
const TMOBILE = carrierIndex('tmobile');
const USCELLULAR = carrierIndex('uscellular');
const UNCLASSED = attClassOf('none');

/** By carrier: what binds a campaign, a number, and which meter counts the number. */
export const CAMPAIGN_BINDING = Uint8Array.from(CARRIERS, (_, carrier) =>
  pick(carrier, Binding.AttCampaignTpm, Binding.UscellularCampaignTpm, Binding.OtherCampaignTpm),
);
const NUMBER_BINDING = Uint8Array.from(CARRIERS, (_, carrier) =>
  pick(carrier, Binding.AttNumberTpm, Binding.UscellularNumberTpm, Binding.OtherNumberTpm),
);
const SMS_METER = Uint8Array.from(CARRIERS, (_, carrier) =>
  pick(carrier, NumberMeter.AttSms, NumberMeter.UscellularSms, NumberMeter.OtherSms),
);
const MMS_METER = Uint8Array.from(CARRIERS, (_, carrier) =>
  pick(carrier, NumberMeter.AttMms, NumberMeter.UscellularMms, NumberMeter.OtherMms),
);

/** When room may have come for numbers that are new: those that count no more are looked for once a second. */
const TABLE_FULL_RETRY_MS = 1_000;

class AskInPlace implements Ask {
  units = 1;
  atMs = Number.NaN;
  uptimeMs = Number.NaN;
  senderKey = Number.NaN;
  destinationKey = Number.NaN;
}

/** The message as one, however many segments it has. */
const one = new AskInPlace();
/** The price as the units. */
const money = new AskInPlace();

/*
 * What said yes to the message being decided. A place for each kind of limit rather than a list of all: then each call of `waitMs` and
 * `take` below meets one class of allowance, which V8 inlines, where calls that meet five are looked up every time.
 */
let ofAccount: Allowance | undefined;
let accountCap = 0;
let inFlightCap = 0;
let ofCampaign: Allowance | undefined;
let campaignCap = 0;
let brandCap = 0;
let isPaidInAdvance = false;
/** Meters of the sender's number: the account's, and the carrier's or those of the route. */
const METERS_MAX = 8;
const meters = new Int32Array(METERS_MAX);
const meterCaps = new Int32Array(METERS_MAX);
const meterAsks: Ask[] = Array.from({ length: METERS_MAX }, () => one);
let metersAdmitted = 0;

/**
 * Asks every limit of count for the message in `slot`, whose class and carrier are known. On false the slot says which bound.
 * The balance is asked by `admitPrice`, once the price is known.
 */
export function admit(core: Core, slot: MessageSlot, isTollFree: boolean): boolean {
  copyTo(one, slot);
  if (slot.account !== NO_ACCOUNT && !admitAccount(core, slot)) return false;
  if (slot.route === Route.P2p) return admitP2p(core, slot);
  if (isTollFree) return admitTollFree(core, slot);
  if (core.limits.campaignSms[slot.carrier] !== null) return admitByClass(core, slot);
  if (slot.carrier === VERIZON) return admitVerizon(core, slot);
  if (slot.carrier === TMOBILE && slot.registration === Registration.Registered) return admitBrandDay(core, slot);
  return true;
}

/** Asks the balance of a prepaid account for the price in `slot.quote`. On false the slot says what is left. */
export function admitPrice(core: Core, slot: MessageSlot): boolean {
  if (slot.account === NO_ACCOUNT || slot.quote.totalMicros === 0) return true;
  if (!core.accounts.at(slot.account).isPrepaid) return true;
  copyTo(money, slot);
  money.units = slot.quote.totalMicros;
  const { accountBalance } = core.limits;
  const waitMs = accountBalance.waitMs(slot.account, 0, money);
  if (waitMs === 0) {
    isPaidInAdvance = true;
    return true;
  }
  refuseBy(
    accountBalance,
    slot.account,
    0,
    money,
    waitMs,
    slot,
    DecisionCode.InsufficientBalance,
    Binding.AccountBalance,
  );
  // Of money, what counts is what was wanted and what there is.
  slot.limitCap = slot.limitUsed;
  slot.limitUsed = slot.quote.totalMicros;
  return false;
}

/** Takes from every limit that said yes since the last `admit`. */
export function takeAdmitted({ limits, campaigns }: Core, slot: MessageSlot): void {
  if (ofAccount !== undefined) ofAccount.take(slot.account, accountCap, slot);
  if (inFlightCap > 0) limits.accountInFlight.take(slot.account, inFlightCap, one);
  for (let place = 0; place < metersAdmitted; place += 1) {
    limits.numbers.take(meters[place]!, meterCaps[place]!, meterAsks[place]!);
  }
  if (ofCampaign !== undefined) ofCampaign.take(slot.campaign, campaignCap, slot);
  if (brandCap > 0) limits.brandDay.take(campaigns.brand(slot.campaign), brandCap, slot);
  if (isPaidInAdvance) limits.accountBalance.take(slot.account, 0, money);
  forgetAdmitted();
}

/** Takes from nothing: the message was refused. A price that is charged all the same may be asked for after this. */
export function forgetAdmitted(): void {
  ofAccount = undefined;
  inFlightCap = 0;
  ofCampaign = undefined;
  brandCap = 0;
  isPaidInAdvance = false;
  metersAdmitted = 0;
}

function admitAccount(core: Core, slot: MessageSlot): boolean {
  const { limits } = core;
  const account = core.accounts.at(slot.account);
  const isSms = slot.kind === MessageKind.Sms;
  const perSecond = isSms ? account.smsPerSecond : account.mmsPerSecond;
  const allowance = isSms ? limits.accountSms : limits.accountMms;
  const binding = isSms ? Binding.AccountSmsRate : Binding.AccountMmsRate;
  if (perSecond !== UNLIMITED) {
    const waitMs = allowance.waitMs(slot.account, perSecond, slot);
    if (waitMs !== 0) {
      const code = DecisionCode.AccountRateExceeded;
      return refuseBy(allowance, slot.account, perSecond, slot, waitMs, slot, code, binding);
    }
    ofAccount = allowance;
    accountCap = perSecond;
  }
  const { inFlightMax } = account;
  if (inFlightMax !== UNLIMITED) {
    const level = limits.accountInFlight;
    const waitMs = level.waitMs(slot.account, inFlightMax, one);
    if (waitMs !== 0) {
      const code = DecisionCode.AccountInFlightExceeded;
      return refuseBy(level, slot.account, inFlightMax, one, waitMs, slot, code, Binding.AccountInFlight);
    }
    inFlightCap = inFlightMax;
    slot.holdsInFlight = true;
  }
  const numberRate = isSms ? account.numberSmsPerSecond : account.numberMmsPerSecond;
  if (numberRate === UNLIMITED) return true;
  const meter = isSms ? NumberMeter.AccountSms : NumberMeter.AccountMms;
  return fitsNumber(core, meter, numberRate, slot, slot, DecisionCode.NumberRateExceeded, Binding.AccountNumberRate);
}

/** AT&T's segments per minute by message class, of the campaign or of the number; other carriers go by them too. */
function admitByClass(core: Core, slot: MessageSlot): boolean {
  const { carrier } = slot;
  const isRegistered = slot.registration === Registration.Registered;
  const attClass = isRegistered ? core.campaigns.attClass(slot.campaign) : UNCLASSED;
  const isSms = slot.kind === MessageKind.Sms;
  const perMinute = isSms ? attSmsTpm(attClass, slot) : attMmsTpm(attClass, slot);
  const code = carrier === ATT ? DecisionCode.AttTpmExceeded : DecisionCode.CarrierRateExceeded;
  if (ATT_CLASSES[attClass]!.scope === 'number') {
    const meter = isSms ? SMS_METER[carrier]! : MMS_METER[carrier]!;
    return fitsNumber(core, meter, perMinute, slot, slot, code, NUMBER_BINDING[carrier]!);
  }
  const allowance = (isSms ? core.limits.campaignSms : core.limits.campaignMms)[carrier]!;
  const waitMs = allowance.waitMs(slot.campaign, perMinute, slot);
  if (waitMs !== 0) {
    return refuseBy(allowance, slot.campaign, perMinute, slot, waitMs, slot, code, CAMPAIGN_BINDING[carrier]!);
  }
  ofCampaign = allowance;
  campaignCap = perMinute;
  return true;
}

function admitVerizon(core: Core, slot: MessageSlot): boolean {
  const isSms = slot.kind === MessageKind.Sms;
  const meter = isSms ? NumberMeter.VerizonSms : NumberMeter.VerizonMms;
  const cap = isSms ? VERIZON_SMS_PER_MINUTE : VERIZON_MMS_PER_SECOND;
  return fitsNumber(core, meter, cap, slot, slot, DecisionCode.CarrierRateExceeded, Binding.VerizonNumberRate);
}

/** T-Mobile's units per Pacific day, SMS segments and MMS of all the brand's campaigns together. */
function admitBrandDay(core: Core, slot: MessageSlot): boolean {
  const brand = core.campaigns.brand(slot.campaign);
  const cap = TMOBILE_TIERS[core.brands.tmobileTier(brand)]!.dailyCap;
  if (cap === Infinity) return true;
  const { brandDay } = core.limits;
  const waitMs = brandDay.waitMs(brand, cap, slot);
  if (waitMs !== 0) {
    const code = DecisionCode.TmobileDailyCapExceeded;
    return refuseBy(brandDay, brand, cap, slot, waitMs, slot, code, Binding.TmobileBrandDay);
  }
  brandCap = cap;
  return true;
}

/** What a person's number may send: the P2P route knows no campaign and no carrier's own limit. */
function admitP2p(core: Core, slot: MessageSlot): boolean {
  const code = DecisionCode.P2pLimitExceeded;
  return (
    fitsNumber(core, NumberMeter.P2pMinute, P2P_MESSAGES_PER_MINUTE, one, slot, code, Binding.P2pNumberMinute) &&
    fitsNumber(core, NumberMeter.P2pDay, P2P_MESSAGES_PER_DAY, one, slot, code, Binding.P2pNumberDay) &&
    fitsNumber(core, NumberMeter.P2pRecipients, P2P_RECIPIENTS_PER_DAY, one, slot, code, Binding.P2pNumberRecipients) &&
    fitsNumber(core, NumberMeter.P2pRatio, P2P_UNANSWERED_PER_DAY, one, slot, code, Binding.P2pNumberRatio)
  );
}

/** Toll-free numbers are verified, which here means registered, or held to little, or from a date on blocked. */
function admitTollFree(core: Core, slot: MessageSlot): boolean {
  if (slot.registration === Registration.Registered) return true;
  const rule = tollFreeRule(slot);
  if (rule === TollFreeRule.Free) return true;
  if (rule === TollFreeRule.Blocked) {
    slot.code = DecisionCode.TollFreeBlocked;
    slot.binding = Binding.TollFreeRule;
    return false;
  }
  const isPending = slot.registration === Registration.NotYetProvisioned;
  const { day, week, month } = isPending ? TOLL_FREE_PENDING : TOLL_FREE_RESTRICTED;
  const code = DecisionCode.TollFreeLimitExceeded;
  return (
    fitsNumber(core, NumberMeter.TollFreeDay, day, one, slot, code, Binding.TollFreeDay) &&
    fitsNumber(core, NumberMeter.TollFreeWeek, week, one, slot, code, Binding.TollFreeWeek) &&
    fitsNumber(core, NumberMeter.TollFreeMonth, month, one, slot, code, Binding.TollFreeMonth)
  );
}

/** Asks one meter of the sender's number. */
function fitsNumber(
  { limits }: Core,
  meter: number,
  cap: number,
  ask: Ask,
  slot: MessageSlot,
  code: number,
  binding: number,
): boolean {
  const waitMs = limits.numbers.waitMs(meter, cap, ask);
  if (waitMs !== 0) return refuseBy(limits.numbers, meter, cap, ask, waitMs, slot, code, binding);
  meters[metersAdmitted] = meter;
  meterCaps[metersAdmitted] = cap;
  meterAsks[metersAdmitted] = ask;
  metersAdmitted += 1;
  return true;
}

/** Lets the slot say which limit refused the message, how full it is and when to come again. Always false, for callers to return. */
function refuseBy(
  allowance: Allowance,
  key: number,
  cap: number,
  ask: Ask,
  waitMs: number,
  slot: MessageSlot,
  code: number,
  binding: number,
): boolean {
  slot.binding = binding;
  slot.limitCap = cap;
  if (waitMs === NOT_LEASED || waitMs === TABLE_FULL) {
    slot.code = waitMs === NOT_LEASED ? DecisionCode.LimitNotLeased : DecisionCode.TrackedNumbersFull;
    if (waitMs === TABLE_FULL) slot.retryAfterMs = TABLE_FULL_RETRY_MS;
    return false;
  }
  slot.code = code;
  slot.limitUsed = allowance.used(key, cap, ask);
  slot.retryAfterMs = waitMs === Infinity ? 0 : waitMs;
  return false;
}

function copyTo(ask: AskInPlace, slot: MessageSlot): void {
  ask.atMs = slot.atMs;
  ask.uptimeMs = slot.uptimeMs;
  ask.senderKey = slot.senderKey;
  ask.destinationKey = slot.destinationKey;
}

function pick(carrier: number, att: number, uscellular: number, other: number): number {
  if (carrier === ATT) return att;
  return carrier === USCELLULAR ? uscellular : other;
}

function carrierIndex(id: string): number {
  return CARRIERS.findIndex((carrier) => carrier.id === id);
}
