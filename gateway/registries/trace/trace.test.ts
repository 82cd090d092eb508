import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ANY_NNID,
  type CampaignRecord,
  MemoryRegistryStore,
  NumberRegistry,
  type RegistryStore,
} from '../../../registry-cache/index.ts';
import type { Trace } from './trace.ts';
import { traceRoute } from './trace-route.ts';

const NOON = Date.UTC(2024, 2, 1, 12);
const HOUR = 3_600_000;
const NUMBER = '+12125550123';
const KEY = 2_125_550_123;
const OWNER = { brand: { id: 'BTEST01', name: 'Example Bank' }, csp: { id: 'STEST01', name: 'Example Messaging' } };

const RECORD: CampaignRecord = {
  id: 'CTEST01',
  status: 0b11111,
  operations: [],
  standing: 'available',
  dca: 'NORTH',
  numberLimit: 49,
  expiresAtMs: Infinity,
};

let app: FastifyInstance | undefined;
afterEach(async () => app?.close());

interface World {
  readonly store: RegistryStore;
  trace(query: Readonly<Record<string, string>>): Promise<{ status: number; body: Trace }>;
  set(atMs: number): Promise<void>;
  remove(atMs: number): Promise<void>;
}

async function openWorld(own: { history?: boolean; discloses?: boolean; owner?: undefined } = {}): Promise<World> {
  let ns = 0;
  const store = new MemoryRegistryStore({ registry: new NumberRegistry(), history: own.history ?? false });
  const [campaign = -1] = await store.publishCampaigns([RECORD]);
  const [nnid = -1] = await store.nnidRows(['104801']);
  app = Fastify();
  await app.register(traceRoute, {
    store,
    latestMessage: (key, atMs) => (key === KEY && atMs >= NOON ? { id: 'M1-1', atMs: NOON } : undefined),
    partners: [{ id: 'NORTH', nnids: ['104801'], discloses: own.discloses ?? false }],
    campaignId: () => RECORD.id,
    ownerOf: () => Promise.resolve('owner' in own ? own.owner : OWNER),
    clock: { nowMs: () => NOON + 24 * HOUR, monotonicNs: () => (ns += 2_500_000) },
    requireAdmin: undefined,
  });
  return {
    store,
    trace: async (query) => {
      const answer = await app!.inject({ url: '/v1/trace', query });
      return { status: answer.statusCode, body: answer.json() };
    },
    set: async (atMs) => {
      const change = { kind: 'set', key: KEY, campaign, nnid, activeAtMs: 0, numberLimit: 49 } as const;
      await store.apply([change], atMs);
    },
    remove: async (atMs) => {
      await store.apply([{ kind: 'remove', key: KEY, nnid: ANY_NNID }], atMs);
    },
  };
}

const states = ({ chain }: Trace): string[] => chain.map((link) => `${link.link} ${link.state}`);

describe('by a registry without history', () => {
  it('a number that is no longer registered leads nowhere', async () => {
    const world = await openWorld();
    await world.set(NOON);
    await world.remove(NOON + HOUR);
    const { body } = await world.trace({ number: NUMBER, at: '2024-03-01T12:30:00Z' });
    expect(body).toMatchObject({ number: NUMBER, outcome: 'broken', brokenLink: 'number_to_campaign', tookMs: 2.5 });
    expect(states(body)).toEqual([
      'message found',
      'number_to_campaign broken',
      'campaign_to_brand not_reached',
      'brand_to_csp not_reached',
    ]);
    expect(body.chain[1]?.reasons).toEqual(['number_not_registered', 'registry_holds_no_history']);
  });

  it('a number that is registered cannot be told to what it was then', async () => {
    const world = await openWorld();
    await world.set(NOON);
    const { body } = await world.trace({ number: NUMBER, at: '2024-03-01T12:30:00Z' });
    expect(body.chain[1]).toMatchObject({ state: 'broken', reasons: ['registry_holds_no_history'] });
  });

  it('a number that is registered now leads to a campaign, and there it ends: no brand, no disclosure', async () => {
    const world = await openWorld();
    await world.set(NOON);
    const { body } = await world.trace({ number: NUMBER });
    expect(body.brokenLink).toBe('campaign_to_brand');
    expect(body.chain[1]?.found).toEqual({ campaign: 'CTEST01', nnid: '104801', state: 'active' });
    expect(body.chain[2]?.reasons).toEqual(['number_registry_holds_no_brand', 'dca_disclosure_not_given']);
    expect(JSON.stringify(body)).not.toMatch(/BTEST01|Example Bank/);
  });

  it('a DCA that discloses lets the trace of a present registration succeed', async () => {
    const world = await openWorld({ discloses: true });
    await world.set(NOON);
    const { body } = await world.trace({ number: NUMBER });
    expect(body.outcome).toBe('traced');
    expect(body.brokenLink).toBeUndefined();
    expect(body.chain[2]?.found).toEqual({ brand: 'BTEST01', name: 'Example Bank', disclosedBy: 'NORTH' });
    expect(body.chain[3]?.found).toEqual({ csp: 'STEST01', name: 'Example Messaging' });
  });

  it('a campaign that the campaign registry does not know ends it too', async () => {
    const world = await openWorld({ discloses: true, owner: undefined });
    await world.set(NOON);
    const { body } = await world.trace({ number: NUMBER });
    expect(body.chain[2]?.reasons).toEqual(['campaign_not_in_campaign_registry']);
  });
});

describe('by a registry with history', () => {
  it('succeeds for a number that was removed since, and not for a time before it was registered', async () => {
    const world = await openWorld({ history: true });
    await world.set(NOON);
    await world.remove(NOON + HOUR);
    const then = await world.trace({ number: NUMBER, at: '2024-03-01T12:30:00Z' });
    expect(then.body).toMatchObject({ outcome: 'traced', at: '2024-03-01T12:30:00.000Z' });
    expect(then.body.chain[2]?.found).toEqual({ brand: 'BTEST01', name: 'Example Bank', disclosedBy: 'closed loop' });
    for (const at of ['2024-03-01T11:59:59Z', '2024-03-01T13:00:00Z']) {
      const { body } = await world.trace({ number: NUMBER, at });
      expect(body.chain[1]?.reasons).toEqual(['number_not_registered_then']);
    }
  });

  it('traces a toll-free number, which may send too', async () => {
    const { status, body } = await (await openWorld({ history: true })).trace({ number: '+18335550123' });
    expect([status, body.number]).toEqual([200, '+18335550123']);
  });

  it('does not need the message', async () => {
    const world = await openWorld({ history: true });
    await world.set(NOON - HOUR);
    const { body } = await world.trace({ number: NUMBER, at: '2024-03-01T11:30:00Z' });
    expect(body.chain[0]).toMatchObject({ link: 'message', state: 'not_held' });
    expect(body.outcome).toBe('traced');
  });
});

describe('what cannot be traced', () => {
  it.each([
    [{ number: '12' }, 'number: '],
    [{ number: NUMBER, at: 'yesterday' }, 'at: is no moment; write it as 2024-03-01T18:00:00Z'],
    [{ number: NUMBER, at: '2024-03-01T25:00:00Z' }, 'at: is no moment'],
  ])('%j is refused by name', async (query, said) => {
    const { status, body } = await (await openWorld()).trace(query);
    expect(status).toBe(400);
    expect((body as unknown as { detail: string }).detail).toContain(said);
  });
});
