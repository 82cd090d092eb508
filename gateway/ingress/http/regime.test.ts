import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';

interface RegimeAnswer {
  readonly date: string;
  readonly carriers: readonly {
    readonly carrier: string;
    readonly regime: string;
    readonly share: number;
    readonly switched: boolean;
  }[];
}

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterEach(async () => {
  await gateway.ask('PUT', '/v1/regime', { regime: 'dated' });
});
afterAll(() => gateway.close());

const putRegime = (body: unknown) => gateway.ask<RegimeAnswer>('PUT', '/v1/regime', body);
const decisionAt = async (carrier: 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other'): Promise<string> => {
  const { status, body } = await gateway.send({ to: gateway.number(carrier) });
  return `${status} ${body.decision}`;
};
const regimesOf = ({ carriers }: RegimeAnswer): string[] =>
  carriers.map(({ carrier, regime, switched }) => `${carrier} ${regime}${switched ? ' switched' : ''}`);

const DATED = ['att', 'verizon', 'tmobile', 'uscellular', 'other'].map((carrier) => `${carrier} charge-more`);

test('at the default date every carrier lets the unregistered pass and charges more, by a dated row with its source', async () => {
  const { body } = await gateway.ask<RegimeAnswer>('GET', '/v1/regime');
  expect(body.date).toBe('2024-03-01');
  expect(regimesOf(body)).toEqual(DATED);
  expect(body.carriers[0]).toEqual({
    carrier: 'att',
    regime: 'charge-more',
    share: 0,
    switched: false,
    from: '2022-03-01',
    confidence: 'A',
    sources: ['BW-ATT', 'PL-10DLC', 'BW-UNREG'],
    note: null,
  });
});

describe('switching at run time', () => {
  test('one carrier blocks from the next message on; the others go on as they did', async () => {
    expect(await decisionAt('att')).toBe('202 accepted');
    const { status, body } = await putRegime({ regime: 'block', carrier: 'att' });
    expect(status).toBe(200);
    expect(regimesOf(body)).toEqual(['att block switched', ...DATED.slice(1)]);

    expect(await decisionAt('att')).toBe('403 unregistered_blocked');
    expect(await decisionAt('verizon')).toBe('202 accepted');
    const refused = await gateway.send();
    expect(refused.body).toMatchObject({
      status: 'rejected',
      price: { totalMicros: 0, postings: [] },
      limit: { name: 'carrier_regime', scope: 'carrier', key: 'att', used: 0, cap: 0 },
    });
    expect(refused.body).not.toHaveProperty('retryAfterMs');
    expect(refused.headers.get('retry-after')).toBeNull();

    expect(regimesOf((await putRegime({ regime: 'dated', carrier: 'att' })).body)).toEqual(DATED);
    expect(await decisionAt('att')).toBe('202 accepted');
  });

  test('without a carrier all of them', async () => {
    expect(regimesOf((await putRegime({ regime: 'block' })).body)).toEqual(
      DATED.map((line) => line.replace('charge-more', 'block switched')),
    );
    for (const carrier of ['att', 'verizon', 'tmobile', 'uscellular', 'other'] as const) {
      expect(await decisionAt(carrier)).toBe('403 unregistered_blocked');
    }
  });

  test('a block concerns neither the registered nor the P2P route', async () => {
    const from = gateway.number('cpaas', 5);
    await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CTOPA01' });
    await putRegime({ regime: 'block' });
    expect((await gateway.send({ from })).status).toBe(202);
    expect((await gateway.send({ route: 'p2p' })).status).toBe(202);
  });

  test('a filter refuses about its share, all at one and none at nought', async () => {
    const refusedOf1000 = async (body: unknown): Promise<number> => {
      await putRegime(body);
      const message = { from: gateway.number('cpaas'), to: gateway.number('tmobile'), text: 'hello' };
      const batch = Array.from({ length: 1_000 }, () => message);
      const answer = await gateway.ask<{ results: { decision: string }[] }>('POST', '/v1/messages/batch', batch);
      const decisions = answer.body.results.map(({ decision }) => decision);
      expect(decisions.filter((one) => one !== 'accepted' && one !== 'unregistered_filtered')).toEqual([]);
      return decisions.filter((one) => one === 'unregistered_filtered').length;
    };
    expect(await refusedOf1000({ regime: 'filter', share: 1 })).toBe(1_000);
    expect(await refusedOf1000({ regime: 'filter', share: 0 })).toBe(0);
    // Four standard deviations around the mean.
    const aQuarter = await refusedOf1000({ regime: 'filter', share: 0.25 });
    expect(Math.abs(aQuarter - 250)).toBeLessThan(55);
    const byDefault = await refusedOf1000({ regime: 'filter' });
    expect(Math.abs(byDefault - 500)).toBeLessThan(64);
    expect((await gateway.ask<RegimeAnswer>('GET', '/v1/regime')).body.carriers[0]).toMatchObject({ share: 0.5 });
  });
});

test('the dated rows of another day hold on that day', async () => {
  const later = await openGatewayUnderTest({ tariffDate: Date.UTC(2025, 5, 1) });
  try {
    const { body } = await later.ask<RegimeAnswer>('GET', '/v1/regime');
    expect(body.date).toBe('2025-06-01');
    expect(regimesOf(body)).toEqual([
      'att block',
      'verizon block',
      'tmobile block',
      'uscellular block',
      'other charge-more',
    ]);
    expect((await later.send()).body.decision).toBe('unregistered_blocked');
  } finally {
    await later.close();
  }
});

test('a tariff date of today follows the clock', async () => {
  const today = await openGatewayUnderTest({ tariffDate: undefined });
  try {
    expect((await today.ask<RegimeAnswer>('GET', '/v1/regime')).body.date).toBe('2024-03-01');
    expect((await today.send()).body.price.totalMicros).toBe(18_400);
  } finally {
    await today.close();
  }
});
