import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { ERROR_CODES } from './errors.ts';
import { MemoryTcrStore } from './memory-tcr-store.ts';
import { TcrStoreUnavailable } from './tcr-store.ts';
import { BRAND, CAMPAIGN, type Client, type ErrorBody, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

const ROOMY = { readsPerSecond: 1_000, writesPerTenSeconds: 1_000 };
let tcr: TcrUnderTest;
let csp: Client;
beforeEach(async () => {
  tcr = await openTcrUnderTest({ settings: { ...ROOMY, brandsPerCsp: 4, campaignsPerBrand: 3 } });
  csp = tcr.as('csp');
});
afterEach(() => tcr.close());

const SOLE = { entityType: 'SOLE_PROPRIETOR', firstName: 'Ann', lastName: 'Green', referenceId: 'ann' };

/** How each code comes about. 590, 591 and 630 are below: the first two need something to break, the last is the real one's. */
const WAYS: Partial<Record<keyof typeof ERROR_CODES, () => Promise<string[]>>> = {
  invalid: () => csp.errors('POST', '/brand', { ...BRAND, phone: '202' }),
  unauthorized: async () => {
    const response = await tcr.app.inject({ url: '/tcr/v2/brand' });
    return (JSON.parse(response.body) as ErrorBody).map(({ code, field }) => `${code} ${field ?? '-'}`);
  },
  notAllowed: () => tcr.as('north').errors('POST', '/brand', BRAND),
  noRoute: () => csp.errors('GET', '/nothing'),
  bodyTooLarge: () => csp.errors('POST', '/brand', { ...BRAND, website: 'x'.repeat(1_100_000) }),
  unsupportedMedia: async () => {
    const headers = { authorization: `Basic ${btoa('csp-key:csp-secret')}`, 'content-type': 'application/xml' };
    const response = await tcr.app.inject({ method: 'POST', url: '/tcr/v2/brand', headers, payload: '<a/>' });
    return (JSON.parse(response.body) as ErrorBody).map(({ code, field }) => `${code} ${field ?? '-'}`);
  },
  tooManyRequests: async () => {
    for (let n = 0; n < 1_000; n += 1) await csp.get('/version');
    return csp.errors('GET', '/version');
  },
  notSimulated: () => csp.errors('GET', '/pft/brand'),
  notFound: () => csp.errors('GET', '/brand/BNOBODY'),
  duplicate: async () => {
    await csp.post('/brand/nonBlocking', { ...BRAND, referenceId: 'Once' });
    return csp.errors('POST', '/brand/nonBlocking', { ...BRAND, referenceId: 'ONCE' });
  },
  campaignRejected: async () =>
    csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, brandId: await tcr.brand(), usecase: 'CHARITY' }),
  tooManyCampaigns: async () => {
    const brandId = await tcr.brand();
    for (let n = 0; n < 3; n += 1) await tcr.campaign(brandId);
    return csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, brandId });
  },
  tooManyBrands: async () => {
    for (let n = 0; n < 4; n += 1) await csp.post('/brand/nonBlocking', BRAND);
    return csp.errors('POST', '/brand/nonBlocking', BRAND);
  },
  campaignExpired: async () => {
    const campaignId = await tcr.campaign(await tcr.brand());
    await csp.ask('DELETE', `/campaign/${campaignId}`);
    return csp.errors('PUT', `/campaign/${campaignId}`, { description: 'Too late.' });
  },
  sharingLoop: async () => csp.errors('PUT', `/campaign/${await tcr.campaign(await tcr.brand())}/sharing/SDEMO01`),
  brandPending: async () => {
    const { brandId } = await csp.post<{ brandId: string }>('/brand/nonBlocking', BRAND);
    return csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, brandId });
  },
  countryBlocked: () => csp.errors('POST', '/brand', { ...BRAND, country: 'KP' }),
  soleProprietorOff: async () => {
    const off = await openTcrUnderTest({ settings: { ...ROOMY, soleProprietor: false } });
    const errors = await off.as('csp').errors('POST', '/brand', { ...BRAND, ...SOLE });
    expect(await off.as('csp').get('/csp/profile')).toMatchObject({ soleProprietorEnabled: false });
    await off.close();
    return errors;
  },
  mockNotShared: async () =>
    csp.errors('PUT', `/campaign/${await tcr.campaign(await tcr.brand({ mock: true }))}/sharing/NORTH`),
};

describe('every error comes about with its code and the field it is about', () => {
  const wanted = {
    invalid: ['400 phone'],
    unauthorized: ['401 -'],
    notAllowed: ['403 -'],
    noRoute: ['404 -'],
    bodyTooLarge: ['413 -'],
    unsupportedMedia: ['415 -'],
    tooManyRequests: ['429 -'],
    notSimulated: ['501 -'],
    notFound: ['502 brandId'],
    duplicate: ['503 referenceId'],
    campaignRejected: ['509 usecase'],
    tooManyCampaigns: ['511 brandId'],
    tooManyBrands: ['512 -'],
    campaignExpired: ['518 campaignId'],
    sharingLoop: ['523 upstreamCnpId'],
    brandPending: ['527 brandId'],
    countryBlocked: ['529 country'],
    soleProprietorOff: ['534 entityType'],
    mockNotShared: ['536 campaignId'],
  } as const;
  it.each(Object.entries(WAYS))('%s', async (name, way) => {
    expect(await way()).toEqual(wanted[name as keyof typeof wanted]);
  });

  it('and none is left out', () => {
    const elsewhere = ['internal', 'temporary', 'temporaryLoad'];
    expect([...Object.keys(WAYS), ...elsewhere].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });
});

test('a fault inside is 590, a store that is away 591; neither tells more, and both are logged', async () => {
  const logged: string[] = [];
  for (const [fault, code] of [
    [new Error('secret inner words'), 590],
    [new TcrStoreUnavailable({ cause: new Error('10.0.0.1') }), 591],
  ] as const) {
    const store = new MemoryTcrStore();
    store.list = () => Promise.reject(fault);
    const broken = await openTcrUnderTest({ store });
    broken.app.log.error = (context: { err: Error }) => logged.push(context.err.message);
    const answer = await broken.as('csp').ask<ErrorBody>('GET', '/brand');
    expect([answer.status, answer.body.map((one) => one.code)]).toEqual([400, [code]]);
    expect(answer.text).not.toMatch(/secret|10\.0\.0\.1/);
    await broken.close();
  }
});

test('codes of the real service come under HTTP 400, and GET /error lists all', async () => {
  const answer = await csp.ask<ErrorBody>('GET', '/brand/BNOBODY');
  expect(answer.status).toBe(400);
  expect(answer.body).toEqual([{ code: 502, field: 'brandId', description: 'Brand not found' }]);
  const listed = await csp.get<{ code: number; description: string }[]>('/error');
  expect(listed.map(({ code }) => code)).toEqual(Object.values(ERROR_CODES).map(({ code }) => code));
});

describe('a bad body', () => {
  it('is told of all its faults at once', async () => {
    const body = {
      ...BRAND,
      displayName: '',
      phone: '12',
      country: 'usa',
      email: 'nobody',
      vertical: 'SPACE',
      mock: 'maybe',
    };
    expect((await csp.errors('POST', '/brand', body)).sort()).toEqual([
      '400 country',
      '400 displayName',
      '400 email',
      '400 mock',
      '400 phone',
      '400 vertical',
    ]);
  });

  const wrong: [what: string, own: Readonly<Record<string, unknown>>, errors: string[]][] = [
    ['no legal name', { companyName: null }, ['400 companyName']],
    ['a short tax id', { ein: '12345678' }, ['400 ein']],
    ['a public company without a stock', { entityType: 'PUBLIC_PROFIT' }, ['400 stockSymbol', '400 stockExchange']],
    [
      'a sole proprietor without a name',
      { entityType: 'SOLE_PROPRIETOR' },
      ['400 firstName', '400 lastName', '400 referenceId'],
    ],
    ['a government abroad', { entityType: 'GOVERNMENT', country: 'CA' }, ['400 entityType']],
    ['a state in words', { state: 'Illinois' }, ['400 state']],
    ['a number for a name', { displayName: 7 }, ['400 displayName']],
    ['tags that are no list', { tag: 7 }, ['400 tag']],
    ['too many tags', { tag: Array.from({ length: 11 }, (_, n) => `t${n}`) }, ['400 tag']],
    ['a long name', { displayName: 'x'.repeat(256) }, ['400 displayName']],
  ];
  it.each(wrong)('of a brand: %s', async (_, own, errors) => {
    expect(await csp.errors('POST', '/brand', { ...BRAND, ...own })).toEqual(errors);
  });

  const wrongCampaigns: [what: string, own: Readonly<Record<string, unknown>>, errors: string[]][] = [
    ['no description', { description: '' }, ['400 description']],
    ['an unknown use case', { usecase: 'SPAM' }, ['400 usecase']],
    ['one sub-use-case of MIXED', { usecase: 'MIXED', subUsecases: ['2FA'] }, ['400 subUsecases']],
    ['a special sub-use-case', { usecase: 'MIXED', subUsecases: ['2FA', 'POLITICAL'] }, ['400 subUsecases']],
    ['an unknown MNO', { mnoIds: [10017, 1] }, ['400 mnoIds']],
    ['words for MNOs', { mnoIds: ['AT&T'] }, ['400 mnoIds']],
    ['no sample', { sample1: '', sample2: null }, ['400 sample1']],
    ['no opt-in at an MNO that asks for it', { subscriberOptin: false, mnoIds: [10017] }, ['509 subscriberOptin']],
    ['an unknown brand', { brandId: 'BNOBODY' }, ['502 brandId']],
    ['an unknown reseller', { resellerId: 'RNOBODY' }, ['502 resellerId']],
  ];
  it.each(wrongCampaigns)('of a campaign: %s', async (_, own, errors) => {
    const brandId = await tcr.brand();
    expect(await csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, brandId, ...own })).toEqual(errors);
    expect(await csp.get('/campaign')).toMatchObject({ totalRecords: 0 });
  });

  it.each([
    ['no JSON', '{"displayName":'],
    ['a list', '[]'],
    ['a text', '"brand"'],
    ['nothing', ''],
    ['null', 'null'],
  ])('that is %s is refused', async (_, payload) => {
    const response = await tcr.app.inject({
      method: 'POST',
      url: '/tcr/v2/brand',
      headers: {
        authorization: `Basic ${btoa('csp-key:csp-secret')}`,
        'content-type': 'application/json; charset=utf-8',
      },
      payload,
    });
    expect([response.statusCode, JSON.parse(response.body)]).toMatchObject([400, [{ code: 400, field: null }]]);
  });
});

test('a campaign goes to those MNOs alone whose requirements it meets', async () => {
  const brandId = await tcr.brand();
  const own = { ...CAMPAIGN, brandId, usecase: 'MARKETING', sample2: '', subscriberOptout: false };
  const submitted = await csp.post<{ campaignId: string; mnoMetadata: Record<string, { qualify: boolean }> }>(
    '/campaignBuilder',
    own,
  );
  expect(Object.entries(submitted.mnoMetadata).map(([id, { qualify }]) => [id, qualify])).toEqual([
    ['10017', false],
    ['10035', true],
    ['10037', true],
    ['10038', true],
  ]);
  expect(Object.keys(await csp.get(`/campaign/${submitted.campaignId}/operationStatus`))).toEqual([
    '10035',
    '10037',
    '10038',
  ]);
  expect(tcr.records.get(submitted.campaignId)?.operations[0]).toBe('rejected');
});

test('a reference is free again when its campaign was refused', async () => {
  const brandId = await tcr.brand();
  for (let n = 0; n < 3; n += 1) await tcr.campaign(brandId);
  const one = { ...CAMPAIGN, brandId, referenceId: 'again' };
  expect(await csp.errors('POST', '/campaignBuilder', one)).toEqual(['511 brandId']);
  expect(await csp.errors('POST', '/campaignBuilder', one)).toEqual(['511 brandId']);
});

test('a sole proprietor has one campaign, of its own use case, with one number', async () => {
  const brandId = await tcr.brand(SOLE);
  const sole = { usecase: 'SOLE_PROPRIETOR', brandId };
  expect(await csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, brandId })).toEqual(['509 usecase']);
  const campaignId = await tcr.campaign(brandId, sole);
  expect(tcr.records.get(campaignId)?.numberLimit).toBe(1);
  expect(await csp.errors('POST', '/campaignBuilder', { ...CAMPAIGN, ...sole })).toEqual(['511 brandId']);
  await csp.ask('DELETE', `/campaign/${campaignId}`);
  await tcr.campaign(brandId, sole);
});
