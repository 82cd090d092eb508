import { afterAll, beforeAll, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../../../scripts/redis-server.ts';
import { operationsOf } from './api.ts';
import type { FieldTable } from './fields.ts';
import { RedisTcrStore } from './redis-tcr-store.ts';
import type { Registry } from './registry.ts';
import type { TcrService } from './service.ts';
import { BRAND, CAMPAIGN, DAY_MS, openTcrUnderTest } from './tcr-under-test.ts';

// The campaign registry knows no number that messages are sent from, and has no field for one. The one number-like field is
// `phone`, of a brand and of a reseller: how to reach their support, which the real service requires of its callers.

/** The wire, the schema or a stored entity as paths of names, `[]` for an item of a list. */
function names(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => names(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return [here, ...names(inner, here)];
  });
}

/** A name that could hold a number to send from. `numberPool` and `embeddedPhone` are flags, and checked to be. */
const NUMBER_LIKE = /phone|number|msisdn|long_?code|^tns?$|^dids?$|e164|^mobile|^sms/i;
const FLAGS = ['numberPool', 'embeddedPhone', 'noEmbeddedPhone'];
const MAY = ['phone'];

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer()));
afterAll(() => server.stop());

test('no field of any request can hold a number, but the phone of a brand or reseller', () => {
  const operations = operationsOf({ parties: new Map() } as unknown as Registry, {} as TcrService, () => undefined);
  const tables = operations.flatMap(({ url, body, query }): [string, FieldTable][] => [
    [url, body ?? {}],
    [url, query ?? {}],
  ]);
  const found = tables.flatMap(([url, table]) =>
    Object.entries(table).flatMap(([name, field]) => (NUMBER_LIKE.test(name) ? [{ url, name, kind: field.kind }] : [])),
  );
  for (const { url, name, kind } of found) {
    if (FLAGS.includes(name)) expect([url, name, kind]).toEqual([url, name, 'flag']);
    else expect([url, name]).toEqual([expect.stringMatching(/^\/(brand|reseller)/), expect.toBeOneOf(MAY)]);
  }
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(['phone', 'numberPool', 'embeddedPhone']));
  expect(operations.flatMap(({ url }) => url.split('/')).filter((part) => NUMBER_LIKE.test(part))).toEqual([]);
});

test('a client that sends numbers with everything leaves none behind: not in answers, not in the store, not in hooks', async () => {
  const redis = new Redis(server.url);
  const tcr = await openTcrUnderTest({ store: new RedisTcrStore(redis) });
  const csp = tcr.as('csp');
  const secret = '+12125559876';
  const numbers = {
    phoneNumber: secret,
    phoneNumbers: [secret],
    longcode: secret,
    numbers: { from: secret },
    tn: secret,
  };

  for (const eventCategory of ['BRAND', 'CAMPAIGN', 'VETTING']) {
    await csp.put('/webhook/subscription', { eventCategory, webhookEndpoint: 'http://127.0.0.1/hook', ...numbers });
  }
  await csp.post('/reseller', { companyName: 'R', phone: '+12025550101', email: 'r@example.com', ...numbers });
  const { brandId } = await csp.post<{ brandId: string }>('/brand/nonBlocking', { ...BRAND, ...numbers });
  await tcr.pass(120_000);
  await csp.put(`/brand/${brandId}`, { ...BRAND, ...numbers });
  await csp.post(`/brand/${brandId}/externalVetting`, { evpId: 'WMC', vettingClass: 'STANDARD', ...numbers });
  await tcr.pass(DAY_MS);
  const submitted = await csp.post<{ campaignId: string }>('/campaignBuilder', { ...CAMPAIGN, brandId, ...numbers });
  await csp.put(`/campaign/${submitted.campaignId}`, { description: 'Other.', ...numbers });
  await csp.put(`/campaign/${submitted.campaignId}/sharing/NORTH`, numbers);
  await csp.ask('POST', '/pft/participant', { ...numbers, referenceId: 'r' });
  await tcr.pass(5 * DAY_MS);
  await tcr.pass(5 * DAY_MS);

  const answers = await Promise.all(
    [
      `/brand/${brandId}`,
      '/brand',
      `/campaign/${submitted.campaignId}`,
      '/campaign',
      `/campaign/${submitted.campaignId}/mnoMetadata`,
      `/campaign/${submitted.campaignId}/osr/attributes`,
      `/campaign/${submitted.campaignId}/sharing`,
      `/campaignBuilder/brand/${brandId}`,
      `/brand/${brandId}/externalVetting`,
      '/reseller',
      '/webhook/subscription',
    ].map((path) => csp.get<unknown>(path)),
  );
  answers.push(await tcr.as('north').get(`/partnerCampaign/${submitted.campaignId}`));

  const stored: unknown[] = [];
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    const values = type === 'hash' ? await redis.hgetall(key) : { tasks: String(await redis.zrange(key, 0, '-1')) };
    expect([key, JSON.stringify(values).includes(secret.slice(1))]).toEqual([key, false]);
    for (const value of Object.values(values))
      if (value.includes('|{')) stored.push(JSON.parse(value.slice(value.indexOf('|') + 1)));
  }
  expect(stored.length).toBeGreaterThan(6);
  const everything = [...answers, ...stored, ...tcr.hooks.map(({ body }) => JSON.parse(body) as unknown)];
  expect(JSON.stringify(everything)).not.toContain(secret.slice(1));
  const numberLike = new Set(
    everything.flatMap((one) => names(one)).flatMap((path) => path.split('.').filter((name) => NUMBER_LIKE.test(name))),
  );
  expect([...numberLike].filter((name) => !FLAGS.includes(name) && !MAY.includes(name))).toEqual([]);
  // What goes to the number registry holds no brand either; what goes to the carriers holds no number.
  expect(JSON.stringify([...tcr.records.values()])).not.toContain(brandId);
  expect(
    [...tcr.records.values()].flatMap((record) => names(record)).filter((name) => /brand|csp/i.test(name)),
  ).toEqual([]);
  expect(names([...tcr.terms.values()]).filter((name) => /number|phone/i.test(name))).toEqual([]);
  await tcr.close();
  await redis.quit();
});
