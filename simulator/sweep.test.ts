import { describe, expect, it } from 'vitest';
import { choiceUnderTest, madeUpRun, parameterUnderTest, planUnderTest, startUnderTest } from './run-under-test.ts';
import { runCountOf, sweep, type SweepPlan, valueAt } from './sweep.ts';
import type { RunRequest } from './run.ts';

const workshop = { jobs: 2, startThread: startUnderTest() };

function planOf(own: Partial<SweepPlan> = {}): SweepPlan {
  return {
    ...planUnderTest(),
    parameters: [
      parameterUnderTest('cost', { low: 1, high: 3 }),
      parameterUnderTest('spam', { low: 0.5, high: 2 }),
      parameterUnderTest('settled'),
    ],
    barReplications: 2,
    samples: 30,
    ...own,
  };
}

/** All requests that a sweep makes. */
async function requestsOf(plan: SweepPlan): Promise<RunRequest[]> {
  const requests: RunRequest[] = [];
  const startThread = startUnderTest((request, onDay) => {
    requests.push(request);
    return madeUpRun(request, onDay);
  });
  await sweep(plan, { jobs: 1, startThread });
  return requests;
}

describe('a sweep', () => {
  it('compares as a comparison does, and says how many runs it takes', async () => {
    const plan = planOf();
    const requests = await requestsOf(plan);
    // Two policies, each with 4 replications, 30 draws, and 2 ends of 2 bars in 2 replications.
    expect(runCountOf(plan)).toBe(2 * (4 + 30 + 8));
    expect(requests).toHaveLength(runCountOf(plan));
    const comparison = await sweep(plan, workshop);
    expect(comparison).toMatchObject({ replications: 4, isPartial: false });
    expect(comparison.policies[1]?.versusBaseline.spamLanded.mean).toBe(-500);
  });

  it('has a bar for each uncertain parameter, the widest first, with all others as they are', async () => {
    const { sensitivity } = await sweep(planOf(), workshop);
    const tornado = sensitivity?.tornados.find(({ policy, measure }) => policy === 'half' && measure === 'spamLanded');
    const base = tornado?.atBase.mean ?? 0;
    expect(
      tornado?.bars.map(({ parameter, low, high, atLow, atHigh }) => [
        parameter,
        low,
        high,
        atLow.mean - base,
        atHigh.mean - base,
      ]),
    ).toEqual([
      ['spam', 0.5, 2, -250, 500],
      ['cost', 1, 3, 0, -20],
    ]);
  });

  it('leaves out bars that move nothing', async () => {
    const { sensitivity } = await sweep(planOf(), workshop);
    const tornado = sensitivity?.tornados.find(({ measure }) => measure === 'legitCostPerMessage');
    expect(tornado?.bars.map(({ parameter }) => parameter)).toEqual(['cost']);
  });

  it('draws every parameter over its whole range, alike for all policies, each draw with its own luck', async () => {
    const requests = (await requestsOf(planOf({ replications: 1, barReplications: 0 }))).slice(2);
    const drawn = requests.map(({ scenario }) => scenario.parameters);
    expect(requests.filter(({ policy }) => policy === 'toll')).toHaveLength(30);
    for (let draw = 0; draw < 30; draw += 1) {
      expect(drawn[2 * draw]).toEqual(drawn[2 * draw + 1]);
      expect(requests[2 * draw]?.replication).toBe(draw);
    }
    const costs = drawn.map(({ cost = 0 }) => cost);
    expect(Math.min(...costs)).toBeLessThan(1.07);
    expect(Math.max(...costs)).toBeGreaterThan(2.93);
    expect(new Set(drawn.map(({ settled }) => settled))).toEqual(new Set([undefined]));
  });

  it('leaves alone what the scenario sets', async () => {
    const plan = planOf();
    const file = { ...plan.file, sets: new Set(['spam']) };
    expect(runCountOf({ ...plan, file })).toBe(2 * (4 + 30 + 4));
    const requests = await requestsOf({ ...plan, file });
    expect(new Set(requests.map(({ scenario }) => scenario.parameters['spam']))).toEqual(new Set([1]));
  });

  it('says in how many draws each conclusion holds', async () => {
    // `more` is 1.5 times the toll wherever; `half` is less, however little of it there is.
    const policies = ['toll', 'half', 'more'].map(choiceUnderTest);
    const { sensitivity } = await sweep(planOf({ policies }), workshop);
    expect(sensitivity?.samples).toBe(30);
    expect(sensitivity?.conclusions).toEqual([
      {
        sentence: 'Under “TOLL”, spam lands and carriers earn its surcharges at the same time.',
        holds: 30,
        of: 30,
      },
      { sentence: 'Of all 3 policies, the least spam lands under “HALF”.', holds: 30, of: 30 },
      { sentence: 'Less spam lands under “HALF” than under “TOLL”.', holds: 30, of: 30 },
      { sentence: 'More spam lands under “MORE” than under “TOLL”.', holds: 30, of: 30 },
    ]);
  });

  it('that is stopped has what was whole by then', async () => {
    const stop = new AbortController();
    let days = 0;
    const onDay = (): void => {
      days += 1;
      // Four replications and ten draws of two policies, three days each.
      if (days === 2 * (4 + 10) * 3 + 4) stop.abort();
    };
    const comparison = await sweep(planOf(), { jobs: 1, startThread: startUnderTest(), onDay, stop: stop.signal });
    expect(comparison).toMatchObject({ isPartial: true, replications: 4, sensitivity: { samples: 10 } });
    expect(comparison.sensitivity?.tornados.every(({ bars }) => bars.length === 0)).toBe(true);
  });
});

describe('a share of a range', () => {
  it('is taken evenly, or by the logarithm where the range is a factor of ten', () => {
    expect([0, 0.5, 1].map((share) => valueAt({ low: 1, high: 3 }, share))).toEqual([1, 2, 3]);
    expect(valueAt({ low: 0.01, high: 1 }, 0.5)).toBeCloseTo(0.1, 12);
    expect(valueAt({ low: 0, high: 1 }, 0.5)).toBe(0.5);
    expect(valueAt({ low: -1, high: 1 }, 0.5)).toBe(0);
  });
});
