import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedisServer } from '../../scripts/redis-server.ts';
import { OPTIONS } from '../options.ts';

// The command as people run it: a process of its own, its output read through pipes.

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

interface Setting {
  readonly environment?: Readonly<Record<string, string>>;
  /** A module that runs in the process before the command does. */
  readonly preload?: string;
}

class Tollgate {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #ended: Promise<unknown[]>;

  constructor(words: readonly string[], { environment = {}, preload = '' }: Setting = {}) {
    const imports = ['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(preload)}`];
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(TOLLGATE_|NODE_|VITEST|NO_COLOR|REDIS_)/.test(name),
    );
    this.child = spawn(process.execPath, [...imports, join('gateway', 'cli', 'main.ts'), ...words], {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#ended = once(this.child, 'close');
    running.add(this.child);
  }

  /** Its exit code, or the signal that ended it. */
  async exit(): Promise<number | string> {
    const [code, signal] = (await this.#ended) as [number | null, string | null];
    running.delete(this.child);
    return code ?? signal ?? 'none';
  }

  exitAfter(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.exit();
  }

  /** Where it says it listens. */
  async url(): Promise<string> {
    for (;;) {
      const [url] = /http:\/\/[^\s]+/.exec(this.stdout) ?? [];
      if (url !== undefined) return url;
      if (this.child.exitCode !== null) throw new Error(`it ended instead: ${this.stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const running = new Set<ChildProcess>();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
});
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test.concurrent('help lists every option with its variable and exits with 0', async () => {
  const tollgate = new Tollgate(['serve', '--help']);
  expect(await tollgate.exit()).toBe(0);
  const words = tollgate.stdout.replaceAll(/\s+/g, ' ');
  for (const { flag, argument, variable } of OPTIONS) {
    expect(words).toContain(argument === undefined ? flag : `${flag} <${argument}>`);
    expect(words).toContain(`(${variable}`);
  }
  expect(words).toContain('--config <file>');
  expect(tollgate.stderr).toBe('');
});

describe.concurrent('a mistake in the call is explained on standard error and exits with 2:', () => {
  const explained = async (words: readonly string[], setting?: Setting): Promise<string> => {
    const tollgate = new Tollgate(words, setting);
    expect(await tollgate.exit()).toBe(2);
    expect(tollgate.stdout).toBe('');
    expect(tollgate.stderr).not.toMatch(/^\s+at /m);
    return tollgate.stderr;
  };

  test('an unknown option', async () => {
    expect(await explained(['serve', '--prot', '80'])).toMatch(/unknown option '--prot'/);
  });

  test('several wrong values at once, wherever they were written', async () => {
    const config = file('wrong.yaml', 'seed: one\n');
    const environment = { TOLLGATE_CONFIG: config, TOLLGATE_RATE: '0' };
    expect(await explained(['serve', '--port', '80a'], { environment })).toBe(
      [
        `tollgate: ${config}:1:7 seed must be a whole number from 0 to 9007199254740991`,
        'tollgate: TOLLGATE_RATE: "0" must be a number above 0, at most 100000',
        'tollgate: --port: "80a" must be a whole number from 0 to 65535',
        '',
      ].join('\n'),
    );
  });

  test('a configuration that is not there', async () => {
    const missing = join(folder, 'missing.yaml');
    expect(await explained(['serve', '--config', missing])).toBe(
      `tollgate: --config: ${missing} cannot be read (ENOENT)\n`,
    );
  });

  test('a broken tariff book, with the place of each mistake', async () => {
    const book = file('book.yaml', 'book: mine\nrates: free\n');
    const lines = (await explained(['serve', '--port', '0', '--book', book])).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.replace(`tollgate: ${book}`, '')).toMatch(/^:\d+:\d+ /);
  });
});

test.concurrent('a port in use exits with 1 and says which option to change', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const tollgate = new Tollgate(['serve', '--port', String(port)]);
  expect(await tollgate.exit()).toBe(1);
  expect(tollgate.stderr).toBe(`tollgate: --port: 127.0.0.1:${port} is in use; give another, or 0 for a free one\n`);
  other.close();
});

test.concurrent('a port in use ends a gateway on Redis as well, which has sockets open by then', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const redis = await startRedisServer();
  const tollgate = new Tollgate(['serve', '--redis', redis.url, '--port', String(port)]);
  expect(await tollgate.exit()).toBe(1);
  other.close();
  await redis.stop();
});

test.concurrent('a gateway and a worker whose Redis is gone end with 0 soon after SIGTERM', async () => {
  const redis = await startRedisServer();
  const all = ['serve', 'worker'].map((command) => new Tollgate([command, '--redis', redis.url, '--port', '0']));
  for (const tollgate of all) await tollgate.url();
  await redis.kill();
  // By then nobody blocks on a connection any more.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const startedMs = performance.now();
  expect(await Promise.all(all.map((tollgate) => tollgate.exitAfter('SIGTERM')))).toEqual([0, 0]);
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  await redis.stop();
});

test.concurrent('a receipt that is due soon after SIGTERM still arrives', async () => {
  const posted: string[] = [];
  const receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => posted.push(text));
    request.on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const tollgate = new Tollgate(['serve', '--port', '0']);
  const url = await tollgate.url();
  const callbackUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const batch = Array.from({ length: 50 }, () => {
    return { from: '+12012010000', to: '+12012019000', text: 'hi', callbackUrl };
  });
  await fetch(`${url}/v1/messages/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(batch),
  });
  expect(await tollgate.exitAfter('SIGTERM')).toBe(0);
  expect(posted.length).toBeGreaterThan(0);
  receiver.close();
});

describe.concurrent('serving', () => {
  const message = { from: '+12012010000', to: '+12012019000', text: 'Your table is ready.' };
  const send = (url: string): Promise<Response> =>
    fetch(`${url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    });

  test('says where, answers, and ends with 0 soon after SIGTERM, messages in flight or not', async () => {
    const tollgate = new Tollgate(['serve', '--port', '0']);
    const url = await tollgate.url();
    expect(tollgate.stdout).toContain('prices of 2024-03-01  seed 1');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    for (let count = 0; count < 20; count += 1) expect((await send(url)).status).toBe(202);
    const startedMs = performance.now();
    expect(await tollgate.exitAfter('SIGTERM')).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(tollgate.stdout).toContain('20 unregistered');
    expect(tollgate.stderr).toBe('');
  });

  test('with demo traffic sends messages of itself, and ends with 0 on SIGINT', async () => {
    const tollgate = new Tollgate(['serve'], {
      environment: { TOLLGATE_PORT: '0', TOLLGATE_DEMO: 'true', TOLLGATE_RATE: '500', TOLLGATE_SEED: '7' },
    });
    const url = await tollgate.url();
    expect(tollgate.stdout).toContain('seed 7');
    for (;;) {
      const { messages } = (await (await fetch(`${url}/v1/messages?limit=1`)).json()) as { messages: unknown[] };
      if (messages.length > 0) break;
    }
    expect(await tollgate.exitAfter('SIGINT')).toBe(0);
    expect(tollgate.stderr).toBe('');
  });

  test('goes on when nobody reads its output any more, as when piped into head', async () => {
    const tollgate = new Tollgate(['serve', '--port', '0']);
    const url = await tollgate.url();
    tollgate.child.stdout?.destroy();
    expect((await send(url)).status).toBe(202);
    // It writes its last figures when it stops.
    expect(await tollgate.exitAfter('SIGTERM')).toBe(0);
    expect(tollgate.stderr).toBe('');
  });

  test('gives the terminal its cursor back when it fails, before the trace is printed', async () => {
    const preload = `
      process.stdout.isTTY = true;
      process.once('SIGUSR2', () => setImmediate(() => { throw new Error('broken on purpose'); }));
    `;
    const tollgate = new Tollgate(['serve', '--port', '0'], { preload, environment: { TERM: 'xterm' } });
    await tollgate.url();
    expect(tollgate.stdout).toContain('\x1b[?25l');
    expect(tollgate.stdout).not.toContain('\x1b[?25h');
    expect(await tollgate.exitAfter('SIGUSR2')).toBe(1);
    expect(tollgate.stdout.endsWith('\x1b[?25h')).toBe(true);
    expect(tollgate.stderr).toContain('broken on purpose');
  });
});
