import { describe, expect, it } from 'vitest';
import type { CampaignEntry, CarrierTerms } from '../../registry-cache/index.ts';
import { coreUnderTest } from '../router/world-under-test.ts';
import { CampaignTables } from './campaign-tables.ts';

const ALL = 0b11111;

function entry(handle: number, status = ALL): CampaignEntry {
  const record = {
    id: `CTEST0${handle}`,
    status,
    operations: [],
    standing: 'available',
    dca: 'NORTH',
    numberLimit: 49,
    expiresAtMs: Infinity,
  } as const;
  return { handle, record };
}

function terms(handle: number, own: Partial<CarrierTerms> = {}): CarrierTerms {
  return { campaign: `CTEST0${handle}`, brand: 'BTEST01', attClass: 3, tmobileTier: 2, useCase: '2FA', ...own };
}

describe('CampaignTables', () => {
  it('joins what came by halves before it was captured, where that is restored', () => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    tables.termsChanged([terms(0), terms(1)]);
    tables.campaignsChanged([entry(0), entry(1), entry(2)]);
    tables.termsChanged([terms(3)]);

    const other = coreUnderTest();
    const restored = new CampaignTables(other);
    restored.termsChanged([terms(4)]);
    other.campaigns.restore(structuredClone(core.campaigns.capture()));
    other.brands.restore(structuredClone(core.brands.capture()));
    restored.restore(structuredClone(tables.capture()));
    restored.termsChanged([terms(2)]);
    restored.campaignsChanged([entry(3), entry(4)]);
    expect(Array.from({ length: 5 }, (_, handle) => other.campaigns.status(handle))).toEqual([ALL, ALL, ALL, ALL, 0]);
  });

  it.each([
    ['record first', true],
    ['terms first', false],
  ])('joins record and terms: %s', (_name, recordFirst) => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    if (recordFirst) {
      tables.campaignsChanged([entry(0)]);
      expect(core.campaigns.status(0)).toBe(0);
      tables.termsChanged([terms(0)]);
    } else {
      tables.termsChanged([terms(0)]);
      expect(core.campaigns.count).toBe(0);
      tables.campaignsChanged([entry(0)]);
    }
    expect(core.campaigns.read(0)).toEqual({
      id: 'CTEST00',
      brand: 0,
      status: ALL,
      attClass: 3,
      useCase: '2FA',
      expiresAtMs: Infinity,
    });
    expect(core.brands.tmobileTier(0)).toBe(2);
  });

  it('keeps a campaign without terms active nowhere, whatever its record says', () => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    tables.campaignsChanged([entry(0, 0b1)]);
    tables.campaignsChanged([entry(0, 0b11)]);
    expect(core.campaigns.status(0)).toBe(0);
    tables.termsChanged([terms(0)]);
    expect(core.campaigns.status(0)).toBe(0b11);
  });

  it('follows changes, and hearing one twice changes nothing', () => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    for (let times = 0; times < 2; times++) {
      tables.campaignsChanged([entry(0), entry(1)]);
      tables.termsChanged([terms(0), terms(1, { brand: 'BTEST02' })]);
    }
    expect([core.campaigns.count, core.brands.count]).toEqual([2, 2]);
    tables.campaignsChanged([entry(1, 0b101)]);
    tables.termsChanged([terms(0, { tmobileTier: 0, attClass: 1 })]);
    expect(core.campaigns.status(1)).toBe(0b101);
    expect([core.campaigns.attClass(0), core.brands.tmobileTier(0), core.brands.tmobileTier(1)]).toEqual([1, 0, 2]);
  });

  it('gives a new campaign and brand room for their limits', () => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    tables.campaignsChanged([entry(0)]);
    tables.termsChanged([terms(0)]);
    const ask = { units: 1, atMs: 0, uptimeMs: 0, senderKey: 0, destinationKey: 0 };
    expect(core.limits.brandDay.waitMs(0, 60, ask)).toBe(0);
    expect(core.limits.campaignSms[0]!.waitMs(0, 60, ask)).toBe(0);
  });

  it('follows a store that was emptied and gave its handles to others', () => {
    const core = coreUnderTest();
    const tables = new CampaignTables(core);
    tables.campaignsChanged([entry(0), entry(1), entry(2)]);
    tables.termsChanged([terms(0, { attClass: 0 }), terms(1, { attClass: 1 }), terms(2, { attClass: 2 })]);
    const named = (handle: number, id: string): CampaignEntry => {
      return { handle, record: { ...entry(handle).record, id } };
    };
    tables.campaignsChanged([named(0, 'CTEST02'), named(1, 'CTEST09')]);
    expect(core.campaigns.read(0)).toMatchObject({ id: 'CTEST02', attClass: 2, status: ALL });
    expect(core.campaigns.read(1)).toMatchObject({ id: 'CTEST09', status: 0 });
    expect(core.campaigns.find('CTEST02')).toBe(0);
    tables.termsChanged([{ ...terms(1), campaign: 'CTEST09', attClass: 9 }]);
    expect(core.campaigns.read(1)).toMatchObject({ id: 'CTEST09', attClass: 9, status: ALL });
    tables.campaignsChanged([named(2, 'CTEST01')]);
    expect(core.campaigns.find('CTEST01')).toBe(2);
  });

  it('tells the limits of campaigns of a handle that another campaign got', () => {
    const core = coreUnderTest();
    const replaced: number[] = [];
    for (const allowance of core.limits.campaignSms) {
      if (allowance !== null) allowance.replaced = (key) => replaced.push(key);
    }
    const tables = new CampaignTables(core);
    tables.campaignsChanged([entry(0), entry(1)]);
    tables.campaignsChanged([{ handle: 1, record: { ...entry(1).record, id: 'CTEST09' } }]);
    expect(replaced).toEqual([1, 1, 1]);
  });

  it('refuses a gap between handles', () => {
    const tables = new CampaignTables(coreUnderTest());
    expect(() => tables.campaignsChanged([entry(1)])).toThrow('CTEST01 came with handle 1 before those below it');
  });
});
