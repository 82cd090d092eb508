import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const GENERATED = ['node_modules', 'dist', 'coverage', 'tollgate-report', '.git'];
const MATERIAL = new Set(['data', 'golden', 'records']);

/**
 * Paths of the project's own files below `folder`, relative to the root, with `/`.
 * Folders named in `except` are left out: by default those with material that programs read or write.
 */
export function filesBelow(folder = '', except: ReadonlySet<string> = MATERIAL): string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (GENERATED.includes(entry.name) || except.has(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path, except) : [path];
  });
}
