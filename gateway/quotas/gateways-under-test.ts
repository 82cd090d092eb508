/**
 * Keepers of shared limits on one real Redis, as gateways in different processes would have them, and messages through their limits.
 */
import { type CuttingProxy, startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type Allowance, NOT_LEASED } from '../../tariffs/index.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { openSharedLimits, type SharedLimitsKeeper } from './index.ts';

const ATT = CARRIERS.findIndex(({ id }) => id === 'att');
const ACCOUNTS = ['acme', 'zenith'];

const ends: (() => Promise<unknown>)[] = [];

/** Has `end` called when the test is over; what began last ends first. */
export function atEnd(end: () => Promise<unknown>): void {
  ends.push(end);
}

/** For `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end();
}

export async function redis(): Promise<RedisServer> {
  const server = await startRedisServer();
  atEnd(() => server.stop());
  return server;
}

export async function proxyTo(server: RedisServer): Promise<CuttingProxy & { readonly url: string }> {
  const proxy = await startCuttingProxy(server.port);
  atEnd(() => proxy.close());
  return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` });
}

export interface Gateway {
  readonly keeper: SharedLimitsKeeper;
  readonly connection: RedisConnection;
  readonly shares: number[];
  readonly uptimeMs: () => number;
  /** Ids of campaigns by handle; C and the handle where there is none. */
  readonly campaigns: string[];
}

let runs = 0;

export async function gatewayOn(url: string, { skewMs = 0, awayFraction = 0 } = {}): Promise<Gateway> {
  const connection = await openRedis(url, { commandTimeoutMs: 1_000 });
  const shares: number[] = [];
  const campaigns: string[] = [];
  runs += 1;
  // Every machine has been up for another time.
  const bootNs = runs * 1e12;
  const monotonicNs = (): number => systemClock.monotonicNs() + bootNs;
  const keeper = await openSharedLimits({
    connection,
    clock: { nowMs: () => systemClock.nowMs() + skewMs, monotonicNs },
    timers: systemTimers,
    log: { warn: () => {} },
    gatewayId: `gateway-${runs}`,
    idOf: {
      campaign: (handle) => campaigns[handle] ?? `C${handle}`,
      brand: (handle) => `B${handle}`,
      account: (handle) => ACCOUNTS[handle] ?? '',
    },
    accountOf: (id) => ACCOUNTS.indexOf(id),
    awayFraction,
    onShare: (share) => shares.push(share),
  });
  for (const allowance of [...keeper.limits.campaignSms, ...Object.values(keeper.limits).flat()])
    allowance?.ensure(ACCOUNTS.length);
  atEnd(async () => {
    await keeper.close();
    await connection.close();
  });
  return { keeper, connection, shares, campaigns, uptimeMs: () => monotonicNs() / 1e6 };
}

export function gatewaysOn(url: string, count: number): Promise<Gateway[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => gatewayOn(url, { skewMs: [0, 2_000, -2_000][index % 3] ?? 0 })),
  );
}

/** A message as an edge sees it: what it is told in the end, 0 for taken. */
export async function send(gateway: Gateway, allowance: Allowance, cap: number, units = 1, key = 0): Promise<number> {
  const ask = { units, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
  for (let round = 0; ; round += 1) {
    ask.atMs = systemClock.nowMs();
    ask.uptimeMs = gateway.uptimeMs();
    const waitMs = allowance.waitMs(key, cap, ask);
    if (waitMs === 0) allowance.take(key, cap, ask);
    if (waitMs !== NOT_LEASED || round === 8) return waitMs;
    await gateway.keeper.answered();
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const until = (atMs: number) => (): boolean => systemClock.nowMs() >= atMs;
export const attSms = ({ keeper }: Gateway): Allowance => keeper.limits.campaignSms[ATT] as Allowance;
export const brandDay = ({ keeper }: Gateway): Allowance => keeper.limits.brandDay;
