/** Reads tariff books: the built-in ones by name, others by path, with the books that they extend. Synchronous: for start-up only. */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
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

/** Books as they are read, each once, however many extend it. */
export class BookShelf {
  readonly #read = new Map<string, ParsedTariffBook>();

  /** @param name a built-in book, or the path of a file */
  load(name: string): LoadedBook {
    const opened = this.#open(name, '.', []);
    if ('wrong' in opened) return { ok: false, lines: [`${name}: ${opened.wrong}`] };
    return opened.ok ? opened : { ok: false, lines: opened.errors.map((error) => formatBookError(error)) };
  }

  #open(name: string, folder: string, extending: readonly Extending[]): ParsedTariffBook | { readonly wrong: string } {
    const isBuiltIn = BUILT_IN_BOOKS.includes(name);
    const path = isBuiltIn ? `tariffs/books/${name}.yaml` : isAbsolute(name) ? name : join(folder, name);
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
