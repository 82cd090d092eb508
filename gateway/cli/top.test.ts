import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { watch } from './top.ts';

// `tollgate top` against a gateway whose time stands: its events come only as the test moves it.

class Terminal extends EventEmitter {
  written = '';
  columns = 100;
  rows = 40;
  isRaw = false;
  isTTY: boolean;
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  write(part: string): void {
    this.written += part;
  }
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }
  resume(): void {}
  pause(): void {}
  /** The lines of the last frame. */
  get frame(): string[] {
    const [last = ''] = this.written.split('\x1b[H').slice(-1);
    return stripVTControlCharacters(last).split('\n').slice(0, -1);
  }
}

let gateway: GatewayUnderTest;
let terminal: Terminal;
let clockNs: number;
let stop: AbortController;
const clock = { monotonicNs: () => clockNs };
beforeEach(async () => {
  gateway = await openGatewayUnderTest();
  terminal = new Terminal(true);
  clockNs = 1e9;
  stop = new AbortController();
});
afterEach(() => gateway.close());

const top = (own: { url?: string; isOnce?: boolean; environment?: Record<string, string> } = {}): Promise<void> =>
  watch({
    url: gateway.url,
    isOnce: false,
    stream: terminal,
    keys: terminal,
    clock,
    stop: stop.signal,
    environment: {},
    ...own,
  });
/** Lets half a second pass in the gateway and here, after which an event comes. */
const tick = async (): Promise<void> => {
  clockNs += 5e8;
  const before = terminal.written.length;
  gateway.time.advance(500);
  await expect.poll(() => terminal.written.length).toBeGreaterThan(before);
};
const shown = (words: string): Promise<void> => expect.poll(() => terminal.frame.join('\n')).toContain(words);

describe('on a terminal', () => {
  test('it shows the figures of the gateway as they change, and what is done with whom', async () => {
    const ended = top();
    await shown('0.0 messages/s   0 in 0 s');
    expect(terminal.frame[0]).toBe(`Tollgate  ${gateway.url}  prices of 2024-03-01  q quits`);
    expect(terminal.written.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true);
    expect(terminal.isRaw).toBe(true);
    for (let sent = 0; sent < 5; sent += 1) await gateway.send({ truth: 'spam' });
    await gateway.ask('PUT', '/v1/regime', { regime: 'block', carrier: 'tmobile' });
    await tick();
    await shown('10.0 messages/s   5 in 0 s');
    expect(terminal.frame.at(-1)).toBe(
      'Unregistered: charge-more at AT&T, Verizon, US Cellular, Other carriers; block (switched) at T-Mobi…',
    );
    for (let half = 0; half < 20; half += 1) await tick();
    await shown('0.0 messages/s   5 in 10 s');
    expect(terminal.frame.join('\n')).toMatch(/Ended: [45] delivered/);
    expect(terminal.frame[1]).toMatch(/^▁█[▁-█]*▁+$/);
    terminal.emit('data', Buffer.from('q'));
    await ended;
    expect(terminal.written.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
    expect(terminal.isRaw).toBe(false);
    expect([terminal.listenerCount('data'), terminal.listenerCount('resize')]).toEqual([0, 0]);
  });

  test('a frame keeps within the screen, also when it is made smaller', async () => {
    const ended = top();
    await shown('messages/s');
    for (const [columns, rows] of [
      [120, 50],
      [40, 10],
      [1, 1],
    ] as const) {
      Object.assign(terminal, { columns, rows });
      terminal.emit('resize');
      expect(terminal.frame.length).toBeLessThan(rows);
      for (const line of terminal.frame) expect(line.length).toBeLessThanOrEqual(columns);
    }
    stop.abort();
    await ended;
  });

  test('keys that end it do, and one that moves a cursor does not', async () => {
    for (const key of ['q', 'Q', '\x1b', '\x03']) {
      terminal = new Terminal(true);
      const ended = top();
      await shown('messages/s');
      terminal.emit('data', Buffer.from('\x1b[A'));
      await tick();
      terminal.emit('data', Buffer.from(key));
      await ended;
      expect(terminal.written.endsWith('\x1b[?1049l')).toBe(true);
    }
  });

  test('no colour where none is wanted', async () => {
    const ended = top({ environment: { NO_COLOR: '1' } });
    await shown('messages/s');
    expect(terminal.written).not.toContain('\x1b[1m');
    stop.abort();
    await ended;
  });

  test('a gateway that goes is said to be away, and watched again once it is back', async () => {
    const ended = top();
    await shown('messages/s');
    const { port } = new URL(gateway.url);
    await gateway.close();
    clockNs += 7e9;
    await shown('no news for 7 s: trying again');
    gateway = await openGatewayUnderTest({ port: Number(port) }, undefined, gateway.time.nowMs() + 1_000);
    await gateway.send();
    await expect.poll(() => terminal.frame[1]).toMatch(/^▁+$/);
    await shown('1 in 0 s');
    stop.abort();
    await ended;
  });
});

describe('into a pipe', () => {
  test('it writes a line as soon as there is a rate to tell, and then one every five seconds', async () => {
    terminal = new Terminal(false);
    for (let sent = 0; sent < 5; sent += 1) await gateway.send();
    const ended = top();
    const half = async (): Promise<void> => {
      clockNs += 5e8;
      gateway.time.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    for (let halves = 0; terminal.written === '' && halves < 500; halves += 1) {
      await gateway.send();
      await half();
    }
    expect(terminal.written).toMatch(/^\d+ s: [1-9]\d*\.\d messages\/s, .* in flight\n$/);
    for (let halves = 0; halves < 9; halves += 1) await half();
    expect(terminal.written.split('\n')).toHaveLength(2);
    await tick();
    expect(terminal.written.split('\n')[1]).toMatch(/^\d+ s: /);
    expect(terminal.written).not.toContain('\x1b');
    terminal.emit('error');
    await ended;
  });

  test('--once prints one frame without codes and ends', async () => {
    const ended = top({ isOnce: true });
    const moving = setInterval(() => {
      clockNs += 5e8;
      gateway.time.advance(500);
    }, 20);
    await ended;
    clearInterval(moving);
    expect(terminal.written).not.toContain('\x1b');
    expect(terminal.written.match(/Tollgate {2}http/g)).toHaveLength(1);
    expect(terminal.written).toContain('Ended: 0 delivered');
  });
});

describe('with no gateway to watch', () => {
  const told = async (url: string): Promise<{ code: unknown; err: string }> => {
    const before = process.exitCode;
    let err = '';
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((err += chunk.toString()), true));
    try {
      await top({ url });
      return { code: process.exitCode, err };
    } finally {
      process.exitCode = before;
      spy.mockRestore();
    }
  };

  test('it says so and leaves the screen alone', async () => {
    const { code, err } = await told('http://127.0.0.1:1');
    expect([code, terminal.written]).toEqual([2, '']);
    expect(err).toContain('--url: no gateway answers at http://127.0.0.1:1');
  });

  test('something else at the address is named', async () => {
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, err } = await told(url);
    expect([code, terminal.written]).toEqual([2, '']);
    expect(err).toContain(`what is at ${url} cannot be watched: it answers 200 and no events`);
    other.close();
  });
});

test('the command itself: a line into a pipe, and 0 when it is told to stop', async () => {
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', 'top', '--url', gateway.url]);
  const moving = setInterval(() => gateway.time.advance(500), 50);
  const [first] = (await once(command.stdout, 'data')) as [Buffer];
  clearInterval(moving);
  expect(first.toString()).toMatch(/^[\d a-z]+: 0\.0 messages\/s/);
  command.kill('SIGTERM');
  const [[code], err] = await Promise.all([once(command, 'exit'), text(command.stderr)]);
  expect([code, err]).toEqual([0, '']);
});
