import { fc, test as property } from '@fast-check/vitest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { DELIVERY_ERRORS, DeliveryError, messageId, ReceiptState } from '../../../messages/index.ts';
import { decisionAt, DecisionCode } from '../../../router/index.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { batchIdOf, messageIdOfBatch } from './batch-ids.ts';
import { signatureOf, sinchCallbacks } from './callbacks.ts';
import { endOfDecision, endOfDelivery, isRefused, refusalOf } from './errors.ts';

const PLAN = 'plan1';
const TOKEN = 'a-token';
const BATCHES = `/sinch/xms/v1/${PLAN}/batches`;
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

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

interface Body {
  readonly id: string;
  readonly code: string | number;
  readonly status: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

const bare = (number: string): string => number.slice(1);

const batch = (own: object = {}): object => ({
  from: bare(gateway.number('cpaas')),
  to: [bare(gateway.number('att'))],
  body: 'Your table is ready.',
  ...own,
});

function send(own: object = {}, headers: Readonly<Record<string, string>> = AUTHORIZED, path = BATCHES) {
  return gateway.ask<Body>('POST', path, batch(own), headers);
}

function get<T = Body>(path: string, base = BATCHES) {
  return gateway.ask<T>('GET', base + path, undefined, AUTHORIZED);
}

/** Reports as they were told, the first `count` of them. */
async function reports(count: number): Promise<readonly Body[]> {
  return (await receiver.received(count)).map(({ body }) => JSON.parse(body) as Body);
}

property.prop([
  fc
    .tuple(fc.stringMatching(/^[0-9A-Z]{1,12}$/), fc.integer({ min: 0, max: 2 ** 36 - 1 }))
    .map(([run, sequence]) => messageId(run, sequence)),
])('ids of batches can be read back', (id) => {
  expect(batchIdOf(id)).toMatch(/^01[0-9A-HJKMNP-TV-Z]{24}$/);
  expect(messageIdOfBatch(batchIdOf(id))).toBe(id);
});

describe('a batch', () => {
  test('is taken as it was asked for, and read back', async () => {
    const fields = { client_reference: 'r1', type: 'mt_text', delivery_report: 'none', flash_message: true };
    const { status, body } = await send(fields);
    const shown = {
      id: body.id,
      to: [bare(gateway.number('att'))],
      from: bare(gateway.number('cpaas')),
      canceled: false,
      body: 'Your table is ready.',
      feedback_enabled: false,
      created_at: '2024-03-01T18:00:00.000Z',
      modified_at: '2024-03-01T18:00:00.000Z',
      expire_at: '2024-03-04T18:00:00.000Z',
      ...fields,
    };
    expect([status, body]).toEqual([201, shown]);
    expect(await get(`/${body.id}`)).toMatchObject({ status: 200, body: shown });
    expect((await get(`/${batchIdOf('MNONE-1')}`)).status).toBe(404);
    expect((await get('/nonsense')).body.code).toBe('not_found');
  });

  test('has a delivery report at any time', async () => {
    const { body } = await send();
    const report = async (query = '') => (await get(`/${body.id}/delivery_report${query}`)).body;
    expect(await report()).toEqual({
      type: 'delivery_report_sms',
      batch_id: body.id,
      total_message_count: 1,
      statuses: [{ code: 401, status: 'Dispatched', count: 1 }],
    });
    gateway.time.advance(120_000);
    const recipient = bare(gateway.number('att'));
    expect((await report('?type=full'))['statuses']).toEqual([
      { code: 0, status: 'Delivered', count: 1, recipients: [recipient] },
    ]);
    expect((await report('?status=Failed,Aborted'))['statuses']).toEqual([]);
    expect((await report('?status=Delivered&code=0'))['statuses']).toHaveLength(1);
    expect((await report('?type=none')).code).toBe('syntax_constraint_violation');
    const { body: one } = await get(`/${body.id}/delivery_report/${gateway.number('att')}`);
    expect(one).toMatchObject({ type: 'recipient_delivery_report_sms', recipient, code: 0, status: 'Delivered' });
    expect((await get(`/${body.id}/delivery_report/13105550123`)).status).toBe(404);
  });

  test('of media is an MMS', async () => {
    const media = { url: 'https://example.com/a.png', message: 'Look.', subject: 'A table' };
    const { body } = await send({
      type: 'mt_media',
      body: media,
      delivery_report: 'summary',
      callback_url: receiver.url,
    });
    expect(body['body']).toEqual(media);
    expect(gateway.store.media[0]).toEqual([media.url]);
    gateway.time.advance(120_000);
    expect((await reports(1))[0]).toMatchObject({ type: 'delivery_report_mms' });
  });

  test('with parameters says to each recipient its own text', async () => {
    const [first, second] = [bare(gateway.number('att')), bare(gateway.number('tmobile'))];
    const parameters = { name: { [first]: 'Ann', default: 'guest' } };
    const { body } = await send({ to: [first, second], body: 'Dear ${name}!', parameters });
    expect([body['body'], body['parameters']]).toEqual(['Dear ${name}!', parameters]);
    expect([0, 1].map((at) => gateway.store.texts.get(at))).toEqual(['Dear Ann!', 'Dear guest!']);
    const unmatched = await send({ body: 'Dear ${name}!', parameters: { name: { 1: 'x' } } });
    expect(unmatched.body.code).toBe('syntax_constraint_violation');
  });
});

describe('delivery reports by callback', () => {
  test('per recipient tell of each state, signed', async () => {
    const { body } = await send({
      delivery_report: 'per_recipient',
      callback_url: receiver.url,
      client_reference: 'r1',
    });
    gateway.time.advance(120_000);
    const told = await reports(2);
    expect(told.map(({ code, status }) => [code, status])).toEqual([
      [401, 'Dispatched'],
      [0, 'Delivered'],
    ]);
    expect(told[1]).toMatchObject({ batch_id: body.id, client_reference: 'r1', operator: '310410' });
    for (const { headers, body: text } of receiver.callbacks) {
      const [nonce, timestamp] = ['nonce', 'timestamp'].map(
        (name) => headers[`x-sinch-webhook-signature-${name}`] as string,
      ) as [string, string];
      expect(headers['x-sinch-webhook-signature-algorithm']).toBe('HmacSHA256');
      expect(headers['x-sinch-webhook-signature']).toBe(signatureOf(TOKEN, text, nonce, timestamp));
    }
  });

  test.each([
    ['per_recipient_final', 'recipient_delivery_report_sms'],
    ['summary', 'delivery_report_sms'],
    ['full', 'delivery_report_sms'],
  ])('%s: once, at the end', async (kind, type) => {
    await send({ delivery_report: kind, callback_url: receiver.url });
    gateway.time.advance(120_000);
    const [told] = await reports(1);
    expect(told?.['type']).toBe(type);
    await send({ delivery_report: 'none', callback_url: receiver.url });
    gateway.time.advance(120_000);
    expect(receiver.callbacks).toHaveLength(1);
  });

  test('full: of a batch to many, once all have come to their end', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'verizon', regime: 'block' });
    const to = (['verizon', 'att', 'tmobile', 'verizon'] as const).map((group, place) => gateway.number(group, place));
    const { body } = await send({ to, delivery_report: 'full', callback_url: receiver.url });
    expect([body['to'], gateway.store.count]).toEqual([to, 4]);
    gateway.time.advance(120_000);
    const [told] = await reports(1);
    expect(told).toMatchObject({ batch_id: body.id, total_message_count: 4 });
    expect(told?.['statuses']).toEqual([
      { code: 60, status: 'Rejected', count: 2, recipients: [bare(to[0]!), bare(to[3]!)] },
      { code: 0, status: 'Delivered', count: 2, recipients: [bare(to[1]!), bare(to[2]!)] },
    ]);
    expect((await get(`/${body.id}/delivery_report?type=full`)).body['statuses']).toEqual(told?.['statuses']);
    expect(receiver.callbacks).toHaveLength(1);
  });

  test('summary: of a batch that was refused as a whole, once', async () => {
    await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
    const to = [0, 1, 2].map((place) => gateway.number('att', place));
    await send({ to, delivery_report: 'summary', callback_url: receiver.url });
    const [told] = await reports(1);
    expect(told?.['statuses']).toEqual([{ code: 60, status: 'Rejected', count: 3 }]);
    await send({ to: [to[0]], delivery_report: 'summary', callback_url: receiver.url });
    expect((await reports(2))[1]?.['statuses']).toEqual([{ code: 60, status: 'Rejected', count: 1 }]);
  });

  test('come again after errors of the server, from five seconds on to most of a day', () => {
    const { waitsMs } = sinchCallbacks;
    expect([waitsMs[0], waitsMs[1], waitsMs.at(-1)]).toEqual([5_000, 10_000, 81_920_000]);
    const isAgain = (status: number): boolean => sinchCallbacks.triesAgain({ result: 'status', status });
    expect([500, 503, 429, 400, 404].map(isAgain)).toEqual([true, true, true, false, false]);
    expect(sinchCallbacks.triesAgain({ result: 'timeout' })).toBe(true);
  });
});

describe('a batch that waits for its time', () => {
  const inAnHour = (): string => new Date(gateway.time.nowMs() + 3_600_000).toISOString();

  test('goes then, under the same id', async () => {
    const to = [gateway.number('att'), gateway.number('tmobile')];
    const { status, body } = await send({
      to,
      send_at: inAnHour(),
      delivery_report: 'summary',
      callback_url: receiver.url,
    });
    expect([status, gateway.store.count]).toEqual([201, 0]);
    const waiting = (await get(`/${body.id}/delivery_report`)).body;
    expect(waiting['statuses']).toEqual([{ code: 400, status: 'Queued', count: 2 }]);
    gateway.time.advance(3_600_000 + 120_000);
    expect(gateway.store.count).toBe(2);
    expect(await reports(1)).toMatchObject([{ batch_id: body.id, total_message_count: 2 }]);
    expect((await get(`/${body.id}`)).body).toMatchObject({ id: body.id, to });
    expect((await get(`/${body.id}/delivery_report`)).body['statuses']).toEqual([
      { code: 0, status: 'Delivered', count: 2 },
    ]);
  });

  test('can be canceled, changed and replaced until then', async () => {
    const cancel = (id: string) => gateway.ask<Body>('DELETE', `${BATCHES}/${id}`, undefined, AUTHORIZED);
    const { body: first } = await send({ to: [gateway.number('att'), gateway.number('tmobile')], send_at: inAnHour() });
    expect((await cancel(first.id)).body['canceled']).toBe(true);
    expect((await get(`/${first.id}/delivery_report`)).body['statuses']).toEqual([]);
    const { body: second } = await send({ send_at: inAnHour() });
    const changed = await gateway.ask<Body>(
      'POST',
      `${BATCHES}/${second.id}`,
      { body: 'Later.', to_add: [gateway.number('verizon')] },
      AUTHORIZED,
    );
    expect(changed.body).toMatchObject({
      body: 'Later.',
      to: [bare(gateway.number('att')), gateway.number('verizon')],
    });
    expect((await get(`/${second.id}`)).body['canceled']).toBe(true);
    const replaced = await gateway.ask<Body>(
      'PUT',
      `${BATCHES}/${changed.body.id}`,
      batch({ body: 'Now.' }),
      AUTHORIZED,
    );
    expect([replaced.status, replaced.body['body'], gateway.store.count]).toEqual([201, 'Now.', 1]);
    gateway.time.advance(3_700_000);
    expect(gateway.store.count).toBe(1);
  });

  test('cannot be changed once it has gone', async () => {
    const { body } = await send();
    for (const method of ['PUT', 'POST']) {
      const answer = await gateway.ask<Body>(method, `${BATCHES}/${body.id}`, batch(), AUTHORIZED);
      expect([answer.status, answer.body.code]).toEqual([403, 'batch_already_dispatched']);
    }
    const canceled = await gateway.ask<Body>('DELETE', `${BATCHES}/${body.id}`, undefined, AUTHORIZED);
    expect(canceled.body['canceled']).toBe(true);
    gateway.time.advance(120_000);
    expect((await get(`/${body.id}/delivery_report`)).body['statuses']).toMatchObject([{ status: 'Delivered' }]);
    expect((await gateway.ask('DELETE', `${BATCHES}/x`, undefined, AUTHORIZED)).status).toBe(404);
  });
});

test('a dry run counts and sends nothing', async () => {
  const to = [bare(gateway.number('att')), bare(gateway.number('tmobile'))];
  const path = `${BATCHES}/dry_run`;
  const { body } = await send(
    { to, body: 'é'.repeat(200) + 'ы' },
    AUTHORIZED,
    `${path}?per_recipient=true&number_of_recipients=1`,
  );
  expect(body).toEqual({
    number_of_recipients: 2,
    number_of_messages: 6,
    per_recipient: [{ recipient: to[0], number_of_parts: 3, body: 'é'.repeat(200) + 'ы', encoding: 'unicode' }],
  });
  expect((await send({ from: 'x' }, AUTHORIZED, path)).status).toBe(400);
  expect(gateway.store.count).toBe(0);
});

describe('lists', () => {
  interface List {
    readonly count: number;
    readonly page: number;
    readonly page_size: number;
    readonly batches: readonly Body[];
    readonly delivery_reports: readonly Body[];
  }

  test('have the latest first, page by page', async () => {
    for (let place = 0; place < 5; place += 1) await send({ body: `Text ${place}`, client_reference: `r${place % 2}` });
    await send({ to: [gateway.number('att'), gateway.number('tmobile')], body: 'Text 5' });
    await gateway.send();
    const page = async (query: string) => (await get<List>(query)).body;
    const texts = [0, 1, 2].map(async (number) => (await page(`?page_size=2&page=${number}`)).batches);
    const bodies = (await Promise.all(texts)).flat().map(({ body }) => body);
    expect(bodies).toEqual([5, 4, 3, 2, 1, 0].map((place) => `Text ${place}`));
    expect(await page('?page=7')).toMatchObject({ count: 6, page: 7, page_size: 0, batches: [] });
    expect((await page('?client_reference=r1')).count).toBe(2);
    expect((await page('?from=13105550123')).count).toBe(0);
    expect((await page('?start_date=2024-03-02T00:00:00Z')).count).toBe(0);
    for (const query of ['?page=x', '?page_size=101', '?start_date=x', '?end_date=x']) {
      expect([query, (await get(query)).status]).toEqual([query, 400]);
    }
  });

  test('of delivery reports have what has come to its end', async () => {
    await send({ client_reference: 'r1' });
    gateway.time.advance(120_000);
    await send();
    const list = async (query = '') =>
      (await get<List>(`/delivery_reports${query}`, `/sinch/xms/v1/${PLAN}`)).body.delivery_reports;
    expect(await list()).toMatchObject([{ status: 'Delivered', client_reference: 'r1' }]);
    expect(await list('?status=Failed')).toEqual([]);
  });
});

describe('what the core refuses', () => {
  test('by the rate of the plan is answered with 429 and when to come again', async () => {
    await gateway.ask('PUT', `/v1/accounts/${PLAN}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
    expect((await send()).status).toBe(201);
    const { status, body, headers } = await send();
    expect([status, body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    const both = [gateway.number('att'), gateway.number('tmobile')];
    expect((await send({ to: both })).status).toBe(429);
    // The second of two is over the rate, and the batch is taken all the same.
    gateway.time.advance(1_000);
    const { body: half } = await send({ to: both });
    expect((await get(`/${half.id}/delivery_report`)).body['statuses']).toMatchObject([
      { status: 'Dispatched' },
      { status: 'Aborted' },
    ]);
  });

  test('has a row for every decision and every delivery error', () => {
    for (const code of Object.values(DecisionCode)) {
      const refusal = refusalOf(code);
      expect([code, isRefused(code)]).toEqual([code, code !== DecisionCode.Accepted && code !== DecisionCode.Queued]);
      if (refusal !== undefined)
        expect(refusal.httpStatus === 429 || refusal.httpStatus === 503).toBe(decisionAt(code).retryable);
      else if (isRefused(code)) expect(endOfDecision(code).code).toBeGreaterThan(0);
    }
    for (const error of DELIVERY_ERRORS.keys()) {
      if (error !== DeliveryError.None) expect(endOfDelivery(ReceiptState.Undelivered, error).code).toBeGreaterThan(0);
    }
    expect(endOfDelivery(ReceiptState.Expired, DeliveryError.AbsentSubscriber).status).toBe('Expired');
    expect(endOfDelivery(ReceiptState.Rejected, DeliveryError.CarrierRejected)).toEqual({
      status: 'Rejected',
      code: 349,
    });
  });
});

describe('bad input', () => {
  const [constraint, format] = ['syntax_constraint_violation', 'syntax_invalid_parameter_format'];
  test.each([
    ['no recipient', { to: undefined }, constraint],
    ['an empty list of recipients', { to: [] }, constraint],
    ['too many recipients', { to: Array.from({ length: 1_001 }, () => '13105550123') }, constraint],
    ['a recipient that is text', { to: '13105550123' }, format],
    ['a bad recipient', { to: ['1555'] }, format],
    ['no sender', { from: undefined }, constraint],
    ['a bad sender', { from: 'ACME' }, format],
    ['a sender that is a number', { from: 5 }, format],
    ['no body', { body: undefined }, constraint],
    ['an empty body', { body: '' }, constraint],
    ['a body too long', { body: 'x'.repeat(2_001) }, constraint],
    ['a body that is none', { body: 5 }, format],
    ['another type', { type: 'mt_binary' }, constraint],
    ['media without an address', { type: 'mt_media', body: { message: 'x' } }, constraint],
    ['media at no address', { type: 'mt_media', body: { url: 'nonsense' } }, format],
    ['another report', { delivery_report: 'all' }, constraint],
    ['a callback to nowhere', { callback_url: 'nonsense' }, format],
    ['a callback to a forbidden host', { callback_url: 'http://169.254.169.254/' }, format],
    ['a flag that is none', { flash_message: 'yes' }, format],
    ['a bad time', { send_at: 'tomorrow' }, format],
    ['an end that is over', { expire_at: '2020-01-01T00:00:00Z' }, constraint],
    ['too many parts', { body: 'x'.repeat(161), max_number_of_message_parts: 1 }, constraint],
  ])('%s', async (_, own, code) => {
    const { status, body } = await send(own);
    expect([status, body.code, typeof body.text]).toEqual([400, code, 'string']);
    expect(gateway.store.count).toBe(0);
  });

  test('no JSON, and another type', async () => {
    const ask = (type: string) => gateway.ask<Body>('POST', BATCHES, '{"to":', { ...AUTHORIZED, 'content-type': type });
    const malformed = await ask('application/json');
    expect([malformed.status, malformed.body.code]).toEqual([400, 'syntax_invalid_json']);
    expect((await ask('text/plain')).status).toBe(415);
  });
});

describe('credentials', () => {
  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', api: { id: PLAN, secret: TOKEN } });
  });

  test('of a plan are its token, for this plan alone', async () => {
    expect((await send()).status).toBe(201);
    expect(gateway.store.accounts[0]).toBe('acme');
    for (const authorization of ['Bearer wrong', 'Bearer ', TOKEN, '']) {
      const { status, body } = await send({}, { authorization });
      expect([authorization, status, body.code]).toEqual([authorization, 401, 'unauthorized']);
    }
    expect((await send({}, AUTHORIZED, '/sinch/xms/v1/plan2/batches')).status).toBe(401);
  });

  test('of a project are a token for an hour, got for a key', async () => {
    const authorization = `Basic ${Buffer.from(`${PLAN}:${TOKEN}`).toString('base64')}`;
    const { body } = await gateway.ask<{ access_token: string; expires_in: number }>(
      'POST',
      '/sinch/oauth2/token',
      'grant_type=client_credentials',
      { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    );
    const bearer = { authorization: `Bearer ${body.access_token}` };
    expect((await send({}, bearer, '/sinch/xms/v1/any-project/batches')).status).toBe(201);
    gateway.time.advance(body.expires_in * 1_000);
    const late = await send({}, bearer, '/sinch/xms/v1/any-project/batches');
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('expired')]);
  });
});

describe('a message from a handset', () => {
  const inbound = (text: string, own: object = {}) =>
    gateway.ask('POST', '/v1/inbound', {
      from: gateway.number('tmobile'),
      to: gateway.number('cpaas'),
      text,
      account: 'acme',
      ...own,
    });

  beforeEach(async () => {
    await gateway.ask('PUT', '/v1/accounts/acme', {
      kind: 'postpaid',
      api: { id: PLAN, secret: TOKEN },
      face: 'sinch',
      webhook: { url: receiver.url },
    });
  });

  test('is told as Sinch tells it', async () => {
    await inbound('Where is it?');
    await inbound('Look.', { media: ['https://example.com/a.png'] });
    const told = await reports(2);
    const [text, media] = told.toSorted((one, other) =>
      one['type'] === 'mo_text' ? -1 : other['type'] === 'mo_text' ? 1 : 0,
    );
    expect(text).toMatchObject({
      type: 'mo_text',
      from: bare(gateway.number('tmobile')),
      to: bare(gateway.number('cpaas')),
      body: 'Where is it?',
      received_at: '2024-03-01T18:00:00.000Z',
    });
    expect(media).toMatchObject({
      type: 'mo_media',
      body: { message: 'Look.', media: [{ url: 'https://example.com/a.png' }] },
    });
  });

  test('can be read back', async () => {
    const base = `/sinch/xms/v1/${PLAN}`;
    const list = async (query = '') =>
      (await get<{ count: number; inbounds: readonly Body[] }>(`/inbounds${query}`, base)).body;
    await inbound('First');
    await inbound('Second');
    const { count, inbounds } = await list();
    expect([count, inbounds.map(({ body }) => body)]).toEqual([2, ['Second', 'First']]);
    expect((await list('?to=13105550123')).count).toBe(0);
    expect((await list(`?to=${bare(gateway.number('cpaas'))}`)).count).toBe(2);
    expect((await get(`/inbounds/${inbounds[0]!.id}`, base)).body).toEqual(inbounds[0]);
    expect((await get('/inbounds/x', base)).status).toBe(404);
  });

  test('that says STOP ends messages to it', async () => {
    await inbound('STOP');
    const { body } = await send({ to: [gateway.number('tmobile')] });
    expect((await get(`/${body.id}/delivery_report`)).body['statuses']).toEqual([
      { code: 321, status: 'Deleted', count: 1 },
    ]);
  });
});
