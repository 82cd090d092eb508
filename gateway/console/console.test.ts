import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Fastify, { type onRequestHookHandler } from 'fastify';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../../scripts/browser.ts';
import { openGatewayUnderTest } from '../gateway-under-test.ts';
import { LIVE_PERIOD_MS, LIVE_SUBSCRIBERS_MAX } from '../limits.ts';
import type { Summary } from '../messages/index.ts';
import { flowOf } from './flow.ts';
import { consoleRoutes, type LiveEvent } from './index.ts';
import { PassingMessages } from './latest-messages.ts';

const SUMMARY: Summary = {
  atMs: 1_709_251_200_000,
  decided: 7,
  accepted: 6,
  refused: 1,
  registered: 4,
  unregistered: 3,
  blocked: 1,
  inFlight: 0,
  registryNumbers: 100,
  delivered: 6,
  filtered: 0,
  undelivered: 0,
  spamSent: 2,
  spamDelivered: 2,
  spamDeliveredRegistered: 0,
  spamDeliveredUnregistered: 2,
  chargedMicros: 50_000,
  spamChargedMicros: 20_000,
  spamSurchargeMicros: 6_000,
  bypassed: 0,
  carriers: [],
};

const world = await openGatewayUnderTest();
afterAll(() => world.close());

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The plugin behind a real socket, its timer turned by hand. */
async function serve(
  own: {
    readonly padding?: string;
    readonly requireAdmin?: onRequestHookHandler;
    readonly port?: number;
    /** What was decided before the first reading; each adds one. */
    readonly decided?: number;
  } = {},
) {
  const { padding = '', requireAdmin, port = 0, decided = 0 } = own;
  let tick: (() => void) | undefined;
  let timersStarted = 0;
  let readings = 0;
  const app = Fastify();
  const { core, store } = world;
  app.register(consoleRoutes, {
    core,
    store,
    requireAdmin,
    asksWho: requireAdmin !== undefined,
    summary: () => ({ ...SUMMARY, decided: decided + (readings += 1) }),
    regimes: () => [{ carrier: 'att', regime: 'charge-more', share: 0, switched: false }],
    tariffDate: () => `2024-03-01${padding}`,
    timers: {
      every(periodMs, run) {
        expect(periodMs).toBe(LIVE_PERIOD_MS);
        timersStarted += 1;
        tick = run;
        return () => {
          tick = undefined;
        };
      },
      after: () => () => undefined,
    },
    clock: { nowMs: () => 1_709_000_000_000, monotonicNs: () => 0 },
  });
  const address = await app.listen({ host: '127.0.0.1', port });
  const clients: { leave: () => void }[] = [];
  const close = async (): Promise<void> => {
    for (const client of clients) client.leave();
    await app.close();
  };
  closing.push(close);
  return {
    app,
    close,
    decided: () => decided + readings,
    address,
    tick: () => tick?.(),
    isTimerRunning: () => tick !== undefined,
    timersStarted: () => timersStarted,
    readings: () => readings,
    subscribe: async (headers: Readonly<Record<string, string>> = {}) => {
      const client = await subscribe(address, headers);
      clients.push(client);
      return client;
    },
    /** Asks for the stream and reads nothing of it. */
    subscribeDeaf: async () => {
      const socket = await deafSocket(address);
      clients.push({ leave: () => socket.destroy() });
      return socket;
    },
  };
}

interface SeenEvent {
  id: string;
  /** Which event of its run it is. */
  place: number;
  data: LiveEvent;
}

/**
 * A reader of events as the standard has them: fields by line, events apart by a blank line.
 * Not through fetch, which opens a spare connection for each one it aborts, and the server would wait for those.
 */
async function subscribe(address: string, headers: Readonly<Record<string, string>> = {}) {
  const request = get(`${address}/v1/live`, { agent: false, headers });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks = response.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
  let waiting = '';
  const block = async (): Promise<string | undefined> => {
    while (!waiting.includes('\n\n')) {
      const chunk = await chunks.next();
      if (chunk.done === true) return undefined;
      waiting += chunk.value;
    }
    const end = waiting.indexOf('\n\n');
    const one = waiting.slice(0, end);
    waiting = waiting.slice(end + 2);
    return one;
  };
  return {
    response,
    block,
    leave: () => void request.destroy(),
    event: async (): Promise<SeenEvent | undefined> => {
      for (let one = await block(); one !== undefined; one = await block()) {
        const fields = new Map(one.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
        const data = fields.get('data');
        if (data === undefined) continue;
        const [id, event] = [fields.get('id')!, JSON.parse(data) as LiveEvent];
        expect(id.startsWith(`${event.run}-`)).toBe(true);
        return { id, place: Number(id.slice(event.run.length + 1)), data: event };
      }
      return undefined;
    },
  };
}

async function deafSocket(address: string): Promise<Socket> {
  const { port } = new URL(address);
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET /v1/live HTTP/1.1\r\nHost: tollgate\r\n\r\n');
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the page', () => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/console.js', 'text/javascript; charset=utf-8'],
    ['/console.css', 'text/css; charset=utf-8'],
  ])('%s comes as %s, may load nothing foreign and be framed by nobody', async (path, type) => {
    const { address } = await serve();
    const response = await fetch(address + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect((await response.text()).length).toBeGreaterThan(900);
  });

  test('holds nothing that its own policy would refuse, and loads from no other host', async () => {
    const { address } = await serve();
    const html = await (await fetch(`${address}/`)).text();
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    expect(html.match(/<script[^]*?<\/script>/g)).toEqual(['<script type="module" src="console.js"></script>']);
    const css = await (await fetch(`${address}/console.css`)).text();
    expect(css).not.toMatch(/@import|url\(/);
    const hosts = html.match(/https?:\/\/[^'"\s)]+/g) ?? [];
    expect(hosts.filter((host) => !host.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  test('is at most 150 kB on its way to a browser', async () => {
    const { address } = await serve();
    const files = await Promise.all(
      ['/', '/console.js', '/console.css'].map(async (path) => (await fetch(address + path)).text()),
    );
    expect(gzipSync(files.join('')).length).toBeLessThan(150_000);
  });

  test.each(['/index.html', '/package.json', '/..%2fconsole-routes.ts', '/public/index.html', '/console.js.map'])(
    'nothing else is served: %s is not found',
    async (path) => {
      const { address } = await serve();
      expect((await fetch(address + path)).status).toBe(404);
    },
  );
});

describe('the stream', () => {
  test('tells all there is at once and again every period, with growing ids', async () => {
    const gateway = await serve();
    const client = await gateway.subscribe();
    expect(client.response.statusCode).toBe(200);
    expect(client.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(await client.block()).toBe('retry: 2000');
    expect(await client.event()).toEqual({
      id: expect.any(String),
      place: 1,
      data: {
        run: expect.any(String),
        sinceMs: 1_709_000_000_000,
        tariffDate: '2024-03-01',
        regimes: [{ carrier: 'att', regime: 'charge-more', share: 0, switched: false }],
        book: 'us-10dlc',
        summary: { ...SUMMARY, decided: 1 },
        flow: expect.any(Array),
        passing: [],
        withheld: false,
      },
    });
    gateway.tick();
    gateway.tick();
    expect((await client.event())?.place).toBe(2);
    expect((await client.event())?.data.summary.decided).toBe(3);
  });

  test('reads once per period for any number of subscribers, and not at all for none', async () => {
    const gateway = await serve();
    expect(gateway.isTimerRunning()).toBe(false);
    const clients = await Promise.all(Array.from({ length: 10 }, () => gateway.subscribe()));
    const places = () => Promise.all(clients.map(async (client) => (await client.event())?.place));
    expect(await places()).toEqual(Array(10).fill(1));
    gateway.tick();
    expect(await places()).toEqual(Array(10).fill(2));
    expect(gateway.readings()).toBe(2);
    expect(gateway.timersStarted()).toBe(1);

    for (const client of clients) client.leave();
    await until(() => !gateway.isTimerRunning());
    const again = await gateway.subscribe();
    expect((await again.event())?.place).toBe(3);
    expect(gateway.timersStarted()).toBe(2);
  });

  test('tells who comes back what it missed, and who was never here the latest alone', async () => {
    const gateway = await serve();
    const client = await gateway.subscribe();
    const seen = await client.event();
    for (let i = 0; i < 3; i += 1) gateway.tick();
    const back = await gateway.subscribe({ 'last-event-id': seen!.id });
    expect([await back.event(), await back.event(), await back.event()].map((event) => event?.place)).toEqual([
      2, 3, 4,
    ]);
    // Another run may have begun at the same moment, of a clock that stands.
    const otherRun = await (await serve()).subscribe();
    for (const id of [`${seen!.data.run}-9`, (await otherRun.event())!.id, '<>']) {
      const stranger = await gateway.subscribe({ 'last-event-id': id });
      expect((await stranger.event())?.place).toBe(4);
    }
    gateway.tick();
    expect((await back.event())?.place).toBe(5);
  });

  test('refuses one subscriber more than it takes, until another leaves', async () => {
    const gateway = await serve();
    const clients = await Promise.all(Array.from({ length: LIVE_SUBSCRIBERS_MAX }, () => gateway.subscribe()));
    const refused = await fetch(`${gateway.address}/v1/live`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toEqual({
      type: 'urn:tollgate:problem:too-many-subscribers',
      title: 'Too many subscribers',
      status: 429,
      detail: expect.stringContaining(`${LIVE_SUBSCRIBERS_MAX} are watching`),
    });
    clients[0]!.leave();
    let status: number | undefined = 429;
    while (status === 429) status = (await gateway.subscribe()).response.statusCode;
    expect(status).toBe(200);
  });

  test('drops a subscriber that reads nothing; another misses no event', async () => {
    const gateway = await serve({ padding: 'x'.repeat(60_000) });
    const deaf = await gateway.subscribeDeaf();
    let isDeafGone = false;
    deaf.on('close', () => (isDeafGone = true));
    const client = await gateway.subscribe();
    await until(() => gateway.isTimerRunning());
    const places = [(await client.event())!.place];
    // The system itself takes some megabytes before ours pile up.
    for (let i = 0; i < 600; i += 1) {
      gateway.tick();
      places.push((await client.event())!.place);
    }
    expect(places).toEqual(Array.from({ length: 601 }, (_, i) => places[0]! + i));
    deaf.resume();
    await until(() => isDeafGone);
    expect(await countSubscribers(gateway.address)).toBe(1);
  });

  test('answers HEAD by saying there is no such thing, not by a stream without end', async () => {
    const { address } = await serve();
    expect((await fetch(`${address}/v1/live`, { method: 'HEAD' })).status).toBe(404);
  });
});

/** How many are subscribed, seen from outside: the places that are left are filled and counted. */
async function countSubscribers(address: string): Promise<number> {
  const probes: { leave: () => void }[] = [];
  try {
    for (;;) {
      const probe = await subscribe(address);
      if (probe.response.statusCode === 429) return LIVE_SUBSCRIBERS_MAX - probes.length;
      probes.push(probe);
    }
  } finally {
    for (const probe of probes) probe.leave();
  }
}

describe('messages', () => {
  test('that match are found, newest first', async () => {
    const spam = await world.send({ text: 'WIN', truth: 'spam', from: world.number('cpaas', 7) });
    const other = await world.send({ text: 'Your table', truth: 'legit', from: world.number('cpaas', 7) });
    const find = async (query: string): Promise<unknown> => {
      const { body } = await world.ask<{ messages: { id: string }[] }>('GET', `/console/messages?${query}`);
      return body.messages.map(({ id }) => id);
    };
    const number = `number=${encodeURIComponent(world.number('cpaas', 7))}`;
    expect(await find(number)).toEqual([other.body.id, spam.body.id]);
    expect(await find(`${number}&limit=1`)).toEqual([other.body.id]);
    expect(await find(`${number}&truth=spam`)).toEqual([spam.body.id]);
    expect(await find(`${number}&carrier=att&registration=unregistered&status=sent&handset=pending`)).toEqual(
      await find(`${number}&status=sent`),
    );
    expect(await find(`${number}&carrier=verizon`)).toEqual([]);
    expect(await find(`${number}&decision=accepted`)).toEqual([other.body.id, spam.body.id]);
    expect(await find(`${number}&decision=queue_full`)).toEqual([]);
    expect(await find('decision=nonsense')).toEqual([]);
    expect(await find('truth=nonsense')).toEqual([]);
  });

  test('are told without texts and numbers where reading them asks for credentials, and searched with credentials only', async () => {
    const gateway = await serve({ requireAdmin: (_request, reply) => void reply.code(401).send() });
    const client = await gateway.subscribe();
    const from = world.number('cpaas', 7);
    const { body } = await world.send({ text: 'WIN', truth: 'spam', from, reference: 'order 7', account: 'clinic' });
    for (let reading = 0; reading < 7; reading += 1) gateway.tick();
    let told = (await client.event())!.data;
    while (told.passing.length === 0) told = (await client.event())!.data;
    const masked = `${from.slice(0, 5)}•••${from.slice(8)}`;
    expect(told).toMatchObject({ withheld: true, passing: [{ id: body.id, truth: 'spam', from: masked, text: '' }] });
    for (const secret of ['WIN', from, 'order 7', 'clinic']) expect(JSON.stringify(told)).not.toContain(secret);
    for (const path of ['/console/messages', '/console/passing', '/console/admin']) {
      expect((await fetch(gateway.address + path)).status).toBe(401);
    }
  });

  test('are told in full where changes are written down and anybody may make them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-console-'));
    const open = await openGatewayUnderTest({ auditFile: join(folder, 'audit.ndjson') });
    closing.push(async () => {
      client.leave();
      await open.close();
      rmSync(folder, { recursive: true });
    });
    const client = await subscribe(open.url);
    expect((await client.event())!.data.withheld).toBe(false);
  });

  test('that passed lately are told in full, the newest first, whatever became of them', async () => {
    const gateway = await serve();
    const client = await gateway.subscribe();
    const sent: (string | undefined)[] = [];
    for (let message = 0; message < 12; message += 1) {
      const to = world.number(message === 11 ? 'nobody' : 'att');
      sent.push((await world.send({ text: `Passing ${message}`, to })).body.id);
      gateway.tick();
    }
    for (let reading = 0; reading < 6; reading += 1) gateway.tick();
    for (let event = 0; event < 19; event += 1) await client.event();
    const { messages } = (await (await fetch(`${gateway.address}/console/passing`)).json()) as {
      messages: readonly { id: string; text: string; decision: string }[];
    };
    expect(messages.map(({ id }) => id)).toEqual(sent.slice(-10).toReversed());
    expect(messages[0]).toMatchObject({ text: 'Passing 11', decision: 'destination_unassigned' });
  });

  test('whose places the ring has passed over are found too, behind the others', async () => {
    const small = await openGatewayUnderTest({ inbox: 8 });
    closing.push(() => small.close());
    const from = small.number('cpaas', 3);
    const sent: (string | undefined)[] = [];
    const send = async (own = {}): Promise<void> => {
      sent.push((await small.send(own)).body.id);
      small.time.advance(60_000);
    };
    await send({ from });
    await send({ from });
    small.store.setLingering(0, true);
    small.store.setLingering(1, true);
    for (let message = 0; message < 9; message += 1) await send();
    await send({ from });
    expect(small.store.oldestSequence).toBeGreaterThan(1);
    const found = async (limit: number): Promise<unknown> => {
      const query = `number=${encodeURIComponent(from)}&limit=${limit}`;
      const { body } = await small.ask<{ messages: { id: string }[] }>('GET', `/console/messages?${query}`);
      return body.messages.map(({ id }) => id);
    };
    expect(await found(10)).toEqual([sent[11], sent[1], sent[0]]);
    expect(await found(2)).toEqual([sent[11], sent[1]]);
  });

  test.each(['number=12', 'limit=0', 'limit=100000', 'colour=red'])('a search for %s is refused', async (query) => {
    const { status } = await world.ask('GET', `/console/messages?${query}`);
    expect([400, 422]).toContain(status);
  });

  test('pass in a sample, however many there are, some readings after they came', () => {
    const { core, store } = world;
    const passing = new PassingMessages(core, store);
    for (let reading = 0; reading < 6; reading += 1) expect(passing.next()).toEqual([]);
    const shown = passing.next();
    expect(shown.length).toBeLessThanOrEqual(6);
  });

  test('flow as they were counted and paid', async () => {
    const rows = flowOf(world.core);
    expect(rows.length).toBe(20);
    const summary = world.summary();
    const sum = (key: 'accepted' | 'blocked' | 'carrierFeeMicros' | 'surchargeMicros' | 'aggregatorMicros'): number =>
      rows.reduce((total, row) => total + row[key], 0);
    expect(sum('accepted')).toBe(summary.accepted);
    expect(sum('carrierFeeMicros') + sum('surchargeMicros') + sum('aggregatorMicros')).toBe(summary.chargedMicros);
  });
});

describe('messages that pass in the page, while the clock of the gateway stands', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** The page before a gateway, and what tells it so many more events, each with a message that came lately. */
  async function watch() {
    const gateway = await serve();
    const page = await browser.newPage();
    closing.unshift(() => page.close());
    await page.goto(gateway.address);
    await until(() => gateway.isTimerRunning());
    const tell = async (events: number, text: string, by = gateway): Promise<void> => {
      for (let event = 0; event < events; event += 1) {
        await world.send({ text });
        by.tick();
      }
      await page.getByText(`${by.decided().toLocaleString('en-US')} so far`).waitFor();
    };
    const texts = async (): Promise<readonly string[]> => page.locator('.messages a').allInnerTexts();
    await tell(30, 'first');
    return { gateway, page, tell, texts };
  }

  test('are exchanged for later ones, and leave with the run they were of', async () => {
    const { gateway, page, tell, texts } = await watch();
    expect(await texts()).toEqual(Array(10).fill('first'));
    await tell(30, 'second');
    expect(await texts()).toEqual(Array(10).fill('second'));
    const { decided, address } = gateway;
    await gateway.close();
    // It has already decided more than the page knew of the other.
    const next = await serve({ port: Number(new URL(address).port), decided: decided() + 1_000 });
    await page.getByText(`${(decided() + 1_001).toLocaleString('en-US')} so far`).waitFor();
    expect(await texts()).toEqual([]);
    await tell(30, 'third', next);
    expect(await texts()).toEqual(Array(10).fill('third'));
  });

  test('stay while somebody points at one, or comes to one by keyboard, and no longer', async () => {
    const { page, tell, texts } = await watch();
    const link = page.locator('.messages a').nth(3);
    await link.hover();
    await tell(30, 'pointed at');
    expect(await texts()).toEqual(Array(10).fill('first'));
    // It goes away under the pointer, and is back where nobody points at it.
    await page.evaluate("location.hash = '#controls'");
    await page.getByRole('heading', { name: 'Carrier by carrier' }).waitFor();
    await page.mouse.move(0, 0);
    await page.evaluate("location.hash = '#live'");
    await tell(30, 'left');
    expect(await texts()).toEqual(Array(10).fill('left'));

    await page.getByRole('link', { name: 'Search all messages' }).focus();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.innerText');
    while ((await focused()) !== 'left') await page.keyboard.press('Tab');
    await tell(30, 'in focus');
    expect([await focused(), await texts()]).toEqual(['left', Array(10).fill('left')]);
    await page.getByRole('link', { name: 'Search all messages' }).focus();
    await tell(30, 'out of focus');
    expect(await texts()).toEqual(Array(10).fill('out of focus'));
  });
});

describe('closing', () => {
  test('ends every stream cleanly and does not wait', async () => {
    const gateway = await serve();
    const client = await gateway.subscribe();
    await client.event();
    await gateway.app.close();
    expect(await client.event()).toBeUndefined();
    expect(gateway.isTimerRunning()).toBe(false);
  });

  test('does not wait for a subscriber that reads nothing either', async () => {
    const gateway = await serve({ padding: 'x'.repeat(60_000) });
    const accepted = once(gateway.app.server, 'connection') as Promise<[Socket]>;
    await gateway.subscribeDeaf();
    const [socket] = await accepted;
    await until(() => gateway.isTimerRunning());
    // Until the system takes no more and the rest stays with us.
    while (socket.writableLength === 0) {
      gateway.tick();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(gateway.isTimerRunning()).toBe(true);
    await gateway.app.close();
    expect(gateway.isTimerRunning()).toBe(false);
  });
});
