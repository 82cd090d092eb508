/** Runs of the lab for tests: the seed's world with a few figures set otherwise. */
import { readFileSync } from 'node:fs';
import { MEASURE_IDS } from './measures.ts';
import type { RunOutcome } from './results.ts';
import type { OnDay, RunRequest, Scenario } from './run.ts';
import { runOnce } from './run-once.ts';
import { type Parameter, readParameters, valuesOf } from './scenarios/parameter-file.ts';

const PATH = 'simulator/parameters.yaml';

/** March 2024 in California. */
const START_MS = Date.UTC(2024, 2, 1, 8);

export interface LabOptions {
  /** As people write it. */
  readonly policy?: string;
  readonly days?: number;
  readonly seed?: number;
  readonly replication?: number;
  readonly scale?: number;
  /** Parameters that are other than in the file. */
  readonly set?: Readonly<Record<string, number>>;
  readonly scenario?: Partial<Scenario>;
}

export function listUnderTest(): readonly Parameter[] {
  const read = readParameters(readFileSync(PATH, 'utf8'), PATH);
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.parameters;
}

export function parametersUnderTest(): Record<string, number> {
  return { ...valuesOf(listUnderTest()) };
}

export function requestUnderTest(options: LabOptions = {}): RunRequest {
  const { policy = 'toll', days = 10, seed = 1, replication = 0, scale = 1, set = {}, scenario = {} } = options;
  const known = parametersUnderTest();
  const unknown = Object.keys(set).find((id) => !(id in known));
  if (unknown !== undefined) throw new Error(`there is no parameter ${unknown}`);
  return {
    scenario: {
      id: 'under-test',
      title: '',
      description: '',
      startMs: START_MS,
      days,
      prices: 'of-start',
      regimes: 'charge-more',
      parameters: { ...known, ...set },
      events: [],
      ...scenario,
    },
    policy,
    starts: policy.split('+').map((part) => {
      const [id = '', day = '0'] = part.split('@');
      return { id, day: Number(day) };
    }),
    seed,
    replication,
    days,
    scale,
  };
}

export function runLab(options: LabOptions = {}, onDay?: OnDay): RunOutcome {
  return runOnce(requestUnderTest(options), onDay);
}

/** Means of the measures over replications. */
export function meansOf(options: LabOptions, replications: number): RunOutcome['measures'] {
  const runs = Array.from({ length: replications }, (_, replication) => runLab({ ...options, replication }).measures);
  return Object.fromEntries(
    MEASURE_IDS.map((id) => [id, runs.reduce((sum, measures) => sum + measures[id], 0) / runs.length]),
  ) as RunOutcome['measures'];
}
