import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { WEBHOOK_HOST_HELD_MAX } from '../limits.ts';
import { BullmqQueue, WEBHOOK_QUEUE } from './bullmq-queue.ts';
import { openWebhooks, type Webhooks } from './open-webhooks.ts';
import { webhookGuard } from './webhook-guard.ts';
import { post, webhookQueueContract } from './webhook-queue.contract.ts';
import type { Take } from './webhook-queue.ts';

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer()));
afterAll(() => server.stop());

const complaints: string[] = [];

async function openOn(
  url: string,
): Promise<{ queue: BullmqQueue; connection: RedisConnection; close: () => Promise<void> }> {
  const connection = await openRedis(url);
  const queue = new BullmqQueue({ connection, onOutage: ({ message }) => complaints.push(message) });
  return {
    queue,
    connection,
    close: async () => {
      await queue.close();
      await connection.close();
    },
  };
}

async function openEmpty(): ReturnType<typeof openOn> {
  const opened = await openOn(server.url);
  await opened.connection.client.flushall();
  return opened;
}

describe('in Redis', () => {
  webhookQueueContract(openEmpty);

  test('posts survive the process, and are sent by another', async () => {
    const one = await openEmpty();
    await one.queue.add([post('M1'), post('M2')]);
    expect(one.queue.survives).toBe(true);
    await one.close();
    const other = await openOn(server.url);
    const sent: Take[] = [];
    other.queue.work((take) => {
      sent.push(take);
      return Promise.resolve({ kind: 'done' });
    });
    await expect.poll(() => sent.length).toBe(2);
    expect(sent.map(({ isRepeat }) => isRepeat)).toEqual([false, false]);
    await other.close();
  });

  test('a host has a bounded number of posts held, of which those that never came again are forgotten', async () => {
    const { queue, connection, close } = await openEmpty();
    expect(await queue.hold('dead:1', 'M0', 1_000)).toBe(true);
    const [key = ''] = await connection.client.keys('*held*');
    expect(await connection.client.pttl(key)).toBeGreaterThan(60_000);
    const others = Array.from({ length: WEBHOOK_HOST_HELD_MAX - 1 }, (_, index) => `M${index + 1}`);
    const dueAt = (ms: number): Promise<unknown> =>
      connection.client.zadd(key, ...others.flatMap((id) => [String(ms), id]));
    // They come late at times, and keep their places.
    await dueAt(Date.now() - 30_000);
    expect(await queue.hold('dead:1', 'new', 1_000)).toBe(false);
    expect(await queue.hold('dead:1', 'M0', 1_000)).toBe(true);
    expect(await queue.hold('dead:1', 'M7', 1_000)).toBe(true);
    expect(await queue.hold('dead:2', 'new', 1_000)).toBe(true);
    await dueAt(Date.now() - 90_000);
    expect(await queue.hold('dead:1', 'new', 1_000)).toBe(true);
    expect(await connection.client.zcard(key)).toBe(2);
    await close();
  });

  test('nothing is left of a post that was sent', async () => {
    const { queue, connection, close } = await openEmpty();
    queue.work(() => Promise.resolve({ kind: 'done' }));
    await queue.add([post('M1')]);
    await expect.poll(async () => (await queue.counts()).pending).toBe(0);
    const keys = await connection.client.keys('*');
    expect(keys.filter((key) => key.includes('M1'))).toEqual([]);
    expect(keys.every((key) => key.startsWith('tollgate:{delivery}:queue:webhooks:'))).toBe(true);
    await close();
  });
});

test('the keys that are asked about directly are those of BullMQ', async () => {
  const queue = new Queue(WEBHOOK_QUEUE, {
    connection: { host: '127.0.0.1', port: server.port },
    prefix: 'tollgate:{delivery}:queue',
  });
  const names = ['failed', 'delayed', 'active', 'M1'];
  expect(names.map((name) => queue.toKey(name))).toEqual(
    names.map((name) => `tollgate:{delivery}:queue:webhooks:${name}`),
  );
  await queue.close();
});

test('of a message is told what waits or is dead, whoever sends it, and what was done by those who did it', async () => {
  const receiver = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(request.url === '/dies' ? 410 : 204).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const connections = [await openRedis(server.url), await openRedis(server.url)];
  await connections[0]!.client.flushall();
  const [idle, sender] = connections.map((connection) =>
    openWebhooks({
      guard: webhookGuard([]),
      accounts: { of: () => undefined, gone: () => Promise.resolve() },
      connection,
      clock: systemClock,
      timers: systemTimers,
      machineClock: systemClock,
      machineTimers: systemTimers,
      chance: { next: () => 0.5 },
      log: { warn: () => undefined },
    }),
  ) as [Webhooks, Webhooks];
  await idle.add(
    [post('done'), post('dies')].map((one) => ({ ...one, url: `http://127.0.0.1:${port}/${one.subject}` })),
  );
  const stateOf = async (of: Webhooks, subject: string): Promise<unknown> =>
    (await of.ofMessage(subject)).posts.map(({ state, attemptCount }) => `${state} ${attemptCount}`);
  expect(await stateOf(idle, 'done')).toEqual(['waiting 0']);
  sender.start();
  await expect.poll(async () => sender.counts()).toEqual({ pending: 0, dead: 1 });
  expect([await stateOf(sender, 'done'), await stateOf(sender, 'dies')]).toEqual([['done 1'], ['dead 1']]);
  expect([await stateOf(idle, 'done'), await stateOf(idle, 'dies')]).toEqual([[], ['dead 1']]);
  expect((await idle.ofMessage('done')).missing).toContain('other processes on the same Redis');
  for (const webhooks of [idle, sender]) await webhooks.close();
  for (const connection of connections) await connection.close();
  receiver.closeAllConnections();
  receiver.close();
});
