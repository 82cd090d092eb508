/**
 * Everything read from files at start: number blocks, tariff book, regimes, and what the registries are to begin with.
 * A file that is wrong is refused whole, with every mistake at its line and column. Files of the package are read once in a process.
 */
import { readFileSync } from 'node:fs';
import { BrandTable, CampaignTable, CARRIERS, loadCarrierMap, NumberRegistry } from '../registry-cache/index.ts';
import {
  type BookError,
  carriersOf,
  compileRateTable,
  formatBookError,
  type RateTable,
  type TariffBook,
} from '../tariffs/index.ts';
import { BOOKS_MAX } from './limits.ts';
import { BookShelf, BUILT_IN_BOOKS } from './load-books.ts';
import { readPackageFile } from './package-files.ts';
import { type CampaignsFile, readCampaigns } from './read-campaigns.ts';
import { type DeclaredAccount, readAccounts } from './read-accounts.ts';
import { type PartiesFile, readParties } from './read-parties.ts';
import { readRegimes, RegimeTable, type World } from './router/index.ts';

const BOOK = 'us-10dlc';
const REGIMES = 'gateway/router/us-10dlc.regimes.yaml';
const CAMPAIGNS = 'gateway/starter-campaigns.yaml';
const PARTIES = 'gateway/starter-parties.yaml';
const ACCOUNTS = 'gateway/starter-accounts.yaml';

export interface WorldFiles {
  /** Paths of files to use in place of those that ship with the package. A book may also be a built-in one, by name. */
  readonly book?: string | undefined;
  /** More books to switch to, paths or names. */
  readonly books?: readonly string[] | undefined;
  readonly regimes?: string | undefined;
  readonly campaigns?: string | undefined;
  readonly parties?: string | undefined;
  readonly accounts?: string | undefined;
  /** Whether the blocks of magic numbers are held by carriers. */
  readonly magicNumbers?: boolean | undefined;
}

/** A world with nothing registered, and what is to be. */
export interface LoadedWorld extends World {
  /** The book in force to begin with; `rates` is made of it. */
  readonly book: TariffBook;
  /** The other books, each name once: those asked for, then the built-in ones. */
  readonly otherBooks: readonly RateTable[];
  readonly declared: CampaignsFile;
  readonly parties: PartiesFile;
  readonly accounts: readonly DeclaredAccount[];
}

/** Start-up cannot go on; `lines` say why, one mistake each. */
export class CannotStart extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'CannotStart';
    this.lines = lines;
  }
}

/**
 * Reads the world. Synchronous: for start-up only.
 * @throws CannotStart if a file is missing, cannot be read, or has a mistake
 */
export function loadWorld(files: WorldFiles = {}): LoadedWorld {
  const carriers = CARRIERS.map((carrier) => carrier.id);
  const [rates, ...otherBooks] = loadBooks(files.book ?? BOOK, files.books ?? [], carriers);

  const regimes = contentOf(files.regimes, REGIMES, (text, path) => {
    const read = readRegimes(text, path, carriers);
    return read.ok ? read.rows : refuse(read.errors);
  });
  const declared = contentOf(files.campaigns, CAMPAIGNS, (text, path) => {
    const read = readCampaigns(text, path);
    return read.ok ? read.file : refuse(read.errors);
  });
  const parties = contentOf(files.parties, PARTIES, (text, path) => {
    const read = readParties(text, path);
    return read.ok ? read.file : refuse(read.errors);
  });
  const accounts = contentOf(files.accounts, ACCOUNTS, (text, path) => {
    const read = readAccounts(text, path);
    return read.ok ? read.accounts : refuse(read.errors);
  });

  return {
    book: rates.asWritten,
    otherBooks,
    carrierMap: loadCarrierMap({ magicNumbers: files.magicNumbers === true }),
    registry: new NumberRegistry(),
    brands: new BrandTable(),
    campaigns: new CampaignTable(),
    regimes: new RegimeTable(regimes, carriers),
    rates,
    declared,
    parties,
    accounts,
  };
}

/** A world made of the same files, in which nothing has happened yet. */
export function freshWorld(world: LoadedWorld, files: Pick<WorldFiles, 'magicNumbers'>): LoadedWorld {
  return {
    ...world,
    carrierMap: loadCarrierMap({ magicNumbers: files.magicNumbers === true }),
    registry: new NumberRegistry(),
    brands: new BrandTable(),
    campaigns: new CampaignTable(),
    regimes: new RegimeTable(
      world.regimes.rows,
      CARRIERS.map(({ id }) => id),
    ),
  };
}

/** The book in force, those asked for and, of the built-in ones, those whose names are still free. */
function loadBooks(
  inForce: string,
  others: readonly string[],
  carriers: readonly string[],
): [inForce: RateTable, ...others: RateTable[]] {
  const shelf = new BookShelf();
  const compiled = (name: string): RateTable => {
    const loaded = shelf.load(name);
    if (!loaded.ok) throw new CannotStart(loaded.lines);
    return compileBook(loaded.book, carriers, name);
  };
  const tableOf = (name: string): RateTable =>
    BUILT_IN_BOOKS.includes(name) ? shippedOnce(name, () => compiled(name)) : compiled(name);
  const first = tableOf(inForce);
  const tables: [RateTable, ...RateTable[]] = [first];
  const isTaken = (book: string): boolean => tables.some((table) => table.book === book);
  for (const name of others) {
    const table = tableOf(name);
    if (isTaken(table.book)) {
      throw new CannotStart([
        `--books: ${name} is named ${table.book}, as a book before it; give one of them another name`,
      ]);
    }
    tables.push(table);
  }
  tables.push(...BUILT_IN_BOOKS.filter((name) => !isTaken(name)).map(tableOf));
  if (tables.length > BOOKS_MAX) {
    throw new CannotStart([`--books: ${tables.length} books with the built-in ones; give ${BOOKS_MAX} in all at most`]);
  }
  return tables;
}

/** Carriers of the gateway come first; the book's others can be asked for prices. */
function compileBook(book: TariffBook, carriers: readonly string[], path: string): RateTable {
  try {
    return compileRateTable(book, carriersOf(book, carriers));
  } catch (error) {
    throw new CannotStart([`${path}:1:1 ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** What was made of files of the package, by their names: those do not change while a process runs, and nobody changes what was made. */
const shipped = new Map<string, unknown>();

function shippedOnce<T>(name: string, make: () => T): T {
  if (!shipped.has(name)) shipped.set(name, make());
  return shipped.get(name) as T;
}

/** What `read` makes of a file, or of the one that ships in its place. */
function contentOf<T>(path: string | undefined, packaged: string, read: (text: string, path: string) => T): T {
  if (path === undefined) return shippedOnce(packaged, () => read(readPackageFile(packaged), packaged));
  return read(readText(path), path);
}

function refuse(errors: readonly BookError[]): never {
  throw new CannotStart(errors.map((error) => formatBookError(error)));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CannotStart([`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`]);
  }
}
