import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Allowance, NOT_LEASED } from '../../tariffs/index.ts';
import { systemClock } from '../control/index.ts';
import { MINUTE_MS } from '../router/index.ts';
import {
  attSms,
  endAll,
  type Gateway,
  gatewayOn,
  pause,
  proxyTo,
  redis,
  send,
  sum,
  until,
} from './gateways-under-test.ts';

afterEach(endAll);

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
    await vi.waitFor(() => expect(cutOff.keeper.figures().isAway).toBe(false), { timeout: 30_000 });
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
    expect(systemClock.nowMs() - startMs).toBeLessThan(5_000);
    expect(gateway.keeper.figures().isAway).toBe(true);
    const againMs = systemClock.nowMs();
    expect(await send(gateway, attSms(gateway), CAP)).toBe(NOT_LEASED);
    expect(systemClock.nowMs() - againMs).toBeLessThan(100);
    proxy.heal();
    await vi.waitFor(async () => expect(await send(gateway, attSms(gateway), CAP)).toBe(0), { timeout: 30_000 });
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
      for (let taken = 0; ;) {
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
    await vi.waitFor(() => expect(gateway.keeper.figures().isAway).toBe(false), { timeout: 30_000 });
    const other = await gatewayOn(server.url);
    const { units, ...ask } = { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
    let sent = 0;
    await vi.waitFor(
      async () => {
        if ((await send(other, other.keeper.limits.brandDay, 2_000)) === 0) sent += 1;
        expect(other.keeper.limits.brandDay.used(0, 2_000, { units, ...ask })).toBe(day + 1 + sent);
      },
      { timeout: 30_000, interval: 300 },
    );
  });
});
