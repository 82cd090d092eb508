/**
 * Everything read from files at start: number blocks, tariff book, regimes, and what the registries are to begin with.
 * A file that is wrong is refused whole, with every mistake at its line and column.
 */
import { readFileSync } from 'node:fs';
import { BrandTable, CampaignTable, CARRIERS, loadCarrierMap, NumberRegistry } from '../registry-cache/index.ts';
import { carriersOf, compileRateTable, formatBookError, type RateTable, type TariffBook } from '../tariffs/index.ts';
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

  const regimeFile = readText(files.regimes, REGIMES);
  const regimes = readRegimes(regimeFile.text, regimeFile.path, carriers);
  if (!regimes.ok) throw new CannotStart(regimes.errors.map((error) => formatBookError(error)));

  const campaignFile = readText(files.campaigns, CAMPAIGNS);
  const campaigns = readCampaigns(campaignFile.text, campaignFile.path);
  if (!campaigns.ok) throw new CannotStart(campaigns.errors.map((error) => formatBookError(error)));

  const partyFile = readText(files.parties, PARTIES);
  const parties = readParties(partyFile.text, partyFile.path);
  if (!parties.ok) throw new CannotStart(parties.errors.map((error) => formatBookError(error)));

  const accountFile = readText(files.accounts, ACCOUNTS);
  const accounts = readAccounts(accountFile.text, accountFile.path);
  if (!accounts.ok) throw new CannotStart(accounts.errors.map((error) => formatBookError(error)));

  return {
    book: rates.asWritten,
    otherBooks,
    carrierMap: loadCarrierMap(),
    registry: new NumberRegistry(),
    brands: new BrandTable(),
    campaigns: new CampaignTable(),
    regimes: new RegimeTable(regimes.rows, carriers),
    rates,
    declared: campaigns.file,
    parties: parties.file,
    accounts: accounts.accounts,
  };
}

/** The book in force, those asked for and, of the built-in ones, those whose names are still free. */
function loadBooks(
  inForce: string,
  others: readonly string[],
  carriers: readonly string[],
): [inForce: RateTable, ...others: RateTable[]] {
  const shelf = new BookShelf();
  const tableOf = (name: string): RateTable => {
    const loaded = shelf.load(name);
    if (!loaded.ok) throw new CannotStart(loaded.lines);
    return compileBook(loaded.book, carriers, name);
  };
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

function readText(path: string | undefined, packaged: string): { path: string; text: string } {
  if (path === undefined) return { path: packaged, text: readPackageFile(packaged) };
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new CannotStart([`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`]);
  }
}
