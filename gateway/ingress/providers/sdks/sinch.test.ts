import { SinchClient, SmsCallbackWebhooks } from '@sinch/sdk-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';

// Sinch's own SDK, unmodified: only its host names are set, which are options of it.

const ID = 'plan-or-key';
const SECRET = 'a-secret';

let gateway: GatewayUnderTest;
let receiver: CallbackReceiver;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
beforeEach(async () => {
  await gateway.ask('POST', '/v1/reset');
  receiver = await CallbackReceiver.open();
  await gateway.ask('PUT', '/v1/accounts/acme', {
    kind: 'postpaid',
    api: { id: ID, secret: SECRET },
    face: 'sinch',
    webhook: { url: receiver.url },
  });
});
afterEach(() => receiver.close());
afterAll(() => gateway.close());

const byPlan = (apiToken = SECRET) =>
  new SinchClient({ servicePlanId: ID, apiToken, smsHostname: `${gateway.url}/sinch`, logger: null }).sms;

const byProject = (keySecret = SECRET) =>
  new SinchClient({
    projectId: 'a-project',
    keyId: ID,
    keySecret,
    smsHostname: `${gateway.url}/sinch`,
    authHostname: `${gateway.url}/sinch`,
    logger: null,
  }).sms;

const batch = (own: object = {}) => ({
  sendSMSRequestBody: {
    from: gateway.number('cpaas'),
    to: [gateway.number('att')],
    body: 'Your table is ready.',
    ...own,
  },
});

describe.each([
  ['plan', byPlan],
  ['project', byProject],
] as const)('the SDK of Sinch, by %s', (_, open) => {
  test('sends a batch, fetches, lists and cancels it', async () => {
    const { batches } = open();
    const sent = await batches.sendTextMessage(batch({ client_reference: 'r1' }));
    expect(sent).toMatchObject({ type: 'mt_text', canceled: false, client_reference: 'r1' });
    expect(sent.created_at?.getTime()).toBe(gateway.time.nowMs());
    const batchId = sent.id ?? '';
    expect(await batches.get({ batch_id: batchId })).toMatchObject({ id: batchId, body: 'Your table is ready.' });
    const { data } = await batches.list({ client_reference: 'r1' });
    expect(data.map(({ id }) => id)).toEqual([batchId]);
    expect(await batches.cancel({ batch_id: batchId })).toMatchObject({ id: batchId, canceled: true });
  });

  test('is refused with other credentials', async () => {
    await expect(open('wrong').batches.send(batch())).rejects.toMatchObject({ statusCode: 401 });
  });
});

describe('the SDK of Sinch', () => {
  test('lists page after page', async () => {
    const { batches } = byPlan();
    for (let place = 0; place < 5; place += 1) await batches.send(batch({ body: `Text ${place}` }));
    const bodies: unknown[] = [];
    for await (const one of batches.list({ page_size: 2 })) bodies.push(one.body);
    expect(bodies).toEqual([4, 3, 2, 1, 0].map((place) => `Text ${place}`));
  });

  test('counts by a dry run', async () => {
    const { sendSMSRequestBody: dryRunRequestBody } = batch({ body: 'x'.repeat(161) });
    const counted = await byPlan().batches.dryRun({ per_recipient: true, dryRunRequestBody });
    expect(counted).toMatchObject({ number_of_recipients: 1, number_of_messages: 2 });
    expect(counted.per_recipient?.[0]).toMatchObject({ number_of_parts: 2, encoding: 'text' });
  });

  test('changes and replaces a batch that waits for its time', async () => {
    const { batches } = byPlan();
    const send_at = new Date(gateway.time.nowMs() + 3_600_000);
    const waiting = await batches.send(batch({ send_at }));
    const updateBatchMessageRequestBody = { body: 'Later.' };
    const changed = await batches.update({ batch_id: waiting.id ?? '', updateBatchMessageRequestBody });
    expect(changed.body).toBe('Later.');
    const { sendSMSRequestBody: replaceBatchMessageRequestBody } = batch({ body: 'Now.' });
    const replaced = await batches.replace({ batch_id: changed.id ?? '', replaceBatchMessageRequestBody });
    expect([replaced.body, gateway.store.count]).toEqual(['Now.', 1]);
  });

  test('fetches delivery reports', async () => {
    const { batches, deliveryReports } = byPlan();
    const { id = '' } = await batches.send(batch());
    gateway.time.advance(120_000);
    const whole = await deliveryReports.get({ batch_id: id, type: 'full', status: ['Delivered'], code: [0] });
    expect(whole).toMatchObject({ batch_id: id, total_message_count: 1, statuses: [{ code: 0, count: 1 }] });
    const one = await deliveryReports.getForNumber({ batch_id: id, recipient_msisdn: gateway.number('att') });
    expect(one).toMatchObject({ status: 'Delivered', recipient: gateway.number('att').slice(1) });
    const { data } = await deliveryReports.list({ status: ['Delivered'] });
    expect(data.map(({ batch_id: batchId }) => batchId)).toEqual([id]);
  });

  test('is told what is wrong, and to slow down', async () => {
    const { batches } = byPlan();
    await expect(batches.send(batch({ to: ['1555'] }))).rejects.toMatchObject({ statusCode: 400 });
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    await batches.send(batch());
    await expect(batches.send(batch())).rejects.toMatchObject({ statusCode: 429 });
  });

  test('takes callbacks for genuine, and reads them', async () => {
    const checker = new SmsCallbackWebhooks(SECRET);
    await byPlan().batches.send(batch({ delivery_report: 'per_recipient' }));
    gateway.time.advance(120_000);
    await receiver.received(2);
    const handset = { from: gateway.number('tmobile'), to: gateway.number('cpaas'), text: 'Where?', account: 'acme' };
    await gateway.ask('POST', '/v1/inbound', handset);
    const { data } = await byPlan().inbounds.list({});
    expect(data.map(({ body }) => body)).toEqual(['Where?']);
    const told = (await receiver.received(3)).map(({ headers, body, path, method }) => {
      expect(checker.validateAuthenticationHeader(headers, body, path, method)).toBe(true);
      expect(checker.validateAuthenticationHeader(headers, `${body} `, path, method)).toBe(false);
      return checker.parseEvent(body);
    });
    expect(told.map(({ type }) => type)).toEqual([
      'recipient_delivery_report_sms',
      'recipient_delivery_report_sms',
      'mo_text',
    ]);
  });

  test('has its token for a project renewed when it has run out', async () => {
    const { batches } = byProject();
    await batches.send(batch());
    gateway.time.advance(3_600_000);
    expect((await batches.send(batch())).id).toMatch(/^01/);
  });
});
