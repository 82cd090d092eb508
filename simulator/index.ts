/**
 * The door of the policy lab: the same core as the gateway's on a virtual clock, with senders, spammers, carriers and recipients that
 * adapt, run under one policy or another on the same draws.
 */
export { compare, NothingYet, type Plan } from './compare.ts';
export { MEASURE_IDS, MEASURES, type Measure, type MeasureId, SERIES, SERIES_IDS, type SeriesId } from './measures.ts';
export { POLICIES } from './policies/index.ts';
export { type PolicyChoice, readPolicies, readPolicy } from './policy-expression.ts';
export { JOBS_MAX, type Workshop } from './replicate.ts';
export { ReportError, writeReport } from './report/index.ts';
export type * from './results.ts';
export type { Parameters, PolicyStart, Run, RunRequest, Scenario, ScenarioEvent } from './run.ts';
export { runOnce } from './run-once.ts';
export { BUILT_IN_SCENARIOS, loadParameters, loadScenario } from './scenarios/load-scenario.ts';
export type { Parameter } from './scenarios/parameter-file.ts';
export { ACTORS_MAX, actorsOf, DAYS_MAX, type ScenarioFile } from './scenarios/scenario-file.ts';
export { formatComparison } from './summary.ts';
export { runCountOf, sweep, type SweepPlan } from './sweep.ts';
