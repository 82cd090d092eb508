/**
 * How many posts may go to one host at a time, so that a receiver that is slow or away keeps nobody else waiting.
 *
 * A host begins with a few places. Each delivery adds one and each failure halves them: one that never answers holds few of the
 * sender's places, and a quick one soon has all it can use. After some failures in a row its breaker opens; then nothing is sent for
 * a while, then a single post to try, and the rest once that one arrived.
 *
 * Posts that come while it is open are put back until it may close, one after the other: the more there are, the longer each waits, so
 * that looking costs no more than WEBHOOK_HELD_LOOK_MS says.
 *
 * A post for which there is no place is put back, spread out by when places will be free. Only where places come free so fast that its
 * turn is a moment away does it wait on the spot: taking it from the queue again would cost more than that wait.
 *
 * How long posts take and whether they move is seen in the machine's time, as sockets live in no other; what is waited for is in the
 * gateway's.
 *
 * The breaker is our own since those of cockatiel and opossum read the machine's clock, and ours is driven by tests; and since
 * theirs let callers wait while the one post is under way, each on a place that others need.
 */
import {
  WEBHOOK_BREAKER_FAILURES,
  WEBHOOK_BREAKER_OPEN_MS,
  WEBHOOK_BREAKER_OPEN_MS_MAX,
  WEBHOOK_HELD_BACK_MS_MAX,
  WEBHOOK_HELD_LOOK_MS,
  WEBHOOK_HOST_POSTS_MAX,
  WEBHOOK_HOST_REST_MS_MAX,
  WEBHOOK_HOSTS_MAX,
  WEBHOOK_PLACE_WAIT_MS,
  WEBHOOK_PUT_BACK_MS_MAX,
} from '../limits.ts';
import type { Clock, Rng, Timers } from '../router/index.ts';

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

const PLACES_AT_FIRST = 8;
/** Share of the latest post in the mean of how long posts take. */
const MEAN_SHARE = 0.2;
/** After so many looks a host stands still. The first may follow on a moment in which this process itself stood still. */
const STILL_LOOKS_MAX = 2;

type Answer = (waitMs: number) => void;

/** What is known of a host; posts under way are not part of it. */
export interface HostGateState {
  readonly places: number;
  readonly failures: number;
  readonly openMs: number;
  readonly opensAtMs: number;
  readonly restsUntilMs: number;
  readonly meanMs: number;
  readonly givenUntilMs: number;
}

class HostGate {
  underWay = 0;
  #places = PLACES_AT_FIRST;
  #failures = 0;
  /** Of the breaker: 0 while closed. */
  #openMs = 0;
  #opensAtMs = 0;
  #isTrying = false;
  /** Nothing is sent until then, because the host asked for it. */
  #restsUntilMs = 0;
  /** Of how long posts take; of a host that nobody knows the best is thought. */
  #meanMs = 1;
  /** Looks in a row at which no post had come to an end. */
  #stillLooks = 0;
  /** Until when the places that will come free, or the looks at an open breaker, are given away to those that were put back. */
  #givenUntilMs = 0;
  readonly #waiting: Answer[] = [];

  stateAt(nowMs: number): BreakerState {
    if (this.#openMs === 0) return 'closed';
    return this.#isTrying || nowMs >= this.#opensAtMs ? 'half_open' : 'open';
  }

  get isUnused(): boolean {
    return this.underWay === 0 && this.#waiting.length === 0;
  }

  capture(): HostGateState {
    return {
      places: this.#places,
      failures: this.#failures,
      openMs: this.#openMs,
      opensAtMs: this.#opensAtMs,
      restsUntilMs: this.#restsUntilMs,
      meanMs: this.#meanMs,
      givenUntilMs: this.#givenUntilMs,
    };
  }

  restore(state: HostGateState): void {
    this.#places = state.places;
    this.#failures = state.failures;
    this.#openMs = state.openMs;
    this.#opensAtMs = state.opensAtMs;
    this.#isTrying = false;
    this.#restsUntilMs = state.restsUntilMs;
    this.#meanMs = state.meanMs;
    this.#givenUntilMs = state.givenUntilMs;
  }

  /** 0 with a place taken, or milliseconds after which to ask again. */
  enter(nowMs: number, chance: Rng): number | Promise<number> {
    const heldUntilMs = Math.max(this.#openMs === 0 ? 0 : this.#opensAtMs, this.#restsUntilMs);
    if (nowMs < heldUntilMs) return this.#putBackMs(nowMs, heldUntilMs, chance);
    if (this.#openMs > 0) {
      if (this.#isTrying) return this.#putBackMs(nowMs, nowMs, chance);
      this.#isTrying = true;
    } else if (this.underWay >= this.#places) {
      const turnMs = ((this.#waiting.length + 1) * this.#meanMs) / this.#places;
      const isSoon = turnMs < WEBHOOK_PLACE_WAIT_MS && this.#stillLooks < STILL_LOOKS_MAX;
      if (!isSoon) return this.#putBackMs(nowMs, nowMs, chance);
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    if (this.underWay === 0) this.#stillLooks = 0;
    this.underWay += 1;
    return 0;
  }

  /** A post has come to an end. Whether the host answered at all, and in a way that says it works. */
  leave(isWell: boolean, tookMs: number, nowMs: number, chance: Rng): void {
    this.underWay -= 1;
    this.#stillLooks = 0;
    this.#meanMs += MEAN_SHARE * (tookMs - this.#meanMs);
    if (isWell) {
      if (this.#openMs > 0) this.#givenUntilMs = 0;
      this.#failures = 0;
      this.#openMs = 0;
      this.#isTrying = false;
      this.#places = Math.min(WEBHOOK_HOST_POSTS_MAX, this.#places + 1);
    } else {
      this.#failed(nowMs);
    }
    if (this.#openMs > 0) this.#putBackAll(nowMs, chance);
    while (this.underWay < this.#places) {
      const answer = this.#waiting.shift();
      if (answer === undefined) break;
      this.underWay += 1;
      answer(0);
    }
  }

  /** Places that nobody takes. */
  freeAt(nowMs: number): number {
    return this.isHeldAt(nowMs) ? 0 : this.#places - this.underWay;
  }

  /** Whether its breaker is not closed, or it asked for time. */
  isHeldAt(nowMs: number): boolean {
    return this.#openMs > 0 || nowMs < this.#restsUntilMs;
  }

  /** Holds back all posts until then: the host asked for it. */
  restUntil(untilMs: number): void {
    this.#restsUntilMs = Math.max(this.#restsUntilMs, untilMs);
  }

  /** Puts back those that wait on the spot if no place came free for a while. */
  look(nowMs: number, chance: Rng): void {
    if (this.underWay === 0) return;
    this.#stillLooks += 1;
    if (this.#stillLooks >= STILL_LOOKS_MAX) this.#putBackAll(nowMs, chance);
  }

  #putBackAll(nowMs: number, chance: Rng): void {
    const fromMs = Math.max(nowMs, this.#opensAtMs);
    for (const answer of this.#waiting.splice(0)) answer(this.#putBackMs(nowMs, fromMs, chance));
  }

  #failed(nowMs: number): void {
    this.#failures += 1;
    this.#places = Math.max(1, this.#places >> 1);
    const isFirst = this.#openMs === 0 && this.#failures >= WEBHOOK_BREAKER_FAILURES;
    // What was under way when the breaker opened says nothing new.
    if (!isFirst && !this.#isTrying) return;
    this.#openMs = isFirst ? WEBHOOK_BREAKER_OPEN_MS : Math.min(2 * this.#openMs, WEBHOOK_BREAKER_OPEN_MS_MAX);
    this.#isTrying = false;
    this.#opensAtMs = nowMs + this.#openMs;
  }

  /** When the next place will be free, or the next look due, from `fromMs` on, that was not given away; never so far off that nobody can tell. */
  #putBackMs(nowMs: number, fromMs: number, chance: Rng): number {
    // As if it had all places: what comes too early is put back again, and what comes too late has left places empty.
    const tookMs = Math.max(this.#meanMs, this.#stillLooks * WEBHOOK_PLACE_WAIT_MS);
    const isOpen = this.#openMs > 0;
    const stepMs = isOpen ? WEBHOOK_HELD_LOOK_MS : tookMs / WEBHOOK_HOST_POSTS_MAX;
    const mostMs = isOpen ? WEBHOOK_HELD_BACK_MS_MAX : WEBHOOK_PUT_BACK_MS_MAX;
    const turnMs = Math.max(fromMs, this.#givenUntilMs) + stepMs;
    const farthestMs = fromMs + mostMs;
    this.#givenUntilMs = Math.min(turnMs, farthestMs);
    const untilMs = turnMs <= farthestMs ? turnMs : fromMs + mostMs * (0.5 + 0.5 * chance.next());
    return Math.max(1, Math.ceil(untilMs - nowMs));
  }
}

export interface HostFigures {
  readonly host: string;
  readonly state: BreakerState;
  readonly underWay: number;
}

/** The gates of all hosts, by host and port. */
export class HostGates {
  readonly #gates = new Map<string, HostGate>();
  readonly #clock: Clock;
  readonly #chance: Rng;
  readonly #stop: () => void;

  constructor(parts: { readonly clock: Clock; readonly machineTimers: Timers; readonly chance: Rng }) {
    this.#clock = parts.clock;
    this.#chance = parts.chance;
    this.#stop = parts.machineTimers.every(WEBHOOK_PLACE_WAIT_MS, () => this.#look());
  }

  /** 0 with a place taken, which `leave` gives back, or milliseconds after which to ask again. */
  enter(host: string): number | Promise<number> {
    return this.#gateOf(host).enter(this.#clock.nowMs(), this.#chance);
  }

  /** Whether all posts to it wait since it failed or asked for it. */
  isHeld(host: string): boolean {
    return this.#gateOf(host).isHeldAt(this.#clock.nowMs());
  }

  /** Gives a place back; how many are then free. `restsMs` is for how long the host asked to be left alone. */
  leave(host: string, isWell: boolean, tookMs: number, restsMs: number): number {
    const nowMs = this.#clock.nowMs();
    const gate = this.#gateOf(host);
    gate.restUntil(nowMs + Math.min(restsMs, WEBHOOK_HOST_REST_MS_MAX));
    gate.leave(isWell, tookMs, nowMs, this.#chance);
    return gate.freeAt(nowMs);
  }

  countsByState(): Readonly<Record<BreakerState, number>> {
    const counts = { closed: 0, open: 0, half_open: 0 };
    const nowMs = this.#clock.nowMs();
    for (const gate of this.#gates.values()) counts[gate.stateAt(nowMs)] += 1;
    return counts;
  }

  /** Hosts that are not well first, then the latest. */
  figures(count: number): readonly HostFigures[] {
    const nowMs = this.#clock.nowMs();
    const all = [...this.#gates].map(([host, gate]) => ({ host, state: gate.stateAt(nowMs), underWay: gate.underWay }));
    const isClosed = ({ state }: HostFigures): number => (state === 'closed' ? 1 : 0);
    return all
      .toReversed()
      .sort((one, other) => isClosed(one) - isClosed(other))
      .slice(0, count);
  }

  capture(): ReadonlyMap<string, HostGateState> {
    return new Map(Array.from(this.#gates, ([host, gate]) => [host, gate.capture()]));
  }

  /** Knows of hosts what another captured, and nothing of others. Posts that are under way stay so. */
  restore(states: ReadonlyMap<string, HostGateState>): void {
    const ofUnknown = new HostGate().capture();
    for (const [host, gate] of this.#gates) {
      gate.restore(ofUnknown);
      if (gate.isUnused && !states.has(host)) this.#gates.delete(host);
    }
    for (const [host, state] of states) this.#gateOf(host).restore(state);
  }

  close(): void {
    this.#stop();
  }

  #look(): void {
    const nowMs = this.#clock.nowMs();
    for (const gate of this.#gates.values()) gate.look(nowMs, this.#chance);
  }

  #gateOf(host: string): HostGate {
    const found = this.#gates.get(host);
    if (found !== undefined) return found;
    if (this.#gates.size >= WEBHOOK_HOSTS_MAX) this.#forgetOne();
    const gate = new HostGate();
    this.#gates.set(host, gate);
    return gate;
  }

  /** The oldest to which nothing is under way: there is one, since fewer posts are under way than hosts are kept. */
  #forgetOne(): void {
    for (const [host, gate] of this.#gates) {
      if (!gate.isUnused) continue;
      this.#gates.delete(host);
      return;
    }
  }
}
