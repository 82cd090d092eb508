// Makes one script and one style sheet of the console's sources, into dist/console. Part of `npm run build`; Vitest runs it before the
// first test, as a global setup. What is already there as it should be is not written again, since others may be reading it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const APP = dirname(fileURLToPath(import.meta.url));
const OUT = join(APP, '../../../dist/console');

export async function setup() {
  const { outputFiles } = await build({
    entryPoints: [{ in: join(APP, 'main.tsx'), out: 'console' }],
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    legalComments: 'inline',
    outdir: OUT,
  });
  mkdirSync(OUT, { recursive: true });
  for (const { path, text } of outputFiles) {
    if (present(path) === text) continue;
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, text);
    renameSync(unfinished, path);
  }
}

function present(/** @type {string} */ path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setup();
