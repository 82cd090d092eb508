import { afterEach, describe, expect, it } from 'vitest';
import { startRedisCluster } from '../../scripts/redis-cluster.ts';
import { type Allowance, pacificDayAt } from '../../tariffs/index.ts';
import { systemClock } from '../control/index.ts';
import { MINUTE_MS } from '../router/index.ts';
import {
  atEnd,
  attSms,
  brandDay,
  endAll,
  type Gateway,
  gatewayOn,
  gatewaysOn,
  pause,
  redis,
  send,
  sum,
  until,
} from './gateways-under-test.ts';

afterEach(endAll);

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
    expect(
      brandDay(gateways[7]!).used(0, 2_000, { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 }),
    ).toBe(2_000);
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

it('a gateway that ends gives everything back at once', async () => {
  const { url } = await redis();
  const [one, two] = [await gatewayOn(url), await gatewayOn(url)];
  await one.keeper.balances.credit('acme', 100_000, 'first');
  for (const allowance of [one.keeper.limits.accountBalance, one.keeper.limits.brandDay]) {
    expect(await send(one, allowance, 2_000, 3)).toBe(0);
  }
  expect((await two.keeper.balances.money('acme')).heldMicros).toBeGreaterThan(0);
  await one.keeper.close();
  expect(await two.keeper.balances.money('acme')).toEqual({
    balanceMicros: 99_997,
    heldMicros: 0,
    unaccountedMicros: 0,
  });
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

it('a handle that another campaign gets is drawn for under its name, and that campaign has no more than its limit', async () => {
  const { url } = await redis();
  const [one, two] = await gatewaysOn(url, 2);
  const CAP = 300;
  const startMs = systemClock.nowMs();
  const taken = new Map<string, number>();
  const takeSome = async (gateway: Gateway, key: number, many: number): Promise<void> => {
    const id = gateway.campaigns[key] ?? `C${key}`;
    for (let message = 0; message < many; message += 1) {
      if ((await send(gateway, attSms(gateway), CAP, 1, key)) !== 0) return;
      taken.set(id, (taken.get(id) ?? 0) + 1);
    }
  };
  await takeSome(one!, 0, 50);
  await takeSome(one!, 1, 50);
  // The handles change places while a question about the first one is under way.
  const asked = send(one!, attSms(one!), CAP, 30);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  one!.campaigns.push('C1', 'C0');
  for (const key of [0, 1]) attSms(one!).replaced?.(key);
  if ((await asked) === 0) taken.set('C1', (taken.get('C1') ?? 0) + 30);
  const overMs = systemClock.nowMs() + 3_000;
  while (!until(overMs)()) {
    await takeSome(one!, 0, 10);
    await takeSome(two!, 1, 10);
    await pause(20);
  }
  const room = CAP * (1 + (systemClock.nowMs() - startMs) / MINUTE_MS);
  expect(taken.get('C1')).toBeLessThanOrEqual(room);
  expect(taken.get('C1')).toBeGreaterThan(0.6 * room);
});

it('works on a cluster', async () => {
  const cluster = await startRedisCluster();
  atEnd(() => cluster.stop());
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
