export { traceRoute } from './trace-route.ts';
export type { Trace, TraceLink } from './trace.ts';
