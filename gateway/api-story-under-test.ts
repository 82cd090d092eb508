/**
 * Asks a gateway for every route at least once, in an order that makes sense to it: what is said here and what is answered are the examples
 * of the OpenAPI document.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExampleCall } from './api-document.ts';
import { tellOfProviders } from './api-story-of-providers-under-test.ts';
import { type Ask, openTeller, type Teller } from './api-teller-under-test.ts';

const GUEST = '+12019161000';
const OURS = '+12125550100';
const CSP = ['csp-key', 'csp-secret'] as const;
const NORTH = ['north-key', 'north-secret'] as const;
const RELAY = ['relay-key', 'relay-secret'] as const;

export async function tellApiStory(): Promise<Record<string, ExampleCall[]>> {
  const teller = await openTeller();
  const { ask } = teller;
  try {
    await tellOfMessages(ask);
    await tellOfMoney(ask);
    await tellOfNumbers(ask);
    await tellOfCampaigns(ask);
    await tellOfProviders(ask);
    await tellOfControl(teller);
    return teller.calls();
  } finally {
    await teller.close();
  }
}

async function tellOfMessages(ask: Ask): Promise<void> {
  await ask('GET /healthz');
  await ask('GET /readyz');
  await ask('GET /v1/magic-numbers');
  await ask('GET /v1/campaigns');
  await ask('PUT /v1/numbers/{number}', { path: { number: OURS }, body: { campaign: 'CTOPA01' } });
  const message = { from: OURS, to: GUEST, text: 'Your table is ready.', reference: 'order 7' };
  const { id } = await ask<{ id: string }>('POST /v1/messages', {
    summary: 'From a number that is registered',
    body: { ...message, truth: 'legit', idempotencyKey: 'order-7-ready' },
  });
  await ask('POST /v1/messages', {
    summary: 'From a number over the limit of its campaign',
    body: { from: '+15005556006', to: '+15005550000', text: 'Your table is ready.' },
  });
  await ask('POST /v1/messages', { summary: 'A field is wrong', body: { ...message, to: '+1555' } });
  const batch = [message, { ...message, from: '+12125550199', truth: 'spam' }];
  await ask('POST /v1/messages/batch', { summary: 'A JSON array', body: batch });
  const lines = batch.map((one) => `${JSON.stringify(one)}\n`).join('');
  await ask('POST /v1/messages/batch', { summary: 'One message per line', type: 'application/x-ndjson', body: lines });
  const { id: told } = await ask<{ id: string }>('POST /v1/messages', {
    summary: 'With an address for its receipt',
    body: { ...message, callbackUrl: 'http://127.0.0.1:9099/receipts?key=1' },
  });
  await ask('POST /v1/clock', { summary: 'Time goes on', body: { advanceMs: 10_000, settle: true } });
  await ask('GET /v1/messages/{id}', { path: { id } });
  await ask('GET /v1/messages/{id}/webhooks', { path: { id: told } });
  await ask('GET /v1/messages', { query: { from: OURS, limit: '2' } });
  await ask('POST /v1/inbound', { body: { from: GUEST, to: OURS, text: 'Thank you' } });
  await ask('GET /v1/lookup/{number}', { path: { number: OURS } });
  await ask('DELETE /v1/numbers/{number}', { path: { number: OURS } });
  await ask('GET /v1/regime');
  await ask('PUT /v1/regime', { body: { regime: 'filter', carrier: 'att', share: 0.5 } });
}

async function tellOfMoney(ask: Ask): Promise<void> {
  await ask('POST /v1/rate', {
    body: { carrier: 'att', registered: false, segments: 2, dates: ['2023-12-15', '2025-06-01'] },
  });
  await ask('GET /v1/tariffs', { query: { carrier: 'att' } });
  await ask('PUT /v1/tariffs', { body: { book: 'us-10dlc' } });
  await ask('GET /v1/revenue', { query: { by: 'payee,cause' } });
  await ask('GET /v1/ledger');
  await ask('GET /v1/fees');
  const account = { path: { id: 'shop' } };
  await ask('PUT /v1/accounts/{id}', {
    ...account,
    body: {
      kind: 'prepaid',
      limits: { smsPerSecond: 50 },
      webhook: { url: 'http://127.0.0.1:9099/receipts', secret: 'whsec_dG9sbGdhdGUgZXhhbXBsZSBzZWNyZXQgMDE=' },
    },
  });
  await ask('POST /v1/accounts/{id}/top-ups', { ...account, body: { amount: '25.00', reference: 'invoice 1' } });
  await ask('POST /v1/accounts/{id}/refunds', { ...account, body: { amount: '5.00', reference: 'credit 1' } });
  await ask('GET /v1/accounts/{id}', account);
  await ask('GET /v1/accounts');
  const { fees } = await ask<{ fees: readonly { readonly fee: string }[] }>('GET /v1/fees');
  await ask('POST /v1/fees', { body: { fee: fees[0]?.fee ?? '', account: 'shop', reference: 'fee 1' } });
}

async function tellOfNumbers(ask: Ask): Promise<void> {
  const number = { path: { number: '+12125550101' } };
  await ask('GET /nnsr/v1/nnids', { as: NORTH });
  await ask('PUT /nnsr/v1/numbers/{number}', { ...number, as: NORTH, body: { campaignId: 'CMIDC01', nnid: '104801' } });
  await ask('GET /nnsr/v1/numbers/{number}', { ...number, as: NORTH });
  await ask('GET /nnsr/v1/campaigns/{campaignId}', { path: { campaignId: 'CMIDC01' }, as: NORTH });
  await ask('GET /nnsr/v1/notices', { as: NORTH, query: { limit: '10' } });
  await ask('GET /v1/trace', { query: { number: '+12125550101' } });
  const { job } = await ask<{ job: string }>('POST /nnsr/v1/bulk', {
    as: NORTH,
    type: 'text/csv',
    query: { async: 'true' },
    body: 'number,campaignId,nnid\n+12125550102,CMIDC01,104801\n+12125550103,CNOBODY,104801\n',
  });
  await ask('GET /nnsr/v1/bulk/{job}', { path: { job }, as: NORTH });
  await ask('GET /nnsr/v1/bulk/{job}/errors', { path: { job }, as: NORTH });
  await ask('DELETE /nnsr/v1/numbers/{number}', { ...number, as: NORTH });
  await ask('GET /v1/registry/provisioning');
  await ask('PUT /v1/registry/provisioning', { body: { delay: { kind: 'fixed', ms: 0 }, failureProbability: 0 } });
}

const BRAND = {
  entityType: 'PRIVATE_PROFIT',
  displayName: 'Example Bakery',
  companyName: 'Example Bakery LLC',
  ein: '12-3456789',
  phone: '+12025550100',
  street: '1 Main Street',
  city: 'Springfield',
  state: 'IL',
  postalCode: '62701',
  country: 'US',
  email: 'support@example.com',
  brandRelationship: 'BASIC_ACCOUNT',
  vertical: 'RETAIL',
};

const CAMPAIGN = {
  usecase: 'CUSTOMER_CARE',
  description: 'Answers to customers.',
  sample1: 'Your order is ready.',
  sample2: 'Thank you for calling.',
  messageFlow: 'Customers opt in on the web site.',
  helpMessage: 'Reply STOP to opt out.',
  embeddedLink: false,
  embeddedPhone: false,
  numberPool: false,
  subscriberOptin: true,
  subscriberOptout: true,
  subscriberHelp: true,
  autoRenewal: true,
};

const ENUMERATIONS = [
  'altBusinessIdType',
  'approvedPublicCompany',
  'brandIdentityStatus',
  'brandRelationship',
  'brandStatus',
  'campaignStatus',
  'cnp',
  'dca',
  'entityType',
  'extVettingProvider',
  'mno',
  'operationStatus',
  'optionalAttributeNames',
  'stockExchange',
  'usecase',
  'vertical',
  'vettingClass',
  'vettingStatus',
];

async function tellOfCampaigns(ask: Ask): Promise<void> {
  const tcr: Ask = (route, said) => ask(route.replace(' /', ' /tcr/v2/'), { as: CSP, ...said });
  const pass = (): Promise<unknown> => ask('POST /v1/clock', { body: { advanceMs: 60_000 }, isAside: true });
  await tcr('GET /version');
  await tcr('GET /error');
  await tcr('GET /csp/profile');
  for (const name of ENUMERATIONS) {
    await tcr(`GET /enum/${name}`);
    // More in a second than the registry allows.
    await pass();
  }
  await tcr('GET /webhook/eventCategory');
  await tcr('GET /webhook/eventType');
  await tcr('PUT /webhook/subscription', {
    body: { eventCategory: 'CAMPAIGN', webhookEndpoint: 'http://127.0.0.1:9099/tcr' },
  });
  await tcr('GET /webhook/subscription');
  const eventCategory = { path: { eventCategory: 'CAMPAIGN' } };
  await tcr('GET /webhook/subscription/{eventCategory}/test', eventCategory);
  await tcr('GET /webhook/subscription/eventType/{eventType}/mock', { path: { eventType: 'CAMPAIGN_ADD' } });

  const { brandId } = await tcr<{ brandId: string }>('POST /brand/nonBlocking', { body: BRAND });
  await pass();
  // Answered when the brand is scored, and time stands until that is to come.
  const scored = tcr<{ brandId: string }>('POST /brand', {
    body: { ...BRAND, entityType: 'NON_PROFIT', ein: '123450527', referenceId: 'branch 2' },
  });
  const isThere = { query: { referenceId: 'branch 2' }, isAside: true };
  while ((await tcr<{ totalRecords: number }>('GET /brand', isThere)).totalRecords === 0) await nextTurn();
  await pass();
  const other = await scored;
  const brand = { path: { brandId } };
  await tcr('GET /brand');
  await tcr('GET /brand/{brandId}', brand);
  await tcr('PUT /brand/{brandId}', { ...brand, body: { ...BRAND, website: 'https://www.example.com' } });
  await tcr('GET /brand/feedback/{brandId}', brand);
  await tcr('PUT /brand/{brandId}/revet', brand);
  await pass();
  await tcr('POST /brand/{brandId}/externalVetting', { ...brand, body: { evpId: 'AEGIS', vettingClass: 'STANDARD' } });
  await pass();
  await tcr('GET /brand/{brandId}/externalVetting', brand);
  const political = { path: { brandId: other.brandId } };
  const token = await tcr<string>('POST /brand/{brandId}/externalVetting/mockCvToken', {
    ...political,
    form: { locale: 'state', validUntil: '2026-01-01' },
    headers: { accept: 'text/plain' },
  });
  await tcr('PUT /brand/{brandId}/externalVetting', { ...political, body: { evpId: 'CV', vettingId: token } });
  await tcr('GET /campaignBuilder/brand/{brandId}', brand);
  const usecase = { path: { brandId, usecase: 'CUSTOMER_CARE' } };
  await tcr('GET /campaignBuilder/brand/{brandId}/usecase/{usecase}', usecase);

  const { campaignId } = await tcr<{ campaignId: string }>('POST /campaignBuilder', { body: { ...CAMPAIGN, brandId } });
  const campaign = { path: { campaignId } };
  await tcr('GET /campaign');
  await tcr('GET /campaign/{campaignId}', campaign);
  await tcr('PUT /campaign/{campaignId}', { ...campaign, body: { sample1: 'Your bread is ready.' } });
  await tcr('GET /campaign/{campaignId}/osr/attributes', campaign);
  await tcr('PUT /campaign/{campaignId}/sharing/{upstreamCnpId}', { path: { campaignId, upstreamCnpId: 'RELAY' } });
  await tcr('GET /campaign/{campaignId}/sharing', campaign);
  await tcr('GET /partnerCampaign/sharedWithMe', { as: RELAY });
  const toNorth = { path: { campaignId, upstreamCnpId: 'NORTH' } };
  await tcr('PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}', {
    ...toNorth,
    summary: 'Handed on',
    as: RELAY,
  });
  await tcr('DELETE /partnerCampaign/{campaignId}/sharing', { ...campaign, as: NORTH });
  await tcr('PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}', { ...toNorth, as: RELAY, isAside: true });
  await tcr('GET /partnerCampaign/sharedByMe', { as: RELAY });
  await tcr('GET /partnerCampaign/{campaignId}', { ...campaign, as: RELAY });
  await tcr('GET /partnerCampaign/{campaignId}/sharing', { ...campaign, as: RELAY });
  await tcr('PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}', {
    ...toNorth,
    summary: 'Accepted by the DCA',
    as: NORTH,
  });
  await pass();
  await tcr('GET /campaign/{campaignId}/mnoMetadata', campaign);
  await tcr('GET /campaign/{campaignId}/operationStatus', campaign);
  await tcr('GET /partnerCampaign/{campaignId}/mnoMetadata', { ...campaign, as: RELAY });
  await tcr('GET /partnerCampaign/{campaignId}/operationStatus', { ...campaign, as: RELAY });
  await ask('GET /v1/registry/campaigns/{id}/operations', { path: { id: campaignId } });
  await ask('POST /v1/registry/campaigns/{id}/operations', {
    path: { id: campaignId },
    body: { action: 'suspend', carrier: 'verizon', note: 'Spam was seen.' },
  });
  await ask('GET /v1/registry/postings', { query: { limit: '2' } });

  const { resellerId } = await tcr<{ resellerId: string }>('POST /reseller', {
    body: { companyName: 'Example Reseller', email: 'reseller@example.com', phone: '+12025550101' },
  });
  const reseller = { path: { resellerId } };
  await tcr('GET /reseller');
  await tcr('GET /reseller/{resellerId}', reseller);
  await tcr('PUT /reseller/{resellerId}', { ...reseller, body: { companyName: 'Example Reseller Inc.' } });
  await tcr('DELETE /reseller/{resellerId}', reseller);
  const tag = { name: 'spring', recordType: 'BRAND', recordId: brandId };
  await tcr('PUT /tag', { body: tag });
  await tcr('GET /tag');
  await tcr('DELETE /tag/name/{name}/recordType/{recordType}/recordId/{recordId}', { path: tag });
  await tcr('DELETE /campaign/{campaignId}', campaign);
  await tcr('DELETE /brand/{brandId}', political);
  await tcr('DELETE /webhook/subscription/{eventCategory}', eventCategory);
  // Answered with what is not simulated.
  await tcr('GET /pft/brand');
  await tcr('POST /pft/participant');
}

async function tellOfControl({ ask, write }: Teller): Promise<void> {
  await ask('GET /v1/live');
  await ask('GET /v1/clock');
  await ask('PUT /v1/faults', { body: { faults: [{ id: 'late', receipts: { delayMs: 2_000 }, forMs: 60_000 }] } });
  const fault = { path: { id: 'att-down' } };
  await ask('PUT /v1/faults/{id}', { ...fault, body: { scope: { carrier: 'att' }, outage: true, forMs: 20_000 } });
  await ask('GET /v1/faults');
  await ask('DELETE /v1/faults/{id}', fault);
  await ask('DELETE /v1/faults');
  await ask('GET /v1/webhooks');
  await ask('GET /v1/webhooks/dead-letters', { query: { limit: '10' } });
  await ask('POST /v1/webhooks/dead-letters/replay', { body: { host: '127.0.0.1:9099' } });
  await ask('GET /v1/carriers/blocks', { query: { carrier: 'att' } });
  await ask('DELETE /v1/carriers/blocks/{number}', { path: { number: OURS }, query: { carrier: 'att' } });
  const sandbox = await ask<{ id: string; api: { id: string; secret: string } }>('POST /v1/sandboxes', {
    body: { seed: 7, clock: 'frozen@2024-03-01T10:00:00-08:00' },
  });
  write(sandbox.id, 'sbce23x9lt7rv1');
  write(sandbox.api.id, `AC${'28425ffa'.repeat(4)}`);
  write(sandbox.api.secret, 'a657cd4f'.repeat(4));
  await ask('GET /v1/sandboxes');
  await ask('DELETE /v1/sandboxes/{id}', { path: { id: sandbox.id } });
  const state = await ask<Uint8Array>('GET /v1/snapshot');
  await ask('PUT /v1/snapshot', { type: 'application/octet-stream', body: state });
  await ask('POST /v1/reset');
}
