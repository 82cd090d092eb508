import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type GatewayUnderTest,
  openGatewayUnderTest,
  type ProblemBody,
} from '../../gateway-under-test.ts';
import type { MessageAnswer } from '../../messages/index.ts';
import { Binding } from '../../router/index.ts';

// Sending a message twice under a key and getting one, on a whole gateway.

interface Result {
  readonly index: number;
  readonly id?: string;
  readonly status: string;
  readonly replayed?: true;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

interface BatchAnswer {
  readonly accepted: number;
  readonly refused: number;
  readonly invalid: number;
  readonly results: readonly Result[];
}

const WINDOW_MS = 60_000;

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ idempotencyWindowMs: WINDOW_MS });
});
afterAll(() => gateway.close());

let places = 0;
/** A message from a number that no other test uses. */
function fresh(own: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    from: gateway.number('cpaas', (places += 1)),
    to: gateway.number('att'),
    text: 'Your table is ready.',
    ...own,
  };
}

const post = (body: unknown, key?: string): Promise<Answer<MessageAnswer & ProblemBody>> =>
  gateway.ask('POST', '/v1/messages', body, key === undefined ? {} : { 'idempotency-key': key });
const postBatch = async (body: unknown): Promise<BatchAnswer> =>
  (await gateway.ask<BatchAnswer>('POST', '/v1/messages/batch', body)).body;

/** Sends what `send` does, and says how many messages became of it. */
async function decidedBy<T>(send: () => Promise<T>): Promise<{ got: T; count: number }> {
  const before = gateway.store.nextSequence;
  const got = await send();
  return { got, count: gateway.store.nextSequence - before };
}

function expectReplayed(again: Answer<unknown>, first: Answer<unknown>): void {
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect([again.status, again.text]).toEqual([first.status, first.text]);
  expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect(first.headers.has('idempotent-replayed')).toBe(false);
}

describe('one message', () => {
  test.each([
    ['accepted', 'att', 202],
    ['refused for good', 'landline', 422],
  ] as const)(
    '%s: sent again under its key gets the same answer, byte for byte, and is not decided again',
    async (name, to, status) => {
      const message = fresh({ to: gateway.number(to), reference: name });
      const { got, count } = await decidedBy(
        async () => [await post(message, name), await post(message, name)] as const,
      );
      const [first, again] = got;
      expect([first.status, count]).toEqual([status, 1]);
      expectReplayed(again, first);
    },
  );

  test('has one key, given by header, by field or by both', async () => {
    const message = fresh();
    const first = await post(message, 'b');
    expectReplayed(await post({ ...message, idempotencyKey: 'b' }), first);
    expectReplayed(await post({ ...message, idempotencyKey: 'b' }, 'b'), first);
  });

  test('without a key is a message each time', async () => {
    const message = fresh();
    const [one, other] = [await post(message), await post(message)];
    expect(one.body.id).not.toBe(other.body.id);
  });

  test('answers under a key what it would without one', async () => {
    const [one, other] = [await post(fresh(), 'c'), await post(fresh())];
    expect({ ...one.body, id: '' }).toEqual({ ...other.body, id: '' });
    expect(one.headers.get('content-type')).toBe(other.headers.get('content-type'));
  });

  test('another under the same key is refused, whatever differs', async () => {
    const message = fresh();
    const first = await post(message, 'd');
    const others = [
      { from: gateway.number('cpaas', 999) },
      { to: gateway.number('verizon') },
      { text: 'Your table is ready!' },
      { media: ['https://example.com/a.png'] },
      { route: 'p2p' },
      { truth: 'legit' },
      { reference: 'x' },
      { callbackUrl: 'http://localhost:9/' },
    ];
    const { count } = await decidedBy(async () => {
      for (const own of others) {
        const { status, body } = await post({ ...message, ...own }, 'd');
        expect([status, body.type]).toEqual([422, 'urn:tollgate:problem:idempotency-key-reused']);
        expect(body.detail).toBe('idempotencyKey: was used for another message; give each message a key of its own');
      }
    });
    expect(count).toBe(0);
    // What is left out and what it then means are the same.
    expectReplayed(await post({ ...message, route: 'a2p' }, 'd'), first);
  });

  test('of another account under the same key is another message', async () => {
    const message = fresh();
    const ids = new Set<string>();
    for (const account of ['ann', 'ben', undefined]) ids.add((await post({ ...message, account }, 'e')).body.id);
    expect(ids.size).toBe(3);
    expect((await post({ ...message, account: 'ben' }, 'e')).headers.get('idempotent-replayed')).toBe('true');
  });

  test('over a limit lets go of its key: it is taken when there is room', async () => {
    const from = gateway.number('cpaas', 800);
    await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CSOLE01' });
    const message = fresh({ from });
    for (let count = 0; count < 15; count += 1) expect((await post(message)).status).toBe(202);
    const refused = await post(message, 'f');
    expect(refused.status).toBe(429);
    expect((await post(message, 'f')).headers.has('idempotent-replayed')).toBe(false);
    gateway.time.advance(refused.body.retryAfterMs ?? 0);
    const taken = await post(message, 'f');
    expect(taken.status).toBe(202);
    expectReplayed(await post(message, 'f'), taken);
  });

  test('is a message anew when its window has passed', async () => {
    const message = fresh();
    const first = await post(message, 'g');
    gateway.time.advance(WINDOW_MS - 1);
    expectReplayed(await post(message, 'g'), first);
    gateway.time.advance(1);
    expect((await post(message, 'g')).body.id).not.toBe(first.body.id);
  });

  test('that no one could decide does not use up its key', async () => {
    const message = fresh();
    expect((await post({ ...message, to: '+1911' }, 'h')).status).toBe(422);
    expect((await post(message, 'h')).status).toBe(202);
  });

  test('turned away for want of room is taken under its key when there is some', async () => {
    const small = await openGatewayUnderTest({ inbox: 1 });
    try {
      const message = { from: small.number('cpaas'), to: small.number('att'), text: 'hi', idempotencyKey: 'i' };
      await small.send({ reference: 'in the way' });
      const refused = await small.ask<ProblemBody>('POST', '/v1/messages', message);
      expect([refused.status, refused.body.type]).toEqual([429, 'urn:tollgate:problem:queue-full']);
      small.time.advance(20_000);
      expect((await small.ask('POST', '/v1/messages', message)).status).toBe(202);
    } finally {
      await small.close();
    }
  });

  test('that has to wait in line under a limit is answered so again, and waits once', async () => {
    const queueing = await openGatewayUnderTest({
      inbox: 1_000,
      queueMessages: 500,
      overLimit: new Set([Binding.AttCampaignTpm]),
    });
    try {
      const from = queueing.number('cpaas');
      await queueing.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CSOLE01' });
      for (let count = 0; count < 15; count += 1) await queueing.send({ from });
      const message = { from, to: queueing.number('att'), text: 'hi', idempotencyKey: 'j' };
      const first = await queueing.ask<MessageAnswer>('POST', '/v1/messages', message);
      expect([first.status, first.body.status]).toEqual([202, 'queued']);
      expectReplayed(await queueing.ask('POST', '/v1/messages', message), first);
      expect(queueing.store.queuedCount).toBe(1);
      const { results } = (await queueing.ask<BatchAnswer>('POST', '/v1/messages/batch', [message])).body;
      expect(results).toMatchObject([{ id: first.body.id, status: 'queued', limit: { name: 'att_campaign_tpm' } }]);
    } finally {
      await queueing.close();
    }
  });
});

describe('keys that are none', () => {
  test.each([
    ['an empty header', '', 'Idempotency-Key: is empty; give one to each message, or leave it out'],
    ['a header of 256', 'x'.repeat(256), 'Idempotency-Key: has 256 characters; 255 is the most'],
    [
      'a header beyond ASCII',
      'gr\u00fc\u00df',
      'Idempotency-Key: holds something other than printable ASCII characters',
    ],
    ['a header with a tab', 'a\tb', 'Idempotency-Key: holds something other than printable ASCII characters'],
  ])('%s', async (_name, header, complaint) => {
    const { got, count } = await decidedBy(() => post(fresh(), header));
    expect([got.status, got.body.type, got.body.detail, count]).toEqual([
      422,
      'urn:tollgate:problem:invalid-message',
      complaint,
      0,
    ]);
  });

  const fields = [
    ['an empty field', '', 'is empty; give one to each message, or leave it out'],
    ['a field of 256', 'x'.repeat(256), 'has 256 characters; 255 is the most'],
    ['a field of 100,000', 'x'.repeat(100_000), 'has 100000 characters; 255 is the most'],
    ['a field beyond ASCII', 'grüß', 'holds something other than printable ASCII characters'],
    ['a field with a line break', 'a\nb', 'holds something other than printable ASCII characters'],
    ['a field with a NUL', 'a\0', 'holds something other than printable ASCII characters'],
  ] as const;
  test.each(fields)('%s', async (_name, idempotencyKey, complaint) => {
    const { got, count } = await decidedBy(() => post(fresh({ idempotencyKey })));
    expect([got.status, got.body.detail, count]).toEqual([422, `idempotencyKey: ${complaint}`, 0]);
    const { results, ...counts } = await postBatch([fresh({ idempotencyKey }), fresh()]);
    expect(counts).toEqual({ accepted: 1, refused: 0, invalid: 1 });
    expect(results[0]?.errors).toEqual([{ field: 'idempotencyKey', message: complaint }]);
  });

  test.each([7, null, ['a'], {}])('a field that is no text: %j', async (idempotencyKey) => {
    const { status, body } = await post(fresh({ idempotencyKey }));
    expect([status, body.errors]).toEqual([400, [{ field: 'idempotencyKey', message: 'must be string' }]]);
  });

  test('two that differ', async () => {
    const { got, count } = await decidedBy(() => post(fresh({ idempotencyKey: 'one' }), 'other'));
    expect([got.status, got.body.detail, count]).toEqual([
      422,
      'idempotencyKey: differs from the header Idempotency-Key; give one of them',
      0,
    ]);
  });

  test('one for a whole batch', async () => {
    const { got, count } = await decidedBy(() =>
      gateway.ask<ProblemBody>('POST', '/v1/messages/batch', [fresh()], { 'idempotency-key': 'a' }),
    );
    expect([got.status, count]).toEqual([422, 0]);
    expect(got.body.detail).toBe(
      'Idempotency-Key: is of single messages; give each message of a batch a field idempotencyKey of its own',
    );
  });

  test.each([['x'.repeat(255)], ['~ !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}']])(
    'one at the bounds is taken: %.20s',
    async (key) => {
      const message = fresh();
      const first = await post(message, key);
      expect(first.status).toBe(202);
      expectReplayed(await post({ ...message, idempotencyKey: key }), first);
    },
  );
});

describe('a batch', () => {
  const withKeys = (prefix: string): Record<string, unknown>[] => {
    const registered = gateway.number('cpaas', 801);
    return [
      fresh(),
      fresh({ to: gateway.number('landline') }),
      fresh({ from: '+18005550123' }),
      fresh({ from: registered, media: ['https://example.com/a.png'] }),
      fresh({ to: gateway.number('nobody'), account: 'acme' }),
    ].map((message, n) => ({ ...message, idempotencyKey: prefix + String(n) }));
  };

  test.each(['a JSON array', 'lines'])(
    'as %s, sent again repeats the result of each line, and says so',
    async (form) => {
      const messages = withKeys(form);
      const send = async (): Promise<Result[]> => {
        if (form === 'a JSON array') return [...(await postBatch(messages)).results];
        const lines = messages.map((one) => JSON.stringify(one)).join('\n');
        const { text } = await gateway.ask('POST', '/v1/messages/batch', lines, {
          'content-type': 'application/x-ndjson',
        });
        return text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Result);
      };
      const { got: first, count } = await decidedBy(send);
      expect([count, first.some((one) => 'replayed' in one)]).toEqual([messages.length, false]);
      expect(new Set(first.map(({ status }) => status))).toEqual(new Set(['accepted', 'rejected']));
      const { got: again, count: more } = await decidedBy(send);
      expect(more).toBe(0);
      expect(again.map((one) => JSON.stringify(one))).toEqual(
        first.map((one) => JSON.stringify({ ...one, replayed: true })),
      );
    },
  );

  test('shares its keys with single messages', async () => {
    const [alone, inBatch] = [fresh(), fresh()];
    const single = await post(alone, 'k1');
    const { results, ...counts } = await postBatch([
      { ...inBatch, idempotencyKey: 'k2' },
      { ...alone, idempotencyKey: 'k1' },
    ]);
    expect(counts).toEqual({ accepted: 2, refused: 0, invalid: 0 });
    expect(results[1]).toMatchObject({ id: single.body.id, replayed: true });
    const again = await post(inBatch, 'k2');
    expect([again.status, again.headers.get('idempotent-replayed'), again.body.id]).toEqual([
      202,
      'true',
      results[0]?.id,
    ]);
  });

  test('takes a message that it holds twice once, and refuses another under the same key', async () => {
    const message = fresh({ idempotencyKey: 'l' });
    const { got, count } = await decidedBy(() => postBatch([fresh(), message, { ...message, text: 'other' }, message]));
    const { results, ...counts } = got;
    expect([count, counts]).toEqual([2, { accepted: 3, refused: 0, invalid: 1 }]);
    expect(results[3]).toEqual({ ...results[1], index: 3, replayed: true });
    expect(results[2]).toEqual({
      index: 2,
      status: 'invalid',
      errors: [
        { field: 'idempotencyKey', message: 'was used for another message; give each message a key of its own' },
      ],
    });
  });

  test('tells a message it holds twice the same, also where it is over a limit', async () => {
    const from = gateway.number('cpaas', 802);
    // One number may send AT&T 60 a minute.
    const filler = Array.from({ length: 60 }, () => fresh({ from }));
    const message = fresh({ from, idempotencyKey: 'm' });
    const { results } = await postBatch([...filler, message, message]);
    const [first, again] = results.slice(-2);
    expect(first).toMatchObject({ status: 'rejected', limit: { scope: expect.any(String), key: expect.any(String) } });
    expect(again).toEqual({ ...first, index: 61, replayed: true });
    gateway.time.advance(60_000);
    expect((await post({ ...message }, 'm')).status).toBe(202);
  });

  test('longer than a slice finds its own keys of before', async () => {
    const to = gateway.number('landline');
    const messages = Array.from({ length: 2_400 }, (_, n) => ({
      ...fresh({ to, from: gateway.number('cpaas', n % 1_200) }),
      idempotencyKey: `n${n % 1_200}`,
    }));
    const { got, count } = await decidedBy(() => postBatch(messages));
    expect(count).toBe(1_200);
    expect(got.results.map(({ replayed }) => replayed === true)).toEqual(messages.map((_, n) => n >= 1_200));
    expect(got.results.slice(1_200).map(({ id }) => id)).toEqual(got.results.slice(0, 1_200).map(({ id }) => id));
  });
});

test('however messages are sent again, one by one, in batches and at once, each is taken once and answered alike', async () => {
  const seed = Number(process.env['TOLLGATE_MODEL_SEED'] ?? 20_261_123);
  let round = 0;
  const request = fc.array(fc.record({ message: fc.nat(5), isLandline: fc.boolean() }), { minLength: 1, maxLength: 8 });
  const property = fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
    round += 1;
    const own = (n: number, isLandline: boolean): Record<string, unknown> => ({
      from: gateway.number('cpaas', 900 + n),
      to: gateway.number(isLandline ? 'landline' : 'verizon'),
      text: 'hi',
      idempotencyKey: `r${round} ${n} ${isLandline}`,
    });
    const { got, count } = await decidedBy(() =>
      Promise.all(
        requests.map(async (asked): Promise<readonly [key: string, id: string | undefined][]> => {
          const messages = asked.map(({ message, isLandline }) => own(message, isLandline));
          const keyOf = (n: number): string => String(messages[n]?.['idempotencyKey']);
          if (messages.length === 1) return [[keyOf(0), (await post(messages[0])).body.id]];
          return (await postBatch(messages)).results.map(({ id }, n) => [keyOf(n), id] as const);
        }),
      ),
    );
    const idOf = new Map<string, string | undefined>();
    for (const [key, id] of got.flat()) {
      expect(id).toMatch(/^M/);
      if (idOf.has(key)) expect(id).toBe(idOf.get(key));
      idOf.set(key, id);
    }
    expect(count).toBe(idOf.size);
  });
  try {
    await fc.assert(property, { seed, numRuns: 25, endOnFailure: true });
  } catch (error) {
    const again = `TOLLGATE_MODEL_SEED=${seed} npx vitest run gateway/ingress/http/idempotency.test.ts`;
    throw new Error(`${String(error)}\nAgain: ${again}`, { cause: error });
  }
});
