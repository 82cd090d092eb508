import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './source-files.ts';

// House rules that no linter knows, each a test that names the files which break it.

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const files = filesBelow();
const isTest = (path: string): boolean => /(\.(test|contract)|-under-test)\.ts$/.test(path);
const typescript = files.filter((path) => /\.m?ts$/.test(path));
const sources = typescript.filter((path) => !isTest(path));
const product = sources.filter((path) => /^(gateway|registry-cache|simulator|tariffs)\//.test(path));
const packageJson = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

/** Lines that match `pattern`, as `file:line: text`. */
function linesWith(pattern: RegExp, paths: readonly string[]): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('folders', () => {
  it('each have one door, index.ts, when other folders may enter', () => {
    // The command line is a set of programs and has no visitors.
    const entered = new Set(product.map((path) => dirname(path)).filter((folder) => isEntered(folder)));
    expect([...entered].filter((folder) => !existsSync(join(ROOT, folder, 'index.ts')))).toEqual([]);
  });

  it('are named for a concept, never for a kind of syntax', () => {
    const banned = /(^|\/)(utils?|common|helpers?|types|interfaces|misc|shared|lib)\//;
    expect(files.filter((path) => banned.test(path))).toEqual([]);
  });

  it('hold files in kebab-case', () => {
    expect(typescript.filter((path) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.m?ts$/.test(basename(path)))).toEqual([]);
  });
});

function isEntered(folder: string): boolean {
  if (folder === 'gateway/cli') return false;
  return /^(registry-cache|simulator|tariffs|gateway|gateway\/[^/]+|gateway\/ingress\/[^/]+)$/.test(folder);
}

describe('sources', () => {
  it('of more than 50 lines open with a note: what this is, why it has this shape, what it leaves to others', () => {
    const long = sources.filter((path) => read(path).split('\n').length > 51);
    expect(long.filter((path) => !/^(#!.*\n)?\s*\/[/*]/.test(read(path)))).toEqual([]);
  });

  it('read the clock in one place only', () => {
    // The linter bans Date.now(); the same clock behind `new Date()` and `Date()` it cannot tell from a conversion.
    const elsewhere = product.filter((path) => path !== 'gateway/control/system-clock.ts');
    expect(linesWith(/\bDate\(\s*\)|\bnew Date\b(?!\s*\()/, elsewhere)).toEqual([]);
  });

  it('hold no test that switches off the others', () => {
    const tests = typescript.filter((path) => isTest(path) && path !== 'scripts/lint.test.ts');
    expect(linesWith(/\b(it|test|describe|suite)(\.\w+)*\.only\b/, tests)).toEqual([]);
  });
});

describe('the package', () => {
  it('names exact versions, so that everybody builds the same thing', () => {
    const named = { ...packageJson['dependencies'], ...packageJson['devDependencies'] };
    const loose = Object.entries(named).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(loose).toEqual([]);
  });

  it('locks the programs of every platform, not only of the one where the lockfile was written', () => {
    // npm leaves out what a registry did not offer, and `npm ci` then refuses the lockfile everywhere.
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const optional = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => packages[`node_modules/${name}`] === undefined)).toEqual([]);
  });

  it('ships every data file that its code reads', () => {
    const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const { stdout } = spawnSync('npm', words, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
    const [{ files: packed }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ files: { path: string }[] }];
    const shipped = new Set(packed.map((file) => file.path));
    // The SDKs of providers are for tests; the console's sources are bundled into dist.
    const data = filesBelow('', new Set(['golden', 'sdks', 'app'])).filter(
      (path) => /^(gateway|registry-cache|simulator|tariffs)\//.test(path) && !/\.(ts|md)$/.test(path),
    );
    expect(data.length).toBeGreaterThan(0);
    expect(data.filter((path) => !shipped.has(path))).toEqual([]);
    expect([...shipped].filter((path) => /\.ts$/.test(path) && !/^dist\/.*\.d\.ts$/.test(path))).toEqual([]);
  });

  it('has the commands that the README tells people to type', () => {
    const readme = read('README.md');
    const blocks = [...readme.matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text ?? '').join('\n');
    expect(blocks).toMatch(/^npm ci && npm start\b/m);
    expect(blocks).toMatch(/^npm ci && npm test\b/m);
    const scripts = [...blocks.matchAll(/\bnpm (?:run )?(?!ci\b|install\b|i\b|run\b|pack\b)([\w:-]+)/g)].map(
      ([, name]) => name ?? '',
    );
    expect(scripts.filter((name) => packageJson['scripts']?.[name] === undefined)).toEqual([]);
  });

  it('speaks to everybody: no path of one machine in it', () => {
    const text = files.filter((path) => /\.(ts|mjs|cjs|json|md|ya?ml|sh)$/.test(path) || path === '.ci/run');
    const elsewhere = text.filter((path) => path !== 'scripts/tidy.test.ts');
    expect(linesWith(/(^|[\s"'`(=])\/(home|root|work|Users|mnt)\//, elsewhere)).toEqual([]);
  });
});
