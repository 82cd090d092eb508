import { expect, test } from 'vitest';
import { openGatewayUnderTest } from './gateway-under-test.ts';
import { MESSAGE_STATES, type MessageAnswer, type MessageRecord, RECEIPT_STATES } from './messages/index.ts';
import { Binding } from './router/index.ts';

// Limits that queue, looked at from outside: the answer, reading back, metrics, and what becomes of those who wait at the end.

test('a batch under way when the gateway closes leaves nothing behind that waits or is in flight', async () => {
  const gateway = await openGatewayUnderTest({ overLimit: new Set([Binding.AttNumberTpm]) });
  const { store } = gateway;
  const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
  const count = 60_000;
  let isAnswered = false;
  const batch = gateway
    .ask(
      'POST',
      '/v1/messages/batch',
      Array.from({ length: count }, () => message),
    )
    .catch(() => undefined)
    .finally(() => (isAnswered = true));
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  while (store.queuedCount === 0) await turn();
  expect(isAnswered).toBe(false);
  await gateway.close();
  const taken = store.nextSequence;
  expect(taken).toBeLessThan(count);
  for (let turns = 0; turns < 200; turns += 1) await turn();
  await batch;
  expect([store.nextSequence, store.queuedCount, store.inFlightCount]).toEqual([taken, 0, 0]);
});

const SEGMENTS_PER_MINUTE = 60; // of a number that is in no campaign, at AT&T

test('who waits is told so, can be read back, is counted, goes in its turn, and at the end is told it did not', async () => {
  const gateway = await openGatewayUnderTest({ overLimit: new Set([Binding.AttNumberTpm]) });
  const queuedMetric = async (): Promise<string | undefined> =>
    /^tollgate_queued_messages (\d+)$/m.exec((await gateway.ask('GET', '/metrics')).text)?.[1];
  const read = async (id: string): Promise<MessageRecord> =>
    (await gateway.ask<MessageRecord>('GET', `/v1/messages/${id}`)).body;

  const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
  const filling = await gateway.ask<{ accepted: number }>(
    'POST',
    '/v1/messages/batch',
    Array.from({ length: SEGMENTS_PER_MINUTE }, () => message),
  );
  expect(filling.body.accepted).toBe(SEGMENTS_PER_MINUTE);
  const first = await gateway.send();
  expect(first.status).toBe(202);
  expect(first.headers.get('retry-after')).toBeNull();
  expect(first.body).toMatchObject({
    status: 'queued',
    decision: 'queued',
    price: { totalMicros: 0 },
    limit: { name: 'att_number_tpm', used: SEGMENTS_PER_MINUTE, cap: SEGMENTS_PER_MINUTE },
  } satisfies Partial<Record<keyof MessageAnswer, unknown>>);
  const last = await gateway.send();
  expect(await queuedMetric()).toBe('2');
  expect(gateway.summary()).toMatchObject({ decided: SEGMENTS_PER_MINUTE, accepted: SEGMENTS_PER_MINUTE });

  gateway.time.advance(1_000);
  expect(await queuedMetric()).toBe('1');
  expect(await read(first.body.id)).toMatchObject({ status: 'accepted', decision: 'accepted' });
  expect(gateway.summary()).toMatchObject({ decided: SEGMENTS_PER_MINUTE + 1 });

  await gateway.close();
  const { store } = gateway;
  expect([store.queuedCount, store.inFlightCount]).toEqual([0, 0]);
  const at = store.sequenceOf(last.body.id) % store.capacity;
  expect([MESSAGE_STATES[store.state[at]!], RECEIPT_STATES[store.receipt[at]!]]).toEqual(['expired', 'EXPIRED']);
  const { accepted, delivered, filtered, undelivered, refused } = gateway.summary();
  expect(delivered + filtered + undelivered).toBe(accepted);
  expect([accepted, refused]).toEqual([SEGMENTS_PER_MINUTE + 1, 1]);
});
