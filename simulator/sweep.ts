/**
 * What stays true though many figures are poorly known.
 *
 * Two questions, on the same draws as the comparison itself. Which figures matter: each uncertain parameter goes to its low and its high
 * end while all others stay (a tornado). What survives: all of them are drawn at once, evenly over their ranges (a Latin hypercube), and
 * each thing that the means say is asked for in every draw.
 *
 * Ranges of a factor of ten and more are drawn by their logarithm, or a figure known to be from 0.001 to 1 would nearly always be above
 * 0.1. What the scenario sets is what it is about, and stays.
 */
import { namedStream } from '../gateway/router/index.ts';
import { comparisonOf, type Plan, requestsOf, type Trial, trialsOf } from './compare.ts';
import { conclusionsOf, type Measures } from './conclusions.ts';
import type { MeasureId } from './measures.ts';
import { replicate, type Workshop } from './replicate.ts';
import type { Comparison, Estimate, RunOutcome, Tornado, TornadoBar } from './results.ts';
import type { Parameter } from './scenarios/parameter-file.ts';
import { estimateOf } from './statistics/estimate.ts';
import { latinHypercube } from './statistics/latin-hypercube.ts';

/** What tornados are made of. */
const TORNADO_MEASURES: readonly MeasureId[] = [
  'spamLanded',
  'spamTolledShare',
  'spamRevenue',
  'legitCostPerMessage',
  'legitFalseBlockShare',
  'spammerProfit',
];
/** Bars of a tornado that are kept, the widest. */
const BARS_MAX = 15;
const LOGARITHMIC_FROM = 10;

export interface SweepPlan extends Plan {
  /** Replications of each end of a bar, the first of those compared. */
  readonly barReplications: number;
  /** Draws of all parameters at once. */
  readonly samples: number;
}

/** A bar before its runs. */
interface Ends {
  readonly parameter: Parameter;
  readonly low: readonly Trial[];
  readonly high: readonly Trial[];
}

/** Parameters that a sweep moves. */
export function sweptOf({ parameters, file }: Plan): Parameter[] {
  return parameters.filter(({ id, low, high }) => low < high && !file.sets.has(id));
}

/** How many runs a sweep takes. */
export function runCountOf(plan: SweepPlan): number {
  const { policies, replications, barReplications, samples } = plan;
  return policies.length * (replications + samples + 2 * sweptOf(plan).length * barReplications);
}

/**
 * Carries out the comparison and all that varies it. When it is stopped, what it found so far: draws that every policy has whole, and
 * bars with all their runs.
 * @throws NothingYet if not even the comparison was begun
 */
export async function sweep(plan: SweepPlan, workshop: Workshop): Promise<Comparison> {
  const { policies, replications, barReplications, samples, seed, days } = plan;
  const swept = sweptOf(plan);
  const compared = trialsOf({ replications });
  const draws = drawTrials(swept, samples, seed);
  const bars = swept.map((parameter): Ends => {
    const end = (value: number): Trial[] =>
      trialsOf({ replications: barReplications }).map((trial) => ({ ...trial, set: { [parameter.id]: value } }));
    return { parameter, low: end(parameter.low), high: end(parameter.high) };
  });
  // What there is to say first comes first, for those who stop it.
  const trials = [...compared, ...draws, ...bars.flatMap(({ low, high }) => [...low, ...high])];

  const outcomes: RunOutcome[] = [];
  // Of what is varied nothing but the measures is kept: there are thousands of runs.
  const measured = new Map<Trial, Measures[]>(trials.map((trial) => [trial, []]));
  let missing = trials.length * policies.length;
  await replicate(requestsOf(plan, trials), workshop, (outcome, index) => {
    const [at, policy] = [Math.floor(index / policies.length), index % policies.length];
    const trial = trials[at];
    if (at < compared.length) outcomes[index] = outcome;
    if (trial === undefined || outcome.days < days) return;
    missing -= 1;
    (measured.get(trial) ?? [])[policy] = outcome.measures;
  });

  const comparison = comparisonOf(plan, outcomes);
  const wholeOf = (trial: Trial): readonly Measures[] | undefined => {
    const found = measured.get(trial)?.filter((one) => one !== undefined) ?? [];
    return found.length === policies.length ? found : undefined;
  };
  const wholeDraws = draws.flatMap((draw) => {
    const found = wholeOf(draw);
    return found === undefined ? [] : [found];
  });
  const wholeBars = bars.filter(({ low, high }) => [...low, ...high].every((trial) => wholeOf(trial) !== undefined));
  const estimate = (of: readonly Trial[], policy: number, id: MeasureId): Estimate =>
    estimateOf(of.map((trial) => wholeOf(trial)?.[policy]?.[id] ?? Number.NaN));
  return {
    ...comparison,
    isPartial: comparison.isPartial || missing > 0,
    sensitivity: {
      tornados: policies.flatMap(({ policy }, place) =>
        TORNADO_MEASURES.map((id): Tornado => {
          const atBase = estimate(compared.slice(0, barReplications), place, id);
          const at = (trialsOfEnd: readonly Trial[]): Estimate => estimate(trialsOfEnd, place, id);
          return { policy, measure: id, atBase, bars: widest(wholeBars, at, atBase) };
        }),
      ),
      samples: wholeDraws.length,
      conclusions: conclusionsOf(comparison.policies, wholeDraws),
    },
  };
}

/** Each draw has a replication of its own, so that what holds in most of them does not hang on one run of luck. */
function drawTrials(swept: readonly Parameter[], samples: number, seed: number): Trial[] {
  const points = latinHypercube(samples, swept.length, namedStream(seed, 'sweep'));
  return points.map((point, replication) => ({
    replication,
    set: Object.fromEntries(swept.map((parameter, place) => [parameter.id, valueAt(parameter, point[place] ?? 0)])),
  }));
}

/** The value that lies a share of the way from low to high. */
export function valueAt({ low, high }: Pick<Parameter, 'low' | 'high'>, share: number): number {
  if (low > 0 && high / low >= LOGARITHMIC_FROM) return low * (high / low) ** share;
  return low + (high - low) * share;
}

function widest(
  ends: readonly Ends[],
  at: (trials: readonly Trial[]) => Estimate,
  { mean: base }: Estimate,
): readonly TornadoBar[] {
  const bars = ends.map(({ parameter: { id, title, low, high }, ...trials }): TornadoBar => {
    return { parameter: id, title, low, high, atLow: at(trials.low), atHigh: at(trials.high) };
  });
  // A measure can be furthest from its base in the middle of a range, but never narrower than its ends are apart.
  const width = ({ atLow, atHigh }: TornadoBar): number =>
    Math.max(base, atLow.mean, atHigh.mean) - Math.min(base, atLow.mean, atHigh.mean);
  return bars
    .filter((bar) => width(bar) > 0)
    .toSorted((a, b) => width(b) - width(a))
    .slice(0, BARS_MAX);
}
