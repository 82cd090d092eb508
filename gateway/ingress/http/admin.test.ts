import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';

const PASSWORD = 'pässword: with a colon';
const credentials = (user: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const RIGHT = credentials('anna', PASSWORD);

let gateway: GatewayUnderTest;
let number: string;
let id: string;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ adminUser: 'anna', adminPassword: PASSWORD });
  number = gateway.number('cpaas', 1);
  id = (await gateway.send()).body.id;
});
afterAll(() => gateway.close());

const at = (path: string): string => path.replace(':number', number).replace(':id', id);

/** What changes the world or shows texts, and the status each has for the admin. */
const GUARDED: readonly [string, string, unknown, number][] = [
  ['PUT', '/v1/numbers/:number', { campaign: 'CTOPA01' }, 200],
  ['DELETE', '/v1/numbers/:number', undefined, 204],
  ['PUT', '/v1/regime', { regime: 'dated' }, 200],
  ['PUT', '/v1/tariffs', { book: 'us-10dlc' }, 200],
  ['GET', '/v1/messages', undefined, 200],
  ['HEAD', '/v1/messages', undefined, 200],
  ['GET', '/v1/messages/:id', undefined, 200],
  ['HEAD', '/v1/messages/:id', undefined, 200],
];

const OPEN: readonly [string, string, unknown, number][] = [
  ['POST', '/v1/messages', { from: '+12125550100', to: '+12012019000', text: 'hello' }, 202],
  ['POST', '/v1/messages/batch', [], 200],
  ['POST', '/v1/rate', { carrier: 'att' }, 200],
  ['GET', '/v1/lookup/:number', undefined, 200],
  ['GET', '/v1/campaigns', undefined, 200],
  ['GET', '/v1/tariffs', undefined, 200],
  ['GET', '/v1/regime', undefined, 200],
  ['GET', '/healthz', undefined, 200],
  ['GET', '/readyz', undefined, 200],
  ['GET', '/metrics', undefined, 200],
  ['GET', '/', undefined, 200],
];

describe('with admin credentials set', () => {
  test.each(GUARDED)('%s %s asks for them', async (method, path, body, status) => {
    const wrong = [
      {},
      credentials('anna', 'wrong'),
      credentials('ben', PASSWORD),
      credentials('anna', ''),
      credentials('', ''),
      credentials('anna', `${PASSWORD} `),
      { authorization: 'Basic !!!' },
      { authorization: 'Bearer anna' },
      { authorization: '' },
    ];
    const before = gateway.core.registry.count;
    for (const headers of wrong) {
      const answer = await gateway.ask(method, at(path), body, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="tollgate"/);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
      if (method === 'HEAD') continue;
      expect(answer.body).toEqual({
        type: 'urn:tollgate:problem:unauthorized',
        title: 'Unauthorized',
        status: 401,
        detail: "give the admin's user name and password by Basic authentication",
      });
    }
    expect(gateway.core.registry.count).toBe(before);
    expect((await gateway.ask(method, at(path), body, RIGHT)).status).toBe(status);
  });

  test.each(OPEN)('%s %s does not', async (method, path, body, status) => {
    expect((await gateway.ask(method, at(path), body)).status).toBe(status);
  });

  test('they are asked for before the body is looked at, so that nobody learns from its refusal', async () => {
    expect((await gateway.ask('PUT', `/v1/numbers/${number}`, '{')).status).toBe(401);
    expect((await gateway.ask('PUT', '/v1/regime', { regime: 'toll' })).status).toBe(401);
    expect((await gateway.ask('GET', '/v1/messages?limit=0')).status).toBe(401);
  });
});
