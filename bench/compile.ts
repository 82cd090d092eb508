/**
 * What is measured is what is published: what `npm run build` makes, run by plain Node.
 *
 * tsx would be simpler, but it has esbuild wrap every named function and class in a call that sets its name, each time
 * the function is made. That is an allocation wherever a closure is made, and not ours to measure. So sources and
 * benches are compiled into a folder of this run, types unchecked (that is `npm run check`), which takes some seconds.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Compiled {
  /** Path of the compiled `run.js`. */
  readonly program: string;
  remove(): void;
}

/** Compiles the benches and all they use. @throws Error with what the compiler said */
export function compileBenches(): Compiled {
  const require = createRequire(import.meta.url);
  const root = dirname(require.resolve('tollgate/package.json'));
  // Below the package's root, where compiled code finds the package's data and its dependencies.
  const parent = join(root, 'bench', 'dist');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'run-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const steps = [
    [join(root, 'gateway', 'console', 'app', 'bundle.mjs')],
    [compiler, '-p', join(root, 'bench', 'tsconfig.run.json'), '--outDir', folder],
    [join(folder, 'gateway', 'prepare-books.js')],
  ];
  for (const words of steps) {
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    if (status === 0) continue;
    remove();
    throw new Error(`the benches do not compile:\n${stdout}${stderr}`);
  }
  return { program: join(folder, 'bench', 'run.js'), remove };
}
