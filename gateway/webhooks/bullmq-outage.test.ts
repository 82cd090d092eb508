import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis, type RedisConnection } from '../../registry-cache/redis/index.ts';
import { JOB_LOCK_MS, JOB_STALLED_CHECK_MS } from '../limits.ts';
import { type CuttingProxy, startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { BullmqQueue } from './bullmq-queue.ts';
import { post } from './webhook-queue.contract.ts';
import { QueueUnavailable, type Take } from './webhook-queue.ts';

let server: RedisServer;
beforeAll(async () => (server = await startRedisServer(['--appendonly', 'yes', '--appendfsync', 'always'])));
afterAll(() => server.stop());

const REDIS_SAYS_NOTHING_MS = 500;

const complaints: string[] = [];

async function openOn(
  url: string,
): Promise<{ queue: BullmqQueue; connection: RedisConnection; close: () => Promise<void> }> {
  const connection = await openRedis(url, { commandTimeoutMs: REDIS_SAYS_NOTHING_MS });
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

describe('without Redis for a while', () => {
  let proxy: CuttingProxy;
  beforeAll(async () => (proxy = await startCuttingProxy(server.port)));
  afterAll(() => proxy.close());

  test('a post is added late, none is lost, and the worker works on', async () => {
    await (await openEmpty()).close();
    const { queue, close } = await openOn(`redis://127.0.0.1:${proxy.port}`);
    const sent = new Map<string, boolean[]>();
    queue.work(async ({ post: { subject }, isRepeat }) => {
      await sleep(20);
      sent.set(subject, [...(sent.get(subject) ?? []), isRepeat]);
      return { kind: 'done' };
    });
    const subjects = Array.from({ length: 400 }, (_, index) => `M${index}`);
    await queue.add(subjects.slice(0, 300).map((subject) => post(subject)));
    await expect.poll(() => sent.size).toBeGreaterThan(50);
    proxy.cut();
    let isAdded = false;
    const adding = queue.add(subjects.slice(300).map((subject) => post(subject))).then(() => (isAdded = true));
    await sleep(700);
    expect(isAdded).toBe(false);
    expect(queue.unfinishedCount).toBeGreaterThanOrEqual(100);
    proxy.heal();
    await adding;
    await expect.poll(() => sent.size).toBe(subjects.length);
    await expect.poll(async () => (await queue.counts()).pending).toBe(0);
    // What was sent twice was marked the second time.
    expect([...sent.values()].every((repeats) => repeats.slice(1).every(Boolean))).toBe(true);
    await close();
  });

  test.each(['is gone', 'says nothing'] as const)('that %s an operator is told so at once', async (how) => {
    await (await openEmpty()).close();
    const { queue, close } = await openOn(`redis://127.0.0.1:${proxy.port}`);
    queue.work(() => Promise.resolve({ kind: 'dead', why: { reason: 'gone' } }));
    await queue.add([post('M1')]);
    await expect.poll(async () => (await queue.counts()).dead).toBe(1);
    if (how === 'is gone') proxy.cut();
    else proxy.hang();
    const startMs = performance.now();
    const asked = [queue.counts(), queue.deadLetters(0, 9), queue.replay([post('M1').id])];
    const told = await Promise.all(
      asked.map((answer) => (answer as Promise<unknown>).catch((error: unknown) => error)),
    );
    expect(told.map((error) => error instanceof QueueUnavailable)).toEqual([true, true, true]);
    expect(performance.now() - startMs).toBeLessThan(20 * REDIS_SAYS_NOTHING_MS);
    proxy.heal();
    await expect.poll(() => queue.counts().catch(() => 'away')).toEqual({ pending: 0, dead: 1 });
    await close();
  });

  test('closing does not wait for it', async () => {
    const { queue, close } = await openOn(`redis://127.0.0.1:${proxy.port}`);
    queue.work(() => Promise.resolve({ kind: 'done' }));
    await sleep(100);
    proxy.cut();
    await sleep(100);
    const startMs = performance.now();
    await close();
    expect(performance.now() - startMs).toBeLessThan(9_000);
    proxy.heal();
  });

  test('a job whose process cannot be heard any more is taken by another, marked as a repeat', async () => {
    await (await openEmpty()).close();
    const one = await openOn(`redis://127.0.0.1:${proxy.port}`);
    let isTaken = false;
    one.queue.work(() => {
      isTaken = true;
      return new Promise(() => undefined);
    });
    await one.queue.add([post('M1')]);
    await expect.poll(() => isTaken).toBe(true);
    proxy.cut();
    const startMs = performance.now();
    const other = await openOn(server.url);
    const sent: Take[] = [];
    other.queue.work((take) => {
      sent.push(take);
      return Promise.resolve({ kind: 'done' });
    });
    await expect.poll(() => sent.length).toBe(1);
    expect(sent).toMatchObject([{ post: post('M1'), attemptsMade: 0, isRepeat: true }]);
    expect(performance.now() - startMs).toBeLessThan(JOB_LOCK_MS + 4 * JOB_STALLED_CHECK_MS);
    await Promise.all([one.close(), other.close()]);
    proxy.heal();
  });
});

test('a Redis that crashed and came back from its file has every post', async () => {
  const { queue, close } = await openEmpty();
  const sent = new Set<string>();
  await queue.add(Array.from({ length: 50 }, (_, index) => post(`M${index}`)));
  await server.restart();
  await queue.add(Array.from({ length: 50 }, (_, index) => post(`N${index}`)));
  queue.work(({ post: { subject } }) => {
    sent.add(subject);
    return Promise.resolve({ kind: 'done' });
  });
  await expect.poll(() => sent.size).toBe(100);
  await close();
});
