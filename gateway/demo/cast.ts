/**
 * Who takes part in the demo, as tables to read and change.
 *
 * Every company is invented. The shares are chosen so that each kind of traffic is seen within a minute, not to
 * estimate the real mix. Small classes and tiers are there on purpose: a bakery that texts all its customers at once
 * runs into AT&T's segments per minute, and over a day into T-Mobile's cap.
 */
import type { DayShape } from './figures.ts';
import type { BlockGroup } from './numbers.ts';

export type CarrierId = 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other';
/** By vetting score from high to low; a sole proprietor has none. */
export type TmobileTier = 'TOP' | 'UPPER_MID' | 'LOWER_MID' | 'LOW' | 'SOLE_PROPRIETOR';
export type AttClass = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'P' | 'T' | 'W';
export type Truth = 'legit' | 'spam' | 'smishing';
export type Route = 'a2p' | 'p2p';

/** Share of all messages by kind of sender. Sums to 1. */
export const SHARES = {
  /** Brands whose numbers are in the registry from the start. */
  established: 0.55,
  /** Brands that send before their numbers are in it: legitimate, yet unregistered until then. */
  late: 0.08,
  /** Spammers and phishers who cycle through numbers nobody registered. */
  cycling: 0.25,
  /** A spammer behind a campaign that was approved for somebody else: registered spam. */
  rented: 0.04,
  /** People writing to people. */
  people: 0.05,
  /** Spam on the route meant for people, past all fees. */
  grey: 0.03,
} as const;

export type Kind = keyof typeof SHARES;

/** Messages that leave together: `size` of them, `gapMs` apart. */
export interface Blast {
  readonly size: number;
  readonly gapMs: number;
}

/** A brand with one campaign and its numbers. */
export interface BrandRole {
  readonly kind: 'established' | 'late' | 'rented';
  readonly name: string;
  readonly account: string;
  /** Share within its kind, relative to the others of that kind. */
  readonly weight: number;
  readonly tmobileTier: TmobileTier;
  readonly attClass: AttClass;
  readonly useCase: string;
  readonly numberCount: number;
  /** Carriers at which the campaign is not active. */
  readonly notActiveAt?: readonly CarrierId[];
  /** How long before the start the campaign ran out. */
  readonly expiredForMs?: number;
  /** Its numbers enter the registry one after the other, the last of them this long after the start. */
  readonly provisionedOverMs?: number;
  readonly blast?: Blast;
}

/** A sender with no brand, no campaign, and a new number as soon as the old one has done its share. */
export interface CyclingRole {
  readonly kind: 'cycling' | 'grey';
  readonly name: string;
  readonly account: string;
  readonly weight: number;
  readonly truth: 'spam' | 'smishing';
  /** Whose blocks the numbers are drawn from, one of these at random each time. */
  readonly groups: readonly BlockGroup[];
  /** Numbers in use at the same time. */
  readonly lines: number;
  /** A number is dropped after this many messages, drawn anew for each number. */
  readonly messagesPerNumber: readonly [min: number, max: number];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const CPAAS = 'example-cpaas';
const RESELLER = 'sample-reseller';
const INTERCONNECT = 'p2p-interconnect';

/** The senders' accounts at the gateway. */
export const ACCOUNTS: readonly string[] = [CPAAS, RESELLER, INTERCONNECT];

// prettier-ignore
export const BRANDS: readonly BrandRole[] = [
  { kind: 'established', name: 'Example Pharmacy', account: CPAAS, weight: 26, tmobileTier: 'TOP', attClass: 'A', useCase: 'ACCOUNT_NOTIFICATION', numberCount: 12 },
  { kind: 'established', name: 'Sample Bank', account: CPAAS, weight: 24, tmobileTier: 'TOP', attClass: 'A', useCase: '2FA', numberCount: 4 },
  { kind: 'established', name: 'Placeholder Airlines', account: CPAAS, weight: 18, tmobileTier: 'TOP', attClass: 'B', useCase: 'MIXED', numberCount: 20 },
  { kind: 'established', name: 'Example Parcel Delivery', account: RESELLER, weight: 16, tmobileTier: 'UPPER_MID', attClass: 'C', useCase: 'DELIVERY_NOTIFICATION', numberCount: 8 },
  { kind: 'established', name: 'Fictional Grocers', account: CPAAS, weight: 12, tmobileTier: 'UPPER_MID', attClass: 'D', useCase: 'MARKETING', numberCount: 10, blast: { size: 200, gapMs: 25 } },
  { kind: 'established', name: 'Specimen Dental', account: RESELLER, weight: 4, tmobileTier: 'LOWER_MID', attClass: 'E', useCase: 'CUSTOMER_CARE', numberCount: 3 },
  { kind: 'established', name: 'Example Corner Bakery', account: RESELLER, weight: 3, tmobileTier: 'LOW', attClass: 'T', useCase: 'LOW_VOLUME', numberCount: 1, blast: { size: 400, gapMs: 100 } },
  { kind: 'established', name: 'Sample Piano Lessons', account: RESELLER, weight: 1, tmobileTier: 'SOLE_PROPRIETOR', attClass: 'W', useCase: 'SOLE_PROPRIETOR', numberCount: 1, blast: { size: 80, gapMs: 250 } },
  { kind: 'established', name: 'Imaginary Food Bank', account: CPAAS, weight: 4, tmobileTier: 'UPPER_MID', attClass: 'P', useCase: 'CHARITY', numberCount: 2, notActiveAt: ['verizon'] },
  { kind: 'established', name: 'Fictional Furniture', account: RESELLER, weight: 2, tmobileTier: 'LOWER_MID', attClass: 'F', useCase: 'MIXED', numberCount: 5, expiredForMs: 24 * HOUR },

  { kind: 'late', name: 'Example Insurance', account: CPAAS, weight: 3, tmobileTier: 'TOP', attClass: 'A', useCase: 'CUSTOMER_CARE', numberCount: 8, provisionedOverMs: 20 * MINUTE },
  { kind: 'late', name: 'Sample Fitness Clubs', account: RESELLER, weight: 3, tmobileTier: 'UPPER_MID', attClass: 'D', useCase: 'MARKETING', numberCount: 6, provisionedOverMs: 3 * HOUR },
  { kind: 'late', name: 'Placeholder Tickets', account: RESELLER, weight: 2, tmobileTier: 'LOWER_MID', attClass: 'E', useCase: 'ACCOUNT_NOTIFICATION', numberCount: 4, provisionedOverMs: 24 * HOUR },

  { kind: 'rented', name: 'Sample Rewards Club', account: RESELLER, weight: 1, tmobileTier: 'LOWER_MID', attClass: 'F', useCase: 'MARKETING', numberCount: 6 },
];

// prettier-ignore
export const CYCLERS: readonly CyclingRole[] = [
  { kind: 'cycling', name: 'Prize Draws', account: RESELLER, weight: 9, truth: 'spam', groups: ['cpaas'], lines: 6, messagesPerNumber: [40, 250] },
  { kind: 'cycling', name: 'Debt Relief', account: CPAAS, weight: 8, truth: 'spam', groups: ['cpaas'], lines: 4, messagesPerNumber: [100, 400] },
  { kind: 'cycling', name: 'Parcel Fee', account: RESELLER, weight: 5, truth: 'smishing', groups: ['cpaas'], lines: 8, messagesPerNumber: [20, 120] },
  { kind: 'cycling', name: 'Bank Alert', account: RESELLER, weight: 3, truth: 'smishing', groups: ['cpaas'], lines: 12, messagesPerNumber: [10, 60] },
  // Racks of prepaid phones, so the numbers are a mobile carrier's own.
  { kind: 'grey', name: 'Sim Farm', account: INTERCONNECT, weight: 1, truth: 'spam', groups: ['att', 'verizon', 'tmobile'], lines: 16, messagesPerNumber: [50, 200] },
];

/** There are as many people as it takes for each to write about `messagesPerDay`, within the bounds. */
export const PEOPLE = {
  name: 'People',
  account: INTERCONNECT,
  groups: ['att', 'verizon', 'tmobile'] as const satisfies readonly BlockGroup[],
  messagesPerDay: 30,
  minCount: 200,
  maxCount: 200_000,
};

/** Which hours each kind keeps. */
export const DAY_SHAPES: Readonly<Record<Kind, DayShape>> = {
  established: 'legit',
  late: 'legit',
  cycling: 'spam',
  rented: 'spam',
  people: 'people',
  grey: 'spam',
};
