/**
 * Numbers for tests, with outcomes that are always the same: what the registries, the number blocks and the carriers know of them is
 * fixed, and messages to and from them are decided like all others.
 *
 * They lie in +1 500 555, which is nobody's: 500 is the area code of personal numbers, and 555 its exchange for fiction. The digit behind
 * says who holds the block, the last three what becomes of a message to the number:
 *
 *   +1 500 555 2006     2: a block of T-Mobile's     006: silently dropped by the carrier's filter
 *
 * What is here is the one source: number blocks and refusals are made of it here, registrations and campaigns in `gateway/registries`, fates
 * in `gateway/delivery`, and the table in README and at `/v1/magic-numbers`.
 */

/** What is always so of a number that messages are sent to, or of one they are sent from. */
export type MagicOutcome =
  | 'delivered'
  | 'unknown_subscriber'
  | 'absent_subscriber'
  | 'recipient_blocks'
  | 'opted_out'
  | 'filtered'
  | 'silently_filtered'
  | 'outage'
  | 'slow_receipt'
  | 'no_receipt'
  | 'receipt_twice'
  | 'carrier_rejected'
  | 'landline'
  | 'ported'
  | 'unassigned'
  | 'registered'
  | 'unregistered'
  | 'just_unregistered'
  | 'pending'
  | 'suspended'
  | 'campaign_expired'
  | 'over_tpm'
  | 'over_day_cap';

export interface MagicNumber {
  readonly key: number;
  /** Whether it is for sending to or from. */
  readonly role: 'to' | 'from';
  readonly outcome: MagicOutcome;
  /** Who holds its block; `nobody` where that is the point. */
  readonly holder: string;
  /** One sentence for a person. */
  readonly meaning: string;
}

export const MAGIC_AREA_CODE = 500;
export const MAGIC_KEY_MIN = 5_005_550_000;
export const MAGIC_KEY_MAX = 5_005_559_999;
/** What one block of a thousand is worth in a key. */
const BLOCK = 1_000;

/** By the digit behind 500 555. */
const CARRIERS_OF_BLOCKS = ['att', 'verizon', 'tmobile', 'uscellular', 'other'] as const;
const LANDLINE_BLOCK = 5;
const SENDER_BLOCK = 6;
const PORTED_BLOCK = 8;
const UNASSIGNED_BLOCK = 9;

/** Who holds each block of a thousand, by the digit behind 500 555; undefined for nobody. */
export const MAGIC_BLOCKS: readonly (
  | {
      readonly group: 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other' | 'landline' | 'cpaas';
      readonly isPorted?: true;
    }
  | undefined
)[] = [
  ...CARRIERS_OF_BLOCKS.map((group) => ({ group })),
  { group: 'landline' },
  { group: 'cpaas' },
  undefined,
  { group: 'tmobile', isPorted: true },
  undefined,
];

/** By the last three digits, in each carrier's block. */
const DESTINATIONS: readonly (readonly [last: number, outcome: MagicOutcome, meaning: string])[] = [
  [0, 'delivered', 'Delivered, and the receipt says so.'],
  [1, 'unknown_subscriber', 'No phone has the number: undelivered, and the receipt says so.'],
  [2, 'absent_subscriber', 'The phone is off or out of cover: undelivered, and the receipt says so.'],
  [3, 'recipient_blocks', 'The recipient blocks the sender: undelivered, and the receipt says so.'],
  [4, 'opted_out', 'The recipient has opted out of every sender: refused.'],
  [5, 'filtered', "Dropped by the carrier's spam filter, and the receipt says so."],
  [6, 'silently_filtered', "Dropped by the carrier's spam filter after a receipt that says all is well."],
  [7, 'outage', 'The carrier is away: tried again until it expires after 72 hours.'],
  [8, 'slow_receipt', 'Delivered; the receipt comes a minute late.'],
  [9, 'no_receipt', 'Delivered; no receipt ever comes.'],
  [10, 'receipt_twice', 'Delivered; the receipt comes twice.'],
  [11, 'carrier_rejected', 'The carrier refuses the message: undelivered, and the receipt says so.'],
];

const SENDERS: readonly (readonly [last: number, outcome: MagicOutcome, meaning: string])[] = [
  [0, 'registered', 'Registered to a campaign that is active at every carrier.'],
  [1, 'unregistered', 'In no registry: meets the regime of the carrier and pays its surcharge.'],
  [2, 'just_unregistered', 'Was registered until the gateway started, and is in no registry any more.'],
  [3, 'pending', 'Handed in and never provisioned: unregistered until it is.'],
  [4, 'suspended', 'Registered to a campaign that Verizon has suspended, and is active at all others.'],
  [5, 'campaign_expired', 'Registered to a campaign that has run out: unregistered.'],
  [6, 'over_tpm', 'Registered to a campaign that has no segments left in any minute at AT&T, US Cellular and others.'],
  [7, 'over_day_cap', "Registered to a brand that has used up T-Mobile's daily cap, every day."],
];

/** All of them, those sent to before those sent from, each by number. */
export const MAGIC_NUMBERS: readonly MagicNumber[] = [
  ...CARRIERS_OF_BLOCKS.flatMap((holder, block) =>
    DESTINATIONS.map(([last, outcome, meaning]): MagicNumber => numberOf('to', block, last, outcome, holder, meaning)),
  ),
  numberOf('to', LANDLINE_BLOCK, 0, 'landline', 'landline', 'A landline, which takes no messages: refused.'),
  numberOf('to', PORTED_BLOCK, 0, 'ported', 'tmobile', 'Ported to T-Mobile: delivered, at its price.'),
  numberOf('to', UNASSIGNED_BLOCK, 0, 'unassigned', 'nobody', 'In a block that nobody holds: refused.'),
  ...SENDERS.map(([last, outcome, meaning]) => numberOf('from', SENDER_BLOCK, last, outcome, 'cpaas', meaning)),
];

const byKey = new Map(MAGIC_NUMBERS.map((number) => [number.key, number]));

/** Whether a key lies where these numbers do. For a key of others, one comparison or two. */
export function isInMagicRange(key: number): boolean {
  return key >= MAGIC_KEY_MIN && key <= MAGIC_KEY_MAX;
}

/** The number of a key, or undefined: also for most keys of the range, which mean nothing. */
export function magicNumber(key: number): MagicNumber | undefined {
  return isInMagicRange(key) ? byKey.get(key) : undefined;
}

function numberOf(
  role: MagicNumber['role'],
  block: number,
  last: number,
  outcome: MagicOutcome,
  holder: string,
  meaning: string,
): MagicNumber {
  return { key: MAGIC_KEY_MIN + block * BLOCK + last, role, outcome, holder, meaning };
}
