import Fastify from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { REQUEST_APIS, timeRequests } from './request-times.ts';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

/** Requests counted by API. */
async function counted(): Promise<Record<string, number>> {
  const { text } = await gateway.ask('GET', '/metrics');
  const found = text.matchAll(/^tollgate_request_seconds_count\{api="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, api = '', count]) => [api, Number(count)]));
}

test('requests are counted by API, whatever is answered; those for no route are not', async () => {
  await gateway.send();
  await gateway.send({ nonsense: 1 });
  await gateway.ask('GET', `/v1/lookup/${gateway.number('att')}`);
  await gateway.ask('POST', '/v1/messages/batch', []);
  await gateway.ask('GET', '/v1/messages');
  await gateway.ask('GET', '/v1/regime');
  await gateway.ask('HEAD', '/v1/regime');
  await gateway.ask('GET', '/tcr/v2/version');
  await gateway.ask('GET', '/nnsr/v1/nnids');
  await gateway.ask('POST', '/vonage/sms/json', '');
  await gateway.ask('GET', '/twilio/v1/Services');
  await gateway.ask('GET', '/docs/json');
  await gateway.ask('GET', '/healthz');
  await gateway.ask('GET', '/nowhere');
  const expected = { native: 3, batch: 1, admin: 3, tcr: 1, nnsr: 1, vonage: 1, twilio: 1, console: 1, probes: 1 };
  // An answer is read before its end is noted.
  await expect.poll(async () => ({ ...(await counted()), probes: 1 })).toEqual(expected);
  expect((await counted())['probes']).toBeGreaterThan(1);
});

test('every route is of an API that is known, and each provider is one; a stream is of none', async () => {
  const { text } = await gateway.ask('GET', '/metrics');
  expect(text).toContain('# TYPE tollgate_request_seconds histogram');
  const app = Fastify();
  const times = timeRequests(app);
  for (const api of REQUEST_APIS) app.get(`/${api}/x`, () => 'x');
  // The stream of the console, which would be over when somebody closes it.
  app.get('/v1/live', () => 'x');
  await app.ready();
  // What has no name of its own in front is a page of the console.
  const faces = ['twilio', 'bandwidth', 'sinch', 'vonage', 'telnyx', 'plivo'];
  expect([...times.keys()]).toEqual(expect.arrayContaining([...faces, 'tcr', 'nnsr', 'console']));
  expect([...times.keys()].filter((api) => !REQUEST_APIS.includes(api))).toEqual([]);
  expect([...times.keys()]).not.toContain('admin');
});

test('how long is what the sender waited', async () => {
  const app = Fastify();
  const times = timeRequests(app);
  app.get('/healthz', async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return 'ok';
  });
  await app.inject('/healthz');
  const probes = times.get('probes');
  expect(probes?.count).toBe(1);
  expect(probes?.sumNs).toBeGreaterThanOrEqual(29e6);
  expect(probes?.sumNs).toBeLessThan(10e9);
  await app.close();
});

test('a sandbox, whose requests are not of this gateway, times none', async () => {
  const { body } = await gateway.ask<{ url: string }>('POST', '/v1/sandboxes', {});
  const before = (await counted())['native'];
  const path = body.url.replace(gateway.url, '');
  const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
  expect((await gateway.ask('POST', `${path}/v1/messages`, message)).status).toBe(202);
  expect((await counted())['native']).toBe(before);
  expect((await gateway.ask('GET', `${path}/metrics`)).text).not.toContain('tollgate_request_seconds_count');
});
