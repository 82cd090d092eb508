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
  { skewMs = 0, awayFraction = 0 } = {},
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
    awayFraction,
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

describe('a Redis that goes away', () => {
  const CAP = 4_500;

  it('leaves what is held on lease, and then nothing; back, everything goes on, and what was spent is told once', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const [cutOff, other] = [await gatewayOn(proxy.url), await gatewayOn(server.url)];
    const startMs = systemClock.nowMs();
    let taken = 0;
    const takeAll = async (gateway: Gateway): Promise<void> => {
      while ((await send(gateway, attSms(gateway), CAP)) === 0) taken += 1;
    };
    for (let message = 0; message < 40; message += 1) {
      expect(await send(cutOff, attSms(cutOff), CAP)).toBe(0);
      taken += 1;
    }
    proxy.cut();
    await takeAll(cutOff);
    // Some of the lease was left.
    expect(taken).toBeGreaterThan(40);
    expect(taken).toBeLessThan(1_000);
    expect(await send(cutOff, attSms(cutOff), CAP)).toBe(NOT_LEASED);
    expect(cutOff.keeper.figures().isAway).toBe(true);
    proxy.heal();
    await vi.waitFor(() => expect(cutOff.keeper.figures().isAway).toBe(false), { timeout: 5_000 });
    await Promise.all([takeAll(cutOff), takeAll(other)]);
    const room = CAP * (1 + (systemClock.nowMs() - startMs) / MINUTE_MS);
    expect(taken).toBeLessThanOrEqual(room);
    expect(taken).toBeGreaterThan(0.95 * room);
    expect(cutOff.keeper.figures().awayCount).toBe(0);
  });

  it('again and again, in the middle of calls, has no unit granted or charged twice', async () => {
    const server = await redis();
    const proxies = await Promise.all([proxyTo(server), proxyTo(server), proxyTo(server)]);
    const gateways = await Promise.all(proxies.map(({ url }) => gatewayOn(url)));
    const money = ({ keeper }: Gateway): Allowance => keeper.limits.accountBalance;
    const credited = 20_000;
    await gateways[0]!.keeper.balances.credit('acme', credited, 'first');
    const overMs = systemClock.nowMs() + 4_000;
    proxies.forEach((proxy) => proxy.delay(3));
    const trouble = (async () => {
      for (let turn = 0; systemClock.nowMs() < overMs - 1_500; turn += 1) {
        const proxy = proxies[turn % 3]!;
        if (turn % 5 === 0) proxy.hang();
        else proxy.cut();
        await pause(20 + (turn % 4) * 30);
        proxy.heal();
        await pause(turn % 3 === 0 ? 250 : 7);
      }
      for (const proxy of proxies) proxy.heal();
    })();
    const taken = gateways.map(() => 0);
    await Promise.all(
      gateways.map(async (gateway, index) => {
        while (!until(overMs)()) {
          if ((await send(gateway, money(gateway), 0, 7)) === 0) taken[index]! += 7;
          await pause(1);
        }
      }),
    );
    await trouble;
    for (const { keeper } of gateways) await keeper.close();
    const { keeper } = await gatewayOn(server.url);
    const { balanceMicros, heldMicros, unaccountedMicros } = await keeper.balances.money('acme');
    // Nobody crashed, so every micro-dollar is somewhere.
    expect([heldMicros, unaccountedMicros, balanceMicros]).toEqual([0, 0, credited - sum(taken)]);
    expect(Math.min(...taken)).toBeGreaterThan(500);
  });

  it('without a word, is taken for away soon, and nobody waits for it', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const gateway = await gatewayOn(proxy.url);
    proxy.hang();
    const startMs = systemClock.nowMs();
    expect(await send(gateway, attSms(gateway), CAP)).toBe(NOT_LEASED);
    expect(systemClock.nowMs() - startMs).toBeLessThan(2_000);
    expect(gateway.keeper.figures().isAway).toBe(true);
    const againMs = systemClock.nowMs();
    expect(await send(gateway, attSms(gateway), CAP)).toBe(NOT_LEASED);
    expect(systemClock.nowMs() - againMs).toBeLessThan(100);
    proxy.heal();
    await vi.waitFor(async () => expect(await send(gateway, attSms(gateway), CAP)).toBe(0), { timeout: 5_000 });
  });

  it('has a fraction of each limit admitted, if the operator wants that, and tells it afterwards', async () => {
    const server = await redis();
    const proxy = await proxyTo(server);
    const gateway = await gatewayOn(proxy.url, { awayFraction: 0.1 });
    const { limits } = gateway.keeper;
    await gateway.keeper.balances.credit('acme', 1_000, 'first');
    expect(await send(gateway, limits.brandDay, 2_000)).toBe(0);
    expect(await send(gateway, attSms(gateway), 6_000)).toBe(0);
    proxy.cut();
    const takeFor = async (ms: number, allowance: Allowance, cap: number): Promise<number> => {
      const untilMs = systemClock.nowMs() + ms;
      for (let taken = 0; ; ) {
        if ((await send(gateway, allowance, cap)) === 0) taken += 1;
        else await pause(5);
        if (systemClock.nowMs() > untilMs) return taken;
      }
    };
    // A tenth of 2,000 less what was used, and what was left of a lease of 20.
    const day = await takeFor(300, limits.brandDay, 2_000);
    expect([day >= 197 && day <= 219, day]).toEqual([true, day]);
    // A tenth of 100 a second from an empty bucket, once what was left of a lease of 60 is gone.
    await takeFor(100, attSms(gateway), 6_000);
    const rate = await takeFor(1_000, attSms(gateway), 6_000);
    expect([rate >= 8 && rate <= 12, rate]).toEqual([true, rate]);
    expect(await takeFor(50, limits.accountInFlight, 100)).toBe(10);
    expect(await send(gateway, limits.accountBalance, 0)).toBe(NOT_LEASED);
    expect(gateway.keeper.figures()).toMatchObject({ isAway: true });
    expect(gateway.keeper.figures().awayCount).toBeGreaterThan(200);
    proxy.heal();
    await vi.waitFor(() => expect(gateway.keeper.figures().isAway).toBe(false), { timeout: 5_000 });
    await vi.waitFor(
      async () => {
        const other = await gatewayOn(server.url);
        await send(other, other.keeper.limits.brandDay, 2_000);
        const { units, ...ask } = { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
        expect(other.keeper.limits.brandDay.used(0, 2_000, { units, ...ask })).toBe(day + 2);
      },
      { timeout: 5_000, interval: 300 },
    );
  });
});

it('a gateway that ends gives everything back at once', async () => {
  const { url } = await redis();
  const [one, two] = [await gatewayOn(url), await gatewayOn(url)];
  await one.keeper.balances.credit('acme', 100_000, 'first');
  for (const allowance of [one.keeper.limits.accountBalance, one.keeper.limits.brandDay]) {
    expect(await send(one, allowance, 2_000, 3)).toBe(0);
  }
  expect((await two.keeper.balances.money('acme')).heldMicros).toBeGreaterThan(0);
  await one.keeper.close();
  expect(await two.keeper.balances.money('acme')).toEqual({ balanceMicros: 99_997, heldMicros: 0, unaccountedMicros: 0 });
  const units = { units: 1_997, atMs: 0, senderKey: 0, destinationKey: 0 };
  expect(await send(two, two.keeper.limits.brandDay, 2_000, units.units)).toBe(0);
});

it('money paid in at one gateway is there for the next message, though the last was refused', async () => {
  const { url } = await redis();
  const gateway = await gatewayOn(url);
  const { limits, balances } = gateway.keeper;
  expect(await send(gateway, limits.accountBalance, 0, 5)).toBe(Infinity);
  await balances.credit('acme', 5, 'first');
  expect(await send(gateway, limits.accountBalance, 0, 5)).toBe(0);
  expect(await send(gateway, limits.accountBalance, 0, 5)).toBe(Infinity);
  expect((await balances.money('acme')).balanceMicros).toBe(0);
});

describe('the part of limits that each gateway counts by itself', () => {
  it('is never more than the whole over all of them, as they come and go', async () => {
    const { url } = await redis();
    const all: Gateway[] = [];
    const watch = setInterval(() => {
      const parts = all.map(({ shares }) => 1 / (shares.at(-1) ?? Infinity));
      if (sum(parts) > 1 + 1e-9) all[0]!.shares.push(Number.NaN);
    }, 1);
    const settled = (gateways: readonly Gateway[], shares: readonly number[]): Promise<unknown> =>
      vi.waitFor(() => expect(gateways.map((one) => one.shares.at(-1))).toEqual(shares), { timeout: 6_000 });
    try {
      all.push(await gatewayOn(url));
      expect(all[0]!.shares).toEqual([1]);
      all.push(await gatewayOn(url), await gatewayOn(url));
      await settled(all, [3, 3, 3]);
      await all[1]!.keeper.close();
      await settled([all[0]!, all[2]!], [2, 2]);
      // One that crashes is missed after three seconds.
      all[2]!.connection.client.disconnect();
      all[2]!.shares.push(Infinity);
      await settled([all[0]!], [1]);
      expect(all[0]!.shares).not.toContain(Number.NaN);
    } finally {
      clearInterval(watch);
    }
  });
});

it('works on a cluster', async () => {
  const cluster = await startRedisCluster();
  ends.push(() => cluster.stop());
  const gateways = await gatewaysOn(cluster.url, 2);
  for (const key of [0, 1]) {
    for (const of of [attSms, brandDay, ({ keeper }: Gateway) => keeper.limits.accountSms]) {
      let taken = 0;
      for (const gateway of [...gateways, ...gateways]) {
        for (let message = 0; message < 20; message += 1) {
          if ((await send(gateway, of(gateway), 50, 1, key)) === 0) taken += 1;
        }
      }
      expect(taken).toBeGreaterThanOrEqual(50);
      expect(taken).toBeLessThan(60);
    }
  }
  await gateways[0]!.keeper.balances.credit('zenith', 1_000, 'first');
  expect(await send(gateways[1]!, gateways[1]!.keeper.limits.accountBalance, 0, 1_000, 1)).toBe(0);
});
