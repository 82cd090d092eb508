import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTollgate } from '../../scripts/tollgate-process.ts';
import { type ControlsUnderTest, openControls } from '../control/controls-under-test.ts';
import { clockCommand } from './clock.ts';
import { callCommand, type Ended } from './command-under-test.ts';
import { faultsCommand } from './faults.ts';

// `tollgate clock` and `tollgate faults`, run within this process against a server whose time stands from the start.

const folder = mkdtempSync(join(tmpdir(), 'tollgate-controls-'));
let controls: ControlsUnderTest;
beforeAll(async () => {
  controls = await openControls();
});
afterAll(async () => {
  await controls.close();
  rmSync(folder, { recursive: true });
});

function tollgate(command: string, name: string, ...words: string[]): Promise<Ended> {
  const called = command === 'clock' ? clockCommand() : faultsCommand();
  return callCommand(called, [name, '--url', controls.url, ...words]);
}

function fileOf(content: string): string {
  const path = join(folder, `${content.length}.yaml`);
  writeFileSync(path, content);
  return path;
}

test('the clock of a gateway is shown, moved on and let go', async () => {
  const shown = await tollgate('clock', 'show');
  expect([shown.code, shown.stdout]).toEqual([
    0,
    expect.stringMatching(/^2024-03-01T18:00:00\.000Z frozen, [\d.]+ s behind the machine\n$/),
  ]);
  expect((await tollgate('clock', 'advance', '1.5h', '--settle')).stdout).toMatch(/^2024-03-01T19:30:00\.000Z frozen/);
  expect((await tollgate('clock', 'at', '2024-03-01T20:00:00Z')).stdout).toMatch(/^2024-03-01T20:00:00\.000Z frozen/);
  const back = await tollgate('clock', 'at', '2024-03-01T19:00:00Z');
  expect([back.code, back.stdout, back.stderr]).toEqual([
    2,
    '',
    expect.stringMatching(/^tollgate: at: is before 2024-03-01T20:00:00.000Z/),
  ]);
  expect((await tollgate('clock', 'real')).stdout).toMatch(/^2024-03-01T20:00:0\d\.\d+Z real/);
  expect((await tollgate('clock', 'freeze')).stdout).toMatch(/ frozen/);
});

test('faults are set from a file, listed and taken away', async () => {
  const file = fileOf(
    'faults:\n  - id: att-down\n    scope: { carrier: att }\n    outage: true\n    forMs: 5000\n  - id: late\n    receipts: { delayMs: 500 }\n    afterMs: 10000\n',
  );
  const set = await tollgate('faults', 'set', file);
  expect([set.code, set.stderr]).toEqual([0, '']);
  expect(set.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 1).join())).toEqual([
    'att-down',
    'late',
    '',
  ]);
  const listed = await tollgate('faults', 'list');
  expect(listed.stdout).toBe(set.stdout);
  expect(listed.stdout).toMatch(
    /^att-down +in force until 2024-.*Z +applied 0 +carrier att +\{"outage":true,"forMs":5000\}\nlate +off until /,
  );
  expect((await tollgate('faults', 'clear', 'late')).code).toBe(0);
  const json = await tollgate('faults', 'list', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ faults: [{ fault: { id: 'att-down' }, inForce: true }] });
  expect((await tollgate('faults', 'clear')).code).toBe(0);
  expect((await tollgate('faults', 'list')).stdout).toBe('no faults are set\n');
});

describe('a mistake in the call', () => {
  test.each([
    [['clock', 'advance', '60'], /'60' is invalid.*250ms, 60s, 5m, 12h or 1d/],
    [['clock', 'advance', '32d'], /advanceMs: is more than 31 days on/],
    [['faults', 'set', 'no-such-file.yaml'], /<file>: no-such-file.yaml cannot be read \(ENOENT\)/],
    [['faults', 'set', fileOf('faults: [')], /\.yaml:1:\d+ not valid YAML/],
    [
      ['faults', 'set', fileOf('faults:\n  - { id: x, outage: true, until: noon }')],
      /faults\.0\.until: must be a moment/,
    ],
    [['faults', 'clear', 'nobody'], /id: names no fault/],
    [['clock', 'show', '--url', 'http://127.0.0.1:1'], /--url: no gateway answers at http:\/\/127.0.0.1:1/],
  ])('%j ends with 2 and names the fix', async (words, said) => {
    const [command = '', name = '', ...rest] = words;
    const { code, stdout, stderr } = await tollgate(command, name, ...rest);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(said);
  });
});

const START_TIMEOUT_MS = 60_000;

test(
  'a gateway whose time stands from the start is stopped like any other',
  async () => {
    const gateway = await startTollgate({ words: ['--clock', 'frozen@2024-03-01T10:00:00-08:00'] });
    const { now, state } = (await (await fetch(`${gateway.url}/v1/clock`)).json()) as { now: string; state: string };
    expect([now, state]).toEqual(['2024-03-01T18:00:00.000Z', 'frozen']);
    await gateway.stop();
  },
  START_TIMEOUT_MS,
);
