export { traceRoute, type TraceRoute } from './trace-route.ts';
export type { CampaignOwner, Trace, TraceLink } from './trace.ts';
