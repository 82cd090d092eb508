import { AlgorithmTypes, Auth } from '@vonage/auth';
import { verifySignature } from '@vonage/jwt';
import { SMS } from '@vonage/messages';
import { Vonage } from '@vonage/server-sdk';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';

// Vonage's own SDK, unmodified: only its hosts are set, which are options of it.

const KEY = 'abcd1234';
const SECRET = 'a-secret';
const PEM = {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;

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

function clientOf(auth: object = {}): Vonage {
  const base = `${gateway.url}/vonage`;
  return new Vonage(new Auth({ apiKey: KEY, apiSecret: SECRET, ...auth }), { restHost: base, apiHost: base });
}

const declare = (api: object = {}) =>
  gateway.ask('PUT', '/v1/accounts/acme', {
    kind: 'postpaid',
    api: { id: KEY, secret: SECRET, ...api },
    face: 'vonage',
    webhook: { url: receiver.url },
  });

const sms = (own: object = {}) => ({
  from: gateway.number('cpaas').slice(1),
  to: gateway.number('att').slice(1),
  text: 'Your table is ready.',
  ...own,
});

describe('the SDK of Vonage, for the SMS API', () => {
  test('sends a message of several parts', async () => {
    await declare();
    const { messageCount, messages } = await clientOf().sms.send(sms({ text: 'x'.repeat(200), clientRef: 'r1' }));
    expect([String(messageCount), messages.map(({ status }) => status)]).toEqual(['2', ['0', '0']]);
    expect(messages[0]).toMatchObject({ clientRef: 'r1', network: '310410' });
  });

  test('takes receipts and messages from handsets for genuine', async () => {
    await declare();
    await clientOf().sms.send(sms());
    gateway.time.advance(120_000);
    await receiver.received(2);
    const handset = { from: gateway.number('tmobile'), to: gateway.number('cpaas'), text: 'a=b & c', account: 'acme' };
    await gateway.ask('POST', '/v1/inbound', handset);
    const told = (await receiver.received(3)).map(({ body }) => JSON.parse(body) as Record<string, string>);
    expect(told.map(({ status }) => status)).toEqual(['accepted', 'delivered', undefined]);
    for (const parameters of told) {
      const check = (given: Record<string, string>): boolean =>
        clientOf().sms.verifySignature(parameters['sig'] ?? '', given, SECRET, AlgorithmTypes.sha256hmac);
      expect(check(parameters)).toBe(true);
      expect(check({ ...parameters, to: '1' })).toBe(false);
    }
  });

  test('is let in by a signature of its own making', async () => {
    await declare();
    for (const algorithm of Object.values(AlgorithmTypes)) {
      const sign = (secret: string) =>
        new Auth({ apiKey: KEY, signature: { algorithm, secret } }).createSignatureHash({
          api_key: KEY,
          ...sms({ text: 'a=b & é' }),
        });
      const ask = async (secret: string) =>
        gateway.ask<{ messages: { status: string }[] }>('POST', '/vonage/sms/json', await sign(secret));
      expect((await ask(SECRET)).body.messages[0]?.status).toBe('0');
      expect((await ask('wrong')).body.messages[0]?.status).toBe('14');
    }
  });

  test('fails as the real one does', async () => {
    await declare();
    const failed = async (sent: Promise<unknown>) =>
      sent.then(
        () => undefined,
        (error: { getFailedMessages?: () => { status?: string }[] }) => error.getFailedMessages?.()[0]?.status,
      );
    expect(await failed(clientOf().sms.send(sms({ to: '1555' })))).toBe('3');
    expect(await failed(clientOf({ apiSecret: 'wrong' }).sms.send(sms()))).toBe('4');
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await clientOf().sms.send(sms());
    expect(await failed(clientOf().sms.send(sms()))).toBe('1');
  });
});

describe('the SDK of Vonage, for the Messages API', () => {
  const text = () => new SMS({ channel: 'sms', messageType: 'text', ...sms(), clientRef: 'r1' });

  test('sends a message by Basic, and takes what is told of it for genuine', async () => {
    await declare();
    const { messageUUID } = await clientOf().messages.send(text());
    gateway.time.advance(120_000);
    for (const { headers, body } of await receiver.received(2)) {
      expect(JSON.parse(body)).toMatchObject({ message_uuid: messageUUID, client_ref: 'r1' });
      const token = (headers.authorization ?? '').slice('Bearer '.length);
      expect(verifySignature(token, SECRET)).toBe(true);
      expect(verifySignature(token, 'wrong')).toBe(false);
    }
  });

  test('sends a message by the JWT of an application, where anybody may or its public key is known', async () => {
    const applicationId = 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab';
    const { publicKey, privateKey } = generateKeyPairSync('rsa', PEM);
    const client = clientOf({ applicationId, privateKey });
    expect((await client.messages.send(text())).messageUUID).toMatch(/^[0-9a-f-]{36}$/);
    expect(gateway.store.accounts[0]).toBe(applicationId);
    await declare();
    await expect(client.messages.send(text())).rejects.toMatchObject({ response: { status: 401 } });

    await declare({ application: { id: applicationId, publicKey } });
    expect((await client.messages.send(text())).messageUUID).toMatch(/^[0-9a-f-]{36}$/);
    expect(gateway.store.accounts[1]).toBe('acme');
    const stranger = clientOf({ applicationId, privateKey: generateKeyPairSync('rsa', PEM).privateKey });
    await expect(stranger.messages.send(text())).rejects.toMatchObject({ response: { status: 401 } });
    const another = clientOf({ applicationId: 'bbbbbbbb-bbbb-cccc-dddd-0123456789ab', privateKey });
    await expect(another.messages.send(text())).rejects.toMatchObject({ response: { status: 401 } });
  });

  test('fails by the status of the answer', async () => {
    await declare();
    const wrong = new SMS({ channel: 'sms', messageType: 'text', ...sms({ to: '1555' }) });
    await expect(clientOf().messages.send(wrong)).rejects.toMatchObject({ response: { status: 422 } });
    const unknown = clientOf({ apiSecret: 'wrong' });
    await expect(unknown.messages.send(text())).rejects.toMatchObject({ response: { status: 401 } });
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await clientOf().messages.send(text());
    await expect(clientOf().messages.send(text())).rejects.toMatchObject({ response: { status: 429 } });
  });
});
