/**
 * One shard of the shared limits as this gateway talks to it: one call at a time, sent again until it is answered.
 *
 * A shard that does not answer is away. It is asked again every RETRY_MS, by the very call whose answer is missing.
 */
import type { LeaseAnswer, LeasedUnits, PacificDay } from '../../tariffs/index.ts';
import {
  type LeaseCall,
  LeaseSession,
  makeCall,
  type QuotaConnection,
  type QuotaLine,
} from '../../tariffs/redis/index.ts';

/** What a call asked about, in the order of its lines. */
export interface Asked {
  readonly leased: LeasedUnits;
  readonly key: number;
  /** `leased.turnOf(key)` at that time. */
  readonly turn: number;
  /** The day that was named for a limit per day. */
  readonly day: PacificDay | undefined;
}

export interface ShardListener {
  /** The answer to one line. `sentMs` is the uptime before the call was first sent; `redisMs` the clock of Redis since then. */
  settle(asked: Asked, answer: LeaseAnswer & { readonly isOtherDay: boolean }, sentMs: number, redisMs: number): void;
  /** Redis knows nothing of this gateway's leases on the shard. */
  forgotten(shard: number): void;
  /** A call ended and the next may be made. */
  isFree(shard: number): void;
  wentAway(shard: number, why: unknown): void;
  cameBack(shard: number): void;
}

interface Pending {
  readonly call: LeaseCall;
  readonly asked: readonly Asked[];
  readonly firstSentMs: number;
  sentMs: number;
}

/** A call that is not answered for so long makes its shard count as away, whatever becomes of it. */
const AWAY_AFTER_MS = 500;
const RETRY_MS = 100;

export class LeaseShard {
  readonly index: number;
  isAway = false;
  /** Clock of Redis less uptime: at any uptime, Redis is at most this much further. Before the first answer a guess. */
  redisAheadMs: number;
  readonly #connection: QuotaConnection;
  readonly #session: LeaseSession;
  readonly #uptimeMs: () => number;
  readonly #listener: ShardListener;
  #pending: Pending | undefined;
  #isSending = false;
  #waitingForThis: (() => void)[] = [];
  #waitingForNext: (() => void)[] = [];

  constructor(options: {
    index: number;
    connection: QuotaConnection;
    gatewayId: string;
    uptimeMs: () => number;
    redisAheadMs: number;
    listener: ShardListener;
  }) {
    this.index = options.index;
    this.#connection = options.connection;
    this.#session = new LeaseSession(options.gatewayId, options.index);
    this.#uptimeMs = options.uptimeMs;
    this.redisAheadMs = options.redisAheadMs;
    this.#listener = options.listener;
  }

  /** Whether a call may begin. */
  get isIdle(): boolean {
    return this.#pending === undefined;
  }

  /** Makes a call. Must be idle. */
  begin(asked: readonly Asked[], lines: readonly QuotaLine[], gateways: number, isLast = false): void {
    this.#waitingForThis.push(...this.#waitingForNext.splice(0));
    const sentMs = this.#uptimeMs();
    this.#pending = { call: this.#session.next(lines, gateways, isLast), asked, firstSentMs: sentMs, sentMs };
    this.#send(this.#pending);
  }

  /** Sees to a call that is not answered. To be called often. */
  tend(nowMs: number): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (nowMs - pending.sentMs >= AWAY_AFTER_MS) this.#setAway(new Error(`no answer for ${AWAY_AFTER_MS} ms`));
    if (!this.#isSending && nowMs - pending.sentMs >= RETRY_MS) {
      pending.sentMs = nowMs;
      this.#send(pending);
    }
  }

  /**
   * Resolves when the call under way is answered, or the one after it if `orNext`; when the shard turns out to be away; at once
   * if there is nothing to wait for.
   */
  answered(orNext: boolean): Promise<void> {
    if (this.isAway || this.#pending === undefined) return Promise.resolve();
    return new Promise((resolve) => (orNext ? this.#waitingForNext : this.#waitingForThis).push(resolve));
  }

  #send(pending: Pending): void {
    this.#isSending = true;
    makeCall(this.#connection, pending.call).then(
      (answer) => {
        this.#isSending = false;
        this.#pending = undefined;
        if (answer === 'reset') {
          this.#session.restart();
          this.#listener.forgotten(this.index);
        } else {
          this.redisAheadMs = answer.redisMs - pending.firstSentMs;
          answer.quotas.forEach((quota, at) => {
            const asked = pending.asked[at];
            if (asked !== undefined) this.#listener.settle(asked, quota, pending.firstSentMs, answer.redisMs);
          });
        }
        if (this.isAway) {
          this.isAway = false;
          this.#listener.cameBack(this.index);
        }
        release(this.#waitingForThis);
        this.#listener.isFree(this.index);
        if (this.#pending === undefined) release(this.#waitingForNext);
      },
      (error: unknown) => {
        this.#isSending = false;
        this.#setAway(error);
      },
    );
  }

  #setAway(why: unknown): void {
    if (!this.isAway) {
      this.isAway = true;
      this.#listener.wentAway(this.index, why);
    }
    release(this.#waitingForThis);
    release(this.#waitingForNext);
  }
}

function release(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
