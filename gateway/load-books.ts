/**
 * Reads tariff books: the built-in ones by name, others by path, with the books that they extend. Synchronous: for start-up only.
 *
 * Reading the built-in books takes some hundred milliseconds, of which YAML is the most. So a build keeps beside the compiled code what was made of them,
 * with a digest of their text: a package whose books were changed, and sources that are run as they are, read the text.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import {
  type Extending,
  formatBookError,
  parseTariffBook,
  type ParsedTariffBook,
  type TariffBook,
} from '../tariffs/index.ts';
import { readPackageFile } from './package-files.ts';

/** The books of `tariffs/books`: first the one in force where nobody says otherwise, then what-ifs laid over it. */
export const BUILT_IN_BOOKS: readonly string[] = ['us-10dlc', 'what-if-flat', 'what-if-double-surcharge'];

export type LoadedBook =
  | { readonly ok: true; readonly book: TariffBook }
  /** Every mistake at its place, one on a line. */
  | { readonly ok: false; readonly lines: readonly string[] };

type Found = { readonly path: string; readonly text: string } | { readonly wrong: string };

type Prepared = ReadonlyMap<string, TariffBook>;

const NOTHING_PREPARED: Prepared = new Map();
/** Beside this file where it is compiled. */
const PREPARED = new URL('prepared-books.bin', import.meta.url);

/** Reads the built-in books from their text and keeps what was made of them. For builds. */
export function prepareBooks(file = PREPARED): void {
  const shelf = new BookShelf(NOTHING_PREPARED);
  const books = new Map<string, TariffBook>();
  for (const name of BUILT_IN_BOOKS) {
    const loaded = shelf.load(name);
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    books.set(name, loaded.book);
  }
  writeFileSync(file, serialize({ digest: builtInDigest(), books }));
}

/** What was prepared of the built-in books, unless there is nothing, or it was made of other text. */
export function preparedBooks(file = PREPARED): Prepared | undefined {
  try {
    const { digest, books } = deserialize(readFileSync(file)) as { digest: string; books: Prepared };
    return digest === builtInDigest() ? books : undefined;
  } catch {
    return undefined;
  }
}

function builtInDigest(): string {
  const hash = createHash('sha256');
  for (const name of BUILT_IN_BOOKS) hash.update(readPackageFile(builtInPath(name)));
  return hash.digest('hex');
}

function builtInPath(name: string): string {
  return `tariffs/books/${name}.yaml`;
}

/** Books as they are read, each once, however many extend it. */
export class BookShelf {
  readonly #read = new Map<string, ParsedTariffBook>();

  constructor(prepared: Prepared = preparedBooks() ?? NOTHING_PREPARED) {
    for (const [name, book] of prepared) this.#read.set(builtInPath(name), { ok: true, book });
  }

  /** @param name a built-in book, or the path of a file */
  load(name: string): LoadedBook {
    const opened = this.#open(name, '.', []);
    if ('wrong' in opened) return { ok: false, lines: [`${name}: ${opened.wrong}`] };
    return opened.ok ? opened : { ok: false, lines: opened.errors.map((error) => formatBookError(error)) };
  }

  #open(name: string, folder: string, extending: readonly Extending[]): ParsedTariffBook | { readonly wrong: string } {
    const isBuiltIn = BUILT_IN_BOOKS.includes(name);
    const path = isBuiltIn ? builtInPath(name) : isAbsolute(name) ? name : join(folder, name);
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const found = isBuiltIn ? { path, text: readPackageFile(path) } : readFile(path);
    if ('wrong' in found) return found;
    const parsed = parseTariffBook(
      found.text,
      found.path,
      (base, file, through) => this.#open(base, dirname(file), through),
      extending,
    );
    this.#read.set(path, parsed);
    return parsed;
  }
}

function readFile(path: string): Found {
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { wrong: `cannot be read (${code}); name a file, or one of ${BUILT_IN_BOOKS.join(', ')}` };
  }
}
