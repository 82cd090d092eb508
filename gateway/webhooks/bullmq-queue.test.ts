import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
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
