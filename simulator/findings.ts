/** Outcomes of many runs of one policy -> what they say together, and beside the baseline. */
import { MEASURE_IDS, SERIES_IDS, type SeriesId } from './measures.ts';
import type { PolicyChoice } from './policy-expression.ts';
import type { Estimate, Flow, MoneyFlow, PolicyFindings, RunOutcome } from './results.ts';
import { estimateDifference, estimateOf } from './statistics/estimate.ts';

/** @param outcomes and `baseline` and `least`, the policy under which the least spam lands: by replication, the same ones in the same order */
export function findingsOf(
  { policy, title, sentence }: PolicyChoice,
  outcomes: readonly RunOutcome[],
  baseline: readonly RunOutcome[],
  least: readonly RunOutcome[],
): PolicyFindings {
  const spamLanded = (runs: readonly RunOutcome[]): number[] => runs.map(({ measures }) => measures.spamLanded);
  return {
    policy,
    title,
    sentence,
    measures: byId(MEASURE_IDS, (id) => estimateOf(outcomes.map(({ measures }) => measures[id]))),
    versusBaseline: byId(MEASURE_IDS, (id) =>
      estimateDifference(
        outcomes.map(({ measures }) => measures[id]),
        baseline.map(({ measures }) => measures[id]),
      ),
    ),
    versusLeastSpam: estimateDifference(spamLanded(outcomes), spamLanded(least)),
    daily: byId(SERIES_IDS, (id) => dailyOf(outcomes, id)),
    strategies: strategiesOf(outcomes),
    money: meansOf<MoneyFlow>(
      outcomes.map(({ money }) => money),
      ({ payer, payee, cause, truth }) => [payer, payee, cause, truth].join(' '),
      'micros',
    ),
    flows: meansOf<Flow>(
      outcomes.map(({ flows }) => flows),
      ({ truth, route, registration, carrier, outcome }) => [truth, route, registration, carrier, outcome].join(' '),
      'messages',
    ),
    digests: outcomes.map(({ digest }) => digest),
  };
}

function byId<Id extends string, T>(ids: readonly Id[], read: (id: Id) => T): Record<Id, T> {
  return Object.fromEntries(ids.map((id) => [id, read(id)])) as Record<Id, T>;
}

function dailyOf(outcomes: readonly RunOutcome[], id: SeriesId): Estimate[] {
  const days = Math.max(0, ...outcomes.map(({ daily }) => daily[id].length));
  return Array.from({ length: days }, (_, day) =>
    estimateOf(outcomes.map(({ daily }) => daily[id][day] ?? Number.NaN)),
  );
}

/** Means over the runs in which there was spam, so that they sum to 1. */
function strategiesOf(outcomes: readonly RunOutcome[]): Readonly<Record<string, number>> {
  const total = (shares: Readonly<Record<string, number>>): number =>
    Object.values(shares).reduce((sum, share) => sum + share, 0);
  const measured = outcomes.map(({ strategies }) => strategies).filter((shares) => total(shares) > 0);
  const names = [...new Set(outcomes.flatMap(({ strategies }) => Object.keys(strategies)))];
  const mean = (name: string): number =>
    measured.reduce((sum, shares) => sum + (shares[name] ?? 0), 0) / Math.max(1, measured.length);
  return Object.fromEntries(names.map((name) => [name, mean(name)]));
}

/** Means of what rows with the same key hold under `field`, largest first. A run without such a row counts as 0. */
function meansOf<Row extends object>(
  runs: readonly (readonly Row[])[],
  keyOf: (row: Row) => string,
  field: keyof Row & string,
): Row[] {
  const sums = new Map<string, { readonly row: Row; sum: number }>();
  for (const row of runs.flat()) {
    const key = keyOf(row);
    const known = sums.get(key) ?? { row, sum: 0 };
    known.sum += Number(row[field]);
    sums.set(key, known);
  }
  return [...sums]
    .toSorted(([a, { sum: one }], [b, { sum: other }]) => other - one || (a < b ? -1 : 1))
    .map(([, { row, sum }]) => ({ ...row, [field]: sum / runs.length }));
}
