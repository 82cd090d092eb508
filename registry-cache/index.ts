/** The door of `registry-cache`: who is this number? Pure but for what begins with `load`. Redis has a door of its own. */
export { BrandTable, CampaignTable, USE_CASES, type Brand, type Campaign } from './campaign-table.ts';
export {
  CarrierMap,
  carrierOf,
  isAssigned,
  isPorted,
  LINE_TYPES,
  LineType,
  lineTypeOf,
  type BlockGroup,
} from './carrier-map.ts';
export { CARRIERS, NO_CARRIER, type Carrier } from './carriers.ts';
export {
  type SyntheticCampaign,
  syntheticCampaigns,
  syntheticIds,
  type SyntheticNumbers,
  syntheticNumbers,
  UNPOOLED_NUMBERS_MAX,
} from './generate.ts';
export { loadCarrierMap } from './load-carrier-map.ts';
export { loadSnapshot, saveSnapshot, type Snapshot } from './load-snapshot.ts';
export { isInMagicRange, MAGIC_NUMBERS, magicNumber, type MagicNumber, type MagicOutcome } from './magic-numbers.ts';
export { MemoryRegistryStore, type MemoryStoreOptions } from './memory-store.ts';
export { SnapshotRefused, type SnapshotRefusal } from './index-buffer.ts';
export { NumberIndex } from './number-index.ts';
export { INDEX_MOVED, NumberIndexReader } from './number-index-reader.ts';
export {
  formatNumber,
  maskNumber,
  maskNumbers,
  numberRefusal,
  isTollFree,
  parseNumberKey,
  parseSenderKey,
  type NumberRefusal,
} from './number-key.ts';
export { NO_CAMPAIGN, NumberRegistry, STILL_PENDING, type PendingNumber } from './number-registry.ts';
export {
  ANY_NNID,
  type AppliedChanges,
  type CampaignEntry,
  type CampaignRecord,
  type CampaignStanding,
  type CarrierOperation,
  type CarrierTerms,
  type ChangeOutcome,
  CHANGES_MAX,
  FAILURE_REASONS,
  type FailureReason,
  type FeedPosition,
  MOMENT_MAX,
  NNIDS_MAX,
  type Notice,
  NOTICE_LIFE_MS,
  type NumberChange,
  type NumberInterval,
  type NumberRecord,
  type RegistryListener,
  type RegistryStore,
  type StoreStats,
  StoreUnavailable,
} from './registry-store.ts';
