import { describe, expect, test } from 'vitest';
import { BrandTable, CampaignTable, USE_CASES, type Campaign } from './campaign-table.ts';
import { CARRIERS } from './carriers.ts';

const bakery: Campaign = {
  id: 'CBAKERY',
  brand: 0,
  status: 0b00101,
  attClass: 4,
  useCase: 'MARKETING',
  expiresAtMs: Infinity,
};

describe('brands', () => {
  test('are found by id and read by handle', () => {
    const brands = new BrandTable();
    expect(brands.add({ id: 'BONE001', tmobileTier: 3 })).toBe(0);
    expect(brands.add({ id: 'BTWO002', tmobileTier: 0 })).toBe(1);
    expect([brands.find('BTWO002'), brands.find('BNONE00'), brands.count]).toEqual([1, -1, 2]);
    expect([brands.id(0), brands.tmobileTier(0)]).toEqual(['BONE001', 3]);
    brands.setTmobileTier(0, 1);
    expect(brands.tmobileTier(0)).toBe(1);
  });

  test('an id is taken once, and a tier is a byte', () => {
    const brands = new BrandTable();
    brands.add({ id: 'BONE001', tmobileTier: 0 });
    expect(() => brands.add({ id: 'BONE001', tmobileTier: 0 })).toThrow(/exists already/);
    expect(() => brands.add({ id: 'BTWO002', tmobileTier: 256 })).toThrow(RangeError);
    expect(() => brands.setTmobileTier(0, -1)).toThrow(RangeError);
    expect(() => brands.setTmobileTier(1, 0)).toThrow(RangeError);
    expect(() => brands.id(1)).toThrow(RangeError);
    expect(brands.count).toBe(1);
  });
});

describe('campaigns', () => {
  test('are found by id, and their columns read by handle', () => {
    const campaigns = new CampaignTable();
    const handle = campaigns.add(bakery);
    expect([campaigns.find('CBAKERY'), campaigns.find('CNONE00'), campaigns.count]).toEqual([handle, -1, 1]);
    expect(campaigns.read(handle)).toEqual(bakery);
    expect(USE_CASES[campaigns.useCase(handle)]).toBe('MARKETING');
    const activeAt = CARRIERS.filter((_, bit) => (campaigns.status(handle) & (1 << bit)) !== 0).map(
      (carrier) => carrier.id,
    );
    expect(activeAt).toEqual(['att', 'tmobile']);
  });

  test('an update changes what it names and nothing else', () => {
    const campaigns = new CampaignTable();
    const handle = campaigns.add(bakery);
    campaigns.update(handle, { status: 0, expiresAtMs: 1000 });
    expect(campaigns.read(handle)).toEqual({ ...bakery, status: 0, expiresAtMs: 1000 });
  });

  test('keep their columns when the table grows', () => {
    const campaigns = new CampaignTable();
    const all = Array.from({ length: 1000 }, (_, i) => ({
      id: `C${i}`,
      brand: i * 3,
      status: i,
      attClass: i % 256,
      useCase: USE_CASES[i % USE_CASES.length]!,
      expiresAtMs: i * 1e9,
    }));
    expect(all.map((campaign) => campaigns.add(campaign))).toEqual(all.map((_, i) => i));
    expect(all.map((_, i) => campaigns.read(i))).toEqual(all);
  });

  test.each([
    ['a brand that is no handle', { brand: -1 }, /brand -1/],
    ['a status of more than 32 bits', { status: 2 ** 32 }, /status 4294967296/],
    ['a class that is no byte', { attClass: 256 }, /attClass 256/],
    ['a use case nobody knows', { useCase: 'SPAM' }, /SPAM.*use one of 2FA/],
    ['no moment of expiry', { expiresAtMs: Number.NaN }, /expires/],
  ])('with %s are refused, new or changed', (_what, wrong, message) => {
    const campaigns = new CampaignTable();
    const handle = campaigns.add(bakery);
    expect(() => campaigns.add({ ...bakery, id: 'COTHER0', ...wrong })).toThrow(message);
    expect(() => campaigns.update(handle, wrong)).toThrow(message);
    expect([campaigns.count, campaigns.find('COTHER0'), campaigns.read(handle)]).toEqual([1, -1, bakery]);
  });

  test('an id is taken once, and an unknown handle is a RangeError', () => {
    const campaigns = new CampaignTable();
    campaigns.add(bakery);
    expect(() => campaigns.add(bakery)).toThrow(/exists already/);
    for (const handle of [-1, 1, 0.5, Number.NaN]) {
      expect(() => campaigns.id(handle)).toThrow(RangeError);
      expect(() => campaigns.update(handle, { status: 0 })).toThrow(RangeError);
    }
  });
});
