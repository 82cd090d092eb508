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
export { loadCarrierMap } from './load-carrier-map.ts';
export { SnapshotRefused, type SnapshotRefusal } from './index-buffer.ts';
export { NumberIndex } from './number-index.ts';
export { formatNumber, maskNumber, numberRefusal, parseNumberKey, type NumberRefusal } from './number-key.ts';
export { NO_CAMPAIGN, NumberRegistry, STILL_PENDING, type PendingNumber } from './number-registry.ts';
