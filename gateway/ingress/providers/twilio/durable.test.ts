import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../../../control/index.ts';
import { loadWorld } from '../../../load-world.ts';
import { type Gateway, openGateway } from '../../../main.ts';
import { readOptions, type ServeOptions } from '../../../options.ts';
import { createLog } from '../../../telemetry/index.ts';
import { openWorker, type WorkerService } from '../../../worker.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';
import { signatureOf } from './callbacks.ts';

// A gateway that delivers nothing itself, and a worker that knows of accounts from Redis alone; in real time.

const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const TOKEN = 'f'.repeat(32);
const BASIC = `Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`;

let redis: RedisServer;
let gateway: Gateway;
let worker: WorkerService;
let receiver: CallbackReceiver;
beforeAll(async () => {
  redis = await startRedisServer();
  receiver = await CallbackReceiver.open();
  const parts = { clock: systemClock, timers: systemTimers, log: createLog('silent') };
  gateway = await openGateway({ options: options({ delivery: 'workers' }), world: loadWorld(), ...parts });
  await fetch(`${gateway.url}/v1/accounts/acme`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'postpaid', api: { id: SID, secret: TOKEN } }),
  });
  worker = await openWorker({ options: options({}), ...parts });
});
afterAll(async () => {
  await gateway.close();
  await worker.close();
  await receiver.close();
  await redis.stop();
});

function options(flags: Readonly<Record<string, string>>): ServeOptions {
  const environment = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
  const read = readOptions({ environment, flags: { port: '0', logLevel: 'silent', ...flags } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  return read.options;
}

test('a worker tells of messages as the API has it that they came by, and they are read back out of Redis', async () => {
  const path = `${gateway.url}/twilio/2010-04-01/Accounts/${SID}/Messages`;
  const fields = { From: '+12125550123', To: '+12019161000', Body: 'Hello', StatusCallback: receiver.url };
  const created = await fetch(`${path}.json`, {
    method: 'POST',
    headers: { authorization: BASIC },
    body: new URLSearchParams(fields),
  });
  expect(created.status).toBe(201);
  const { sid } = (await created.json()) as { sid: string };
  const told = await receiver.received(2);
  const statuses = told.map(({ body }) => new URLSearchParams(body).get('MessageStatus'));
  expect(statuses[0]).toBe('sent');
  expect(['delivered', 'undelivered']).toContain(statuses[1]);
  for (const { body, headers } of told) {
    expect(new URLSearchParams(body).get('MessageSid')).toBe(sid);
    expect(headers['x-twilio-signature']).toBe(signatureOf(TOKEN, receiver.url, body));
  }
  const fetched = await fetch(`${path}/${sid}.json`, { headers: { authorization: BASIC } });
  expect(await fetched.json()).toMatchObject({ sid, status: statuses[1], body: 'Hello' });
});
