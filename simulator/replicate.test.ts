import { describe, expect, it } from 'vitest';
import { requestsOf, trialsOf } from './compare.ts';
import { replicate, type ThreadData, type ThreadHandle } from './replicate.ts';
import type { RunOutcome } from './results.ts';
import { madeUpRun, planUnderTest, startUnderTest } from './run-under-test.ts';

const requests = requestsOf(planUnderTest(), trialsOf({ replications: 10 }));

async function outcomesOf(jobs: number): Promise<RunOutcome[]> {
  const outcomes: RunOutcome[] = [];
  await replicate(requests, { jobs, startThread: startUnderTest() }, (outcome, index) => (outcomes[index] = outcome));
  return outcomes;
}

describe('many runs', () => {
  it('are the same whoever carries them out', async () => {
    const alone = requests.map((request) => madeUpRun(request));
    expect(await outcomesOf(1)).toEqual(alone);
    expect(await outcomesOf(7)).toEqual(alone);
  });

  it('take no more threads than there are runs, and end all of them', async () => {
    let [started, ended] = [0, 0];
    const start = startUnderTest();
    const counted = (data: ThreadData): ThreadHandle => {
      started += 1;
      return { ...start(data), terminate: () => Promise.resolve((ended += 1)) };
    };
    await replicate(requests.slice(0, 3), { jobs: 8, startThread: counted }, () => {});
    expect([started, ended]).toEqual([3, 3]);
  });

  it('tell of every simulated day', async () => {
    let days = 0;
    await replicate(requests, { jobs: 2, startThread: startUnderTest(), onDay: () => (days += 1) }, () => {});
    expect(days).toBe(requests.length * 3);
  });

  it('that are to stop end with the day they are in, and no other begins', async () => {
    const stop = new AbortController();
    const found: number[] = [];
    let days = 0;
    const onDay = (): void => {
      days += 1;
      // In the second day of the fifth run.
      if (days === 14) stop.abort();
    };
    const workshop = { jobs: 1, startThread: startUnderTest(), onDay, stop: stop.signal };
    await replicate(requests, workshop, (outcome) => found.push(outcome.days));
    expect(found).toEqual([3, 3, 3, 3, 1]);
  });

  it('are not begun when it was stopped before', async () => {
    const startThread = (): ThreadHandle => {
      throw new Error('a thread was started');
    };
    await replicate(requests, { startThread, stop: AbortSignal.abort() }, () => {});
  });

  it('pass on what one of them throws, once all threads have ended', async () => {
    let ended = 0;
    const start = startUnderTest((request) => {
      if (request.replication === 2) throw new Error('money is missing');
      return madeUpRun(request);
    });
    const startThread = (data: ThreadData): ThreadHandle => ({
      ...start(data),
      terminate: () => Promise.resolve((ended += 1)),
    });
    await expect(replicate(requests, { jobs: 2, startThread }, () => {})).rejects.toThrow('money is missing');
    expect(ended).toBe(2);
  });
});
