import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

let tcr: TcrUnderTest;
let campaignId: string;
beforeEach(async () => {
  tcr = await openTcrUnderTest();
  campaignId = await tcr.campaign(await tcr.brand());
});
afterEach(() => tcr.close());

type Body = Record<string, unknown>;
const share = (from: 'csp' | 'relay' | 'north' | 'other', to: string): Promise<Body> =>
  tcr.as(from).put(`/${from === 'csp' ? 'campaign' : 'partnerCampaign'}/${campaignId}/sharing/${to}`);

test('a pending hop can be neither taken back nor changed; after a refusal another may be chosen', async () => {
  const csp = tcr.as('csp');
  await share('csp', 'NORTH');
  expect(await csp.errors('PUT', `/campaign/${campaignId}/sharing/SOUTH`)).toEqual(['403 upstreamCnpId']);
  const declined = await tcr
    .as('north')
    .ask('DELETE', `/partnerCampaign/${campaignId}/sharing?explanation=No%20samples`);
  expect(declined.body).toMatchObject({
    sharingStatus: 'DECLINED',
    explanation: 'No samples',
    downstreamCnpId: 'SDEMO01',
  });
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'declined', dca: undefined });
  expect(await tcr.as('north').errors('GET', `/partnerCampaign/${campaignId}`)).toEqual(['502 campaignId']);
  await share('csp', 'SOUTH');
  await tcr.pass(5 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'available', dca: 'SOUTH' });
  expect(await csp.errors('PUT', `/campaign/${campaignId}/sharing/NORTH`)).toEqual(['403 upstreamCnpId']);
});

test('a partner accepts by sharing further up, and may choose again when that is declined', async () => {
  await share('csp', 'RELAY');
  expect(await share('relay', 'NORTH')).toMatchObject({ downstreamCnpId: 'RELAY', sharingStatus: 'PENDING' });
  await tcr.as('north').ask('DELETE', `/partnerCampaign/${campaignId}/sharing`);
  expect(await tcr.as('relay').get(`/partnerCampaign/${campaignId}/sharing`)).toMatchObject({
    sharedWithMe: { downstreamCnpId: 'SDEMO01', sharingStatus: 'ACCEPTED' },
    sharedByMe: { upstreamCnpId: 'NORTH', sharingStatus: 'DECLINED' },
  });
  expect(await tcr.as('relay').errors('DELETE', `/partnerCampaign/${campaignId}/sharing`)).toEqual(['502 campaignId']);
  await share('relay', 'SOUTH');
  await tcr.pass(5 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'available', dca: 'SOUTH' });
});

test('the chain never comes back to who is in it', async () => {
  expect(await tcr.as('csp').errors('PUT', `/campaign/${campaignId}/sharing/SDEMO01`)).toEqual(['523 upstreamCnpId']);
  await share('csp', 'RELAY');
  for (const id of ['SDEMO01', 'RELAY']) {
    expect(await tcr.as('relay').errors('PUT', `/partnerCampaign/${campaignId}/sharing/${id}`)).toEqual([
      '523 upstreamCnpId',
    ]);
  }
});

test('another service provider can be on the way', async () => {
  await share('csp', 'SOTHER1');
  await share('other', 'NORTH');
  await tcr.pass(5 * DAY_MS);
  expect(tcr.records.get(campaignId)?.dca).toBe('NORTH');
});

test('a DCA accepts at once by naming itself, and is the end of the chain', async () => {
  await share('csp', 'NORTH');
  expect(await tcr.as('north').errors('PUT', `/partnerCampaign/${campaignId}/sharing/SOUTH`)).toEqual([
    '403 upstreamCnpId',
  ]);
  expect(await share('north', 'NORTH')).toMatchObject({ sharingStatus: 'ACCEPTED', upstreamCnpId: 'NORTH' });
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'available', dca: 'NORTH' });
  // The look that was due all the same changes nothing.
  await tcr.pass(5 * DAY_MS);
  await tcr.pass(5 * DAY_MS);
  expect(tcr.records.get(campaignId)?.status).toBe(0b11111);
});

test('a DCA that only accepts when told waits', async () => {
  const told = await openTcrUnderTest({
    settings: { dcaAccepts: 'when-told', readsPerSecond: 1_000, writesPerTenSeconds: 1_000 },
  });
  const id = await told.campaign(await told.brand());
  await told.as('csp').put(`/campaign/${id}/sharing/NORTH`);
  await told.pass(30 * DAY_MS);
  expect(told.records.get(id)?.standing).toBe('pending_acceptance');
  await told.service.answerSharing(id, 'accept');
  await told.pass(5 * DAY_MS);
  expect(told.records.get(id)).toMatchObject({ standing: 'available', status: 0b11111 });
  await told.close();
});

test('the owner and the DCA see everything, a partner on the way the least, others nothing', async () => {
  await share('csp', 'RELAY');
  await share('relay', 'NORTH');
  const seen = async (as: 'relay' | 'north'): Promise<Body> => tcr.as(as).get(`/partnerCampaign/${campaignId}`);
  expect(Object.keys(await seen('relay')).sort()).toEqual(['brandId', 'campaignId', 'createDate', 'status', 'usecase']);
  expect(await seen('north')).toMatchObject({
    description: 'Answers to customers.',
    sample1: 'Your order is ready.',
    cnpChain: ['SDEMO01', 'RELAY', 'NORTH'],
  });
  for (const [path, as] of [
    [`/campaign/${campaignId}`, 'other'],
    [`/campaign/${campaignId}`, 'north'],
    [`/partnerCampaign/${campaignId}`, 'other'],
    [`/partnerCampaign/${campaignId}`, 'south'],
    [`/partnerCampaign/${campaignId}`, 'csp'],
  ] as const) {
    expect([path, as, await tcr.as(as).errors('GET', path)]).toEqual([path, as, ['502 campaignId']]);
  }
  expect(await tcr.as('other').get('/campaign')).toMatchObject({ totalRecords: 0 });
  expect(await tcr.as('other').get('/brand')).toMatchObject({ totalRecords: 0 });
});

test('partners find what was shared with them and by them', async () => {
  await share('csp', 'RELAY');
  await share('relay', 'NORTH');
  const found = async (as: 'relay' | 'north' | 'south', query: string): Promise<number> =>
    (await tcr.as(as).get<{ totalRecords: number }>(`/partnerCampaign/${query}`)).totalRecords;
  expect(await found('relay', 'sharedWithMe')).toBe(1);
  expect(await found('relay', 'sharedByMe?upstreamCnpId=NORTH&sharingStatus=PENDING')).toBe(1);
  expect(await found('relay', 'sharedByMe?upstreamCnpId=SOUTH')).toBe(0);
  expect(await found('north', 'sharedWithMe?downstreamCnpId=RELAY&startDate=2024-03-01&endDate=2024-03-01')).toBe(1);
  expect(await found('north', 'sharedWithMe?startDate=2024-03-02')).toBe(0);
  expect(await found('north', 'sharedWithMe?sharingStatus=ACCEPTED&sharingStatus=DECLINED')).toBe(0);
  expect(await found('north', 'sharedByMe')).toBe(0);
  expect(await found('south', 'sharedWithMe')).toBe(0);
});

test('a campaign that is over is not shared, and a DCA that looks at it then leaves it', async () => {
  await share('csp', 'NORTH');
  await tcr.as('csp').ask('DELETE', `/campaign/${campaignId}`);
  await tcr.pass(5 * DAY_MS);
  expect(tcr.records.get(campaignId)).toMatchObject({ standing: 'expired', dca: undefined });
  expect(await tcr.as('csp').errors('PUT', `/campaign/${campaignId}/sharing/SOUTH`)).toEqual(['518 campaignId']);
});
