import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './source-files.ts';

// The arrows between folders, checked twice: our tree obeys them, and each rule still catches what it is for.
// The second half is there because a cruise that understands no TypeScript reports "no violations" and is believed.

const CONFIG = '.dependency-cruiser.cjs';
const require = createRequire(import.meta.url);

interface CruiseResult {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

function cruise(root: string): CruiseResult {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const words = [program, '--config', join(ROOT, CONFIG), '--output-type', 'json', '.'];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser failed:\n${stderr}${stdout}`);
  return JSON.parse(stdout) as CruiseResult;
}

describe('our own tree', () => {
  let result: CruiseResult;
  beforeAll(() => {
    result = cruise(ROOT);
  });

  it('was really read: every TypeScript source is a module of the cruise', () => {
    const cruised = new Set(result.modules.map((module) => module.source));
    const sources = filesBelow().filter((path) => path.endsWith('.ts') && !path.startsWith('examples/'));
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((path) => !cruised.has(path))).toEqual([]);
  });

  it('obeys every arrow', () => {
    const broken = result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
    expect(broken).toEqual([]);
  });
});

describe('the rules', () => {
  // A small package of this shape. Each file lists what it imports, and the rules that must object to it.
  const planted: Record<string, { imports: string[]; loads?: string; breaks?: string[] }> = {
    // Allowed, so that a rule that forbids everything is noticed as well.
    'tariffs/index.ts': { imports: ['./rate.ts', './load-book.ts'] },
    'tariffs/rate.ts': { imports: ['yaml', 'node:assert/strict'] },
    'tariffs/load-book.ts': { imports: ['node:fs', './rate.ts'] },
    'tariffs/rate.test.ts': { imports: ['./rate.ts', 'node:fs', '../scripts/tool.ts'] },
    'registry-cache/index.ts': { imports: ['./number-index.ts', './redis/index.ts'] },
    'registry-cache/number-index.ts': { imports: ['node:zlib'] },
    'registry-cache/redis/index.ts': { imports: ['./source.ts'] },
    'registry-cache/redis/source.ts': { imports: ['fastify', 'node:events', '../number-index.ts'] },
    'gateway/router/index.ts': { imports: ['./decide.ts'] },
    'gateway/router/decide.ts': { imports: ['../../tariffs/index.ts', '../../registry-cache/index.ts'] },
    'gateway/messages/index.ts': {
      imports: ['../router/index.ts', '../../tariffs/index.ts', '../limits.ts', 'node:crypto'],
    },
    'gateway/limits.ts': { imports: [] },
    'gateway/package-files.ts': { imports: [] },
    'gateway/ingress/index.ts': {
      imports: ['../router/index.ts', '../messages/index.ts', '../package-files.ts', 'fastify'],
    },
    'gateway/ingress/http/index.ts': { imports: ['../index.ts', 'node:http'] },
    'gateway/delivery/index.ts': { imports: ['../router/index.ts'] },
    'gateway/delivery/worker.ts': { imports: ['./index.ts'] },
    'gateway/delivery/worker.test.ts': { imports: ['./worker.ts', '../ingress/index.ts'] },
    'gateway/delivery/loads-peer.ts': { imports: [], loads: 'peer' },
    'gateway/main.ts': { imports: ['./ingress/http/index.ts', './delivery/index.ts', './package-files.ts'] },
    'gateway/index.ts': { imports: ['./main.ts'] },
    'gateway/testing/index.ts': { imports: ['../main.ts', '../delivery/index.ts'] },
    'gateway/cli/main.ts': { imports: ['../main.ts', '../../simulator/index.ts'] },
    'simulator/index.ts': { imports: ['../gateway/router/index.ts', '../tariffs/index.ts'] },
    'bench/run.ts': { imports: ['../gateway/index.ts', '../simulator/index.ts', 'ioredis', '../scripts/tool.ts'] },
    'scripts/tool.ts': { imports: ['node:fs'] },

    // Not allowed.
    'tariffs/asks-registry.ts': { imports: ['../registry-cache/index.ts'], breaks: ['tariffs-know-nobody'] },
    'tariffs/reads-file.ts': { imports: ['node:fs/promises'], breaks: ['pure-core-does-no-io'] },
    'tariffs/logs.ts': { imports: ['fastify'], breaks: ['pure-core-uses-few-packages'] },
    'tariffs/loads-itself.ts': { imports: ['./load-book.ts'], breaks: ['pure-core-does-not-load'] },
    'registry-cache/asks-tariffs.ts': { imports: ['../tariffs/index.ts'], breaks: ['registry-cache-knows-nobody'] },
    'gateway/router/asks-telemetry.ts': {
      imports: ['../delivery/index.ts'],
      breaks: ['router-uses-only-tariffs-and-registry'],
    },
    'gateway/router/too-deep.ts': {
      imports: ['../../tariffs/rate.ts'],
      breaks: ['router-uses-only-tariffs-and-registry', 'top-folders-meet-at-doors'],
    },
    'gateway/router/waits.ts': { imports: ['node:timers/promises'], breaks: ['pure-core-does-no-io'] },
    'gateway/messages/knows-caller.ts': { imports: ['../ingress/index.ts'], breaks: ['messages-use-only-the-core'] },
    'gateway/delivery/worker-under-test.ts': { imports: ['./worker.ts'] },
    'gateway/ingress/http/worker.test.ts': { imports: ['../../delivery/worker-under-test.ts'] },
    'gateway/delivery/leans-on-test.ts': { imports: ['./worker-under-test.ts'], breaks: ['only-tests-use-tests'] },
    'gateway/telemetry/meets-delivery.ts': { imports: ['../delivery/index.ts'], breaks: ['siblings-do-not-meet'] },
    'gateway/telemetry/too-deep.ts': {
      imports: ['../router/decide.ts'],
      breaks: ['gateway-folders-meet-at-doors', 'siblings-do-not-meet'],
    },
    'gateway/second-root.ts': { imports: ['./delivery/index.ts'], breaks: ['only-roots-compose'] },
    'gateway/console/runs-command.ts': {
      imports: ['../cli/main.ts'],
      breaks: ['gateway-folders-meet-at-doors', 'nothing-uses-the-command-line', 'siblings-do-not-meet'],
    },
    'gateway/testing/simulates.ts': {
      imports: ['../../simulator/index.ts'],
      breaks: ['only-the-command-line-simulates'],
    },
    'simulator/opens-socket.ts': { imports: ['../gateway/index.ts'], breaks: ['simulator-opens-no-socket'] },
    'gateway/measures.ts': {
      imports: ['../bench/timer.ts'],
      breaks: ['nothing-uses-bench', 'top-folders-meet-at-doors'],
    },
    'bench/timer.ts': { imports: [] },
    'gateway/uses-script.ts': { imports: ['../scripts/tool.ts'], breaks: ['only-tests-use-scripts'] },
    'gateway/delivery/uses-dev-tool.ts': { imports: ['ioredis'], breaks: ['product-uses-no-dev-dependency'] },
    'gateway/delivery/needs-peer.ts': { imports: ['peer'], breaks: ['optional-peers-are-loaded-when-asked-for'] },
    'gateway/delivery/uses-stray.ts': { imports: ['stray'], breaks: ['no-undeclared-package'] },
    'gateway/delivery/lost.ts': { imports: ['./not-there.ts'], breaks: ['imports-resolve'] },
    'gateway/delivery/egg.ts': { imports: ['./hen.ts'], breaks: ['no-cycles'] },
    'gateway/delivery/hen.ts': { imports: ['./egg.ts'] },
  };
  const dependencies = { yaml: '1.0.0', fastify: '1.0.0' };
  const peerDependencies = { peer: '1.0.0' };
  const devDependencies = { ioredis: '1.0.0', ...peerDependencies };

  const root = mkdtempSync(join(tmpdir(), 'tollgate-arrows-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function plant(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  it('each object to what they are for, and to nothing else', () => {
    cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'));
    const all = { dependencies, devDependencies, peerDependencies };
    plant('package.json', JSON.stringify({ name: 'planted', type: 'module', ...all }));
    for (const name of ['yaml', 'fastify', 'ioredis', 'peer', 'stray']) {
      plant(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
      plant(`node_modules/${name}/index.js`, '');
    }
    for (const [path, { imports, loads }] of Object.entries(planted)) {
      const lines = imports.map((target) => `import '${target}';`);
      if (loads !== undefined) lines.push(`await import('${loads}');`);
      plant(path, `${lines.join('\n')}\nexport {};\n`);
    }

    const found = cruise(root).summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
    const expected = Object.entries(planted).flatMap(
      ([path, { breaks }]) => breaks?.map((name) => `${path}: ${name}`) ?? [],
    );
    expect([...new Set(found)].sort()).toEqual(expected.sort());
  });

  it('are all planted against above', () => {
    const { forbidden } = require(join(ROOT, CONFIG)) as { forbidden: { name: string }[] };
    const proven = new Set(Object.values(planted).flatMap((file) => file.breaks ?? []));
    expect(forbidden.map((rule) => rule.name).filter((name) => !proven.has(name))).toEqual([]);
  });
});
