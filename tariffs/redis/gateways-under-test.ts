/**
 * Gateways on one real Redis whose clock the test moves: its scripts read the time from a list, and calls are made, done, answered,
 * lost and repeated when the test says so. What was really admitted is kept in a plain model beside.
 */
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { Ask } from '../limits/allowance.ts';
import { LEASE_MARGIN_MS, LEASE_MS, LeasedUnits, LeaseKind, LeaseRequest } from '../limits/leased-units.ts';
import { type PacificDay, pacificDayAt } from '../limits/pacific-day.ts';
import { SHARDS } from './layout.ts';
import { type CallAnswer, type LeaseCall, leaseLine, LeaseSession, readAnswer } from './lease-session.ts';
import { type QuotaConnection, runScript } from './run-script.ts';
import type { Script } from './scripts.ts';

const CLOCK = 'clock';
const DAY_MARGIN_MS = 10;
/** Longest time a message is in flight. */
export const FLIGHT_MS_MAX = 16_000;

export class Redises {
  readonly client: Redis;
  nowMs: number;

  constructor(port: number, nowMs: number) {
    this.client = new Redis({ port, protocol: 2 });
    this.nowMs = nowMs;
  }

  /** Runs a script at the time of the test. */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const seconds = Math.floor(this.nowMs / 1_000);
    this.client.del(CLOCK).catch(() => {});
    this.client.rpush(CLOCK, seconds, (this.nowMs - seconds * 1_000) * 1_000).catch(() => {});
    return runScript(this.connection, timed(script), keys, args);
  }

  get connection(): QuotaConnection {
    return { client: this.client };
  }
}

const timedScripts = new Map<Script, Script>();

function timed(script: Script): Script {
  let found = timedScripts.get(script);
  if (found === undefined) {
    const body = script.body.replace("redis.call('TIME')", `redis.call('LRANGE', '${CLOCK}', 0, 1)`);
    found = { body, sha: createHash('sha1').update(body).digest('hex') };
    timedScripts.set(script, found);
  }
  return found;
}

export interface Quota {
  readonly kind: number;
  readonly cap: number;
  readonly windowMs: number;
  readonly key: string;
}

interface Asked {
  readonly at: number;
  readonly day: PacificDay | undefined;
}

interface Pending {
  readonly call: LeaseCall;
  readonly asked: readonly Asked[];
  readonly sentMs: number;
  answer: CallAnswer | 'reset' | undefined;
}

/** One gateway: its hand of each quota under key 0, and a clock and an uptime of its own. */
export class GatewayUnderTest {
  leased: readonly LeasedUnits[] = [];
  readonly past: LeaseCall[] = [];
  pending: Pending | undefined;
  redisAheadMs = 0;
  readonly #redis: Redises;
  readonly #quotas: readonly Quota[];
  readonly #name: string;
  readonly #uptimeAtZeroMs: number;
  readonly #skewMs: number;
  readonly #gateways: number;
  readonly #ask = { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
  #run = 0;
  #session: LeaseSession;

  constructor(options: {
    redis: Redises;
    quotas: readonly Quota[];
    name: string;
    skewMs: number;
    upSinceMs: number;
    gateways: number;
  }) {
    this.#redis = options.redis;
    this.#quotas = options.quotas;
    this.#name = options.name;
    this.#skewMs = options.skewMs;
    this.#uptimeAtZeroMs = options.upSinceMs;
    this.#gateways = options.gateways;
    this.#session = new LeaseSession(options.name, 0);
    this.start();
  }

  get uptimeMs(): number {
    return this.#redis.nowMs - this.#uptimeAtZeroMs;
  }

  /** Starts, or starts again after a crash: it remembers nothing. */
  start(): void {
    this.#run += 1;
    this.#session = new LeaseSession(`${this.#name}-${this.#run}`, 0);
    this.pending = undefined;
    this.redisAheadMs = this.#redis.nowMs + this.#skewMs - this.uptimeMs;
    this.leased = this.#quotas.map(({ kind, windowMs }) => {
      const leased = new LeasedUnits({ kind, windowMs, awayFraction: 0, away: new Uint8Array(SHARDS) });
      leased.ensure(1);
      return leased;
    });
  }

  ask(units: number): Ask {
    return Object.assign(this.#ask, { units, atMs: this.#redis.nowMs + this.#skewMs, uptimeMs: this.uptimeMs });
  }

  /** What its own hand says to a message; taken if it says yes. */
  send(at: number, units: number): number {
    const { leased, cap } = this.#hand(at);
    const waitMs = leased.waitMs(0, cap, this.ask(units));
    if (waitMs === 0) leased.take(0, cap, this.ask(units));
    return waitMs;
  }

  /** Makes up the next call, if there is something to say. Redis has not got it yet. */
  call(): void {
    if (this.pending !== undefined) return;
    const request = new LeaseRequest();
    const asked: Asked[] = [];
    const lines = this.#quotas.flatMap(({ kind, windowMs, key }, at) => {
      const day = this.#dayOf(kind);
      if (day === 'ending' || !this.#hand(at).leased.request(0, this.uptimeMs, request, day?.ordinal)) return [];
      asked.push({ at, day });
      return [{ key, line: lineOf(kind, request, windowMs, day) }];
    });
    if (lines.length > 0) this.#begin(asked, this.#session.next(lines, this.#gateways));
  }

  /** Has Redis do the call under way, perhaps once more. */
  async reach(): Promise<void> {
    if (this.pending !== undefined) this.pending.answer = await this.#do(this.pending.call);
  }

  /** Has Redis get a copy of some earlier call. */
  async reachLate(which: number): Promise<void> {
    const call = this.past[which % Math.max(1, this.past.length)];
    if (call !== undefined) await this.#do(call);
  }

  lose(): void {
    if (this.pending !== undefined) this.pending.answer = undefined;
  }

  hear(): void {
    const { pending } = this;
    if (pending?.answer === undefined) return;
    this.pending = undefined;
    const { answer } = pending;
    if (answer === 'reset') {
      this.#session.restart();
      for (const leased of this.leased) leased.drop(0);
      return;
    }
    this.redisAheadMs = answer.redisMs - pending.sentMs;
    pending.asked.forEach(({ at, day }, index) => {
      const quota = answer.quotas[index];
      const { leased, kind } = this.#hand(at);
      if (quota === undefined) throw new Error(`no answer to line ${index}`);
      if (quota.isOtherDay) return leased.repeat(0);
      let endsAtMs = pending.sentMs + LEASE_MS - LEASE_MARGIN_MS;
      if (day !== undefined) endsAtMs = pending.sentMs + (day.endMs - answer.redisMs) - DAY_MARGIN_MS;
      else if (kind === LeaseKind.Money) endsAtMs = Infinity;
      leased.settle(0, quota, this.uptimeMs, endsAtMs);
    });
  }

  /** Calls and hears, with nothing in between. */
  async exchange(): Promise<void> {
    this.call();
    await this.reach();
    this.hear();
  }

  async shutDown(): Promise<void> {
    await this.reach();
    this.hear();
    const request = new LeaseRequest();
    const asked: Asked[] = [];
    const lines = this.#quotas.flatMap(({ kind, windowMs, key }, at) => {
      const day = this.#dayOf(kind);
      if (day === 'ending' || !this.#hand(at).leased.surrender(0, this.uptimeMs, request, day?.ordinal)) return [];
      asked.push({ at, day });
      return [{ key, line: lineOf(kind, request, windowMs, day) }];
    });
    this.#begin(asked, this.#session.next(lines, this.#gateways, true));
    await this.reach();
    this.start();
  }

  #hand(at: number): Quota & { readonly leased: LeasedUnits } {
    const quota = this.#quotas[at];
    const leased = this.leased[at];
    if (quota === undefined || leased === undefined) throw new RangeError(`there is no quota ${at}`);
    return { ...quota, leased };
  }

  #begin(asked: readonly Asked[], call: LeaseCall): void {
    this.pending = { call, asked, sentMs: this.uptimeMs, answer: undefined };
    this.past.push(call);
  }

  async #do({ script, keys, args }: LeaseCall): Promise<CallAnswer | 'reset'> {
    return readAnswer(await this.#redis.run(script, keys, args), keys.length - 1);
  }

  #dayOf(kind: number): PacificDay | 'ending' | undefined {
    if (kind !== LeaseKind.Day) return undefined;
    const redisMs = this.uptimeMs + this.redisAheadMs;
    const day = pacificDayAt(redisMs);
    return redisMs >= day.endMs - DAY_MARGIN_MS ? 'ending' : day;
  }
}

function lineOf(kind: number, request: LeaseRequest, windowMs: number, day: PacificDay | undefined): string {
  if (day === undefined) return leaseLine(kind, request, windowMs);
  return leaseLine(kind, request, day.ordinal, day.startMs, day.endMs);
}

/** Everything that was really admitted, by the clock of Redis. Throws when it is more than there was. */
export class Admitted {
  total = 0;
  #debt = 0;
  #atMs = 0;
  readonly #byDay = new Map<number, number>();
  #inUse: { readonly endsAtMs: number }[] = [];
  readonly #quota: Quota;
  creditedMicros = 0;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  take(units: number, nowMs: number): void {
    const { kind, cap, windowMs } = this.#quota;
    this.total += units;
    if (kind === LeaseKind.Rate) {
      this.#debt = Math.max(0, this.#debt - (nowMs - this.#atMs) * cap) + units * windowMs;
      this.#atMs = nowMs;
      if (this.#debt > cap * windowMs) throw new Error(`bucket of ${cap}: ${this.#debt / windowMs} owed`);
    } else if (kind === LeaseKind.Day) {
      const { ordinal } = pacificDayAt(nowMs);
      const used = (this.#byDay.get(ordinal) ?? 0) + units;
      this.#byDay.set(ordinal, used);
      if (used > cap) throw new Error(`day of ${cap}: ${used} used`);
    } else if (this.total > this.creditedMicros) {
      throw new Error(`${this.total} spent of ${this.creditedMicros}`);
    }
  }

  /** A message in flight until its end. */
  begin(nowMs: number, flight: { readonly endsAtMs: number }): void {
    this.total += 1;
    this.#inUse = this.#inUse.filter((one) => one.endsAtMs > nowMs);
    this.#inUse.push(flight);
    if (this.#inUse.length > this.#quota.cap)
      throw new Error(`level of ${this.#quota.cap}: ${this.#inUse.length} in use`);
  }

  usedOn(nowMs: number): number {
    return this.#byDay.get(pacificDayAt(nowMs).ordinal) ?? 0;
  }
}
