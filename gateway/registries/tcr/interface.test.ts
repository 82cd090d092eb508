import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, BRAND, CAMPAIGN, DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

// The interface as clients that were generated from the real one meet it: the operations, and how they are called.

/** Method and path of each operation of the generated client, as its documentation lists them. */
const GENERATED = `
POST /brand
POST /brand/nonBlocking
DELETE /brand/{brandId}
GET /brand/{brandId}
GET /brand/feedback/{brandId}
PUT /brand/{brandId}/externalVetting
GET /brand
GET /brand/{brandId}/externalVetting
POST /brand/{brandId}/externalVetting
PUT /brand/{brandId}/revet
PUT /brand/{brandId}
DELETE /campaign/{campaignId}
GET /campaign/{campaignId}
GET /campaign/{campaignId}/mnoMetadata
GET /campaign/{campaignId}/operationStatus
GET /campaign/{campaignId}/sharing
GET /campaign/{campaignId}/osr/attributes
GET /campaign
PUT /campaign/{campaignId}/sharing/{upstreamCnpId}
PUT /campaign/{campaignId}
GET /campaignBuilder/brand/{brandId}
GET /campaignBuilder/brand/{brandId}/usecase/{usecase}
POST /campaignBuilder
GET /enum/dca
GET /enum/mno
GET /enum/optionalAttributeNames
GET /enum/usecase
GET /enum/vertical
GET /enum/altBusinessIdType
GET /enum/brandIdentityStatus
GET /enum/brandRelationship
GET /enum/campaignStatus
GET /enum/entityType
GET /enum/extVettingProvider
GET /enum/vettingStatus
GET /enum/brandStatus
GET /enum/cnp
GET /enum/operationStatus
GET /enum/approvedPublicCompany
GET /enum/stockExchange
GET /enum/vettingClass
GET /error
POST /brand/{brandId}/externalVetting/mockCvToken
DELETE /partnerCampaign/{campaignId}/sharing
GET /partnerCampaign/{campaignId}
GET /partnerCampaign/{campaignId}/mnoMetadata
GET /partnerCampaign/{campaignId}/operationStatus
GET /partnerCampaign/{campaignId}/sharing
GET /partnerCampaign/sharedWithMe
GET /partnerCampaign/sharedByMe
PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}
GET /csp/profile
GET /version
GET /pft/brand
POST /pft/participant
POST /reseller
DELETE /reseller/{resellerId}
GET /reseller/{resellerId}
GET /reseller
PUT /reseller/{resellerId}
DELETE /tag/name/{name}/recordType/{recordType}/recordId/{recordId}
GET /tag
PUT /tag
GET /webhook/eventCategory
GET /webhook/eventType
GET /webhook/subscription
PUT /webhook/subscription
GET /webhook/subscription/{eventCategory}/test
GET /webhook/subscription/eventType/{eventType}/mock
DELETE /webhook/subscription/{eventCategory}`
  .trim()
  .split('\n');

let tcr: TcrUnderTest;
let csp: Client;
beforeEach(async () => {
  tcr = await openTcrUnderTest();
  csp = tcr.as('csp');
});
afterEach(() => tcr.close());

type Body = Record<string, unknown>;
interface Page {
  readonly page: number;
  readonly recordsPerPage: number;
  readonly totalRecords: number;
  readonly records: readonly Body[];
}

test('each of the 70 operations of the generated client is there', async () => {
  expect(GENERATED).toHaveLength(70);
  const left: string[] = [];
  for (const operation of GENERATED) {
    const [method = '', path = ''] = operation.split(' ');
    const { status } = await csp.ask(method, path.replaceAll(/\{\w+\}/g, 'X'), method === 'GET' ? undefined : {});
    expect([operation, status]).toEqual([
      operation,
      expect.toSatisfy((one) => [200, 204, 400, 501].includes(Number(one))),
    ]);
    if (status === 501) left.push(operation);
  }
  expect(left).toEqual(['GET /pft/brand', 'POST /pft/participant']);
});

test('a client on a real socket does the whole work with the fields that generated clients send', async () => {
  const url = await tcr.app.listen({ port: 0, host: '127.0.0.1' });
  // The credentials in the base64 of URLs, as one public client writes them, and JSON named on every request.
  const headers = {
    authorization: `Basic ${Buffer.from('csp-key:csp-secret').toString('base64url')}`,
    'content-type': 'application/json; charset=utf-8',
    accept: 'application/json',
  };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}/tcr/v2${path}`, init);
    const text = await response.text();
    expect([method, path, response.status, text]).toEqual([
      method,
      path,
      expect.toSatisfy((s) => s === 200 || s === 204),
      text,
    ]);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };

  const brand = await call<Body>('POST', '/brand/nonBlocking', {
    ...BRAND,
    firstName: '',
    lastName: '',
    einIssuingCountry: 'US',
    stockExchange: '',
    ipAddress: '',
    altBusinessId: '',
    altBusinessIdType: '',
    referenceId: '1116',
    mock: false,
  });
  await tcr.pass(120_000);
  const brandId = String(brand['brandId']);
  const types = await call<{ usecase: string; mnoMetadata: Record<string, { qualify: boolean }> }[]>(
    'GET',
    `/campaignBuilder/brand/${brandId}`,
  );
  expect(types).toHaveLength(26);
  const qualified = types.filter(({ mnoMetadata }) =>
    ['10017', '10035', '10037', '10038'].every((mno) => mnoMetadata[mno]?.qualify),
  );
  expect(qualified.map(({ usecase }) => usecase)).toContain('MIXED');

  const submitted = await call<Body>('POST', '/campaignBuilder', {
    ...CAMPAIGN,
    brandId,
    vertical: null,
    usecase: 'MIXED',
    subUsecases: ['CUSTOMER_CARE', 'MARKETING', 'ACCOUNT_NOTIFICATION'],
    optinKeywords: 'JOIN,START',
    optoutKeywords: 'STOP,STOPALL,UNSUBSCRIBE',
    helpKeywords: 'HELP,SUPPORT',
    optinMessage: 'You are in.',
    optoutMessage: 'You are out.',
    referenceId: '797_NORTH_a',
    affiliateMarketing: false,
  });
  expect(submitted['mnoMetadata']).toEqual({
    10017: {
      mno: 'AT&T',
      qualify: true,
      mnoSupport: true,
      mnoReview: false,
      minMsgSamples: 2,
      reqSubscriberOptin: true,
      reqSubscriberOptout: true,
      reqSubscriberHelp: true,
      noEmbeddedLink: false,
      noEmbeddedPhone: false,
      msgClass: 'F',
      tpm: 240,
      mmsTpm: 150,
      tpmScope: 'CAMPAIGN',
    },
    10035: {
      mno: 'T-Mobile',
      qualify: true,
      mnoSupport: true,
      mnoReview: false,
      minMsgSamples: 1,
      reqSubscriberOptin: true,
      reqSubscriberOptout: false,
      reqSubscriberHelp: true,
      noEmbeddedLink: false,
      noEmbeddedPhone: false,
      brandTier: 'LOW',
      brandDailyCap: 2_000,
    },
    10037: terms('US Cellular'),
    10038: terms('Verizon Wireless'),
  });
  const campaignId = String(submitted['campaignId']);
  expect(await call('PUT', `/campaign/${campaignId}/sharing/NORTH`)).toEqual({
    downstreamCnpId: 'SDEMO01',
    upstreamCnpId: 'NORTH',
    sharingStatus: 'PENDING',
    explanation: null,
    sharedDate: '2024-03-01T18:02:00.000Z',
    statusDate: '2024-03-01T18:02:00.000Z',
    cnpMigration: false,
  });
  const update = { description: 'General messages.', sample1: 'Hi', sample3: '', autoRenewal: true };
  expect(await call('PUT', `/campaign/${campaignId}`, update)).toMatchObject({ sample1: 'Hi', autoRenewal: true });
  expect(await call('GET', `/campaign/${campaignId}`)).toEqual({
    campaignId,
    cspId: 'SDEMO01',
    resellerId: null,
    status: 'ACTIVE',
    createDate: '2024-03-01T18:02:00.000Z',
    autoRenewal: true,
    billedDate: '2024-03-01T18:02:00.000Z',
    brandId,
    vertical: 'RETAIL',
    usecase: 'MIXED',
    subUsecases: ['CUSTOMER_CARE', 'MARKETING', 'ACCOUNT_NOTIFICATION'],
    description: 'General messages.',
    embeddedLink: false,
    embeddedPhone: false,
    affiliateMarketing: false,
    numberPool: false,
    ageGated: false,
    directLending: false,
    subscriberOptin: true,
    subscriberOptout: true,
    subscriberHelp: true,
    termsAndConditions: false,
    sample1: 'Hi',
    sample2: 'Thank you for calling.',
    sample3: '',
    sample4: '',
    sample5: '',
    messageFlow: 'Customers opt in on the web site.',
    helpMessage: 'Reply STOP to opt out.',
    referenceId: '797_NORTH_a',
    tag: [],
    mock: false,
    nextRenewalOrExpirationDate: '2024-06-01',
    expirationDate: null,
    optinKeywords: 'JOIN,START',
    optoutKeywords: 'STOP,STOPALL,UNSUBSCRIBE',
    helpKeywords: 'HELP,SUPPORT',
    optinMessage: 'You are in.',
    optoutMessage: 'You are out.',
    monthlyFee: 10,
  });
  // Deleting comes with a content type and no body.
  await call('DELETE', `/campaign/${campaignId}`);
  await call('DELETE', `/brand/${brandId}`);
});

function terms(mno: string): Body {
  const needs = { reqSubscriberOptin: false, reqSubscriberOptout: false, reqSubscriberHelp: false };
  const limits = { noEmbeddedLink: false, noEmbeddedPhone: false };
  return { mno, qualify: true, mnoSupport: true, mnoReview: false, minMsgSamples: 1, ...needs, ...limits };
}

describe('lists', () => {
  it('come in pages, in an order that stays', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.push(await tcr.brand({ displayName: `Brand ${n}` }));
    const first = await csp.get<Page>('/brand?page=1&recordsPerPage=3');
    expect(first).toMatchObject({ page: 1, recordsPerPage: 3, totalRecords: 7 });
    const pages = await Promise.all([1, 2, 3, 4].map((page) => csp.get<Page>(`/brand?page=${page}&recordsPerPage=3`)));
    expect(pages.flatMap(({ records }) => records.map(({ brandId }) => brandId))).toEqual(ids);
    expect(await csp.get<Page>('/brand')).toMatchObject({ page: 1, recordsPerPage: 10, totalRecords: 7 });
    expect(await csp.get<Page>('/brand?recordsPerPage=500')).toMatchObject({ recordsPerPage: 500 });
  });

  it.each([
    ['/brand?page=0', '400 page'],
    ['/brand?page=one', '400 page'],
    ['/campaign?recordsPerPage=501', '400 recordsPerPage'],
    ['/partnerCampaign/sharedWithMe?recordsPerPage=0', '400 recordsPerPage'],
    ['/reseller?page=-1', '400 page'],
    ['/brand?status=GONE', '400 status'],
    ['/campaign?autoRenewal=perhaps', '400 autoRenewal'],
    ['/partnerCampaign/sharedWithMe?startDate=yesterday', '400 startDate'],
  ])('%s is refused', async (path, error) => {
    expect(await csp.errors('GET', path)).toEqual([error]);
  });

  it('of brands are searched by what a brand has', async () => {
    const bakery = await tcr.brand({ displayName: 'North Bakery', referenceId: 'B-1', tag: ['Bread'] });
    const butcher = await tcr.brand({ displayName: 'South Butcher', state: 'CA', ein: '987654321', mock: true });
    const found = async (query: string): Promise<unknown[]> =>
      (await csp.get<Page>(`/brand?${query}`)).records.map(({ brandId }) => brandId);
    expect(await found('displayName=baker')).toEqual([bakery]);
    expect(await found('state=CA')).toEqual([butcher]);
    expect(await found('ein=987654321')).toEqual([butcher]);
    expect(await found('mock=true')).toEqual([butcher]);
    // Some generated clients write flags so.
    expect(await found('mock=0')).toEqual([bakery]);
    expect(await found('tag=BREAD')).toEqual([bakery]);
    expect(await found('referenceId=B-1&entityType=PRIVATE_PROFIT&identityStatus=VERIFIED&country=US')).toEqual([
      bakery,
    ]);
    expect(await found('entityType=GOVERNMENT')).toEqual([]);
  });

  it('of campaigns are searched by what a campaign has', async () => {
    const brandId = await tcr.brand();
    const { resellerId } = await csp.post<{ resellerId: string }>('/reseller', {
      companyName: 'Reseller',
      phone: '+12025550101',
      email: 'r@example.com',
    });
    const care = await tcr.campaign(brandId, { referenceId: 'care', resellerId, tag: ['Blue'] });
    const codes = await tcr.campaign(brandId, { usecase: '2FA', autoRenewal: false, vertical: 'FINANCIAL' });
    await csp.put(`/campaign/${care}/sharing/NORTH`);
    const found = async (query: string): Promise<unknown[]> =>
      (await csp.get<Page>(`/campaign?${query}`)).records.map(({ campaignId }) => campaignId);
    expect(await found(`brandId=${brandId}`)).toEqual(expect.arrayContaining([care, codes]));
    expect(await found('usecase=2FA&status=ACTIVE')).toEqual([codes]);
    expect(await found('autoRenewal=false')).toEqual([codes]);
    expect(await found('vertical=FINANCIAL')).toEqual([codes]);
    expect(await found(`resellerId=${resellerId}`)).toEqual([care]);
    expect(await found('upstreamCnpId=NORTH&referenceId=care&tag=blue&mock=false')).toEqual([care]);
    expect(await found('status=EXPIRED')).toEqual([]);
    const brands = await csp.get<Page>(`/brand?resellerId=${resellerId}`);
    expect(brands.records).toMatchObject([{ brandId }]);
    expect(await csp.errors('DELETE', `/reseller/${resellerId}`)).toEqual(['403 resellerId']);
  });
});

describe('who asks', () => {
  it.each([
    ['nobody', undefined],
    ['a wrong secret', `Basic ${btoa('csp-key:north-secret')}`],
    ['a wrong key', `Basic ${btoa('nobody:csp-secret')}`],
    ['a bearer', 'Bearer csp-key'],
    ['no colon', `Basic ${btoa('csp-key')}`],
  ])('is refused when it is %s, on every path', async (_, authorization) => {
    for (const path of ['/brand', '/nothing', '/version']) {
      const response = await tcr.app.inject({
        url: `/tcr/v2${path}`,
        headers: authorization === undefined ? {} : { authorization },
      });
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        401,
        'Basic realm="campaign registry"',
      ]);
      expect(JSON.parse(response.body)).toMatchObject([{ code: 401 }]);
    }
  });
});

describe('rates', () => {
  it('of reading are 20 a second, and of writing 20 in 10 seconds, for each key', async () => {
    const strict = await openTcrUnderTest({ settings: { readsPerSecond: 20, writesPerTenSeconds: 20 } });
    const read = async (): Promise<number> => (await strict.as('csp').ask('GET', '/version')).status;
    const write = async (): Promise<number> => (await strict.as('csp').ask('DELETE', '/brand/BNOBODY')).status;
    const times = async (count: number, call: () => Promise<number>): Promise<number[]> => {
      const all: number[] = [];
      for (let n = 0; n < count; n += 1) all.push(await call());
      return [...new Set(all)];
    };
    expect(await times(20, read)).toEqual([200]);
    expect(await read()).toBe(429);
    expect(await times(20, write)).toEqual([400]);
    const refused = await strict.as('csp').ask('DELETE', '/brand/BNOBODY');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10']);
    // Another key has its own.
    expect((await strict.as('north').ask('GET', '/version')).status).toBe(200);
    await strict.pass(999);
    expect(await read()).toBe(429);
    await strict.pass(1);
    expect(await times(20, read)).toEqual([200]);
    expect(await write()).toBe(429);
    await strict.pass(9_000);
    expect(await write()).toBe(400);
    await strict.close();
  });

  it('hold over any stretch of time, not only from full second to full second', async () => {
    const strict = await openTcrUnderTest({ settings: { readsPerSecond: 20, writesPerTenSeconds: 20 } });
    const read = async (): Promise<number> => (await strict.as('csp').ask('GET', '/version')).status;
    for (let n = 0; n < 10; n += 1) await read();
    await strict.pass(600);
    for (let n = 0; n < 10; n += 1) await read();
    await strict.pass(399);
    expect(await read()).toBe(429);
    await strict.pass(1);
    for (let n = 0; n < 10; n += 1) expect(await read()).toBe(200);
    expect(await read()).toBe(429);
    await strict.close();
  });
});

describe('enumerations', () => {
  it('have the values the clients know', async () => {
    expect(await csp.get('/enum/entityType')).toContain('SOLE_PROPRIETOR');
    expect(await csp.get('/enum/altBusinessIdType')).toEqual(['NONE', 'DUNS', 'GIIN', 'LEI']);
    expect(await csp.get('/enum/brandIdentityStatus')).toEqual([
      'SELF_DECLARED',
      'UNVERIFIED',
      'VERIFIED',
      'VETTED_VERIFIED',
    ]);
    expect(await csp.get('/enum/campaignStatus')).toEqual(['ACTIVE', 'EXPIRED']);
    expect(await csp.get('/enum/operationStatus')).toEqual(['APPROVED', 'REVIEW', 'REJECTED', 'SUSPENDED']);
    expect(await csp.get('/enum/vettingStatus')).toEqual(['PENDING', 'UNSCORE', 'ACTIVE', 'FAILED', 'EXPIRED']);
    expect(await csp.get('/enum/mno')).toEqual([
      { networkId: 10017, displayName: 'AT&T', osrBitmaskIndex: 0 },
      { networkId: 10035, displayName: 'T-Mobile', osrBitmaskIndex: 2 },
      { networkId: 10037, displayName: 'US Cellular', osrBitmaskIndex: 3 },
      { networkId: 10038, displayName: 'Verizon Wireless', osrBitmaskIndex: 1 },
    ]);
    expect(await csp.get('/enum/dca')).toEqual([
      { id: 'NORTH', displayName: 'North Aggregation' },
      { id: 'SOUTH', displayName: 'South Aggregation' },
    ]);
    expect(await csp.get<Body[]>('/enum/cnp')).toHaveLength(5);
    const usecases = await csp.get<Record<string, Body>>('/enum/usecase');
    expect(Object.keys(usecases)).toHaveLength(26);
    expect(usecases['MIXED']).toMatchObject({ minSubUsecases: 2, maxSubUsecases: 5, validSubUsecase: false });
    expect(Object.keys(await csp.get('/enum/usecase?validSubUsecase=true'))).toEqual([
      '2FA',
      'ACCOUNT_NOTIFICATION',
      'CUSTOMER_CARE',
      'DELIVERY_NOTIFICATION',
      'FRAUD_ALERT',
      'HIGHER_EDUCATION',
      'MARKETING',
      'POLLING_VOTING',
      'PUBLIC_SERVICE_ANNOUNCEMENT',
      'SECURITY_ALERT',
      'M2M',
    ]);
  });

  it('and the version and profile', async () => {
    const version = await csp.ask('GET', '/version');
    expect([version.headers['content-type'], version.text]).toEqual([expect.stringMatching(/^text\/plain/), '2.0']);
    expect(await csp.get('/csp/profile')).toMatchObject({ cspId: 'SDEMO01', soleProprietorEnabled: true });
  });
});

test('resellers and tags are kept for who made them', async () => {
  const details = { companyName: 'Reseller', phone: '+12025550101', email: 'r@example.com' };
  const { resellerId } = await csp.post<{ resellerId: string }>('/reseller', details);
  expect(resellerId).toMatch(/^R[A-Z0-9]{6}$/);
  expect(await csp.put(`/reseller/${resellerId}`, { companyName: 'Seller' })).toMatchObject({ companyName: 'Seller' });
  expect(await csp.get('/reseller?companyName=sell')).toMatchObject({ totalRecords: 1 });
  expect(await tcr.as('other').errors('GET', `/reseller/${resellerId}`)).toEqual(['502 resellerId']);
  expect((await csp.ask('DELETE', `/reseller/${resellerId}`)).status).toBe(204);
  expect(await csp.errors('GET', `/reseller/${resellerId}`)).toEqual(['502 resellerId']);

  const brandId = await tcr.brand();
  const campaignId = await tcr.campaign(brandId);
  expect(await csp.put('/tag', { name: 'Spring', recordType: 'BRAND', recordId: brandId })).toMatchObject({
    name: 'spring',
  });
  await csp.put('/tag', { name: 'Spring', recordType: 'CAMPAIGN', recordId: campaignId });
  expect(await csp.get('/tag?name=SPRING')).toMatchObject({ totalRecords: 2 });
  expect(await tcr.as('other').get('/tag')).toMatchObject({ totalRecords: 0 });
  await csp.ask('DELETE', `/tag/name/spring/recordType/BRAND/recordId/${brandId}`);
  expect(await csp.get('/tag')).toMatchObject({ records: [{ recordType: 'CAMPAIGN', recordId: campaignId }] });
  expect(await csp.errors('PUT', '/tag', { name: 'two words', recordType: 'BRAND', recordId: brandId })).toEqual([
    '400 name',
  ]);
  await tcr.pass(DAY_MS);
});
