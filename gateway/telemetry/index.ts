/** The door of telemetry: what the service says about itself. */
export { CATALOGUE, type MetricEntry } from './catalogue.ts';
export { createLog } from './log.ts';
export { metricsRoute, workerMetricsRoute } from './metrics.ts';
export { logRequests } from './request-log.ts';
export { TracesUnavailable } from './open-telemetry.ts';
export { openTracing, type Tracing } from './tracing.ts';
export { timeRequests } from './request-times.ts';
