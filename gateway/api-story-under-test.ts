/**
 * Asks a gateway for every route at least once, in an order that makes sense to it: the examples of the OpenAPI document are what is said here and
 * what is answered. The gateway's time stands and its chance is seeded, so it answers the same each time; the few things that are random all the
 * same are written as something fixed.
 */
import type { ExampleCall } from './api-document.ts';
import { ControlledClock } from './control/index.ts';
import { loadWorld } from './load-world.ts';
import { openGateway } from './main.ts';
import { readOptions } from './options.ts';
import { createLog } from './telemetry/index.ts';

interface Said {
  readonly summary?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is if it is a text or bytes. */
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Key and secret. */
  readonly as?: readonly [string, string];
}

type Fields = Readonly<Record<string, unknown>>;
type Ask = <Answer = Fields>(route: string, said?: Said) => Promise<Answer>;

const JSON_TYPE = 'application/json';
/** Of a list, so many are shown. */
const LIST_MAX = 2;
/** For the first event of a stream that has no end. */
const STREAM_MS = 1_500;
const GUEST = '+12019161000';
const OURS = '+12125550100';
const CSP = ['csp-key', 'csp-secret'] as const;
const NORTH = ['north-key', 'north-secret'] as const;
const RELAY = ['relay-key', 'relay-secret'] as const;

/** By route, in order. */
export async function tellApiStory(): Promise<Record<string, ExampleCall[]>> {
  const flags = { port: '0', logLevel: 'silent', magicNumbers: 'true', clock: 'frozen@2024-03-01T10:00:00-08:00' };
  const read = readOptions({ environment: {}, flags });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const { options } = read;
  const clock = new ControlledClock();
  clock.freeze(Date.UTC(2024, 2, 1, 18));
  const world = loadWorld(options);
  const gateway = await openGateway({ options, world, clock, timers: clock, log: createLog(options.logLevel) });
  const calls: Record<string, ExampleCall[]> = {};
  const random = new Map<string, string>([[gateway.url, 'http://127.0.0.1:8080']]);
  const fixed = (text: string): string => {
    let made = text;
    for (const [one, other] of random) made = made.replaceAll(one, other);
    return made;
  };

  const ask: Ask = async <Answer>(route: string, said: Said = {}) => {
    const [method = '', pattern = ''] = route.split(' ');
    const { summary, path = {}, query, body, form, as, headers = {} } = said;
    const filled = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''));
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const isPlain = typeof body === 'string' || body instanceof Uint8Array;
    const type =
      said.type ??
      (form !== undefined ? 'application/x-www-form-urlencoded' : body !== undefined ? JSON_TYPE : undefined);
    const payload = form === undefined ? (isPlain ? body : JSON.stringify(body)) : new URLSearchParams(form).toString();
    const response = await fetch(`${gateway.url}${filled}${search}`, {
      method,
      headers: {
        ...(type !== undefined && { 'content-type': type }),
        ...(as && { authorization: `Basic ${Buffer.from(as.join(':')).toString('base64')}` }),
        ...headers,
      },
      ...(payload !== undefined && { body: payload as string }),
    });
    const answerType = response.headers.get('content-type')?.split(';')[0];
    const text = answerType === 'text/event-stream' ? await firstEvent(response) : await response.text();
    if (response.status >= 500) throw new Error(`${route}: ${response.status} ${text}`);
    const isJson = answerType !== undefined && /\bjson$/.test(answerType) && text !== '';
    const isBytes = answerType === 'application/octet-stream';
    const answer: unknown = isJson ? (JSON.parse(text) as unknown) : text;
    const shown = isBytes ? '(bytes)' : isJson ? (JSON.parse(fixed(JSON.stringify(short(answer)))) as unknown) : fixed(text);
    const called: ExampleCall = {
      ...(summary !== undefined && { summary }),
      ...(said.path && { path: JSON.parse(fixed(JSON.stringify(path))) as Record<string, string> }),
      ...(query && { query: JSON.parse(fixed(JSON.stringify(query))) as Record<string, string> }),
      ...(type !== undefined && { type }),
      ...(type !== undefined && {
        body: body instanceof Uint8Array ? '(bytes)' : (JSON.parse(fixed(JSON.stringify(form ?? body))) as unknown),
      }),
      status: response.status,
      ...(answerType !== undefined && text !== '' && { answerType, answer: shown }),
    };
    (calls[route] ??= []).push(called);
    return answer as Answer;
  };

  try {
    await tellOfMessages(ask);
    await tellOfMoney(ask);
    await tellOfNumbers(ask);
    await tellOfCampaigns(ask);
    await tellOfTwilio(ask);
    await tellOfControl(ask, random);
  } finally {
    await gateway.close(0);
  }
  return calls;
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
  await ask('POST /v1/clock', { summary: 'Time goes on', body: { advanceMs: 10_000, settle: true } });
  await ask('GET /v1/messages/{id}', { path: { id } });
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
    body: '+12125550102,CMIDC01,104801\n+12125550103,CNOBODY,104801\n',
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
  ...['altBusinessIdType', 'approvedPublicCompany', 'brandIdentityStatus', 'brandRelationship', 'brandStatus', 'campaignStatus'],
  ...['cnp', 'dca', 'entityType', 'extVettingProvider', 'mno', 'operationStatus', 'optionalAttributeNames', 'stockExchange'],
  ...['usecase', 'vertical', 'vettingClass', 'vettingStatus'],
];

async function tellOfCampaigns(ask: Ask): Promise<void> {
  const tcr: Ask = (route, said) => ask(route.replace(' /', ' /tcr/v2/'), { as: CSP, ...said });
  const pass = (): Promise<unknown> => ask('POST /v1/clock', { body: { advanceMs: 60_000 } });
  await tcr('GET /version');
  await tcr('GET /error');
  await tcr('GET /csp/profile');
  for (const name of ENUMERATIONS) await tcr(`GET /enum/${name}`);
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
  const other = await tcr<{ brandId: string }>('POST /brand', { body: { ...BRAND, referenceId: 'branch 2' } });
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
  const token = await tcr<string>('POST /brand/{brandId}/externalVetting/mockCvToken', {
    ...brand,
    form: { locale: 'state', validUntil: '2026-01-01' },
    headers: { accept: 'text/plain' },
  });
  await tcr('PUT /brand/{brandId}/externalVetting', { ...brand, body: { evpId: 'CV', vettingId: token } });
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
  await tcr('PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}', {
    as: RELAY,
    path: { campaignId, upstreamCnpId: 'NORTH' },
  });
  await tcr('GET /partnerCampaign/sharedByMe', { as: RELAY });
  await tcr('GET /partnerCampaign/{campaignId}', { ...campaign, as: RELAY });
  await tcr('GET /partnerCampaign/{campaignId}/sharing', { ...campaign, as: RELAY });
  await tcr('PUT /partnerCampaign/{campaignId}/sharing/{upstreamCnpId}', {
    as: NORTH,
    path: { campaignId, upstreamCnpId: 'NORTH' },
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
  await tcr('DELETE /partnerCampaign/{campaignId}/sharing', { ...campaign, as: NORTH });
  await tcr('DELETE /campaign/{campaignId}', campaign);
  await tcr('DELETE /brand/{brandId}', { path: { brandId: other.brandId } });
  await tcr('DELETE /webhook/subscription/{eventCategory}', eventCategory);
}

async function tellOfTwilio(ask: Ask): Promise<void> {
  const accountSid = `AC${'0'.repeat(32)}`;
  const as = [accountSid, 'token'] as const;
  const at = (route: string): string => route.replace(' /', ' /twilio/2010-04-01/Accounts/{accountSid}/');
  const v1 = (route: string): string => route.replace(' /', ' /twilio/v1/');
  const path = { accountSid };
  const numbers = await ask<{ sid: string }>(at('POST /IncomingPhoneNumbers.json'), {
    as,
    path,
    form: { PhoneNumber: OURS },
  });
  await ask(at('GET /IncomingPhoneNumbers.json'), { as, path, query: { PhoneNumber: OURS } });
  const form = { From: '+15005556000', To: '+15005550000', Body: 'Your table is ready.' };
  const { sid: messageSid } = await ask<{ sid: string }>(at('POST /Messages.json'), {
    summary: 'A message is taken',
    as,
    path,
    form,
  });
  await ask(at('POST /Messages.json'), { summary: 'No number', as, path, form: { ...form, To: '+1555' } });
  const message = { as, path: { accountSid, messageSid } };
  await ask('POST /v1/clock', { body: { advanceMs: 60_000 } });
  await ask(at('GET /Messages/{messageSid}.json'), message);
  await ask(at('GET /Messages.json'), { as, path, query: { PageSize: '1' } });
  await ask(at('POST /Messages/{messageSid}.json'), { ...message, form: { Body: '' } });
  await ask(at('DELETE /Messages/{messageSid}.json'), message);

  const service = await ask<{ sid: string }>(v1('POST /Services'), { as, form: { FriendlyName: 'Reminders' } });
  const serviceSid = service.sid;
  const inService = { as, path: { serviceSid } };
  await ask(v1('GET /Services'), { as });
  await ask(v1('GET /Services/{serviceSid}'), inService);
  await ask(v1('POST /Services/{serviceSid}'), { ...inService, form: { FriendlyName: 'All reminders' } });
  await ask(v1('POST /Services/{serviceSid}/PhoneNumbers'), { ...inService, form: { PhoneNumberSid: numbers.sid } });
  await ask(v1('GET /Services/{serviceSid}/PhoneNumbers'), inService);
  const inPool = { as, path: { serviceSid, numberSid: numbers.sid } };
  await ask(v1('GET /Services/{serviceSid}/PhoneNumbers/{numberSid}'), inPool);
  await ask(v1('DELETE /Services/{serviceSid}/PhoneNumbers/{numberSid}'), inPool);
  const brand = await ask<{ sid: string }>(v1('POST /a2p/BrandRegistrations'), {
    as,
    form: { CustomerProfileBundleSid: `BU${'0'.repeat(32)}`, A2PProfileBundleSid: `BU${'1'.repeat(32)}` },
  });
  await ask('POST /v1/clock', { body: { advanceMs: 60_000 } });
  await ask(v1('GET /a2p/BrandRegistrations'), { as });
  await ask(v1('GET /a2p/BrandRegistrations/{brandSid}'), { as, path: { brandSid: brand.sid } });
  const compliance = (route: string): string => v1(route.replace(' ', ' /Services/{serviceSid}/Compliance'));
  await ask(compliance('GET /Usa2p/Usecases'), { ...inService, query: { BrandRegistrationSid: brand.sid } });
  const campaign = await ask<{ sid: string }>(compliance('POST /Usa2p'), {
    ...inService,
    form: {
      BrandRegistrationSid: brand.sid,
      Description: 'Reminders of tables that are booked.',
      MessageFlow: 'Guests opt in when they book a table on the web site.',
      MessageSamples: 'Your table is ready at seven.',
      UsAppToPersonUsecase: 'CUSTOMER_CARE',
      HasEmbeddedLinks: 'false',
      HasEmbeddedPhone: 'false',
    },
  });
  await ask(compliance('GET /Usa2p'), inService);
  const inCampaign = { as, path: { serviceSid, campaignSid: campaign.sid } };
  await ask(compliance('GET /Usa2p/{campaignSid}'), inCampaign);
  await ask(compliance('DELETE /Usa2p/{campaignSid}'), inCampaign);
  await ask(v1('DELETE /Services/{serviceSid}'), inService);
}

async function tellOfControl(ask: Ask, random: Map<string, string>): Promise<void> {
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
  const sandbox = await ask<{ id: string; api: { secret: string } }>('POST /v1/sandboxes', {
    body: { seed: 7, clock: 'frozen@2024-03-01T10:00:00-08:00' },
  });
  random.set(sandbox.id, 'sandbox-id').set(sandbox.api.secret, 'sandbox-secret');
  await ask('GET /v1/sandboxes');
  await ask('DELETE /v1/sandboxes/{id}', { path: { id: sandbox.id } });
  await ask('POST /v1/reset');
}

/** A value with its lists cut short. */
function short(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, LIST_MAX).map(short);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, short(one)]));
}

async function firstEvent(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const late = setTimeout(() => void reader?.cancel(), STREAM_MS);
  let text = '';
  try {
    while (reader !== undefined && !text.includes('\n\n')) {
      const { done, value } = await reader.read();
      if (done) break;
      text += Buffer.from(value).toString();
    }
  } finally {
    clearTimeout(late);
    await reader?.cancel();
  }
  return text.slice(0, text.indexOf('\n\n') + 2);
}
