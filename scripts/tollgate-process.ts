// `tollgate serve` or `tollgate worker` as a process of its own, and what can befall one: killed, stalled and going on as if
// nothing had been, a wall clock that is wrong. It is the command that people run, from source or compiled as this file is.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface TollgateProcess {
  /** Where it listens. */
  readonly url: string;
  readonly pid: number;
  /** Ends it at once, as a crash would. Safe to call twice. */
  kill(): Promise<void>;
  /** Holds it still; resolves once it does not run any more. */
  stall(): Promise<void>;
  /** Ends stall(). */
  resume(): void;
  /** Has it end as an operator would; resolves once it has. */
  stop(): Promise<void>;
}

export interface TollgateSetting {
  /** `serve` unless told otherwise. */
  readonly command?: 'serve' | 'worker';
  /** Words after the command; the port is a free one of loopback unless they name another. */
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How far its wall clock is ahead of everybody else's. */
  readonly clockAheadMs?: number;
  /** Path of the compiled program, if it is to be another than the one beside this file. */
  readonly program?: string | undefined;
  /** Words for Node itself. */
  readonly nodeWords?: readonly string[];
}

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 5;

const HERE = fileURLToPath(import.meta.url);
const ROOT = dirname(dirname(HERE));
const COMMAND = join(ROOT, 'gateway', 'cli', `main${extname(HERE)}`);

/** The end of a pipe that we hold ends the process, so that none outlives its test, however that ended. */
const LEASH = `
  import { Socket } from 'node:net';
  new Socket({ fd: 3 }).on('error', () => {}).on('close', () => process.exit(1)).resume().unref();
`;

/** Resolves once the process listens. Throws what it wrote on standard error when it ends instead. */
export async function startTollgate(setting: TollgateSetting = {}): Promise<TollgateProcess> {
  const {
    command = 'serve',
    words = [],
    environment = {},
    clockAheadMs = 0,
    nodeWords = [],
    program = COMMAND,
  } = setting;
  const shift = clockAheadMs === 0 ? '' : `const now = Date.now; Date.now = () => now() + ${clockAheadMs};`;
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(LEASH + shift)}`];
  const port = environment['TOLLGATE_PORT'] === undefined ? ['--port', '0'] : [];
  const inherited = Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|NODE_|VITEST|REDIS_)/.test(name));
  const loader = extname(program) === '.ts' ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...nodeWords, ...loader, ...preload, program, command, ...port, ...words], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-8_000)));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    const url = await addressOf(child, command, () => stderr);
    return {
      url,
      // It listens, so it was started.
      pid: child.pid ?? 0,
      kill,
      stall: () => stall(child),
      resume: () => void child.kill('SIGCONT'),
      stop: async () => {
        child.kill('SIGTERM');
        await ended;
      },
    };
  } catch (error) {
    await kill();
    throw error;
  }
}

async function addressOf(child: ChildProcess, command: string, stderr: () => string): Promise<string> {
  let stdout = '';
  // Read on to the end, or the process would wait for room in the pipe.
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-8_000)));
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += POLL_MS) {
    const [url] = /http:\/\/[\d.]+:\d+/.exec(stdout) ?? [];
    if (url !== undefined) return url;
    if (hasEnded(child)) throw new Error(`tollgate ${command} ended instead: ${stderr()}`);
    await sleep(POLL_MS);
  }
  throw new Error(`tollgate ${command} did not start: ${stderr()}`);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function stall(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  while (!hasEnded(child)) {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(child.pid)]);
    if (stdout.startsWith('T')) return;
    await sleep(1);
  }
}
