/**
 * Everything a decision reads: the registry, the carriers' rules, the prices and how much of each limit is used.
 * One core is one world. The live gateway holds one on the wall clock; the simulator holds one on a virtual clock.
 */
import type { BrandTable, CampaignTable, CarrierMap, NumberRegistry } from '../../registry-cache/index.ts';
import { DayCounters, MinuteBuckets, type PacificDay, type RateTable } from '../../tariffs/index.ts';
import { Counters } from './counters.ts';
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

export interface Core extends World {
  /** AT&T segments per minute, by campaign handle. */
  readonly attSmsBuckets: MinuteBuckets;
  /** AT&T MMS per minute, by campaign handle. */
  readonly attMmsBuckets: MinuteBuckets;
  /** T-Mobile units per Pacific day, by brand handle. */
  readonly tmobileDays: DayCounters;
  readonly counters: Counters;
  /** The Pacific day of the latest message, kept so that time zones are worked out once a day. */
  day: PacificDay;
}

const NO_DAY: PacificDay = { ordinal: 0, startMs: 0, endMs: 0 };

export function createCore(world: World): Core {
  const core: Core = {
    ...world,
    attSmsBuckets: new MinuteBuckets(),
    attMmsBuckets: new MinuteBuckets(),
    tmobileDays: new DayCounters(),
    counters: new Counters(),
    day: NO_DAY,
  };
  makeRoomForLimits(core);
  return core;
}

/**
 * Gives every campaign and brand of the core its counters. Call it after adding some: until then their limits admit
 * nothing, so a forgotten call refuses and never overspends.
 */
export function makeRoomForLimits(core: Core): void {
  core.attSmsBuckets.ensure(core.campaigns.count);
  core.attMmsBuckets.ensure(core.campaigns.count);
  core.tmobileDays.ensure(core.brands.count);
}
