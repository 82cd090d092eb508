import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { SANDBOX_HEADER } from '../sandboxes/index.ts';
import { addressBelow } from './ask-gateway.ts';
import { clockCommand } from './clock.ts';
import { callCommand } from './command-under-test.ts';
import { faultsCommand } from './faults.ts';
import { loadCommand } from './load.ts';
import { proxyCommand } from './proxy.ts';
import { lookupCommand } from './registry/lookup.ts';
import { stateCommand } from './state.ts';
import { topCommand } from './top.ts';
import { traceCommand } from './trace.ts';

test.each([
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1/clock?x=1'],
  ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080/v1/clock?x=1'],
  ['https://example.com/toll/gate', 'https://example.com/toll/gate/v1/clock?x=1'],
  ['https://example.com/toll/gate//?y=2#z', 'https://example.com/toll/gate/v1/clock?x=1'],
  ['http://127.0.0.1//other.example', 'http://127.0.0.1//other.example/v1/clock?x=1'],
])('below %s', (url, address) => {
  expect(addressBelow(url, '/v1/clock?x=1').href).toBe(address);
});

test.each([
  ['gateway', '--url: "gateway" is no address of a gateway; write it as http://127.0.0.1:8080'],
  ['ftp://127.0.0.1', '--url: "ftp://127.0.0.1" is no address'],
  ['http://anna:pw@127.0.0.1:8080', '--url: leave credentials out of the address'],
])('%s is no address to ask at', async (url, said) => {
  for (const command of [clockCommand(), topCommand(), lookupCommand(), proxyCommand(), traceCommand()]) {
    const words = { clock: ['show'], lookup: ['+12125550123'], trace: ['+12125550123'] }[command.name()] ?? [];
    const { code, stderr } = await callCommand(command, [...words, '--url', url]);
    expect([command.name(), code, stderr]).toEqual([command.name(), 2, expect.stringContaining(said)]);
  }
});

test.each([
  [200, '<html>', 'is no gateway: it does not answer in JSON'],
  [502, '<html>', 'answers 502'],
  [500, '{}', 'answers 500'],
  [404, '{"detail":"nobody here"}', 'nobody here'],
])('something else that answers %i %s is told as what it is', async (status, body, said) => {
  const other = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const { code, stderr } = await callCommand(clockCommand(), ['show', '--url', url]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  other.close();
});

describe.each(['', '/'])('at the address of a sandbox, with "%s" behind it,', (ending) => {
  const NUMBER = '+12125550123';
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-below-'));
  const faults = join(folder, 'faults.yaml');
  const saved = join(folder, 'saved.state');
  writeFileSync(faults, 'faults:\n  - { id: att-down, scope: { carrier: att }, outage: true }\n');

  let gateway: GatewayUnderTest;
  let sandbox: { readonly id: string; readonly url: string };
  let passing: NodeJS.Timeout;
  beforeAll(async () => {
    gateway = await openGatewayUnderTest({ registryHistory: true });
    // What `top` shows comes with time.
    passing = setInterval(() => gateway.time.advance(100), 20);
  });
  afterAll(async () => {
    clearInterval(passing);
    await gateway.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    const settings = { clock: 'frozen@2030-01-01T00:00:00Z', tariffDate: '2025-06-01' };
    ({ body: sandbox } = await gateway.ask('POST', '/v1/sandboxes', settings));
    await inside('PUT', `/v1/numbers/${NUMBER}`, { campaign: 'CTOPA01' });
    await inside('POST', '/v1/messages', { from: NUMBER, to: gateway.number('att'), text: 'Hi' });
  });
  afterEach(() => gateway.ask('DELETE', `/v1/sandboxes/${sandbox.id}`));

  const inside = (method: string, path: string, body?: object) =>
    gateway.ask<unknown>(method, path, body, { [SANDBOX_HEADER]: sandbox.id });
  const outside = (method: string, path: string) => gateway.ask<unknown>(method, path);
  const call = async (command: Command, words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await callCommand(command, [...words, '--url', sandbox.url + ending]);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  test.each<[string, Command, readonly string[], RegExp]>([
    ['top', topCommand(), ['--once'], /prices of 2025-.*\n.*\n0\.0 messages\/s {3}1 in 0 s/],
    ['clock', clockCommand(), ['show'], /^2030-01-01T00:00:00\.000Z frozen/],
    ['trace', traceCommand(), [NUMBER], /campaign CTOPA01/],
    ['lookup', lookupCommand(), [NUMBER], /registered to CTOPA01/],
  ])('%s shows what is there', async (_, command, words, said) => {
    expect(await call(command, words)).toMatch(said);
  });

  interface Messages {
    readonly messages: readonly unknown[];
  }
  const countOf = ({ body }: { readonly body: unknown }): number => (body as Messages).messages.length;

  test.each<[string, Command, readonly (readonly string[])[], path: string, done: object]>([
    ['clock', clockCommand(), [['advance', '60s']], '/v1/clock', { now: '2030-01-01T00:01:00.000Z' }],
    ['faults', faultsCommand(), [['set', faults]], '/v1/faults', { faults: [{ fault: { id: 'att-down' } }] }],
    ['state', stateCommand(), [['reset']], '/v1/messages', { messages: [] }],
    ['state', stateCommand(), [['save', saved], ['reset'], ['load', saved]], '/v1/messages', { messages: [{}] }],
  ])('%s changes what is there and nothing else', async (_, command, calls, path, done) => {
    await gateway.send();
    const countBefore = countOf(await outside('GET', '/v1/messages'));
    for (const words of calls) await call(command, words);
    expect(await inside('GET', path)).toMatchObject({ body: done });
    expect(await outside('GET', path)).not.toMatchObject({ body: done });
    expect(countOf(await outside('GET', '/v1/messages'))).toBe(countBefore);
  });

  test('load goes there', async () => {
    const before = countOf(await outside('GET', '/v1/messages'));
    const words = ['http', '--duration', '300ms', '--warmup', '0s', '--numbers', '5', '--json', '-'];
    const { messages } = JSON.parse(await call(loadCommand(), words)) as { messages: { accepted: number } };
    expect(messages.accepted).toBeGreaterThan(0);
    expect(countOf(await outside('GET', '/v1/messages'))).toBe(before);
  });

  test('a proxy says that it cannot go there', async () => {
    const { code, stderr } = await callCommand(proxyCommand(), [
      '--url',
      sandbox.url + ending,
      '--certificates',
      folder,
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`--url: the proxy cannot go to a path; give ${gateway.url},`),
    ]);
  });
});
