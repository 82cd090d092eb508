import { afterEach, beforeEach, expect, test } from 'vitest';
import { ATT_CLASSES, TMOBILE_TIERS } from '../../../tariffs/index.ts';
import { BRAND, CAMPAIGN, DAY_MS, openTcrUnderTest, StillTime, type TcrUnderTest } from './tcr-under-test.ts';

let tcr: TcrUnderTest;
beforeEach(async () => (tcr = await openTcrUnderTest()));
afterEach(() => tcr.close());

type Body = Record<string, unknown>;

test('a campaign goes its whole way, from an unknown brand to a record with a bit for each carrier', async () => {
  const csp = tcr.as('csp');

  // Registered, and its identity not known yet.
  const added = await csp.post<Body>('/brand/nonBlocking', { ...BRAND, referenceId: 'SCORE-80' });
  const brandId = String(added['brandId']);
  expect(brandId).toMatch(/^B[A-Z0-9]{6}$/);
  expect(added).toMatchObject({
    cspId: 'SDEMO01',
    identityStatus: 'UNVERIFIED',
    mock: false,
    displayName: 'Example Bakery',
  });
  expect(await csp.errors('GET', `/campaignBuilder/brand/${brandId}`)).toEqual(['527 brandId']);
  await tcr.pass(120_000);
  expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus: 'VERIFIED' });

  // Verified and not vetted: the lowest class and tier. Vetted with 80: the highest.
  const before = await csp.get<Body>(`/campaignBuilder/brand/${brandId}/usecase/CUSTOMER_CARE`);
  expect(before).toMatchObject({
    monthlyFee: 10,
    quarterlyFee: 30,
    annualFee: 120,
    minSubUsecases: 0,
    maxSubUsecases: 0,
  });
  expect(before['mnoMetadata']).toMatchObject({
    10017: { mno: 'AT&T', qualify: true, msgClass: 'E', tpm: 240, mmsTpm: 150, tpmScope: 'CAMPAIGN', minMsgSamples: 1 },
    10035: { mno: 'T-Mobile', qualify: true, brandTier: 'LOW', brandDailyCap: 2_000 },
    10037: { mno: 'US Cellular', qualify: true },
    10038: { mno: 'Verizon Wireless', qualify: true },
  });
  const ordered = await csp.post<Body>(`/brand/${brandId}/externalVetting`, {
    evpId: 'AEGIS',
    vettingClass: 'STANDARD',
  });
  expect(ordered).toMatchObject({ vettingStatus: 'PENDING', vettingScore: null, vettedDate: null });
  await tcr.pass(DAY_MS);
  const [vetting] = await csp.get<Body[]>(`/brand/${brandId}/externalVetting?vettingStatus=ACTIVE`);
  expect(vetting).toMatchObject({ evpId: 'AEGIS', vettingScore: 80, vettingClass: 'STANDARD' });
  expect(await csp.get(`/brand/${brandId}`)).toMatchObject({ identityStatus: 'VETTED_VERIFIED' });

  // Submitted, not shared: known to the number registry, active nowhere.
  const submitted = await csp.post<Body>('/campaignBuilder', { ...CAMPAIGN, brandId, referenceId: 'care-1' });
  const campaignId = String(submitted['campaignId']);
  expect(campaignId).toMatch(/^C[A-Z0-9]{6}$/);
  expect(submitted['mnoMetadata']).toMatchObject({ 10017: { msgClass: 'A', tpm: 4_500 }, 10035: { brandTier: 'TOP' } });
  expect(tcr.records.get(campaignId)).toEqual({
    id: campaignId,
    status: 0,
    operations: ['review', 'review', 'review', 'review', 'review'],
    standing: 'not_shared',
    dca: undefined,
    numberLimit: 49,
    expiresAtMs: Infinity,
  });
  expect(tcr.terms.get(campaignId)).toEqual({
    campaign: campaignId,
    brand: brandId,
    attClass: ATT_CLASSES.findIndex(({ letter }) => letter === 'A'),
    tmobileTier: TMOBILE_TIERS.findIndex(({ name }) => name === 'TOP'),
    useCase: 'CUSTOMER_CARE',
  });

  // Shared with a relay, by it with a DCA, which takes its days.
  expect(await csp.put(`/campaign/${campaignId}/sharing/RELAY`)).toMatchObject({
    downstreamCnpId: 'SDEMO01',
    upstreamCnpId: 'RELAY',
    sharingStatus: 'PENDING',
  });
  expect(tcr.records.get(campaignId)?.standing).toBe('pending_acceptance');
  await tcr.as('relay').put(`/partnerCampaign/${campaignId}/sharing/NORTH`);
  expect(await csp.get(`/campaign/${campaignId}/sharing`)).toMatchObject({
    sharedWithMe: null,
    sharedByMe: { upstreamCnpId: 'RELAY', sharingStatus: 'ACCEPTED' },
  });
  await tcr.pass(2 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'pending_acceptance', dca: undefined });
  await tcr.pass(3 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'available', dca: 'NORTH', status: 0 });

  // T-Mobile within a day, AT&T and Verizon after one to three, US Cellular after three to five.
  await tcr.pass(DAY_MS);
  expect(await csp.get(`/campaign/${campaignId}/operationStatus`)).toEqual({
    10017: 'REVIEW',
    10035: 'APPROVED',
    10037: 'REVIEW',
    10038: 'REVIEW',
  });
  // Bit 2 is T-Mobile's; bit 4 is of the others, who follow the first approval.
  expect(tcr.records.get(campaignId)?.status).toBe(0b10100);
  await tcr.pass(2 * DAY_MS);
  expect(tcr.records.get(campaignId)?.status).toBe(0b10111);
  await tcr.pass(2 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({
    status: 0b11111,
    operations: ['approved', 'approved', 'approved', 'approved', 'approved'],
  });
  expect(await csp.get(`/campaign/${campaignId}/osr/attributes`)).toEqual({ campaign_id: campaignId, status: 0b11111 });

  // Over for good.
  expect((await csp.ask('DELETE', `/campaign/${campaignId}`)).status).toBe(204);
  expect((await csp.ask('DELETE', `/campaign/${campaignId}`)).status).toBe(204);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'expired', expiresAtMs: tcr.time.nowMs() });
  expect((await csp.ask('DELETE', `/brand/${brandId}`)).status).toBe(204);
  expect(await csp.errors('GET', `/brand/${brandId}`)).toEqual(['502 brandId']);
  expect(await csp.get(`/brand?status=DELETED`)).toMatchObject({ totalRecords: 1, records: [{ brandId }] });
  expect(await csp.get(`/campaign?brandId=${brandId}`)).toMatchObject({ records: [{ campaignId, status: 'EXPIRED' }] });
});

test('creating a brand the blocking way answers when it is scored, more than ten seconds later', async () => {
  const answer = tcr.as('csp').post<Body>('/brand', BRAND);
  let isAnswered = false;
  const watched = answer.then((body) => {
    isAnswered = true;
    return body;
  });
  const startMs = tcr.time.nowMs();
  while (!isAnswered && tcr.time.nowMs() - startMs < 121_000) {
    tcr.time.move(250);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await watched).toMatchObject({ identityStatus: 'VERIFIED' });
  expect(tcr.time.nowMs() - startMs).toBeGreaterThan(10_000);
});

test('with a time scale of 0 nobody waits', async () => {
  const quick = await openTcrUnderTest({ settings: { timeScale: 0, readsPerSecond: 100, writesPerTenSeconds: 100 } });
  const csp = quick.as('csp');
  const { brandId } = await csp.post<{ brandId: string }>('/brand', BRAND);
  expect(await csp.put(`/brand/${brandId}/revet?nonBlocking=false`)).toMatchObject({ identityStatus: 'VERIFIED' });
  const campaignId = await quick.campaign(brandId);
  await csp.put(`/campaign/${campaignId}/sharing/NORTH`);
  await quick.pass(0);
  expect(quick.records.get(campaignId)).toMatchObject({ standing: 'available', dca: 'NORTH', status: 0b11111 });
  await quick.close();
});

test('the same seed gives the same ids, scores and delays, and another seed others', async () => {
  const run = async (seed: number): Promise<unknown> => {
    const one = await openTcrUnderTest({ seed });
    const brandId = await one.brand();
    await one.as('csp').post(`/brand/${brandId}/externalVetting`, { evpId: 'WMC', vettingClass: 'STANDARD' });
    await one.pass(DAY_MS);
    const campaignId = await one.campaign(brandId);
    const vettings = await one.as('csp').get(`/brand/${brandId}/externalVetting`);
    await one.close();
    return { brandId, campaignId, vettings };
  };
  expect(await run(5)).toEqual(await run(5));
  expect(await run(5)).not.toEqual(await run(6));
});

test('a campaign is paid for a quarter, then by the month, until it is no longer renewed', async () => {
  const csp = tcr.as('csp');
  const brandId = await tcr.brand();
  const campaignId = await tcr.campaign(brandId);
  const view = (): Promise<Body> => csp.get<Body>(`/campaign/${campaignId}`);
  expect(await view()).toMatchObject({
    nextRenewalOrExpirationDate: '2024-06-01',
    expirationDate: null,
    monthlyFee: 10,
  });
  await tcr.pass(DAY_MS * 93);
  expect(await view()).toMatchObject({ nextRenewalOrExpirationDate: '2024-07-01', status: 'ACTIVE' });
  await csp.put(`/campaign/${campaignId}`, { autoRenewal: false });
  expect(await view()).toMatchObject({ expirationDate: '2024-07-01' });
  expect(tcr.records.get(campaignId)?.expiresAtMs).toBe(Date.UTC(2024, 6, 1, 18, 2));
  await tcr.pass(DAY_MS * 31);
  expect(await view()).toMatchObject({ status: 'EXPIRED' });
  expect(tcr.records.get(campaignId)?.standing).toBe('expired');
});

test('mock brands and campaigns stay private, cost nothing and are gone after thirty days', async () => {
  const csp = tcr.as('csp');
  const brandId = await tcr.brand({ mock: true });
  const campaignId = await tcr.campaign(brandId);
  expect(await csp.get(`/campaign/${campaignId}`)).toMatchObject({ mock: true, billedDate: null });
  expect(await csp.get(`/campaign/${campaignId}/operationStatus`)).toMatchObject({ 10017: 'APPROVED' });
  expect(await csp.errors('PUT', `/campaign/${campaignId}/sharing/NORTH`)).toEqual(['536 campaignId']);
  expect(await csp.get(`/campaign/${campaignId}/osr/attributes`)).toEqual({});
  expect(tcr.records.size).toBe(0);
  expect(tcr.terms.size).toBe(0);
  expect(await tcr.service.postings()).toEqual([]);
  await tcr.pass(30 * DAY_MS);
  expect(await csp.errors('GET', `/brand/${brandId}`)).toEqual(['502 brandId']);
  expect(await csp.get(`/campaign/${campaignId}`)).toMatchObject({ status: 'EXPIRED' });
});

test('what falls due is done by itself, and no longer once it is closed; who waits is told', async () => {
  let tick = (): void => undefined;
  let isTicking = true;
  const time = new StillTime();
  time.every = (_periodMs: number, run: () => void) => {
    tick = run;
    return () => (isTicking = false);
  };
  const ticking = await openTcrUnderTest({ time, timers: time });
  const csp = ticking.as('csp');
  const { brandId } = await csp.post<{ brandId: string }>('/brand/nonBlocking', BRAND);
  time.move(120_000);
  tick();
  tick();
  await expect.poll(async () => (await csp.get<Body>(`/brand/${brandId}`))['identityStatus']).toBe('VERIFIED');
  const waiting = csp.errors('POST', '/brand', BRAND);
  await expect.poll(() => csp.get('/brand')).toMatchObject({ totalRecords: 2 });
  await ticking.service.close();
  expect(await waiting).toEqual(['591 brandId']);
  expect(isTicking).toBe(false);
  await ticking.close();
});
