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
  isAssigned,
  isTollFree,
  LineType,
  lineTypeOf,
  NO_CAMPAIGN,
  STILL_PENDING,
} from '../../registry-cache/index.ts';
import { rate, RateCode, SENDERS } from '../../tariffs/index.ts';
import type { RateRequest } from '../../tariffs/index.ts';
import { admit, admitPrice, forgetAdmitted, takeAdmitted } from './admit.ts';
import { Binding, DecisionCode, decisionAt, Registration, Route } from './codes.ts';
import { bookInForce, type Core } from './core.ts';
import { Regime } from './regime-table.ts';
import { clearQuote, clearResult, type MessageSlot } from './slot.ts';

const LONG_CODE = SENDERS.indexOf('10dlc');
const TOLL_FREE = SENDERS.indexOf('toll-free');
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
 * Writes every output field of the slot. A refused message has a zero quote, unless the carrier charges for it all the same.
 * Cost: no allocation (but once a Pacific day); two or three dependent memory reads dominate.
 * @returns the `DecisionCode`, which is also in `slot.code`
 */
export function decide(core: Core, slot: MessageSlot): number {
  const code = judge(core, slot);
  takeAdmitted(core, slot);
  return code;
}

/**
 * Decides without taking anything. What an edge does with messages that come after one that waits for a lease: limits on lease
 * learn what will be wanted of them, and are asked for all of it at once.
 */
export function foresee(core: Core, slot: MessageSlot): number {
  const code = judge(core, slot);
  forgetAdmitted();
  return code;
}

/** The decision; what it takes of the limits that said yes is remembered in `admit.ts`. */
function judge(core: Core, slot: MessageSlot): number {
  clearResult(slot);
  core.limits.numbers.touch(slot);
  slot.book = core.book;

  const destination = core.carrierMap.lookup(slot.destinationKey);
  if (!isAssigned(destination)) return refuse(slot, DecisionCode.DestinationUnassigned, Binding.None);
  if (lineTypeOf(destination) === LineType.Landline) {
    return refuse(slot, DecisionCode.DestinationLandline, Binding.None);
  }
  const carrier = carrierOf(destination);
  slot.carrier = carrier;

  classifySender(core, slot, carrier);
  const fromTollFree = isTollFree(slot.senderKey);

  // Between two people nobody keeps such lists.
  if (slot.route === Route.A2p && core.optOuts.has(slot)) return refuse(slot, DecisionCode.OptedOut, Binding.None);

  if (slot.route === Route.A2p && slot.registration !== Registration.Registered && !fromTollFree) {
    const regime = core.regimes.regimeAt(carrier, slot);
    if (regime === Regime.Block) return refuse(slot, DecisionCode.UnregisteredBlocked, Binding.CarrierRegime);
    if (regime === Regime.Filter && slot.draw < core.regimes.shareAt(carrier, slot)) {
      return refuse(slot, DecisionCode.UnregisteredFiltered, Binding.CarrierRegime);
    }
  }

  const isAdmitted = admit(core, slot, fromTollFree);
  if (!isAdmitted) {
    takeNothing(slot);
    if (decisionAt(slot.code).isCharged !== true) return slot.code;
  }
  if (!price(core, slot, fromTollFree)) return refuse(slot, DecisionCode.NoTariff, Binding.None);
  if (!admitPrice(core, slot)) {
    takeNothing(slot);
    clearQuote(slot);
    return slot.code;
  }
  if (isAdmitted) slot.code = DecisionCode.Accepted;
  return slot.code;
}

/** Prices the message into `slot.quote`; false if the book in force has no price for it. */
function price(core: Core, slot: MessageSlot, fromTollFree: boolean): boolean {
  request.carrier = slot.carrier;
  request.sender = fromTollFree ? TOLL_FREE : LONG_CODE;
  request.registered = slot.registration === Registration.Registered ? 1 : 0;
  request.message = slot.kind;
  request.units = slot.units;
  request.route = slot.route;
  request.atMs = slot.pricedAtMs;
  return rate(bookInForce(core), request, slot.quote) === RateCode.Ok;
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

function refuse(slot: MessageSlot, code: number, binding: number): number {
  takeNothing(slot);
  slot.code = code;
  slot.binding = binding;
  return code;
}

function takeNothing(slot: MessageSlot): void {
  forgetAdmitted();
  slot.holdsInFlight = false;
}
