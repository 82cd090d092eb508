/**
 * Files that ship with the package: data, books, pages.
 *
 * Compiled code lies elsewhere than its source, so paths start at the package's own root, which a package may ask for
 * under its own name.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));

/** Text of a file, by its path from the package's root. */
export function readPackageFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function packageVersion(): string {
  return (JSON.parse(readPackageFile('package.json')) as { version: string }).version;
}
