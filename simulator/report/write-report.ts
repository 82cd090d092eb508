/** The files of a report, none of which is ever there in part. */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Comparison } from '../results.ts';
import { comparisonJson } from './comparison-json.ts';
import { reportPage } from './report-page.ts';
import { csvOf, parquetOf, tablesOf } from './tables.ts';

/** Behind the name of a file that is being written. */
const PART = '.part';
const BYTES_PER_KB = 1000;

/** A report that could not be written. The message names the file and says what to do. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/**
 * Writes `comparison.json`, a CSV and a Parquet file for each table, and `report.html` into a directory, which is made if need be, and
 * resolves to their paths. All are written under other names first and on the disk before the first gets its own.
 * @throws ReportError after removing what was written in part, if the disk is full or the directory cannot be written to
 */
export async function writeReport(directory: string, comparison: Comparison): Promise<readonly string[]> {
  const files = [
    { name: 'comparison.json', content: comparisonJson(comparison) },
    ...tablesOf(comparison).flatMap((table) => [
      { name: `${table.name}.csv`, content: csvOf(table) },
      { name: `${table.name}.parquet`, content: parquetOf(table) },
    ]),
    { name: 'report.html', content: reportPage(comparison) },
  ].map(({ name, content }) => ({ path: join(directory, name), content }));

  let current = directory;
  try {
    await makeDirectory(directory);
    for (const { path, content } of files) {
      current = path;
      await writeFile(path + PART, content, { flush: true });
    }
    for (const { path } of files) {
      current = path;
      await rename(path + PART, path);
    }
  } catch (error) {
    // What cannot be removed cannot have been written either.
    await Promise.allSettled(files.map(({ path }) => rm(path + PART, { force: true })));
    const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    throw new ReportError(explain(current, error as NodeJS.ErrnoException, bytes), { cause: error });
  }
  return files.map(({ path }) => path);
}

/** With those above it. Step by step: the recursive `mkdir` of Node never comes back where a file system refuses with ENOENT, as /proc does. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path);
  }
}

function explain(path: string, error: NodeJS.ErrnoException, bytes: number): string {
  const { code } = error;
  const what = `${path} cannot be written (${code ?? error.message})`;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const size = Math.ceil(bytes / BYTES_PER_KB).toLocaleString('en-US');
    return `${what}: the disk is full; make room for ${size} kB or choose a directory on another disk. No part of the report was left behind`;
  }
  return `${what}; choose a directory that can be written to`;
}
