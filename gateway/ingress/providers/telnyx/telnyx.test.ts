import { createPublicKey, verify } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError } from '../../../messages/index.ts';
import { decisionAt, DecisionCode } from '../../../router/index.ts';
import { CallbackReceiver, type ReceivedCallback } from '../callback-receiver-under-test.ts';
import { passing } from '../passing-under-test.ts';
import { codeOfDeliveryError, endOf, refusalOf, titleOf } from './errors.ts';

const KEY = 'KEY0123456789abcdef_tollgate';
const AUTHORIZATION = { authorization: `Bearer ${KEY}` };

let gateway: GatewayUnderTest;
let receiver: CallbackReceiver;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
beforeEach(async () => {
  await gateway.ask('POST', '/v1/reset');
  receiver = await CallbackReceiver.open();
});
afterEach(() => receiver.close());
afterAll(() => gateway.close());

interface Message {
  readonly id: string;
  readonly to: readonly { readonly phone_number: string; readonly status: string }[];
  readonly errors: readonly { readonly code: string; readonly title: string }[];
  readonly [field: string]: unknown;
}

interface Told {
  readonly data: {
    readonly id: string;
    readonly event_type: string;
    readonly payload: Message;
  };
  readonly meta: { readonly attempt: number; readonly delivered_to: string };
}

interface Answered {
  readonly data: Message;
  readonly errors: readonly {
    readonly code: string;
    readonly title: string;
    readonly detail: string;
    readonly source?: { readonly pointer: string };
  }[];
}

function ask<Body = Answered>(method: string, path: string, body?: unknown, headers = AUTHORIZATION) {
  return gateway.ask<Body>(method, `/telnyx/v2${path}`, body, headers);
}

function send(own: object = {}, headers = AUTHORIZATION) {
  const fields = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'Your table is ready.', ...own };
  return ask('POST', '/messages', fields, headers);
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await ask('GET', `/messages/${id}`)).body.data.to[0]?.status;
}

const toldBy = ({ body }: ReceivedCallback): Told => JSON.parse(body) as Told;

/** What webhooks told, in order, once so many have come. */
async function told(count: number): Promise<readonly Told[]> {
  return (await receiver.received(count)).map(toldBy);
}

describe('a message', () => {
  test('is taken as queued, and read back as sent and then as delivered', async () => {
    const { status, body } = await send();
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      record_type: 'message',
      direction: 'outbound',
      type: 'SMS',
      text: 'Your table is ready.',
      from: { phone_number: gateway.number('cpaas') },
      to: [{ phone_number: gateway.number('att'), status: 'queued', carrier: 'att' }],
      encoding: 'GSM-7',
      parts: 1,
      sent_at: null,
      completed_at: null,
      received_at: '2024-03-01T18:00:00.000Z',
      errors: [],
    });
    expect(body.data.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await statusOf(body.data.id)).toBe('sent');
    gateway.time.advance(120_000);
    const { body: fetched } = await ask('GET', `/messages/${body.data.id}`);
    expect(fetched.data.to[0]?.status).toBe('delivered');
    expect(fetched.data['completed_at']).toMatch(/^2024-03-01T18:0/);
    expect(Number((fetched.data['cost'] as { amount: string }).amount)).toBeGreaterThan(0);
  });

  test('of media is an MMS, and costs what one does', async () => {
    const media = ['https://example.com/a.png', 'https://example.com/b.png'];
    const { body } = await send({ media_urls: media });
    expect(body.data).toMatchObject({ type: 'MMS', parts: 1, media: media.map((url) => ({ url, size: null })) });
    const fees = (one: Answered) => Number((one.data['cost'] as { amount: string }).amount);
    expect(fees(body)).toBeGreaterThan(fees((await send()).body));
  });

  test('tells of its states in order, each signed with the key that is served', async () => {
    await send({ webhook_url: `${receiver.url}?a=b` });
    gateway.time.advance(120_000);
    const callbacks = await receiver.received(2);
    const events = callbacks.map(toldBy);
    expect(events.map(({ data }) => [data.event_type, data.payload.to[0]?.status])).toEqual([
      ['message.sent', 'sent'],
      ['message.finalized', 'delivered'],
    ]);
    expect(events[0]!.meta).toEqual({ attempt: 1, delivered_to: `${receiver.url}?a=b` });
    expect(new Set(events.map(({ data }) => data.id)).size).toBe(2);
    const { body } = await ask<{ data: { public: string } }>('GET', '/public_key');
    const raw = Buffer.from(body.data.public, 'base64');
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    for (const { headers, body: text } of callbacks) {
      expect(headers['content-type']).toBe('application/json');
      const signed = Buffer.from(`${String(headers['telnyx-timestamp'])}|${text}`);
      const signature = Buffer.from(String(headers['telnyx-signature-ed25519']), 'base64');
      expect(verify(null, signed, key, signature)).toBe(true);
      expect(verify(null, Buffer.from(`0|${text}`), key, signature)).toBe(false);
    }
  });

  test('tells the webhook of its account if it names none', async () => {
    await gateway.ask('PUT', `/v1/accounts/${KEY}`, { kind: 'postpaid', webhook: { url: receiver.url } });
    await send();
    gateway.time.advance(120_000);
    expect((await told(2)).map(({ data }) => data.event_type)).toEqual(['message.sent', 'message.finalized']);
  });
});

describe('a webhook that is not taken', () => {
  test('is tried three times, and says which attempt it is; then the failover address has its turn', async () => {
    const failover = await CallbackReceiver.open();
    receiver.statuses.push(500, 301, 404);
    await send({ webhook_url: receiver.url, webhook_failover_url: failover.url });
    for (let count = 1; count <= 3; count += 1) {
      await receiver.received(count);
      await passing(gateway, 6_000);
    }
    const attempts = receiver.callbacks.map(toldBy).filter(({ data }) => data.event_type === 'message.sent');
    expect(attempts.map(({ meta }) => meta.attempt)).toEqual([1, 2, 3]);
    const [callback] = await failover.received(1);
    const { data, meta } = toldBy(callback!);
    expect(meta).toEqual({ attempt: 1, delivered_to: failover.url });
    expect([data.id, data.event_type]).toEqual([attempts[0]?.data.id, 'message.sent']);
    const { body } = await gateway.ask<{ deadLetters: readonly unknown[] }>('GET', '/v1/webhooks/dead-letters');
    expect(JSON.stringify(body)).not.toContain(attempts[0]!.data.payload.id);
    await failover.close();
  });
});

describe('what the core refuses', () => {
  test('at a carrier is taken first, and told of later with its code', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    const { status, body } = await send({ webhook_url: receiver.url });
    expect([status, body.data.to[0]?.status, body.data.errors]).toEqual([200, 'queued', []]);
    const [event] = await told(1);
    expect(event?.data.event_type).toBe('message.finalized');
    expect(event?.data.payload.to[0]?.status).toBe('delivery_failed');
    expect(event?.data.payload.errors).toEqual([
      {
        code: '40010',
        title: expect.any(String) as string,
        detail: expect.any(String) as string,
        meta: { url: 'https://developers.telnyx.com/docs/overview/errors/40010' },
      },
    ]);
    expect(await statusOf(body.data.id)).toBe('delivery_failed');
  });

  test.each([
    ['verizon', 'landline', '40001'],
    ['nobody', 'nobody', '40012'],
  ] as const)('%s: a number that no handset has', async (_, group, code) => {
    const { body } = await send({ to: gateway.number(group) });
    expect((await ask('GET', `/messages/${body.data.id}`)).body.data.errors[0]?.code).toBe(code);
  });

  test('by the rate of the account is answered with 429 and when to come again', async () => {
    await gateway.ask('PUT', `/v1/accounts/${KEY}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await send()).status).toBe(200);
    const { status, body, headers } = await send();
    expect([status, body.errors[0]?.code]).toEqual([429, '10011']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('has a row for every decision, and its meaning in words', () => {
    for (const code of Object.values(DecisionCode)) {
      const refusal = refusalOf(code);
      const end = endOf(code);
      const isTaken = code === DecisionCode.Accepted || code === DecisionCode.Queued;
      expect([code, end === undefined]).toEqual([code, isTaken]);
      if (end !== undefined) expect([code, titleOf(end.code)]).not.toContain('Error');
      if (refusal !== undefined) {
        expect(refusal.status === 429 || refusal.status === 503).toBe(decisionAt(code).retryable);
      }
    }
    for (const [error, { name }] of DELIVERY_ERRORS.entries()) {
      if (error !== DeliveryError.None) expect([name, titleOf(codeOfDeliveryError(error))]).not.toContain('Error');
    }
  });
});

describe('bad input', () => {
  test.each([
    ['no recipient', { to: undefined }, 422, '10004', '/to'],
    ['no sender', { from: undefined }, 422, '10004', '/from'],
    ['a bad recipient', { to: '+1555' }, 400, '40310', '/to'],
    ['a recipient without +', { to: '13105550123' }, 400, '10016', '/to'],
    ['a bad sender', { from: 'ACME' }, 400, '40305', '/from'],
    ['a sender without +', { from: '13105550123' }, 400, '10016', '/from'],
    ['nothing to send', { text: '' }, 400, '40316', '/text'],
    ['a text too long', { text: 'x'.repeat(1_601) }, 400, '40302', '/text'],
    ['half a character', { text: '\ud800' }, 400, '10015', '/text'],
    ['bad media', { media_urls: ['nonsense'] }, 400, '40317', '/media_urls'],
    ['media that are no list', { media_urls: 'https://example.com/a.png' }, 422, '10015', '/media_urls'],
    ['too many media', { media_urls: Array(11).fill('https://example.com/a.png') }, 400, '40317', '/media_urls'],
    ['a webhook to nowhere', { webhook_url: 'nonsense' }, 400, '10003', '/webhook_url'],
    ['a webhook to a forbidden host', { webhook_url: 'http://169.254.169.254/' }, 400, '10003', '/webhook_url'],
    ['a failover to nowhere', { webhook_failover_url: 'nonsense' }, 400, '10003', '/webhook_failover_url'],
    ['a profile that is none', { messaging_profile_id: 'x' }, 422, '10017', '/messaging_profile_id'],
    ['several recipients', { to: ['+13105550123', '+13105550124'] }, 422, '10015', '/to'],
    ['an MMS without media', { type: 'MMS' }, 400, '40304', '/type'],
    ['another type', { type: 'FAX' }, 422, '10015', '/type'],
    ['another encoding', { encoding: 'ebcdic' }, 422, '10015', '/encoding'],
    ['a time that has passed', { send_at: '2024-03-01T17:00:00Z' }, 422, '10015', '/send_at'],
  ] as const)('%s', async (_, fields, status, code, pointer) => {
    const answer = await send(fields);
    const [error] = answer.body.errors;
    expect([answer.status, error?.code, error?.source?.pointer]).toEqual([status, code, pointer]);
    expect(error?.title).toBeTruthy();
    expect(gateway.store.count).toBe(0);
  });

  test('a message to its own sender', async () => {
    expect((await send({ to: gateway.number('cpaas') })).body.errors[0]).toMatchObject({ code: '40310' });
  });

  test('a body that is no JSON, or none of an object, or of another type', async () => {
    const codes: unknown[] = [];
    for (const [body, type] of [
      ['{"to":', 'application/json'],
      ['[]', 'application/json'],
      ['to=1', 'application/x-www-form-urlencoded'],
    ] as const) {
      const headers = { ...AUTHORIZATION, 'content-type': type };
      const answer = await ask('POST', '/messages', body, headers);
      codes.push([answer.status, answer.body.errors[0]?.code]);
    }
    expect(codes).toEqual([
      [400, '10023'],
      [400, '10015'],
      [415, '10014'],
    ]);
  });

  test('a resource that is none', async () => {
    for (const path of ['/messages/40385f64-5717-4562-b3fc-2c963f66afa6', '/messages/nonsense', '/nonsense']) {
      const { status, body } = await ask('GET', path);
      expect([path, status, body.errors[0]?.code]).toEqual([path, 404, '10005']);
    }
  });
});

describe('credentials', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: 'acme', secret: KEY } });
  });

  test('of an account let its messages in, and nobody elses', async () => {
    expect((await send()).status).toBe(200);
    expect(gateway.store.accounts[0]).toBe('acme');
    for (const authorization of ['Bearer wrong', 'Bearer ', 'Basic x', '']) {
      const { status, body } = await send({}, { authorization });
      expect([authorization, status, body.errors[0]?.code]).toEqual([authorization, 401, '10009']);
    }
    expect(gateway.store.count).toBe(1);
  });

  test('see the messages of their account alone', async () => {
    await gateway.ask('PUT', '/v1/accounts/other', { kind: 'postpaid', api: { id: 'other', secret: 'other' } });
    const { body } = await send();
    const path = `/messages/${body.data.id}`;
    expect((await ask('GET', path, undefined, { authorization: 'Bearer other' })).status).toBe(404);
  });
});

describe('a message to be sent later', () => {
  const later = () => send({ send_at: new Date(gateway.time.nowMs() + 600_000).toISOString() });

  test('is sent when its time has come, by the id it had', async () => {
    const { body } = await later();
    expect(body.data.to[0]?.status).toBe('scheduled');
    expect(gateway.store.count).toBe(0);
    await passing(gateway, 601_000);
    expect(await statusOf(body.data.id)).toMatch(/^(sent|delivered)$/);
  });

  test('can be cancelled until then', async () => {
    const { body } = await later();
    const cancelled = await ask<Message>('DELETE', `/messages/${body.data.id}`);
    expect([cancelled.status, cancelled.body.to[0]?.status]).toEqual([200, 'cancelled']);
    expect((await ask('DELETE', `/messages/${body.data.id}`)).status).toBe(400);
    await passing(gateway, 601_000);
    expect(gateway.store.count).toBe(0);
    const sent = await send();
    expect((await ask('DELETE', `/messages/${sent.body.data.id}`)).body.errors[0]?.code).toBe('10015');
  });
});

/** A messaging profile with so many numbers. */
async function makeProfile(numbers: number, own: object = {}): Promise<Message> {
  const fields = { name: 'Tables', whitelisted_destinations: ['US'], ...own };
  const { body } = await ask('POST', '/messaging_profiles', fields);
  for (let place = 0; place < numbers; place += 1) {
    const path = `/phone_numbers/${encodeURIComponent(gateway.number('cpaas', place))}/messaging`;
    expect((await ask('PATCH', path, { messaging_profile_id: body.data.id })).status).toBe(200);
  }
  return body.data;
}

describe('a messaging profile', () => {
  test('sends from its numbers in turn, and is told of what became of it', async () => {
    const { id } = await makeProfile(2, { webhook_url: receiver.url });
    const sent = [];
    for (let count = 0; count < 3; count += 1) sent.push(await send({ from: undefined, messaging_profile_id: id }));
    expect(sent.map(({ body }) => (body.data['from'] as { phone_number: string }).phone_number)).toEqual([
      gateway.number('cpaas'),
      gateway.number('cpaas', 1),
      gateway.number('cpaas'),
    ]);
    const [event] = await told(1);
    expect(event?.data.payload['messaging_profile_id']).toBe(id);
  });

  test('is known by its number', async () => {
    const { id } = await makeProfile(1);
    expect((await send()).body.data['messaging_profile_id']).toBe(id);
  });

  test('is listed, fetched, changed and deleted, with its numbers', async () => {
    const { id } = await makeProfile(1);
    const list = await ask<{ data: readonly Message[]; meta: object }>('GET', '/messaging_profiles');
    expect(list.body.data.map((one) => one.id)).toEqual([id]);
    expect(list.body.meta).toEqual({ page_number: 1, page_size: 20, total_pages: 1, total_results: 1 });
    const changed = await ask('PATCH', `/messaging_profiles/${id}`, { name: 'Chairs', webhook_url: receiver.url });
    expect(changed.body.data).toMatchObject({ name: 'Chairs', webhook_url: receiver.url });
    expect((await ask('PATCH', `/messaging_profiles/${id}`, { webhook_url: 'x' })).body.errors[0]?.code).toBe('10003');
    const numbers = await ask<{ data: readonly Message[] }>('GET', `/messaging_profiles/${id}/phone_numbers`);
    expect(numbers.body.data.map((one) => one['phone_number'])).toEqual([gateway.number('cpaas')]);
    expect((await ask('DELETE', `/messaging_profiles/${id}`)).status).toBe(200);
    expect((await ask('GET', `/messaging_profiles/${id}`)).status).toBe(404);
    expect((await ask('POST', '/messaging_profiles', {})).body.errors[0]?.source?.pointer).toBe('/name');
  });

  test('without numbers sends nothing', async () => {
    const { id } = await makeProfile(0);
    const { body } = await send({ from: undefined, messaging_profile_id: id });
    expect(body.errors[0]?.code).toBe('40321');
  });
});

describe('a message from a handset', () => {
  const handset = (): string => gateway.number('tmobile');
  const inbound = (text: string, own: object = {}) =>
    gateway.ask<{ keyword?: string }>('POST', '/v1/inbound', {
      from: handset(),
      to: gateway.number('cpaas'),
      text,
      account: 'acme',
      ...own,
    });

  beforeEach(async () => {
    const webhook = { url: receiver.url };
    const api = { id: 'acme', secret: KEY };
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api, face: 'telnyx', webhook });
  });

  test('is told as Telnyx tells it, signed', async () => {
    await inbound('Where is it?', { media: ['https://example.com/a.png'] });
    const [callback] = await receiver.received(1);
    expect(callback?.headers['telnyx-signature-ed25519']).toMatch(/^[\w+/]{86}==$/);
    const { event_type: type, payload } = toldBy(callback!).data;
    expect(type).toBe('message.received');
    expect(payload).toMatchObject({
      direction: 'inbound',
      type: 'MMS',
      from: { phone_number: handset() },
      to: [{ phone_number: gateway.number('cpaas'), status: 'webhook_delivered' }],
      text: 'Where is it?',
      media: [{ url: 'https://example.com/a.png' }],
    });
  });

  test('that says STOP ends messages from that number until START', async () => {
    expect((await inbound('STOP')).body.keyword).toBe('stop');
    const refused = await send({ to: handset() });
    expect([refused.status, refused.body.errors[0]?.code]).toEqual([403, '40300']);
    await inbound('START');
    expect((await send({ to: handset() })).status).toBe(200);
    gateway.time.advance(120_000);
    await receiver.received(4);
    // Of what the gateway answered by itself, nothing is told.
    const types = receiver.callbacks.map((one) => toldBy(one).data.event_type).toSorted();
    expect(types).toEqual(['message.finalized', 'message.received', 'message.received', 'message.sent']);
  });
});

describe('10DLC', () => {
  const company = {
    entityType: 'PRIVATE_PROFIT',
    displayName: 'Tables and Chairs',
    companyName: 'Tables and Chairs Inc.',
    ein: '123456788',
    country: 'US',
    email: 'tables@example.com',
    vertical: 'HOSPITALITY',
  };

  interface Brand {
    readonly brandId: string;
    readonly tcrBrandId: string;
    readonly [field: string]: unknown;
  }

  async function makeBrand(): Promise<Brand> {
    const { status, body } = await ask<Brand>('POST', '/10dlc/brand', company);
    expect([status, body['status']]).toEqual([200, 'REGISTRATION_PENDING']);
    await passing(gateway, 180_000);
    return body;
  }

  test('a brand is registered, looked up by both its ids, changed and deleted', async () => {
    const { brandId, tcrBrandId } = await makeBrand();
    for (const id of [brandId, tcrBrandId]) {
      const { body } = await ask<Brand>('GET', `/10dlc/brand/${id}`);
      expect(body).toMatchObject({ brandId, tcrBrandId, status: 'OK', identityStatus: 'VERIFIED' });
    }
    const list = await ask<{ records: readonly Brand[]; totalRecords: number }>('GET', '/10dlc/brand?recordsPerPage=1');
    expect([list.body.totalRecords, list.body.records[0]?.brandId]).toEqual([1, brandId]);
    const changed = await ask<Brand>('PUT', `/10dlc/brand/${brandId}`, { website: 'https://example.com' });
    expect([changed.status, changed.body['website']]).toEqual([200, 'https://example.com']);
    expect((await ask('GET', `/10dlc/brand/feedback/${brandId}`)).body).toEqual({ brandId, category: [] });
    expect((await ask('DELETE', `/10dlc/brand/${brandId}`)).status).toBe(204);
    expect((await ask('GET', `/10dlc/brand/${brandId}`)).body.errors[0]?.code).toBe('10005');
  });

  test('a campaign is submitted, approved and given a number, which then is registered', async () => {
    const { brandId } = await makeBrand();
    const terms = await ask<{ monthlyFee: number; mnoMetadata: object }>(
      'GET',
      `/10dlc/campaignBuilder/brand/${brandId}/usecase/CUSTOMER_CARE`,
    );
    expect(terms.body.monthlyFee).toBeGreaterThan(0);
    expect(Object.keys(terms.body.mnoMetadata)).toContain('10017');
    const campaign = await ask<{ campaignId: string; campaignStatus: string; tcrCampaignId: string }>(
      'POST',
      '/10dlc/campaignBuilder',
      {
        brandId,
        usecase: 'CUSTOMER_CARE',
        description: 'Tells guests that their tables are ready.',
        messageFlow: 'Guests ask for it at the door.',
        sample1: 'Your table is ready.',
        sample2: 'Your table is almost ready.',
        helpMessage: 'Ask at the door.',
        subscriberOptin: true,
        subscriberOptout: true,
        subscriberHelp: true,
        termsAndConditions: true,
      },
    );
    expect([campaign.status, campaign.body.campaignStatus]).toEqual([200, 'TCR_ACCEPTED']);
    const { campaignId, tcrCampaignId } = campaign.body;
    const number = gateway.number('cpaas');
    const onCampaign = await ask('POST', '/10dlc/phone_number_campaigns', { campaignId, phoneNumber: number });
    expect(onCampaign.body).toMatchObject({ tcrCampaignId, assignmentStatus: 'PENDING_ASSIGNMENT' });
    await passing(gateway, 12 * 86_400_000);
    const path = `/10dlc/phone_number_campaigns/${encodeURIComponent(number)}`;
    expect((await ask('GET', path)).body).toMatchObject({ tcrCampaignId, assignmentStatus: 'ASSIGNED' });
    const approved = await ask('GET', `/10dlc/campaign/${campaignId}`);
    expect(approved.body).toMatchObject({ campaignStatus: 'MNO_PROVISIONED', isTMobileRegistered: true });
    expect((await ask('GET', `/10dlc/campaign/${campaignId}/operationStatus`)).body).toMatchObject({
      10017: 'APPROVED',
    });
    expect((await ask('GET', `/10dlc/campaign/${campaignId}/mnoMetadata`)).body).toHaveProperty('10035');
    expect((await send()).body.data['tcr_campaign_registered']).toBe('REGISTERED');
    const list = await ask<{ totalRecords: number }>('GET', `/10dlc/campaign?brandId=${brandId}`);
    expect(list.body.totalRecords).toBe(1);
    expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('DELETE', `/10dlc/campaign/${campaignId}`)).status).toBe(200);
    expect((await ask('GET', `/10dlc/campaign/${campaignId}`)).body).toMatchObject({ campaignStatus: 'TCR_EXPIRED' });
  });

  test('lists of words are those of the registry', async () => {
    expect((await ask<object>('GET', '/10dlc/enum/usecase')).body).toHaveProperty('CUSTOMER_CARE');
    expect((await ask<readonly object[]>('GET', '/10dlc/enum/optionalAttributes')).body).not.toHaveLength(0);
    expect((await ask('GET', '/10dlc/enum/nonsense')).status).toBe(404);
  });

  test('what the registry finds wrong is told of with the field', async () => {
    const { status, body } = await ask('POST', '/10dlc/brand', { ...company, email: 'nonsense' });
    expect([status, body.errors[0]?.code, body.errors[0]?.source?.pointer]).toEqual([400, '10015', '/email']);
    expect((await ask('POST', '/10dlc/campaignBuilder', {})).body.errors[0]?.source?.pointer).toBe('/brandId');
    const none = await ask('POST', '/10dlc/phone_number_campaigns', {
      campaignId: 'C000000',
      phoneNumber: '+13105550123',
    });
    expect([none.status, none.body.errors[0]?.code]).toEqual([404, '10005']);
  });
});

test("a request for Telnyx's own host needs no prefix", async () => {
  const { request } = await import('node:http');
  const status = await new Promise<number | undefined>((resolve) => {
    const headers = { host: 'api.telnyx.com', ...AUTHORIZATION };
    request(gateway.url, { path: '/v2/messaging_profiles', headers }, (response) =>
      resolve(response.resume().statusCode),
    ).end();
  });
  expect(status).toBe(200);
});
