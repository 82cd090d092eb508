import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type GatewayUnderTest, openGatewayUnderTest } from '../../gateway-under-test.ts';
import { BATCH_BODY_BYTES, BATCH_MESSAGES_MAX } from '../../limits.ts';
import type { MessageAnswer, MessageRecord } from '../../messages/index.ts';

interface Result {
  readonly index: number;
  readonly id?: string;
  readonly status: string;
  readonly decision?: string;
  readonly reason?: string;
  readonly carrier?: string;
  readonly segments?: number;
  readonly totalMicros?: number;
  readonly limit?: MessageAnswer['limit'];
  readonly retryAfterMs?: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

interface BatchAnswer {
  readonly accepted: number;
  readonly refused: number;
  readonly invalid: number;
  readonly results: readonly Result[];
}

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

const sendArray = (body: unknown): Promise<Answer<BatchAnswer>> => gateway.ask('POST', '/v1/messages/batch', body);
const sendLines = (lines: string): Promise<Answer<unknown>> =>
  gateway.ask('POST', '/v1/messages/batch', lines, { 'content-type': 'application/x-ndjson' });
const resultsOf = (answer: Answer<unknown>): Result[] =>
  answer.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Result);

const message = (own: Record<string, unknown> = {}): Record<string, unknown> => ({
  from: gateway.number('cpaas'),
  to: gateway.number('att'),
  text: 'Your table is ready.',
  ...own,
});

describe('a JSON array', () => {
  test('is answered by an array: good messages are taken, bad ones named by index, refused ones told why', async () => {
    const { status, body } = await sendArray([
      message(),
      message({ to: '+1911' }),
      message({ to: gateway.number('landline') }),
      { txt: 'hi' },
      null,
      message({ reference: 'last' }),
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({ accepted: 2, refused: 1, invalid: 3 });
    expect(body.results).toEqual([
      {
        index: 0,
        id: expect.any(String),
        status: 'accepted',
        decision: 'accepted',
        reason: 'not_in_registry',
        carrier: 'att',
        segments: 1,
        totalMicros: 18_400,
      },
      { index: 1, status: 'invalid', errors: [{ field: 'to', message: expect.stringContaining('ten digits') }] },
      {
        index: 2,
        id: expect.any(String),
        status: 'rejected',
        decision: 'destination_landline',
        reason: 'not_classed',
        carrier: 'none',
        segments: 1,
        totalMicros: 0,
      },
      {
        index: 3,
        status: 'invalid',
        errors: expect.arrayContaining([
          { field: 'from', message: 'is missing; add it' },
          { field: 'txt', message: 'is not a field of this request; check its spelling or remove it' },
        ]),
      },
      { index: 4, status: 'invalid', errors: [{ field: '', message: 'must be a JSON object' }] },
      expect.objectContaining({ index: 5, status: 'accepted' }),
    ]);
    const last = await gateway.ask<MessageRecord>('GET', `/v1/messages/${body.results[5]?.id}`);
    expect(last.body.reference).toBe('last');
  });

  test('of nothing is answered by nothing', async () => {
    const { status, body } = await sendArray('[]');
    expect(status).toBe(200);
    expect(body).toEqual({ accepted: 0, refused: 0, invalid: 0, results: [] });
  });

  test('a key that would reach the prototype is an unknown field of its message', async () => {
    const { body } = await sendArray('[{"__proto__":{"from":"+12125550100","to":"+12125550101","text":"a"}}]');
    expect(body.results[0]?.errors).toContainEqual({
      field: '__proto__',
      message: 'is not a field of this request; check its spelling or remove it',
    });
  });
});

describe('lines of NDJSON', () => {
  test('are answered by lines; blank ones do not count, and CRLF ends a line too', async () => {
    const answer = await sendLines(`\n${JSON.stringify(message())}\r\n\r\n  \n${JSON.stringify(message())}\n\n`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson\b/);
    expect(resultsOf(answer)).toMatchObject([
      { index: 0, status: 'accepted' },
      { index: 1, status: 'accepted' },
    ]);
  });

  test('a last line cut off half-way costs only itself', async () => {
    const whole = JSON.stringify(message());
    const results = resultsOf(await sendLines(`${whole}\n${whole.slice(0, 30)}`));
    expect(results).toEqual([
      expect.objectContaining({ index: 0, status: 'accepted' }),
      {
        index: 1,
        status: 'invalid',
        errors: [{ field: '', message: 'this line is not valid JSON; one message per line' }],
      },
    ]);
  });

  test('nothing is answered by nothing', async () => {
    const answer = await sendLines('\n\n');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});

describe('a body that is no batch', () => {
  test.each([
    ['one message', '{"from":"+12125550100"}', 'not-a-batch', 'the body must be a JSON array of messages'],
    ['a text', '"hello"', 'not-a-batch', 'the body must be a JSON array of messages'],
    ['half an array', '[{}', 'malformed-json', 'the body is not valid JSON: '],
    ['an empty body', '', 'malformed-json', 'the body is empty; send a JSON array of messages'],
    ['no body', undefined, 'malformed-json', 'the body is empty; send a JSON array of messages'],
  ])('%s', async (_name, body, kind, detail) => {
    const answer = await gateway.ask('POST', '/v1/messages/batch', body);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(answer.body.type).toBe(`urn:tollgate:problem:${kind}`);
    expect(answer.body.detail).toContain(detail);
  });

  test('one of another type', async () => {
    const answer = await gateway.ask('POST', '/v1/messages/batch', 'a,b', { 'content-type': 'text/csv' });
    expect(answer.status).toBe(415);
    expect(answer.body.type).toBe('urn:tollgate:problem:unsupported-media-type');
  });

  test('one of too many messages is refused whole', async () => {
    const before = gateway.store.nextSequence;
    const answer = await gateway.ask('POST', '/v1/messages/batch', `[${'0,'.repeat(BATCH_MESSAGES_MAX)}0]`);
    expect(answer.status).toBe(413);
    expect(answer.body.type).toBe('urn:tollgate:problem:batch-too-large');
    expect(answer.body.detail).toContain(`${BATCH_MESSAGES_MAX} is the most`);
    expect(gateway.store.nextSequence).toBe(before);
  });

  test('one of too many bytes is refused whole', async () => {
    const answer = await gateway.ask('POST', '/v1/messages/batch', ' '.repeat(BATCH_BODY_BYTES + 1));
    expect(answer.status).toBe(413);
    expect(answer.body.type).toBe('urn:tollgate:problem:body-too-large');
  });
});

test('a batch decides as its messages would one by one', async () => {
  const registered = gateway.number('cpaas', 1);
  await gateway.ask('PUT', `/v1/numbers/${registered}`, { campaign: 'CTOPA01' });
  const messages = [
    message(),
    message({ from: registered }),
    message({ from: registered, to: gateway.number('tmobile'), text: 'ß'.repeat(200) }),
    message({ to: gateway.number('uscellular'), route: 'p2p' }),
    message({ to: gateway.number('verizon'), media: ['https://example.com/a.png'] }),
    message({ to: gateway.number('nobody') }),
  ];
  const { results } = (await sendArray(messages)).body;
  const lines = resultsOf(await sendLines(messages.map((one) => JSON.stringify(one)).join('\n')));
  for (const [index, one] of messages.entries()) {
    const { body } = await gateway.send(one);
    const alone = {
      index,
      id: expect.any(String) as string,
      status: body.status,
      decision: body.decision,
      reason: body.reason,
      carrier: body.carrier,
      segments: body.segments,
      totalMicros: body.price.totalMicros,
    };
    expect(results[index]).toEqual(alone);
    expect(lines[index]).toEqual(alone);
  }
});

test('a limit met inside a batch is told per message, and the longest wait in the header', async () => {
  const from = gateway.number('cpaas', 2);
  await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CSOLE01' });
  const { body, headers, status } = await sendArray(Array.from({ length: 20 }, () => message({ from })));
  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 15, refused: 5, invalid: 0 });
  const refused = body.results.slice(15);
  const limit = { name: 'att_campaign_tpm', scope: 'campaign', key: 'CSOLE01', used: 15, cap: 15 };
  for (const one of refused) expect(one).toMatchObject({ decision: 'att_tpm_exceeded', limit });
  expect((await gateway.send({ from })).body.limit).toEqual(limit);
  const longestMs = Math.max(...refused.map(({ retryAfterMs }) => retryAfterMs ?? 0));
  expect(longestMs).toBeGreaterThan(0);
  expect(headers.get('retry-after')).toBe(String(Math.ceil(longestMs / 1_000)));
});

test('other requests get their turn while a large batch is worked on', async () => {
  // One number may send Verizon 6,000 a minute.
  const to = gateway.number('verizon');
  const lines = Array.from({ length: 60_000 }, (_, place) =>
    JSON.stringify(message({ from: gateway.number('cpaas', place % 20), to, reference: 'batch' })),
  );
  let isBatchAnswered = false;
  const before = gateway.summary().accepted;
  const batch = sendLines(lines.join('\n')).then((answer) => {
    isBatchAnswered = true;
    return answer;
  });
  // As soon as the batch has begun, one more message: it must not wait for the rest.
  while (gateway.summary().accepted === before) await new Promise((resolve) => setImmediate(resolve));
  const single = await gateway.send({ to, reference: 'single' });
  expect(isBatchAnswered).toBe(false);
  expect(single.status).toBe(202);

  const results = resultsOf(await batch);
  expect(results).toHaveLength(60_000);
  expect(results.every(({ status, index }, place) => status === 'accepted' && index === place)).toBe(true);
  // The single message was decided between two of the batch and mixed with neither.
  const ids = new Set([...results.map(({ id }) => id), single.body.id]);
  expect(ids.size).toBe(60_001);
  const { body } = await gateway.ask<MessageRecord>('GET', `/v1/messages/${single.body.id}`);
  expect(body.reference).toBe('single');
});

test('a batch larger than the room is taken up to the brim, and every accepted message ends', async () => {
  const small = await openGatewayUnderTest({ inbox: 10 });
  try {
    const one = { from: small.number('cpaas'), to: small.number('verizon'), text: 'hello' };
    const { body, headers } = await small.ask<BatchAnswer>('POST', '/v1/messages/batch', Array(12).fill(one));
    expect(body).toMatchObject({ accepted: 10, refused: 2, invalid: 0 });
    expect(body.results.slice(10)).toEqual(
      [10, 11].map((index) => ({
        index,
        status: 'rejected',
        decision: 'queue_full',
        reason: 'not_classed',
        carrier: 'none',
        segments: 1,
        totalMicros: 0,
        limit: { name: 'in_flight_messages', scope: 'gateway', key: 'gateway', used: 10, cap: 10 },
        retryAfterMs: 1_000,
      })),
    );
    expect(headers.get('retry-after')).toBe('1');
    small.time.advance(20_000);
    const { delivered, filtered, undelivered, inFlight } = small.summary();
    expect({ ended: delivered + filtered + undelivered, inFlight }).toEqual({ ended: 10, inFlight: 0 });
  } finally {
    await small.close();
  }
});
