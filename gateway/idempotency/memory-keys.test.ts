import { describe, expect, test } from 'vitest';
import type { ClaimOf } from '../messages/index.ts';
import { heldOf, idempotencyKeysContract } from './idempotency-keys.contract.ts';
import { MemoryIdempotencyKeys } from './memory-keys.ts';

const WINDOW_MS = 1_000;
const MOST = 3;
const ANSWER = { status: 202, body: '{}' };

function open(answeredMax = MOST) {
  const time = { atMs: 0, nowMs: () => time.atMs, monotonicNs: () => time.atMs * 1e6 };
  return { keys: new MemoryIdempotencyKeys({ clock: time, windowMs: WINDOW_MS, answeredMax }), time };
}

const claimOf = (key: string): ClaimOf => ({ account: undefined, key, fingerprint: 'f' });

describe('in this process', () => {
  idempotencyKeysContract(() => {
    const { keys, time } = open(1_000);
    return Promise.resolve({
      keys: [keys, keys],
      messagesKept: () => Promise.resolve(),
      passWindow: () => {
        time.atMs += WINDOW_MS;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });
});

async function answer(keys: MemoryIdempotencyKeys, key: string): Promise<void> {
  const [found] = await keys.claim([claimOf(key)]);
  heldOf(found).taken(ANSWER);
}

async function kindsOf(keys: MemoryIdempotencyKeys, names: readonly string[]): Promise<string[]> {
  return (await keys.claim(names.map(claimOf))).map(({ kind }) => kind);
}

test('an answer is repeated up to the end of its window, which begins with it', async () => {
  const { keys, time } = open();
  const [found] = await keys.claim([claimOf('a')]);
  time.atMs = 5_000;
  heldOf(found).taken(ANSWER);
  time.atMs += WINDOW_MS - 1;
  expect(await kindsOf(keys, ['a'])).toEqual(['answered']);
  time.atMs += 1;
  expect(await kindsOf(keys, ['a'])).toEqual(['new']);
});

test('beyond the most, the oldest answer is forgotten; what is held never is', async () => {
  const { keys } = open();
  const [held] = await keys.claim([claimOf('held')]);
  for (const key of ['a', 'b', 'c', 'd']) await answer(keys, key);
  expect(await kindsOf(keys, ['held', 'b', 'c', 'd'])).toEqual(['pending', 'answered', 'answered', 'answered']);
  expect(await kindsOf(keys, ['a'])).toEqual(['new']);
  heldOf(held).taken(ANSWER);
  expect(await kindsOf(keys, ['held', 'b'])).toEqual(['answered', 'new']);
});

test('what was put away is there again, until its window ends', async () => {
  const { keys } = open();
  await answer(keys, 'a');
  const state = structuredClone(keys.capture());
  const { keys: other, time } = open();
  const [held] = await other.claim([claimOf('b')]);
  other.restore(state);
  expect(await other.claim([claimOf('a')])).toEqual([{ kind: 'answered', answer: ANSWER }]);
  // Who held a key before decides, and is not remembered.
  heldOf(held).taken(ANSWER);
  expect(await kindsOf(other, ['b'])).toEqual(['new']);
  time.atMs = WINDOW_MS;
  expect(await kindsOf(other, ['a'])).toEqual(['new']);
});
