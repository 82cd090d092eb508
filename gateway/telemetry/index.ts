/** The door of telemetry: what the service says about itself. */
export { CATALOGUE } from './catalogue.ts';
export { createLog } from './log.ts';
export { metricsRoute, workerMetricsRoute } from './metrics.ts';
