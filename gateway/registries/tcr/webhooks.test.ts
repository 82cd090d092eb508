import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, DAY_MS, openTcrUnderTest, type TcrUnderTest } from './tcr-under-test.ts';

const HOOK = 'http://127.0.0.1:9999/hook?of=csp';
let tcr: TcrUnderTest;
let csp: Client;
beforeEach(async () => {
  tcr = await openTcrUnderTest();
  csp = tcr.as('csp');
});
afterEach(() => tcr.close());

type Event = Readonly<Record<string, string | number | boolean | null>>;
const events = (): Event[] => tcr.hooks.map(({ body }) => JSON.parse(body) as Event);
const types = (): unknown[] => events().map(({ eventType }) => eventType);
const subscribe = (client: Client, ...categories: string[]): Promise<unknown[]> =>
  Promise.all(
    categories.map((eventCategory) => client.put('/webhook/subscription', { eventCategory, webhookEndpoint: HOOK })),
  );

/** RFC 8785 of a flat object of texts, whole numbers, flags and nulls, worked out apart from the product. */
function canonical(body: Event): string {
  const names = Object.keys(body).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(body[name])}`).join(',')}}`;
}

test('every event is signed over the address and its canonical body, with the secret of its reader', async () => {
  await subscribe(csp, 'BRAND', 'CAMPAIGN', 'VETTING', 'INCIDENCE');
  await subscribe(tcr.as('north'), 'CAMPAIGN');
  const brandId = await tcr.vettedBrand(80, { displayName: 'Café "Größe" €' });
  const campaignId = await tcr.campaign(brandId);
  await csp.put(`/campaign/${campaignId}/sharing/NORTH`);
  expect(tcr.hooks.length).toBeGreaterThan(8);
  const signedBy = tcr.hooks.map(({ url, headers, body }) => {
    const toSign = url + canonical(JSON.parse(body) as Event);
    const found = ['csp-secret', 'north-secret'].filter(
      (secret) => createHmac('sha1', secret).update(toSign).digest('base64') === headers['X-Registry-Signature'],
    );
    expect([url, headers['content-type']]).toEqual([HOOK, 'application/json; charset=utf-8']);
    return found.join();
  });
  expect(new Set(signedBy)).toEqual(new Set(['csp-secret', 'north-secret']));
});

test('a campaign tells of its whole way, in order', async () => {
  await subscribe(csp, 'BRAND', 'CAMPAIGN', 'VETTING', 'INCIDENCE');
  const brandId = await tcr.vettedBrand(80);
  const campaignId = await tcr.campaign(brandId, { usecase: 'SOCIAL' });
  await csp.put(`/campaign/${campaignId}/sharing/NORTH`);
  await tcr.as('north').put(`/partnerCampaign/${campaignId}/sharing/NORTH`);
  await tcr.pass(DAY_MS);
  await tcr.service.operate(campaignId, 'att', 'suspend', 'Spam was seen.');
  await tcr.service.operate(campaignId, 'att', 'complain', 'Somebody complained.');
  await tcr.service.operate(campaignId, 'att', 'unsuspend');
  await csp.ask('DELETE', `/campaign/${campaignId}`);
  expect(types()).toEqual([
    'BRAND_ADD',
    'BRAND_SCORE_UPDATE',
    'BRAND_IDENTITY_STATUS_UPDATE',
    'EVP_REPORT_SCORE',
    'BRAND_IDENTITY_VET_UPDATE',
    'BRAND_IDENTITY_STATUS_UPDATE',
    'CAMPAIGN_ADD',
    'CAMPAIGN_BILLED',
    'MNO_CAMPAIGN_OPERATION_REVIEW',
    'MNO_CAMPAIGN_OPERATION_REVIEW',
    'MNO_CAMPAIGN_OPERATION_REVIEW',
    'MNO_CAMPAIGN_OPERATION_REVIEW',
    'CAMPAIGN_SHARE_ADD',
    'CAMPAIGN_SHARE_ACCEPT',
    'CAMPAIGN_DCA_COMPLETE',
    'MNO_CAMPAIGN_OPERATION_APPROVED',
    'MNO_CAMPAIGN_OPERATION_SUSPENDED',
    'MNO_COMPLAINT',
    'MNO_CAMPAIGN_OPERATION_UNSUSPENDED',
    'CAMPAIGN_EXPIRED',
  ]);
  expect(events().find(({ eventType }) => eventType === 'MNO_CAMPAIGN_OPERATION_SUSPENDED')).toEqual({
    eventType: 'MNO_CAMPAIGN_OPERATION_SUSPENDED',
    cspId: 'SDEMO01',
    cspName: 'Example Messaging',
    brandId,
    brandName: 'Example Bakery',
    brandReferenceId: expect.stringMatching(/^SCORE-80/) as string,
    campaignId,
    campaignReferenceId: null,
    mnoId: 10017,
    mnoName: 'AT&T',
    description: 'Spam was seen.',
    mock: false,
  });
  expect(events().find(({ eventType }) => eventType === 'CAMPAIGN_DCA_COMPLETE')).toMatchObject({
    dcaId: 'NORTH',
    dcaName: 'North Aggregation',
    description: `Campaign DCAs have been fully elected for campaign ${campaignId}`,
  });
  expect(events().find(({ eventType }) => eventType === 'EVP_REPORT_SCORE')).toMatchObject({
    evpId: 'AEGIS',
    vettingId: expect.any(String) as string,
  });
});

test('an event is flat, and references go to their creator alone', async () => {
  await subscribe(csp, 'CAMPAIGN');
  await subscribe(tcr.as('north'), 'CAMPAIGN');
  const campaignId = await tcr.campaign(await tcr.brand({ referenceId: 'mine' }), { referenceId: 'my-campaign' });
  await csp.put(`/campaign/${campaignId}/sharing/NORTH`);
  const shared = events().filter(({ eventType }) => eventType === 'CAMPAIGN_SHARE_ADD');
  expect(shared).toHaveLength(2);
  expect(shared.map(({ campaignReferenceId, brandReferenceId }) => [campaignReferenceId, brandReferenceId])).toEqual([
    ['my-campaign', 'mine'],
    [undefined, undefined],
  ]);
  for (const event of events()) {
    expect(Object.values(event).every((value) => value === null || typeof value !== 'object')).toBe(true);
  }
});

test('a refusal reaches the one below with its reason, and nobody else', async () => {
  for (const as of ['csp', 'relay', 'north', 'other'] as const) await subscribe(tcr.as(as), 'CAMPAIGN');
  const campaignId = await tcr.campaign(await tcr.brand());
  await csp.put(`/campaign/${campaignId}/sharing/RELAY`);
  await tcr.as('relay').put(`/partnerCampaign/${campaignId}/sharing/NORTH`);
  tcr.hooks.length = 0;
  await tcr.as('north').ask('DELETE', `/partnerCampaign/${campaignId}/sharing?explanation=Samples%20missing`);
  expect(events()).toMatchObject([{ eventType: 'CAMPAIGN_SHARE_DELETE', campaignId }]);
  expect(String(events()[0]?.['description'])).toContain('Samples missing');
});

describe('subscriptions', () => {
  it('are one address for each category, replaced, listed and ended', async () => {
    await subscribe(csp, 'BRAND', 'CAMPAIGN');
    const other = 'http://127.0.0.1:1/other';
    expect(await csp.put('/webhook/subscription', { eventCategory: 'BRAND', webhookEndpoint: other })).toEqual({
      eventCategory: 'BRAND',
      webhookEndpoint: other,
    });
    expect(await csp.get('/webhook/subscription')).toEqual([
      { eventCategory: 'BRAND', webhookEndpoint: other },
      { eventCategory: 'CAMPAIGN', webhookEndpoint: HOOK },
    ]);
    expect((await csp.ask('DELETE', '/webhook/subscription/CAMPAIGN')).status).toBe(204);
    expect(await csp.get('/webhook/subscription')).toHaveLength(1);
    await tcr.campaign(await tcr.brand());
    expect(types().some((type) => String(type).startsWith('CAMPAIGN'))).toBe(false);
    expect(tcr.hooks.every(({ url }) => url === other)).toBe(true);
  });

  it('to an address that the operator did not allow are refused, with the option that would', async () => {
    const body = { eventCategory: 'BRAND', webhookEndpoint: 'http://forbidden.example.com' };
    const answer = await csp.ask<{ description: string }[]>('PUT', '/webhook/subscription', body);
    expect([answer.status, answer.body]).toMatchObject([400, [{ field: 'webhookEndpoint' }]]);
    expect(answer.text).toContain('--callback-host');
    expect(await csp.get('/webhook/subscription')).toEqual([]);
  });

  it('can be tried with a made-up event of each type', async () => {
    await subscribe(csp, 'CSP', 'BRAND', 'CAMPAIGN', 'VETTING', 'INCIDENCE');
    const known = await csp.get<{ eventType: string; eventCategory: string }[]>('/webhook/eventType');
    expect(known).toHaveLength(35);
    for (const { eventType } of known) {
      const answer = await csp.get<{ endpoint: string; request: string }>(
        `/webhook/subscription/eventType/${eventType}/mock`,
      );
      expect(answer).toMatchObject({ endpoint: HOOK, status: 202 });
      expect(JSON.parse(answer.request)).toMatchObject({ eventType, mock: true });
    }
    expect(types()).toEqual(known.map(({ eventType }) => eventType));
    expect(await csp.get('/webhook/subscription/VETTING/test')).toMatchObject({ status: 202 });
  });

  it('must be there to be tried', async () => {
    expect(await csp.errors('GET', '/webhook/subscription/eventType/BRAND_ADD/mock')).toEqual(['502 eventType']);
    expect(await csp.errors('GET', '/webhook/subscription/eventType/NOTHING/mock')).toEqual(['502 eventType']);
    expect(await csp.errors('DELETE', '/webhook/subscription/NOTHING')).toEqual(['502 eventCategory']);
  });
});

test('an event of a mock brand says so', async () => {
  await subscribe(csp, 'BRAND');
  await tcr.brand({ mock: true });
  expect(events().every(({ mock }) => mock === true)).toBe(true);
  expect(types()).toContain('BRAND_SCORE_UPDATE');
});
