/** Bandwidth's own SDK, unmodified, against its face; and what the face says, against the OpenAPI file that comes with the SDK. */
import { Configuration, MessagesApi, MessageStatusEnum, PriorityEnum } from 'bandwidth-sdk';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../../gateway-under-test.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { faultsBySchema } from './bandwidth-openapi.ts';

const ACCOUNT = '9900000';
const APPLICATION = '93de2206-9669-4e07-948d-329f4b722ee2';

let gateway: GatewayUnderTest;
let receiver: CallbackReceiver;
let api: MessagesApi;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
beforeEach(async () => {
  await gateway.ask('POST', '/v1/reset');
  receiver = await CallbackReceiver.open();
  await gateway.ask('PUT', `/v1/accounts/${ACCOUNT}`, {
    kind: 'postpaid',
    api: { id: 'user', secret: 'password' },
    face: 'bandwidth',
    webhook: { url: receiver.url },
  });
  api = openApi('password');
});
afterEach(() => receiver.close());
afterAll(() => gateway.close());

function openApi(password: string): MessagesApi {
  return new MessagesApi(
    new Configuration({ username: 'user', password, basePath: `${gateway.url}/bandwidth/api/v2` }),
  );
}

function send(own: object = {}, by = api) {
  // The SDK's types have a set here, which would be sent as an empty object.
  const to = [gateway.number('att')] as unknown as Set<string>;
  const message = { applicationId: APPLICATION, from: gateway.number('cpaas'), to, text: 'Your table is ready.' };
  return by.createMessage(ACCOUNT, { ...message, ...own });
}

/** The error that a call fails with, as the SDK hands it on. */
async function errorOf(call: Promise<unknown>): Promise<{ readonly status: number; readonly data: unknown }> {
  const error = await call.then(
    () => undefined,
    (failure: { readonly response?: { readonly status: number; readonly data: unknown } }) => failure.response,
  );
  if (error === undefined) throw new Error('the call did not fail');
  return { status: error.status, data: error.data };
}

test('sends, and is told what became of it', async () => {
  const sent = await send({ tag: 'a tag', priority: PriorityEnum.High, expiration: '2024-03-02T00:00:00Z' });
  expect(sent.status).toBe(202);
  expect(sent.data).toMatchObject({ owner: gateway.number('cpaas'), segmentCount: 1, tag: 'a tag' });
  expect(faultsBySchema('message', sent.data)).toEqual([]);
  const withMedia = await send({ media: ['https://example.com/a.png'] });
  expect(faultsBySchema('message', withMedia.data)).toEqual([]);
  gateway.time.advance(120_000);
  const told = (await receiver.received(3)).map(({ body }) => JSON.parse(body) as { type: string }[]);
  expect(told.flatMap((events) => events.map(({ type }) => type)).toSorted()).toEqual([
    'message-delivered',
    'message-delivered',
    'message-sent',
  ]);
  expect(told.every((events) => events.length === 1)).toBe(true);
  for (const [one] of told) expect(faultsBySchema('statusCallback', one)).toEqual([]);
});

test('is told of failures', async () => {
  await gateway.ask('PUT', '/v1/regime', { carrier: 'att', regime: 'block' });
  expect((await send()).status).toBe(202);
  const [callback] = await receiver.received(1);
  const [failed] = JSON.parse(callback!.body) as { type: string; errorCode: number }[];
  expect(failed).toMatchObject({ type: 'message-failed', errorCode: 4774 });
  expect(faultsBySchema('statusCallback', failed)).toEqual([]);
});

test('is told of messages from handsets', async () => {
  const handset = { from: gateway.number('tmobile'), to: gateway.number('cpaas'), text: 'Where?', account: ACCOUNT };
  await gateway.ask('POST', '/v1/inbound', handset);
  const [callback] = await receiver.received(1);
  const [received] = JSON.parse(callback!.body) as { type: string }[];
  expect(received?.type).toBe('message-received');
  expect(faultsBySchema('inboundCallback', received)).toEqual([]);
});

test('lists, page by page', async () => {
  for (let place = 0; place < 3; place += 1) await send();
  const { data } = await api.listMessages(ACCOUNT, undefined, undefined, undefined, MessageStatusEnum.Sent);
  expect([data.totalCount, data.messages?.length]).toEqual([3, 3]);
  expect(faultsBySchema('messagesList', data)).toEqual([]);
});

test('is told what is wrong', async () => {
  const bad = await errorOf(send({ from: '+invalid' }));
  expect(bad).toMatchObject({
    status: 400,
    data: { type: 'request-validation', fieldErrors: [{ fieldName: 'from' }] },
  });
  expect(faultsBySchema('createMessageRequestError', bad.data)).toEqual([]);
  const unknown = await errorOf(send({}, openApi('wrong')));
  expect([unknown.status, faultsBySchema('messagingRequestError', unknown.data)]).toEqual([401, []]);
  await gateway.ask('PUT', `/v1/accounts/${ACCOUNT}`, { kind: 'postpaid', limits: { smsPerSecond: 1 } });
  await send();
  const limited = await errorOf(send());
  expect([limited.status, faultsBySchema('messagingRequestError', limited.data)]).toEqual([429, []]);
});

test('the checks by the OpenAPI file find faults', () => {
  expect(faultsBySchema('message', { segmentCount: '1' })).not.toEqual([]);
  expect(faultsBySchema('message', { nonsense: 1 })).not.toEqual([]);
  expect(faultsBySchema('statusCallback', {})).not.toEqual([]);
});
