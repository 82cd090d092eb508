import Telnyx from 'telnyx';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { passing } from '../passing-under-test.ts';

// Telnyx's own SDK, unmodified: `baseURL` and `publicKey` are its options.

const KEY = 'KEY0123456789abcdef_sdk';

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

function clientOf(own: ConstructorParameters<typeof Telnyx>[0] = {}): Telnyx {
  return new Telnyx({ apiKey: KEY, baseURL: `${gateway.url}/telnyx/v2`, ...own });
}

const message = (own: object = {}) => ({
  from: gateway.number('cpaas'),
  to: gateway.number('att'),
  text: 'Your table is ready.',
  ...own,
});

/** What a promise was rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('the SDK of Telnyx', () => {
  test('sends a message and fetches it', async () => {
    const { data: sent } = await clientOf().messages.send(message());
    expect(sent).toMatchObject({ record_type: 'message', direction: 'outbound', parts: 1, type: 'SMS' });
    expect(sent?.to?.[0]?.status).toBe('queued');
    gateway.time.advance(120_000);
    const { data: fetched } = await clientOf().messages.retrieve(sent!.id!);
    expect(fetched).toMatchObject({ id: sent?.id, to: [{ status: 'delivered' }] });
  });

  test('throws what we answer as its own errors', async () => {
    const bad = await errorOf(clientOf().messages.send(message({ to: '+1555' })));
    expect(bad).toBeInstanceOf(Telnyx.BadRequestError);
    expect((bad as { error: { errors: object[] } }).error.errors[0]).toMatchObject({ code: '40310' });
    const missing = await errorOf(clientOf().messages.send(message({ from: undefined })));
    expect(missing).toBeInstanceOf(Telnyx.UnprocessableEntityError);
    expect(await errorOf(clientOf().messages.retrieve('nonsense'))).toBeInstanceOf(Telnyx.NotFoundError);
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: 'acme', secret: KEY } });
    const wrong = clientOf({ apiKey: 'wrong' }).messages.send(message());
    expect(await errorOf(wrong)).toBeInstanceOf(Telnyx.AuthenticationError);
  });

  test('meets the rate of its account, and tries again by itself once there is room', async () => {
    await gateway.ask('PUT', `/v1/accounts/${KEY}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await clientOf().messages.send(message());
    const over = await errorOf(clientOf({ maxRetries: 0 }).messages.send(message()));
    expect(over).toBeInstanceOf(Telnyx.RateLimitError);
    const asked: (string | null)[] = [];
    const again = clientOf({
      fetch: async (url, init) => {
        asked.push(new Headers(init?.headers).get('idempotency-key'));
        const response = await fetch(url, init);
        gateway.time.advance(1_000);
        return response;
      },
    }).messages.send(message());
    expect((await again).data?.to?.[0]?.status).toBe('queued');
    // It sends no key to tell one attempt from another: what was refused counts for nothing, and what was taken was answered.
    expect(asked).toEqual([null, null]);
    const taken = gateway.store.code.slice(0, gateway.store.count).filter((code) => code === 0);
    expect(taken).toHaveLength(2);
  });

  test('takes our webhooks for those of Telnyx', async () => {
    const { body } = await gateway.ask<{ data: { public: string } }>('GET', '/telnyx/v2/public_key');
    const client = clientOf({ publicKey: body.data.public });
    await client.messages.send(message({ webhook_url: receiver.url }));
    gateway.time.advance(120_000);
    const callbacks = await receiver.received(2);
    const events = await Promise.all(
      callbacks.map(({ body: text, headers }) =>
        client.webhooks.unwrap(text, { headers: headers as Record<string, string> }),
      ),
    );
    expect(events.map((event) => (event as { data: { event_type: string } }).data.event_type)).toEqual([
      'message.sent',
      'message.finalized',
    ]);
    const [{ body: text, headers }] = callbacks as [(typeof callbacks)[number]];
    await expect(client.webhooks.unwrap(`${text} `, { headers: headers as Record<string, string> })).rejects.toThrow();
  });

  test('learns later what a carrier refuses', async () => {
    await gateway.ask('PUT', '/v1/regime', { regime: 'block' });
    const { data: sent } = await clientOf().messages.send(message());
    const { data } = await clientOf().messages.retrieve(sent!.id!);
    expect(data).toMatchObject({ to: [{ status: 'delivery_failed' }], errors: [{ code: '40010' }] });
  });

  test('schedules a message and cancels it', async () => {
    const client = clientOf();
    const sendAt = new Date(gateway.time.nowMs() + 600_000).toISOString();
    const { data } = await client.messages.schedule(message({ send_at: sendAt }));
    expect(data?.to?.[0]?.status).toBe('scheduled');
    const cancelled = await client.messages.cancelScheduled(data!.id!);
    expect(cancelled.to?.[0]?.status).toBe('cancelled');
  });

  test('makes a messaging profile, and sends from its numbers', async () => {
    const client = clientOf();
    const { data: profile } = await client.messagingProfiles.create({
      name: 'Tables',
      whitelisted_destinations: ['US'],
      webhook_url: receiver.url,
    });
    const id = profile!.id!;
    await client.phoneNumbers.messaging.update(gateway.number('cpaas'), { messaging_profile_id: id });
    const ids: (string | undefined)[] = [];
    for await (const one of client.messagingProfiles.list()) ids.push(one.id);
    expect(ids).toEqual([id]);
    const numbers: (string | undefined)[] = [];
    for await (const one of client.messagingProfiles.listPhoneNumbers(id)) numbers.push(one.phone_number);
    expect(numbers).toEqual([gateway.number('cpaas')]);
    const { data } = await client.messages.sendNumberPool({
      to: gateway.number('att'),
      text: 'Your table is ready.',
      messaging_profile_id: id,
    });
    expect(data).toMatchObject({ from: { phone_number: gateway.number('cpaas') }, messaging_profile_id: id });
    await receiver.received(1);
  });

  test('registers a brand and a campaign, and puts a number on it', async () => {
    const client = clientOf();
    const { brand, campaign, campaignBuilder, phoneNumberCampaigns } = client.messaging10dlc;
    const made = await brand.create({
      entityType: 'PRIVATE_PROFIT',
      displayName: 'Tables and Chairs',
      companyName: 'Tables and Chairs Inc.',
      ein: '123456788',
      country: 'US',
      email: 'tables@example.com',
      vertical: 'HOSPITALITY',
    });
    await passing(gateway, 180_000);
    const brandId = made.brandId!;
    expect(await brand.retrieve(brandId)).toMatchObject({ status: 'OK', identityStatus: 'VERIFIED' });
    const brands: (string | undefined)[] = [];
    for await (const one of brand.list()) brands.push(one.brandId);
    expect(brands).toEqual([brandId]);
    expect(await client.messaging10dlc.getEnum('usecase')).toHaveProperty('MARKETING');
    const terms = await campaignBuilder.brand.qualifyByUsecase('CUSTOMER_CARE', { brandId });
    expect(terms.mnoMetadata).toHaveProperty('10017');
    const { campaignId } = await campaignBuilder.submit({
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
    });
    const phoneNumber = gateway.number('cpaas');
    const put = await phoneNumberCampaigns.create({ campaignId, phoneNumber });
    expect(put.assignmentStatus).toBe('PENDING_ASSIGNMENT');
    await passing(gateway, 12 * 86_400_000);
    expect((await campaign.retrieve(campaignId)).campaignStatus).toBe('MNO_PROVISIONED');
    expect((await phoneNumberCampaigns.retrieve(phoneNumber)).assignmentStatus).toBe('ASSIGNED');
    const { data } = await client.messages.send(message());
    expect(data?.tcr_campaign_registered).toBe('REGISTERED');
    expect((await phoneNumberCampaigns.delete(phoneNumber)).phoneNumber).toBe(phoneNumber);
    await campaign.deactivate(campaignId);
  });
});
