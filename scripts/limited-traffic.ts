// Senders that each meet one limit which gateways share, and no other: a campaign at AT&T's minute, a brand at T-Mobile's day,
// accounts with a rate, with money, with messages in flight. Several sets of them, so that a run may begin anew with all unused.
import { formatNumber, loadCarrierMap } from '../registry-cache/index.ts';
import { ATT_CLASSES, attClassOf, TMOBILE_TIERS, tmobileTierOf } from '../tariffs/index.ts';

export type Bound =
  /** A bucket of `cap` segments that fills in `windowMs`. */
  | { readonly kind: 'rate'; readonly cap: number; readonly windowMs: number }
  /** Segments in one day of Los Angeles. */
  | { readonly kind: 'day'; readonly cap: number }
  /** Micro-dollars paid in. */
  | { readonly kind: 'money'; readonly cap: number }
  /** Messages that have not come to their end. */
  | { readonly kind: 'in-flight'; readonly cap: number };

export interface Traffic {
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly campaign: string;
  readonly account: string | undefined;
  readonly bound: Bound;
  /** Messages offered to all gateways together. */
  readonly perSecond: number;
}

/** What the senders of every set are held to, and how much they offer. */
export interface Sizes {
  /** AT&T's class of the campaign, by letter; one that binds the campaign and not its numbers. */
  readonly attClass: string;
  /** T-Mobile's tier of the brand. */
  readonly tier: string;
  readonly smsPerSecond: number;
  readonly paidDollars: number;
  readonly inFlightMax: number;
  /** Messages a second that each sender offers. */
  readonly perSecond: Readonly<Record<Bound['kind'] | 'account', number>>;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const MICROS = 1e6;
const DESTINATIONS = 40;

/** The senders of one set. */
export function limitedTraffic(set: number, sizes: Sizes): readonly Traffic[] {
  const { perSecond, smsPerSecond, paidDollars, inFlightMax } = sizes;
  const minuteCap = ATT_CLASSES[attClassOf(sizes.attClass)]?.smsTpm ?? 0;
  const dayCap = TMOBILE_TIERS[tmobileTierOf(sizes.tier)]?.dailyCap ?? 0;
  const free = { to: destinations().tmobile, campaign: 'CFREE01' };
  return [
    {
      name: "a campaign at AT&T's minute",
      from: senderOf(set, 0),
      to: destinations().att,
      campaign: `CMIN${digits(set)}`,
      account: undefined,
      bound: { kind: 'rate', cap: minuteCap, windowMs: MINUTE_MS },
      perSecond: perSecond.rate,
    },
    {
      name: "a brand at T-Mobile's day",
      from: senderOf(set, 1),
      to: destinations().tmobile,
      campaign: `CDAY${digits(set)}`,
      account: undefined,
      bound: { kind: 'day', cap: dayCap },
      perSecond: perSecond.day,
    },
    {
      name: "an account's second",
      from: senderOf(set, 2),
      ...free,
      account: `rate-${set}`,
      bound: { kind: 'rate', cap: smsPerSecond, windowMs: SECOND_MS },
      perSecond: perSecond.account,
    },
    {
      name: "an account's money",
      from: senderOf(set, 3),
      ...free,
      account: `prepaid-${set}`,
      bound: { kind: 'money', cap: paidDollars * MICROS },
      perSecond: perSecond.money,
    },
    {
      name: "an account's messages in flight",
      from: senderOf(set, 4),
      ...free,
      account: `in-flight-${set}`,
      bound: { kind: 'in-flight', cap: inFlightMax },
      perSecond: perSecond['in-flight'],
    },
  ];
}

/** The files that declare the senders of `sets` sets, by the option that names such a file. */
export function filesOf(sets: number, sizes: Sizes): Readonly<Record<string, string>> {
  const all = Array.from({ length: sets }, (_, set) => digits(set));
  const campaign = (id: string, brand: string, attClass: string): string =>
    `  - { id: ${id}, brand: ${brand}, attClass: ${attClass}, useCase: MARKETING, carriers: [att, tmobile] }\n`;
  const campaigns =
    'brands:\n  - { id: BFREE01, name: Free, tmobileTier: UNCAPPED }\n' +
    all.map((set) => `  - { id: BDAY${set}, name: Day ${set}, tmobileTier: ${sizes.tier} }\n`).join('') +
    `campaigns:\n${campaign('CFREE01', 'BFREE01', 'A')}` +
    all
      .map((set) => campaign(`CMIN${set}`, 'BFREE01', sizes.attClass) + campaign(`CDAY${set}`, `BDAY${set}`, 'A'))
      .join('');
  const accounts = Array.from(
    { length: sets },
    (_, set) =>
      `  - { id: rate-${set}, kind: postpaid, limits: { smsPerSecond: ${sizes.smsPerSecond} } }\n` +
      `  - { id: prepaid-${set}, kind: prepaid, balance: ${sizes.paidDollars.toFixed(2)} }\n` +
      `  - { id: in-flight-${set}, kind: postpaid, limits: { inFlightMax: ${sizes.inFlightMax} } }\n`,
  );
  return { campaigns, accounts: `accounts:\n${accounts.join('')}` };
}

function digits(set: number): string {
  return String(set).padStart(3, '0');
}

function senderOf(set: number, sender: number): string {
  return `+1212555${String(1_000 + set * 10 + sender)}`;
}

let found: Readonly<Record<'att' | 'tmobile' | 'verizon', readonly string[]>> | undefined;

/** Some numbers of each carrier, always the same. */
export function destinations(): Readonly<Record<'att' | 'tmobile' | 'verizon', readonly string[]>> {
  if (found !== undefined) return found;
  const map = loadCarrierMap();
  const numbers = (carrier: 'att' | 'tmobile' | 'verizon'): string[] =>
    Array.from(map.blocksOf(carrier).subarray(0, DESTINATIONS), (block) => formatNumber(block * 1_000 + 1));
  return (found = { att: numbers('att'), tmobile: numbers('tmobile'), verizon: numbers('verizon') });
}
