import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCampaigns } from '../../read-campaigns.ts';
import { ATT_CLASSES, TMOBILE_TIERS } from '../../../tariffs/index.ts';
import { MemoryTcrStore } from './memory-tcr-store.ts';
import type { Seeding } from './seed.ts';
import { DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

// The file that the gateway ships: one campaign for each limit that a test may want to meet.

function shipped(): Seeding {
  const path = new URL('../../starter-campaigns.yaml', import.meta.url);
  const read = readCampaigns(readFileSync(path, 'utf8'), 'starter-campaigns.yaml');
  if (!read.ok) throw new Error('the file does not parse');
  return { ...read.file, cspId: 'SDEMO01', dcaId: 'NORTH' };
}

let tcr: TcrUnderTest;
beforeEach(async () => (tcr = await openTcrUnderTest()));
afterEach(() => tcr.close());

test('campaigns of a file leave the registry with exactly the carriers, classes and tiers it gives them', async () => {
  const seeding = shipped();
  await tcr.service.seed(seeding);
  expect(seeding.campaigns.length).toBeGreaterThan(5);
  for (const { id, status, expiresAtMs, attClass, brand, useCase } of seeding.campaigns) {
    expect(tcr.records.get(id)).toMatchObject({ status, expiresAtMs, dca: 'NORTH' });
    const tmobileTier = seeding.brands.find((one) => one.id === brand)?.tmobileTier;
    expect(tcr.terms.get(id)).toEqual({ campaign: id, brand, attClass, tmobileTier, useCase });
  }
  expect(tcr.records.get('CNOVZW1')?.operations).toEqual(['approved', 'suspended', 'approved', 'approved', 'approved']);
  expect(tcr.records.get('CEXPIR1')?.standing).toBe('expired');
  expect(tcr.records.get('CSOLE01')?.numberLimit).toBe(1);
});

test('and are read and changed like any other', async () => {
  await tcr.service.seed(shipped());
  const csp = tcr.as('csp');
  expect(await csp.get('/brand')).toMatchObject({ totalRecords: 4 });
  expect(await csp.get('/campaign?status=ACTIVE')).toMatchObject({ totalRecords: 5 });
  expect(await csp.get('/campaign/CMIDC01')).toMatchObject({
    brandId: 'BMID001',
    usecase: 'CUSTOMER_CARE',
    status: 'ACTIVE',
  });
  expect(await csp.get('/campaign/CMIDC01/mnoMetadata')).toMatchObject({
    10017: { msgClass: 'C' },
    10035: { brandTier: 'LOWER_MID' },
  });
  expect(await tcr.as('north').get('/partnerCampaign/CMIDC01')).toMatchObject({ cnpChain: ['SDEMO01', 'NORTH'] });
  await tcr.service.operate('CMIDC01', 'verizon', 'suspend');
  expect(tcr.records.get('CMIDC01')?.status).toBe(0b11101);
  await csp.ask('DELETE', '/campaign/CMIDC01');
  expect(tcr.records.get('CMIDC01')?.standing).toBe('expired');
  await tcr.campaign('BTOP001');
  expect(
    await csp.errors('POST', '/campaignBuilder', {
      brandId: 'BSOLE01',
      usecase: 'SOLE_PROPRIETOR',
      description: 'd',
      sample1: 's',
    }),
  ).toEqual(['511 brandId']);
});

test('seeding again changes nothing, and neither does another gateway that starts on the same store', async () => {
  const store = new MemoryTcrStore();
  const first = await openTcrUnderTest({ store });
  await first.service.seed(shipped());
  await first.service.operate('CTOPA01', 'att', 'suspend');
  await first.as('csp').ask('DELETE', '/campaign/CLOWT01');
  const second = await openTcrUnderTest({ store });
  await second.service.seed(shipped());
  expect(second.records.get('CTOPA01')?.status).toBe(0b11110);
  expect(second.records.get('CLOWT01')?.standing).toBe('expired');
  expect(await second.as('csp').get('/campaign')).toMatchObject({ totalRecords: 6 });
  await first.close();
  await second.close();
});

test('a campaign of a file ends when the file says', async () => {
  const brands = [{ id: 'BFILE01', name: 'File', tmobileTier: 0 }];
  const expiresAtMs = tcr.time.nowMs() + 10 * DAY_MS;
  const campaigns = [{ id: 'CFILE01', brand: 'BFILE01', attClass: 0, useCase: '2FA', status: 0b00001, expiresAtMs }];
  await tcr.service.seed({ brands, campaigns, cspId: 'SDEMO01', dcaId: 'NORTH' });
  expect(tcr.records.get('CFILE01')).toMatchObject({ expiresAtMs, status: 1, standing: 'available' });
  await tcr.pass(10 * DAY_MS);
  expect(tcr.records.get('CFILE01')).toMatchObject({ standing: 'expired' });
});

test('ids of a file are never given out again', async () => {
  const { brandId } = await tcr.as('csp').post<{ brandId: string }>('/brand/nonBlocking', {
    entityType: 'SOLE_PROPRIETOR',
    displayName: 'x',
    firstName: 'x',
    lastName: 'x',
    country: 'US',
    email: 'x@example.com',
    phone: '+12025550100',
    referenceId: 'x',
  });
  const again = await openTcrUnderTest();
  await again.service.seed({
    brands: [{ id: brandId, name: 'Taken', tmobileTier: 3 }],
    campaigns: [],
    cspId: 'SOTHER1',
    dcaId: 'NORTH',
  });
  expect(await again.brand()).not.toBe(brandId);
  await again.close();
});

test('every class and tier can be given', async () => {
  const brands = TMOBILE_TIERS.map((_, tier) => ({ id: `BTIER0${tier}`, name: `Tier ${tier}`, tmobileTier: tier }));
  const campaigns = ATT_CLASSES.map((_, attClass) => ({
    id: `CCLS0${String(attClass).padStart(2, '0')}`,
    brand: brands[attClass % brands.length]?.id ?? '',
    attClass,
    useCase: '2FA',
    status: attClass % 32,
    expiresAtMs: Infinity,
  }));
  await tcr.service.seed({ brands, campaigns, cspId: 'SDEMO01', dcaId: 'NORTH' });
  for (const { id, attClass, status, brand } of campaigns) {
    const tmobileTier = brands.findIndex((one) => one.id === brand);
    expect([id, tcr.records.get(id)?.status, tcr.terms.get(id)]).toMatchObject([id, status, { attClass, tmobileTier }]);
  }
});
