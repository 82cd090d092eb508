import { describe, expect, test } from 'vitest';
import { WEBHOOK_DEAD_LETTERS_MAX, WEBHOOK_HOST_HELD_MAX, WEBHOOKS_WAITING_MAX } from '../limits.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { MemoryQueue } from './memory-queue.ts';
import { post, webhookQueueContract } from './webhook-queue.contract.ts';

const open = (): MemoryQueue => new MemoryQueue({ clock: systemClock, timers: systemTimers });

describe('in this process', () => {
  webhookQueueContract(() => {
    const queue = open();
    return Promise.resolve({ queue, close: () => queue.close() });
  });

  test('says that it does not survive it', () => {
    expect(open().survives).toBe(false);
  });

  test('is bounded: what it has no room for is counted', async () => {
    const queue = open();
    await queue.add(Array.from({ length: WEBHOOKS_WAITING_MAX + 3 }, (_, index) => post(`M${index}`)));
    expect([await queue.counts(), queue.droppedCount]).toEqual([{ pending: WEBHOOKS_WAITING_MAX, dead: 0 }, 3]);
  });

  test('keeps a bounded number of dead letters, and forgets the oldest', async () => {
    const queue = open();
    await queue.add(Array.from({ length: WEBHOOK_DEAD_LETTERS_MAX + 3 }, (_, index) => post(`M${index}`)));
    queue.work(() => Promise.resolve({ kind: 'dead', why: { reason: 'gone' } }));
    await expect.poll(() => queue.unfinishedCount).toBe(0);
    expect(await queue.counts()).toEqual({ pending: 0, dead: WEBHOOK_DEAD_LETTERS_MAX });
    expect((await queue.deadLetters(WEBHOOK_DEAD_LETTERS_MAX - 1, 9)).map((letter) => letter.post.subject)).toEqual([
      'M3',
    ]);
  });

  test('has a bounded number of posts held for a host, also when restored, until they come to an end', async () => {
    const filled = open();
    const ids = Array.from({ length: WEBHOOK_HOST_HELD_MAX + 1 }, (_, index) => post(`M${index}`).id);
    await filled.add(ids.map((_, index) => post(`M${index}`)));
    const held = await Promise.all(ids.map((id) => filled.hold('dead:1', id)));
    expect([held.filter(Boolean).length, held.at(-1)]).toEqual([WEBHOOK_HOST_HELD_MAX, false]);
    const queue = open();
    queue.restore(filled.capture());
    expect(await queue.hold('dead:1', ids.at(-1)!)).toBe(false);
    expect(await queue.hold('dead:1', ids[0]!)).toBe(true);
    expect(await queue.hold('dead:2', ids.at(-1)!)).toBe(true);
    queue.work(({ post: { id } }) =>
      Promise.resolve(id === ids[0] ? { kind: 'done' } : { kind: 'later', delayMs: 60_000 }),
    );
    await expect.poll(() => queue.unfinishedCount).toBe(WEBHOOK_HOST_HELD_MAX);
    await queue.add([post('N1'), post('N2')]);
    expect(await queue.hold('dead:1', post('N1').id)).toBe(true);
    expect(await queue.hold('dead:1', post('N2').id)).toBe(false);
    await queue.close();
  });

  test('wakes at once as many as it is told of those that await something, the first put back first', async () => {
    const queue = open();
    const order: string[] = [];
    const seen = new Set<string>();
    await queue.add(Array.from({ length: 50 }, (_, index) => post(`${index}`)));
    queue.work(({ post: { subject } }) => {
      if (seen.has(subject)) order.push(subject);
      const isFirst = !seen.has(subject);
      seen.add(subject);
      return Promise.resolve(
        isFirst ? { kind: 'later', delayMs: 60_000, awaits: Number(subject) % 2 ? 'odd' : 'even' } : { kind: 'done' },
      );
    });
    await expect.poll(() => seen.size).toBe(50);
    queue.wake('odd', 3);
    queue.wake('even', 100);
    await expect.poll(() => order.length).toBe(28);
    expect(order.slice(0, 3)).toEqual(['1', '3', '5']);
    expect(order.slice(3)).toEqual(Array.from({ length: 25 }, (_, index) => String(2 * index)));
    expect(await queue.dueIn(post('7').id)).toBeGreaterThan(50_000);
    await queue.close();
  });

  test('hands put back posts out by when their turn comes, then by when they were put back', async () => {
    const queue = open();
    const order: string[] = [];
    const delays = Array.from({ length: 200 }, (_, index) => 20 + ((index * 37) % 50));
    await queue.add(delays.map((delay, index) => post(`${delay}.${index}`)));
    const seen = new Set<string>();
    queue.work(({ post: { subject } }) => {
      if (seen.has(subject)) {
        order.push(subject);
        return Promise.resolve({ kind: 'done' });
      }
      seen.add(subject);
      return Promise.resolve({ kind: 'later', delayMs: 200 + Number(subject.split('.')[0]) * 10 });
    });
    await expect.poll(() => order.length).toBe(delays.length);
    const expected = delays.map((delay, index) => [delay, index]).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
    expect(order).toEqual(expected.map(([delay, index]) => `${delay}.${index}`));
  });
});
