import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './source-files.ts';

// What can be known about the container files without a container engine.

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: string[] | Record<string, unknown>;
}
const compose = parse(read('docker-compose.yml')) as {
  services: Record<'redis' | 'gateway' | 'prometheus' | 'grafana', Service>;
  volumes: Record<string, null>;
};
const services = Object.values(compose.services);

describe('docker-compose.yml', () => {
  it('publishes every port on loopback only', () => {
    const ports = services.flatMap((service) => service.ports ?? []);
    expect(ports).toContain('127.0.0.1:8080:8080');
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('has no default for a credential: an unset one stops the start', () => {
    const credentials = services.flatMap((service) =>
      Object.entries(service.environment ?? {}).filter(([name]) => /USER|PASSWORD|SECRET|TOKEN/.test(name)),
    );
    expect(credentials.length).toBeGreaterThanOrEqual(4);
    expect(credentials.filter(([, value]) => !/^\$\{[A-Z_]+:\?[^}]+\}$/.test(value))).toEqual([]);
  });

  it('keeps Redis from evicting', () => {
    expect(compose.services.redis.command?.join(' ')).toContain('--maxmemory-policy noeviction');
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
  it('is where they look for it: scrape target, data source, dashboards', () => {
    const prometheus = parse(read('grafana/prometheus.yml')) as {
      scrape_configs: { metrics_path: string; static_configs: { targets: string[] }[] }[];
    };
    expect(prometheus.scrape_configs[0]?.static_configs[0]?.targets).toEqual(['gateway:8080']);

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
  const dockerfile = read('Dockerfile');
  const packageJson = JSON.parse(read('package.json')) as { bin: { tollgate: string } };

  it('starts the command of the package, not as root, and asks /readyz whether it is well', () => {
    expect(dockerfile).toContain(`ENTRYPOINT ["node", "${packageJson.bin.tollgate}"]`);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK [^]*\/readyz/m);
  });

  it('copies nothing that .dockerignore leaves out', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const needed of ['package.json', 'package-lock.json', 'tsconfig.build.json', 'gateway', 'tariffs']) {
      expect(ignored).not.toContain(needed);
    }
    expect(ignored).toEqual(expect.arrayContaining(['node_modules', '.git', 'dist']));
  });
});
