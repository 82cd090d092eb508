import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemTimers } from '../control/index.ts';
import {
  WEBHOOK_AGE_MS_MAX,
  WEBHOOK_ATTEMPTS_MAX,
  WEBHOOK_BACKOFF_MS,
  WEBHOOK_BREAKER_FAILURES,
  WEBHOOK_HELD_BACK_MS_MAX,
  WEBHOOK_HOST_HELD_MAX,
  WEBHOOK_HOST_POSTS_MAX,
  WEBHOOK_PUT_BACK_MS_MAX,
} from '../limits.ts';
import type { Clock, Timers } from '../router/index.ts';
import { MemoryQueue } from './memory-queue.ts';
import { openWebhooks, Webhooks, type WebhookOptions } from './open-webhooks.ts';
import { webhookGuard } from './webhook-guard.ts';
import { type AccountWebhook, webhookId, type WebhookPost } from './webhook-post.ts';

interface Got {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real receiver on loopback. */
class Receiver {
  readonly got: Got[] = [];
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => response.writeHead(204).end();
  readonly #server: Server = createServer((request, response) => {
    readAll(request).then(
      (body) => {
        this.got.push({ path: request.url ?? '', headers: request.headers, body });
        this.answer(response, request);
      },
      () => undefined,
    );
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}/hook`;
  }

  get subjects(): string[] {
    return this.got.map(({ body }) => (JSON.parse(body) as { of: string }).of);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Time that stands until it is moved, with the same timers. */
class Standing implements Clock, Timers {
  now = Date.UTC(2024, 2, 1);
  readonly #waiting = new Set<{ dueMs: number; periodMs?: number; run: () => void }>();
  nowMs = (): number => this.now;
  monotonicNs = (): number => this.now * 1e6;

  every(periodMs: number, run: () => void): () => void {
    return this.#wait({ dueMs: this.now + periodMs, periodMs, run });
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#wait({ dueMs: this.now + delayMs, run });
  }

  advance(ms: number): void {
    const untilMs = this.now + ms;
    for (;;) {
      const [next] = [...this.#waiting].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.now = next.dueMs;
      if (next.periodMs === undefined) this.#waiting.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.now = untilMs;
  }

  #wait(timer: { dueMs: number; periodMs?: number; run: () => void }): () => void {
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }
}

let receiver: Receiver;
let closing: (() => Promise<void> | void)[];
let accountWebhooks: Map<string, AccountWebhook>;
beforeEach(async () => {
  receiver = new Receiver();
  await receiver.open();
  closing = [() => receiver.close()];
  accountWebhooks = new Map();
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

function open(own: Partial<WebhookOptions> = {}, queue?: MemoryQueue): Webhooks {
  const options: WebhookOptions = {
    guard: webhookGuard([]),
    accounts: {
      of: (account) => accountWebhooks.get(account),
      gone: (account, url) => {
        const secret = accountWebhooks.get(account)?.secret ?? '';
        accountWebhooks.set(account, { url, secret, isGone: true });
        return Promise.resolve();
      },
    },
    connection: undefined,
    clock: systemClock,
    timers: systemTimers,
    machineClock: systemClock,
    machineTimers: systemTimers,
    chance: { next: () => 0.999_999 },
    log: { warn: () => undefined },
    timeoutMs: 400,
    ...own,
  };
  const webhooks = queue === undefined ? openWebhooks(options) : new Webhooks(queue, options);
  closing.push(() => webhooks.close());
  webhooks.start();
  return webhooks;
}

function post(subject: string, own: Partial<WebhookPost> = {}): WebhookPost {
  const order = own.order ?? 0;
  return {
    id: webhookId(subject, order),
    subject,
    order,
    url: receiver.url,
    body: JSON.stringify({ of: subject }),
    ...own,
  };
}

const settled = (webhooks: Webhooks): Promise<void> => expect.poll(() => webhooks.pendingCount).toBe(0);
/** Waits for what happens over sockets, while the gateway's time stands. */
async function quiet(webhooks: Webhooks): Promise<void> {
  for (let isQuiet = false; !isQuiet;) {
    const before = attemptCount(webhooks);
    await sleep(15);
    isQuiet = webhooks.hosts(99).every(({ underWay }) => underWay === 0) && attemptCount(webhooks) === before;
  }
}

function attemptCount(webhooks: Webhooks): number {
  return Object.values(webhooks.figures().attempts).reduce((sum, count) => sum + count, 0);
}

/** What a receiver does with a signed post, from the text of Standard Webhooks 1.0: "Verifying webhook authenticity". */
function isVerified({ headers, body }: Got, secret: string, nowMs: number): boolean {
  const id = String(headers['webhook-id']);
  const timestamp = String(headers['webhook-timestamp']);
  if (!/^\d+$/.test(timestamp) || Math.abs(nowMs / 1_000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(Buffer.from([id, timestamp, body].join('.'), 'utf8'))
    .digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .some((one) => {
      const [version, signature = ''] = one.split(',');
      const given = Buffer.from(signature, 'base64');
      return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
    });
}

describe('a post', () => {
  test('is posted once, with its id, and says that it is the first attempt', async () => {
    const webhooks = open();
    await webhooks.add([post('M1', { headers: { 'x-own': 'kept' } })]);
    await settled(webhooks);
    expect(receiver.got).toHaveLength(1);
    expect(receiver.got[0]).toMatchObject({
      path: '/hook',
      body: '{"of":"M1"}',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'evt_M1_0',
        'tollgate-attempt': '1',
        'x-own': 'kept',
        'user-agent': 'tollgate',
      },
    });
    expect(receiver.got[0]?.headers).not.toHaveProperty('tollgate-repeat');
    expect(receiver.got[0]?.headers).not.toHaveProperty('webhook-signature');
    expect(webhooks.figures()).toMatchObject({ posts: { delivered: 1, dead: 0, dropped: 0 }, attempts: { ok: 1 } });
  });

  test('of an account with a secret is signed as Standard Webhooks wants it', async () => {
    const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
    accountWebhooks.set('acme', { url: receiver.url, secret, isGone: false });
    const webhooks = open();
    await webhooks.add([post('M1', { account: 'acme', body: '{"of":"Größe €"}' })]);
    await settled(webhooks);
    const [got] = receiver.got;
    expect(isVerified(got!, secret, Date.now())).toBe(true);
    const other = `whsec_${Buffer.alloc(32).toString('base64')}`;
    expect(isVerified(got!, other, Date.now())).toBe(false);
    expect(isVerified({ ...got!, body: `${got!.body} ` }, secret, Date.now())).toBe(false);
    expect(isVerified(got!, secret, Date.now() + 600_000)).toBe(false);
  });

  test('signed is the example that the specification gives', async () => {
    // From the test vectors of the reference libraries (standard-webhooks/standard-webhooks).
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    accountWebhooks.set('acme', { url: receiver.url, secret, isGone: false });
    const time = new Standing();
    time.now = 1_614_265_330_000;
    const webhooks = open({ clock: time, timers: time });
    const vector = post('x', { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', account: 'acme', body: '{"test": 2432232314}' });
    await webhooks.add([vector]);
    await settled(webhooks);
    expect(receiver.got[0]?.headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('that was handed over as a repeat says so', async () => {
    const webhooks = open();
    await webhooks.add([post('M1', { isRepeat: true })]);
    await settled(webhooks);
    expect(receiver.got[0]?.headers).toMatchObject({ 'tollgate-attempt': '1', 'tollgate-repeat': 'true' });
  });
});

describe('a receiver that fails', () => {
  test('is asked again with growing waits by the clock of the gateway, then given up', async () => {
    const time = new Standing();
    receiver.answer = (response) => response.writeHead(500).end('no');
    const webhooks = open({ clock: time, timers: time });
    await webhooks.add([post('M1')]);
    for (let attempt = 1; attempt < WEBHOOK_ATTEMPTS_MAX; attempt += 1) {
      await quiet(webhooks);
      expect(receiver.got).toHaveLength(attempt);
      time.advance(WEBHOOK_BACKOFF_MS[attempt - 1]! - 2);
      await quiet(webhooks);
      expect(receiver.got).toHaveLength(attempt);
      // And as long as its breaker wants.
      time.advance(60_002);
    }
    await settled(webhooks);
    time.advance(10 * 3_600_000);
    expect(receiver.got.map(({ headers }) => [headers['tollgate-attempt'], headers['tollgate-repeat']])).toEqual(
      Array.from({ length: WEBHOOK_ATTEMPTS_MAX }, (_, index) => [String(index + 1), index === 0 ? undefined : 'true']),
    );
    expect(new Set(receiver.got.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    expect(webhooks.figures()).toMatchObject({ posts: { delivered: 0, dead: 1 }, attempts: { status: 8 } });
    expect(await webhooks.deadLetters(0, 9)).toMatchObject([{ why: { reason: 'status', status: 500 }, attempts: 8 }]);
  });

  test('waits of one post are a part of the most that chance decides', async () => {
    const time = new Standing();
    receiver.answer = (response) => response.writeHead(500).end('no');
    const webhooks = open({ clock: time, timers: time, chance: { next: () => 0.25 } });
    await webhooks.add([post('M1')]);
    await quiet(webhooks);
    time.advance(249);
    await quiet(webhooks);
    expect(receiver.got).toHaveLength(1);
    time.advance(1);
    await quiet(webhooks);
    expect(receiver.got).toHaveLength(2);
  });

  test('and then recovers gets it after all', async () => {
    receiver.answer = (response) => response.writeHead(receiver.got.length === 1 ? 503 : 200).end('ok');
    const webhooks = open({ chance: { next: () => 0.05 } });
    await webhooks.add([post('M1')]);
    await settled(webhooks);
    expect(webhooks.figures()).toMatchObject({ posts: { delivered: 1, dead: 0 }, attempts: { ok: 1, status: 1 } });
  });

  test.each([
    ['hangs up', 'unreachable', (response: ServerResponse) => response.destroy()],
    ['never answers', 'timeout', () => undefined],
    ['answers no HTTP', 'unreachable', (response: ServerResponse) => response.socket?.end('SSH-2.0\r\n\r\n')],
    ['redirects', 'redirect', (response: ServerResponse) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['refuses', 'status', (response: ServerResponse) => response.writeHead(401).end()],
  ])('that %s is tried again: %s', async (_name, result, answer) => {
    const time = new Standing();
    receiver.answer = answer;
    const webhooks = open({ clock: time, timers: time });
    await webhooks.add([post('M1')]);
    await expect.poll(() => webhooks.figures().attempts).toMatchObject({ [result]: 1, ok: 0 });
    expect(webhooks.pendingCount).toBe(1);
    time.advance(1_000);
    await expect.poll(() => webhooks.figures().attempts).toMatchObject({ [result]: 2, ok: 0 });
    expect(receiver.got.map(({ path }) => path)).toEqual(['/hook', '/hook']);
  });

  test('by nobody listening is tried again', async () => {
    const webhooks = open();
    await webhooks.add([post('M1', { url: 'http://127.0.0.1:1/' })]);
    await expect.poll(() => webhooks.figures().attempts.unreachable).toBe(1);
    expect(webhooks.pendingCount).toBe(1);
  });

  test('that sends gigabytes is cut off, and was told', async () => {
    let sentBytes = 0;
    let isCut = false;
    receiver.answer = (response) => {
      const piece = Buffer.alloc(65_536);
      const pour = (): void => {
        while (!response.destroyed && response.write(piece)) sentBytes += piece.length;
      };
      response
        .writeHead(200)
        .on('drain', pour)
        .on('close', () => (isCut = true));
      pour();
    };
    const webhooks = open({ timeoutMs: 30_000 });
    const startMs = performance.now();
    await webhooks.add([post('M1')]);
    await settled(webhooks);
    await expect.poll(() => isCut).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(25_000);
    expect(sentBytes).toBeLessThan(64 * 1_048_576);
    expect(webhooks.figures().posts.delivered).toBe(1);
  });

  test('that drips its answer is let go of when time is up, and was told', async () => {
    receiver.answer = (response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.writeHead(200).on('close', () => clearInterval(drip));
    };
    const webhooks = open();
    await webhooks.add([post('M1')]);
    await settled(webhooks);
    expect(webhooks.figures().posts.delivered).toBe(1);
  });
});

describe('a receiver that asks for time', () => {
  test.each([
    ['429 and seconds', 429, '30', 30_000],
    ['503 and a date', 503, 'Fri, 01 Mar 2024 00:00:40 GMT', 40_000],
  ])('by %s gets it, for all posts to its host', async (_name, status, retryAfter, waitMs) => {
    const time = new Standing();
    receiver.answer = (response) => {
      if (receiver.got.length > 1) response.writeHead(204).end();
      else response.writeHead(status, { 'retry-after': retryAfter }).end();
    };
    const webhooks = open({ clock: time, timers: time });
    await webhooks.add([post('M1')]);
    await quiet(webhooks);
    await webhooks.add([post('M2')]);
    await quiet(webhooks);
    time.advance(waitMs - 1_000);
    await quiet(webhooks);
    expect(receiver.subjects).toEqual(['M1']);
    time.advance(2_000);
    await quiet(webhooks);
    time.advance(1_000);
    await settled(webhooks);
    expect(receiver.subjects.toSorted()).toEqual(['M1', 'M1', 'M2']);
  });

  test.each(['', 'soon', '-5', '1e9', '99999999999'])(
    'in words that nobody can read gets the usual wait: "%s"',
    async (written) => {
      const time = new Standing();
      receiver.answer = (response) => response.writeHead(429, { 'retry-after': written }).end();
      const webhooks = open({ clock: time, timers: time });
      await webhooks.add([post('M1')]);
      await quiet(webhooks);
      time.advance(1_000);
      await quiet(webhooks);
      expect(receiver.got).toHaveLength(2);
    },
  );

  test('is not waited for longer than an hour', async () => {
    const time = new Standing();
    receiver.answer = (response) => response.writeHead(503, { 'retry-after': '999999999' }).end();
    const webhooks = open({ clock: time, timers: time });
    await webhooks.add([post('M1')]);
    await quiet(webhooks);
    time.advance(3_599_000);
    await quiet(webhooks);
    expect(receiver.got).toHaveLength(1);
    time.advance(2_000);
    await quiet(webhooks);
    expect(receiver.got).toHaveLength(2);
  });
});

test('a receiver that always asks for time has a post given up once it is too old', async () => {
  const time = new Standing();
  receiver.answer = (response) => response.writeHead(429, { 'retry-after': '3600' }).end();
  const webhooks = open({ clock: time, timers: time });
  await webhooks.add([post('M1')]);
  for (let hour = 0; hour < 4; hour += 1) {
    await quiet(webhooks);
    time.advance(3_600_001);
  }
  expect(await webhooks.deadLetters(0, 9)).toMatchObject([{ why: { reason: 'status', status: 429 }, attempts: 3 }]);
});

describe('an address that is gone', () => {
  test('gets nothing more, and its account is told, until it is set again or asked to be tried', async () => {
    accountWebhooks.set('acme', { url: receiver.url, secret: 'whsec_AAAA', isGone: false });
    receiver.answer = (response) => response.writeHead(410).end();
    const webhooks = open();
    await webhooks.add([post('M1', { account: 'acme' })]);
    await settled(webhooks);
    expect(accountWebhooks.get('acme')?.isGone).toBe(true);
    await webhooks.add([post('M2', { account: 'acme' }), post('M3')]);
    await settled(webhooks);
    expect(receiver.subjects).toEqual(['M1']);
    expect((await webhooks.deadLetters(0, 9)).map(({ why }) => why)).toEqual([
      { reason: 'gone' },
      { reason: 'gone' },
      { reason: 'gone', status: 410 },
    ]);
    receiver.answer = (response) => response.writeHead(200).end();
    accountWebhooks.set('acme', { url: receiver.url, secret: 'whsec_AAAA', isGone: false });
    await webhooks.add([post('M4', { account: 'acme' })]);
    await settled(webhooks);
    expect(receiver.subjects).toEqual(['M1', 'M4']);
    expect(await webhooks.replay({ ids: [webhookId('M3', 0)] })).toBe(1);
    await settled(webhooks);
    expect(receiver.subjects).toEqual(['M1', 'M4', 'M3']);
    expect(receiver.got.at(-1)?.headers['tollgate-repeat']).toBe('true');
    expect(await webhooks.replay({ host: 'elsewhere' })).toBe(0);
    expect(await webhooks.replay({ host: receiver.host })).toBe(2);
    await settled(webhooks);
    expect(receiver.subjects).toEqual(['M1', 'M4', 'M3', 'M1', 'M2']);
  });
});

test('a post to an address that is not allowed here is given up at once', async () => {
  const webhooks = open();
  await webhooks.add([
    post('M1', { url: 'http://hooks.example.com/' }),
    post('M2', { url: 'http://169.254.169.254/' }),
  ]);
  await settled(webhooks);
  expect((await webhooks.deadLetters(0, 9)).map(({ why }) => why.reason)).toEqual(['forbidden', 'forbidden']);
});

describe('the events of one subject', () => {
  test('come in order, whatever becomes of those before', async () => {
    const time = new Standing();
    receiver.answer = (response, { headers }) => {
      const isFirst = headers['webhook-id'] === webhookId('M1', 0);
      response.writeHead(isFirst && receiver.got.length < 4 ? 500 : 200).end();
    };
    const webhooks = open({ clock: time, timers: time });
    const orders = [2, 1, 0];
    await webhooks.add([...orders.map((order) => post('M1', { order })), post('M2')]);
    for (let turn = 0; turn < 60 && webhooks.pendingCount > 0; turn += 1) {
      await quiet(webhooks);
      time.advance(2_000);
    }
    const sent = receiver.got.map(({ headers }) => headers['webhook-id']);
    expect(sent.filter((id) => id !== webhookId('M2', 0))).toEqual(
      [0, 0, 0, 1, 2].map((order) => webhookId('M1', order)).concat([]),
    );
    expect(sent.indexOf(webhookId('M2', 0))).toBeLessThan(2);
  });

  test('go on when the one before was given up', async () => {
    receiver.answer = (response, { headers }) =>
      response.writeHead(headers['webhook-id'] === webhookId('M1', 0) ? 410 : 200).end();
    const webhooks = open();
    await webhooks.add([post('M1'), post('M1', { order: 1, url: `${receiver.url}/other` })]);
    await settled(webhooks);
    expect(receiver.got.map(({ headers }) => headers['webhook-id'])).toEqual(['evt_M1_0', 'evt_M1_1']);
  });
});

describe('a host that is down', () => {
  test('is left alone after some failures in a row, tried with one post, and served again', async () => {
    const time = new Standing();
    receiver.answer = (response) => response.writeHead(500).end();
    const webhooks = open({ clock: time, timers: time, chance: { next: () => 0 } });
    const state = (): unknown => webhooks.hosts(9).map((one) => one.state);
    await webhooks.add(Array.from({ length: 100 }, (_, index) => post(`M${index}`)));
    await quiet(webhooks);
    expect(receiver.got.length).toBeGreaterThanOrEqual(WEBHOOK_BREAKER_FAILURES - 1);
    for (let turn = 0; turn < 20 && webhooks.figures().hosts.open === 0; turn += 1) {
      time.advance(50);
      await quiet(webhooks);
    }
    expect([state(), webhooks.figures().hosts]).toEqual([['open'], { closed: 0, open: 1, half_open: 0 }]);
    const before = receiver.got.length;
    expect(before).toBeLessThan(3 * WEBHOOK_BREAKER_FAILURES);
    time.advance(4_000);
    await quiet(webhooks);
    expect(receiver.got).toHaveLength(before);
    for (let turn = 0; turn < 10 && receiver.got.length === before; turn += 1) {
      time.advance(500);
      await quiet(webhooks);
    }
    expect(receiver.got).toHaveLength(before + 1);
    expect(state()).toEqual(['open']);
    receiver.answer = (response) => response.writeHead(204).end();
    for (let turn = 0; turn < 200 && webhooks.pendingCount > 0; turn += 1) {
      time.advance(1_000);
      await quiet(webhooks);
    }
    expect([webhooks.pendingCount, webhooks.figures().posts.delivered, state()]).toEqual([0, 100, ['closed']]);
  });

  test('does not hold up others, however many posts wait for it', async () => {
    const silent = new Receiver();
    await silent.open();
    closing.push(() => silent.close());
    silent.answer = () => undefined;
    const webhooks = open({ timeoutMs: 30_000 });
    await webhooks.add(Array.from({ length: 2_000 }, (_, index) => post(`S${index}`, { url: silent.url })));
    const startMs = performance.now();
    await webhooks.add(Array.from({ length: 200 }, (_, index) => post(`M${index}`)));
    await expect.poll(() => receiver.got.length).toBe(200);
    expect(performance.now() - startMs).toBeLessThan(25_000);
    expect(silent.got.length).toBeLessThan(2 * WEBHOOK_BREAKER_FAILURES);
  });
});

describe('a host that stays down', () => {
  const DEAD_URL = 'http://127.0.0.1:1/';

  test('has all its posts given up when they are too old, tried or not', async () => {
    const time = new Standing();
    const webhooks = open({ clock: time, timers: time, chance: { next: () => 0.5 } });
    await webhooks.add(Array.from({ length: 300 }, (_, index) => post(`M${index}`, { url: DEAD_URL })));
    const stepMs = 600_000;
    for (let passedMs = 0; passedMs < WEBHOOK_AGE_MS_MAX; passedMs += stepMs) {
      await quiet(webhooks);
      expect(webhooks.pendingCount).toBe(300);
      time.advance(stepMs);
    }
    await quiet(webhooks);
    time.advance(WEBHOOK_HELD_BACK_MS_MAX + 60_000);
    await settled(webhooks);
    const letters = await webhooks.deadLetters(0, 999);
    expect(letters).toHaveLength(300);
    expect(new Set(letters.map(({ why }) => why.reason))).toEqual(new Set(['unreachable']));
    await webhooks.add([post('N1')]);
    await settled(webhooks);
    expect(receiver.subjects).toEqual(['N1']);
  });

  test('keeps so many posts waiting and no more: the newest are dead letters, which others have nothing of', async () => {
    const time = new Standing();
    const webhooks = open({ clock: time, timers: time });
    const many = (count: number, of: string): WebhookPost[] =>
      Array.from({ length: count }, (_, index) => post(`${of}${index}`, { url: DEAD_URL }));
    await webhooks.add(many(WEBHOOK_HOST_HELD_MAX, 'M'));
    await quiet(webhooks);
    // Those that came before its breaker opened come again.
    time.advance(WEBHOOK_PUT_BACK_MS_MAX);
    await quiet(webhooks);
    expect(webhooks.pendingCount).toBe(WEBHOOK_HOST_HELD_MAX);
    await webhooks.add(many(50, 'N'));
    await webhooks.add([post('other')]);
    await quiet(webhooks);
    expect([webhooks.pendingCount, receiver.subjects]).toEqual([WEBHOOK_HOST_HELD_MAX, ['other']]);
    const letters = await webhooks.deadLetters(0, 99);
    expect(letters.map(({ post: { subject }, why }) => `${subject} ${why.reason}`).toReversed()).toEqual(
      Array.from({ length: 50 }, (_, index) => `N${index} unreachable`),
    );
    // Those that wait keep their places when they come again.
    time.advance(2 * WEBHOOK_HELD_BACK_MS_MAX);
    await quiet(webhooks);
    expect(webhooks.pendingCount).toBe(WEBHOOK_HOST_HELD_MAX);
    expect(await webhooks.replay({ ids: [webhookId('N7', 0)] })).toBe(1);
    await quiet(webhooks);
    expect((await webhooks.deadLetters(0, 1))[0]?.post).toMatchObject({ subject: 'N7', isRepeat: true });
  });

  test('has no post tried again that would be one too many', async () => {
    class Full extends MemoryQueue {
      override hold(): Promise<boolean> {
        return Promise.resolve(false);
      }
    }
    const webhooks = open({}, new Full({ clock: systemClock, timers: systemTimers }));
    receiver.answer = (response) => response.writeHead(404).end();
    await webhooks.add([post('M1')]);
    await settled(webhooks);
    expect(await webhooks.deadLetters(0, 9)).toMatchObject([{ why: { reason: 'status', status: 404 }, attempts: 1 }]);
    expect(webhooks.figures().posts.dead).toBe(1);
  });
});

test('a quick host gets all places it can use, and none of its posts twice', async () => {
  let underWay = 0;
  let most = 0;
  receiver.answer = (response) => {
    most = Math.max(most, ++underWay);
    setTimeout(() => {
      underWay -= 1;
      response.writeHead(204).end();
    }, 5);
  };
  const webhooks = open({ timeoutMs: 5_000 });
  await webhooks.add(Array.from({ length: 1_000 }, (_, index) => post(`M${index}`)));
  await settled(webhooks);
  expect(new Set(receiver.subjects).size).toBe(1_000);
  expect(receiver.got).toHaveLength(1_000);
  expect(most).toBeLessThanOrEqual(WEBHOOK_HOST_POSTS_MAX);
  expect(most).toBeGreaterThan(WEBHOOK_HOST_POSTS_MAX / 2);
});

test('drained, it sends nothing new and leaves nothing half done', async () => {
  receiver.answer = (response) => void setTimeout(() => response.writeHead(204).end(), 50);
  const webhooks = open();
  await webhooks.add([post('M1')]);
  await expect.poll(() => receiver.got.length).toBe(1);
  await webhooks.drain();
  expect(webhooks.figures().posts.delivered).toBe(1);
  await webhooks.add([post('M2')]);
  await sleep(50);
  expect(receiver.got).toHaveLength(1);
});
