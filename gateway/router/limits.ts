/**
 * The limits of a world, one `Allowance` for each: what has been used of them, or is held of them on lease.
 * Which of them a message meets is `admit.ts`'s business; how much they allow, the tariffs'.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { type Allowance, type Ask, Balances, Levels, PacificDays, RateBuckets } from '../../tariffs/index.ts';

export const MINUTE_MS = 60_000;
export const SECOND_MS = 1_000;

/** What is held at one time and given back. */
export interface Level extends Allowance {
  giveBack(key: number, units: number): void;
}

/** The limits that several gateways may share: by campaign, brand and account. */
export interface SharedLimits {
  /** Segments per minute by campaign handle, for each carrier of CARRIERS; null for carriers without such a limit. */
  readonly campaignSms: readonly (Allowance | null)[];
  /** MMS per minute. */
  readonly campaignMms: readonly (Allowance | null)[];
  /** T-Mobile's units per Pacific day by brand handle. */
  readonly brandDay: Allowance;
  /** Segments per second by account handle. */
  readonly accountSms: Allowance;
  readonly accountMms: Allowance;
  /** Messages in flight by account handle. */
  readonly accountInFlight: Level;
  /** Micro-dollars paid in advance by account handle. */
  readonly accountBalance: Allowance;
}

/** Limits counted per sender number; `key` is a `NumberMeter`. */
export interface NumberLimits extends Allowance {
  /** Reaches for what is kept of `ask.senderKey`: no more than a hint, given early. */
  touch(ask: Ask): void;
  /** Counts a message that the number `ask.senderKey` received: it may send one more unanswered. */
  noteInbound(ask: Ask): void;
}

export interface Limits extends SharedLimits {
  readonly numbers: NumberLimits;
}

/** AT&T publishes segments per minute by message class; Bird applies them to US Cellular and the group of small carriers too. */
const CARRIERS_BY_CLASS: readonly string[] = ['att', 'uscellular', 'other'];

export function isLimitedByClass(carrier: number): boolean {
  return CARRIERS_BY_CLASS.includes(CARRIERS[carrier]!.id);
}

/** Limits that this process alone counts. */
export function ownLimits(): SharedLimits & { readonly accountBalance: Balances } {
  const byClass = (): (Allowance | null)[] =>
    CARRIERS.map((_, carrier) => (isLimitedByClass(carrier) ? new RateBuckets(MINUTE_MS) : null));
  return {
    campaignSms: byClass(),
    campaignMms: byClass(),
    brandDay: new PacificDays(),
    accountSms: new RateBuckets(SECOND_MS),
    accountMms: new RateBuckets(SECOND_MS),
    accountInFlight: new Levels(),
    accountBalance: new Balances(),
  };
}
