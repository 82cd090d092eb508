/** What gateways share of the APIs of providers, on whole processes of which some are killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatNumber, loadCarrierMap, parseSenderKey } from '../../../registry-cache/index.ts';
import { openRedis } from '../../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer, tell } from '../../../scripts/redis-server.ts';
import { startTollgate, type TollgateProcess } from '../../../scripts/tollgate-process.ts';
import { DeliveryError } from '../../messages/index.ts';
import { phoneNumberSid } from './twilio/phone-numbers.ts';

/** By which what is said at one gateway is known at the others. */
const HEARD_MS = 1_500;
/** Of one message's fate in Redis, which has its error at 2. */
const FATE_BYTES = 16;
const PLAN = 'plan1';
const TOKEN = 'a-token';
const BATCHES = `/sinch/xms/v1/${PLAN}/batches`;

const blocks = loadCarrierMap();
const numberOf = (group: 'cpaas' | 'verizon', place: number): string => {
  const found = blocks.blocksOf(group);
  return formatNumber((found[place % found.length] ?? 0) * 1_000 + Math.floor(place / found.length));
};

let redis: RedisServer;
let processes: TollgateProcess[];
beforeEach(async () => {
  processes = [];
  redis = await startRedisServer(['--maxmemory-policy', 'noeviction']);
});
afterEach(async () => {
  for (const one of processes) await one.kill();
  await redis.stop();
});

async function gatewayOf(...more: readonly string[]): Promise<TollgateProcess> {
  const words = ['--tariff-date', '2022-01-01', '--log-level', 'error', ...more];
  const gateway = await startTollgate({ environment: { REDIS_URL: redis.url }, words });
  processes.push(gateway);
  return gateway;
}

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask({ url }: TollgateProcess, method: string, path: string, body?: object): Promise<Answered> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answered['body'] };
}

test('who opts out at a gateway is out at all, also at one that starts after that one was killed', async () => {
  const [first, second] = await Promise.all([gatewayOf(), gatewayOf()]);
  const account = { kind: 'postpaid', face: 'sinch' };
  for (const gateway of [first, second]) {
    expect((await ask(gateway, 'PUT', '/v1/accounts/acme', account)).status).toBeLessThan(300);
  }
  const [ours, handset] = [numberOf('cpaas', 1), numberOf('verizon', 1)];
  const say = (gateway: TollgateProcess, text: string): Promise<Answered> =>
    ask(gateway, 'POST', '/v1/inbound', { from: handset, to: ours, text, account: 'acme' });
  // Whatever else is decided of a message to it: shared limits have leases, and who is killed has them for two seconds.
  const isOutAt = async (gateway: TollgateProcess): Promise<boolean> => {
    const { body } = await ask(gateway, 'POST', '/v1/messages', { from: ours, to: handset, text: 'Hello.' });
    return body['decision'] === 'opted_out';
  };

  expect([await isOutAt(first), await isOutAt(second)]).toEqual([false, false]);
  const stopped = await say(first, 'STOP');
  await first.kill();
  expect([stopped.status, stopped.body['keyword']]).toEqual([202, 'stop']);
  await expect.poll(() => isOutAt(second), { timeout: HEARD_MS, interval: 50 }).toBe(true);
  const third = await gatewayOf();
  expect(await isOutAt(third)).toBe(true);
  expect((await say(third, 'START')).body['keyword']).toBe('start');
  expect(await isOutAt(third)).toBe(false);
  await expect.poll(() => isOutAt(second), { timeout: HEARD_MS, interval: 50 }).toBe(false);
  // A message that asks for what cannot be written is not answered as if it had been.
  await redis.kill();
  expect((await say(second, 'STOP')).status).toBe(503);
});

/** Texts of all messages that Redis keeps as taken. */
async function textsKept(): Promise<string[]> {
  const connection = await openRedis(redis.url);
  const { client } = connection;
  const texts: string[] = [];
  for (const key of await client.keys('tollgate:{delivery}:batch:*')) {
    const fates = await client.getBuffer(key.replace(':batch:', ':fate:'));
    for (const line of ((await client.hget(key, 'lines')) ?? '').split('\n').slice(1)) {
      const [, index] = JSON.parse(line) as [number, number];
      if (fates?.[index * FATE_BYTES + 2] === DeliveryError.Superseded) continue;
      texts.push(/"(Text \d+\.)"/.exec(line)?.[1] ?? line);
    }
  }
  await connection.close();
  return texts.toSorted();
}

test('what is scheduled is sent once, and told of and canceled at any gateway, although two are killed over it', async () => {
  const MESSAGES = 200;
  const gateways = await Promise.all([gatewayOf(), gatewayOf(), gatewayOf()]);
  const [first, second, third] = gateways;
  const startMs = Date.now();
  const plan = async (place: number, aheadMs: number, to = [numberOf('verizon', place)]): Promise<string> => {
    const { status, body } = await ask(first, 'POST', BATCHES, {
      from: numberOf('cpaas', place).slice(1),
      to: to.map((one) => one.slice(1)),
      body: `Text ${place}.`,
      send_at: new Date(startMs + aheadMs).toISOString(),
    });
    expect(status).toBe(201);
    return body['id'] as string;
  };
  const places = Array.from({ length: MESSAGES }, (_, place) => place);
  const ids = await Promise.all(places.map((place) => plan(place, 4_000 + (place % 4) * 1_000)));
  const canceled = await plan(MESSAGES, 5_000, [numberOf('verizon', 1), numberOf('verizon', 2)]);
  await first.kill();
  // What the first took is told of, and taken back, by the others.
  expect((await ask(second, 'GET', `${BATCHES}/${canceled}`)).body).toMatchObject({ id: canceled, canceled: false });
  expect((await ask(second, 'DELETE', `${BATCHES}/${canceled}`)).body['canceled']).toBe(true);
  expect((await ask(third, 'GET', `${BATCHES}/${canceled}`)).body).toMatchObject({ id: canceled, canceled: true });

  const waiting = async (): Promise<number> => Number((await tell(redis, 'HLEN tollgate:{delivery}:planned')).slice(1));
  expect(await waiting()).toBe(MESSAGES);
  while ((await waiting()) > MESSAGES * 0.7) await sleep(5);
  await second.kill();
  await expect.poll(waiting, { timeout: 60_000, interval: 100 }).toBe(0);
  expect(await textsKept()).toEqual(places.map((place) => `Text ${place}.`).toSorted());
  for (const id of ids) {
    const { status, body } = await ask(third, 'GET', `${BATCHES}/${id}`);
    expect([status, body['id']]).toEqual([200, id]);
  }
});

const SID = `AC${'1'.repeat(32)}`;

async function askTwilio(
  { url }: TollgateProcess,
  method: string,
  path: string,
  form?: Readonly<Record<string, string>>,
): Promise<Answered> {
  const response = await fetch(`${url}/twilio${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${SID}:secret`).toString('base64')}` },
    ...(form && { body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Answered['body'] };
}

test('services and orders of numbers are of all gateways, and go on when those that took them are killed', async () => {
  // Brands are checked at once, and campaigns reviewed in seconds.
  const scale = ['--review-time-scale', '0.00001'];
  const [first, second, third] = await Promise.all([gatewayOf(...scale), gatewayOf(...scale), gatewayOf(...scale)]);
  for (const gateway of processes) {
    await ask(gateway, 'PUT', `/v1/accounts/${SID}`, { kind: 'postpaid', face: 'twilio' });
  }
  const [ours, others, handset] = [numberOf('cpaas', 5), numberOf('cpaas', 6), numberOf('verizon', 5)];
  const sidOf = (number: string): string => phoneNumberSid(parseSenderKey(number));
  const made = await askTwilio(first, 'POST', '/v1/Services', { FriendlyName: 'Tables' });
  const service = `/v1/Services/${String(made.body['sid'])}`;
  const numbers = `${service}/PhoneNumbers`;
  const added = await askTwilio(first, 'POST', numbers, { PhoneNumberSid: sidOf(ours) });
  expect([made.status, added.status]).toEqual([201, 201]);
  await first.kill();

  const isThere = async (): Promise<number> => (await askTwilio(second, 'GET', `${numbers}/${sidOf(ours)}`)).status;
  await expect.poll(isThere, { timeout: HEARD_MS, interval: 50 }).toBe(200);
  const another = await askTwilio(second, 'POST', '/v1/Services', { FriendlyName: 'Chairs' });
  const taken = await askTwilio(second, 'POST', `/v1/Services/${String(another.body['sid'])}/PhoneNumbers`, {
    PhoneNumberSid: sidOf(ours),
  });
  expect(taken.body['code']).toBe(21712);
  // Who opts out of a service has opted out of a number that comes to it elsewhere.
  await ask(second, 'POST', '/v1/inbound', { from: handset, to: ours, text: 'STOP', account: SID });
  expect((await askTwilio(second, 'POST', numbers, { PhoneNumberSid: sidOf(others) })).status).toBe(201);
  const sent = async (from: string): Promise<Answered['body']> =>
    (await ask(third, 'POST', '/v1/messages', { from, to: handset, text: 'Hello.' })).body;
  const decisionOf = async (from: string): Promise<unknown> => (await sent(from))['decision'];
  await expect.poll(() => decisionOf(others), { timeout: HEARD_MS, interval: 50 }).toBe('opted_out');

  const brand = await askTwilio(second, 'POST', '/v1/a2p/BrandRegistrations', {
    CustomerProfileBundleSid: `BU${'1'.repeat(32)}`,
    A2PProfileBundleSid: `BU${'2'.repeat(32)}`,
  });
  const brandSid = String(brand.body['sid']);
  const statusOf = async (): Promise<unknown> =>
    (await askTwilio(second, 'GET', `/v1/a2p/BrandRegistrations/${brandSid}`)).body['status'];
  await expect.poll(statusOf).toBe('APPROVED');
  const campaign = await askTwilio(second, 'POST', `${service}/Compliance/Usa2p`, {
    BrandRegistrationSid: brandSid,
    Description: 'Tells guests that their tables are ready.',
    MessageFlow: 'Guests ask for it at the door.',
    MessageSamples: 'Your table is ready.',
    UsAppToPersonUsecase: 'CUSTOMER_CARE',
    HasEmbeddedLinks: 'false',
    HasEmbeddedPhone: 'false',
  });
  expect([campaign.status, campaign.body]).toMatchObject([201, {}]);
  await second.kill();
  expect(Number((await tell(redis, 'HLEN tollgate:{delivery}:orders')).slice(1))).toBe(2);
  const registrationOf = async (): Promise<unknown> => (await sent(ours))['registration'];
  await expect.poll(registrationOf, { timeout: 40_000 }).toBe('registered');
  await expect.poll(() => tell(redis, 'HLEN tollgate:{delivery}:orders')).toBe(':0');
  expect((await askTwilio(third, 'DELETE', service)).status).toBe(204);
});
