import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import { loadWorld } from '../../load-world.ts';

const ALL = ['att', 'verizon', 'tmobile', 'uscellular', 'other'];
const activeAt = (...carriers: string[]) => ALL.map((carrier) => ({ carrier, active: carriers.includes(carrier) }));

let gateway: GatewayUnderTest;
let places = 100;
const freshNumber = (): string => gateway.number('att', (places += 1));
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

const lookup = async (number: string): Promise<unknown> =>
  (await gateway.ask<unknown>('GET', `/v1/lookup/${number}`)).body;
const register = (number: string, body: unknown) => gateway.ask<unknown>('PUT', `/v1/numbers/${number}`, body);

describe('looking a number up', () => {
  test.each([
    ['att', 'att', 'mobile'],
    ['verizon', 'verizon', 'mobile'],
    ['tmobile', 'tmobile', 'mobile'],
    ['uscellular', 'uscellular', 'mobile'],
    ['cpaas', 'other', 'unknown'],
    ['landline', null, 'landline'],
  ] as const)('one in a block of %s is of carrier %s, a %s line', async (group, carrier, lineType) => {
    const number = gateway.number(group);
    expect(await lookup(number)).toEqual({
      number,
      assigned: true,
      carrier,
      lineType,
      ported: false,
      registration: { state: 'not_in_registry', campaign: null, activeAt: null, carriers: [] },
      view: { ageMs: 0, stale: false },
    });
  });

  test('one in a block that nobody holds is assigned to nobody', async () => {
    expect(await lookup(gateway.number('nobody'))).toMatchObject({
      assigned: false,
      carrier: null,
      lineType: 'unknown',
    });
  });

  test('a plus sign may be escaped or not', async () => {
    const number = gateway.number('att');
    expect(await lookup(encodeURIComponent(number))).toEqual(await lookup(number));
  });
});

describe('registering', () => {
  test('takes effect at once, is looked up, moved, and taken back; afterwards there is no trace of it', async () => {
    const number = freshNumber();
    const before = await lookup(number);
    const first = await register(number, { campaign: 'CNOVZW1' });
    expect(first.status).toBe(200);
    const activeNow = new Date(gateway.time.nowMs()).toISOString();
    expect(first.body).toEqual({ number, campaign: 'CNOVZW1', state: 'registered', activeAt: activeNow });
    expect(await lookup(number)).toMatchObject({
      registration: {
        state: 'registered',
        campaign: 'CNOVZW1',
        activeAt: null,
        carriers: activeAt('att', 'tmobile', 'uscellular', 'other'),
      },
    });

    expect((await register(number, { campaign: 'CTOPA01' })).status).toBe(200);
    expect(await lookup(number)).toMatchObject({ registration: { campaign: 'CTOPA01', carriers: activeAt(...ALL) } });

    const gone = await gateway.ask('DELETE', `/v1/numbers/${number}`);
    expect([gone.status, gone.text]).toEqual([204, '']);
    expect(await lookup(number)).toEqual(before);

    const again = await gateway.ask('DELETE', `/v1/numbers/${number}`);
    expect(again.status).toBe(404);
    expect(again.body).toMatchObject({
      type: 'urn:tollgate:problem:not-registered',
      errors: [{ field: 'number', message: 'is not in the registry, which keeps no record of whether it ever was' }],
    });
  });

  test('the same twice changes nothing', async () => {
    const number = freshNumber();
    await register(number, { campaign: 'CTOPA01' });
    const count = gateway.core.registry.count;
    expect((await register(number, { campaign: 'CTOPA01' })).status).toBe(200);
    expect(gateway.core.registry.count).toBe(count);
  });

  test('with a delay the number is pending until its time has come, and a move starts the wait anew', async () => {
    const number = freshNumber();
    const startMs = gateway.time.nowMs();
    const first = await register(number, { campaign: 'CTOPA01', provisioningDelayMs: 1_000 });
    const dueAt = (ms: number): string => new Date(startMs + ms).toISOString();
    expect(first.status).toBe(202);
    expect(first.body).toEqual({ number, campaign: 'CTOPA01', state: 'pending', activeAt: dueAt(1_000) });
    gateway.time.advance(500);
    await register(number, { campaign: 'CMIDC01', provisioningDelayMs: 1_000 });
    gateway.time.advance(999);
    expect(await lookup(number)).toMatchObject({
      registration: { state: 'pending', campaign: 'CMIDC01', activeAt: dueAt(1_500), carriers: activeAt(...ALL) },
    });
    gateway.time.advance(1);
    expect(await lookup(number)).toMatchObject({ registration: { state: 'registered', campaign: 'CMIDC01' } });
  });

  test('a pending number can be taken back', async () => {
    const number = freshNumber();
    await register(number, { campaign: 'CTOPA01', provisioningDelayMs: 60_000 });
    expect((await gateway.ask('DELETE', `/v1/numbers/${number}`)).status).toBe(204);
    gateway.time.advance(60_000);
    expect(await lookup(number)).toMatchObject({ registration: { state: 'not_in_registry' } });
  });

  test('an expired campaign still has its numbers, active nowhere', async () => {
    const number = freshNumber();
    await register(number, { campaign: 'CEXPIR1' });
    expect(await lookup(number)).toMatchObject({
      registration: { state: 'registered', campaign: 'CEXPIR1', carriers: activeAt() },
    });
  });

  test('waits as long as the operator said when the request does not say', async () => {
    const slow = await openGatewayUnderTest({ provisioningDelayMs: 5_000 });
    try {
      const number = slow.number('att');
      expect((await slow.ask('PUT', `/v1/numbers/${number}`, { campaign: 'CTOPA01' })).status).toBe(202);
      const atOnce = await slow.ask('PUT', `/v1/numbers/${number}`, { campaign: 'CTOPA01', provisioningDelayMs: 0 });
      expect(atOnce.status).toBe(200);
    } finally {
      await slow.close();
    }
  });
});

test('campaigns are listed with where they are active, and whether they end', async () => {
  const { body } = await gateway.ask<{ campaigns: { campaign: string }[] }>('GET', '/v1/campaigns');
  expect(body.campaigns.map(({ campaign }) => campaign)).toEqual([
    'CTOPA01',
    'CMIDC01',
    'CLOWT01',
    'CSOLE01',
    'CNOVZW1',
    'CEXPIR1',
  ]);
  expect(body.campaigns[4]).toEqual({
    campaign: 'CNOVZW1',
    carriers: activeAt('att', 'tmobile', 'uscellular', 'other'),
    expiresAt: null,
  });
  expect(body.campaigns[5]).toEqual({
    campaign: 'CEXPIR1',
    carriers: activeAt(),
    expiresAt: '2024-01-01T00:00:00.000Z',
  });
});

test('nothing the registry says names a brand, by id or by name', async () => {
  const { brands, campaigns } = gateway.core;
  const ids = Array.from({ length: brands.count }, (_, brand) => brands.id(brand));
  const secrets = [...ids, ...loadWorld().declared.brands.map(({ name }) => name)];
  expect(secrets).toContain('BTOP001');
  expect(secrets).toContain('Example Bank');

  const said: string[] = [];
  for (let campaign = 0; campaign < campaigns.count; campaign += 1) {
    const number = freshNumber();
    const body = { campaign: campaigns.id(campaign), provisioningDelayMs: campaign % 2 === 0 ? 0 : 1_000 };
    said.push((await gateway.ask('PUT', `/v1/numbers/${number}`, body)).text);
    said.push((await gateway.ask('GET', `/v1/lookup/${number}`)).text);
    said.push((await gateway.send({ from: number })).text);
  }
  said.push((await gateway.ask('GET', '/v1/campaigns')).text);
  said.push((await gateway.ask('GET', '/v1/messages?limit=1000')).text);
  said.push((await gateway.ask('GET', '/metrics')).text);
  for (const secret of secrets) {
    expect(said.filter((text) => text.includes(secret))).toEqual([]);
  }
});
