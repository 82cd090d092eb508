/** What the means of a comparison say, in plain words, and in how many draws of the parameters it is so. */
import type { MeasureId } from './measures.ts';
import type { Conclusion, PolicyFindings, RunOutcome } from './results.ts';
import { isClear } from './statistics/estimate.ts';

export type Measures = RunOutcome['measures'];

/** What is said of a policy beside the baseline: if a measure is lower, and if it is higher. */
const SAID: readonly (readonly [id: MeasureId, lower: string, higher: string])[] = [
  ['spamLanded', 'Less spam lands', 'More spam lands'],
  ['spamLandedP2p', 'Less spam lands past the toll', 'More spam lands past the toll'],
  ['spamRevenue', 'Less is earned from spam', 'More is earned from spam'],
  ['spammerProfit', 'Spammers earn less', 'Spammers earn more'],
  ['legitCostPerMessage', 'A legitimate message costs less', 'A legitimate message costs more'],
  ['legitFalseBlockShare', 'Fewer legitimate messages are stopped', 'More legitimate messages are stopped'],
  ['harm', 'Spam does people less harm', 'Spam does people more harm'],
];

/** A statement, and whether it is so in one draw; undefined where that draw had nothing to measure. */
interface Claim {
  readonly sentence: string;
  readonly isSo: (draw: readonly Measures[]) => boolean | undefined;
}

/**
 * Claims that are clear in the comparison itself, each with the share of draws in which it holds.
 * @param draws for each draw of parameters the measures of every policy, in the order of `policies`
 */
export function conclusionsOf(
  policies: readonly PolicyFindings[],
  draws: readonly (readonly Measures[])[],
): readonly Conclusion[] {
  const claims = [...ofBaseline(policies), ...ofLeastSpam(policies), ...besideBaseline(policies)];
  return claims.map(({ sentence, isSo }) => {
    const answers = draws.map(isSo).filter((answer) => answer !== undefined);
    return { sentence, holds: answers.filter((isTrue) => isTrue).length, of: answers.length };
  });
}

/** That the spam which lands pays. */
function ofBaseline([baseline]: readonly PolicyFindings[]): Claim[] {
  if (baseline === undefined) return [];
  const paysFor = (landed: number, surcharge: number): boolean => landed > 0 && surcharge > 0;
  const { spamLanded, surchargeFromSpam } = baseline.measures;
  if (!paysFor(spamLanded.mean, surchargeFromSpam.mean)) return [];
  return [
    {
      sentence: `Under ${quoted(baseline)}, spam lands and carriers earn its surcharges at the same time.`,
      isSo: ([first]) => first && paysFor(first.spamLanded, first.surchargeFromSpam),
    },
  ];
}

/** Which of more than two lets the least spam land. */
function ofLeastSpam(policies: readonly PolicyFindings[]): Claim[] {
  const [least] = policies.toSorted((a, b) => a.measures.spamLanded.mean - b.measures.spamLanded.mean);
  if (least === undefined || policies.length < 3 || !isClear(least.versusBaseline.spamLanded)) return [];
  const place = policies.indexOf(least);
  return [
    {
      sentence: `Of all ${policies.length} policies, the least spam lands under ${quoted(least)}.`,
      isSo: (draw) => draw.every(({ spamLanded }) => spamLanded >= (draw[place]?.spamLanded ?? Number.NaN)),
    },
  ];
}

function besideBaseline([baseline, ...others]: readonly PolicyFindings[]): Claim[] {
  if (baseline === undefined) return [];
  return others.flatMap((policy, index) =>
    SAID.flatMap(([id, lower, higher]): Claim[] => {
      const difference = policy.versusBaseline[id];
      if (!isClear(difference)) return [];
      const sign = Math.sign(difference.mean);
      return [
        {
          sentence: `${sign < 0 ? lower : higher} under ${quoted(policy)} than under ${quoted(baseline)}.`,
          isSo: (draw) => {
            const found = (draw[index + 1]?.[id] ?? Number.NaN) - (draw[0]?.[id] ?? Number.NaN);
            return Number.isNaN(found) ? undefined : Math.sign(found) === sign;
          },
        },
      ];
    }),
  );
}

function quoted({ title }: PolicyFindings): string {
  return `“${title}”`;
}
