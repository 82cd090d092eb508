import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { startRedisCluster } from '../../scripts/redis-cluster.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { CARRIERS } from '../../registry-cache/index.ts';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type Allowance, NOT_LEASED, pacificDayAt } from '../../tariffs/index.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { MINUTE_MS } from '../router/index.ts';
import { openSharedLimits, type SharedLimitsKeeper } from './index.ts';

const ATT = CARRIERS.findIndex(({ id }) => id === 'att');
const ACCOUNTS = ['acme', 'zenith'];

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function redis(): Promise<RedisServer> {
  const server = await startRedisServer();
  ends.push(() => server.stop());
  return server;
}

async function proxyTo(server: RedisServer): Promise<CuttingProxy & { readonly url: string }> {
  const proxy = await startCuttingProxy(server.port);
  ends.push(() => proxy.close());
  return Object.assign(proxy, { url: `redis://127.0.0.1:${proxy.port}` });
}

interface Gateway {
  readonly keeper: SharedLimitsKeeper;
  readonly connection: RedisConnection;
  readonly shares: number[];
  readonly uptimeMs: () => number;
}

let runs = 0;

async function gatewayOn(
  url: string,
  { skewMs = 0, whenAway = 'refuse' }: { skewMs?: number; whenAway?: 'refuse' | number } = {},
): Promise<Gateway> {
  const connection = await openRedis(url, { commandTimeoutMs: 1_000 });
  const shares: number[] = [];
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
    idOf: { campaign: (handle) => `C${handle}`, brand: (handle) => `B${handle}`, account: (handle) => ACCOUNTS[handle]! },
    accountOf: (id) => ACCOUNTS.indexOf(id),
    whenAway,
    onShare: (share) => shares.push(share),
  });
  for (const allowance of [...keeper.limits.campaignSms, ...Object.values(keeper.limits).flat()]) allowance?.ensure(2);
  ends.push(async () => {
    await keeper.close();
    await connection.close();
  });
  return { keeper, connection, shares, uptimeMs: () => monotonicNs() / 1e6 };
}

function gatewaysOn(url: string, count: number): Promise<Gateway[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => gatewayOn(url, { skewMs: [0, 2_000, -2_000][index % 3]! })));
}

/** A message as an edge sees it: what it is told in the end, 0 for taken. */
async function send(gateway: Gateway, allowance: Allowance, cap: number, units = 1, key = 0): Promise<number> {
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

/** Messages from all gateways, most from the first, until `isOver`; how many were taken by each. */
async function press(
  gateways: readonly Gateway[],
  of: (gateway: Gateway) => Allowance,
  cap: number,
  isOver: () => boolean,
): Promise<number[]> {
  const taken = gateways.map(() => 0);
  await Promise.all(
    gateways.map(async (gateway, index) => {
      while (!isOver()) {
        // The first one sends as fast as it can, the last hardly at all.
        for (let burst = 0; burst < (index === 0 ? 20 : 1); burst += 1) {
          if ((await send(gateway, of(gateway), cap)) === 0) taken[index]! += 1;
        }
        await pause(index === 0 ? 1 : 5 * index);
      }
    }),
  );
  return taken;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const until = (atMs: number) => (): boolean => systemClock.nowMs() >= atMs;
const attSms = ({ keeper }: Gateway): Allowance => keeper.limits.campaignSms[ATT]!;
const brandDay = ({ keeper }: Gateway): Allowance => keeper.limits.brandDay;

describe('eight gateways, one of them with nearly all of the load', () => {
  it('use a day to the last unit, and not one more', async () => {
    const { url } = await redis();
    const gateways = await gatewaysOn(url, 8);
    // A day that ends during the test would be two.
    const { endMs } = pacificDayAt(systemClock.nowMs());
    if (endMs - systemClock.nowMs() < 10_000) await pause(10_000);
    const taken = await press(gateways, brandDay, 2_000, until(systemClock.nowMs() + 1_500));
    expect(sum(taken)).toBe(2_000);
    expect(await send(gateways[7]!, brandDay(gateways[7]!), 2_000)).toBeGreaterThan(1_000);
    expect(brandDay(gateways[7]!).used(0, 2_000, { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 })).toBe(2_000);
  });

  it('use a rate to 95 % at least, and never more', async () => {
    const { url } = await redis();
    const gateways = await gatewaysOn(url, 8);
    const startMs = systemClock.nowMs();
    const taken = await press(gateways, attSms, 4_500, until(startMs + 2_500));
    const room = 4_500 * (1 + (systemClock.nowMs() - startMs) / MINUTE_MS);
    expect(sum(taken)).toBeLessThanOrEqual(room);
    expect(sum(taken)).toBeGreaterThan(0.95 * room);
  });

  it('and a rate per second as well', async () => {
    const { url } = await redis();
    const gateways = await gatewaysOn(url, 8);
    const startMs = systemClock.nowMs();
    const taken = await press(gateways, ({ keeper }) => keeper.limits.accountSms, 100, until(startMs + 2_500));
    const room = 100 * (1 + (systemClock.nowMs() - startMs) / 1_000);
    expect(sum(taken)).toBeLessThanOrEqual(room);
    expect(sum(taken)).toBeGreaterThan(0.95 * room);
  });
});
