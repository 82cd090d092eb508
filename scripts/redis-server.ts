// A real Redis for one test file: its own free loopback port, nothing written to disk, gone when the test is.
// Real because our scripts, streams and memory rules are promises about Redis itself; about 20 ms to start, so each
// test file takes its own instead of sharing one. Nothing here knows a Redis client: it asks PING over a bare socket.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly url: string;
  /** Ends the server at once, as a crash would, and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

// The server is held by a shell that watches a pipe from us. The pipe closes when we stop() and also when the test
// process ends in any other way, SIGKILL included, so no server outlives its test.
const LEASH = `
  server=$(command -v redis-server || command -v valkey-server) || exit 127
  exec 3<&0
  "$server" "$@" < /dev/null &
  pid=$!
  { read -r _ <&3; kill -9 $pid; rm -rf "$FOLDER"; } 2> /dev/null &
  wait $pid`;

const START_TIMEOUT_MS = 10_000;

/**
 * Starts `redis-server` (or `valkey-server`) and resolves once it answers PING.
 * `options` are added to its command line, for example `['--appendonly', 'yes']`.
 * Throws, naming the package to install, when neither program is on the PATH.
 */
export async function startRedisServer(options: readonly string[] = []): Promise<RedisServer> {
  // Another process may take the free port between our look and the server's bind: then simply look again.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const started = await launch(port, options);
    if (await answersPing(started, port)) {
      return { host: '127.0.0.1', port, url: `redis://127.0.0.1:${port}`, stop: started.stop };
    }
    await started.stop();
    if (started.child.exitCode === 127) throw new Error(MISSING);
    if (attempt === 3 || !started.output().includes('Address already in use')) {
      throw new Error(`redis-server did not start on port ${port}:\n${started.output()}`);
    }
  }
}

const MISSING =
  'Neither redis-server nor valkey-server is on the PATH. Install one and run again: ' +
  '`sudo apt-get install redis-server` on Debian or Ubuntu, `brew install redis` on macOS.';

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

async function launch(port: number, options: readonly string[]): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-redis-'));
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const memoryOnly = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const child = spawn('/bin/sh', ['-c', LEASH, 'redis-leash', ...place, ...memoryOnly, ...options], {
    env: { ...process.env, FOLDER: folder },
  });
  const ended = once(child, 'exit');
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-8_000)));
  }
  const stop = async () => {
    child.stdin.destroy();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { child, output: () => text, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks PING until the answer is PONG. False when the server ended, or when it stayed silent for too long. */
async function answersPing({ child }: Started, port: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 10) {
    if (child.exitCode !== null) return false;
    // The port may answer for a stranger that took it first; then our own child is about to end with "in use".
    if ((await ask(port, 'PING\r\n')) === '+PONG\r\n' && child.exitCode === null) return true;
    await sleep(10);
  }
  return false;
}

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(command));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once('error', () => resolve(''));
    socket.once('close', () => resolve(''));
  });
}
