import Fastify from 'fastify';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type GatewayUnderTest, openGatewayUnderTest, type ProblemBody } from '../gateway-under-test.ts';
import { RESET_STATE_BYTES_MAX, SNAPSHOT_BODY_BYTES, STATE_BYTES_MAX } from '../limits.ts';
import type { MessageRecord } from '../messages/index.ts';
import type { ServeOptions } from '../options.ts';
import type { Stateful } from '../router/index.ts';
import { GatewayState, StateUnavailable } from './gateway-state.ts';
import { stateRoutes } from './index.ts';
import { deserialized, packed, readHead, serialized, unpacked } from './snapshot-file.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };
const INBOX = 60_000;

let gateway: GatewayUnderTest;
const others: GatewayUnderTest[] = [];
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ inbox: INBOX });
});
beforeEach(async () => {
  expect(await gateway.ask('POST', '/v1/reset')).toMatchObject({ status: 200 });
});
afterEach(async () => {
  for (const one of others.splice(0)) await one.close();
});
afterAll(() => gateway.close());

const taken = async (of = gateway): Promise<Buffer<ArrayBuffer>> =>
  Buffer.from(await (await fetch(`${of.url}/v1/snapshot`)).arrayBuffer());
const put = async (file: Buffer<ArrayBuffer>, into = gateway): Promise<{ status: number; body: ProblemBody }> => {
  const answer = await fetch(`${into.url}/v1/snapshot`, { method: 'PUT', body: file, headers: OCTETS });
  return { status: answer.status, body: (await answer.json()) as ProblemBody };
};
const messages = async (of = gateway): Promise<readonly string[]> => {
  const { body } = await of.ask<{ messages: readonly MessageRecord[] }>('GET', '/v1/messages');
  return body.messages.map(({ id }) => id);
};

/** Whether two snapshots hold the same, whatever their bytes: a text may be written in two ways. */
const isSame = async (one: Buffer, other: Buffer): Promise<boolean> =>
  isDeepStrictEqual(await unpacked(one), await unpacked(other));

/** With these bytes changed at a place. */
function changed(file: Buffer<ArrayBuffer>, at: number, ...bytes: number[]): Buffer<ArrayBuffer> {
  const copy = Buffer.from(file);
  copy.set(bytes, at);
  return copy;
}

describe('a snapshot', () => {
  test('is a file that others than its owner are not asked to read, and says when it was taken', async () => {
    const answer = await fetch(`${gateway.url}/v1/snapshot`);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="tollgate.state"');
    const file = Buffer.from(await answer.arrayBuffer());
    expect(readHead(file).takenAt).toBe('2024-03-01T18:00:00.000Z');
    expect(await put(file)).toEqual({ status: 200, body: { restored: '2024-03-01T18:00:00.000Z' } });
  });

  test('of a gateway that has just begun is small', async () => {
    expect((await taken()).length).toBeLessThan(100_000);
  });

  test.each<[string, string | undefined, (file: Buffer<ArrayBuffer>) => Buffer<ArrayBuffer>]>([
    ['nothing', undefined, () => Buffer.alloc(0)],
    ['other bytes', undefined, () => Buffer.from('TGRS'.repeat(30))],
    ['its beginning alone', undefined, (file) => file.subarray(0, 40)],
    ['one of another format', 'format', (file) => changed(file, 8, 2)],
    ['one cut short', 'checksum', (file) => file.subarray(0, -1)],
    ['one added to', 'checksum', (file) => Buffer.concat([file, Buffer.of(0)])],
    ['one with a byte changed', 'checksum', (file) => changed(file, file.length - 9, file.at(-9)! ^ 1)],
    ['one with a wrong length of head', 'checksum', (file) => changed(file, 12, 0xff, 0xff, 0xff, 0xff)],
  ])('is not %s: refused with the reason, and nothing changes', async (_what, field, spoil) => {
    await gateway.send();
    const before = await taken();
    const { status, body } = await put(spoil(before));
    expect([status, body.type]).toEqual([422, 'urn:tollgate:problem:snapshot-refused']);
    expect(body.errors?.map((one) => one.field)).toEqual(field === undefined ? undefined : [field]);
    expect(await isSame(await taken(), before)).toBe(true);
  });

  test.each<[string, Partial<Omit<ServeOptions, 'book' | 'books'>>]>([
    ['seed', { seed: 2 }],
    ['inbox', { inbox: INBOX + 1 }],
    ['queue-messages', { queueMessages: 5 }],
    ['over-limit', { overLimit: new Set([1]) }],
  ])('of a gateway with another %s is refused by name', async (field, own) => {
    const other = await openGatewayUnderTest({ inbox: INBOX, ...own });
    others.push(other);
    const { status, body } = await put(await taken(other));
    expect([status, body.errors?.map((one) => one.field)]).toEqual([422, [field]]);
    expect(body.detail).toMatch(/ is .* here and was .* where the snapshot was taken/);
  });

  test('of other books or another version is refused by name', async () => {
    const file = await taken();
    const head = readHead(file);
    for (const name of ['books', 'version']) {
      const alike = { ...head.alike, [name]: 'another' };
      const one = await packed({ ...head, alike }, serialized(await unpacked(file)));
      expect((await put(Buffer.from(one))).body.errors?.map(({ field }) => field)).toEqual([name]);
    }
  });

  test.each<[string, (states: Map<string, unknown>) => void]>([
    ['lacks a part', (states) => states.delete('intake')],
    ['has a part too many', (states) => states.set('something else', 1)],
    ['has a part that is none', (states) => states.set('intake', undefined)],
    ['has numbers that are none', (states) => states.set('number registry', { registry: { active: Buffer.alloc(9) } })],
  ])('that %s is refused, and what was restored by then is put back', async (_what, spoil) => {
    await gateway.send();
    const file = await taken();
    await gateway.send();
    const before = await taken();
    const states = new Map(await unpacked(file));
    spoil(states);
    const { status, body } = await put(Buffer.from(await packed(readHead(file), serialized(states))));
    expect([status, body.errors?.map(({ field }) => field)]).toEqual([422, ['parts']]);
    expect(await isSame(await taken(), before)).toBe(true);
    expect((await messages()).length).toBe(2);
  });

  test('is not taken for text or JSON, nor beyond its size', async () => {
    for (const type of ['application/json', 'text/plain']) {
      expect(await gateway.ask('PUT', '/v1/snapshot', '{}', { 'content-type': type })).toMatchObject({ status: 415 });
    }
    const { port } = new URL(gateway.url);
    const headers = { ...OCTETS, 'content-length': SNAPSHOT_BODY_BYTES + 1 };
    const sent = request({ port, method: 'PUT', path: '/v1/snapshot', headers });
    const answered = new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    sent.on('error', () => undefined).flushHeaders();
    const answer = await answered;
    sent.destroy();
    expect(answer.statusCode).toBe(413);
  });
});

describe('while work is under way that takes several turns', () => {
  const asked = async (): Promise<(readonly [status: number, detail: string, retryAfter: string | null])[]> => {
    const of = ({ status, body, headers }: Answer<ProblemBody>) =>
      [status, body.detail, headers.get('retry-after')] as const;
    const answers = await Promise.all([gateway.ask('GET', '/v1/snapshot'), gateway.ask('POST', '/v1/reset')]);
    return answers.map((one) => of(one));
  };

  test('a batch: neither saved nor restored, and both once it is done', async () => {
    const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
    const batch = gateway.ask(
      'POST',
      '/v1/messages/batch',
      Array.from({ length: 60_000 }, () => message),
    );
    while (gateway.store.nextSequence === 0) await new Promise((resolve) => setImmediate(resolve));
    const conflict = [409, 'a batch of messages is under way; try again when it has ended', '1'];
    expect(await asked()).toEqual([conflict, conflict]);
    expect((await batch).status).toBe(200);
    expect(await gateway.ask('POST', '/v1/reset')).toMatchObject({ status: 200 });
    expect(await messages()).toEqual([]);
  });

  test('a file of numbers: the same', async () => {
    const { port } = new URL(gateway.url);
    const authorization = `Basic ${Buffer.from('north-key:north-secret').toString('base64')}`;
    const headers = { authorization, 'content-type': 'text/csv' };
    const upload = request({ port, method: 'POST', path: '/nnsr/v1/bulk', headers });
    const answered = new Promise<IncomingMessage>((resolve) => upload.once('response', resolve));
    upload.write(`number,campaignId,nnid\n${gateway.number('cpaas')},CTOPA01,\n`);
    const answer = await answered;
    const conflict = [409, 'a file of numbers is under way; try again when it has ended', '1'];
    expect(await asked()).toEqual([conflict, conflict]);
    upload.end();
    for await (const _part of answer);
    expect(await gateway.ask('POST', '/v1/reset')).toMatchObject({ status: 200 });
  });
});

test('a reset goes back to where the gateway was told to begin', async () => {
  const other = await openGatewayUnderTest({ inbox: INBOX });
  others.push(other);
  const first = await other.send();
  await other.keepStart();
  await other.send();
  await other.ask('POST', '/v1/reset', undefined, { 'content-type': 'application/json' });
  expect(await messages(other)).toEqual([first.body.id]);
});

test('a post that waits to be tried again waits in the state, and is tried at the same moments where that is restored', async () => {
  const attempts: string[] = [];
  const receiver = createServer((incoming, response) => {
    const { 'tollgate-attempt': attempt, 'tollgate-repeat': repeat } = incoming.headers;
    attempts.push(`${String(attempt)} ${String(repeat)} at ${gateway.time.nowMs()}`);
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const callbackUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  interface Webhooks {
    readonly pending: number;
    readonly attempts: Readonly<Record<string, number>>;
    readonly hosts: readonly { readonly underWay: number }[];
  }
  const webhooks = async (): Promise<Webhooks> => (await gateway.ask<Webhooks>('GET', '/v1/webhooks')).body;
  /** Time stands while a post is under way. */
  const triedTimes = async (count: number): Promise<void> => {
    while (attempts.length < count) {
      gateway.time.advance(20);
      while ((await webhooks()).hosts.some(({ underWay }) => underWay > 0));
    }
  };
  await gateway.send({ callbackUrl });
  await triedTimes(1);
  const file = await taken();
  const before = await webhooks();
  await triedTimes(3);
  await put(file);
  expect(await webhooks()).toEqual(before);
  await triedTimes(5);
  expect(attempts.slice(3)).toEqual(attempts.slice(1, 3));
  receiver.closeAllConnections();
  receiver.close();
});

test('only an operator saves, restores and resets', async () => {
  const guarded = await openGatewayUnderTest({ adminUser: 'ops', adminPassword: 'secret' });
  others.push(guarded);
  const authorization = `Basic ${Buffer.from('ops:secret').toString('base64')}`;
  for (const [method, path] of [
    ['GET', '/v1/snapshot'],
    ['PUT', '/v1/snapshot'],
    ['POST', '/v1/reset'],
  ] as const) {
    expect(await guarded.ask(method, path)).toMatchObject({ status: 401 });
  }
  expect(await guarded.ask('POST', '/v1/reset', undefined, { authorization })).toMatchObject({ status: 200 });
});

test('where the state is shared there is none to save or restore', async () => {
  const app = Fastify();
  await app.register(stateRoutes, { state: undefined, requireAdmin: undefined });
  for (const [method, url] of [
    ['GET', '/v1/snapshot'],
    ['POST', '/v1/reset'],
  ] as const) {
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.json<ProblemBody>().detail]).toEqual([
      409,
      expect.stringContaining('lies in Redis'),
    ]);
  }
  await app.close();
});

describe('a state that is too large', () => {
  const stateOf = (bytes: number, part: Stateful = { capture: () => 1, restore: () => undefined }): GatewayState =>
    new GatewayState({
      parts: { part },
      alike: () => ({}),
      clock: { nowMs: () => 0, monotonicNs: () => 0 },
      underWay: () => undefined,
      sizeBytes: () => bytes,
      whenRestored: () => undefined,
    });

  test('to keep beside the gateway is not kept, and can be saved all the same', async () => {
    const state = stateOf(RESET_STATE_BYTES_MAX + 1);
    state.keepStart();
    await expect(state.reset()).rejects.toThrow(StateUnavailable);
    expect(deserialized(serialized(await unpacked(await state.save())))).toEqual(new Map([['part', 1]]));
  });

  test('for a snapshot is not saved', async () => {
    await expect(stateOf(STATE_BYTES_MAX + 1).save()).rejects.toThrow(StateUnavailable);
  });
});
