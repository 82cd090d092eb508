import { afterEach, describe, expect, test } from 'vitest';
import { IDEMPOTENCY_LOOKS_MAX } from '../../limits.ts';
import { type MessageAnswer, type MessageRecord, NotKept } from '../../messages/index.ts';
import { type EdgeUnderTest, openEdge } from './edge-under-test.ts';

// What the edge makes of keys and of keeping when either is slow, away or fails. That a repeated message is not sent twice is
// shown on whole gateways, in idempotency.test.ts.

interface BatchAnswer {
  readonly accepted: number;
  readonly refused: number;
  readonly invalid: number;
  readonly unknown?: number;
  readonly results: readonly Record<string, unknown>[];
}

const FROM = '+12122005001';
const GOOD = '+12122000001';
const LANDLINE = '+12122006001';
const message = (own: Record<string, unknown> = {}): Record<string, unknown> => ({
  from: FROM,
  to: GOOD,
  text: 'hi',
  ...own,
});
const RESULT = { decision: 'accepted', reason: 'not_in_registry', carrier: 'att', segments: 1, totalMicros: 18_400 };

let edge: EdgeUnderTest;
afterEach(() => edge.close());

type Injected = Awaited<ReturnType<EdgeUnderTest['app']['inject']>>;
const post = (body: unknown, headers: Record<string, string> = {}): Promise<Injected> =>
  edge.app.inject({ method: 'POST', url: '/v1/messages', headers, payload: body as object });
const postBatch = (body: unknown): Promise<Injected> =>
  edge.app.inject({ method: 'POST', url: '/v1/messages/batch', payload: body as object });
const postLines = (messages: readonly unknown[]): Promise<Injected> =>
  edge.app.inject({
    method: 'POST',
    url: '/v1/messages/batch',
    headers: { 'content-type': 'application/x-ndjson' },
    payload: messages.map((one) => JSON.stringify(one)).join('\n'),
  });

function expectProblem(answer: Injected, status: number, kind: string, retryAfter?: string): void {
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([status, retryAfter]);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(answer.json()).toMatchObject({ type: `urn:tollgate:problem:${kind}`, status });
}

/** Keeping that ends when the test says so, one promise for each time it was asked for. */
function keeping() {
  const asked: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const kept = () => new Promise<void>((resolve, reject) => asked.push({ resolve, reject }));
  return { asked, kept };
}

const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('a message that has to be kept', () => {
  test('is answered once it is, with what was decided, whatever came in between', async () => {
    const { asked, kept } = keeping();
    edge = await openEdge({ kept });
    let isAnswered = false;
    const sent = post(message({ reference: 'first' })).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await turns();
    const other = post(message({ to: '+12122001001', reference: 'other' }));
    await turns();
    expect([isAnswered, edge.dispatched.length, asked.length]).toEqual([false, 2, 2]);
    for (const { resolve } of asked) resolve();
    expect((await sent).json()).toMatchObject({ decision: 'accepted', carrier: 'att', reference: 'first' });
    expect((await other).json()).toMatchObject({ carrier: 'verizon', reference: 'other' });
  });

  test('of which that is not known in time may be sent again with its key; a refused one is refused all the same', async () => {
    edge = await openEdge({ kept: () => Promise.reject(new NotKept()) });
    const answer = await post(message());
    expectProblem(answer, 503, 'not-kept', '1');
    expect(answer.json<{ detail: string }>().detail).toContain('the same idempotency key');
    expect((await post(message({ to: LANDLINE }))).statusCode).toBe(422);
  });

  test('and fails to be for another reason, is a fault of ours', async () => {
    edge = await openEdge({ kept: () => Promise.reject(new Error('a bug')) });
    expectProblem(await post(message()), 500, 'internal');
    expectProblem(await postBatch([message()]), 500, 'internal');
  });

  test('holds its key when nobody knows: who sends it again is told to wait, and nothing is decided twice', async () => {
    edge = await openEdge({ kept: () => Promise.reject(new NotKept()) });
    // As in Redis, where the answer comes with the message or not at all.
    edge.keys.onClaim = () => edge.keys.answers.clear();
    expectProblem(await post(message({ idempotencyKey: 'a' })), 503, 'not-kept', '1');
    edge.keys.held.add('a');
    expectProblem(await post(message({ idempotencyKey: 'a' })), 409, 'idempotency-key-pending', '1');
    expect(edge.dispatched).toHaveLength(1);
  });
});

describe('a batch that has to be kept', () => {
  /** Every turn's keeping ends as told, in order; others succeed. */
  const keptBy = (ends: readonly boolean[]) => {
    let turn = 0;
    return () => {
      const isKept = ends[turn++] ?? true;
      return isKept ? Promise.resolve() : Promise.reject(new NotKept());
    };
  };

  test.each([
    ['a JSON array', postBatch, false],
    ['lines', postLines, true],
  ] as const)(
    'as %s, says of each message of a slice that may be lost that it is unknown',
    async (_form, send, isLines) => {
      // Slices are of 1,000 messages; the second of three is not known to be kept.
      edge = await openEdge({ kept: keptBy([true, false]) });
      const messages = Array.from({ length: 2_500 }, (_, n) => {
        if (n === 1_010) return message({ to: LANDLINE });
        if (n === 1_020) return message({ to: 'nowhere' });
        // One number may send Verizon 6,000 a minute.
        return message({ to: `+12122001${String(n % 1_000).padStart(3, '0')}` });
      });
      const answer = await send(messages);
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([200, '1']);
      const results = isLines
        ? answer.body
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line) as BatchAnswer['results'][number])
        : answer.json<BatchAnswer>().results;
      expect(results.map(({ index }) => index)).toEqual(messages.map((_, n) => n));
      const taken = results.filter(({ status }) => status === 'accepted' || status === 'unknown');
      expect(taken.length).toBeGreaterThan(2_000);
      for (const { index, status } of taken) {
        expect([index, status]).toEqual([
          index,
          Number(index) >= 1_000 && Number(index) < 2_000 ? 'unknown' : 'accepted',
        ]);
      }
      expect(results[1_005]).toEqual({
        index: 1_005,
        id: edge.store.idOf(1_005),
        status: 'unknown',
        retryAfterMs: 1_000,
      });
      expect(results[1_010]).toMatchObject({ status: 'rejected', decision: 'destination_landline' });
      expect(results[1_020]).toMatchObject({ status: 'invalid', errors: [{ field: 'to' }] });
      if (isLines) return;
      const { accepted, refused, invalid, unknown } = answer.json<BatchAnswer>();
      const count = (status: string): number => results.filter((one) => one['status'] === status).length;
      expect({ accepted, refused, invalid, unknown }).toEqual({
        accepted: count('accepted'),
        refused: count('rejected'),
        invalid: count('invalid'),
        unknown: count('unknown'),
      });
    },
  );

  test('calls a repeated message unknown with the one it repeats, and not one whose answer was there before', async () => {
    edge = await openEdge({ kept: keptBy([true, false]) });
    const [before, again] = [message({ idempotencyKey: 'a' }), message({ idempotencyKey: 'b', to: '+12122001001' })];
    await postBatch([before]);
    const { results, ...counts } = (await postBatch([before, again, again])).json<BatchAnswer>();
    expect(counts).toEqual({ accepted: 1, refused: 0, invalid: 0, unknown: 2 });
    const id = edge.store.idOf(1);
    expect(results).toEqual([
      { index: 0, id: edge.store.idOf(0), status: 'accepted', ...RESULT, replayed: true },
      { index: 1, id, status: 'unknown', retryAfterMs: 1_000 },
      { index: 2, id, status: 'unknown', retryAfterMs: 1_000 },
    ]);
  });
});

describe('a key that another request holds', () => {
  test('is asked for again until there is an answer, which is then repeated', async () => {
    edge = await openEdge();
    await post(message({ idempotencyKey: 'a' }));
    const first = edge.keys.answers.get('a')!;
    edge.keys.answers.clear();
    edge.keys.held.add('a');
    edge.keys.onClaim = () => {
      if (edge.keys.calls.length === 5) edge.keys.answers.set('a', first);
    };
    const answer = await post(message({ idempotencyKey: 'a' }));
    expect([answer.statusCode, answer.body, answer.headers['idempotent-replayed']]).toEqual([202, first.body, 'true']);
    expect(edge.keys.calls).toHaveLength(5);
    expect(edge.dispatched).toHaveLength(1);
  });

  test('is not waited for without end', async () => {
    edge = await openEdge();
    edge.keys.held.add('a');
    expectProblem(await post(message({ idempotencyKey: 'a' })), 409, 'idempotency-key-pending', '1');
    expect(edge.keys.calls).toHaveLength(1 + IDEMPOTENCY_LOOKS_MAX);
    expect(edge.dispatched).toEqual([]);
  });

  test('and lets go of it, is decided', async () => {
    edge = await openEdge();
    edge.keys.held.add('a');
    edge.keys.onClaim = () => void (edge.keys.calls.length === 3 && edge.keys.held.delete('a'));
    expect((await post(message({ idempotencyKey: 'a' }))).statusCode).toBe(202);
  });

  test('in a batch costs its line alone, and all such lines of the batch one wait', async () => {
    edge = await openEdge();
    edge.keys.held.add('a');
    const lines = [message(), message({ idempotencyKey: 'a' }), message({ idempotencyKey: 'b' })];
    const filler = Array.from({ length: 997 }, () => message({ to: LANDLINE }));
    const answer = await postBatch([...lines, ...filler, message({ idempotencyKey: 'a' })]);
    const { results } = answer.json<BatchAnswer>();
    expect(results.slice(0, 3).map(({ status }) => status)).toEqual(['accepted', 'undecided', 'accepted']);
    const undecided = {
      status: 'undecided',
      errors: [{ field: 'idempotencyKey', message: expect.stringContaining('has no answer yet') }],
      retryAfterMs: 1_000,
    };
    expect([results[1], results[1_000]]).toEqual([
      { index: 1, ...undecided },
      { index: 1_000, ...undecided },
    ]);
    expect(answer.headers['retry-after']).toBe('1');
    // A call for each slice, and all the others for what was pending in the first.
    expect(edge.keys.calls).toHaveLength(2 + IDEMPOTENCY_LOOKS_MAX);
    expect(edge.dispatched).toHaveLength(2);
  });
});

describe('keys that cannot be asked for', () => {
  test('leave a message undecided', async () => {
    edge = await openEdge();
    edge.keys.isAway = true;
    expectProblem(await post(message(), { 'idempotency-key': 'a' }), 503, 'idempotency-unavailable', '1');
    expect(edge.store.nextSequence).toBe(0);
    expect((await post(message())).statusCode).toBe(202);
  });

  test('leave those messages of a batch undecided that have one, and are asked for once', async () => {
    edge = await openEdge();
    edge.keys.isAway = true;
    const messages = Array.from({ length: 3_000 }, (_, n) =>
      message(n % 10 === 0 ? { idempotencyKey: `k${n}` } : { to: LANDLINE }),
    );
    const { results, ...counts } = (await postBatch(messages)).json<BatchAnswer>();
    expect(counts).toEqual({ accepted: 0, refused: 3_000, invalid: 0 });
    expect(results.filter(({ status }) => status === 'undecided')).toHaveLength(300);
    expect(results[0]).toMatchObject({ status: 'undecided', errors: [{ field: 'idempotencyKey' }] });
    expect(results[1]).toMatchObject({ status: 'rejected' });
    expect(edge.keys.calls).toHaveLength(1);
  });

  test('while others are waited for, let go of what was claimed with them', async () => {
    edge = await openEdge();
    edge.keys.held.add('a');
    edge.keys.onClaim = () => void (edge.keys.isAway = edge.keys.calls.length === 2);
    const { results } = (
      await postBatch([message({ idempotencyKey: 'a' }), message({ idempotencyKey: 'b' })])
    ).json<BatchAnswer>();
    expect(results.map(({ status }) => status)).toEqual(['undecided', 'undecided']);
    expect([...edge.keys.held]).toEqual(['a']);
  });
});

test('a key that was held for too long to decide under it is let go of', async () => {
  edge = await openEdge();
  edge.keys.isCurrent = false;
  expectProblem(await post(message({ idempotencyKey: 'a' })), 409, 'idempotency-key-pending', '1');
  const { results } = (
    await postBatch([message({ idempotencyKey: 'b' }), message({ idempotencyKey: 'b' })])
  ).json<BatchAnswer>();
  expect(results.map(({ status }) => status)).toEqual(['undecided', 'undecided']);
  expect([edge.dispatched, [...edge.keys.held]]).toEqual([[], []]);
});

test('the keys of a slice are claimed in one call, and messages without one are not asked about', async () => {
  edge = await openEdge();
  const messages = Array.from({ length: 2_500 }, (_, n) =>
    message({ to: LANDLINE, ...(n % 2 === 1 && { idempotencyKey: `k${n}` }) }),
  );
  expect((await postLines(messages)).statusCode).toBe(200);
  expect(edge.keys.calls.map(({ length }) => length)).toEqual([500, 500, 250]);
  expect(edge.keys.calls[0]?.slice(0, 2).map(({ key }) => key)).toEqual(['k1', 'k3']);
  await postLines(Array.from({ length: 1_500 }, () => message({ to: LANDLINE })));
  expect(edge.keys.calls).toHaveLength(3);
});

test('when deciding fails, the keys it was done under are let go of', async () => {
  edge = await openEdge({
    dispatch: () => {
      throw new Error('a bug');
    },
  });
  expectProblem(await post(message({ idempotencyKey: 'a' })), 500, 'internal');
  expectProblem(await postBatch([message({ idempotencyKey: 'b' }), message({ idempotencyKey: 'c' })]), 500, 'internal');
  expect([...edge.keys.held]).toEqual([]);
});

describe('reading back from an archive', () => {
  const get = (id: string): Promise<Injected> => edge.app.inject({ method: 'GET', url: `/v1/messages/${id}` });

  test('is asked before the inbox, which is asked for what the archive does not have', async () => {
    const asked: string[] = [];
    const archived = new Map<string, MessageRecord>();
    const archive = {
      read(id: string) {
        asked.push(id);
        return Promise.resolve(archived.get(id));
      },
    };
    edge = await openEdge({ archive });
    const { id } = (await post(message())).json<MessageAnswer>();
    const own = (await get(id)).json<MessageRecord>();
    expect(own).toMatchObject({ id, status: 'accepted' });
    archived.set(id, { ...own, status: 'delivered' });
    expect((await get(id)).json()).toEqual({ ...own, status: 'delivered' });
    archived.set('MOTHER-1', { ...own, id: 'MOTHER-1' });
    expect((await get('MOTHER-1')).json()).toEqual({ ...own, id: 'MOTHER-1' });
    expectProblem(await get('MOTHER-2'), 404, 'no-such-message');
    expect(asked).toEqual([id, id, 'MOTHER-1', 'MOTHER-2']);
  });

  test('that is away says so', async () => {
    edge = await openEdge({ archive: { read: () => Promise.reject(new Error('away')) } });
    const { id } = (await post(message())).json<MessageAnswer>();
    expectProblem(await get(id), 503, 'archive-unavailable', '1');
  });
});
