// The package as it is published, and projects that have it installed: what `npm pack` makes of a fresh copy of this tree, and folders with
// that and with nothing else but what they and it name. What they name lies here already and is linked, so no network is needed; what it is
// linked to is held against the version named.
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, relative, sep } from 'node:path';
import { ROOT } from './source-files.ts';

/** Where packages are installed: all that can be is in the first. */
const INSTALLED = ['node_modules', 'gateway/ingress/providers/sdks/node_modules'];
const NOT_COPIED = new Set(['node_modules', 'dist', '.git', 'coverage']);

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface PackedFile {
  readonly path: string;
  readonly size: number;
}

export interface PackedPackage {
  /** Path of the tarball. */
  readonly path: string;
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly PackedFile[];
  /**
   * Copies a folder of `examples/` to where its `file:` finds the tarball, with what it names installed; its path there.
   * Throws an Error if something that it names is not installed here in that version.
   */
  installExample(name: string): string;
  remove(): void;
}

/** Compiles a copy of this tree and packs it. Types are left to `npm run check`. Throws an Error with what was said of it. */
export function packPackage(): PackedPackage {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tollgate-packed-')));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const tree = join(folder, 'tree');
    cpSync(ROOT, tree, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
    build(tree);
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const [packed] = JSON.parse(run('npm', pack, tree)) as [
      { filename: string; size: number; unpackedSize: number; files: PackedFile[] },
    ];
    const path = join(folder, packed.filename);
    return {
      path,
      bytes: packed.size,
      unpackedBytes: packed.unpackedSize,
      files: packed.files,
      installExample: (name) => installExample(name, path),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Does what `npm run build` does, but for the checking of types. */
function build(tree: string): void {
  const { build: script = '' } = readPackageJson(tree).scripts ?? {};
  const path = [join(tree, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  for (const command of script.split(' && ')) {
    const words = command.startsWith('tsc ') ? `${command} --noCheck` : command;
    run(words, [], tree, { shell: true, env: { ...process.env, PATH: path } });
  }
}

function installExample(name: string, tarball: string): string {
  const source = join(ROOT, 'examples', name);
  const project = join(dirname(tarball), 'examples', name);
  const modules = join(project, 'node_modules');
  const own = join(modules, 'tollgate');
  cpSync(source, project, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  const { dependencies, devDependencies } = readPackageJson(project);
  const { tollgate: spec, ...others } = { ...dependencies, ...devDependencies };
  const wanted = `file:${relative(project, tarball).split(sep).join('/')}`;
  if (spec !== wanted) throw new Error(`examples/${name} takes tollgate from ${spec}, and it is at ${wanted}`);
  mkdirSync(own, { recursive: true });
  run('tar', ['-xzf', tarball, '--strip-components=1'], own);
  const published = readPackageJson(own);
  for (const [path] of binsOf(published)) chmodSync(join(own, path), 0o755);
  linkBins(published, modules);
  for (const [dependency, version] of Object.entries({ ...published.dependencies, ...others })) {
    const found = INSTALLED.map((folder) => join(ROOT, folder, dependency)).find((path) => isVersion(path, version));
    if (found === undefined) {
      throw new Error(`examples/${name} needs ${dependency} ${version}, which is not installed here: run npm ci`);
    }
    mkdirSync(dirname(join(modules, dependency)), { recursive: true });
    symlinkSync(realpathSync(found), join(modules, dependency));
    linkBins(readPackageJson(found), modules);
  }
  return project;
}

function isVersion(folder: string, version: string): boolean {
  try {
    return readPackageJson(folder).version === version;
  } catch {
    return false;
  }
}

function linkBins(of: PackageJson, modules: string): void {
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const [path, command] of binsOf(of)) symlinkSync(join('..', of.name, path), join(modules, '.bin', command));
}

/** The programs of a package, each with the name it is called by. */
function binsOf({ name, bin = {} }: PackageJson): [path: string, command: string][] {
  if (typeof bin === 'string') return [[bin, basename(name)]];
  return Object.entries(bin).map(([command, path]) => [path, command]);
}

function readPackageJson(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson;
}

function run(program: string, words: readonly string[], cwd: string, own: SpawnSyncOptions = {}): string {
  const options = { ...own, cwd, encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr } = spawnSync(program, words, options);
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}
