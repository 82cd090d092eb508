/** The door of the load generator: a load as data, threads that carry it out, and what it came to. */
export { Latencies, LATENCY_STEP_MS, type LatencyReport } from './latencies.ts';
export { type BlockSource, type LoadTexts, SenderNumbers } from './message-mix.ts';
export {
  ARRIVALS,
  type ArrivalKind,
  type Destination,
  DESTINATIONS,
  describePlan,
  type LoadPlan,
  type MixPlan,
  type Protocol,
} from './plan.ts';
export { reportHtml } from './report-html.ts';
export { reportJson } from './report-json.ts';
export { formatReport } from './report-text.ts';
export { type LoadParts, type LoadReport, runLoad, type ThreadHandle } from './run-load.ts';
export { TargetUnfit } from './target.ts';
export {
  type FromThread,
  runLoadThread,
  type ThreadParts,
  type ThreadPort,
  type ThreadTask,
  type ToThread,
} from './thread.ts';
export {
  checkThresholds,
  type CheckedThreshold,
  isOfReceipts,
  METRICS,
  readThresholds,
  type Threshold,
} from './thresholds.ts';
