/**
 * Everything a decision reads: the registry, the carriers' rules, the prices and how much of each limit is used.
 * One core is one world. The live gateway holds one on the wall clock; the simulator holds one on a virtual clock.
 */
import type { BrandTable, CampaignTable, CarrierMap, NumberRegistry } from '../../registry-cache/index.ts';
import { NumberMeters, type RateTable } from '../../tariffs/index.ts';
import { AccountTable } from './account-table.ts';
import { Counters } from './counters.ts';
import { OptOuts } from './opt-outs.ts';
import { type Limits, type NumberLimits, ownLimits, type SharedLimits } from './limits.ts';
import type { RegimeTable } from './regime-table.ts';

/** What a world is made of; the composition root loads it. */
export interface World {
  readonly carrierMap: CarrierMap;
  readonly registry: NumberRegistry;
  readonly campaigns: CampaignTable;
  readonly brands: BrandTable;
  readonly regimes: RegimeTable;
  readonly rates: RateTable;
}

export interface Core extends Omit<World, 'rates'> {
  /** Every book loaded. Messages name theirs by its place here. */
  readonly books: RateTable[];
  /** Place of the book in force. */
  book: number;
  readonly accounts: AccountTable;
  readonly limits: Limits;
  readonly counters: Counters;
  /** Who wants no messages from whom. */
  readonly optOuts: OptOuts;
}

/**
 * @param shared limits that other gateways share; without them this process counts alone
 * @param numbers what counts per number; held to a share where there are other gateways
 */
export function createCore(
  world: World,
  shared: SharedLimits = ownLimits(),
  numbers: NumberLimits = new NumberMeters(),
): Core {
  const { rates, ...rest } = world;
  const core: Core = {
    ...rest,
    books: [rates],
    book: 0,
    accounts: new AccountTable(),
    limits: { ...shared, numbers },
    counters: new Counters(),
    optOuts: new OptOuts(),
  };
  makeRoomForLimits(core);
  return core;
}

/**
 * Gives every campaign, brand and account of the core its counters. Call it after adding some: until then their limits admit
 * nothing, so a forgotten call refuses and never overspends.
 */
export function makeRoomForLimits({ limits, campaigns, brands, accounts }: Core): void {
  for (const allowance of [...limits.campaignSms, ...limits.campaignMms]) allowance?.ensure(campaigns.count);
  limits.brandDay.ensure(brands.count);
  for (const allowance of [limits.accountSms, limits.accountMms, limits.accountInFlight, limits.accountBalance]) {
    allowance.ensure(accounts.count);
  }
}

/** The book that messages and fees are priced by now. */
export function bookInForce(core: Core): RateTable {
  return core.books[core.book]!;
}
