/**
 * Everything read from files at start: number blocks, tariff book, regimes, and what the registries are to begin with.
 * A file that is wrong is refused whole, with every mistake at its line and column.
 */
import { readFileSync } from 'node:fs';
import { BrandTable, CampaignTable, CARRIERS, loadCarrierMap, NumberRegistry } from '../registry-cache/index.ts';
import { compileRateTable, formatBookError, parseTariffBook, type TariffBook } from '../tariffs/index.ts';
import { readPackageFile } from './package-files.ts';
import { type CampaignsFile, readCampaigns } from './read-campaigns.ts';
import { type PartiesFile, readParties } from './read-parties.ts';
import { readRegimes, RegimeTable, type World } from './router/index.ts';

const BOOK = 'tariffs/books/us-10dlc.yaml';
const REGIMES = 'gateway/router/us-10dlc.regimes.yaml';
const CAMPAIGNS = 'gateway/starter-campaigns.yaml';
const PARTIES = 'gateway/starter-parties.yaml';

export interface WorldFiles {
  /** Paths of files to use in place of those that ship with the package. */
  readonly book?: string | undefined;
  readonly regimes?: string | undefined;
  readonly campaigns?: string | undefined;
  readonly parties?: string | undefined;
}

/** A world with nothing registered, and what is to be. */
export interface LoadedWorld extends World {
  readonly book: TariffBook;
  readonly declared: CampaignsFile;
  readonly parties: PartiesFile;
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
  const bookFile = readText(files.book, BOOK);
  const parsed = parseTariffBook(bookFile.text, bookFile.path);
  if (!parsed.ok) throw new CannotStart(parsed.errors.map((error) => formatBookError(error)));

  const regimeFile = readText(files.regimes, REGIMES);
  const regimes = readRegimes(regimeFile.text, regimeFile.path, carriers);
  if (!regimes.ok) throw new CannotStart(regimes.errors.map((error) => formatBookError(error)));

  const campaignFile = readText(files.campaigns, CAMPAIGNS);
  const campaigns = readCampaigns(campaignFile.text, campaignFile.path);
  if (!campaigns.ok) throw new CannotStart(campaigns.errors.map((error) => formatBookError(error)));

  const partyFile = readText(files.parties, PARTIES);
  const parties = readParties(partyFile.text, partyFile.path);
  if (!parties.ok) throw new CannotStart(parties.errors.map((error) => formatBookError(error)));

  return {
    book: parsed.book,
    carrierMap: loadCarrierMap(),
    registry: new NumberRegistry(),
    brands: new BrandTable(),
    campaigns: new CampaignTable(),
    regimes: new RegimeTable(regimes.rows, carriers),
    rates: compileBook(parsed.book, carriers, bookFile.path),
    declared: campaigns.file,
    parties: parties.file,
  };
}

function compileBook(book: TariffBook, carriers: readonly string[], path: string): World['rates'] {
  try {
    return compileRateTable(book, carriers);
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
