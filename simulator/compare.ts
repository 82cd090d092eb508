/**
 * Several policies on the same draws: one run of each in every replication, and what they say beside the first of them.
 *
 * Replications are carried out one after the other, all policies of one before the next, so that whatever is stopped early has as many
 * whole replications as there can be.
 */
import { createHash } from 'node:crypto';
import { findingsOf } from './findings.ts';
import type { PolicyChoice } from './policy-expression.ts';
import { replicate, type Workshop } from './replicate.ts';
import type { Assumption, Comparison, RunOutcome } from './results.ts';
import type { Parameters, RunRequest } from './run.ts';
import type { Parameter } from './scenarios/parameter-file.ts';
import type { ScenarioFile } from './scenarios/scenario-file.ts';
import { estimateOf } from './statistics/estimate.ts';

/** What is compared, and what makes it again. */
export interface Plan {
  readonly file: ScenarioFile;
  readonly parameters: readonly Parameter[];
  /** The baseline first. */
  readonly policies: readonly PolicyChoice[];
  readonly seed: number;
  readonly days: number;
  readonly scale: number;
  readonly replications: number;
  readonly command: string;
  readonly version: string;
}

/** One run of every policy on the same draws. */
export interface Trial {
  readonly replication: number;
  /** Values in place of the scenario's. */
  readonly set: Parameters;
}

/** It was stopped before every policy had one whole run. */
export class NothingYet extends Error {
  override readonly name = 'NothingYet';
}

/**
 * Carries out and compares. When it is stopped, the comparison is of the replications that every policy has whole, or with one policy
 * and none whole, of the days of the run that came furthest.
 * @throws NothingYet if there is none of these
 */
export async function compare(plan: Plan, workshop: Workshop): Promise<Comparison> {
  const outcomes: RunOutcome[] = [];
  await replicate(requestsOf(plan, trialsOf(plan)), workshop, (outcome, index) => (outcomes[index] = outcome));
  return comparisonOf(plan, outcomes);
}

/** Replications with every parameter as the scenario has it. */
export function trialsOf({ replications }: Pick<Plan, 'replications'>): Trial[] {
  return Array.from({ length: replications }, (_, replication) => ({ replication, set: {} }));
}

/** By trial, then by policy. */
export function requestsOf({ file, policies, seed, days, scale }: Plan, trials: readonly Trial[]): RunRequest[] {
  return trials.flatMap((trial) =>
    policies.map(({ policy, starts, set }) => {
      const parameters = { ...file.scenario.parameters, ...trial.set, ...set };
      const scenario = { ...file.scenario, parameters };
      return { scenario, policy, starts, seed, replication: trial.replication, days, scale };
    }),
  );
}

/** @param outcomes of the plan's replications, by replication and policy, with holes where there are none */
export function comparisonOf(plan: Plan, outcomes: readonly (RunOutcome | undefined)[]): Comparison {
  const { file, policies, seed, scale, command, version } = plan;
  const { replications, days } = wholeOnes(plan, outcomes);
  const runsOf = (place: number): RunOutcome[] =>
    replications.map((runs) => runs[place]).filter((run) => run !== undefined);
  const meanSpam = (runs: readonly RunOutcome[]): number =>
    estimateOf(runs.map(({ measures }) => measures.spamLanded)).mean;
  const [least = []] = policies.map((_, place) => runsOf(place)).toSorted((a, b) => meanSpam(a) - meanSpam(b));
  const { id, title, description } = file.scenario;
  return {
    format: 'tollgate-comparison/1',
    scenario: { id, title, description, start: file.start },
    days,
    scale,
    seed,
    replications: replications.length,
    command,
    version,
    isPartial: days < plan.days || replications.length < plan.replications,
    baseline: policies[0]?.policy ?? '',
    policies: policies.map((choice, place) => findingsOf(choice, runsOf(place), runsOf(0), least)),
    assumptions: assumptionsOf(plan),
    sensitivity: null,
    digest: digestOf(replications.flat()),
  };
}

/** Replications that every policy has whole, each with a run for each policy; or the one that came furthest. */
function wholeOnes(
  { policies, days, replications }: Plan,
  outcomes: readonly (RunOutcome | undefined)[],
): { readonly replications: readonly (readonly RunOutcome[])[]; readonly days: number } {
  const all = Array.from({ length: replications }, (_, replication) =>
    policies.flatMap((_choice, place) => outcomes[replication * policies.length + place] ?? []),
  );
  const whole = all.filter((runs) => runs.length === policies.length && runs.every((run) => run.days === days));
  if (whole.length > 0) return { replications: whole, days };
  const [furthest] = all.flat().toSorted((a, b) => b.days - a.days || a.replication - b.replication);
  if (policies.length > 1 || furthest === undefined || furthest.days === 0) {
    throw new NothingYet('stopped before there was anything to compare');
  }
  return { replications: [[furthest]], days: furthest.days };
}

function assumptionsOf({ file, parameters }: Plan): Assumption[] {
  return parameters.map(({ partOf: _partOf, atStart: _atStart, ...parameter }) => ({
    ...parameter,
    value: file.scenario.parameters[parameter.id] ?? parameter.value,
    isOfScenario: file.sets.has(parameter.id),
  }));
}

function digestOf(runs: readonly RunOutcome[]): string {
  return createHash('sha256')
    .update(runs.map(({ digest }) => digest).join('\n'))
    .digest('hex');
}
