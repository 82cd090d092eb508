/** Faults of connections concern whoever sends, by whichever API. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';

const ID = `AC${'0'.repeat(32)}`;
const SECRET = 'f'.repeat(32);
const BASIC = { authorization: `Basic ${Buffer.from(`${ID}:${SECRET}`).toString('base64')}` };
const BEARER = { authorization: `Bearer ${SECRET}` };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterEach(async () => {
  await gateway.ask('DELETE', '/v1/faults');
});
afterAll(() => gateway.close());

type Fields = Readonly<Record<string, unknown>>;

interface Sender {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose its messages are. */
  readonly account: string;
  readonly status: number;
  readonly body: (from: string, to: string) => unknown;
}

const namedAs =
  (names: readonly [from: string, to: string, text: string], others: Fields = {}) =>
  (from: string, to: string): Fields => ({ ...others, [names[0]]: from, [names[1]]: to, [names[2]]: 'Hi' });
const NATIVE = namedAs(['from', 'to', 'text'], { account: 'shop' });
const VONAGE_SMS = namedAs(['from', 'to', 'text']);

const SENDERS: readonly Sender[] = [
  { path: '/v1/messages', headers: {}, account: 'shop', status: 202, body: NATIVE },
  {
    path: '/v1/messages/batch',
    headers: {},
    account: 'shop',
    status: 200,
    body: (from, to) => [NATIVE(from, to)],
  },
  {
    path: `/twilio/2010-04-01/Accounts/${ID}/Messages.json`,
    headers: { ...BASIC, ...FORM },
    account: ID,
    status: 201,
    body: (from, to) => new URLSearchParams({ From: from, To: to, Body: 'Hi' }).toString(),
  },
  {
    path: '/telnyx/v2/messages',
    headers: BEARER,
    account: SECRET,
    status: 200,
    body: namedAs(['from', 'to', 'text']),
  },
  {
    path: `/plivo/v1/Account/${ID}/Message/`,
    headers: BASIC,
    account: ID,
    status: 202,
    body: namedAs(['src', 'dst', 'text']),
  },
  {
    path: `/bandwidth/users/${ID}/messages`,
    headers: BASIC,
    account: ID,
    status: 202,
    body: namedAs(['from', 'to', 'text'], { applicationId: 'app' }),
  },
  {
    path: `/sinch/xms/v1/${ID}/batches`,
    headers: BEARER,
    account: ID,
    status: 201,
    body: (from, to) => ({ from, to: [to], body: 'Hi' }),
  },
  { path: '/vonage/sms/json', headers: BASIC, account: ID, status: 200, body: VONAGE_SMS },
  {
    path: '/vonage/v1/messages',
    headers: BASIC,
    account: ID,
    status: 202,
    body: namedAs(['from', 'to', 'text'], { channel: 'sms', message_type: 'text' }),
  },
];

/** The status; undefined if the connection was cut. */
async function send({ path, headers, body }: Sender): Promise<number | undefined> {
  const message = body(gateway.number('cpaas'), gateway.number('att'));
  const answer = await gateway.ask('POST', path, message, headers).catch(() => undefined);
  return answer?.status;
}

async function applied(): Promise<number | undefined> {
  const { body } = await gateway.ask<{ faults: { applied: number }[] }>('GET', '/v1/faults');
  return body.faults[0]?.applied;
}

test.each(SENDERS)('senders by $path are cut, all or those of their account', async (sender) => {
  const cut = (scope: object) => gateway.ask('PUT', '/v1/faults/cut', { scope, disconnect: { rate: 1 } });
  await cut({ account: 'nobody' });
  expect([await send(sender), await applied()]).toEqual([sender.status, 0]);
  await cut({ account: sender.account });
  expect([await send(sender), await applied()]).toEqual([undefined, 1]);
  await cut({});
  expect([await send(sender), await applied()]).toEqual([undefined, 1]);
});

test.each(SENDERS)('answers to senders by $path are held back', async (sender) => {
  await gateway.ask('PUT', '/v1/faults/late', { slow: { delayMs: 1_000 } });
  let status: number | undefined;
  const sending = send(sender).then((answered) => (status = answered));
  await expect.poll(applied).toBe(1);
  expect(status).toBeUndefined();
  await expect
    .poll(() => {
      gateway.time.advance(1_000);
      return status;
    })
    .toBe(sender.status);
  await sending;
});

test('what a handset sends, and what a sender asks, goes through', async () => {
  await gateway.ask('PUT', '/v1/faults/cut', { disconnect: { rate: 1 } });
  const inbound = { from: gateway.number('att'), to: gateway.number('cpaas'), text: 'STOP', account: 'shop' };
  expect((await gateway.ask('POST', '/v1/inbound', inbound)).status).toBe(202);
  const list = `/twilio/2010-04-01/Accounts/${ID}/Messages.json`;
  expect((await gateway.ask('GET', list, undefined, BASIC)).status).toBe(200);
  expect(await applied()).toBe(0);
});
