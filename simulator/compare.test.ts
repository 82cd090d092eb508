import { describe, expect, it } from 'vitest';
import { compare, NothingYet, requestsOf } from './compare.ts';
import type { Comparison } from './results.ts';
import { choiceUnderTest, madeUpRun, parameterUnderTest, planUnderTest, startUnderTest } from './run-under-test.ts';

const workshop = { jobs: 2, startThread: startUnderTest() };

/** Stopped when so many simulated days are over. */
function stoppedAfter(days: number): Parameters<typeof compare>[1] {
  const stop = new AbortController();
  let over = 0;
  const onDay = (): void => {
    over += 1;
    if (over === days) stop.abort();
  };
  return { jobs: 1, startThread: startUnderTest(), stop: stop.signal, onDay };
}

describe('a comparison', () => {
  it('says of each policy what its runs say, and beside the baseline in the same replication', async () => {
    const { policies, baseline } = await compare(planUnderTest(), workshop);
    const [toll, half] = policies;
    expect(baseline).toBe('toll');
    expect(toll?.versusBaseline.spamLanded).toEqual({ mean: 0, low: 0, high: 0, runs: 4 });
    // Both have the luck of their replication, so their difference is exact.
    expect(half?.versusBaseline.spamLanded).toEqual({ mean: -500, low: -500, high: -500, runs: 4 });
    const { low, high } = half?.measures.spamLanded ?? { low: 0, high: 0 };
    expect(high - low).toBeGreaterThan(10);
    expect(half?.measures.traceHours).toEqual({ mean: Number.NaN, low: Number.NaN, high: Number.NaN, runs: 0 });
  });

  it('has the mean of every flow of money, also of those that only some runs have, the largest first', async () => {
    const { policies } = await compare(planUnderTest(), workshop);
    const landed = policies[0]?.measures.spamLanded.mean ?? 0;
    expect(policies[0]?.money.map(({ payer, payee, micros }) => [payer, payee, micros])).toEqual([
      ['spammers', 'att', landed * 5],
      ['brands', 'registry', 200],
    ]);
    expect(policies[0]?.flows.map(({ messages }) => messages)).toEqual([landed]);
    expect(policies[0]?.strategies).toEqual({ cycle: 0.75, leave: 0.25 });
  });

  it('has a figure with its interval for every day', async () => {
    const { policies } = await compare(planUnderTest(), workshop);
    const [first, ...more] = policies[0]?.daily.spamLanded ?? [];
    expect(more).toHaveLength(2);
    expect(first?.runs).toBe(4);
    expect(first?.mean).toBeCloseTo((policies[0]?.measures.spamLanded.mean ?? 0) / 3, 9);
  });

  it('is the same for the same seed, however many jobs, and another for another', async () => {
    const comparison = await compare(planUnderTest(), { jobs: 1, startThread: startUnderTest() });
    expect(await compare(planUnderTest(), { jobs: 8, startThread: startUnderTest() })).toEqual(comparison);
    expect((await compare(planUnderTest({ seed: 2 }), workshop)).digest).not.toBe(comparison.digest);
  });

  it('names each assumption with the value that was used, and whether the scenario set it', async () => {
    const plan = planUnderTest();
    const scenario = { ...plan.file.scenario, parameters: { spam: 1, cost: 7 } };
    const { assumptions } = await compare(
      { ...plan, file: { ...plan.file, scenario, sets: new Set(['cost']) } },
      workshop,
    );
    expect(assumptions).toEqual([
      { ...parameterUnderTest('spam', { low: 0.5, high: 2 }), isOfScenario: false },
      { ...parameterUnderTest('cost', { value: 7 }), isOfScenario: true },
    ]);
  });

  it('gives a policy its own figure, over what the scenario and a draw say', () => {
    const policies = [choiceUnderTest('toll'), { ...choiceUnderTest('price=5'), set: { cost: 5 } }];
    const requests = requestsOf(planUnderTest({ policies }), [{ replication: 3, set: { cost: 2, spam: 7 } }]);
    expect(requests.map(({ policy, replication, scenario }) => [policy, replication, scenario.parameters])).toEqual([
      ['toll', 3, { spam: 7, cost: 2 }],
      ['price=5', 3, { spam: 7, cost: 5 }],
    ]);
  });

  it('of one replication knows the mean and no interval', async () => {
    const { policies } = await compare(planUnderTest({ replications: 1 }), workshop);
    expect(policies[1]?.versusBaseline.spamLanded).toEqual({
      mean: -500,
      low: Number.NaN,
      high: Number.NaN,
      runs: 1,
    });
  });
});

describe('a comparison that was stopped', () => {
  const sizeOf = ({ isPartial, replications, days, policies }: Comparison): unknown[] => [
    isPartial,
    replications,
    days,
    policies.map(({ digests }) => digests.length),
  ];

  it('is of the replications that every policy has whole', async () => {
    // Two policies of three days: two replications are over after 12 of them, and one policy of the third after 15.
    expect(sizeOf(await compare(planUnderTest(), stoppedAfter(17)))).toEqual([true, 2, 3, [2, 2]]);
  });

  it('is whole if it was stopped in the last day', async () => {
    expect(sizeOf(await compare(planUnderTest(), stoppedAfter(24)))).toEqual([true, 3, 3, [3, 3]]);
    expect(sizeOf(await compare(planUnderTest(), stoppedAfter(25)))).toEqual([false, 4, 3, [4, 4]]);
  });

  it('is nothing before the first replication is whole', async () => {
    await expect(compare(planUnderTest(), stoppedAfter(5))).rejects.toThrow(NothingYet);
  });

  it('of one policy is of the days that there were', async () => {
    const plan = planUnderTest({ policies: [choiceUnderTest('toll')], replications: 1 });
    const comparison = await compare(plan, stoppedAfter(3));
    expect(sizeOf(comparison)).toEqual([true, 1, 2, [1]]);
    expect(comparison.policies[0]?.daily.spamLanded).toHaveLength(2);
    await expect(compare(plan, stoppedAfter(1))).rejects.toThrow(NothingYet);
  });
});

describe('what a run throws', () => {
  it('is thrown', async () => {
    const startThread = startUnderTest((request) => {
      if (request.policy === 'half') throw new Error('a limit was exceeded');
      return madeUpRun(request);
    });
    await expect(compare(planUnderTest(), { jobs: 2, startThread })).rejects.toThrow('a limit was exceeded');
  });
});
