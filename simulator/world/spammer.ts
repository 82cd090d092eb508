/** One spammer: what it knows, what it has set up, what it believes. */
import type { Beliefs } from './beliefs.ts';
import type { Registration } from './registration.ts';
import type { Sender } from './sender.ts';
import { STRATEGIES, Strategy } from './strategies.ts';
import { DAY_MS, type World } from './world.ts';

export const NOTHING = -1;

/** Whether something is set up. */
export const State = { None: 0, UnderWay: 1, Ready: 2 } as const;

/** Stands behind the strategies where states and beliefs are kept: the check of an identity, which all named strategies need. */
export const CHECK = STRATEGIES.length;

export interface SpammerOptions {
  /** Place in the list of spammers. */
  readonly index: number;
  readonly sender: Sender;
  /** By strategy: whether it knows how. */
  readonly knows: readonly boolean[];
  readonly beliefs: Beliefs;
  /** Of the two strategies that register, in their order. */
  readonly registrations: readonly Registration[];
  /** Its list and what a response is worth to it, against those of others. */
  readonly listFactor: number;
  readonly worthFactor: number;
}

export class Spammer {
  readonly index: number;
  readonly sender: Sender;
  readonly knows: readonly boolean[];
  readonly beliefs: Beliefs;
  readonly registrations: readonly Registration[];
  readonly listFactor: number;
  readonly worthFactor: number;
  /** By strategy, and CHECK: `State`, and when it was ready. */
  readonly states = new Uint8Array(STRATEGIES.length + 1);
  readonly readyMs = new Float64Array(STRATEGIES.length + 1);
  /** Strategy in use, or NOTHING. */
  strategy = NOTHING;
  /** What today's messages were planned by, and how many they would be with money and numbers for all of them. */
  planned = { landedShare: 0, costMicros: 0 };
  wantedMessages = 0;
  /** Charged for messages up to yesterday, micro-dollars. */
  chargedMicros = 0;
  /** Cannot come back under another name before. */
  backAtMs = -Infinity;
  /** Has had no money for what it would send since; Infinity while it has. */
  brokeSinceMs = Infinity;
  /** Which of its unused places the next number gets. */
  nextPlace = 0;

  constructor(options: SpammerOptions) {
    this.index = options.index;
    this.sender = options.sender;
    this.knows = options.knows;
    this.beliefs = options.beliefs;
    this.registrations = options.registrations;
    this.listFactor = options.listFactor;
    this.worthFactor = options.worthFactor;
    this.states.fill(State.Ready);
    for (const none of [Strategy.SoleProprietor, Strategy.StolenIdentity, CHECK]) this.states[none] = State.None;
  }

  /** Its registration for a strategy that registers. */
  registrationFor(strategy: number): Registration {
    return this.registrations[strategy - Strategy.SoleProprietor]!;
  }

  isReady(strategy: number): boolean {
    return this.states[strategy] === State.Ready;
  }

  /** What was set up is of no use any more. */
  lose(what: number, nowMs: number): void {
    if (this.isReady(what)) this.beliefs.seeLost(what, (nowMs - this.readyMs[what]!) / DAY_MS);
    this.states[what] = State.None;
  }
}

/** Pays out of a spammer's account; false, and nothing is paid, if that does not cover it. */
export function pay(world: World, { sender }: Spammer, payee: string, cause: string, micros: number): boolean {
  if (world.balances.micros(sender.account) < micros) return false;
  world.balances.credit(sender.account, -micros);
  world.money.post('spammers', payee, cause, 'spam', micros);
  return true;
}

/** The same for the sake of a strategy, which it counts as a cost of. */
export function spend(world: World, spammer: Spammer, payee: string, cause: string, micros: number): boolean {
  if (!pay(world, spammer, payee, cause, micros)) return false;
  if (spammer.strategy !== NOTHING && micros > 0) spammer.beliefs.spend(spammer.strategy, micros);
  return true;
}
