/**
 * One message on its way through the core: what the edge filled in, and what the decision wrote.
 *
 * The caller owns the slot and uses it again for the next message, so a decision allocates nothing. Fields that hold
 * more than 31 bits start as NaN: V8 then keeps them as doubles that are overwritten in place, where a field that began
 * as a small integer would change representation under the first phone number.
 */
import { NO_CARRIER } from '../../registry-cache/index.ts';
import type { Quote } from '../../tariffs/index.ts';
import { NO_ACCOUNT } from './account-table.ts';
import { Binding, DecisionCode, MessageKind, Registration, Route } from './codes.ts';

export class MessageSlot {
  /** NANP number of the sender, as an integer (`parseSenderKey`). */
  senderKey = Number.NaN;
  /** NANP number of the destination. */
  destinationKey = Number.NaN;
  /** Segments of an SMS, 1 for an MMS. At least 1. */
  units = 1;
  /** `MessageKind`. */
  kind: number = MessageKind.Sms;
  /** `Route`. */
  route: number = Route.A2p;
  /** When the message arrived, milliseconds since the epoch: limits and provisioning go by it. */
  atMs = Number.NaN;
  /** The date whose regime and tariff apply, milliseconds since the epoch. */
  pricedAtMs = Number.NaN;
  /** Milliseconds on a clock that is never set: leases of shared limits go by it. */
  uptimeMs = Number.NaN;
  /** Account handle (`AccountTable`), or NO_ACCOUNT. */
  account: number = NO_ACCOUNT;
  /** One draw, 0 inclusive to 1 exclusive, that a `filter` regime decides by. */
  draw = Number.NaN;
  /** Whether the registry is looked up in a view older than the operator allows. No rule reads it. */
  isStale = false;

  /** `DecisionCode`. */
  code: number = DecisionCode.Accepted;
  /** `Registration`: the class at the destination carrier and, if unregistered, the reason. */
  registration: number = Registration.NotClassed;
  /** Index into CARRIERS, or NO_CARRIER. */
  carrier: number = NO_CARRIER;
  /** Campaign handle of the sender, or -1. */
  campaign = -1;
  /** Place in `Core.books` of the book that priced it. */
  book = 0;
  /** Whether it holds one of its account's places in flight, to be given back when it ends. */
  holdsInFlight = false;
  /** `Binding`: which limit or rule refused the message. */
  binding: number = Binding.None;
  /** Units already used of the limit that bound, and its size; 0 where the rule counts nothing. */
  limitUsed = Number.NaN;
  limitCap = Number.NaN;
  /** Milliseconds until the same message would fit; 0 if waiting does not help. */
  retryAfterMs = Number.NaN;
  /** What the message costs and who gets it, integer micro-dollars. All 0 for a refused message that nobody charges for. */
  readonly quote: Quote = {
    row: -1,
    carrierFeeMicros: 0,
    surchargeMicros: 0,
    dcaMicros: 0,
    aggregatorMicros: 0,
    totalMicros: 0,
  };
}

/** Takes back what an earlier decision wrote: not classed, no carrier, nothing bound, nothing to pay. */
export function clearResult(slot: MessageSlot): void {
  slot.registration = Registration.NotClassed;
  slot.carrier = NO_CARRIER;
  slot.campaign = -1;
  slot.holdsInFlight = false;
  slot.binding = Binding.None;
  slot.limitUsed = 0;
  slot.limitCap = 0;
  slot.retryAfterMs = 0;
  clearQuote(slot);
}

/** Takes back what it would have cost. */
export function clearQuote({ quote }: MessageSlot): void {
  quote.row = -1;
  quote.carrierFeeMicros = 0;
  quote.surchargeMicros = 0;
  quote.dcaMicros = 0;
  quote.aggregatorMicros = 0;
  quote.totalMicros = 0;
}
