/** The door of the load generator: a load as data, threads that carry it out, and what it came to. */
export { Latencies, LATENCY_STEP_MS, type LatencyReport } from './latencies.ts';
export { SenderNumbers } from './message-mix.ts';
export {
  ARRIVALS,
  type ArrivalKind,
  type BindKinds,
  BINDS,
  type Destination,
  DESTINATIONS,
  type LoadPlan,
  type Protocol,
} from './plan.ts';
export { reportHtml } from './report-html.ts';
export { reportJson } from './report-json.ts';
export { formatReport } from './report-text.ts';
export { runLoad, type ThreadHandle } from './run-load.ts';
export { TargetUnfit } from './target.ts';
export { runLoadThread, type ThreadTask } from './thread.ts';
export { checkThresholds, isOfReceipts, METRICS, readThresholds, type Threshold } from './thresholds.ts';
