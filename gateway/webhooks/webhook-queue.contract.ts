/** What every queue of posts promises. Waits are short and real, so that queues with a time of their own take part. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WEBHOOKS_AT_ONCE } from '../limits.ts';
import { webhookId, type WebhookPost } from './webhook-post.ts';
import type { Fate, Take, WebhookQueue } from './webhook-queue.ts';

export interface WebhookQueueUnderTest {
  readonly queue: WebhookQueue;
  close(): Promise<void>;
}

export function post(subject: string, order = 0): WebhookPost {
  const id = webhookId(subject, order);
  return {
    id,
    subject,
    order,
    url: 'http://127.0.0.1:9/hook',
    body: `{"id":"${id}"}`,
    account: 'acme',
    headers: { 'x-of': subject },
  };
}

const anyAge = expect.any(Number) as number;
const DONE: Fate = { kind: 'done' };
const again = (delayMs: number): Fate => ({ kind: 'again', delayMs, why: { reason: 'status', status: 503 } });
const dead: Fate = { kind: 'dead', why: { reason: 'gone', status: 410 } };

/** @param open an empty queue */
export function webhookQueueContract(open: () => Promise<WebhookQueueUnderTest>): void {
  let under: WebhookQueueUnderTest;
  let queue: WebhookQueue;
  let takes: Take[];
  beforeEach(async () => {
    under = await open();
    queue = under.queue;
    takes = [];
  });
  afterEach(() => under.close());

  /** Hands out from now on; `fate` decides by the take and by how many there have been of its post before. */
  const work = (fate: (take: Take, before: number) => Fate | Promise<Fate>): void => {
    queue.work((take) => {
      const before = takes.filter(({ post: { id } }) => id === take.post.id).length;
      takes.push(take);
      return Promise.resolve(fate(take, before));
    });
  };
  const settled = (pending = 0) => expect.poll(async () => (await queue.counts()).pending).toBe(pending);
  const ids = (): string[] => takes.map(({ post: { id } }) => id);

  it('hands out what was added, whole, in its order, once', async () => {
    const posts = Array.from({ length: 20 }, (_, index) => post(`M${index}`));
    await queue.add(posts);
    expect(await queue.counts()).toEqual({ pending: 20, dead: 0 });
    work(() => DONE);
    await settled();
    expect(takes).toEqual(posts.map((one) => ({ post: one, attemptsMade: 0, isRepeat: false, ageMs: anyAge })));
    expect(queue.unfinishedCount).toBe(0);
  });

  it('takes no second post of an id that is pending', async () => {
    await queue.add([post('M1'), post('M2'), post('M1')]);
    await queue.add([post('M2')]);
    work(() => DONE);
    await settled();
    expect(ids().toSorted()).toEqual([post('M1').id, post('M2').id]);
    await queue.add([post('M1')]);
    await settled();
    expect(ids()).toHaveLength(3);
  });

  it('passes on that a post may have been sent before', async () => {
    await queue.add([{ ...post('M1'), isRepeat: true }]);
    work(() => DONE);
    await settled();
    expect(takes).toMatchObject([{ attemptsMade: 0, isRepeat: true }]);
  });

  it('tries again what failed, no sooner than told, counting attempts and marking repeats', async () => {
    const at: number[] = [];
    work((_take, before) => {
      at.push(performance.now());
      return before < 2 ? again(150) : DONE;
    });
    await queue.add([post('M1')]);
    await settled();
    expect(takes.map(({ attemptsMade, isRepeat }) => [attemptsMade, isRepeat])).toEqual([
      [0, false],
      [1, true],
      [2, true],
    ]);
    expect(at[1]! - at[0]!).toBeGreaterThan(140);
    expect(at[2]! - at[1]!).toBeGreaterThan(140);
  });

  it('puts back what was not tried, without counting it, and hands out others meanwhile', async () => {
    await queue.add([post('M1'), post('M2')]);
    work(({ post: { subject } }, before) => (subject === 'M1' && before < 2 ? { kind: 'later', delayMs: 60 } : DONE));
    await settled();
    expect(ids()).toEqual(['M1', 'M2', 'M1', 'M1'].map((subject) => post(subject).id));
    expect(takes.every(({ attemptsMade, isRepeat }) => attemptsMade === 0 && !isRepeat)).toBe(true);
  });

  it('hands out at the latest after its delay what was put back to be woken, and only once', async () => {
    await queue.add([post('M1'), post('M2'), post('M3')]);
    work((_take, before) => (before === 0 ? { kind: 'later', delayMs: 300, awaits: 'a place' } : DONE));
    await expect.poll(() => takes.length).toBe(3);
    await sleep(20);
    queue.wake('another place', 9);
    queue.wake('a place', 2);
    queue.wake('a place', 0);
    await settled();
    expect(ids().slice(3).toSorted()).toEqual(['M1', 'M2', 'M3'].map((subject) => post(subject).id));
    queue.wake('a place', 2);
    await sleep(20);
    expect(takes).toHaveLength(6);
  });

  it('tries again a little later when handling it fails by itself', async () => {
    work((_take, before) => (before === 0 ? Promise.reject(new Error('broken')) : DONE));
    await queue.add([post('M1')]);
    await settled();
    expect(takes.map(({ attemptsMade }) => attemptsMade)).toEqual([0, 1]);
  });

  it('never hands out more than it may at once', async () => {
    let underWay = 0;
    let most = 0;
    await queue.add(Array.from({ length: 2 * WEBHOOKS_AT_ONCE }, (_, index) => post(`M${index}`)));
    work(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(10);
      underWay -= 1;
      return DONE;
    });
    await settled();
    expect(most).toBeLessThanOrEqual(WEBHOOKS_AT_ONCE);
    expect(most).toBeGreaterThan(WEBHOOKS_AT_ONCE / 2);
    expect(ids()).toHaveLength(2 * WEBHOOKS_AT_ONCE);
  });

  it('says when the turn of a post comes, and of none that is not pending', async () => {
    await queue.add([post('waits')]);
    expect(await queue.dueIn(post('waits').id)).toBe(0);
    work(({ post: { subject } }) => (subject === 'dies' ? dead : subject === 'late' ? again(5_000) : DONE));
    await queue.add([post('dies'), post('late'), post('done')]);
    await settled(1);
    const dueMs = await queue.dueIn(post('late').id);
    expect(dueMs).toBeGreaterThan(3_000);
    expect(dueMs).toBeLessThanOrEqual(5_000);
    for (const subject of ['waits', 'dies', 'done', 'never']) {
      expect([subject, await queue.dueIn(post(subject).id)]).toEqual([subject, undefined]);
    }
  });

  it('finds posts that are pending or dead as they stand, and no others', async () => {
    let release = (): void => {};
    const held = new Promise<Fate>((resolve) => (release = () => resolve(DONE)));
    const fates: Readonly<Record<string, Fate>> = {
      dies: dead,
      late: again(5_000),
      put: { kind: 'later', delayMs: 900 },
    };
    work(({ post: { subject } }, before) => (subject === 'held' ? held : before > 0 ? DONE : (fates[subject] ?? DONE)));
    const subjects = ['dies', 'late', 'put', 'done', 'held'];
    await queue.add(subjects.map((subject) => post(subject)));
    await settled(3);
    const found = await queue.find([...subjects, 'never'].map((subject) => post(subject).id));
    expect(found).toEqual([
      { post: post('dies'), state: 'dead', attemptsMade: 1 },
      { post: post('late'), state: 'waiting', attemptsMade: 1, dueInMs: expect.any(Number) as number },
      { post: post('put'), state: 'waiting', attemptsMade: 0, dueInMs: expect.any(Number) as number },
      { post: post('held'), state: 'under_way', attemptsMade: 0 },
    ]);
    expect(found[1]?.dueInMs).toBeGreaterThan(3_000);
    expect(found[2]?.dueInMs).toBeLessThanOrEqual(900);
    release();
    await settled(1);
    expect((await queue.find([post('held').id, post('put').id])).length).toBe(0);
  });

  it('says how long ago a post was first due, tried or not since; one replayed begins anew', async () => {
    work((_take, before) => [{ kind: 'later', delayMs: 100 } as const, again(100), dead, DONE][before]!);
    await queue.add([post('M1')]);
    await settled();
    await queue.replay([post('M1').id]);
    await settled();
    const ages = takes.map(({ ageMs }) => ageMs);
    expect(ages).toEqual([anyAge, anyAge, anyAge, anyAge]);
    expect(ages[0]).toBeLessThan(80);
    expect(ages[1]).toBeGreaterThanOrEqual(95);
    expect(ages[2]).toBeGreaterThanOrEqual(190);
    expect(ages[3]).toBeLessThan(150);
  });

  describe('dead letters', () => {
    const kill = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        await queue.add([post(`M${index}`)]);
        await settled();
        // They are told apart by the millisecond in which they were given up.
        await sleep(2);
      }
    };

    it('say why, after how many attempts and when, the latest first, page by page', async () => {
      work((_take, before) => (before === 0 ? again(1) : dead));
      const beforeMs = Date.now();
      await kill(3);
      expect(await queue.counts()).toEqual({ pending: 0, dead: 3 });
      const letters = await queue.deadLetters(0, 2);
      expect(
        letters.map((letter) => ({ ...letter, atMs: letter.atMs >= beforeMs && letter.atMs <= Date.now() })),
      ).toEqual(
        [2, 1].map((index) => ({
          post: post(`M${index}`),
          why: { reason: 'gone', status: 410 },
          attempts: 2,
          atMs: true,
        })),
      );
      expect((await queue.deadLetters(2, 2)).map((letter) => letter.post.subject)).toEqual(['M0']);
      expect(await queue.deadLetters(3, 2)).toEqual([]);
    });

    it('keep no other post of their id out of the way: it is theirs', async () => {
      work(() => dead);
      await kill(1);
      await queue.add([post('M0')]);
      await settled();
      expect(ids()).toHaveLength(1);
    });

    it('are sent again when asked, as repeats with all attempts before them', async () => {
      work((_take, before) =>
        before < 2 ? (before === 0 ? again(1) : { kind: 'dead', why: { reason: 'timeout' } }) : DONE,
      );
      await kill(2);
      expect((await queue.deadLetters(0, 1))[0]!.why).toEqual({ reason: 'timeout' });
      expect(await queue.replay([post('M0').id, post('M9').id])).toBe(1);
      await settled();
      expect(takes.at(-1)).toEqual({
        post: { ...post('M0'), isRepeat: true },
        attemptsMade: 0,
        isRepeat: true,
        ageMs: anyAge,
      });
      expect(await queue.counts()).toEqual({ pending: 0, dead: 1 });
      expect(await queue.replay([post('M0').id])).toBe(0);
    });
  });

  it('drains: what is under way ends, and nothing new is handed out', async () => {
    let release = (): void => {};
    work(() => new Promise((resolve) => (release = () => resolve(DONE))));
    await queue.add([post('M1')]);
    await expect.poll(() => takes.length).toBe(1);
    let isDrained = false;
    const draining = queue.drain().then(() => (isDrained = true));
    await queue.add([post('M2')]);
    await sleep(50);
    expect(isDrained).toBe(false);
    release();
    await draining;
    expect(await queue.counts()).toEqual({ pending: 1, dead: 0 });
    expect(ids()).toEqual([post('M1').id]);
  });
}
