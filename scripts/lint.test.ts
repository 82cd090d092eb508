import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT } from './source-files.ts';

// The linter's promises, proven on planted faults: a rule that was renamed, switched off by an override or left without
// type information is silent, and silence looks like health. That our own tree is clean is `npm run check`.

const root = mkdtempSync(join(tmpdir(), 'tollgate-lint-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const FOLDERS = ['gateway', 'registry-cache', 'tariffs'];

const planted: Record<string, { text: string; finds: string[] }> = {
  'gateway/promises.ts': {
    text: `async function work(): Promise<void> {}
      export function forget(): void { work(); }
      export function forgetAll(list: number[]): void { list.forEach(async () => { await work(); }); }
      export async function waitForNothing(value: number): Promise<void> { await value; }`,
    finds: ['no-floating-promises', 'no-misused-promises', 'await-thenable'],
  },
  'gateway/switch.ts': {
    text: `export function price(kind: 'sms' | 'mms'): number { switch (kind) { case 'sms': return 1; } return 0; }`,
    finds: ['switch-exhaustiveness-check'],
  },
  'gateway/egg.ts': {
    text: `import { hen } from './hen.ts'; export const egg = (): unknown => hen;`,
    finds: ['no-cycle'],
  },
  'gateway/hen.ts': {
    text: `import { egg } from './egg.ts'; export const hen = (): unknown => egg;`,
    finds: ['no-cycle'],
  },
  'gateway/unused.ts': { text: `const unused = 1; export {};`, finds: ['no-unused-vars'] },
  'gateway/sloppy.ts': {
    text: `export const first = (list: number[]): number => list[0]!; export const loose = (value: any): boolean => value == 1;`,
    finds: ['no-non-null-assertion', 'no-explicit-any', 'eqeqeq'],
  },
  'gateway/outside-time.ts': {
    text: `export const now = (): number => Date.now() + performance.now() + Math.random();`,
    finds: ['no-restricted-properties', 'no-restricted-properties', 'no-restricted-properties'],
  },
  'gateway/control/system-clock.ts': { text: `export const nowMs = (): number => Date.now();`, finds: [] },
  'gateway/formats.ts': {
    text: `export const text = (atMs: number): string => new Date(atMs).toISOString();`,
    finds: [],
  },
  'tariffs/reaches-out.ts': {
    text: `export const year = (atMs: number): number => new Date(atMs).getUTCFullYear();
      export const draw = (): number => Math.random();
      export const later = (run: () => void): void => { setTimeout(run, 1); };`,
    finds: ['no-restricted-globals', 'no-restricted-properties', 'no-restricted-globals'],
  },
  'gateway/router/hot.ts': {
    text: `export const first = (list: Float64Array): number => list[0]! + performance.now();`,
    finds: ['no-restricted-globals'],
  },
  'registry-cache/hot.ts': { text: `export const first = (list: Float64Array): number => list[0]!;`, finds: [] },
  'registry-cache/index.test.ts': {
    text: `import { expect, it } from 'vitest';
      it.only('is the only one', () => { expect(new Date(Date.now())).toBeTruthy(); });
      it.skip('is skipped', () => { expect(1).toBe(1); });`,
    finds: ['no-focused-tests', 'no-disabled-tests'],
  },
};

it('finds each planted fault and objects to nothing else', () => {
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) cpSync(join(ROOT, name), join(root, name));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const [path, { text }] of Object.entries(planted)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }

  const program = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [program, '--format', 'json', ...FOLDERS], {
    cwd: root,
    encoding: 'utf8',
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint failed:\n${stderr}${stdout}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };

  const found = diagnostics.map(({ filename, code }) => `${filename}: ${/\(([^)]+)\)/.exec(code)?.[1] ?? code}`);
  const expected = Object.entries(planted).flatMap(([path, { finds }]) => finds.map((rule) => `${path}: ${rule}`));
  expect(found.sort()).toEqual(expected.sort());
});
