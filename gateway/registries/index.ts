/** The door of the registries: the campaign registry, the number registry, and tracing from one to the other. */
export { declareMagicSenders, MAGIC_BRAND_USED_UP, MAGIC_CAMPAIGN_USED_UP } from './magic-senders.ts';
export { openRegistries, type Registries, SnapshotUnfit } from './open-registries.ts';
export type { Trace, TraceLink } from './trace/index.ts';
