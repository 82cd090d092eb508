import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';

interface Post {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

let gateway: GatewayUnderTest;
/** Timers that wait while nothing is posted. */
let idleTimers: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let posts: Post[];
const receiver = createServer((request, response) => {
  readAll(request).then(
    (body) => {
      posts.push({
        method: request.method,
        path: request.url,
        type: request.headers['content-type'],
        body: JSON.parse(body),
      });
      answer(request, response);
    },
    () => undefined,
  );
});
const address = (path = '/receipts'): string => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});
beforeEach(async () => {
  posts = [];
  answer = (_request, response) => response.writeHead(204).end();
  gateway = await openGatewayUnderTest();
  idleTimers = gateway.time.waitingCount;
});
afterEach(() => gateway.close());
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

/** Waits for what happens over sockets; time of the gateway stands still meanwhile. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function counted(): Promise<Record<string, number>> {
  const { text } = await gateway.ask('GET', '/metrics');
  const lines = [...text.matchAll(/^tollgate_callbacks_total\{result="(\w+)"\} (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, result, value]) => [result, Number(value)]));
}
const isCounted = (result: string, value: number) => async () => (await counted())[result] === value;

/** Sends one message and lets its life pass; the post of its receipt is then under way. */
async function sendOne(own: Record<string, unknown> = {}): Promise<string> {
  const { body } = await gateway.send({ callbackUrl: address(), ...own });
  gateway.time.advance(10_000);
  return body.id;
}

describe('a receipt', () => {
  test('is posted once, before the handset, and says what a carrier tells and no more', async () => {
    const id = await sendOne({ reference: 'order 7', account: 'clinic', truth: 'spam' });
    await until(isCounted('delivered', 1));
    gateway.time.advance(60_000);
    const record = await gateway.ask<{ receipt: { at: string } }>('GET', `/v1/messages/${id}`);
    expect(posts).toEqual([
      {
        method: 'POST',
        path: '/receipts',
        type: 'application/json',
        body: {
          event: 'receipt',
          id,
          reference: 'order 7',
          account: 'clinic',
          carrier: 'att',
          receipt: 'ACCEPTD',
          at: record.body.receipt.at,
        },
      },
    ]);
    expect(await counted()).toEqual({ delivered: 1, failed: 0, dropped: 0 });
  });

  test('is posted for those who asked, and not for refused messages', async () => {
    await sendOne({ callbackUrl: undefined });
    await sendOne({ to: gateway.number('landline') });
    const id = await sendOne();
    await until(isCounted('delivered', 1));
    expect(posts).toMatchObject([{ body: { id, reference: null, account: null } }]);
  });

  test('of every message of a batch comes once', async () => {
    const message = {
      from: gateway.number('cpaas'),
      to: gateway.number('verizon'),
      text: 'hi',
      callbackUrl: address(),
    };
    const batch = Array.from({ length: 200 }, (_, index) => ({ ...message, reference: String(index) }));
    await gateway.ask('POST', '/v1/messages/batch', batch);
    gateway.time.advance(20_000);
    await until(isCounted('delivered', 200));
    const references = posts.map(({ body }) => Number((body as { reference: string }).reference));
    expect(references.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index));
  });
});

describe('a receiver that fails', () => {
  test('is asked again after 1, 5 and 25 seconds, then given up', async () => {
    answer = (_request, response) => response.writeHead(500).end('no');
    await sendOne();
    const isRetryDue = async (): Promise<void> => {
      // The attempt has ended when its timer waits beside those of an idle gateway.
      await until(() => gateway.time.waitingCount === idleTimers + 1);
    };
    for (const [attempts, waitMs] of [
      [1, 1_000],
      [2, 5_000],
      [3, 25_000],
    ] as const) {
      await isRetryDue();
      expect(posts).toHaveLength(attempts);
      gateway.time.advance(waitMs - 1);
      expect(posts).toHaveLength(attempts);
      gateway.time.advance(1);
    }
    await until(isCounted('failed', 1));
    gateway.time.advance(600_000);
    expect(posts).toHaveLength(4);
    expect(new Set(posts.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(await counted()).toEqual({ delivered: 0, failed: 1, dropped: 0 });
  });

  test('and then recovers gets the receipt after all', async () => {
    answer = (_request, response) => response.writeHead(posts.length === 1 ? 503 : 200).end('ok');
    await sendOne();
    await until(() => gateway.time.waitingCount === idleTimers + 1);
    gateway.time.advance(1_000);
    await until(isCounted('delivered', 1));
    expect(posts).toHaveLength(2);
    expect(await counted()).toEqual({ delivered: 1, failed: 0, dropped: 0 });
  });

  test('by hanging up is treated the same', async () => {
    answer = (request) => request.socket.destroy();
    await sendOne();
    await until(() => gateway.time.waitingCount === idleTimers + 1);
    expect(await counted()).toEqual({ delivered: 0, failed: 0, dropped: 0 });
  });

  test('does not hold up the receipts of others', async () => {
    answer = (request, response) => {
      // One path never answers.
      if (request.url !== '/silent') response.writeHead(200).end();
    };
    await gateway.send({ callbackUrl: address('/silent') });
    await sendOne();
    await until(isCounted('delivered', 1));
    receiver.closeAllConnections();
  });
});

test('a redirect is not followed', async () => {
  answer = (_request, response) => response.writeHead(307, { location: address('/elsewhere') }).end();
  await sendOne();
  await until(() => gateway.time.waitingCount === idleTimers + 1);
  expect(posts.map(({ path }) => path)).toEqual(['/receipts']);
  expect((await counted())['delivered']).toBe(0);
});
