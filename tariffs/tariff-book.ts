/**
 * The tariff book as people write it, after reading: dated rows, each with its source and a grade of trust.
 *
 * One price is a **cell**: carrier x sender x message x registered x direction. A rate row sets up to four cells of one
 * carrier, sender and message from one date on. A price that a row leaves out (`null`) was not published then; the price
 * of that same cell in the newest earlier row stays valid. So a row says only what changed and nobody has to invent the rest.
 *
 * Plain dates begin at midnight in the book's `timeZone`. A row ends where the next one for its cell begins.
 *
 * A book may extend another: a what-if that changes some rows of the book it is laid over. Once read it is a book like any other,
 * with all rows of both, and each row says which of the two it stands in. `overlay.ts` lays them over each other.
 *
 * This file holds words and types only; `parse.ts` makes a book from text and `compile.ts` packs it for rating.
 */

/** Kinds of sender. The position is the `sender` index of a rate request. */
export const SENDERS = ['10dlc', 'toll-free', 'short-code'] as const;
export type Sender = (typeof SENDERS)[number];

/** Kinds of message. The position is the `message` index of a rate request. */
export const MESSAGES = ['sms', 'mms'] as const;
export type MessageKind = (typeof MESSAGES)[number];

/** Out is to the handset, in is from it. The position is the `direction` index of a rate request. */
export const DIRECTIONS = ['out', 'in'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/**
 * A: the aggregator's or registry's own document. B: one reseller or mirror. C: secondary, or a date that is not known.
 * D: sources disagree and the note says how. Two letters: both hold. `assumed`: nobody published it; the note says why this figure.
 */
export const CONFIDENCES = ['A', 'B', 'C', 'D', 'A/B', 'A/C', 'A/D', 'B/C', 'B/D', 'C/D', 'assumed'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export interface Provenance {
  /** Where it is written: the name of the book, which is the extended one's for its rows, and the line in its file. */
  readonly book: string;
  readonly line: number;
  readonly confidence: Confidence;
  /** Keys of `TariffBook.sources`; empty only when `confidence` is `assumed`. */
  readonly sources: readonly string[];
  readonly note: string | null;
}

/** Micro-dollars per segment (SMS) or per message (MMS); `null` where not published. */
export interface DirectionalPrice {
  readonly out: number | null;
  readonly in: number | null;
}

export interface RateRow extends Provenance {
  readonly carrier: string;
  readonly sender: Sender;
  readonly message: MessageKind;
  readonly from: string;
  readonly fromMs: number;
  readonly registered: DirectionalPrice;
  readonly unregistered: DirectionalPrice;
}

/** What a party other than the carrier takes per segment or MMS, whoever the carrier is. */
export interface PartyRow extends Provenance {
  readonly message: MessageKind;
  readonly from: string;
  readonly fromMs: number;
  readonly price: DirectionalPrice;
}

export const FEE_KINDS = ['one-time', 'monthly', 'fine'] as const;
export type FeeKind = (typeof FEE_KINDS)[number];

/** A fee that is not charged per message, in one era. Whoever causes it charges it, by `feeAt`; rating does not. */
export interface Fee extends Provenance {
  /** Same id, other date: the same fee at another price. */
  readonly id: string;
  readonly title: string;
  readonly kind: FeeKind;
  /** What is counted: `campaign`, `brand`, `number`, `violation`, ... */
  readonly per: string;
  /** Who receives it: a carrier key, `tcr`, `dca`, `vetting-provider`, ... */
  readonly payee: string;
  readonly amountMicros: number;
  /** First day; `null` where the start is not known. */
  readonly from: string | null;
  /** -Infinity where the start is not known. */
  readonly fromMs: number;
  /** First day on which it no longer applies; `null` while it does. */
  readonly until: string | null;
  /** Infinity while it applies. */
  readonly untilMs: number;
  /** Announced but not collected. */
  readonly waived: boolean;
  /** TCR use case codes it is limited to; empty when it is not limited. */
  readonly appliesTo: readonly string[];
}

export interface TariffBook {
  readonly book: string;
  readonly title: string;
  /** The book it is laid over, by name; `null` for one that stands alone. */
  readonly extends: string | null;
  /** Such as `UTC` or `America/Los_Angeles`. */
  readonly timeZone: string;
  /** Every carrier that rows may name, by key, with its name. */
  readonly carriers: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, string>;
  readonly rates: readonly RateRow[];
  readonly aggregatorPrices: readonly PartyRow[];
  readonly dcaMargins: readonly PartyRow[];
  /** Eras of the same fee do not overlap and leave no gap. */
  readonly fees: readonly Fee[];
}
