// The command as it is published: compiled, so that a process of it starts in a third of the time that tsx takes, and many can be started
// and killed in one test. Types are left to `npm run check`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';

export interface CompiledCommand {
  /** Path of the program. */
  readonly path: string;
  remove(): void;
}

/** Compiles the command and all it uses. @throws Error with what the compiler said */
export function compileCommand(): CompiledCommand {
  // Below the package's root, where compiled code finds the package's data and its dependencies.
  const parent = join(ROOT, 'scripts', 'dist');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'command-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const words = ['--noCheck', '--declaration', 'false', '--outDir', folder];
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const made = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (made.status !== 0) {
    remove();
    throw new Error(`the command does not compile:\n${made.stdout}${made.stderr}`);
  }
  return { path: join(folder, 'gateway', 'cli', 'main.js'), remove };
}
