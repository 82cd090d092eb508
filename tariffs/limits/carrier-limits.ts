/**
 * What carriers allow, as published: AT&T's segments per minute by message class, T-Mobile's daily cap by brand tier.
 *
 * The tables are indexed by small integers so that a campaign record can hold its class and a brand record its tier in a few bits;
 * names are turned into indexes once, when a campaign or brand is loaded. Who is counted, and over what, is the caller's. Sources are
 * named here and linked in `limit-catalogue.ts`.
 */

export interface AttClass {
  /** TCR's `msgClass`; `none` is a sender without a registered campaign. */
  readonly letter: string;
  /** Segments per minute as published last; ask `attSmsTpm`. */
  readonly smsTpm: number;
  /** MMS per minute from ATT_MMS_RAISED_MS on; ask `attMmsTpm`. */
  readonly mmsTpm: number;
  /** Whether all numbers of the campaign share the rate or each number has its own. */
  readonly scope: 'campaign' | 'number';
}

/**
 * AT&T classes. Rates of A to F, K, N, G, P, S, T, W and X: Telnyx, 10DLC rate limits (developers.telnyx.com, copy of 2026-04-10),
 * agreeing with Infobip, 10DLC Throughput, and Bandwidth, AT&T 10DLC. Q, Y and Z appear only in lists of 2021 (Clickatell,
 * REMAC); their MMS rates were not published, so the rate every class had before the rise stands in. The notice of the rise does not
 * name E and F: that theirs came on the same day is assumed.
 *
 * `none`: AT&T says only that unregistered numbers get the rate of person-to-person traffic. 60 a minute is assumed: the upper end
 * of CTIA's 15 to 60 for a consumer's number, and the segment a second that long codes had before 10DLC.
 * The first scheme of 2021 (rates 3,600 / 600 / 60 / 12 by a finer scale of scores) is not modelled.
 */
export const ATT_CLASSES: readonly AttClass[] = [
  { letter: 'A', smsTpm: 4_500, mmsTpm: 2_400, scope: 'campaign' }, // declared use case, vetting score 75-100
  { letter: 'B', smsTpm: 4_500, mmsTpm: 2_400, scope: 'campaign' }, // mixed or marketing, 75-100
  { letter: 'C', smsTpm: 2_400, mmsTpm: 1_200, scope: 'campaign' }, // declared, 50-74
  { letter: 'D', smsTpm: 2_400, mmsTpm: 1_200, scope: 'campaign' }, // mixed or marketing, 50-74
  { letter: 'E', smsTpm: 240, mmsTpm: 150, scope: 'campaign' }, // declared, 1-49 or verified and not vetted
  { letter: 'F', smsTpm: 240, mmsTpm: 150, scope: 'campaign' }, // mixed or marketing, 1-49 or verified and not vetted
  { letter: 'G', smsTpm: 60, mmsTpm: 50, scope: 'number' }, // proxy, conversational
  { letter: 'K', smsTpm: 4_500, mmsTpm: 2_400, scope: 'campaign' }, // political
  { letter: 'N', smsTpm: 60, mmsTpm: 50, scope: 'number' }, // agents and franchises, at most 5,000 numbers
  { letter: 'P', smsTpm: 2_400, mmsTpm: 1_200, scope: 'campaign' }, // charity
  { letter: 'Q', smsTpm: 3_000, mmsTpm: 50, scope: 'campaign' }, // political, early name
  { letter: 'S', smsTpm: 9_000, mmsTpm: 2_400, scope: 'campaign' }, // social, by approval
  { letter: 'T', smsTpm: 75, mmsTpm: 50, scope: 'campaign' }, // low volume
  { letter: 'W', smsTpm: 15, mmsTpm: 50, scope: 'campaign' }, // sole proprietor
  { letter: 'X', smsTpm: 4_500, mmsTpm: 2_400, scope: 'campaign' }, // emergency, public safety
  { letter: 'Y', smsTpm: 720, mmsTpm: 50, scope: 'number' }, // schools
  { letter: 'Z', smsTpm: 60, mmsTpm: 50, scope: 'campaign' }, // free trial of a large provider
  { letter: 'none', smsTpm: 60, mmsTpm: 50, scope: 'number' },
];

/**
 * 2022-01-01 (UTC). Lists of 2021 (Clickatell, REMAC) have 60,000 for class S, later ones 9,000; when it changed is not known, and the
 * end of that year is assumed.
 */
const ATT_SOCIAL_LOWERED_MS = 1_640_995_200_000;
const ATT_SOCIAL_TPM_BEFORE = 60_000;

/** 2023-10-11 (UTC), when AT&T raised MMS; until then every class had 50 a minute. Source: Bandwidth, Increase to AT&T MMS throughputs. */
const ATT_MMS_RAISED_MS = 1_696_982_400_000;
const ATT_MMS_TPM_BEFORE = 50;

/** Index into ATT_CLASSES of a class letter or `none`; -1 when there is no such class. */
export function attClassOf(letter: string): number {
  return ATT_CLASSES.findIndex((attClass) => attClass.letter === letter);
}

const ATT_SOCIAL = attClassOf('S');

/**
 * MMS per minute that AT&T allowed the class at index `attClass` on the date a message is priced at; 0 if there is no such
 * class. Allocates nothing: the date comes inside an object, since V8 boxes one that is handed over on its own to a function it does not inline.
 */
export function attMmsTpm(attClass: number, message: { readonly pricedAtMs: number }): number {
  const found = ATT_CLASSES[attClass];
  if (found === undefined) return 0;
  return message.pricedAtMs < ATT_MMS_RAISED_MS ? ATT_MMS_TPM_BEFORE : found.mmsTpm;
}

/** The same of SMS segments. */
export function attSmsTpm(attClass: number, message: { readonly pricedAtMs: number }): number {
  const found = ATT_CLASSES[attClass];
  if (found === undefined) return 0;
  if (attClass === ATT_SOCIAL && message.pricedAtMs < ATT_SOCIAL_LOWERED_MS) return ATT_SOCIAL_TPM_BEFORE;
  return found.smsTpm;
}

export interface TmobileTier {
  /** TCR's `brandTier`. */
  readonly name: string;
  /** SMS segments and MMS together, per brand (tax id) and Pacific day; Infinity where there is no cap. */
  readonly dailyCap: number;
}

/**
 * T-Mobile brand tiers. Caps: Telnyx, 10DLC rate limits, and Twilio, T-Mobile daily limits (support.twilio.com 223133407); no source disagrees.
 * The scores that lead to a tier: 75-100, 50-74, 25-49, 1-24 (an early list of 2021 has 76, 51, 16 and 15 as bounds).
 */
export const TMOBILE_TIERS: readonly TmobileTier[] = [
  { name: 'TOP', dailyCap: 200_000 }, // also any Russell 3000 company
  { name: 'UPPER_MID', dailyCap: 40_000 },
  { name: 'LOWER_MID', dailyCap: 10_000 },
  { name: 'LOW', dailyCap: 2_000 }, // also unvetted brands and low-volume campaigns
  { name: 'SOLE_PROPRIETOR', dailyCap: 1_000 },
  { name: 'UNCAPPED', dailyCap: Infinity }, // verified government; section 527 with a Campaign Verify token
];

/** Index into TMOBILE_TIERS of a tier's name; -1 when there is no such tier. */
export function tmobileTierOf(name: string): number {
  return TMOBILE_TIERS.findIndex((tier) => tier.name === name);
}

/** Of one number; messages, not segments. */
export interface TollFreeCaps {
  readonly day: number;
  readonly week: number;
  readonly month: number;
}

/**
 * What toll-free numbers that are not verified may send: restricted ones, and those whose verification is pending.
 * Sources: CallTrackingMetrics, Toll-free verification; Mobile Secure Gateway, Toll-free limits (2024-01-04).
 */
export const TOLL_FREE_RESTRICTED: TollFreeCaps = { day: 500, week: 1_000, month: 2_000 };
export const TOLL_FREE_PENDING: TollFreeCaps = { day: 2_000, week: 6_000, month: 10_000 };

/** 2023-04-01 (UTC), before which they were not limited; 2024-01-31, from which on they are blocked (Twilio, Toll-free restrictions). */
const TOLL_FREE_LIMITED_MS = 1_680_307_200_000;
const TOLL_FREE_BLOCKED_MS = 1_706_659_200_000;

export const TollFreeRule = { Free: 0, Limited: 1, Blocked: 2 } as const;

/** The `TollFreeRule` for numbers that are not verified on the date a message is priced at. */
export function tollFreeRule(message: { readonly pricedAtMs: number }): number {
  if (message.pricedAtMs < TOLL_FREE_LIMITED_MS) return TollFreeRule.Free;
  return message.pricedAtMs < TOLL_FREE_BLOCKED_MS ? TollFreeRule.Limited : TollFreeRule.Blocked;
}

/** Verizon, per number: SMS segments a minute and MMS a second. Source: Messangi, 10DLC Overview (Bandwidth's text). Telnyx and Bird: none published. */
export const VERIZON_SMS_PER_MINUTE = 6_000;
export const VERIZON_MMS_PER_SECOND = 25;

/**
 * What a person's number may send on the P2P route. CTIA, Messaging Principles (2017, 2019): 15 to 60 messages a minute, 1,000 a day,
 * 200 unique recipients, about as many out as in. The upper end of the minute is taken.
 */
export const P2P_MESSAGES_PER_MINUTE = 60;
export const P2P_MESSAGES_PER_DAY = 1_000;
export const P2P_RECIPIENTS_PER_DAY = 200;

/**
 * Messages a day that nobody need have answered; beyond them a number may send as many as it has received. The guidelines say "about
 * 1 : 1" and give no beginning: the number of recipients a day is assumed, so that a person may write to each once.
 */
export const P2P_UNANSWERED_PER_DAY = 200;
