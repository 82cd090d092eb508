import { describe, expect, test } from 'vitest';
import { MemoryRegistryStore } from './memory-store.ts';
import { NumberRegistry } from './number-registry.ts';
import type { CampaignEntry, CampaignRecord, CarrierTerms, NumberChange } from './registry-store.ts';

const FIRST = 2_125_550_000;

describe('the store in memory', () => {
  test('tells its process of campaigns and terms before the call that published them returns', async () => {
    const heard: (readonly CampaignEntry[] | readonly CarrierTerms[])[] = [];
    const store = new MemoryRegistryStore({
      registry: new NumberRegistry(),
      listener: { campaignsChanged: (entries) => heard.push(entries), termsChanged: (terms) => heard.push(terms) },
    });
    await store.publishCampaigns([campaign('CONE001'), campaign('CTWO002')]);
    expect(heard.splice(0)).toEqual([
      [
        { handle: 0, record: campaign('CONE001') },
        { handle: 1, record: campaign('CTWO002') },
      ],
    ]);
    const terms: CarrierTerms = { campaign: 'CONE001', brand: 'BONE001', attClass: 1, tmobileTier: 2, useCase: '2FA' };
    await store.publishTerms([terms]);
    expect(heard).toEqual([[terms]]);
  });

  test('takes over the numbers a registry holds already, and counts them', async () => {
    const registry = new NumberRegistry();
    registry.register(FIRST, 0, 0, 1);
    registry.register(FIRST + 1, 0, 5000, 1);
    const store = new MemoryRegistryStore({ registry });
    await store.publishCampaigns([campaign('CONE001')]);
    await store.nnidRows(['100001']);
    expect(await store.read([FIRST, FIRST + 1])).toEqual([
      { key: FIRST, campaign: 0, nnid: 0, activeAtMs: 0 },
      { key: FIRST + 1, campaign: 0, nnid: 0, activeAtMs: 5000 },
    ]);
    expect((await store.apply([set(2, 2)], 1)).outcomes).toEqual([{ done: false, refusal: 'number_limit' }]);
    expect((await store.apply([set(2, 3)], 1)).outcomes).toEqual([{ done: true, previous: undefined }]);
  });

  test('takes at most 12 bytes per number when its indexes are full', async () => {
    const registry = new NumberRegistry();
    const store = new MemoryRegistryStore({ registry });
    await store.publishCampaigns([campaign('CONE001')]);
    await store.nnidRows(['100001', '100002']);
    for (let from = 0; registry.index.size < registry.index.capacity; from += 1000) {
      const count = Math.min(1000, registry.index.capacity - registry.index.size);
      await store.apply(
        Array.from({ length: count }, (_, n) => set(from + n, Infinity)),
        1,
      );
    }
    const { bytes, numbers } = await store.stats();
    expect((bytes ?? Infinity) / numbers).toBeLessThan(12);
  });
});

function set(n: number, numberLimit: number): NumberChange {
  return { kind: 'set', key: FIRST + n, campaign: 0, nnid: n % 2, activeAtMs: 0, numberLimit };
}

function campaign(id: string): CampaignRecord {
  return {
    id,
    status: 1,
    operations: ['approved'],
    standing: 'available',
    dca: undefined,
    numberLimit: 49,
    expiresAtMs: Infinity,
  };
}
