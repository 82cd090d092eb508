import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { readChain } from './read-chain.ts';

const ADMIN = { authorization: `Basic ${Buffer.from('anna:hunter2').toString('base64')}` };
const CREDENTIALS = { adminUser: 'anna', adminPassword: 'hunter2' };

interface Entry {
  readonly at: string;
  readonly who: { readonly user: string | null; readonly address: string } | null;
  readonly what: string;
  readonly asked: Record<string, unknown> | null;
  readonly status: number;
  readonly before: unknown;
  readonly after: unknown;
}

let directory: string;
let path: string;
let gateway: GatewayUnderTest;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-audit-'));
  path = join(directory, 'audit.ndjson');
  gateway = await openGatewayUnderTest({ ...CREDENTIALS, auditFile: path });
});
afterEach(async () => {
  await gateway.close();
  rmSync(directory, { recursive: true });
});

const text = (): string => readFileSync(path, 'utf8');
const entries = (): Entry[] =>
  text()
    .split('\n')
    .slice(1, -1)
    .map((line) => JSON.parse(line) as Entry);
const ask = (method: string, url: string, body?: unknown, headers = {}) =>
  gateway.ask<unknown>(method, url, body, { ...ADMIN, ...headers });
const last = (): Entry => entries().at(-1) as Entry;

describe('an entry', () => {
  test('tells who changed what, and what stood there before and after', async () => {
    await ask('PUT', '/v1/regime', { regime: 'block', carrier: 'att' });
    const { at, ...entry } = last();
    expect(entry).toMatchObject({
      n: 2,
      who: { user: 'anna', address: '127.0.0.1' },
      what: 'PUT /v1/regime',
      asked: { regime: 'block', carrier: 'att' },
      status: 200,
    });
    // When somebody did it, not what time it was in the simulation.
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(60_000);
    const regimeOf = (value: unknown): unknown =>
      (value as { carriers: { carrier: string; regime: string }[] }).carriers.find(({ carrier }) => carrier === 'att');
    expect(regimeOf(entry.before)).toMatchObject({ regime: 'charge-more' });
    expect(regimeOf(entry.after)).toMatchObject({ regime: 'block' });
  });

  test('of a payment holds the account', async () => {
    const { status } = await ask('POST', '/v1/accounts/starter-prepaid/top-ups', { amount: '5.00', reference: 'r1' });
    expect(status).toBe(200);
    const balance = (value: unknown): unknown => (value as { money: { balanceMicros: number } }).money.balanceMicros;
    const { before, after } = last();
    expect(Number(balance(after)) - Number(balance(before))).toBe(5_000_000);
  });

  test('holds no whole number and no secret', async () => {
    const number = gateway.number('cpaas', 3);
    await ask('PUT', `/v1/numbers/${number}`, { campaign: 'CTOPA01' });
    expect(last()).toMatchObject({
      what: `PUT /v1/numbers/${number.slice(0, 5)}•••${number.slice(-4)}`,
      before: { registration: { campaign: null } },
      after: { registration: { campaign: 'CTOPA01' } },
    });
    const secret = Buffer.from('a secret of 32 bytes, or so, here').toString('base64');
    const webhook = { url: 'http://127.0.0.1:1/hook?token=hunter5', secret: `whsec_${secret}` };
    const api = { id: 'ACacme', secret: 'hunter6hunter6hunter6' };
    expect(await ask('PUT', '/v1/accounts/acme', { kind: 'postpaid', webhook, api })).toMatchObject({ status: 201 });
    expect(last().asked).toEqual({
      kind: 'postpaid',
      webhook: { url: 'http://127.0.0.1:1/hook', secret: '[redacted]' },
      api: { id: 'ACacme', secret: '[redacted]' },
    });
    await ask('DELETE', `/v1/numbers/${encodeURIComponent(number)}`);
    expect(last().what).toMatch(/^DELETE .*•••\d{4}$/);
    for (const hidden of [number.slice(2), secret, 'hunter', ADMIN.authorization]) {
      expect(text()).not.toContain(hidden);
    }
  });

  test('is not made of what was refused, or is open to all, or only read', async () => {
    await ask('PUT', '/v1/regime', { regime: 'nonsense' });
    await ask('PUT', '/v1/regime', { regime: 'block', carrier: 'nobody' });
    await gateway.ask('PUT', '/v1/regime', { regime: 'block' });
    await ask('GET', '/v1/regime');
    await ask('GET', '/v1/snapshot');
    await gateway.send();
    await ask('POST', '/v1/messages', { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'x' });
    expect(entries()).toEqual([]);
  });

  test('of something that answers with a failure is made', async () => {
    gateway.core.regimes.override = () => {
      throw new Error('broken on purpose');
    };
    expect((await ask('PUT', '/v1/regime', { regime: 'block' })).status).toBe(500);
    expect(last()).toMatchObject({ what: 'PUT /v1/regime', status: 500 });
    // And its turn is over.
    expect((await ask('PUT', '/v1/regime', { regime: 'block' })).status).toBe(500);
  });

  test('of a state holds its digest, and no state', async () => {
    const state = await fetch(`${gateway.url}/v1/snapshot`, { headers: ADMIN });
    const body = Buffer.from(await state.arrayBuffer());
    const headers = { ...ADMIN, 'content-type': 'application/octet-stream' };
    const restored = await fetch(`${gateway.url}/v1/snapshot`, { method: 'PUT', headers, body });
    expect(restored.status).toBe(200);
    expect(last()).toMatchObject({
      what: 'PUT /v1/snapshot',
      asked: { bytes: body.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      before: null,
      after: { restored: expect.any(String) as string },
    });
  });
});

test('every change that asks for credentials is audited', async () => {
  const number = gateway.number('cpaas', 5);
  await gateway.ask('PUT', `/v1/numbers/${number}`, { campaign: 'CTOPA01' }, ADMIN);
  const state = Buffer.from(await (await fetch(`${gateway.url}/v1/snapshot`, { headers: ADMIN })).arrayBuffer());
  const octets = { 'content-type': 'application/octet-stream' };
  const fault = { outage: true, forMs: 1_000 };
  const sandbox = ((await ask('POST', '/v1/sandboxes', {})).body as { id: string }).id;
  const asked: readonly [string, string, unknown, object?][] = [
    ['PUT', '/v1/regime', { regime: 'block' }],
    ['PUT', '/v1/tariffs', { book: 'us-10dlc' }],
    ['PUT', '/v1/accounts/{id}', { kind: 'postpaid' }],
    ['POST', '/v1/accounts/{id}/top-ups', { amount: '1.00', reference: 'a' }],
    ['POST', '/v1/accounts/{id}/refunds', { amount: '0.50', reference: 'b' }],
    ['PUT', '/v1/numbers/{number}', { campaign: 'CTOPA01' }],
    ['DELETE', '/v1/numbers/{number}', undefined],
    ['PUT', '/v1/registry/provisioning', { failureProbability: 0 }],
    ['POST', '/v1/registry/campaigns/{id}/operations', { action: 'nonsense' }],
    ['PUT', '/v1/faults/{id}', fault],
    ['DELETE', '/v1/faults/{id}', undefined],
    ['PUT', '/v1/faults', { faults: [] }],
    ['DELETE', '/v1/faults', undefined],
    ['POST', '/v1/clock', { freeze: true }],
    ['POST', '/v1/fees', { fee: 'sev0-tier1', account: 'starter-postpaid' }],
    ['POST', '/v1/webhooks/dead-letters/replay', { all: true }],
    ['DELETE', '/v1/carriers/blocks/{number}', undefined],
    ['DELETE', '/v1/sandboxes/{id}', undefined],
    ['POST', '/v1/sandboxes', {}],
    ['PUT', '/v1/snapshot', state, octets],
    ['POST', '/v1/reset', undefined],
  ];
  const ids: Readonly<Record<string, string>> = {
    '/v1/sandboxes/{id}': sandbox,
    '/v1/registry/campaigns/{id}/operations': 'CTOPA01',
  };
  const missed: string[] = [];
  for (const [method, route, body, headers = {}] of asked) {
    const url = route.replace('{id}', ids[route] ?? 'starter-prepaid').replace('{number}', number);
    const before = entries().length;
    const status = Buffer.isBuffer(body)
      ? (
          await fetch(`${gateway.url}${url}`, {
            method,
            headers: { ...ADMIN, ...headers },
            body: body as Buffer<ArrayBuffer>,
          })
        ).status
      : (await ask(method, url, body, headers)).status;
    const isMade = entries().length - before === (status < 400 || status >= 500 ? 1 : 0);
    if (!isMade || status >= 500) missed.push(`${method} ${route} ${status}`);
  }
  expect(missed).toEqual([]);

  // What turns a stranger away, as the document of all routes has them, is what was asked for above.
  const { paths } = gateway.app.swagger() as { paths: Record<string, Record<string, unknown>> };
  const guarded: string[] = [];
  for (const [route, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods).filter((one) => one !== 'get' && one !== 'head')) {
      if (!route.startsWith('/v1/')) continue;
      const { status } = await gateway.ask(method.toUpperCase(), route.replaceAll(/\{\w+\}/g, 'x'), undefined);
      if (status === 401) guarded.push(`${method.toUpperCase()} ${route}`);
    }
  }
  expect(guarded.sort()).toEqual(asked.map(([method, route]) => `${method} ${route}`).sort());
});

test('changes to one thing that come at once follow each other', async () => {
  const regimes = ['block', 'filter', 'charge-more', 'dated'];
  await Promise.all(
    Array.from({ length: 40 }, (_, place) => ask('PUT', '/v1/regime', { regime: regimes[place % 4], carrier: 'att' })),
  );
  const made = entries();
  expect(made).toHaveLength(40);
  made.slice(1).forEach(({ before }, place) => expect(before).toEqual(made[place]?.after));
  expect(await readChain(path)).toMatchObject({ isWhole: true });
});

test('who hangs up leaves the turn to the next, and is written down if the change was made', async () => {
  const { hostname, port } = new URL(gateway.url);
  const body = JSON.stringify({ regime: 'block' });
  const request = `PUT /v1/regime HTTP/1.1\r\nhost: x\r\nauthorization: ${ADMIN.authorization}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  for (let caller = 0; caller < 10; caller += 1) {
    const socket = connect({ host: hostname, port: Number(port) }).on('error', () => {});
    await once(socket, 'connect');
    socket.write(request, () => socket.destroy());
    await once(socket, 'close');
  }
  expect((await ask('PUT', '/v1/regime', { regime: 'dated' })).status).toBe(200);
  const made = entries();
  expect(made.length).toBeGreaterThan(1);
  made.slice(1).forEach(({ before }, place) => expect(before).toEqual(made[place]?.after));
  expect(new Set(made.map(({ who }) => who?.address))).toEqual(new Set(['127.0.0.1']));
});

test('what is read for the log was asked by nobody', async () => {
  const counted = async () =>
    /^tollgate_request_seconds_count\{api="admin"\} (\d+)$/m.exec((await gateway.ask('GET', '/metrics')).text)?.[1];
  await ask('PUT', '/v1/regime', { regime: 'block' });
  await expect.poll(counted).toBe('1');
});

test('a book of prices is told by its name before and after', async () => {
  await ask('PUT', '/v1/tariffs', { book: 'what-if-flat' });
  expect(last()).toMatchObject({ before: { inForce: 'us-10dlc' }, after: { inForce: 'what-if-flat' } });
});

test('while the log cannot be written nothing is changed, and messages pass', async () => {
  renameSync(path, `${path}.away`);
  const refused = await ask('PUT', '/v1/regime', { regime: 'block', carrier: 'att' });
  expect(refused).toMatchObject({ status: 503, body: { type: 'urn:tollgate:problem:not-audited' } });
  expect(refused.text).toContain('nothing was changed');
  expect((await gateway.ask('GET', '/v1/regime')).text).not.toContain('"regime":"block"');
  expect((await gateway.send()).status).toBe(202);
  expect((await gateway.ask('GET', '/metrics')).text).toMatch(/^tollgate_audit_errors_total [1-9]/m);
  renameSync(`${path}.away`, path);
  expect((await ask('PUT', '/v1/regime', { regime: 'block', carrier: 'att' })).status).toBe(200);
  expect(entries()).toHaveLength(1);
  expect((await gateway.ask('GET', '/metrics')).text).toMatch(/^tollgate_audit_entries_total 2$/m);
});

test('a gateway without credentials tells that anybody did it, and what sandboxes do is theirs', async () => {
  const own = join(directory, 'own.ndjson');
  const open = await openGatewayUnderTest({ auditFile: own });
  try {
    const claim = { authorization: `Basic ${Buffer.from('eve:x').toString('base64')}` };
    await open.ask('PUT', '/v1/regime', { regime: 'block' }, claim);
    const { id } = (await open.ask<{ id: string }>('POST', '/v1/sandboxes', {})).body;
    await open.ask('PUT', `/v1/sandboxes/${id}/v1/regime`, { regime: 'filter' });
    const made = readFileSync(own, 'utf8').split('\n').slice(1, -1);
    expect(made.map((line) => JSON.parse(line) as Entry)).toMatchObject([
      { who: { user: null, address: '127.0.0.1' }, what: 'PUT /v1/regime' },
      { what: 'POST /v1/sandboxes' },
    ]);
  } finally {
    await open.close();
  }
});

test('a gateway does not start on a log whose chain is broken', async () => {
  await ask('PUT', '/v1/regime', { regime: 'block' });
  const broken = join(directory, 'broken.ndjson');
  writeFileSync(broken, text().replace('anna', 'anne'));
  await expect(openGatewayUnderTest({ auditFile: broken })).rejects.toThrow(
    /--audit-file: .*broken\.ndjson:2 was changed/,
  );
});
