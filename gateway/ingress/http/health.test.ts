import Fastify from 'fastify';
import { beforeEach, expect, test } from 'vitest';
import { healthRoutes } from './health.ts';

const app = Fastify();
const wrong: Record<string, string | undefined> = {};
let isOpen = true;

await app.register(healthRoutes, {
  isOpen: () => isOpen,
  readiness: ['redis', 'queue'].map((name) => ({ name, fault: () => wrong[name] })),
});

beforeEach(() => {
  isOpen = true;
  for (const name in wrong) wrong[name] = undefined;
});

async function ask(path: string): Promise<{ status: number; body: unknown }> {
  const { statusCode, body } = await app.inject(path);
  return { status: statusCode, body: JSON.parse(body) };
}

test('ready is who lacks nothing', async () => {
  expect(await ask('/readyz')).toEqual({ status: 200, body: { status: 'ready' } });
});

test('who is not ready says what is in the way, all of it, and still answers that it lives', async () => {
  wrong['redis'] = 'Redis does not answer';
  expect(await ask('/readyz')).toEqual({
    status: 503,
    body: {
      status: 'not ready',
      reason: 'Redis does not answer',
      faults: [{ name: 'redis', reason: 'Redis does not answer' }],
    },
  });
  wrong['queue'] = 'the delivery queue is full';
  expect(await ask('/readyz')).toMatchObject({
    status: 503,
    body: {
      reason: 'Redis does not answer; the delivery queue is full',
      faults: [{ name: 'redis' }, { name: 'queue' }],
    },
  });
  expect(await ask('/healthz')).toEqual({ status: 200, body: { status: 'ok' } });
});

test('who shuts down is not ready, whatever else is wrong', async () => {
  isOpen = false;
  wrong['queue'] = 'the delivery queue is full';
  expect(await ask('/readyz')).toMatchObject({ status: 503, body: { reason: 'shutting down' } });
});
