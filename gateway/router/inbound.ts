/**
 * A message from a handset to one of our numbers: who carries the handset, what the message costs whoever has the number,
 * and its place in the ratio of messages out to messages in.
 *
 * No regime and no carrier's limit stands in its way. It is refused for want of a price, or of a prepaid account's money.
 */
import { carrierOf, isAssigned, isTollFree, LineType, lineTypeOf } from '../../registry-cache/index.ts';
import { DIRECTIONS, rate, RateCode, type RateRequest, SENDERS } from '../../tariffs/index.ts';
import { admitPrice, forgetAdmitted, takeAdmitted } from './admit.ts';
import { DecisionCode, Registration } from './codes.ts';
import { bookInForce, type Core } from './core.ts';
import { classifySender } from './decide.ts';
import { clearQuote, clearResult, type MessageSlot } from './slot.ts';

const LONG_CODE = SENDERS.indexOf('10dlc');
const TOLL_FREE = SENDERS.indexOf('toll-free');

/** One request for the rating, filled anew for every message; nothing keeps it. */
const request: RateRequest = {
  carrier: 0,
  sender: LONG_CODE,
  registered: 0,
  direction: DIRECTIONS.indexOf('in'),
  message: 0,
  units: 1,
  route: 0,
  atMs: Number.NaN,
};

/**
 * Decides, charges and counts the message in `slot`, whose `senderKey` is our number and whose `destinationKey` is the handset:
 * the slot is seen from our side, whichever way the message goes.
 *
 * Writes every output field of the slot. Allocates nothing.
 * @returns Accepted; DestinationUnassigned or DestinationLandline when no handset can have that number; NoTariff;
 *   InsufficientBalance or LimitNotLeased, as for a message out
 */
export function takeInbound(core: Core, slot: MessageSlot): number {
  clearResult(slot);
  forgetAdmitted();
  slot.book = core.book;
  slot.code = judge(core, slot);
  if (slot.code !== DecisionCode.Accepted) {
    clearQuote(slot);
    return slot.code;
  }
  takeAdmitted(core, slot);
  core.limits.numbers.noteInbound(slot);
  core.counters.countInbound(slot);
  return slot.code;
}

function judge(core: Core, slot: MessageSlot): number {
  const handset = core.carrierMap.lookup(slot.destinationKey);
  if (!isAssigned(handset)) return DecisionCode.DestinationUnassigned;
  if (lineTypeOf(handset) === LineType.Landline) return DecisionCode.DestinationLandline;
  slot.carrier = carrierOf(handset);
  classifySender(core, slot, slot.carrier);
  request.carrier = slot.carrier;
  request.sender = isTollFree(slot.senderKey) ? TOLL_FREE : LONG_CODE;
  request.registered = slot.registration === Registration.Registered ? 1 : 0;
  request.message = slot.kind;
  request.units = slot.units;
  request.route = slot.route;
  request.atMs = slot.pricedAtMs;
  if (rate(bookInForce(core), request, slot.quote) !== RateCode.Ok) return DecisionCode.NoTariff;
  return admitPrice(core, slot) ? DecisionCode.Accepted : slot.code;
}
