import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTollgate, type TollgateProcess } from '../../scripts/tollgate-process.ts';
import { loadCommand } from './load.ts';
import { callCommand, type Ended } from './command-under-test.ts';

// The command against a gateway that is a process of its own, with real threads.

let gateway: TollgateProcess;
let smppUrl: string;
const folder = mkdtempSync(join(tmpdir(), 'tollgate-load-'));

beforeAll(async () => {
  const port = await freePort();
  // Before any regime, so that nothing is refused for who sends it.
  gateway = await startTollgate({
    words: ['--smpp-port', String(port), '--tariff-date', '2022-01-01', '--log-level', 'error'],
  });
  smppUrl = `smpp://127.0.0.1:${port}`;
});

afterAll(async () => {
  await gateway.kill();
  rmSync(folder, { recursive: true, force: true });
});

const load = (...words: readonly string[]): Promise<Ended> => callCommand(loadCommand(), words);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const QUICK = ['--duration', '500ms', '--warmup', '200ms', '--numbers', '40', '--carriers', 'verizon=1'];

interface Inbox {
  readonly messages: readonly unknown[];
}

interface Json {
  readonly messages: Readonly<Record<'due' | 'answered' | 'accepted' | 'refused' | 'failed', number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly receipts: { readonly awaited: number; readonly came: number };
  readonly latency: { readonly count: number };
  readonly timeline: readonly unknown[];
  readonly thresholds: readonly { readonly crossed: boolean }[];
}

describe('tollgate load', () => {
  test('http registers numbers, waits for receipts and writes its reports', async () => {
    const [json, html] = [join(folder, 'load.json'), join(folder, 'load.html')];
    const words = [
      '--url',
      gateway.url,
      '--rate',
      '100',
      '--register',
      '--registered',
      '1',
      '--receipts',
      '--drain',
      '4s',
    ];
    const thresholds = ['--fail-if', 'error>0,rate<10', '--json', json, '--html', html];
    const { code, stdout, stderr } = await load('http', ...QUICK, ...words, ...thresholds);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('kept       error>0: it was 0');
    const report = JSON.parse(readFileSync(json, 'utf8')) as Json;
    expect(report.messages.accepted).toBeGreaterThan(20);
    expect(report.messages).toMatchObject({ failed: 0, due: report.latency.count });
    expect(report.receipts.awaited).toBe(report.messages.accepted);
    // Some phones never say whether a message has come.
    expect(report.receipts.came).toBeGreaterThan(report.receipts.awaited * 0.8);
    expect(report.timeline).toHaveLength(7);
    expect(readFileSync(html, 'utf8')).toContain('Latency over time');
    const { messages } = (await (await fetch(`${gateway.url}/v1/messages?limit=1`)).json()) as Inbox;
    expect(messages).toEqual([expect.objectContaining({ registration: 'registered', route: 'a2p' })]);
  });

  test('http without a rate keeps its connections busy, from several threads', async () => {
    const words = ['--url', gateway.url, '--threads', '2', '--json', '-'];
    const { code, stdout } = await load('http', ...QUICK, ...words);
    expect(code).toBe(0);
    const { messages, failed } = JSON.parse(stdout) as Json;
    expect(failed).toEqual({});
    expect(messages.accepted).toBeGreaterThan(30);
  });

  test('batch sends lines; each threshold that was crossed is named, and it ends with 1', async () => {
    const words = ['--url', gateway.url, '--batch', '50', '--rate', '2000', '--json', '-'];
    const thresholds = ['--fail-if', 'p50>1us,rate<100000,error>50%'];
    const { code, stdout, stderr } = await load('batch', ...QUICK, ...words, ...thresholds);
    const { messages, failed, thresholds: checked } = JSON.parse(stdout) as Json;
    expect(failed).toEqual({});
    expect(messages.accepted).toBeGreaterThan(200);
    expect(checked.map(({ crossed }) => crossed)).toEqual([true, true, false]);
    expect(stderr).toMatch(
      /^tollgate: --fail-if: p50>1us: it was .*\ntollgate: --fail-if: rate<100000: it was \d+\/s\n$/,
    );
    expect(code).toBe(1);
  });

  test('smpp binds from each thread, and hears receipts of all', async () => {
    const words = [
      '--url',
      smppUrl,
      '--threads',
      '2',
      '--connections',
      '4',
      '--rate',
      '400',
      '--receipts',
      '--drain',
      '4s',
    ];
    const { code, stdout } = await load('smpp', ...QUICK, ...words, '--json', '-');
    expect(code).toBe(0);
    const { messages, failed, receipts } = JSON.parse(stdout) as Json;
    expect(failed).toEqual({});
    expect(messages.accepted).toBeGreaterThan(100);
    expect(receipts.came).toBeGreaterThan(receipts.awaited * 0.8);
  });

  test('ends with 2 when nobody is there, and says what to do', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const words of [[], ['--register']]) {
      const { code, stderr } = await load('http', ...QUICK, '--url', url, ...words);
      expect(stderr).toMatch(/^tollgate: --url: .* answers at .*; start .*\n$/);
      expect(code).toBe(2);
    }
  });

  test.each([
    [['ftp'], "unknown command 'ftp'"],
    [['http', 'extra'], 'too many arguments'],
    [['http', '--rate', '0'], '--rate <per-second>'],
    [['http', '--rate', 'many'], 'Give messages a second, above 0'],
    [['http', '--duration', '10'], '--duration <time>'],
    [['http', '--duration', '0s'], '--duration: nothing can be measured in no time'],
    [['http', '--duration', '8d'], 'Give seven days at most.'],
    [['http', '--arrivals', 'bursts'], 'Allowed choices are poisson, fixed'],
    [['http', '--threads', '0'], 'Give a whole number from 1 to 64.'],
    [['http', '--threads', '3', '--connections', '2'], '--connections: 2 cannot be shared by 3 threads'],
    [['http', '--registered', '2'], 'Give a part from 0 to 1'],
    [['http', '--carriers', 'sprint=1'], 'Give each of att, verizon, tmobile'],
    [['http', '--carriers', 'att=0'], 'Give at least one share above 0.'],
    [['http', '--length', '2000'], 'Give a whole number from 1 to 1600.'],
    [['http', '--account', 'two words'], 'Give the id of an account'],
    [['http', '--callback-host', 'nowhere'], 'Give an IP address of this machine'],
    [['http', '--fail-if', 'p98>1ms'], 'there is no p98'],
    [['http', '--fail-if', 'loss>0'], '--fail-if: loss is of receipts, which nobody asks for; add --receipts'],
    [['http', '--url', 'nonsense'], '--url: "nonsense" is no address; give one such as http://127.0.0.1:8080'],
    [['http', '--url', 'smpp://127.0.0.1:2775'], '--url: smpp://127.0.0.1:2775 must begin with http:// or https://'],
    [['http', '--url', 'http://user:word@127.0.0.1'], '--url: leave credentials out of the address'],
    [['http', '--window', '3'], "unknown option '--window'"],
    [['batch', '--batch', '1'], 'Give a whole number from 2 to 100000.'],
    [['smpp', '--url', 'http://127.0.0.1'], 'must begin with smpp:// or smpps://'],
    [['smpp', '--system-id', 'a-system-id-of-many-letters'], 'Give at most 15 characters of ASCII.'],
    [['smpp', '--password', 'much-too-long'], 'Give at most 8 characters of ASCII.'],
    [['http', '--html', '/no/such/folder/load.html'], '--html: /no/such/folder/load.html cannot be written (ENOENT)'],
    [['http', '--json', tmpdir()], 'is a folder; give a file'],
    [['smpp', '--binds', 'rx'], 'Allowed choices are trx, tx+rx'],
    [['http', '--json', '-', '--html', '-'], '--html: standard output is taken by --json -; give a file'],
  ])('%j is a mistake in the call', async (words, said) => {
    const { code, stderr } = await load(...words);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  });
});
