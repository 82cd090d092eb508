// What goes wrong in each round of a chaos run, all of it from one seed. Faults are dealt from a shuffled deck, so that a run of
// some rounds meets every one of them; what they befall, when and for how long is drawn. A fault may outlast its round.
import { namedStream, type Rng } from '../gateway/router/index.ts';

export type Role = 'gateway' | 'worker';

export type FaultKind =
  /** Ends a process at once; another is started in its place. */
  | 'kill'
  /** The same of one to which Redis answers late, or not at all: what it has begun it has not finished. */
  | 'kill while late'
  | 'kill while cut'
  /** Has a process end as an operator would; another is started in its place. */
  | 'stop'
  /** Holds a process still. */
  | 'stall'
  /** Holds a process still until its jobs have been given to others. */
  | 'stall past its lock'
  /** Drops a process's connections to Redis and lets it make none. */
  | 'cut'
  /** Lets a process's connections to Redis hang: nothing passes, nothing breaks. */
  | 'hang'
  /** The same of all processes. */
  | 'cut all'
  /** Makes everything that passes between Redis and all others late. */
  | 'delay all'
  /** Holds Redis still. */
  | 'pause Redis'
  /** Ends Redis at once, and starts it on what it had written. */
  | 'kill Redis'
  /** Has the receiver of webhooks fail, answer nothing, or hang up. */
  | 'receiver fails'
  | 'receiver stalls'
  | 'receiver hangs up';

export interface Fault {
  readonly round: number;
  readonly what: FaultKind;
  /** What it befalls; of no meaning to faults that befall all. */
  readonly role: Role;
  readonly place: number;
  /** After the start of its round. */
  readonly atMs: number;
  readonly forMs: number;
  /** By how much each way is longer. */
  readonly delayMs: number;
}

export interface PlanSetting {
  readonly seed: number;
  readonly rounds: number;
  readonly roundMs: number;
  readonly gateways: number;
  readonly workers: number;
}

/** What one deck holds: how often a fault comes in as many draws. */
const DECK: readonly (readonly [what: FaultKind, role: Role])[] = [
  ['kill', 'gateway'],
  ['kill', 'worker'],
  ['kill while late', 'gateway'],
  ['kill while late', 'worker'],
  ['kill while cut', 'gateway'],
  ['kill while cut', 'worker'],
  ['stop', 'gateway'],
  ['stop', 'worker'],
  ['stall', 'gateway'],
  ['stall past its lock', 'worker'],
  ['cut', 'gateway'],
  ['cut', 'worker'],
  ['hang', 'gateway'],
  ['hang', 'worker'],
  ['cut all', 'gateway'],
  ['delay all', 'gateway'],
  ['pause Redis', 'gateway'],
  ['kill Redis', 'gateway'],
  ['receiver fails', 'gateway'],
  ['receiver stalls', 'gateway'],
  ['receiver hangs up', 'gateway'],
];

/** How long each lasts: the shortest and the longest. Of a process that ends, how long until another is started. */
const LASTS_MS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  kill: [50, 1_000],
  'kill while late': [50, 1_000],
  'kill while cut': [50, 1_000],
  stop: [50, 500],
  stall: [300, 2_500],
  // The lock of a job is 5 s, and is looked for every 2 s.
  'stall past its lock': [7_200, 8_500],
  cut: [200, 2_000],
  hang: [300, 3_000],
  'cut all': [200, 2_000],
  'delay all': [500, 2_500],
  'pause Redis': [200, 2_500],
  'kill Redis': [50, 800],
  'receiver fails': [300, 1_500],
  'receiver stalls': [300, 1_500],
  'receiver hangs up': [300, 1_500],
};

const FAULTS_PER_ROUND = 2;
const DELAY_MS_MIN = 5;
const DELAY_MS_MAX = 60;

/** The faults of all rounds, in the order in which they begin. */
export function planOf({ seed, rounds, roundMs, gateways, workers }: PlanSetting): Fault[] {
  const chance = namedStream(seed, 'chaos-plan');
  const places = { gateway: gateways, worker: workers };
  const deck: (readonly [FaultKind, Role])[] = [];
  const plan: Fault[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let dealt = 0; dealt < FAULTS_PER_ROUND; dealt += 1) {
      if (deck.length === 0) deck.push(...shuffled(DECK, chance));
      const [what, role] = deck.pop()!;
      plan.push({
        round,
        what,
        role,
        place: below(places[role], chance),
        atMs: Math.floor(chance.next() * roundMs),
        forMs: between(LASTS_MS[what], chance),
        delayMs: between([DELAY_MS_MIN, DELAY_MS_MAX], chance),
      });
    }
  }
  return plan.toSorted((a, b) => a.round - b.round || a.atMs - b.atMs);
}

/** A whole number from 0 up to, and without, `count`. */
export function below(count: number, chance: Rng): number {
  return Math.floor(chance.next() * count);
}

function between([from, to]: readonly [number, number], chance: Rng): number {
  return Math.round(from + (to - from) * chance.next());
}

function shuffled<T>(values: readonly T[], chance: Rng): T[] {
  const left = [...values];
  return values.map(() => left.splice(below(left.length, chance), 1)[0]!);
}
