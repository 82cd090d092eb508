import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { filesBelow, ROOT } from '../scripts/source-files.ts';
import { ControlledClock } from './control/index.ts';
import { loadWorld } from './load-world.ts';
import { type Gateway, openGateway } from './main.ts';
import type { MessageAnswer, MessageRecord } from './messages/index.ts';
import { readOptions, type ServeOptions } from './options.ts';
import { formatNumber, type BlockGroup } from '../registry-cache/index.ts';
import { createLog } from './telemetry/index.ts';
import { Binding } from './router/index.ts';

// A whole gateway whose time stands and is moved over HTTP: everything in it follows, and nothing happens in between.

let gateway: Gateway;

async function openFrozen(at: string, own: Partial<ServeOptions> = {}): Promise<void> {
  const read = readOptions({ environment: {}, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  const options = { ...read.options, ...own };
  const clock = new ControlledClock();
  clock.freeze(Date.parse(at));
  gateway = await openGateway({ options, world: loadWorld(), clock, timers: clock, log: createLog('silent') });
}

async function ask<Body>(method: string, path: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const response = await fetch(gateway.url + path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as Body };
}

/** The first number of a group of blocks; finding them reads the whole map. */
const numbers = new Map<BlockGroup, string>();
function number(group: BlockGroup): string {
  const found = numbers.get(group) ?? formatNumber((gateway.core.carrierMap.blocksOf(group)[0] ?? 0) * 1_000);
  numbers.set(group, found);
  return found;
}
const message = (own: object = {}): object => ({ from: number('cpaas'), to: number('att'), text: 'hi', ...own });
const send = (own: object = {}) => ask<MessageAnswer>('POST', '/v1/messages', message(own));
const read = async (id: string): Promise<MessageRecord> => (await ask<MessageRecord>('GET', `/v1/messages/${id}`)).body;

async function fill(count: number, own: object = {}): Promise<number> {
  const batch = Array.from({ length: count }, () => message(own));
  return (await ask<{ accepted: number }>('POST', '/v1/messages/batch', batch)).body.accepted;
}

async function advance(advanceMs: number, settle = false): Promise<void> {
  const { status, body } = await ask<{ settled?: boolean }>('POST', '/v1/clock', { advanceMs, settle });
  expect([status, body.settled]).toEqual([200, settle ? true : undefined]);
}

async function moveTo(at: string): Promise<void> {
  expect((await ask('POST', '/v1/clock', { at })).status).toBe(200);
}

/** Real time, in which nothing may happen here. */
const realTime = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('in one gateway, one after the other,', () => {
  beforeAll(() => openFrozen('2024-03-01T18:00:00Z'));
  afterAll(() => gateway.close());

  test('a carrier brings a receipt when time is moved, and not before', async () => {
    const sentMs = Date.UTC(2024, 2, 1, 18);
    const { body } = await send({ to: number('tmobile') });
    await realTime(100);
    expect((await read(body.id)).receipt).toBeNull();
    await advance(600_000);
    const receiptMs = Date.parse((await read(body.id)).receipt?.at ?? '');
    expect(receiptMs - sentMs).toBeGreaterThan(0);
    expect(receiptMs - sentMs).toBeLessThan(60_000);
  });

  test('a limit of a minute fills, stays full while time stands, and has room when it is moved', async () => {
    const perMinute = 60; // of a number that is in no campaign, at AT&T
    expect(await fill(perMinute + 5)).toBe(perMinute);
    await realTime(50);
    expect((await send()).body).toMatchObject({ decision: 'att_tpm_exceeded' });
    await advance(60_000);
    expect(await fill(perMinute + 5)).toBe(perMinute);
    await advance(60_000);
  });

  test('carriers fail as faults say, by their timeline', async () => {
    const errors = { code: 'carrier_rejected', rate: 1 };
    const faults = [{ id: 'bad', scope: { carrier: 'att' }, errors, afterMs: 1_000, forMs: 1_000 }];
    expect((await ask('PUT', '/v1/faults', { faults })).status).toBe(200);
    const ids: string[] = [];
    for (const waitMs of [500, 1_000, 1_000]) {
      await advance(waitMs);
      ids.push((await send()).body.id);
    }
    await advance(600_000);
    const [before, within, behind] = await Promise.all(ids.map(read));
    expect(within).toMatchObject({ error: { name: 'carrier_rejected' } });
    expect([before, behind].map((one) => JSON.stringify(one).includes('carrier_rejected'))).toEqual([false, false]);
    const { body } = await ask<{ faults: { applied: number }[] }>('GET', '/v1/faults');
    expect(body.faults[0]?.applied).toBe(1);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('tollgate_fault_applied_total{kind="error",carrier="att"} 1');
    expect(metrics).toContain('tollgate_faults_in_force{kind="error"} 0');
  });

  test('a message whose answer was cut off is sent once, if it has a key of idempotency', async () => {
    const sendUnder = (key: string) => send({ idempotencyKey: key, to: number('verizon') }).catch(() => undefined);
    expect((await ask('PUT', '/v1/faults/cut', { disconnect: { rate: 1 } })).status).toBe(201);
    const before = gateway.store.nextSequence;
    let key = 'none';
    // Half of the connections are cut before anything is taken.
    for (let tries = 0; gateway.store.nextSequence === before; tries += 1) {
      expect(tries).toBeLessThan(50);
      key = `key-${tries}`;
      expect(await sendUnder(key)).toBeUndefined();
    }
    await ask('DELETE', '/v1/faults/cut');
    const again = await sendUnder(key);
    expect([again?.status, again?.body.id]).toEqual([202, gateway.store.idOf(before)]);
    expect(gateway.store.nextSequence).toBe(before + 1);
  });

  test('a number is registered when the delay of its provisioning has passed', async () => {
    const sender = '+12125550123';
    await ask('PUT', `/v1/numbers/${sender}`, { campaign: 'CTOPA01', provisioningDelayMs: 600_000 });
    const registration = async (): Promise<string> => (await send({ from: sender })).body.registration;
    await advance(599_000);
    expect(await registration()).toBe('unregistered');
    await advance(1_000);
    expect(await registration()).toBe('registered');
  });
});

describe('limits', () => {
  afterEach(() => gateway.close());

  test('that queue let messages go as time is moved', async () => {
    await openFrozen('2024-03-01T18:00:00Z', { overLimit: new Set([Binding.AttNumberTpm]) });
    await fill(60);
    const { body } = await send();
    expect(body.status).toBe('queued');
    await realTime(50);
    expect((await read(body.id)).status).toBe('queued');
    await advance(999);
    expect((await read(body.id)).status).toBe('queued');
    await advance(2);
    expect((await read(body.id)).status).toBe('accepted');
  });

  test.each([
    ['23 hours', '2024-03-10T22:30:00-07:00', '2024-03-10T23:59:59.999-07:00'],
    ['25 hours', '2024-11-03T22:30:00-08:00', '2024-11-03T23:59:59.999-08:00'],
  ])('of T-Mobile on the day that has %s end at midnight in Los Angeles', async (_day, from, end) => {
    await openFrozen(from);
    const sender = '+12125550123';
    await ask('PUT', `/v1/numbers/${sender}`, { campaign: 'CSOLE01' });
    const own = { from: sender, to: number('tmobile') };
    const daily = 1_000; // of a sole proprietor
    expect(await fill(daily + 5, own)).toBe(daily);
    await moveTo(end);
    expect((await send(own)).body).toMatchObject({ limit: { name: 'tmobile_brand_day' } });
    await advance(1);
    expect((await send(own)).status).toBe(202);
  });
});

describe('webhooks', () => {
  let answer: (response: ServerResponse) => void;
  let posts: number;
  const receiver = createServer((request, response) => {
    request.resume();
    posts += 1;
    answer(response);
  });
  beforeEach(async () => {
    posts = 0;
    answer = (response) => response.end();
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await gateway.close();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
  });

  test('are tried again as time is moved, which stands while one is under way', async () => {
    await openFrozen('2024-03-01T18:00:00Z');
    const { port } = receiver.address() as AddressInfo;
    await send({ callbackUrl: `http://127.0.0.1:${port}/` });
    await realTime(50);
    expect(posts).toBe(0);
    answer = (response) => void setTimeout(() => response.writeHead(posts < 4 ? 500 : 204).end(), 50);
    // Time enough for all attempts there may be: without standing still it would be over before the first is answered.
    await advance(3_600_000, true);
    expect(posts).toBe(4);
    await advance(3_600_000, true);
    expect(posts).toBe(4);
  });
});

test('a gateway that closes lets time pass again, so that messages in flight end', async () => {
  await openFrozen('2024-03-01T18:00:00Z');
  await send();
  expect(gateway.store.inFlightCount).toBe(1);
  await gateway.close();
  expect(gateway.store.inFlightCount).toBe(0);
});

test('nothing waits by the time of the machine but what waits for a socket, or has a test wait', () => {
  const waiting = filesBelow().filter(
    (path) =>
      /^(gateway|tariffs|registry-cache)\/.*\.ts$/.test(path) &&
      !/\.(test|contract)\.ts$|-under-test\.ts$|^gateway\/(cli|control|load|console\/app)\//.test(path) &&
      /\b(setTimeout|setInterval|AbortSignal\.timeout)\b/.test(readFileSync(join(ROOT, path), 'utf8')),
  );
  const may =
    /^(registry-cache\/redis\/|gateway\/testing\/|gateway\/(webhooks\/(post-sender|bullmq-queue)|sandboxes\/front-door)\.ts$)/;
  expect(waiting.filter((path) => !may.test(path))).toEqual([]);
  expect(waiting.length).toBeGreaterThan(0);
});
