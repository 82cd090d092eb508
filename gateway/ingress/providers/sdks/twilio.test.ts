import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import twilio from 'twilio';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { passing } from '../passing-under-test.ts';
import { openVendorProxy, VENDOR_HOSTS } from '../index.ts';

// Twilio's own SDK, unmodified: only the base addresses of its domains are set, which are public.

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const TOKEN = 'f'.repeat(32);

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

function clientOf(token = TOKEN, options: ConstructorParameters<typeof twilio.Twilio>[2] = {}) {
  const client = twilio(SID, token, options);
  client.api.baseUrl = `${gateway.url}/twilio`;
  client.messaging.baseUrl = `${gateway.url}/twilio`;
  return client;
}

const message = (own: object = {}) => ({
  from: gateway.number('cpaas'),
  to: gateway.number('att'),
  body: 'Your table is ready.',
  ...own,
});

describe('the SDK of Twilio', () => {
  test('sends a message and fetches it', async () => {
    const client = clientOf();
    const sent = await client.messages.create(message());
    expect(sent).toMatchObject({ status: 'queued', errorCode: null, numSegments: '1', direction: 'outbound-api' });
    expect(sent.dateCreated.getTime()).toBe(gateway.time.nowMs());
    gateway.time.advance(120_000);
    const fetched = await client.messages(sent.sid).fetch();
    expect([fetched.status, fetched.priceUnit]).toEqual(['delivered', 'USD']);
  });

  test('throws what we answer as its own exception', async () => {
    await expect(clientOf().messages.create(message({ to: '+1555' }))).rejects.toMatchObject({
      status: 400,
      code: 21211,
      moreInfo: 'https://www.twilio.com/docs/errors/21211',
    });
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: SID, secret: TOKEN } });
    await expect(clientOf('wrong').messages.create(message())).rejects.toMatchObject({ status: 401, code: 20003 });
  });

  test('meets the rate of its account, and tries again if it is told to', async () => {
    await gateway.ask('PUT', `/v1/accounts/${SID}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await clientOf().messages.create(message());
    await expect(clientOf().messages.create(message())).rejects.toMatchObject({ status: 429, code: 20429 });
    const again = clientOf(TOKEN, { autoRetry: true, maxRetries: 1 }).messages.create(message());
    gateway.time.advance(1_000);
    await expect(again).resolves.toMatchObject({ status: 'queued' });
  });

  test('takes our callbacks for those of Twilio', async () => {
    await clientOf().messages.create(message({ statusCallback: receiver.url }));
    gateway.time.advance(120_000);
    const told = await receiver.received(2);
    for (const { body, headers } of told) {
      const parameters = Object.fromEntries(new URLSearchParams(body));
      const signature = String(headers['x-twilio-signature']);
      expect(twilio.validateRequest(TOKEN, signature, receiver.url, parameters)).toBe(true);
      expect(twilio.validateRequest('other', signature, receiver.url, parameters)).toBe(false);
    }
    expect(told.map(({ body }) => new URLSearchParams(body).get('MessageStatus'))).toEqual(['sent', 'delivered']);
  });

  test('learns later what a carrier refuses', async () => {
    await gateway.ask('PUT', '/v1/regime', { regime: 'block' });
    const sent = await clientOf().messages.create(message());
    expect(sent.status).toBe('queued');
    const fetched = await clientOf().messages(sent.sid).fetch();
    expect([fetched.status, fetched.errorCode]).toEqual(['undelivered', 30034]);
  });

  test('lists messages through all pages', async () => {
    const client = clientOf();
    for (let place = 0; place < 5; place += 1) await client.messages.create(message({ body: `Text ${place}` }));
    const all = await client.messages.list({ pageSize: 2 });
    expect(all.map(({ body }) => body)).toEqual([4, 3, 2, 1, 0].map((place) => `Text ${place}`));
    expect(await client.messages.list({ pageSize: 2, limit: 3 })).toHaveLength(3);
    expect(await client.messages.list({ to: gateway.number('tmobile') })).toEqual([]);
  });

  test('takes the text out of a message and deletes it', async () => {
    const client = clientOf();
    const { sid } = await client.messages.create(message());
    gateway.time.advance(120_000);
    expect((await client.messages(sid).update({ body: '' })).body).toBe('');
    expect(await client.messages(sid).remove()).toBe(true);
    await expect(client.messages(sid).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  });

  test('makes a messaging service, registers a brand and a campaign, and sends by it', async () => {
    const client = clientOf();
    const service = await client.messaging.v1.services.create({ friendlyName: 'Tables' });
    const { sid } = await client.incomingPhoneNumbers.create({ phoneNumber: gateway.number('cpaas') });
    await client.messaging.v1.services(service.sid).phoneNumbers.create({ phoneNumberSid: sid });
    expect(await client.messaging.v1.services.list()).toHaveLength(1);
    const brand = await client.messaging.v1.brandRegistrations.create({
      customerProfileBundleSid: `BU${'1'.repeat(32)}`,
      a2PProfileBundleSid: `BU${'2'.repeat(32)}`,
    });
    expect(brand.status).toBe('PENDING');
    await passing(gateway, 180_000);
    expect((await client.messaging.v1.brandRegistrations(brand.sid).fetch()).status).toBe('APPROVED');
    const campaigns = client.messaging.v1.services(service.sid).usAppToPerson;
    const campaign = await campaigns.create({
      brandRegistrationSid: brand.sid,
      description: 'Tells guests that their tables are ready.',
      messageFlow: 'Guests ask for it at the door.',
      messageSamples: ['Your table is ready.', 'Your table is almost ready.'],
      usAppToPersonUsecase: 'CUSTOMER_CARE',
      hasEmbeddedLinks: false,
      hasEmbeddedPhone: false,
    });
    expect(campaign.campaignStatus).toBe('IN_PROGRESS');
    await passing(gateway, 12 * 86_400_000);
    expect((await campaigns(campaign.sid).fetch()).campaignStatus).toBe('VERIFIED');
    const sent = await client.messages.create({
      messagingServiceSid: service.sid,
      to: gateway.number('att'),
      body: 'Your table is ready.',
    });
    expect([sent.status, sent.messagingServiceSid]).toEqual(['accepted', service.sid]);
    expect(gateway.store.campaign[0]).toBeGreaterThanOrEqual(0);
  });
});

test('a program that calls the real host comes here by its environment alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-proxy-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', certificate];
  const names = `subjectAltName=${VENDOR_HOSTS.map((host) => `DNS:${host}`).join(',')}`;
  const run = promisify(execFile);
  await run('openssl', [...made, '-subj', '/CN=Tollgate', '-addext', names]);
  const proxy = await openVendorProxy({
    host: '127.0.0.1',
    port: 0,
    gateway: new URL(gateway.url),
    certificate: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
  });
  try {
    const sender = fileURLToPath(new URL('unchanged-sender-under-test.ts', import.meta.url));
    const env = {
      PATH: process.env['PATH'],
      HTTP_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: certificate,
    };
    const { from, to } = message();
    const { stdout } = await run(process.execPath, ['--import', 'tsx', sender, SID, TOKEN, from, to], { env });
    expect(stdout).toBe('queued');
    expect(gateway.store.count).toBe(1);
  } finally {
    await proxy.close();
    rmSync(folder, { recursive: true });
  }
});
