/**
 * The limits that this gateway shares with others through Redis, and their keeper: it draws leases before they are needed,
 * renews and returns them, and tells what was spent.
 *
 * Keys that lack units are asked for at once, gathered over one turn of the event loop, one call per shard. All others that hold
 * something are looked at every TICK_MS: topped up by their recent pace, renewed, told of, or given back when idle. No message
 * waits in here; one that was told NOT_LEASED may await `answered` and be decided again.
 *
 * While Redis is away leases last to their end. After that a limit that is not leased admits nothing, or the operator's fraction.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import {
  type BalanceStore,
  LEASE_MARGIN_MS,
  LEASE_MS,
  LeaseKind,
  LeaseRequest,
  LeasedUnits,
  type PacificDay,
  pacificDayAt,
} from '../../tariffs/index.ts';
import {
  leaseLine,
  quotaKey,
  type QuotaConnection,
  type QuotaLine,
  RedisBalances,
  SHARDS,
  shardOfQuota,
} from '../../tariffs/redis/index.ts';
import { LEASE_KEYS_PER_CALL, LEASE_TICK_MS, LEASE_WAIT_MS } from '../limits.ts';
import { type Clock, isLimitedByClass, MINUTE_MS, SECOND_MS, type SharedLimits, type Timers } from '../router/index.ts';
import { type Asked, LeaseShard, type ShardListener } from './lease-shard.ts';
import { NumberShare } from './number-share.ts';

const NS_PER_MS = 1e6;
/** How often this gateway says that it lives. */
const BEAT_MS = 500;
/** How long before a day ends by the clock of Redis its units are not used any more, nor asked for. */
const DAY_MARGIN_MS = 10;
/** How long the last calls may take when the gateway ends. What is not returned by then ends by itself. */
const CLOSE_MS = 1_000;
const MONEY_LIMIT = 'balance';

export interface SharedLimitsOptions {
  /** For these limits alone; the caller closes it. Its commands should fail within a second. */
  readonly connection: QuotaConnection;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: { warn(fields: object, text: string): void };
  /** Different for every run of every gateway. */
  readonly gatewayId: string;
  /** What others know a handle by. */
  readonly idOf: Readonly<Record<'campaign' | 'brand' | 'account', (handle: number) => string>>;
  /** Handle of an account; -1 if there is none. */
  readonly accountOf: (id: string) => number;
  /** Part of each limit that may be admitted without a lease while Redis is away, 0 for nothing; never money. */
  readonly awayFraction: number;
  /**
   * Told over how many gateways the limits of single numbers are spread, when that changes; Infinity for no part of them at all, as
   * until the first call.
   */
  readonly onShare: (gateways: number) => void;
}

/** What is to be seen of it from outside; counts are since the start. */
export interface LeaseFigures {
  readonly isAway: boolean;
  /** Gateways alive, this one included. */
  readonly gateways: number;
  /** Campaigns, brands and accounts of whose limits this gateway holds or owes something. */
  readonly leased: number;
  /** Limits asked about, by result: granted, refused, or only told what was spent and given back. */
  readonly draws: Readonly<Record<'granted' | 'refused' | 'told', number>>;
  /** Times a shard went away. */
  readonly failures: number;
  /** Times a limit admitted a message without a lease. */
  readonly awayCount: number;
}

export interface SharedLimitsKeeper {
  readonly limits: SharedLimits;
  readonly balances: BalanceStore;
  /**
   * Resolves when what messages have lacked so far was asked for and answered; soon, too, when Redis is away. Several limits of
   * one message are leased one after another: it may have to be awaited once for each.
   */
  answered(): Promise<void>;
  figures(): LeaseFigures;
  /** Gives everything back. The limits admit nothing afterwards. */
  close(): Promise<void>;
}

/** One of the limits, under the name it has in Redis. */
interface Shared {
  readonly limit: string;
  readonly leased: LeasedUnits;
  readonly idOf: (handle: number) => string;
  readonly windowMs: number;
  /** Keys in Redis by handle, as they are first needed. */
  readonly keys: string[];
}

/** Never rejects for Redis being away: the limits then are as they are in any outage. */
export async function openSharedLimits(options: SharedLimitsOptions): Promise<SharedLimitsKeeper> {
  const keeper = new Keeper(options);
  await keeper.open();
  return keeper;
}

class Keeper implements SharedLimitsKeeper, ShardListener {
  readonly limits: SharedLimits;
  readonly balances: BalanceStore;
  readonly #options: SharedLimitsOptions;
  readonly #shared: Shared[] = [];
  readonly #brandDay: LeasedUnits;
  readonly #shards: readonly LeaseShard[];
  readonly #numbers: NumberShare;
  /** 1 for each shard that is away; the leased units look here. */
  readonly #away = new Uint8Array(SHARDS);
  readonly #request = new LeaseRequest();
  readonly #batches: readonly { asked: Asked[]; lines: QuotaLine[] }[];
  #day: PacificDay = { ordinal: 0, startMs: 0, endMs: 0 };
  #answer: Promise<void> | undefined;
  #stops: (() => void)[] = [];
  #isClosed = false;
  #failures = 0;
  readonly #draws = { granted: 0, refused: 0, told: 0 };

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
    const { connection, gatewayId, idOf, clock, awayFraction } = options;
    const uptimeMs = (): number => this.#uptimeMs();
    const redisAheadMs = clock.nowMs() - uptimeMs();
    this.#shards = Array.from(
      { length: SHARDS },
      (_, index) => new LeaseShard({ index, connection, gatewayId, uptimeMs, redisAheadMs, listener: this }),
    );
    this.#batches = this.#shards.map(() => ({ asked: [], lines: [] }));
    const { Rate, Day, Level, Money } = LeaseKind;
    const byClass = (suffix: string): (LeasedUnits | null)[] =>
      CARRIERS.map(({ id }, carrier) =>
        isLimitedByClass(carrier) ? this.#share(`${id}-${suffix}`, Rate, idOf.campaign, MINUTE_MS) : null,
      );
    this.#brandDay = this.#share('brand-day', Day, idOf.brand);
    const balance = this.#share(MONEY_LIMIT, Money, idOf.account);
    this.limits = {
      campaignSms: byClass('sms'),
      campaignMms: byClass('mms'),
      brandDay: this.#brandDay,
      accountSms: this.#share('account-sms', Rate, idOf.account, SECOND_MS),
      accountMms: this.#share('account-mms', Rate, idOf.account, SECOND_MS),
      accountInFlight: this.#share('account-in-flight', Level, idOf.account),
      accountBalance: balance,
    };
    const stored = new RedisBalances(connection, MONEY_LIMIT);
    this.balances = {
      money: (account) => stored.money(account),
      credit: async (account, micros, reference) => {
        const answer = await stored.credit(account, micros, reference);
        balance.forgetRefusal(options.accountOf(account));
        return answer;
      },
    };
    this.#numbers = new NumberShare({
      connection,
      gatewayId,
      uptimeMs,
      onShare: options.onShare,
      whenAway: awayFraction === 0 ? Infinity : Math.ceil(1 / awayFraction),
    });
  }

  async open(): Promise<void> {
    const { timers } = this.#options;
    this.#stops = [
      timers.every(LEASE_TICK_MS, () => this.#tick()),
      timers.every(BEAT_MS, () => void this.#numbers.beat()),
    ];
    await this.#numbers.beat();
  }

  answered(): Promise<void> {
    this.#answer ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#answer = undefined;
        this.#askAndWait().then(resolve, reject);
      });
    });
    return this.#answer;
  }

  figures(): LeaseFigures {
    return {
      isAway: this.#away.includes(1),
      gateways: this.#numbers.gateways,
      leased: this.#shared.reduce((count, { leased }) => count + leased.activeCount, 0),
      draws: this.#draws,
      failures: this.#failures,
      awayCount: this.#shared.reduce((count, { leased }) => count + leased.awayCount, 0),
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    await this.#within(CLOSE_MS, Promise.all([...this.#shards.map((shard) => this.#returnAll(shard)), this.#leave()]));
  }

  settle(...[{ leased, key, turn, day }, answer, sentMs, redisMs]: Parameters<ShardListener['settle']>): void {
    if (leased.turnOf(key) !== turn) return;
    if (answer.isOtherDay) return leased.repeat(key);
    let endsAtMs = Infinity;
    if (day !== undefined) endsAtMs = sentMs + (day.endMs - redisMs) - DAY_MARGIN_MS;
    else if (leased.kind !== LeaseKind.Money) endsAtMs = sentMs + LEASE_MS - LEASE_MARGIN_MS;
    leased.settle(key, answer, this.#uptimeMs(), endsAtMs);
    this.#draws[answer.waitMs !== 0 ? 'refused' : answer.units > 0 ? 'granted' : 'told'] += 1;
  }

  forgotten(shard: number): void {
    for (const { leased } of this.#shared) {
      for (let index = leased.activeCount - 1; index >= 0; index -= 1) {
        const key = leased.activeAt(index);
        if (leased.shardOf(key) === shard) leased.drop(key);
      }
    }
  }

  isFree(): void {
    this.#askForLacking();
  }

  wentAway(shard: number, why: unknown): void {
    this.#failures += 1;
    for (const { leased } of this.#shared) leased.beginOutage(shard);
    if (!this.#away.includes(1)) {
      const { log, awayFraction } = this.#options;
      log.warn(
        { err: why, awayFraction },
        'Redis does not serve the shared limits; what is held on lease may still be used, then --limits-when-away holds',
      );
    }
    this.#away[shard] = 1;
  }

  cameBack(shard: number): void {
    this.#away[shard] = 0;
    if (!this.#away.includes(1)) this.#options.log.warn({}, 'Redis serves the shared limits again');
  }

  #share(limit: string, kind: number, idOf: (handle: number) => string, windowMs = 1): LeasedUnits {
    const { awayFraction } = this.#options;
    const leased = new LeasedUnits({ kind, windowMs, awayFraction, away: this.#away });
    this.#shared.push({ limit, leased, idOf, windowMs, keys: [] });
    return leased;
  }

  /** Asks, and waits for the answers; when a day is about to end, until it has. */
  async #askAndWait(): Promise<void> {
    this.#askForLacking();
    if (this.#isDayEnding()) {
      await this.#within(2 * DAY_MARGIN_MS, new Promise(() => {}));
      this.#askForLacking();
    }
    const isMore = this.#shards.map(() => false);
    for (const { leased } of this.#shared) {
      for (let index = 0; index < leased.lackingCount; index += 1) {
        isMore[leased.shardOf(leased.lackingAt(index))] = true;
      }
    }
    const answers = this.#shards.map((shard, index) => shard.answered(isMore[index] ?? false));
    await this.#within(LEASE_WAIT_MS, Promise.all(answers));
  }

  #askForLacking(): void {
    if (this.#isClosed) return;
    const nowMs = this.#uptimeMs();
    for (const shared of this.#shared) {
      const { leased } = shared;
      // A key that is asked about leaves the list, and the last one takes its place.
      for (let index = leased.lackingCount - 1; index >= 0; index -= 1) {
        this.#consider(shared, leased.lackingAt(index), nowMs);
      }
    }
    this.#sendBatches();
  }

  #tick(): void {
    const nowMs = this.#uptimeMs();
    for (const shared of this.#shared) {
      const { leased } = shared;
      for (let index = leased.activeCount - 1; index >= 0; index -= 1) {
        this.#consider(shared, leased.activeAt(index), nowMs);
      }
    }
    this.#sendBatches();
    for (const shard of this.#shards) shard.tend(nowMs);
  }

  /** Puts a key into the next call of its shard, if there is anything to say and the shard can be called. */
  #consider(shared: Shared, key: number, nowMs: number): void {
    const { leased } = shared;
    if (!leased.isPlaced(key)) this.#place(shared, key);
    const shard = this.#shards[leased.shardOf(key)];
    const batch = this.#batches[leased.shardOf(key)];
    if (shard === undefined || batch === undefined) return;
    if (!shard.isIdle || batch.lines.length === LEASE_KEYS_PER_CALL) return;
    let day: PacificDay | undefined;
    if (leased.kind === LeaseKind.Day) {
      const redisMs = nowMs + shard.redisAheadMs;
      day = this.#dayAt(redisMs);
      if (redisMs >= day.endMs - DAY_MARGIN_MS) return;
    }
    if (!leased.request(key, nowMs, this.#request, day?.ordinal)) return;
    batch.asked.push({ leased, key, turn: leased.turnOf(key), day });
    batch.lines.push(this.#lineOf(shared, key, day));
  }

  #lineOf({ leased, keys, windowMs }: Shared, key: number, day: PacificDay | undefined): QuotaLine {
    const line =
      day === undefined
        ? leaseLine(leased.kind, this.#request, windowMs, leased.turnOf(key), key)
        : leaseLine(leased.kind, this.#request, day.ordinal, day.startMs, day.endMs);
    return { key: keys[key] ?? '', line };
  }

  #sendBatches(): void {
    this.#shards.forEach((shard, index) => {
      const batch = this.#batches[index];
      if (batch === undefined || batch.lines.length === 0) return;
      shard.begin(batch.asked.splice(0), batch.lines.splice(0), this.#numbers.gateways);
    });
  }

  #place({ limit, leased, idOf, keys }: Shared, key: number): void {
    const name = { kind: leased.kind, limit, id: idOf(key) };
    keys[key] = quotaKey(name);
    leased.place(key, shardOfQuota(name));
  }

  /** Returns all leases of a shard, having heard what it holds. */
  async #returnAll(shard: LeaseShard): Promise<void> {
    await shard.answered(false);
    const nowMs = this.#uptimeMs();
    for (;;) {
      const asked: Asked[] = [];
      const lines: QuotaLine[] = [];
      for (const shared of this.#shared) {
        const { leased } = shared;
        for (let index = leased.activeCount - 1; index >= 0; index -= 1) {
          const key = leased.activeAt(index);
          if (leased.shardOf(key) !== shard.index || lines.length === LEASE_KEYS_PER_CALL) continue;
          const day = leased.kind === LeaseKind.Day ? this.#dayAt(nowMs + shard.redisAheadMs) : undefined;
          if (!leased.surrender(key, nowMs, this.#request, day?.ordinal)) continue;
          asked.push({ leased, key, turn: leased.turnOf(key), day });
          lines.push(this.#lineOf(shared, key, day));
        }
      }
      if (!shard.isIdle) return;
      const isLast = lines.length < LEASE_KEYS_PER_CALL;
      shard.begin(asked, lines, this.#numbers.gateways, isLast);
      await shard.answered(false);
      if (isLast || shard.isAway) return;
    }
  }

  async #leave(): Promise<void> {
    try {
      await this.#numbers.leave();
    } catch {
      // The others will notice in a few seconds.
    }
  }

  #isDayEnding(): boolean {
    if (this.#brandDay.lackingCount === 0) return false;
    const nowMs = this.#uptimeMs();
    return this.#shards.some(({ redisAheadMs }) => {
      const redisMs = nowMs + redisAheadMs;
      return redisMs >= this.#dayAt(redisMs).endMs - DAY_MARGIN_MS;
    });
  }

  #dayAt(redisMs: number): PacificDay {
    if (!(redisMs >= this.#day.startMs && redisMs < this.#day.endMs)) this.#day = pacificDayAt(redisMs);
    return this.#day;
  }

  /** Resolves with `work`, or without it after `ms`. */
  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    let stop = (): void => {};
    const isLate = new Promise<void>((resolve) => {
      stop = this.#options.timers.after(ms, resolve);
    });
    await Promise.race([work, isLate]);
    stop();
  }

  #uptimeMs(): number {
    return this.#options.clock.monotonicNs() / NS_PER_MS;
  }
}
