/**
 * Keys of idempotency in this process. Held keys and answered ones are apart: the first are as many as there are messages on their way
 * to an answer, and are never forgotten; of the others the oldest go. Their order is kept in a ring beside the map: the first entry of a map from which the first is always deleted
 * takes longer and longer to find.
 */
import type { Claim, ClaimOf, FirstAnswer, HeldKey, IdempotencyKeys } from '../messages/index.ts';
import type { Clock, Stateful } from '../router/index.ts';

interface Answered {
  readonly fingerprint: string;
  readonly answer: FirstAnswer;
  readonly endsAtMs: number;
}

const PENDING: Claim = { kind: 'pending' };
const OTHER: Claim = { kind: 'other' };

export class MemoryIdempotencyKeys implements IdempotencyKeys, Stateful {
  readonly #held = new Map<string, HeldInMemory>();
  readonly #answered = new Map<string, Answered>();
  /** Names of answered keys, from the place of the oldest on, in the order in which they were answered. */
  readonly #order: string[] = [];
  #oldest = 0;
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #answeredMax: number;

  constructor(options: {
    clock: Clock;
    /** How long an answer is repeated. */
    windowMs: number;
    answeredMax: number;
  }) {
    this.#clock = options.clock;
    this.#windowMs = options.windowMs;
    this.#answeredMax = options.answeredMax;
  }

  claim(claims: readonly ClaimOf[]): Promise<readonly Claim[]> {
    this.#forgetOld();
    return Promise.resolve(claims.map((claim) => this.#claimOne(claim)));
  }

  kept(): undefined {
    return undefined;
  }

  capture(): unknown {
    return [...this.#answered];
  }

  /** Who holds a key meanwhile decides by it, and is not remembered. */
  restore(state: unknown): void {
    this.#held.clear();
    this.#answered.clear();
    this.#oldest = 0;
    for (const [name, answered] of state as [string, Answered][]) this.#keep(name, answered);
  }

  #claimOne({ account = '', key, fingerprint }: ClaimOf): Claim {
    // No account holds a space.
    const name = `${account} ${key}`;
    const answered = this.#answered.get(name);
    if (answered !== undefined) {
      return answered.fingerprint === fingerprint ? { kind: 'answered', answer: answered.answer } : OTHER;
    }
    const holder = this.#held.get(name);
    if (holder !== undefined) return holder.fingerprint === fingerprint ? PENDING : OTHER;
    const held = new HeldInMemory(fingerprint, (answer) => this.#settle(name, held, answer));
    this.#held.set(name, held);
    return { kind: 'new', held };
  }

  #settle(name: string, held: HeldInMemory, answer: FirstAnswer | undefined): void {
    if (this.#held.get(name) !== held) return;
    this.#held.delete(name);
    if (answer === undefined) return;
    const endsAtMs = this.#clock.nowMs() + this.#windowMs;
    this.#keep(name, { fingerprint: held.fingerprint, answer, endsAtMs });
  }

  #keep(name: string, answered: Answered): void {
    if (this.#answered.size === this.#answeredMax) this.#forgetOldest();
    this.#order[(this.#oldest + this.#answered.size) % this.#answeredMax] = name;
    this.#answered.set(name, answered);
  }

  #forgetOld(): void {
    const nowMs = this.#clock.nowMs();
    for (;;) {
      const oldest = this.#answered.get(this.#order[this.#oldest] ?? '');
      if (oldest === undefined || oldest.endsAtMs > nowMs) return;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    this.#answered.delete(this.#order[this.#oldest] ?? '');
    this.#oldest = (this.#oldest + 1) % this.#answeredMax;
  }
}

class HeldInMemory implements HeldKey {
  readonly isCurrent = true;
  readonly fingerprint: string;
  readonly #settle: (answer: FirstAnswer | undefined) => void;

  constructor(fingerprint: string, settle: (answer: FirstAnswer | undefined) => void) {
    this.fingerprint = fingerprint;
    this.#settle = settle;
  }

  taken(answer: FirstAnswer): void {
    this.#settle(answer);
  }

  refused(answer: FirstAnswer): void {
    this.#settle(answer);
  }

  release(): void {
    this.#settle(undefined);
  }
}
