/** A stand-in for runs, with figures made up of the request by plain arithmetic, for tests of what is done with outcomes. */
import { namedStream } from '../gateway/router/index.ts';
import { MEASURE_IDS, type MeasureId } from './measures.ts';
import type { PolicyChoice } from './policy-expression.ts';
import type { FromThread, ThreadData, ThreadHandle, ThreadTask } from './replicate.ts';
import type { RunOutcome } from './results.ts';
import type { Run } from './run.ts';
import type { Plan } from './compare.ts';
import type { Parameter } from './scenarios/parameter-file.ts';

/** What one policy of the stand-in does to spam: `spamLanded` is 1,000 times this, and chance, and the parameter `spam`. */
export const LANDING: Readonly<Record<string, number>> = { toll: 1, half: 0.5, alike: 1, more: 1.5 };

/**
 * Spam landed is `1,000 x LANDING x spam`, less `10 x cost`, plus a draw up to 100 that all policies of a replication share. Half of it is tolled.
 * A legitimate message costs `cost` micro-dollars; all other measures are 1, times of traces are NaN.
 */
export const madeUpRun: Run = ({ policy, scenario, seed, replication, days }, onDay = () => true) => {
  let day = 0;
  while (day < days && onDay(day)) day += 1;
  const { spam = 1, cost = 1 } = scenario.parameters;
  const luck = Math.round(100 * namedStream(seed, `luck ${replication}`).next());
  const landed = 1_000 * (LANDING[policy] ?? 1) * spam - 10 * cost + luck;
  const own: Partial<Record<MeasureId, number>> = {
    spamLanded: landed,
    spamTolledShare: 0.5,
    surchargeFromSpam: landed * 5,
    legitCostPerMessage: cost,
    traceHours: Number.NaN,
  };
  const measures = Object.fromEntries(MEASURE_IDS.map((id) => [id, own[id] ?? 1])) as RunOutcome['measures'];
  const flat = (value: number): number[] => Array.from({ length: day }, () => value);
  return {
    policy,
    replication,
    seed,
    days: day,
    digest: `${policy}-${replication}-${landed}`,
    flows: [
      {
        truth: 'spam',
        route: 'a2p',
        registration: 'unregistered',
        carrier: 'att',
        outcome: 'delivered',
        messages: landed,
      },
    ],
    money: [
      { payer: 'spammers', payee: 'att', cause: 'unregistered_surcharge', truth: 'spam', micros: landed * 5 },
      // Of even replications alone.
      ...(replication % 2 === 0
        ? [{ payer: 'brands', payee: 'registry', cause: 'brand', truth: 'legit' as const, micros: 400 }]
        : []),
    ],
    strategies: { cycle: 0.75, leave: 0.25 },
    measures,
    daily: {
      spamLanded: flat(landed / days),
      spamLandedP2p: flat(0),
      surchargeFromSpam: flat(0),
      legitDelivered: flat(1),
      legitStopped: flat(0),
    },
  };
};

/** A thread that is none: it runs on the next turn of the event loop. */
export function startUnderTest(run: Run = madeUpRun): (data: ThreadData) => ThreadHandle {
  return ({ stop }) => {
    const flag = new Int32Array(stop);
    let hear: (message: FromThread) => void = () => {};
    let fail: (error: Error) => void = () => {};
    return {
      on(event: string, listener: never) {
        if (event === 'message') hear = listener;
        if (event === 'error') fail = listener;
      },
      postMessage({ index, request }: ThreadTask) {
        setImmediate(() => {
          const onDay = (): boolean => {
            hear({ kind: 'day' });
            return Atomics.load(flag, 0) === 0;
          };
          try {
            hear({ kind: 'done', index, outcome: run(request, onDay) });
          } catch (error) {
            fail(error as Error);
          }
        });
      },
      terminate: () => Promise.resolve(0),
    };
  };
}

export function parameterUnderTest(id: string, own: Partial<Parameter> = {}): Parameter {
  const usual = {
    title: `The ${id}`,
    value: 1,
    unit: 'times',
    low: 1,
    high: 1,
    grade: 'assumed',
    source: 'A test.',
  } as const;
  return { id, ...usual, note: '', ...own };
}

export function choiceUnderTest(policy: string): PolicyChoice {
  return {
    policy,
    title: policy.toUpperCase(),
    sentence: `It is ${policy}.`,
    starts: [{ id: policy, day: 0 }],
    set: {},
  };
}

/** Toll and half, three days, four replications, with the parameters `spam` and `cost`. */
export function planUnderTest(own: Partial<Plan> = {}): Plan {
  const parameters = [parameterUnderTest('spam', { low: 0.5, high: 2 }), parameterUnderTest('cost')];
  return {
    file: {
      scenario: {
        id: 'made-up',
        title: 'Made up',
        description: 'It is made up.',
        startMs: Date.UTC(2024, 2, 1, 8),
        days: 3,
        prices: 'of-start',
        regimes: 'charge-more',
        parameters: { spam: 1, cost: 1 },
        events: [],
      },
      start: '2024-03-01',
      policies: [],
      sets: new Set(),
    },
    parameters,
    policies: ['toll', 'half'].map(choiceUnderTest),
    seed: 1,
    days: 3,
    scale: 1,
    replications: 4,
    command: 'tollgate compare made-up',
    version: '0.1.0',
    ...own,
  };
}
