import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { conclusionsOf, type Measures } from './conclusions.ts';
import type { MeasureId } from './measures.ts';
import type { PolicyFindings } from './results.ts';
import { choiceUnderTest, madeUpRun, planUnderTest, startUnderTest } from './run-under-test.ts';

async function findingsOf(...policies: readonly string[]): Promise<readonly PolicyFindings[]> {
  const plan = planUnderTest({ policies: policies.map(choiceUnderTest) });
  return (await compare(plan, { jobs: 1, startThread: startUnderTest() })).policies;
}

/** A draw in which policies land so much spam; with `own` measures for all of them. */
function draw(landed: readonly number[], own: Partial<Record<MeasureId, number>> = {}): Measures[] {
  return landed.map((spamLanded) => ({ spamLanded, surchargeFromSpam: 5, ...own }) as Measures);
}

const told = (conclusions: ReturnType<typeof conclusionsOf>): string[] =>
  conclusions.map(({ sentence, holds, of }) => `${holds} of ${of}: ${sentence}`);

describe('conclusions', () => {
  it('are counted over draws, on the side that the means are on', async () => {
    const draws = [draw([10, 4]), draw([10, 9]), draw([10, 10]), draw([10, 11])];
    expect(told(conclusionsOf(await findingsOf('toll', 'half'), draws))).toEqual([
      '4 of 4: Under “TOLL”, spam lands and carriers earn its surcharges at the same time.',
      '2 of 4: Less spam lands under “HALF” than under “TOLL”.',
    ]);
  });

  it('are not drawn from differences that may be chance', async () => {
    const noisy = startUnderTest((request, onDay) => {
      const outcome = madeUpRun({ ...request, policy: 'toll' }, onDay);
      const sign = request.policy === 'alike' ? (-1) ** request.replication : 0;
      return { ...outcome, measures: { ...outcome.measures, spamLanded: outcome.measures.spamLanded + 50 * sign } };
    });
    const plan = planUnderTest({ policies: ['toll', 'alike'].map(choiceUnderTest) });
    const { policies } = await compare(plan, { jobs: 1, startThread: noisy });
    expect(policies[1]?.versusBaseline.spamLanded.runs).toBe(4);
    expect(conclusionsOf(policies, [draw([10, 4])])).toHaveLength(1);
  });

  it('leave out draws with nothing to measure', async () => {
    const draws = [draw([10, Number.NaN]), draw([Number.NaN, 3]), draw([10, 3])];
    const [, less] = told(conclusionsOf(await findingsOf('toll', 'half'), draws));
    expect(less).toBe('1 of 1: Less spam lands under “HALF” than under “TOLL”.');
  });

  it('name the policy with the least spam among three', async () => {
    const draws = [draw([10, 4, 12]), draw([10, 4, 3]), draw([1, 1, 1])];
    const [, least] = told(conclusionsOf(await findingsOf('toll', 'half', 'more'), draws));
    expect(least).toBe('2 of 3: Of all 3 policies, the least spam lands under “HALF”.');
  });

  it('say nothing of surcharges where there are none', async () => {
    const none = startUnderTest((request, onDay) => {
      const outcome = madeUpRun(request, onDay);
      return { ...outcome, measures: { ...outcome.measures, surchargeFromSpam: 0 } };
    });
    const { policies } = await compare(planUnderTest(), { jobs: 1, startThread: none });
    expect(told(conclusionsOf(policies, [draw([2, 1])]))).toEqual([
      '1 of 1: Less spam lands under “HALF” than under “TOLL”.',
    ]);
  });
});
