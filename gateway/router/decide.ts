/**
 * The decision on one message: destination to carrier, sender to campaign, class, regime, limits, price.
 *
 * One synchronous function over typed arrays. It allocates nothing, reads no clock and draws no chance: the slot brings
 * both. Limits are all asked before any is charged, so a message refused by one limit costs nothing of another.
 *
 * On the P2P route the carrier cannot tell the traffic from a person's: no regime, no campaign limit, no carrier fee.
 * That is the bypass, and it is on purpose. The sender is classed all the same, so that the bypass can be counted.
 */
import {
  carrierOf,
  CARRIERS,
  isAssigned,
  LineType,
  lineTypeOf,
  NO_CAMPAIGN,
  STILL_PENDING,
} from '../../registry-cache/index.ts';
import { ATT_CLASSES, attMmsTpm, pacificDayAt, rate, RateCode, TMOBILE_TIERS } from '../../tariffs/index.ts';
import type { RateRequest } from '../../tariffs/index.ts';
import { Binding, DecisionCode, MessageKind, Registration, Route } from './codes.ts';
import type { Core } from './core.ts';
import { Regime } from './regime-table.ts';
import { clearResult, type MessageSlot } from './slot.ts';

const ATT = CARRIERS.findIndex((carrier) => carrier.id === 'att');
const TMOBILE = CARRIERS.findIndex((carrier) => carrier.id === 'tmobile');
const LONG_CODE = 0;
const OUT = 0;

/** One request for the rating, filled anew for every message; nothing keeps it. */
const request: RateRequest = {
  carrier: 0,
  sender: LONG_CODE,
  registered: 0,
  direction: OUT,
  message: 0,
  units: 1,
  route: 0,
  atMs: Number.NaN,
};

/**
 * Decides the message in `slot` and charges its limits if it is accepted.
 *
 * Writes every output field of the slot. A refused message has a zero quote.
 * Cost: no allocation (but once a Pacific day); two or three dependent memory reads dominate.
 * @returns the `DecisionCode`, which is also in `slot.code`
 */
export function decide(core: Core, slot: MessageSlot): number {
  clearResult(slot);

  const destination = core.carrierMap.lookup(slot.destinationKey);
  if (!isAssigned(destination)) return refuse(slot, DecisionCode.DestinationUnassigned, Binding.None);
  if (lineTypeOf(destination) === LineType.Landline) {
    return refuse(slot, DecisionCode.DestinationLandline, Binding.None);
  }
  const carrier = carrierOf(destination);
  slot.carrier = carrier;

  classifySender(core, slot, carrier);
  const isRegistered = slot.registration === Registration.Registered;

  if (slot.route === Route.A2p) {
    if (!isRegistered) {
      const regime = core.regimes.regimeAt(carrier, slot.pricedAtMs);
      if (regime === Regime.Block) return refuse(slot, DecisionCode.UnregisteredBlocked, Binding.CarrierRegime);
      if (regime === Regime.Filter && slot.draw < core.regimes.shareAt(carrier, slot.pricedAtMs)) {
        return refuse(slot, DecisionCode.UnregisteredFiltered, Binding.CarrierRegime);
      }
    } else if (carrier === ATT) {
      if (!fitsAttMinute(core, slot)) {
        return refuse(slot, DecisionCode.AttTpmExceeded, Binding.AttCampaignTpm);
      }
    } else if (carrier === TMOBILE && !fitsTmobileDay(core, slot)) {
      return refuse(slot, DecisionCode.TmobileDailyCapExceeded, Binding.TmobileBrandDay);
    }
  }

  request.carrier = carrier;
  request.registered = isRegistered ? 1 : 0;
  request.message = slot.kind;
  request.units = slot.units;
  request.route = slot.route;
  request.atMs = slot.pricedAtMs;
  if (rate(core.rates, request, slot.quote) !== RateCode.Ok) return refuse(slot, DecisionCode.NoTariff, Binding.None);

  if (isRegistered && slot.route === Route.A2p) {
    if (carrier === ATT) chargeAttMinute(core, slot);
    else if (carrier === TMOBILE) chargeTmobileDay(core, slot);
  }
  slot.code = DecisionCode.Accepted;
  return DecisionCode.Accepted;
}

/** Finds the campaign of `slot.senderKey` and whether it counts as registered at `carrier` at `slot.atMs`. Allocates nothing. */
export function classifySender(core: Core, slot: MessageSlot, carrier: number): void {
  const campaign = core.registry.find(slot.senderKey, slot.atMs);
  if (campaign === NO_CAMPAIGN) {
    slot.registration = Registration.NotInRegistry;
    return;
  }
  if (campaign === STILL_PENDING) {
    slot.registration = Registration.NotYetProvisioned;
    return;
  }
  slot.campaign = campaign;
  const campaigns = core.campaigns;
  if (campaigns.expiresAtMs(campaign) <= slot.atMs) slot.registration = Registration.CampaignExpired;
  else if ((campaigns.status(campaign) & (1 << carrier)) === 0) slot.registration = Registration.NotActiveAtCarrier;
  else slot.registration = Registration.Registered;
}

/**
 * Asks AT&T's limit on the campaign. On false the slot says how full it is and when the message would fit.
 * Classes limited per number are not limited here.
 */
function fitsAttMinute(core: Core, slot: MessageSlot): boolean {
  const attClass = core.campaigns.attClass(slot.campaign);
  if (ATT_CLASSES[attClass]!.scope !== 'campaign') return true;
  const buckets = slot.kind === MessageKind.Sms ? core.attSmsBuckets : core.attMmsBuckets;
  const perMinute = attPerMinute(slot, attClass);
  const waitMs = buckets.waitMs(slot.campaign, perMinute, slot.units, slot.atMs);
  if (waitMs === 0) return true;
  slot.retryAfterMs = waitMs;
  slot.limitUsed = buckets.used(slot.campaign, perMinute, slot.atMs);
  slot.limitCap = perMinute;
  return false;
}

/** Asks T-Mobile's daily cap on the brand. On false the slot says how full it is and when the day ends. */
function fitsTmobileDay(core: Core, slot: MessageSlot): boolean {
  if (slot.atMs >= core.day.endMs || slot.atMs < core.day.startMs) core.day = pacificDayAt(slot.atMs);
  const brand = core.campaigns.brand(slot.campaign);
  const cap = TMOBILE_TIERS[core.brands.tmobileTier(brand)]!.dailyCap;
  const used = core.tmobileDays.used(brand, core.day.ordinal);
  if (used + slot.units <= cap) return true;
  slot.retryAfterMs = core.day.endMs - slot.atMs;
  slot.limitUsed = used;
  slot.limitCap = cap;
  return false;
}

function chargeAttMinute(core: Core, slot: MessageSlot): void {
  const attClass = core.campaigns.attClass(slot.campaign);
  if (ATT_CLASSES[attClass]!.scope !== 'campaign') return;
  const buckets = slot.kind === MessageKind.Sms ? core.attSmsBuckets : core.attMmsBuckets;
  buckets.take(slot.campaign, attPerMinute(slot, attClass), slot.units, slot.atMs);
}

function chargeTmobileDay(core: Core, slot: MessageSlot): void {
  core.tmobileDays.take(core.campaigns.brand(slot.campaign), core.day.ordinal, slot.units);
}

function attPerMinute(slot: MessageSlot, attClass: number): number {
  return slot.kind === MessageKind.Sms ? ATT_CLASSES[attClass]!.smsTpm : attMmsTpm(attClass, slot);
}

function refuse(slot: MessageSlot, code: number, binding: number): number {
  slot.code = code;
  slot.binding = binding;
  return code;
}
