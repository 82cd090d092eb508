/** What becomes of messages to magic numbers: nothing is drawn for them. */
import { isInMagicRange, magicNumber, type MagicOutcome } from '../../registry-cache/index.ts';
import { DeliveryError } from '../messages/index.ts';
import { HandsetOutcome } from '../router/index.ts';

export interface FixedFate {
  /** `DeliveryError`; a temporary one for good. */
  readonly error: number;
  /** `HandsetOutcome`. */
  readonly outcome: number;
  /** Whether the carrier has filtered it and told nobody. */
  readonly isSilent: boolean;
  /** How often the receipt comes, and how much later than others. */
  readonly receipts: 0 | 1 | 2;
  readonly receiptDelayMs: number;
}

const MINUTE_MS = 60_000;
const PLAIN: FixedFate = {
  error: DeliveryError.None,
  outcome: HandsetOutcome.Delivered,
  isSilent: false,
  receipts: 1,
  receiptDelayMs: 0,
};

const undelivered = (error: number): FixedFate => ({ ...PLAIN, error, outcome: HandsetOutcome.Undelivered });
const filtered = { ...PLAIN, error: DeliveryError.SpamFilter, outcome: HandsetOutcome.Filtered };

/** Of the outcomes that are a carrier's; a message to a number with another one is like any other. */
const FATES: Partial<Record<MagicOutcome, FixedFate>> = {
  delivered: PLAIN,
  ported: PLAIN,
  unknown_subscriber: undelivered(DeliveryError.UnknownSubscriber),
  absent_subscriber: undelivered(DeliveryError.AbsentSubscriber),
  recipient_blocks: undelivered(DeliveryError.RecipientBlocks),
  carrier_rejected: undelivered(DeliveryError.CarrierRejected),
  filtered,
  silently_filtered: { ...filtered, isSilent: true },
  outage: undelivered(DeliveryError.CarrierOutage),
  slow_receipt: { ...PLAIN, receiptDelayMs: MINUTE_MS },
  no_receipt: { ...PLAIN, receipts: 0 },
  receipt_twice: { ...PLAIN, receipts: 2 },
};

/** The fate of a message to the number `destinations[at]`, if it is fixed. The number is read here, since a double handed over may be boxed. */
export function fixedFate(destinations: Float64Array, at: number): FixedFate | undefined {
  if (!isInMagicRange(destinations[at]!)) return undefined;
  const number = magicNumber(destinations[at]!);
  return number === undefined ? undefined : FATES[number.outcome];
}
