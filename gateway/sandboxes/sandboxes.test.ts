import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest, type ProblemBody } from '../gateway-under-test.ts';
import { SANDBOXES_GONE_MAX, SANDBOXES_MAX } from '../limits.ts';
import { SANDBOX_HEADER, type SandboxSettings, Sandboxes } from './index.ts';
import type { InnerGateway } from './sandboxes.ts';

interface Opened {
  readonly id: string;
  readonly url: string;
  readonly header: { readonly name: string; readonly value: string };
  readonly api: { readonly id: string; readonly secret: string };
  readonly account: string;
  readonly smpp: { readonly urls: readonly string[]; readonly systemId: string; readonly password: string } | null;
}
interface Inbox {
  readonly messages: readonly { readonly text: string; readonly account?: string }[];
}

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest();
});
afterAll(() => gateway.close());

async function open(settings?: object): Promise<Opened> {
  const { status, body } = await gateway.ask<Opened>('POST', '/v1/sandboxes', settings);
  expect(status).toBe(201);
  return body;
}
const close = (id: string) => gateway.ask('DELETE', `/v1/sandboxes/${id}`);

const TEXT = { from: '+15005556000', to: '+15005550000' };
const textsOf = async (headers: Record<string, string>): Promise<string[]> =>
  (await gateway.ask<Inbox>('GET', '/v1/messages', undefined, headers)).body.messages.map(({ text }) => text);

describe('a sandbox', () => {
  test('is reached by its path, its header and its credentials, and is not the gateway before it', async () => {
    const one = await open();
    const other = await open({});
    const ways: Record<string, [path: string, headers: Record<string, string>]> = {
      path: [new URL(one.url).pathname, {}],
      header: ['', { [one.header.name]: one.header.value }],
      basic: ['', { authorization: `Basic ${Buffer.from(`${one.api.id}:${one.api.secret}`).toString('base64')}` }],
      bearer: ['', { authorization: `Bearer ${one.api.secret}` }],
    };
    for (const [text, [path, headers]] of Object.entries(ways)) {
      const sent = await gateway.ask('POST', `${path}/v1/messages`, { ...TEXT, text }, headers);
      expect(sent).toMatchObject({ status: 202, body: { registration: 'registered' } });
    }
    expect(await textsOf({ [SANDBOX_HEADER]: one.id })).toEqual(Object.keys(ways));
    expect(await textsOf({ [SANDBOX_HEADER]: other.id })).toEqual([]);
    expect(await textsOf({})).toEqual([]);
    for (const { id } of [one, other]) expect(await close(id)).toMatchObject({ status: 204 });
  });

  test("is found by what providers' clients come with: a token got for its credentials, a JWT, a key in the path", async () => {
    const { id, api } = await open();
    const basic = Buffer.from(`${api.id}:${api.secret}`).toString('base64');
    const { body } = await gateway.ask<{ access_token: string }>(
      'POST',
      '/sinch/oauth2/token',
      'grant_type=client_credentials',
      { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    );
    const jwt = `x.${Buffer.from(JSON.stringify({ application_id: api.id })).toString('base64url')}.x`;
    for (const [path, authorization] of [
      ['', `Bearer ${body.access_token}`],
      ['', `Bearer ${jwt}`],
      [`?api_key=${api.id}&api_secret=${api.secret}`, undefined],
    ] as const) {
      await gateway.ask(
        'POST',
        `/v1/messages${path}`,
        { ...TEXT, text: 'Hi' },
        { ...(authorization && { authorization }) },
      );
    }
    expect(await textsOf({ [SANDBOX_HEADER]: id })).toHaveLength(3);
    for (const authorization of ['Bearer a.b.c', 'Bearer ..', 'Basic', 'Digest x']) {
      expect(await gateway.ask('GET', '/v1/regime?api_key=', undefined, { authorization })).toMatchObject({
        status: 200,
      });
    }
    await close(id);
  });

  test('has a seed, a date and a clock of its own, and an ESME of its own', async () => {
    const one = await open({ seed: 9, tariffDate: '2025-06-01', clock: 'frozen@2030-01-01T00:00:00Z', smpp: true });
    const headers = { [SANDBOX_HEADER]: one.id };
    expect(await gateway.ask('GET', '/v1/clock', undefined, headers)).toMatchObject({
      body: { now: '2030-01-01T00:00:00.000Z', state: 'frozen' },
    });
    expect(await gateway.ask('GET', '/v1/regime', undefined, headers)).toMatchObject({ body: { date: '2025-06-01' } });
    expect(await gateway.ask('GET', '/v1/regime')).toMatchObject({ body: { date: '2024-03-01' } });
    expect(one.smpp).toMatchObject({ systemId: one.id, urls: [expect.stringMatching(/^smpp:\/\/127\.0\.0\.1:\d+$/)] });
    expect(one.smpp?.password).toHaveLength(8);
    await close(one.id);
  });

  test('is listed while it is open, without its secrets', async () => {
    const { id, api } = await open();
    await gateway.ask('POST', '/v1/messages', { ...TEXT, text: 'Hi' }, { [SANDBOX_HEADER]: id });
    const { body, text } = await gateway.ask<{ sandboxes: object[] }>('GET', '/v1/sandboxes', undefined, {
      [SANDBOX_HEADER]: id,
    });
    expect(body.sandboxes).toMatchObject([{ id, messages: 1 }]);
    expect(text).not.toContain(api.secret);
    await close(id);
    expect(await gateway.ask('GET', '/v1/sandboxes')).toMatchObject({ body: { sandboxes: [] } });
  });

  test('that is gone, or never was, is told of', async () => {
    const { id, url } = await open();
    await close(id);
    expect(await close(id)).toMatchObject({ status: 404, body: { type: 'urn:tollgate:problem:no-such-sandbox' } });
    for (const [path, headers] of [
      [`${new URL(url).pathname}/v1/messages`, {}],
      ['/v1/messages', { [SANDBOX_HEADER]: id }],
      ['/v1/messages', { [SANDBOX_HEADER]: '' }],
    ] as const) {
      const { status, body, headers: got } = await gateway.ask('GET', path, undefined, headers);
      expect([status, body.type, got.get('content-type')]).toEqual([
        404,
        'urn:tollgate:problem:no-such-sandbox',
        'application/problem+json',
      ]);
    }
  });

  test('that is gone is told of to who has its credentials, too, and the gateway before it takes nothing', async () => {
    const { id, api } = await open();
    await close(id);
    const held = gateway.store.nextSequence;
    const basic = Buffer.from(`${api.id}:${api.secret}`).toString('base64');
    for (const [path, headers] of [
      ['/v1/messages', { authorization: `Basic ${basic}` }],
      ['/v1/messages', { authorization: `Bearer ${api.secret}` }],
      [`/v1/messages?api_key=${api.id}&api_secret=${api.secret}`, {}],
    ] as const) {
      const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'Hi' };
      const { status, body } = await gateway.ask('POST', path, message, headers);
      expect([status, body.type, body.detail]).toEqual([
        404,
        'urn:tollgate:problem:no-such-sandbox',
        expect.stringContaining(`"${id}"`),
      ]);
    }
    expect(gateway.store.nextSequence).toBe(held);
  });

  test('keeps its own account when it takes up the state of another one, while its time stands still', async () => {
    const [one, other] = [await open({ clock: 'frozen@2024-03-01T18:00:00Z' }), await open({ clock: 'frozen' })];
    const snapshot = await fetch(`${one.url}/v1/snapshot`);
    const restored = await fetch(`${other.url}/v1/snapshot`, {
      method: 'PUT',
      body: await snapshot.arrayBuffer(),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(restored.status).toBe(200);
    for (const { id, api } of [other, one]) {
      const { status } = await gateway.ask(
        'POST',
        `/twilio/2010-04-01/Accounts/${api.id}/Messages.json`,
        new URLSearchParams({ From: TEXT.from, To: TEXT.to, Body: id }).toString(),
        {
          authorization: `Basic ${Buffer.from(`${api.id}:${api.secret}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      );
      expect(status).toBe(201);
      const { body } = await gateway.ask<Inbox>('GET', '/v1/messages', undefined, { [SANDBOX_HEADER]: id });
      expect(body.messages).toMatchObject([{ text: id, account: id }]);
    }
    for (const { id } of [one, other]) await close(id);
  });

  test.each<[object, string]>([
    [{ clock: 'yesterday' }, 'clock: "yesterday" must be real, frozen'],
    [{ tariffDate: '2024-02-30' }, 'tariffDate: "2024-02-30" must be a real day'],
    [{ seed: -1 }, 'seed'],
    [{ colour: 'red' }, 'colour'],
    [{ idleS: 0 }, 'idleS'],
  ])('%j is refused, naming the field', async (settings, detail) => {
    const { status, body } = await gateway.ask<ProblemBody>('POST', '/v1/sandboxes', settings);
    expect(Math.floor(status / 100)).toBe(4);
    expect(body.detail).toContain(detail);
    expect(body.detail).not.toContain('JSON object');
  });

  test('requests to many at once go each to its own', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => open({ clock: 'frozen' })));
    await Promise.all(
      many.flatMap(({ id, api }, place) =>
        Array.from({ length: 10 }, (_, count) => {
          const headers: Record<string, string> =
            count % 2 === 0 ? { [SANDBOX_HEADER]: id } : { authorization: `Bearer ${api.secret}` };
          return gateway.ask('POST', '/v1/messages', { ...TEXT, text: `${place}/${count}` }, headers);
        }),
      ),
    );
    for (const [place, { id }] of many.entries()) {
      const texts = await textsOf({ [SANDBOX_HEADER]: id });
      expect(texts.toSorted()).toEqual(Array.from({ length: 10 }, (_, count) => `${place}/${count}`));
    }
    await Promise.all(many.map(({ id }) => close(id)));
  });
});

describe('sandboxes', () => {
  class StandInGateway implements InnerGateway {
    isClosed = false;
    readonly smpp = undefined;
    readonly taken: ServerResponse[] = [];
    readonly app = { routing: (_request: IncomingMessage, response: ServerResponse) => void this.taken.push(response) };
    close(): Promise<void> {
      this.isClosed = true;
      return Promise.resolve();
    }
  }
  const openSandboxes = (settings: SandboxSettings[] = []) =>
    new Sandboxes({
      open: (one) => {
        settings.push(one);
        return Promise.resolve(new StandInGateway());
      },
      machineClock: gateway.time,
      machineTimers: gateway.time,
      log: { error: (fields) => expect(fields).toBeUndefined() },
    });

  test('that nobody uses are closed, unless they are for ever', async () => {
    const sandboxes = openSandboxes();
    const [short, long, forEver] = [
      await sandboxes.open({}, 5_000),
      await sandboxes.open({}, 60_000),
      await sandboxes.open({}, Infinity),
    ];
    gateway.time.advance(30_000);
    expect(sandboxes.all).toEqual([long, forEver]);
    expect('inner' in short && short.inner.isClosed).toBe(true);
    gateway.time.advance(3_600_000);
    expect(sandboxes.all).toEqual([forEver]);
    await sandboxes.close();
    expect(sandboxes.all).toEqual([]);
  });

  test('that answer a request are used until it is answered, or the connection breaks', async () => {
    const sandboxes = openSandboxes();
    const server = createServer((request, response) => void sandboxes.take(request, response)).listen(0, '127.0.0.1');
    const { port } = await new Promise<AddressInfo>((resolve) =>
      server.once('listening', () => resolve(server.address() as AddressInfo)),
    );
    const [answered, broken] = [await sandboxes.open({}, 5_000), await sandboxes.open({}, 5_000)];
    if ('detail' in answered || 'detail' in broken) throw new Error('no sandboxes');
    const answer = fetch(`http://127.0.0.1:${port}/`, { headers: { [SANDBOX_HEADER]: answered.id } });
    // The second is not answered before the first.
    const connection = connect(port, '127.0.0.1');
    connection.write(`GET / HTTP/1.1\r\nhost: x\r\n${SANDBOX_HEADER}: ${broken.id}\r\n\r\n`.repeat(2));
    await expect.poll(() => [answered.inner.taken.length, broken.inner.taken.length]).toEqual([1, 2]);
    gateway.time.advance(3_600_000);
    expect(sandboxes.all).toEqual([answered, broken]);

    connection.destroy();
    await expect.poll(() => broken.inner.taken.every(({ req }) => req.socket.destroyed)).toBe(true);
    gateway.time.advance(3_600_000);
    expect(sandboxes.all).toEqual([answered]);

    answered.inner.taken[0]?.end();
    await (await answer).text();
    await expect.poll(() => answered.openAnswers.size).toBe(0);
    expect(answered.lastUsedMs).toBe(gateway.time.nowMs());
    gateway.time.advance(3_600_000);
    expect(sandboxes.all).toEqual([]);
    await sandboxes.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('that were closed are known by id and credentials, so many of them', async () => {
    const sandboxes = openSandboxes();
    const closed: { readonly id: string; readonly api: { readonly id: string; readonly secret: string } }[] = [];
    for (let count = 0; count <= SANDBOXES_GONE_MAX; count += 1) {
      const one = await sandboxes.open();
      if ('detail' in one) throw new Error(one.detail);
      await sandboxes.closeOne(one.id);
      closed.push(one);
    }
    const isTaken = (key: string): boolean => {
      const request = new IncomingMessage(new Socket());
      request.url = '/v1/messages';
      request.headers.authorization = `Bearer ${key}`;
      return sandboxes.take(request, new ServerResponse(request));
    };
    const [first, second] = closed;
    const known = [first, second, closed.at(-1)].map((one) => {
      const { id, api } = one!;
      return [sandboxes.smppOf(id), isTaken(api.id), isTaken(api.secret)];
    });
    expect(known).toEqual([
      [undefined, false, false],
      [null, true, true],
      [null, true, true],
    ]);
    await sandboxes.close();
  });

  test('are so many at most, however fast they are asked for', async () => {
    const sandboxes = openSandboxes();
    const opened = await Promise.all(Array.from({ length: SANDBOXES_MAX + 3 }, () => sandboxes.open()));
    const refused = opened.filter((one) => 'detail' in one);
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ status: 429, type: 'urn:tollgate:problem:too-many-sandboxes' });
    await sandboxes.close();
    expect(await sandboxes.open()).toMatchObject({ status: 503, detail: expect.stringContaining('is closing') });
  });
});
