import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SHUTDOWN_GRACE_MS } from '../gateway/index.ts';
import { ask } from './ask.ts';
import { destinations } from './limited-traffic.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { ROOT } from './source-files.ts';
import { startTollgate, type TollgateProcess } from './tollgate-process.ts';

// What can be known about the container files without a container engine: their shape, that they agree with each other, and that what
// they run does run, with the words and variables they give and nothing but /tmp to write to.

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  user?: string;
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  tmpfs?: string[];
  depends_on?: string[] | Record<string, { condition: string }>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number };
  deploy?: { replicas: number };
  restart?: string;
}

interface Compose {
  name: string;
  services: Record<'redis' | 'gateway' | 'worker' | 'prometheus' | 'grafana', Service>;
  volumes: Record<string, null>;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.values(compose.services);
const dockerfile = read('Dockerfile');

/** The words of an instruction of the Dockerfile that is written as a list. */
function wordsOf(instruction: RegExp): string[] {
  const [, list] = instruction.exec(dockerfile) ?? [];
  return JSON.parse(list ?? 'null') as string[];
}

describe('docker-compose.yml', () => {
  it('has the shape of a compose file: known keys, durations, ports and mounts as they are written', () => {
    const known = new Set(['name', 'services', 'volumes']);
    expect(Object.keys(compose).filter((key) => !known.has(key) && !key.startsWith('x-'))).toEqual([]);
    const keys: readonly (keyof Service)[] = [
      ...(['image', 'build', 'command', 'user', 'environment', 'ports', 'volumes', 'tmpfs', 'depends_on'] as const),
      ...(['read_only', 'cap_drop', 'security_opt', 'stop_grace_period', 'healthcheck', 'deploy', 'restart'] as const),
    ];
    expect(
      services.flatMap((service) => Object.keys(service)).filter((key) => !(keys as string[]).includes(key)),
    ).toEqual([]);
    const durations = services.flatMap(({ stop_grace_period, healthcheck }) => [
      ...(stop_grace_period === undefined ? [] : [stop_grace_period]),
      ...(healthcheck === undefined ? [] : [healthcheck.interval, healthcheck.timeout]),
    ]);
    expect(durations.filter((one) => !/^\d+(ms|s|m|h)$/.test(one))).toEqual([]);
    const mounts = services.flatMap(({ volumes = [] }) => volumes);
    expect(mounts.filter((one) => !/^(\.\/[\w./-]+|[\w-]+):\/[\w./-]+(:ro)?$/.test(one))).toEqual([]);
    const values = services.flatMap(({ environment = {} }) => Object.values(environment));
    expect(values.filter((value) => typeof value !== 'string')).toEqual([]);
  });

  it('publishes every port on loopback only, and as many for gateways as there are by default', () => {
    const ports = services.flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+(-\d+)?:\d+$/.test(port))).toEqual([]);
    const [, from, to] = /^127\.0\.0\.1:(\d+)-(\d+):8080$/.exec(compose.services.gateway.ports?.[0] ?? '') ?? [];
    expect(Number(to) - Number(from) + 1).toBeGreaterThanOrEqual(compose.services.gateway.deploy?.replicas ?? Infinity);
    expect(compose.services.worker.deploy?.replicas).toBeGreaterThan(1);
  });

  it('has no default for a credential: an unset one stops the start', () => {
    const credentials = services.flatMap((service) =>
      Object.entries(service.environment ?? {}).filter(([name]) => /USER|PASSWORD|SECRET|TOKEN/.test(name)),
    );
    expect(credentials.length).toBeGreaterThanOrEqual(6);
    expect(credentials.filter(([, value]) => !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value))).toEqual([]);
  });

  it('lets nobody write to the root, gain rights, or keep any', () => {
    for (const service of services) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    }
  });

  it('asks every service that does not ask itself whether it is well, and waits for Redis', () => {
    const unasked = services.filter(({ build, healthcheck }) => build === undefined && healthcheck === undefined);
    expect(unasked).toEqual([]);
    for (const name of ['gateway', 'worker'] as const) {
      expect(compose.services[name].depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    }
  });

  it('gives gateways and workers longer to stop than they take', () => {
    for (const name of ['gateway', 'worker'] as const) {
      const [, seconds] = /^(\d+)s$/.exec(compose.services[name].stop_grace_period ?? '') ?? [];
      // Messages in flight and what follows from them end one after the other.
      expect(Number(seconds) * 1_000).toBeGreaterThan(4 * SHUTDOWN_GRACE_MS);
    }
  });

  it('mounts files that exist and volumes that are declared, and depends on services that are there', () => {
    const sources = services.flatMap((service) => service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    const missing = sources.filter((source) =>
      source.startsWith('./') ? !existsSync(join(ROOT, source)) : !(source in compose.volumes),
    );
    expect(missing).toEqual([]);
    const needed = services.flatMap((service) =>
      Array.isArray(service.depends_on) ? service.depends_on : Object.keys(service.depends_on ?? {}),
    );
    expect(needed.filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('pins the images it does not build', () => {
    expect(services.filter((service) => !service.build && !/:v?\d/.test(service.image ?? ''))).toEqual([]);
  });
});

describe('what the services read', () => {
  it('is where they look for it: scrape targets, data source, dashboards', () => {
    interface Scrape {
      metrics_path: string;
      dns_sd_configs: { names: string[]; type: string; port: number }[];
    }
    const prometheus = parse(read('grafana/prometheus.yml')) as { scrape_configs: Scrape[] };
    const scraped = prometheus.scrape_configs.flatMap((one) => one.dns_sd_configs);
    expect(scraped.flatMap(({ names }) => names)).toEqual(['gateway', 'worker']);
    for (const { names, type, port } of scraped) {
      expect(type).toBe('A');
      for (const name of names as ('gateway' | 'worker')[]) {
        expect(compose.services[name].environment?.['TOLLGATE_PORT']).toBe(String(port));
      }
    }

    const source = parse(read('grafana/provisioning/datasources/prometheus.yml')) as { datasources: { url: string }[] };
    expect(source.datasources[0]?.url).toBe('http://prometheus:9090');

    const provider = parse(read('grafana/provisioning/dashboards/tollgate.yml')) as {
      providers: { options: { path: string } }[];
    };
    const folder = provider.providers[0]?.options.path;
    expect(compose.services.grafana.volumes).toContain(`./grafana/dashboards:${folder}:ro`);
    const home = compose.services.grafana.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    expect(existsSync(join(ROOT, home.replace(`${folder}/`, 'grafana/dashboards/')))).toBe(true);
  });
});

describe('Dockerfile', () => {
  const packageJson = JSON.parse(read('package.json')) as { bin: { tollgate: string } };

  it('starts the command of the package, not as root, and asks whether it answers', () => {
    expect(wordsOf(/^ENTRYPOINT (.*)$/m)).toEqual(['node', packageJson.bin.tollgate]);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(wordsOf(/^HEALTHCHECK [^]*?CMD (.*)$/m)[0]).toBe('node');
  });

  it('copies nothing that .dockerignore leaves out', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const needed of ['package.json', 'package-lock.json', 'tsconfig.build.json', 'gateway', 'tariffs']) {
      expect(ignored).not.toContain(needed);
    }
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', '.git', 'dist']));
  });
});

/** As if every folder but one were read-only: Node refuses to write elsewhere. The loader of TypeScript needs a thread and a program. */
function writingOnlyTo(folder: string): string[] {
  const may = ['--allow-fs-read=*', `--allow-fs-write=${join(folder, '*')}`, '--allow-worker', '--allow-child-process'];
  return ['--experimental-permission', '--no-warnings', ...may];
}

describe('what compose runs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-container-'));
  const credentials = { TOLLGATE_ADMIN_USER: 'admin', TOLLGATE_ADMIN_PASSWORD: 'not a secret' };
  let redis: RedisServer;
  let gateway: TollgateProcess;
  let worker: TollgateProcess;

  /** The variables of a service as compose hands them on, with addresses of this machine. */
  function environmentOf(name: 'gateway' | 'worker'): Record<string, string> {
    const entries = Object.entries(compose.services[name].environment ?? {}).map(([variable, written]) => {
      const value = written.replaceAll(/\$\{(\w+)(?::\?[^}]*|:-([^}]*))\}/g, (_, wanted: string, fallback = '') => {
        return (credentials as Record<string, string>)[wanted] ?? String(fallback);
      });
      return [variable, value] as const;
    });
    return {
      ...Object.fromEntries(entries),
      REDIS_URL: redis.url,
      TOLLGATE_HOST: '127.0.0.1',
      TOLLGATE_PORT: '0',
      TMPDIR: folder,
    };
  }

  async function start(name: 'gateway' | 'worker'): Promise<TollgateProcess> {
    const [command, ...words] = compose.services[name].command ?? [];
    return startTollgate({
      command: command as 'serve' | 'worker',
      words,
      environment: environmentOf(name),
      nodeWords: writingOnlyTo(folder),
    });
  }

  beforeAll(async () => {
    const [program, ...words] = compose.services.redis.command ?? [];
    expect(program).toBe('redis-server');
    redis = await startRedisServer(words);
    [gateway, worker] = await Promise.all([start('gateway'), start('worker')]);
  });
  afterAll(async () => {
    await Promise.all([gateway?.kill(), worker?.kill()]);
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asAdmin = {
    authorization: `Basic ${Buffer.from(Object.values(credentials).join(':')).toString('base64')}`,
  };

  it('takes a message at the gateway and has the worker deliver it', async () => {
    const headers = { 'content-type': 'application/json' };
    const message = { from: '+12125554000', to: destinations().tmobile[0], text: 'Your table is ready.' };
    const sent = await ask(`${gateway.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(message) });
    expect(sent.status).toBe(202);
    const { id } = JSON.parse(sent.text) as { id: string };
    const recordOf = async (): Promise<string> => {
      const { text } = await ask(`${gateway.url}/v1/messages/${id}`, { headers: asAdmin });
      return String((JSON.parse(text) as { status: string }).status);
    };
    await expect.poll(recordOf).toMatch(/^(delivered|filtered|undelivered)$/);
  });

  it.each(['/healthz', '/readyz', '/metrics'])('answers %s of both', async (path) => {
    for (const { url } of [gateway, worker]) expect((await ask(`${url}${path}`)).status).toBe(200);
  });

  it('is found well by the check of the image, and not once it is gone', async () => {
    const [program, ...words] = wordsOf(/^HEALTHCHECK [^]*?CMD (.*)$/m);
    const isWell = (url: string): Promise<boolean> =>
      promisify(execFile)(program ?? '', words, { env: { ...process.env, TOLLGATE_PORT: new URL(url).port } }).then(
        () => true,
        () => false,
      );
    for (const { url } of [gateway, worker]) expect(await isWell(url)).toBe(true);
    await worker.stop();
    expect(await isWell(worker.url)).toBe(false);
  });
});

it('a process that may write to one folder only writes to no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-container-'));
  try {
    const program = "import('node:fs').then((fs) => fs.writeFileSync(process.argv[1], ''))";
    const write = (path: string): Promise<unknown> =>
      promisify(execFile)(process.execPath, [...writingOnlyTo(folder), '-e', program, path]);
    await write(join(folder, 'mine'));
    await expect(write(join(ROOT, 'not-mine'))).rejects.toThrow('ERR_ACCESS_DENIED');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
