/** Files that ship with the package, by their path from its root, whether sources or compiled code run. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));

/** Text of a file of the package. */
export function readPackageFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
