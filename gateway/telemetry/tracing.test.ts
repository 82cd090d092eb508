/** Traces as a collector gets them: a real gateway, and a receiver of OTLP over HTTP that keeps what it is sent. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text as readAll } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RedisServer, startRedisServer } from '../../scripts/redis-server.ts';
import { filesBelow } from '../../scripts/source-files.ts';
import { systemClock, systemTimers } from '../control/index.ts';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import {
  TRACE_SPANS_PER_SEND,
  TRACE_SPANS_WAITING_MAX,
  TRACED_MESSAGES_MAX,
  TRACED_MESSAGES_PER_REQUEST,
} from '../limits.ts';
import { EsmeUnderTest } from '../ingress/smpp/esme-under-test.ts';
import { loadWorld } from '../load-world.ts';
import { type Gateway, openGateway } from '../main.ts';
import { readOptions, type ServeOptions } from '../options.ts';
import { readPackageFile } from '../package-files.ts';
import { MessageStore } from '../messages/index.ts';
import { Binding, DecisionCode, MessageSlot } from '../router/index.ts';
import { createLog } from './index.ts';
import { MessageTraces } from './message-traces.ts';
import { openTraces, TRACE_PACKAGES, type TraceOptions, TracesUnavailable } from './open-telemetry.ts';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A span as OTLP writes it in JSON. */
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly status: { readonly code?: number };
}

interface SentSpans {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

const Kind = { Internal: 1, Server: 2, Client: 3 } as const;
const ERROR = 2;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const SAMPLED = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-01` };
const UNSAMPLED = { traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` };

let bodies: SentSpans[];
let paths: (string | undefined)[];
let hookHeaders: IncomingMessage['headers'][];
let hookStatus: number;
let collector: Server;
let receiver: Server;
let lines: string[];
let gateway: GatewayUnderTest;

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const spans = (): readonly SentSpan[] =>
  bodies.flatMap((body) => body.resourceSpans.flatMap((one) => one.scopeSpans.flatMap((scope) => scope.spans)));
const named = (name: string): readonly SentSpan[] => spans().filter((one) => one.name === name);
const attributesOf = (of: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(
    of.map(({ key, value }) => {
      const [written] = Object.values(value);
      const { values } = (written ?? {}) as { values?: readonly Record<string, unknown>[] };
      return [key, values === undefined ? written : values.flatMap((one) => Object.values(one))];
    }),
  );
const eventsOf = ({ events }: SentSpan): string[] => events.map(({ name }) => name);

beforeEach(async () => {
  bodies = [];
  paths = [];
  hookHeaders = [];
  hookStatus = 204;
  lines = [];
  collector = createServer((request, response) => {
    paths.push(request.url);
    json(request).then(
      (body) => {
        bodies.push(body as SentSpans);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.destroy(),
    );
  });
  receiver = createServer((request, response) => {
    hookHeaders.push(request.headers);
    readAll(request).then(
      () => response.writeHead(hookStatus).end(),
      () => response.destroy(),
    );
  });
  await Promise.all([collector, receiver].map((one) => new Promise<void>((go) => one.listen(0, '127.0.0.1', go))));
});
afterEach(() => {
  for (const server of [collector, receiver]) {
    server.closeAllConnections();
    server.close();
  }
});

async function open(
  own: Partial<Pick<ServeOptions, 'tracesUrl' | 'traceShare' | 'inbox' | 'overLimit' | 'smppPort' | 'tariffDate'>> = {},
): Promise<void> {
  const { tracesUrl = addressOf(collector), ...others } = own;
  const logTo = { write: (line: string) => void lines.push(line) };
  gateway = await openGatewayUnderTest({ tracesUrl, logLevel: 'warn', ...others }, logTo);
}

/** Lets the messages sent so far come to their end, and closes: all spans are sent then. */
async function settle(): Promise<void> {
  gateway.time.advance(120_000);
  await gateway.close();
}

describe('a message', () => {
  test('is followed from the request that brought it to its end, in the trace of its sender', async () => {
    await open();
    const { body } = await gateway.send();
    const sent = await gateway.ask<{ id: string }>(
      'POST',
      '/v1/messages',
      { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'Your table is ready.' },
      SAMPLED,
    );
    await settle();

    const request = named('POST /v1/messages').find(({ traceId }) => traceId === TRACE_ID)!;
    expect(request).toMatchObject({ kind: Kind.Server, parentSpanId: PARENT_ID });
    expect(attributesOf(request.attributes)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/messages',
      'http.response.status_code': 202,
      'tollgate.message.ids': [sent.body.id],
      'tollgate.messages.taken': 1,
    });
    const message = named('message').find(({ traceId }) => traceId === TRACE_ID)!;
    expect(message).toMatchObject({ kind: Kind.Internal, parentSpanId: request.spanId });
    const state = attributesOf(message.attributes)['tollgate.state'];
    expect(attributesOf(message.attributes)).toMatchObject({
      'tollgate.message.id': sent.body.id,
      'tollgate.decision': 'accepted',
      'tollgate.carrier': 'att',
      'tollgate.registration': 'unregistered',
      'tollgate.registration.reason': 'not_in_registry',
      'tollgate.segments': 1,
      'tollgate.receipt': expect.stringMatching(/^(ACCEPTD|UNDELIV)$/),
      'tollgate.state': expect.stringMatching(/^(delivered|filtered|undelivered)$/),
    });
    expect(attributesOf(message.attributes)['tollgate.decision.us']).toBeTypeOf('number');
    expect(eventsOf(message)).toEqual(['taken', 'receipt', state]);
    expect(BigInt(message.endTimeUnixNano)).toBeGreaterThan(BigInt(request.endTimeUnixNano));

    // The other came with no trace and began one of its own.
    const own = named('message').find(({ traceId }) => traceId !== TRACE_ID)!;
    expect(attributesOf(own.attributes)['tollgate.message.id']).toBe(body.id);
    expect(named('POST /v1/messages')[0]!.parentSpanId ?? '').toBe('');
    expect(paths).toEqual(paths.map(() => '/v1/traces'));
    const resource = attributesOf(bodies[0]!.resourceSpans[0]!.resource.attributes);
    expect(resource).toMatchObject({ 'service.name': 'tollgate', 'service.version': expect.stringMatching(/^\d/) });
  });

  test('that is refused has a span that ends with its decision', async () => {
    await open();
    await gateway.ask('PUT', '/v1/regime', { regime: 'block', carrier: 'att' });
    const { body, status } = await gateway.send();
    await settle();
    expect(status).toBe(403);
    const [message] = named('message');
    expect(attributesOf(message!.attributes)).toMatchObject({
      'tollgate.message.id': body.id,
      'tollgate.decision': 'unregistered_blocked',
      'tollgate.limit': 'carrier_regime',
    });
    expect(eventsOf(message!)).toEqual([]);
    const [request] = named('POST /v1/messages');
    expect(attributesOf(request!.attributes)).toMatchObject({
      'http.response.status_code': 403,
      'tollgate.messages.refused': 1,
    });
    // Refused as it should be: nothing went wrong.
    expect(request!.status.code).not.toBe(ERROR);
  });

  test('that waits under a limit has one span, to its end, with what was decided at last', async () => {
    await open({ overLimit: new Set([Binding.AttNumberTpm]) });
    const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
    await gateway.ask('POST', '/v1/messages/batch', Array(60).fill(message));
    const { body } = await gateway.send();
    expect(body.status).toBe('queued');
    await settle();
    const waited = named('message').find(
      ({ attributes }) => attributesOf(attributes)['tollgate.message.id'] === body.id,
    );
    expect(eventsOf(waited!)).toEqual(['queued', 'taken', 'receipt', expect.stringMatching(/ed$/)]);
    expect(attributesOf(waited!.attributes)['tollgate.decision']).toBe('accepted');
  });

  test('whose receipt comes after its end has that as a span of its own', async () => {
    await open();
    await gateway.ask('PUT', '/v1/faults/late', { receipts: { delayMs: 60_000 } });
    await gateway.send();
    await settle();
    const [message] = named('message');
    expect(eventsOf(message!)).not.toContain('receipt');
    expect(attributesOf(message!.attributes)['tollgate.receipt']).toBe('none');
    const [receipt] = named('receipt');
    expect(receipt!.parentSpanId).toBe(message!.spanId);
    expect(attributesOf(receipt!.attributes)).toMatchObject({ 'tollgate.receipt': 'ACCEPTD' });
  });

  test('for which there is no room has a span without an id', async () => {
    await open({ inbox: 1 });
    await gateway.send();
    expect((await gateway.send()).status).toBe(429);
    await settle();
    const decisions = named('message').map(({ attributes }) => attributesOf(attributes)['tollgate.decision']);
    expect(new Set(decisions)).toEqual(new Set(['accepted', 'queue_full']));
  });

  test('tells nobody who wrote what to whom, and not what only the test knew', async () => {
    await open();
    const from = gateway.number('cpaas', 3);
    const to = gateway.number('att', 5);
    const callbackUrl = `${addressOf(receiver)}/hooks/${to.slice(1)}?key=hush`;
    await gateway.send({
      from,
      to,
      text: 'Sofa for sale',
      truth: 'spam',
      account: 'anna',
      reference: 'R-77',
      callbackUrl,
    });
    await gateway.ask('PUT', `/v1/numbers/${from}`, { campaign: 'CSOLE01' });
    await gateway.ask('GET', `/v1/messages?from=${from.slice(1)}&to=${to.slice(1)}`);
    await gateway.ask('GET', `/${from}`);
    gateway.time.advance(120_000);
    await expect.poll(() => hookHeaders.length).toBe(1);
    await settle();
    expect(named('PUT /v1/numbers/:number')).toHaveLength(1);
    expect(named('GET')).toHaveLength(1);
    const all = JSON.stringify(bodies);
    for (const secret of [from.slice(1), to.slice(1), 'Sofa', 'spam', 'R-77', 'hush', 'hooks', 'CSOLE01']) {
      expect([secret, all.includes(secret)]).toEqual([secret, false]);
    }
  });

  test('of a large batch is followed if it is one of the first', async () => {
    await open();
    const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
    const { body } = await gateway.ask<{ results: { id: string }[] }>(
      'POST',
      '/v1/messages/batch',
      Array(50).fill(message),
    );
    await settle();
    const first = body.results.slice(0, TRACED_MESSAGES_PER_REQUEST).map(({ id }) => id);
    const [request] = named('POST /v1/messages/batch');
    expect(attributesOf(request!.attributes)).toMatchObject({
      'tollgate.message.ids': first,
      'tollgate.messages.taken': 50,
    });
    const followed = named('message').map(({ attributes }) => attributesOf(attributes)['tollgate.message.id']);
    expect(new Set(followed)).toEqual(new Set(first));
    expect(followed).toHaveLength(first.length);
  });
});

describe('a message that came by no request', () => {
  test('by SMPP has a trace of its own', async () => {
    await open({ smppPort: 0, tariffDate: Date.UTC(2022, 0, 1) });
    const esme = await EsmeUnderTest.connect(gateway.smppPorts[0] ?? 0);
    await esme.bind();
    const { fields } = await esme.ask('SubmitSm', {
      sourceAddrTon: 1,
      sourceAddrNpi: 1,
      sourceAddr: gateway.number('cpaas').slice(1),
      destAddrTon: 1,
      destAddrNpi: 1,
      destinationAddr: gateway.number('att').slice(1),
      shortMessage: Buffer.from('Your table is ready.'),
    });
    esme.close();
    await settle();
    expect(spans().map(({ name, parentSpanId = '' }) => [name, parentSpanId])).toEqual([['message', '']]);
    expect(eventsOf(spans()[0]!)).toContain('taken');
    expect(attributesOf(spans()[0]!.attributes)).toMatchObject({ 'tollgate.message.id': fields.messageId });
  });
});

describe('a request', () => {
  const connections = (): Promise<number> =>
    new Promise((resolve) => gateway.app.server.getConnections((_error, count) => resolve(count)));
  const givenUp = async (request: ClientRequest): Promise<void> => {
    const before = await connections();
    request.destroy();
    await expect.poll(connections).toBe(before - 1);
  };

  test('that its sender gave up before there was an answer ends as aborted', async () => {
    await open();
    await gateway.ask('PUT', '/v1/faults/late', { slow: { delayMs: 60_000 } });
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${gateway.url}/v1/messages`, { method: 'POST', agent: false, headers });
    sent.on('error', () => undefined);
    sent.end(JSON.stringify({ from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' }));
    await expect.poll(() => gateway.store.count).toBe(1);
    await givenUp(sent);
    await settle();
    const [aborted] = named('POST /v1/messages');
    expect(aborted!.status.code).toBe(ERROR);
    expect(attributesOf(aborted!.attributes)).toMatchObject({ 'error.type': 'aborted', 'tollgate.messages.taken': 1 });
    expect(attributesOf(aborted!.attributes)['http.response.status_code']).toBeUndefined();
  });

  test('that is answered for as long as somebody listens is none of those', async () => {
    await open();
    const listening = request(`${gateway.url}/v1/live`, { agent: false });
    listening.on('error', () => undefined);
    listening.end();
    await once(listening, 'response');
    await givenUp(listening);
    await settle();
    const [live] = named('GET /v1/live');
    expect(attributesOf(live!.attributes)).toMatchObject({ 'http.response.status_code': 200 });
    expect(live!.status.code).not.toBe(ERROR);
  });
});

describe('a webhook', () => {
  test('carries the trace on, and an attempt that failed is one of its spans', async () => {
    await open();
    hookStatus = 500;
    const callbackUrl = `${addressOf(receiver)}/receipts`;
    await gateway.send({ callbackUrl });
    gateway.time.advance(20_000);
    await expect.poll(() => hookHeaders.length).toBe(1);
    hookStatus = 204;
    await expect
      .poll(() => {
        gateway.time.advance(1_000);
        return hookHeaders.length;
      })
      .toBe(2);
    await settle();
    const [message] = named('message');
    const tries = named('POST webhook');
    expect(tries.map(({ kind, parentSpanId, traceId }) => [kind, parentSpanId, traceId])).toEqual(
      [0, 1].map(() => [Kind.Client, message!.spanId, message!.traceId]),
    );
    expect(tries.map(({ attributes }) => attributesOf(attributes))).toEqual([
      expect.objectContaining({ 'http.response.status_code': 500, 'error.type': 'status' }),
      expect.objectContaining({ 'http.response.status_code': 204, 'http.request.resend_count': 1 }),
    ]);
    expect(tries[0]!.status.code).toBe(ERROR);
    expect(hookHeaders.map(({ traceparent }) => traceparent)).toEqual(
      tries.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
  });

  test('of a message that is not traced goes out without', async () => {
    await open({ traceShare: 0 });
    await gateway.send({ callbackUrl: `${addressOf(receiver)}/receipts` });
    gateway.time.advance(20_000);
    await expect.poll(() => hookHeaders.length).toBe(1);
    await settle();
    expect(hookHeaders[0]!['traceparent']).toBeUndefined();
    expect(bodies).toEqual([]);
  });
});

describe('what is kept', () => {
  test('is what the sender decided, whatever the share', async () => {
    await open({ traceShare: 0 });
    await gateway.send();
    await gateway.ask('GET', '/v1/regime', undefined, SAMPLED);
    await gateway.ask('GET', '/v1/rates', undefined, UNSAMPLED);
    await gateway.ask('GET', '/v1/rates', undefined, { traceparent: 'please' });
    await settle();
    expect(spans().map(({ name, traceId }) => [name, traceId])).toEqual([['GET /v1/regime', TRACE_ID]]);
  });

  test('is nothing of who says so, at a share of one', async () => {
    await open();
    const message = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
    await gateway.ask('POST', '/v1/messages', message, UNSAMPLED);
    await settle();
    expect(spans()).toEqual([]);
  });

  test('is about that part of traces, each of them whole', async () => {
    await open({ traceShare: 0.25 });
    for (let sent = 0; sent < 200; sent += 1) await gateway.send();
    await settle();
    const requests = named('POST /v1/messages').map(({ traceId }) => traceId);
    // Six standard deviations on either side.
    expect(requests.length).toBeGreaterThan(13);
    expect(requests.length).toBeLessThan(87);
    expect(
      named('message')
        .map(({ traceId }) => traceId)
        .toSorted(),
    ).toEqual(requests.toSorted());
  });
});

describe('a collector', () => {
  test('that is away costs its spans and one line of the log, and messages pass', async () => {
    const tracesUrl = addressOf(collector);
    collector.close();
    await open({ tracesUrl });
    // More spans than go out at once, so that it is tried before the end.
    for (let sent = 0; 2 * sent < TRACE_SPANS_PER_SEND + 100; sent += 1) {
      expect((await gateway.send({ from: gateway.number('cpaas', sent) })).status).toBe(202);
    }
    const startMs = performance.now();
    await settle();
    expect(performance.now() - startMs).toBeLessThan(8_000);
    expect(gateway.summary().inFlight).toBe(0);
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 40, msg: expect.stringContaining('takes no traces'), why: 'ECONNREFUSED' }),
    ]);
  });

  test('that never answers does not keep a gateway from closing', async () => {
    collector.removeAllListeners('request');
    await open();
    await gateway.send();
    const startMs = performance.now();
    await settle();
    expect(performance.now() - startMs).toBeLessThan(8_000);
    expect(lines.filter((line) => line.includes('takes no traces')).length).toBe(1);
  });
});

describe('with Redis', () => {
  let redis: RedisServer;
  let durable: Gateway;
  beforeEach(async () => {
    redis = await startRedisServer();
    const flags = { port: '0', logLevel: 'silent' };
    const read = readOptions({ environment: { REDIS_URL: redis.url, TOLLGATE_TRACES: addressOf(collector) }, flags });
    if (!read.ok) throw new Error(read.errors.join('\n'));
    const [log, time] = [createLog('silent'), { clock: systemClock, timers: systemTimers }];
    durable = await openGateway({ options: read.options, world: loadWorld(), ...time, log });
  });
  afterEach(() => redis.stop());

  test('a message is followed to its end, and its webhook carries the trace on where this gateway posts it', async () => {
    const callbackUrl = `${addressOf(receiver)}/receipts`;
    const body = JSON.stringify({ from: '+12125550123', to: '+12019161000', text: 'hi', callbackUrl });
    const headers = { 'content-type': 'application/json', ...SAMPLED };
    const answer = await fetch(`${durable.url}/v1/messages`, { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
    await expect.poll(() => named('POST webhook').length).toBe(1);
    await expect.poll(() => named('message').length).toBe(1);
    await durable.close();
    const [message] = named('message');
    expect(attributesOf(message!.attributes)).toMatchObject({
      'tollgate.decision': 'accepted',
      'tollgate.receipt': 'ACCEPTD',
      'tollgate.state': expect.stringMatching(/^(delivered|filtered|undelivered)$/),
    });
    expect(new Set(spans().map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    expect(named('POST webhook')[0]!.parentSpanId).toBe(message!.spanId);
  });
});

describe('what is bounded', () => {
  const options = (): TraceOptions => ({
    url: `${addressOf(collector)}/otlp/`,
    version: '1.0.0',
    instance: 'one',
    machineTimers: systemTimers,
    log: { warn: (_fields, message) => void lines.push(message) },
  });

  test('are spans that wait to be sent; that some are dropped is told once', async () => {
    const traces = await openTraces(options());
    for (let made = 0; made < TRACE_SPANS_WAITING_MAX + 2_000; made += 1) traces.tracer.startSpan('one').end();
    await traces.close();
    expect(spans().length).toBeLessThan(TRACE_SPANS_WAITING_MAX + 2_000);
    expect(spans().length).toBeGreaterThanOrEqual(TRACE_SPANS_WAITING_MAX);
    expect(lines).toEqual(['more spans than can be sent: some are dropped']);
    expect(paths[0]).toBe('/otlp/v1/traces');
  });

  test('are messages that are followed: of the oldest nobody knows any more what became of it', async () => {
    const traces = await openTraces(options());
    const store = new MessageStore(1, 'X');
    const messages = new MessageTraces(traces, store);
    const slot = new MessageSlot();
    slot.code = DecisionCode.Accepted;
    for (let sent = 0; sent <= TRACED_MESSAGES_MAX; sent += 1) {
      messages.begin(traces.api.ROOT_CONTEXT);
      messages.decided(sent, slot, 1_000);
    }
    expect(messages.contextOf(store.idOf(0))).toBeUndefined();
    expect(messages.contextOf(store.idOf(1))).toBeDefined();
    await traces.close();
    expect(spans().map(({ attributes }) => attributesOf(attributes))).toEqual([
      expect.objectContaining({
        'tollgate.message.id': store.idOf(0),
        'tollgate.state': 'unknown',
        'tollgate.decision.us': 1,
      }),
    ]);
  });

  test('is none of what the gateway held before it was reset', async () => {
    await open();
    const { body } = await gateway.send();
    expect((await gateway.ask('POST', '/v1/reset')).status).toBe(200);
    const again = await gateway.send();
    expect(again.body.id).toBe(body.id);
    await settle();
    const states = named('message').map(({ attributes }) => attributesOf(attributes)['tollgate.state']);
    expect(states.filter((state) => state === 'unknown')).toHaveLength(1);
    expect(states).toHaveLength(2);
  });
});

describe('the packages', () => {
  test('are optional peers, installed here in versions that fit', () => {
    const { peerDependencies, peerDependenciesMeta, dependencies } = JSON.parse(readPackageFile('package.json')) as {
      readonly [part: string]: Readonly<Record<string, unknown>>;
    };
    for (const name of TRACE_PACKAGES) {
      expect([name, peerDependencies?.[name]]).toEqual([name, expect.any(String)]);
      expect(peerDependenciesMeta?.[name]).toEqual({ optional: true });
      expect(dependencies?.[name]).toBeUndefined();
    }
    const others = Object.keys(peerDependencies ?? {}).filter((name) => !TRACE_PACKAGES.includes(name));
    expect(others.filter((name) => name.startsWith('@opentelemetry/'))).toEqual([]);
  });

  test('are named nowhere but here', () => {
    const product = /^(tariffs|registry-cache|gateway|simulator)\/(?!.*(\.(test|contract)|-under-test)\.ts$).*\.ts$/;
    const naming = filesBelow().filter(
      (path) => product.test(path) && readFileSync(path, 'utf8').includes('@opentelemetry/'),
    );
    expect(naming.length).toBeGreaterThan(0);
    expect(naming.filter((path) => !path.startsWith('gateway/telemetry/'))).toEqual([]);
  });

  test('that are missing are named, with what to install', async () => {
    const missing = Object.assign(new Error("Cannot find package '@opentelemetry/core' imported from a file"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const opened = openTraces({
      url: 'http://127.0.0.1:1',
      version: '1',
      instance: '1',
      machineTimers: systemTimers,
      log: { warn: () => undefined },
      load: () => Promise.reject(missing),
    });
    await expect(opened).rejects.toThrow(TracesUnavailable);
    await expect(opened).rejects.toThrow(
      `@opentelemetry/core is not installed, and traces need it; run npm install ${TRACE_PACKAGES.join(' ')}`,
    );
  });
});
