import { describe, expect, it } from 'vitest';
import { compare } from './compare.ts';
import { choiceUnderTest, parameterUnderTest, planUnderTest, startUnderTest } from './run-under-test.ts';
import { formatComparison } from './summary.ts';
import { sweep } from './sweep.ts';

const workshop = { jobs: 1, startThread: startUnderTest() };
const policies = ['toll', 'half', 'alike'].map(choiceUnderTest);

describe('the summary of a comparison', () => {
  it('begins with what it says in words, and ends with what makes it again', async () => {
    const comparison = await compare(planUnderTest({ policies }), workshop);
    const lines = formatComparison(comparison).split('\n');
    expect(lines[0]).toMatch(/^Spam that reaches phones falls most under “HALF”: /);
    expect(lines.slice(-4)).toEqual([
      'seed     1',
      `digest   ${comparison.digest}`,
      'again    tollgate compare made-up',
      '',
    ]);
  });

  it('has a row for each policy, beside the baseline', async () => {
    const text = formatComparison(await compare(planUnderTest({ policies }), workshop));
    expect(text).toMatch(/^toll +1,0\d\d +50.% /m);
    expect(text).toMatch(/^half +5\d\d(\.\d)? +4\d.% less +50.% /m);
    expect(text).toMatch(/^alike +1,0\d\d +the same +50.% /m);
    expect(text).toContain('~ cannot be told apart from toll');
  });

  it('breaks the name of a combination', async () => {
    const plan = planUnderTest({ policies: ['toll', 'half+alike+more'].map(choiceUnderTest) });
    const text = formatComparison(await compare(plan, workshop));
    expect(text).toMatch(/^half .*\n {2}\+alike\n {2}\+more$/m);
  });

  it('keeps to a width that terminals have', async () => {
    const plan = { ...planUnderTest({ policies }), samples: 10, barReplications: 1 };
    const lines = formatComparison(await sweep(plan, workshop)).split('\n');
    expect(Math.max(...lines.filter((line) => !line.startsWith('digest')).map((line) => line.length))).toBeLessThan(
      121,
    );
  });

  it('of one policy has no column beside it', async () => {
    const text = formatComparison(
      await compare(planUnderTest({ policies: policies.slice(0, 1), replications: 1 }), workshop),
    );
    expect(text).not.toContain('baseline');
    expect(text).toContain('3 days from 2024-03-01, 1 run');
  });

  it('of a sweep tells in how many draws each conclusion holds, and what they hang on', async () => {
    const parameters = [
      parameterUnderTest('spam', { low: 0.5, high: 2 }),
      parameterUnderTest('cost', { low: 1, high: 3 }),
    ];
    const text = formatComparison(
      await sweep({ ...planUnderTest({ parameters, policies }), samples: 8, barReplications: 1 }, workshop),
    );
    expect(text).toContain('In how many of 8 draws of all uncertain parameters it holds:');
    expect(text).toMatch(/^ +8 of 8 {2}Less spam lands under “HALF” than under “TOLL”\.$/m);
    expect(text).toMatch(/^ +\S+ at 0\.5 +\S+ at 2 {2}The spam\n +\S+ at 1 +\S+ at 3 {2}The cost$/m);
  });

  it('says first that it is partial', async () => {
    const comparison = { ...(await compare(planUnderTest(), workshop)), isPartial: true };
    expect(formatComparison(comparison)).toMatch(/^PARTIAL: stopped before all runs were done/);
  });
});
