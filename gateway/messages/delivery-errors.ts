/**
 * What can go wrong with a message after it was accepted: the one table from which receipts, metrics, faults and, one day, each
 * provider's error codes are read. Decisions before acceptance have their own table, in router/codes.ts.
 *
 * Codes are the vendors' own for the situation nearest to ours, as they publish them; a situation for which none was found has null.
 */
export const DeliveryError = {
  None: 0,
  UnknownSubscriber: 1,
  AbsentSubscriber: 2,
  RecipientBlocks: 3,
  NumberBlocked: 4,
  CarrierOutage: 5,
  CarrierThrottled: 6,
  CarrierRejected: 7,
  ValidityExpired: 8,
  SpamFilter: 9,
  Lost: 10,
  Superseded: 11,
} as const;

export interface DeliveryErrorRow {
  readonly name: string;
  readonly meaning: string;
  /** Whether the same message, tried later, may get through: then the route tries again by itself. */
  readonly isTemporary: boolean;
  readonly twilio: number | null;
  readonly bandwidth: number | null;
  readonly telnyx: number | null;
  readonly sinchSmpp: number | null;
}

function row(
  name: string,
  meaning: string,
  isTemporary: boolean,
  [twilio, bandwidth, telnyx, sinchSmpp]: readonly (number | null)[],
): DeliveryErrorRow {
  return {
    name,
    meaning,
    isTemporary,
    twilio: twilio ?? null,
    bandwidth: bandwidth ?? null,
    telnyx: telnyx ?? null,
    sinchSmpp: sinchSmpp ?? null,
  };
}

/** By `DeliveryError`. */
export const DELIVERY_ERRORS: readonly DeliveryErrorRow[] = [
  row('none', 'nothing went wrong', false, []),
  row('unknown_subscriber', 'no phone has this number', false, [30005, 4720, 40012, 300]),
  row('absent_subscriber', 'the phone is off or out of cover', false, [30003, 4701, 40008, 152]),
  row('recipient_blocks', 'the recipient blocks the sender', false, [30004, 4753, 40004, 321]),
  row('number_blocked', 'the carrier blocks the sending number after complaints', false, [30007, 4772, 40003, 15]),
  row('carrier_outage', 'the carrier could not be reached', true, [30017, 5600, 40006, 399]),
  row('carrier_throttled', 'the carrier took no more at the moment', true, [30022, 4785, 40011, 64]),
  row('carrier_rejected', 'the carrier refused the message', false, [30008, 4730, 40008, 349]),
  row('validity_expired', 'it could not be delivered in time', false, [30036, 4360, 40005, null]),
  row(
    'spam_filter',
    'the carrier took it for spam, on long codes after its receipt and without a word',
    false,
    [30007, 4770, 40002, 15],
  ),
  row('lost', 'the route has no record of it any more', false, [30008, 9902, null, null]),
  row('superseded', 'its sender sent it again under the same idempotency key, and that one was taken', false, []),
];
