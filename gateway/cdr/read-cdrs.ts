/**
 * CDR files -> records, some at a time, however long the files. Also of files that are still being written.
 *
 * A line that is wrong is told with its place and left out; the others count. The end of a `.part` that has no line feed is
 * a line that is not finished, and no mistake.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CDR_LINE_LENGTH_MAX } from '../limits.ts';
import { type Cdr, readCdr } from './cdr.ts';
import { cdrFileNames, PART } from './cdr-files.ts';

/** Told of a line that is left out; `place` is `file:line`. May throw to end the reading. */
export type WrongLine = (place: string, message: string) => void;

/** The CDR files at a path, which is one or a directory of some. Rejects if it cannot be read. */
export async function cdrFilesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  return (await cdrFileNames(path)).map((name) => join(path, name));
}

/** Reads files one after the other. Yields the records of one block of a file at a time. Rejects if one cannot be read. */
export async function* readCdrs(paths: readonly string[], onWrong: WrongLine): AsyncGenerator<Cdr[]> {
  for (const path of paths) yield* readFile(path, onWrong);
}

async function* readFile(path: string, onWrong: WrongLine): AsyncGenerator<Cdr[]> {
  let line = 0;
  let rest = '';
  let isSkipping = false;
  const take = (text: string, cdrs: Cdr[]): void => {
    line += 1;
    if (text === '') return;
    const cdr = readCdr(text);
    if (typeof cdr === 'string') onWrong(`${path}:${line}`, cdr);
    else cdrs.push(cdr);
  };
  for await (const chunk of chunksOf(path)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const cdrs: Cdr[] = [];
    for (const text of lines) {
      if (isSkipping) line += 1;
      else take(text, cdrs);
      isSkipping = false;
    }
    if (rest.length > CDR_LINE_LENGTH_MAX) {
      if (!isSkipping) onWrong(`${path}:${line + 1}`, `is longer than ${CDR_LINE_LENGTH_MAX} characters; remove it`);
      isSkipping = true;
      rest = '';
    }
    if (cdrs.length > 0) yield cdrs;
  }
  if (isSkipping || path.endsWith(PART)) return;
  const last: Cdr[] = [];
  take(rest, last);
  if (last.length > 0) yield last;
}

async function* chunksOf(path: string): AsyncGenerator<string> {
  try {
    yield* createReadStream(path, 'utf8') as AsyncIterable<string>;
  } catch (error) {
    const wasClosed = path.endsWith(PART) && (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!wasClosed) throw error;
    // Its writer has closed it since it was listed, and so given it its name.
    yield* createReadStream(path.slice(0, -PART.length), 'utf8') as AsyncIterable<string>;
  }
}
