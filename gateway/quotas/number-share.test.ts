import { afterEach, describe, expect, it, vi } from 'vitest';
import { endAll, type Gateway, gatewayOn, redis, sum } from './gateways-under-test.ts';

afterEach(endAll);

describe('the part of limits that each gateway counts by itself', () => {
  it('is never more than the whole over all of them, as they come and go', async () => {
    const { url } = await redis();
    const all: Gateway[] = [];
    const watch = setInterval(() => {
      const parts = all.map(({ shares }) => 1 / (shares.at(-1) ?? Infinity));
      if (sum(parts) > 1 + 1e-9) all[0]!.shares.push(Number.NaN);
    }, 1);
    const settled = (gateways: readonly Gateway[], shares: readonly number[]): Promise<unknown> =>
      vi.waitFor(() => expect(gateways.map((one) => one.shares.at(-1))).toEqual(shares), { timeout: 30_000 });
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
