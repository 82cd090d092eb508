// What the dashboards are meant to show, small and whole: two gateways and a worker over one Redis, demo traffic, and somebody who
// registers numbers, asks for webhooks, floods a limit, sends by SMPP, sets a fault and switches a regime. A real Prometheus watches.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, askJson } from './ask.ts';
import { freePort } from './free-port.ts';
import { destinations } from './limited-traffic.ts';
import { type PrometheusServer, startPrometheus } from './prometheus-server.ts';
import { startRedisServer } from './redis-server.ts';
import { ROOT } from './source-files.ts';
import { startTollgate } from './tollgate-process.ts';

export interface WatchedDemo {
  readonly prometheus: PrometheusServer;
  /** Addresses of the gateways; demo traffic comes to the first. */
  readonly gateways: readonly string[];
  /** Has things happen for so long. A quarter in a fault begins, half-way a carrier blocks, three quarters in both end. */
  happen(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** A campaign of `gateway/starter-campaigns.yaml`. */
const CAMPAIGN = 'CSOLE01';
/** What happens goes in steps of this, and a burst in one of them is over AT&T's limit for a number. */
const STEP_MS = 500;
const BURST = 120;
const DEMO_RATE = 150;
const PROVISIONING_MS = 4_000;
const SCRAPED_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

export async function startWatchedDemo(): Promise<WatchedDemo> {
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end();
    ends.length = 0;
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'tollgate-watched-'));
    ends.push(() => rm(folder, { recursive: true, force: true }));
    const redis = await startRedisServer();
    ends.push(() => redis.stop());
    const receiver = createServer((request, response) => {
      request.resume();
      // One in ten is to be tried again.
      request.on('end', () => response.writeHead((posts += 1) % 10 === 0 ? 503 : 204).end());
    });
    let posts = 0;
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    ends.push(async () => {
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    });
    const environment = { REDIS_URL: redis.url };
    const shared = ['--delivery', 'workers', '--provisioning-delay-ms', String(PROVISIONING_MS)];
    const files = ['--cdr', join(folder, 'cdrs'), '--audit-file', join(folder, 'audit.ndjson')];
    const smppPort = await freePort();
    const demo = ['--demo', '--rate', String(DEMO_RATE), '--smpp-port', String(smppPort)];
    const [first, second, worker] = await Promise.all([
      startTollgate({ words: [...shared, ...files, ...demo], environment }),
      startTollgate({ words: shared, environment }),
      startTollgate({ command: 'worker', environment }),
    ]);
    for (const one of [first, second, worker]) ends.push(() => one.kill());
    const prometheus = await startPrometheus({
      tollgate: [first, second].map(({ url }) => url.replace('http://', '')),
      'tollgate-worker': [worker.url.replace('http://', '')],
    });
    ends.push(() => prometheus.stop());
    await scraped(prometheus);
    const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/receipts`;
    return {
      prometheus,
      gateways: [first.url, second.url],
      happen: (seconds) => happen({ first: first.url, second: second.url, hook, smppPort, seconds }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Resolves once every process was scraped twice, so that changes show from the first on. */
async function scraped(prometheus: PrometheusServer): Promise<void> {
  const query = encodeURIComponent('min(count_over_time(up[1m])) >= 2 and count(up == 1) == 3');
  for (let waitedMs = 0; waitedMs < SCRAPED_TIMEOUT_MS; waitedMs += POLL_MS) {
    const { result } = (await prometheus.api(`query?query=${query}`)) as { result: unknown[] };
    if (result.length > 0) return;
    await sleep(POLL_MS);
  }
  throw new Error(`Prometheus has not scraped all within ${SCRAPED_TIMEOUT_MS / 1_000} s`);
}

interface Happening {
  readonly first: string;
  readonly second: string;
  readonly hook: string;
  readonly smppPort: number;
  readonly seconds: number;
}

async function happen({ first, second, hook, smppPort, seconds }: Happening): Promise<void> {
  const { att, tmobile, verizon } = destinations();
  const byService = load([
    'smpp',
    '--url',
    `smpp://127.0.0.1:${smppPort}`,
    '--rate',
    '20',
    '--receipts',
    '--duration',
    `${Math.ceil(seconds / 2)}s`,
  ]);
  const steps = Math.floor((seconds * 1_000) / STEP_MS);
  const carriers = [tmobile, verizon, att];
  for (let step = 0; step < steps; step += 1) {
    const number = `+1212555${String(4_000 + step)}`;
    if (step === Math.floor(steps / 4)) {
      await askJson(`${first}/v1/faults/att-late`, 'PUT', {
        scope: { carrier: 'att' },
        latency: { medianMs: 900, sigma: 0.4, capMs: 5_000 },
      });
      await askJson(`${first}/v1/faults/verizon-errors`, 'PUT', {
        scope: { carrier: 'verizon' },
        errors: { code: 'absent_subscriber', rate: 0.3 },
      });
    }
    if (step === Math.floor(steps / 2)) {
      await askJson(`${first}/v1/regime`, 'PUT', { regime: 'block', carrier: 'tmobile' });
    }
    if (step === Math.floor((3 * steps) / 4)) {
      await ask(`${first}/v1/faults`, { method: 'DELETE' });
      await askJson(`${first}/v1/regime`, 'PUT', { regime: 'charge-more', carrier: 'tmobile' });
    }
    await askJson(`${second}/v1/numbers/${number}`, 'PUT', { campaign: CAMPAIGN });
    const one = { from: number, text: 'Your table is ready.', callbackUrl: hook, account: 'starter-postpaid' };
    await askJson(`${second}/v1/messages`, 'POST', { ...one, to: carriers[step % 3]?.[step % 20] });
    const flood = { from: '+12125553999', to: att[step % 20], text: 'Win big', truth: 'spam' };
    if (step % 4 === 0) await askJson(`${second}/v1/messages/batch`, 'POST', Array(BURST).fill(flood));
    await sleep(STEP_MS);
  }
  await byService;
}

/** `tollgate load`, as people run it. */
function load(words: readonly string[]): Promise<void> {
  const all = ['--import', 'tsx', join(ROOT, 'gateway', 'cli', 'main.ts'), 'load', ...words];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { cwd: ROOT }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`tollgate load ${words.join(' ')}: ${stdout}${stderr}`));
    });
  });
}
