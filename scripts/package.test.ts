import { type CheckPackageOptions, checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PackedPackage, packPackage } from './packed-package.ts';
import { ROOT } from './source-files.ts';

// What is published, not what lies in this tree: the tarball is made here, looked into, and used by the examples.

const MB = 1_000_000;
const SIZE_MAX = 3 * MB;
const UNPACKED_MAX = 7 * MB;

let packed: PackedPackage;
beforeAll(() => {
  packed = packPackage();
});
afterAll(() => packed.remove());

/** Where an example is installed: once each. */
const installed = new Map<string, string>();
function install(name: string): string {
  const path = installed.get(name) ?? packed.installExample(name);
  installed.set(name, path);
  return path;
}

const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
  bin: { tollgate: string };
};

describe('the package', () => {
  it('holds nothing that serves development', () => {
    const paths = packed.files.map(({ path }) => path);
    const roots = [...new Set(paths.map((path) => path.split('/')[0] ?? ''))];
    expect(roots.toSorted()).toEqual(
      ['LICENSE', 'README.md', 'dist', 'gateway', 'package.json', 'registry-cache', 'simulator', 'tariffs'].toSorted(),
    );
    const odd = /(\.(test|contract)|-under-test)\.|\.map$|(^|\/)(sdks|bench|golden|scripts|node_modules)\//;
    expect(paths.filter((path) => odd.test(path))).toEqual([]);
    expect(paths.filter((path) => path.endsWith('.ts') && !/^dist\/.*\.d\.ts$/.test(path))).toEqual([]);
  });

  it('is as small as README says, and no larger than it may be', () => {
    const { bytes, unpackedBytes } = packed;
    expect(bytes).toBeLessThan(SIZE_MAX);
    expect(unpackedBytes).toBeLessThan(UNPACKED_MAX);
    const [, said = '', saidUnpacked = ''] =
      /The package is ([\d.]+) MB, ([\d.]+) MB unpacked/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    expect(Number(said) / (bytes / MB)).toBeCloseTo(1, 0.7);
    expect(Number(saidUnpacked) / (unpackedBytes / MB)).toBeCloseTo(1, 0.7);
  });

  // npm makes it one when it links this folder, but does not link it again when it is built again.
  it('has a command that is a program in this folder too', () => {
    expect(statSync(join(ROOT, packageJson.bin.tollgate)).mode & 0o111).toBe(0o111);
  });

  it('has nothing that publint would change', async () => {
    const { messages } = await publint({ pack: { tarball: readFileSync(packed.path).buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, { name: 'tollgate' }, { color: false }))).toEqual([]);
  });

  it('has types for every entry point, for ES modules and for CommonJS that requires them', async () => {
    const tarball = createPackageFromTarballData(readFileSync(packed.path));
    const analysis = await checkPackage(tarball, {} satisfies CheckPackageOptions);
    if (analysis.types === false) throw new Error('there are no types');
    const entrypoints = Object.keys(packageJson.exports).filter((path) => path !== './package.json');
    expect(Object.keys(analysis.entrypoints).toSorted()).toEqual(entrypoints.concat('./package.json').toSorted());
    const typed = entrypoints.filter((path) => analysis.entrypoints[path]?.hasTypes === true);
    expect(typed).toEqual(entrypoints);
    // Node can require ES modules, which is what the second is about, and has known `exports` for longer than we support it.
    const problems = analysis.problems.filter(
      (problem) =>
        problem.kind !== 'CJSResolvesToESM' && !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(problems).toEqual([]);
  });
});

const examples = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('the examples', () => {
  it('are all there', () => {
    expect(examples).toEqual(['curl', 'smpp-client', 'telnyx-jest', 'twilio-vitest']);
  });

  it.each(examples)(
    '%s passes from the tarball',
    async (name) => {
      const cwd = install(name);
      const env = { ...withoutTestRunner(process.env), PORT: String(await freePort()) };
      const child = spawn('npm', ['test'], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
      expect({ code, output: code === 0 ? '' : out + errors }).toEqual({ code: 0, output: '' });
    },
    60_000,
  );
});

describe('without the packages that are optional', () => {
  it('a gateway that is to send traces says what to install', () => {
    const cwd = install('curl');
    const words = ['serve', '--port', '0', '--traces', 'http://127.0.0.1:4318'];
    const program = join(cwd, 'node_modules/.bin/tollgate');
    const { status, stderr } = spawnSync(program, words, { cwd, encoding: 'utf8', timeout: 30_000 });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(
        /^tollgate: --traces: @opentelemetry\/\S+ is not installed, .* run npm install @opentelemetry\/api .*\n$/,
      ) as string,
    });
  });
});

/** The environment as it is outside of this test runner, whose variables the runners in there would take for theirs. */
function withoutTestRunner(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|DEV$|PROD$|MODE$|BASE_URL$|SSR$|npm_|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
