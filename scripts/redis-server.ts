// A real Redis for one test file: its own free loopback port, nothing written to disk, gone when the test is.
// Real because our scripts, streams and memory rules are promises about Redis itself; about 20 ms to start, so each
// test file takes its own instead of sharing one. Nothing here knows a Redis client: it asks over a bare socket.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';

export interface RedisServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Enough for a client of ours: with TLS it names the certificate to trust. */
  readonly url: string;
  /** Holds the server still: once resolved, connections are accepted and nothing is answered. */
  pause(): Promise<void>;
  /** Ends pause(). */
  resume(): Promise<void>;
  /** Ends the server at once, as a crash would, and keeps port and folder for restart(). Safe to call twice. */
  kill(): Promise<void>;
  /** Starts it again, after a kill() if it runs: same port, folder and options. Empty unless its options make it persist. */
  restart(): Promise<void>;
  /** Ends the server at once and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

// The server is held by a shell that watches a pipe from us. A line on it names a signal for the server; its end, which comes with
// stop() and also when the test process ends in any other way, SIGKILL included, removes the folder as well. So no server
// outlives its test. Each signal is acknowledged on the same pipe. Once the server is gone nobody signals its process number any more: it may be another's. What the
// shell has to say of a killed child goes nowhere, since the pipe for it may be gone, and then writing ends the shell.
const LEASH = `
  server=$(command -v redis-server || command -v valkey-server) || exit 127
  "$server" "$@" 3<&- &
  pid=$!
  {
    trap '' PIPE
    while read -r signal <&3 && [ "$signal" != KILL ]; do kill -"$signal" $pid; echo "$signal" >&3; done
    kill -KILL $pid
  } 2> /dev/null &
  watcher=$!
  wait $pid 2> /dev/null
  status=$?
  kill $watcher 2> /dev/null
  { read -r _ <&3; rm -rf "$FOLDER"; } > /dev/null 2>&1 &
  exit $status`;

const START_TIMEOUT_MS = 10_000;
const PORT_TAKEN = 'Address already in use';
const MISSING =
  'Neither redis-server nor valkey-server is on the PATH. Install one and run again: ' +
  '`sudo apt-get install redis-server` on Debian or Ubuntu, `brew install redis` on macOS.';

/**
 * Starts `redis-server` (or `valkey-server`) and resolves once it answers PING.
 * `options` are added to its command line, for example `['--appendonly', 'yes']` or
 * `['--user', 'ann', 'on', '>secret', '~*', '+@all']`.
 * With `tls` its port speaks nothing but TLS, under a certificate of its own for 127.0.0.1 and localhost.
 * Throws, naming the package to install, when neither program is on the PATH.
 */
export async function startRedisServer(options: readonly string[] = [], { tls = false } = {}): Promise<RedisServer> {
  // Another process may take the free port between our look and the server's bind: then simply look again.
  for (let attempt = 1; ; attempt++) {
    const server = await serverOn(await freePort(), options, tls);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      if (attempt === 3 || !String(error).includes(PORT_TAKEN)) throw error;
    }
  }
}

/** A server that has its port, folder and options, and does not run. */
async function serverOn(port: number, options: readonly string[], tls: boolean): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-redis-'));
  const place = ['--bind', '127.0.0.1', '--dir', folder];
  const memoryOnly = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const certificate = tls ? await makeCertificate(folder) : undefined;
  const listening = certificate ? tlsOptions(port, certificate) : ['--port', String(port)];
  // Sentinels insist on a file of their own, and others do not mind one.
  const file = join(folder, 'redis.conf');
  await writeFile(file, '');
  const words = [file, ...listening, ...place, ...memoryOnly, ...options];

  const leashes: Leash[] = [];
  const kill = async () => leashes.at(-1)?.pull();
  const stop = async () => {
    await Promise.all(leashes.map((leash) => leash.letGo()));
    await rm(folder, { recursive: true, force: true });
  };
  const restart = async () => {
    await kill();
    const leash = hold(words, folder);
    leashes.push(leash);
    for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 10) {
      // The port may answer for a stranger that took it first; then our own child is about to end with "in use".
      const reply = await ask(port, 'PING', certificate?.text);
      if (leash.child.exitCode === 127) throw new Error(MISSING);
      if (leash.child.exitCode !== null) break;
      if (/^(\+PONG|-NOAUTH)/.test(reply)) return;
      await sleep(10);
    }
    throw new Error(`redis-server did not start on port ${port}:\n${leash.output()}`);
  };
  const url = certificate ? `rediss://127.0.0.1:${port}?ca=${certificate.file}` : `redis://127.0.0.1:${port}`;
  const pause = async () => leashes.at(-1)?.signal('STOP');
  const resume = async () => leashes.at(-1)?.signal('CONT');
  return { host: '127.0.0.1', port, url, pause, resume, kill, restart, stop };
}

interface Leash {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Has the server get a signal, by its name, and resolves when it got it or is gone. */
  readonly signal: (name: 'STOP' | 'CONT') => Promise<void>;
  /** Ends the server and keeps its folder. */
  readonly pull: () => Promise<void>;
  /** Ends the server and its folder. */
  readonly letGo: () => Promise<void>;
}

function hold(words: readonly string[], folder: string): Leash {
  const child = spawn('/bin/sh', ['-c', LEASH, 'redis-leash', ...words], {
    env: { ...process.env, FOLDER: folder },
    // The leash is a pipe of its own: Node closes stdin as soon as the shell ends, which is not yet the end of the folder.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, leash] = child.stdio as unknown as [null, Readable, Readable, Socket];
  const ended = once(child, 'exit');
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-8_000)));
  }
  leash.on('error', () => {}); // The shell may be gone before it reads our line.
  const say = (name: string) => {
    if (child.exitCode === null && !leash.destroyed) leash.write(`${name}\n`);
  };
  let signals: Promise<unknown> = Promise.resolve();
  const signal = async (name: string) => {
    // One at a time, so that the next acknowledgement is this one's.
    const heard = signals.then(() => {
      const acknowledged = once(leash, 'data').catch(() => {});
      say(name);
      return Promise.race([acknowledged, ended]);
    });
    signals = heard;
    await heard;
  };
  const pull = async () => {
    say('KILL');
    await ended;
  };
  const letGo = async () => {
    leash.destroy();
    await ended;
  };
  return { child, output: () => text, signal, pull, letGo };
}

interface Certificate {
  readonly file: string;
  readonly key: string;
  readonly text: string;
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const file = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  await promisify(execFile)('openssl', ['req', ...kind, ...names, '-keyout', key, '-out', file]);
  return { file, key, text: await readFile(file, 'utf8') };
}

function tlsOptions(port: number, { file, key }: Certificate): string[] {
  const files = ['--tls-cert-file', file, '--tls-key-file', key, '--tls-ca-cert-file', file];
  return ['--port', '0', '--tls-port', String(port), ...files, '--tls-auth-clients', 'no'];
}

/**
 * A port that is free and so is the one 10,000 above it, where a cluster node talks to the others. Both lie below those
 * that an operating system hands out, so that no passing connection takes the port of a server waiting to be restarted.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** The text of the reply to a command without arguments that hold spaces. Throws what the server refused. */
export async function tell({ port }: RedisServer, command: string): Promise<string> {
  const reply = await ask(port, command);
  if (reply === '' || reply.startsWith('-')) {
    throw new Error(`Redis on port ${port} to "${command.slice(0, 60)}": ${reply.trim() || 'no answer'}`);
  }
  return (/^\$\d+\r\n([^]*)\r\n$/.exec(reply)?.[1] ?? reply).trim();
}

const AGREE_TIMEOUT_MS = 20_000;

/** Resolves once `holds` is true of every server at one time. */
export async function eventually(
  what: string,
  servers: readonly RedisServer[],
  holds: (server: RedisServer) => Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < AGREE_TIMEOUT_MS; waitedMs += 20) {
    if ((await Promise.all(servers.map((server) => holds(server)))).every(Boolean)) return;
    await sleep(20);
  }
  throw new Error(`Not within ${AGREE_TIMEOUT_MS / 1_000} s: ${what}`);
}

/** The reply to an inline command, as it comes over the wire. Empty when there was none. `ca` for a server with TLS. */
function ask(port: number, command: string, ca?: string): Promise<string> {
  return new Promise((resolve) => {
    let reply = '';
    const to = { host: '127.0.0.1', port };
    const socket = ca === undefined ? connect(to) : connectTls({ ...to, ca });
    socket.setTimeout(1_000, () => socket.destroy());
    // Our end of the connection makes the server end its own behind the reply, so that we know where that stops.
    socket.end(`${command}\r\n`);
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.on('error', () => {});
    socket.once('close', () => resolve(reply));
  });
}
