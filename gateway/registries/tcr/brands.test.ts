import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { BRAND, DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

let tcr: TcrUnderTest;
beforeEach(async () => (tcr = await openTcrUnderTest()));
afterEach(() => tcr.close());

type Body = Record<string, unknown>;

interface Feedback {
  readonly category: readonly { readonly id: string; readonly fields: readonly string[] }[];
}

const PUBLIC = { entityType: 'PUBLIC_PROFIT', stockSymbol: 'EXMP', stockExchange: 'NYSE' };

describe('the check of identity', () => {
  const checks: [
    name: string,
    own: Body,
    status: string,
    feedback: [id: string, ...fields: string[]][],
    attributes: Body,
  ][] = [
    ['a tax id that fits', {}, 'VERIFIED', [], {}],
    ['a tax id nobody has', { ein: '001234567' }, 'UNVERIFIED', [['TAX_ID', 'ein']], {}],
    ["another's tax id", { ein: '123450000' }, 'UNVERIFIED', [['TAX_ID', 'ein', 'companyName']], {}],
    ['a tax id of Canada', { ein: 'BN 12345', country: 'CA', state: 'Ontario' }, 'VERIFIED', [], {}],
    ['a charity', { entityType: 'NON_PROFIT' }, 'VERIFIED', [], { taxExemptStatus: '501c3' }],
    ['a league', { entityType: 'NON_PROFIT', ein: '123454444' }, 'VERIFIED', [], { taxExemptStatus: '501c4' }],
    ['a committee', { entityType: 'NON_PROFIT', ein: '123450527' }, 'VERIFIED', [], {}],
    ['no charity', { entityType: 'NON_PROFIT', ein: '123451111' }, 'UNVERIFIED', [['NONPROFIT', 'entityType']], {}],
    ['a town', { entityType: 'GOVERNMENT' }, 'VERIFIED', [], { governmentEntity: true }],
    [
      'no town',
      { entityType: 'GOVERNMENT', ein: '123452222' },
      'UNVERIFIED',
      [['GOVERNMENT_ENTITY', 'entityType']],
      {},
    ],
    ['a listed company', PUBLIC, 'VERIFIED', [], {}],
    ['a large listed company', { ...PUBLIC, ein: '123453000' }, 'VERIFIED', [], { russell3000: true }],
    [
      'another stock',
      { ...PUBLIC, ein: '123453333' },
      'UNVERIFIED',
      [['STOCK_SYMBOL', 'stockSymbol', 'stockExchange']],
      {},
    ],
    [
      'a gardener',
      { entityType: 'SOLE_PROPRIETOR', firstName: 'Ann', lastName: 'Green', referenceId: 'ann' },
      'SELF_DECLARED',
      [],
      {},
    ],
  ];
  it.each(checks)('of %s', async (_, own, identityStatus, feedback, optionalAttributes) => {
    const brandId = await tcr.brand(own);
    const csp = tcr.as('csp');
    expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus, optionalAttributes });
    const { category } = await csp.get<Feedback>(`/brand/feedback/${brandId}`);
    expect(category.map(({ id, fields }) => [id, ...fields])).toEqual(feedback);
  });

  it('goes by the table of an operator where it has the tax id, whatever the number looks like', async () => {
    const settings = {
      legalNames: new Map([['001234567', 'EXAMPLE BAKERY, LLC']]),
      readsPerSecond: 100,
      writesPerTenSeconds: 100,
    };
    const own = await openTcrUnderTest({ settings });
    const statusOf = async (fields: Body): Promise<unknown> => {
      const brandId = await own.brand({ ein: '00-1234567', ...fields });
      return (await own.as('csp').get<Body>(`/brand/${brandId}`))['identityStatus'];
    };
    expect(await statusOf({})).toBe('VERIFIED');
    expect(await statusOf({ companyName: 'Example Butcher LLC' })).toBe('UNVERIFIED');
    await own.close();
  });

  it('can be repeated after a correction, for another fee', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand({ ein: '123450000' });
    await csp.put(`/brand/${brandId}`, { ...BRAND, ein: '123456789' });
    expect(await csp.put(`/brand/${brandId}/revet`)).toMatchObject({ identityStatus: 'UNVERIFIED' });
    expect(await csp.errors('PUT', `/brand/${brandId}/revet`)).toEqual(['527 brandId']);
    await tcr.pass(120_000);
    expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus: 'VERIFIED' });
    expect((await tcr.service.postings()).map(({ cause }) => cause)).toEqual([
      'tcr-brand-registration',
      'tcr-brand-registration',
    ]);
  });
});

describe('vetting', () => {
  it('draws scores from 0 to 100, the same for the same vetting', async () => {
    const scores = new Set<number>();
    for (let n = 0; n < 12; n += 1) {
      const brandId = await tcr.brand();
      await tcr.as('csp').post(`/brand/${brandId}/externalVetting`, { evpId: 'WMC', vettingClass: 'STANDARD' });
      await tcr.pass(DAY_MS);
      const [vetting] = await tcr.as('csp').get<Body[]>(`/brand/${brandId}/externalVetting`);
      scores.add(Number(vetting?.['vettingScore']));
    }
    expect(scores.size).toBeGreaterThan(6);
    expect([...scores].every((score) => score >= 0 && score <= 100)).toBe(true);
  });

  it('takes at least thirty seconds, and a second of the same kind must wait for it', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand();
    const order = { evpId: 'AEGIS', vettingClass: 'ENHANCED' };
    await csp.post(`/brand/${brandId}/externalVetting`, order);
    await tcr.pass(29_999);
    expect(await csp.errors('POST', `/brand/${brandId}/externalVetting`, order)).toEqual(['503 evpId']);
    expect(await csp.get(`/brand/${brandId}/externalVetting?vettingClass=ENHANCED`)).toMatchObject([
      { vettingStatus: 'PENDING' },
    ]);
  });

  it('can fail, with the reason', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand({ referenceId: 'FAIL-1' });
    await csp.post(`/brand/${brandId}/externalVetting`, { evpId: 'AEGIS', vettingClass: 'STANDARD' });
    await tcr.pass(DAY_MS);
    expect(await csp.get(`/brand/${brandId}/externalVetting?vettingStatus=FAILED,EXPIRED`)).toMatchObject([
      { vettingStatus: 'FAILED', reasons: ['The provider could not confirm the company.'] },
    ]);
    expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus: 'VERIFIED' });
  });

  it('lifts an unverified brand too, and moves its campaigns to their new class and tier', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand({ referenceId: 'SCORE-60' });
    const campaignId = await tcr.campaign(brandId);
    const before = tcr.terms.get(campaignId);
    await csp.post(`/brand/${brandId}/externalVetting`, { evpId: 'AEGIS', vettingClass: 'STANDARD' });
    await tcr.pass(DAY_MS);
    expect(await csp.get(`/campaign/${campaignId}/mnoMetadata`)).toMatchObject({
      10017: { msgClass: 'C', tpm: 2_400 },
      10035: { brandTier: 'UPPER_MID', brandDailyCap: 40_000 },
    });
    expect(tcr.terms.get(campaignId)).not.toEqual(before);
  });

  const refusals: [provider: string, own: Body, vettingClass: string, errors: string[]][] = [
    ['CV', {}, 'POLITICAL', ['403 evpId']],
    ['CV', { entityType: 'NON_PROFIT', ein: '123450527' }, 'POLITICAL', ['403 evpId']],
    ['WMC', { entityType: 'NON_PROFIT' }, 'STANDARD', ['403 evpId']],
    ['WMC', { country: 'CA', ein: 'BN1' }, 'STANDARD', ['403 evpId']],
    ['WMC', {}, 'ENHANCED', ['403 vettingClass']],
    [
      'AEGIS',
      { entityType: 'SOLE_PROPRIETOR', firstName: 'A', lastName: 'G', referenceId: 'a' },
      'STANDARD',
      ['403 evpId'],
    ],
    ['NOBODY', {}, 'STANDARD', ['400 evpId']],
  ];
  it.each(refusals)('by %s of %j as %s is refused', async (evpId, own, vettingClass, errors) => {
    const brandId = await tcr.brand(own);
    expect(await tcr.as('csp').errors('POST', `/brand/${brandId}/externalVetting`, { evpId, vettingClass })).toEqual(
      errors,
    );
  });

  it('is imported from Campaign Verify with a token, once, and opens politics without a cap', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand({ entityType: 'NON_PROFIT', ein: '123450527' });
    expect(await csp.errors('PUT', `/brand/${brandId}/externalVetting`, { evpId: 'CV', vettingId: 'none' })).toEqual([
      '400 vettingId',
    ]);
    const token = await mockToken(brandId, 'locale=state&validUntil=2026-01-01');
    expect(token).toMatch(/^cv\|1\.0\|tcr\|10dlc\|[0-9a-f]{32}\|state$/);
    const imported = await csp.put(`/brand/${brandId}/externalVetting`, { evpId: 'CV', vettingId: token });
    expect(imported).toMatchObject({ vettingStatus: 'ACTIVE', vettingClass: 'POLITICAL', vettingScore: null });
    expect(await csp.get(`/brand/${brandId}`)).toMatchObject({
      identityStatus: 'VERIFIED',
      optionalAttributes: { section527: true, politicalCommitteeLocale: 'state' },
    });
    expect(await csp.get(`/campaignBuilder/brand/${brandId}/usecase/POLITICAL`)).toMatchObject({
      mnoMetadata: { 10017: { qualify: true, msgClass: 'K' }, 10035: { brandTier: 'UNCAPPED', brandDailyCap: null } },
    });
    const other = await tcr.brand({ entityType: 'NON_PROFIT', ein: '123450527' });
    expect(await csp.errors('PUT', `/brand/${other}/externalVetting`, { evpId: 'CV', vettingId: token })).toEqual([
      '503 vettingId',
    ]);
  });

  it('is imported from Aegis with its token only', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.brand();
    const report = { evpId: 'AEGIS', vettingId: 'SCORE-33-x' };
    expect(await csp.errors('PUT', `/brand/${brandId}/externalVetting`, report)).toEqual(['400 vettingToken']);
    expect(await csp.put(`/brand/${brandId}/externalVetting`, { ...report, vettingToken: 't' })).toMatchObject({
      vettingStatus: 'ACTIVE',
      vettingScore: 33,
    });
    expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus: 'VETTED_VERIFIED' });
  });
});

describe('changing a brand', () => {
  it('takes over what is given and keeps the rest', async () => {
    const brandId = await tcr.brand();
    const { street: _, ...rest } = BRAND;
    expect(await tcr.as('csp').put(`/brand/${brandId}`, { ...rest, city: 'Shelbyville' })).toMatchObject({
      city: 'Shelbyville',
      street: '1 Main Street',
    });
  });

  it('leaves tax id and entity alone after a vetting, and the relationship for three months', async () => {
    const csp = tcr.as('csp');
    const brandId = await tcr.vettedBrand(50);
    expect(await csp.errors('PUT', `/brand/${brandId}`, { ...BRAND, ein: '987654321' })).toEqual(['403 ein']);
    const larger = { ...BRAND, brandRelationship: 'LARGE_ACCOUNT' };
    expect(await csp.errors('PUT', `/brand/${brandId}`, larger)).toEqual(['403 brandRelationship']);
    await tcr.pass(92 * DAY_MS);
    expect(await csp.put(`/brand/${brandId}`, larger)).toMatchObject({ brandRelationship: 'LARGE_ACCOUNT' });
    expect(await csp.errors('PUT', `/brand/${brandId}`, BRAND)).toEqual(['403 brandRelationship']);
  });
});

test('a brand with an active campaign cannot be deleted', async () => {
  const csp = tcr.as('csp');
  const brandId = await tcr.brand();
  const campaignId = await tcr.campaign(brandId);
  expect(await csp.errors('DELETE', `/brand/${brandId}`)).toEqual(['403 brandId']);
  await csp.ask('DELETE', `/campaign/${campaignId}`);
  expect((await csp.ask('DELETE', `/brand/${brandId}`)).status).toBe(204);
});

async function mockToken(brandId: string, form: string): Promise<string> {
  const response = await tcr.app.inject({
    method: 'POST',
    url: `/tcr/v2/brand/${brandId}/externalVetting/mockCvToken`,
    headers: {
      authorization: `Basic ${Buffer.from('csp-key:csp-secret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/plain',
    },
    payload: form,
  });
  expect(response.headers['content-type']).toMatch(/^text\/plain/);
  return response.body;
}
