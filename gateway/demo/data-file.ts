import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Reads one file of `gateway/demo/data` as text.
 *
 * The compiled code lies two folders away from the data it would find next to its source, so the path starts at the
 * package's own root, which a package may ask for under its own name.
 */
export function readDataFile(name: string): string {
  const root = dirname(createRequire(import.meta.url).resolve('tollgate/package.json'));
  return readFileSync(join(root, 'gateway', 'demo', 'data', name), 'utf8');
}
