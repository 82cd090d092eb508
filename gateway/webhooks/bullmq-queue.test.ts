import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { WEBHOOK_HOST_HELD_MAX } from '../limits.ts';
import { BullmqQueue, WEBHOOK_QUEUE } from './bullmq-queue.ts';
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
    await expect.poll(() => sent.length, { timeout: 5_000 }).toBe(2);
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
    await expect.poll(async () => (await queue.counts()).pending, { timeout: 8_000 }).toBe(0);
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
  expect([queue.toKey('failed'), queue.toKey('M1')]).toEqual([
    'tollgate:{delivery}:queue:webhooks:failed',
    'tollgate:{delivery}:queue:webhooks:M1',
  ]);
  await queue.close();
});
