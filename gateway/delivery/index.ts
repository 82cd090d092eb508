/** The door of delivery: the carriers at the far end, and the receipts that come back. */
export { blockRoutes } from './block-routes.ts';
export { FILTER_RESULTS, RECEIPT_KINDS } from './delivery-counters.ts';
export type { DeliveryListener } from './delivery-listener.ts';
export { SpamWords, type SpamWeights } from './spam-words.ts';
export { TEXT_SHAPES, TextFeatures, wordHash } from './text-features.ts';
export { DELIVERY_TICK_MS, SimulatedCarriers } from './simulated-carriers.ts';
