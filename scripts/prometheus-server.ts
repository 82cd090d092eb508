// A real Prometheus for one test file or one set of pictures: its own free loopback port and folder, scraping each second, gone when the
// process that started it is, however that ended. It evaluates the rules of `grafana/rules` as often as it scrapes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import { freePort } from './free-port.ts';
import { ROOT } from './source-files.ts';

/** A line of a graph: its labels and its values at times in seconds. Values that are no numbers are left out. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [atSeconds: number, value: number])[];
}

export interface Stretch {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
}

export interface PrometheusServer {
  /** The lines of a query over a stretch of time. Throws what Prometheus has against it. */
  range(query: string, stretch: Stretch): Promise<Line[]>;
  /** What an endpoint of its API answers, below `/api/v1/`. */
  api(path: string): Promise<unknown>;
  /** Ends it at once and removes its folder. */
  stop(): Promise<void>;
}

/** Scrapes are that far apart; an interval for rates has to hold several. */
export const SCRAPE_SECONDS = 1;

// The end of the pipe that we hold ends Prometheus: also when our process is killed.
const LEASH = '"$@" 3<&- & pid=$!; { read -r _ <&3; kill -KILL $pid; rm -rf "$FOLDER"; } 2> /dev/null & wait $pid';
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

/** Resolves once it is ready. `targets` are addresses by job, such as `127.0.0.1:8080`. */
export async function startPrometheus(targets: Readonly<Record<string, readonly string[]>>): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-prometheus-'));
  const file = join(folder, 'prometheus.yml');
  // JSON is YAML.
  const interval = { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` };
  const jobs = Object.entries(targets).map(([job, addresses]) => ({
    job_name: job,
    static_configs: [{ targets: addresses }],
  }));
  const rules = ['recording', 'alerts'].map((name) => join(ROOT, 'grafana', 'rules', `${name}.yml`));
  await writeFile(file, JSON.stringify({ global: interval, rule_files: rules, scrape_configs: jobs }));
  const port = await freePort();
  const files = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`];
  const words = [...files, '--enable-feature=exemplar-storage'];
  const child = spawn(
    '/bin/sh',
    ['-c', LEASH, 'prometheus-leash', 'prometheus', ...words, `--web.listen-address=127.0.0.1:${port}`],
    { env: { ...process.env, FOLDER: folder }, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-8_000)));
  const stop = async (): Promise<void> => {
    child.stdio[3]?.destroy();
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const isReady = await ask(`${url}/-/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isReady) break;
    if (child.exitCode !== null || waitedMs > START_TIMEOUT_MS) {
      await stop();
      throw new Error(`Prometheus did not start; Debian has it as "prometheus":\n${log}`);
    }
    await sleep(POLL_MS);
  }
  const api = async (path: string): Promise<unknown> => {
    const { status, text } = await ask(`${url}/api/v1/${path}`);
    if (status !== 200) throw new Error(`Prometheus to ${path}: ${text}`);
    return (JSON.parse(text) as { data: unknown }).data;
  };
  return {
    api,
    stop,
    async range(query, { fromSeconds, toSeconds, stepSeconds }) {
      const words = { query, start: fromSeconds, end: toSeconds, step: stepSeconds };
      const asked = new URLSearchParams(
        Object.entries(words).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const { result } = (await api(`query_range?${asked.toString()}`)) as {
        result: { metric: Record<string, string>; values: [number, string][] }[];
      };
      return result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at, Number(value)] as const).filter(([, value]) => Number.isFinite(value)),
      }));
    },
  };
}
