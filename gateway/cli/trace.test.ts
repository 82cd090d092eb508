import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';

const NUMBER = '+12125550123';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ registryHistory: true });
  await gateway.ask('PUT', `/v1/numbers/${NUMBER}`, { campaign: 'CTOPA01' });
  gateway.time.advance(1_000);
  await gateway.ask('DELETE', `/v1/numbers/${NUMBER}`);
});
afterAll(() => gateway.close());

async function trace(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', 'trace', ...words]);
  const [out, err, [code]] = await Promise.all([text(command.stdout), text(command.stderr), once(command, 'exit')]);
  return { code: code as number, out, err };
}

test('shows the chain of a number that was registered then, and ends with 0', async () => {
  const at = new Date(gateway.time.nowMs() - 500).toISOString();
  const { code, out } = await trace(NUMBER, '--at', at, '--url', gateway.url);
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\+12125550123 at .*: traced in \d+\.\d ms$/);
  expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/).slice(0, 3))).toEqual([
    ['message', 'not held', '(no message from it is held)'],
    ['number -> campaign', 'found', 'campaign CTOPA01, nnid 100000'],
    ['campaign -> brand', 'found', 'brand BTOP001, name Example Bank, disclosedBy closed loop'],
    ['brand -> CSP', 'found', 'csp SDEMO01, name Example Messaging'],
  ]);
});

test('ends with 1 where the chain is broken, and as JSON has the reason', async () => {
  const { code, out } = await trace(NUMBER, '--url', gateway.url, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    outcome: 'broken',
    brokenLink: 'number_to_campaign',
    chain: [{}, { reasons: ['number_not_registered_then'] }, { state: 'not_reached' }, { state: 'not_reached' }],
  });
});

test('takes a toll-free number', async () => {
  const { code, out } = await trace('+18335550123', '--url', gateway.url);
  expect(code).toBe(1);
  expect(out).toMatch(/^\+18335550123 at .*: broken in/);
});

test.each([
  [['12'], /<number>: "12"/],
  [[NUMBER, '--at', 'yesterday'], /at: is no moment/],
  [[NUMBER, '--url', 'http://127.0.0.1:1'], /--url: no gateway answers at/],
])('%j is a mistake in the call', async (words, said) => {
  const { code, err, out } = await trace('--url', gateway.url, ...words);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(said);
});
