/**
 * The calls of one gateway to one shard of shared limits, each done exactly once although answers get lost.
 *
 * Calls are numbered and made one at a time; the shard remembers the last one and what it answered. A call whose answer did
 * not come is sent again as it was: if it had been done, the answer is read from memory. A copy that comes even later is not the
 * next in turn and does nothing. So what was spent is told once, and a grant made once.
 */
import { NOT_LEASED } from '../limits/allowance.ts';
import type { LeaseAnswer, LeaseRequest } from '../limits/leased-units.ts';
import { sessionKey } from './layout.ts';
import { type QuotaConnection, QuotasUnavailable, runScript } from './run-script.ts';
import { DRAW, HELD_BY_OTHERS, OTHER_DAY, RESET, type Script, WAIT_FOR_EVER } from './scripts.ts';

export interface LeaseCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export interface QuotaAnswer extends LeaseAnswer {
  /** The day that was named is not the day of Redis: nothing was done. */
  readonly isOtherDay: boolean;
}

export interface CallAnswer {
  /** When the call was done, by the clock of Redis, milliseconds since the epoch. */
  readonly redisMs: number;
  /** In the order of the call. */
  readonly quotas: readonly QuotaAnswer[];
}

/** What a call says of one quota: its key, and `leaseLine`. */
export interface QuotaLine {
  readonly key: string;
  readonly line: string;
}

/**
 * @param p1 window of a rate; of a day its ordinal
 * @param p2 first millisecond of a day; of a rate how many times the handle was given to somebody else
 * @param p3 first millisecond after the day; of a rate the handle
 */
export function leaseLine(kind: number, request: LeaseRequest, p1 = 0, p2 = 0, p3 = 0): string {
  const { cap, spent, extra, back, need, waiting, want } = request;
  return `${kind} ${cap} ${p1} ${p2} ${p3} ${spent} ${extra} ${back} ${need} ${waiting} ${want}`;
}

const WAITS: ReadonlyMap<number, number> = new Map([
  [WAIT_FOR_EVER, Infinity],
  [HELD_BY_OTHERS, NOT_LEASED],
]);

export class LeaseSession {
  readonly #gateway: string;
  readonly #shard: number;
  #run = 0;
  #number = 0;

  /** @param gateway different from that of any other process, and of an earlier run of this one */
  constructor(gateway: string, shard: number) {
    this.#gateway = gateway;
    this.#shard = shard;
  }

  /** The next call. Not to be made before the last was answered. */
  next(lines: readonly QuotaLine[], gateways: number, isLast = false): LeaseCall {
    this.#number += 1;
    const session = `${this.#gateway}.${this.#run}`;
    return {
      script: DRAW,
      keys: [sessionKey(this.#shard, session), ...lines.map(({ key }) => key)],
      args: [this.#number, session, gateways, isLast ? 1 : 0, ...lines.map(({ line }) => line)],
    };
  }

  /** Begins anew, holding nothing: Redis does not know this session. */
  restart(): void {
    this.#run += 1;
    this.#number = 0;
  }
}

/** Makes a call, for the first time or again. `reset` if Redis does not know the session. Rejects with QuotasUnavailable. */
export async function makeCall(connection: QuotaConnection, call: LeaseCall): Promise<CallAnswer | 'reset'> {
  return readAnswer(await runScript(connection, call.script, call.keys, call.args), call.keys.length - 1);
}

/** @throws QuotasUnavailable if it is no answer to a call for so many quotas */
export function readAnswer(reply: unknown, quotaCount: number): CallAnswer | 'reset' {
  if (reply === RESET) return 'reset';
  const numbers = typeof reply === 'string' ? reply.split(' ').map(Number) : [];
  const [redisMs, ...rest] = numbers;
  if (redisMs === undefined || rest.length !== 3 * quotaCount || !rest.every(Number.isSafeInteger)) {
    throw new QuotasUnavailable('Redis answered a draw of leases with something else');
  }
  const quotas: QuotaAnswer[] = [];
  for (let at = 0; at < rest.length; at += 3) {
    const [units = 0, room = 0, wait = 0] = rest.slice(at, at + 3);
    quotas.push({ units, room, waitMs: WAITS.get(wait) ?? wait, isOtherDay: wait === OTHER_DAY });
  }
  return { redisMs, quotas };
}
