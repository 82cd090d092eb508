/** The same for the APIs of providers, each with the calls that its SDK makes. */
import type { Ask } from './api-teller-under-test.ts';

const FROM = '+15005556000';
const TO = '+15005550000';
const OTHER = '+15005551000';
const OURS = '+12125550100';
const TEXT = 'Your table is ready.';
const PICTURE = 'https://example.com/table.png';
const CAMPAIGN = {
  usecase: 'CUSTOMER_CARE',
  description: 'Tells guests that their tables are ready.',
  sample1: 'Your table is ready.',
  sample2: 'Your table is almost ready.',
};

export async function tellOfProviders(ask: Ask): Promise<void> {
  await tellOfTwilio(ask);
  await tellOfBandwidth(ask);
  await tellOfSinch(ask);
  await tellOfVonage(ask);
  await tellOfTelnyx(ask);
  await tellOfPlivo(ask);
}

/** Lets days pass for reviews, which are quicker here. */
function pass(ask: Ask): Promise<unknown> {
  return ask('POST /v1/clock', { body: { advanceMs: 120_000 }, isAside: true });
}

const bare = (number: string): string => number.slice(1);

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
  await pass(ask);
  await ask(at('GET /Messages/{messageSid}.json'), message);
  await ask(at('GET /Messages.json'), { as, path, query: { PageSize: '1' } });
  await ask(at('POST /Messages/{messageSid}.json'), { ...message, form: { Body: '' } });
  await ask(at('DELETE /Messages/{messageSid}.json'), message);
  const menu = await ask<{ sid: string }>(at('POST /Messages.json'), {
    summary: 'A message with a picture is taken',
    as,
    path,
    form: { ...form, MediaUrl: 'https://example.com/menu.png' },
  });
  const inMenu = { as, path: { accountSid, messageSid: menu.sid } };
  const { media_list: media } = await ask<{ media_list: { sid: string }[] }>(
    at('GET /Messages/{messageSid}/Media.json'),
    inMenu,
  );
  const mediaSid = media[0]?.sid ?? '';
  await ask(at('GET /Messages/{messageSid}/Media/{mediaSid}.json'), { as, path: { ...inMenu.path, mediaSid } });

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
  await pass(ask);
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

async function tellOfBandwidth(ask: Ask): Promise<void> {
  const as = ['user', 'secret'] as const;
  await ask('POST /bandwidth/api/v1/oauth2/token', { as, form: { grant_type: 'client_credentials' } });
  const body = {
    applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
    from: FROM,
    to: [TO],
    text: TEXT,
    tag: 'order 7',
  };
  const path = { accountId: '9900000' };
  for (const base of ['/bandwidth/users', '/bandwidth/api/v2/users']) {
    await ask(`POST ${base}/{accountId}/messages`, { as, path, body });
    await pass(ask);
    await ask(`GET ${base}/{accountId}/messages`, { as, path, query: { sourceTn: FROM, limit: '1' } });
  }
}

async function tellOfSinch(ask: Ask): Promise<void> {
  const planId = 'plan1';
  const headers = { authorization: 'Bearer token' };
  await ask('POST /sinch/oauth2/token', { as: ['key', 'secret'], form: { grant_type: 'client_credentials' } });
  const sinch: Ask = (route, said) =>
    ask(route.replace(' /', ' /sinch/xms/v1/{planId}/'), { headers, ...said, path: { planId, ...said?.path } });
  const body = { from: bare(FROM), to: [bare(TO)], body: TEXT, delivery_report: 'full' };
  const batch = await sinch<{ id: string }>('POST /batches', { body });
  await sinch('POST /batches/dry_run', { body });
  const sendAt = '2024-03-02T18:00:00Z';
  const later = await sinch<{ id: string }>('POST /batches', {
    summary: 'To be sent later',
    body: { ...body, send_at: sendAt },
  });
  await pass(ask);
  const path = { batchId: batch.id };
  await sinch('GET /batches', { query: { page_size: '1' } });
  await sinch('GET /batches/{batchId}', { path });
  await sinch('GET /batches/{batchId}/delivery_report', { path, query: { type: 'full' } });
  await sinch('GET /batches/{batchId}/delivery_report/{recipient}', { path: { ...path, recipient: bare(TO) } });
  await sinch('GET /delivery_reports', { query: { page_size: '1' } });
  // Each change makes another batch of it.
  const changed = await sinch<{ id: string }>('PUT /batches/{batchId}', {
    path: { batchId: later.id },
    body: { ...body, send_at: sendAt },
  });
  const again = await sinch<{ id: string }>('POST /batches/{batchId}', {
    path: { batchId: changed.id },
    body: { body: 'Your table is almost ready.' },
  });
  await sinch('DELETE /batches/{batchId}', { path: { batchId: again.id } });
  const webhook = { url: 'http://127.0.0.1:9099/sinch' };
  await ask('PUT /v1/accounts/{id}', {
    path: { id: planId },
    body: { kind: 'postpaid', face: 'sinch', webhook },
    isAside: true,
  });
  await ask('POST /v1/inbound', {
    summary: 'The account is told of it',
    body: { from: TO, to: FROM, text: 'Thank you', account: planId },
  });
  const { inbounds } = await sinch<{ inbounds: readonly { readonly id: string }[] }>('GET /inbounds');
  await sinch('GET /inbounds/{inboundId}', { path: { inboundId: inbounds[0]?.id ?? '' } });
}

async function tellOfVonage(ask: Ask): Promise<void> {
  const as = ['abcd1234', 'secret'] as const;
  const sms = { from: bare(FROM), to: bare(TO), text: TEXT };
  await ask('POST /vonage/sms/json', { as, form: sms });
  await ask('GET /vonage/sms/json', { query: { api_key: as[0], api_secret: as[1], ...sms } });
  const text = { channel: 'sms', message_type: 'text', ...sms };
  await ask('POST /vonage/v1/messages', { as, body: text });
  await ask('POST /vonage/v1/messages', { summary: 'No number', as, body: { ...text, to: '1555' } });
}

async function tellOfTelnyx(ask: Ask): Promise<void> {
  const headers = { authorization: 'Bearer KEY0123456789' };
  const telnyx: Ask = (route, said) => ask(route.replace(' /', ' /telnyx/v2/'), { headers, ...said });
  await telnyx('GET /public_key');
  interface Made {
    readonly data: { readonly id: string };
  }
  const profile = await telnyx<Made>('POST /messaging_profiles', {
    body: { name: 'Tables', whitelisted_destinations: ['US'] },
  });
  const ofProfile = { path: { profileId: profile.data.id } };
  await telnyx('GET /messaging_profiles');
  await telnyx('GET /messaging_profiles/{profileId}', ofProfile);
  await telnyx('PATCH /messaging_profiles/{profileId}', { ...ofProfile, body: { name: 'Tables and chairs' } });
  const number = { path: { id: OURS } };
  await telnyx('PATCH /phone_numbers/{id}/messaging', { ...number, body: { messaging_profile_id: profile.data.id } });
  await telnyx('GET /phone_numbers/{id}/messaging', number);
  await telnyx('GET /phone_numbers/messaging');
  await telnyx('GET /messaging_profiles/{profileId}/phone_numbers', ofProfile);

  const sent = await telnyx<Made>('POST /messages', { body: { from: FROM, to: TO, text: TEXT } });
  await telnyx('POST /messages', { summary: 'No number', body: { from: FROM, to: '+1555', text: TEXT } });
  await telnyx('POST /messages/long_code', { body: { from: FROM, to: TO, text: TEXT, media_urls: [PICTURE] } });
  const inPool = { messaging_profile_id: profile.data.id, to: TO, text: TEXT };
  await telnyx('POST /messages/number_pool', { body: inPool });
  const later = await telnyx<Made>('POST /messages/schedule', {
    body: { from: FROM, to: TO, text: TEXT, send_at: '2024-03-01T20:00:00Z' },
  });
  await telnyx('DELETE /messages/{id}', { path: { id: later.data.id } });
  await pass(ask);
  await telnyx('GET /messages/{id}', { path: { id: sent.data.id } });

  const ten: Ask = (route, said) => telnyx(route.replace(' /', ' /10dlc/'), said);
  const company = {
    entityType: 'PRIVATE_PROFIT',
    displayName: 'Tables and Chairs',
    companyName: 'Tables and Chairs Inc.',
    ein: '123456788',
    country: 'US',
    email: 'tables@example.com',
    vertical: 'HOSPITALITY',
  };
  const { brandId } = await ten<{ brandId: string }>('POST /brand', { body: company });
  await pass(ask);
  const brand = { path: { brandId } };
  await ten('GET /brand', { query: { recordsPerPage: '1' } });
  await ten('GET /brand/{brandId}', brand);
  await ten('PUT /brand/{brandId}', { ...brand, body: { website: 'https://example.com' } });
  await ten('GET /brand/feedback/{brandId}', brand);
  await ten('GET /campaignBuilder/brand/{brandId}/usecase/{usecase}', { path: { brandId, usecase: 'CUSTOMER_CARE' } });
  await ten('GET /enum/{name}', { path: { name: 'usecase' } });
  const { campaignId } = await ten<{ campaignId: string }>('POST /campaignBuilder', {
    body: {
      ...CAMPAIGN,
      brandId,
      messageFlow: 'Guests ask for it at the door.',
      helpMessage: 'Ask at the door.',
      subscriberOptin: true,
      subscriberOptout: true,
      subscriberHelp: true,
      termsAndConditions: true,
    },
  });
  const campaign = { path: { campaignId } };
  await ten('POST /phone_number_campaigns', { body: { campaignId, phoneNumber: OURS } });
  await pass(ask);
  const phoneNumber = { path: { phoneNumber: OURS } };
  await ten('GET /phone_number_campaigns/{phoneNumber}', phoneNumber);
  await ten('PUT /phone_number_campaigns/{phoneNumber}', {
    ...phoneNumber,
    body: { campaignId, phoneNumber: OURS },
  });
  await ten('GET /campaign', { query: { brandId } });
  await ten('GET /campaign/{campaignId}', campaign);
  await ten('PUT /campaign/{campaignId}', { ...campaign, body: { sample1: 'Your table by the window is ready.' } });
  await ten('GET /campaign/{campaignId}/mnoMetadata', campaign);
  await ten('GET /campaign/{campaignId}/operationStatus', campaign);
  await ten('GET /campaign/{campaignId}/sharing', campaign);
  await ten('DELETE /phone_number_campaigns/{phoneNumber}', phoneNumber);
  await ten('DELETE /campaign/{campaignId}', campaign);
  await ten('DELETE /brand/{brandId}', brand);
  await telnyx('DELETE /messaging_profiles/{profileId}', ofProfile);
}

async function tellOfPlivo(ask: Ask): Promise<void> {
  const authId = 'MA0123456789ABCDEF01';
  const as = [authId, 'token'] as const;
  const plivo: Ask = (route, said) =>
    ask(route.replace(' /', ' /plivo/v1/Account/{authId}/'), { as, ...said, path: { authId, ...said?.path } });
  interface Taken {
    readonly message_uuid: readonly string[];
  }
  await plivo<Taken>('POST /Message/', { body: { src: bare(FROM), dst: `${bare(TO)}<${bare(OTHER)}`, text: TEXT } });
  const sent = await plivo<Taken>('POST /Message/', {
    summary: 'An MMS',
    body: { src: bare(FROM), dst: bare(TO), text: TEXT, type: 'mms', media_urls: [PICTURE] },
  });
  await pass(ask);
  const message = { path: { uuid: sent.message_uuid[0] ?? '' } };
  await plivo('GET /Message/', { query: { limit: '1' } });
  await plivo('GET /Message/{uuid}/', message);
  await plivo('GET /Message/{uuid}/Media/', message);

  const { uuid } = await plivo<{ uuid: string }>('POST /Powerpack/', { body: { name: 'Tables' } });
  const pool = { path: { uuid } };
  const inPool = { path: { uuid, number: bare(OURS) } };
  await plivo('GET /Powerpack/');
  await plivo('GET /Powerpack/{uuid}/', pool);
  await plivo('POST /Powerpack/{uuid}/', { ...pool, body: { name: 'Tables and chairs' } });
  await plivo('POST /NumberPool/{uuid}/Number/{number}/', inPool);
  await plivo('GET /NumberPool/{uuid}/Number/', pool);
  await plivo('GET /NumberPool/{uuid}/Number/{number}/', inPool);
  await plivo('DELETE /NumberPool/{uuid}/Number/{number}/', inPool);
  await plivo('DELETE /Powerpack/{uuid}/', pool);

  const profile = '201faedc-7df9-4840-9ab1-3997ce3f7cf4';
  const { brand_id: brandId } = await plivo<{ brand_id: string }>('POST /10dlc/Brand/', {
    body: { brand_alias: 'Tables', profile_uuid: profile, brand_type: 'STANDARD' },
  });
  await pass(ask);
  const brand = { path: { brandId } };
  await plivo('GET /10dlc/Brand/');
  await plivo('GET /10dlc/Brand/{brandId}/', brand);
  await plivo('GET /10dlc/Brand/{brandId}/usecases/', brand);
  const { campaign_id: campaignId } = await plivo<{ campaign_id: string }>('POST /10dlc/Campaign/', {
    body: {
      ...CAMPAIGN,
      brand_id: brandId,
      campaign_alias: 'Ready tables',
      vertical: 'HOSPITALITY',
      message_flow: 'Guests ask for it at the door.',
      help_message: 'Ask at the door.',
      subscriber_optin: true,
      subscriber_optout: true,
      subscriber_help: true,
    },
  });
  const campaign = { path: { campaignId } };
  const onCampaign = { path: { campaignId, number: bare(OURS) } };
  await plivo('POST /10dlc/Campaign/{campaignId}/Number/', { ...campaign, body: { numbers: [bare(OURS)] } });
  await pass(ask);
  await plivo('GET /10dlc/Campaign/', { query: { brand_id: brandId } });
  await plivo('GET /10dlc/Campaign/{campaignId}/', campaign);
  await plivo('POST /10dlc/Campaign/{campaignId}/', {
    ...campaign,
    body: { description: 'Tells guests when to come.' },
  });
  await plivo('GET /10dlc/Campaign/{campaignId}/Number/{number}/', onCampaign);
  await plivo('DELETE /10dlc/Campaign/{campaignId}/Number/{number}/', onCampaign);
  await plivo('DELETE /10dlc/Campaign/{campaignId}/', campaign);
  await plivo('DELETE /10dlc/Brand/{brandId}/', brand);
}
