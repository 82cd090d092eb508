/** The door of the registries: the campaign registry, the number registry, and tracing from one to the other. */
export { openRegistries, type Registries, SnapshotUnfit } from './open-registries.ts';
export type { Trace, TraceLink } from './trace/index.ts';
