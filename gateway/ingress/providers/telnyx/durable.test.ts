import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../../../control/index.ts';
import { loadWorld } from '../../../load-world.ts';
import { type Gateway, openGateway } from '../../../main.ts';
import { readOptions, type ServeOptions } from '../../../options.ts';
import { createLog } from '../../../telemetry/index.ts';
import { openWorker, type WorkerService } from '../../../worker.ts';
import { CallbackReceiver } from '../callback-receiver-under-test.ts';

// A gateway that delivers nothing itself, and a worker beside it, on one Redis; in real time.

const KEY = 'KEY0123456789abcdef_redis';
const HEADERS = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

let redis: RedisServer;
let gateway: Gateway;
let worker: WorkerService;
let receivers: readonly [CallbackReceiver, CallbackReceiver];
beforeAll(async () => {
  redis = await startRedisServer();
  receivers = [await CallbackReceiver.open(), await CallbackReceiver.open()];
  const parts = { clock: systemClock, timers: systemTimers, log: createLog('silent') };
  gateway = await openGateway({ options: options({ delivery: 'workers' }), world: loadWorld(), ...parts });
  worker = await openWorker({ options: options({}), ...parts });
});
afterAll(async () => {
  await gateway.close();
  await worker.close();
  for (const receiver of receivers) await receiver.close();
  await redis.stop();
});

function options(flags: Readonly<Record<string, string>>): ServeOptions {
  const environment = { REDIS_URL: `redis://127.0.0.1:${redis.port}` };
  const read = readOptions({ environment, flags: { port: '0', logLevel: 'silent', ...flags } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  return read.options;
}

interface Told {
  readonly data: { readonly event_type: string; readonly payload: { readonly id: string } };
  readonly meta: { readonly attempt: number };
}

test('a worker turns to the failover address after three attempts, and the message is read back out of Redis', async () => {
  const [primary, failover] = receivers;
  primary.statuses.push(...Array.from({ length: 6 }, () => 500));
  const path = `${gateway.url}/telnyx/v2/messages`;
  const answer = await fetch(path, {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({
      from: '+12125550123',
      to: '+12019161000',
      text: 'Hello',
      webhook_url: primary.url,
      webhook_failover_url: failover.url,
    }),
  });
  expect(answer.status).toBe(200);
  const { data } = (await answer.json()) as { data: { id: string } };
  const [callback] = await failover.received(1);
  const told = JSON.parse(callback!.body) as Told;
  expect([told.data.event_type, told.data.payload.id, told.meta.attempt]).toEqual(['message.sent', data.id, 1]);
  const attempts = primary.callbacks
    .map(({ body }) => JSON.parse(body) as Told)
    .filter((one) => one.data.event_type === 'message.sent');
  expect(attempts.map(({ meta }) => meta.attempt)).toEqual([1, 2, 3]);
  const fetched = await fetch(`${path}/${data.id}`, { headers: HEADERS });
  expect(await fetched.json()).toMatchObject({ data: { id: data.id, webhook_failover_url: failover.url } });
});
