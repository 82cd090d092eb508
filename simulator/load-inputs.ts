/**
 * What a run is made of besides its scenario: number blocks, the tariff book, regimes and the shapes of days, from the files that ship
 * with the package. Read once in a thread; nothing of it changes in a run.
 */
import { parse } from 'csv-parse/sync';
import { RegimeTable, readRegimes, type RegimeRow } from '../gateway/router/index.ts';
import { type CarrierMap, CARRIERS, loadCarrierMap } from '../registry-cache/index.ts';
import {
  compileRateTable,
  formatBookError,
  parseTariffBook,
  type RateTable,
  type TariffBook,
} from '../tariffs/index.ts';
import { readPackageFile } from './package-files.ts';

const BOOK = 'tariffs/books/us-10dlc.yaml';
const REGIMES = 'gateway/router/us-10dlc.regimes.yaml';
const HOURS = 'gateway/demo/data/hour_of_day.csv';
const WEEKDAYS = 'simulator/data/day_of_week.csv';
const SHARES = 'gateway/demo/data/us_wireless_market_share.csv';

export const CARRIER_IDS: readonly string[] = CARRIERS.map(({ id }) => id);

export interface Inputs {
  readonly carrierMap: CarrierMap;
  readonly book: TariffBook;
  readonly rates: RateTable;
  readonly regimes: readonly RegimeRow[];
  /** By hour of the week, from Monday midnight; their mean is 1. */
  readonly legitShape: Float64Array;
  readonly spamShape: Float64Array;
  /** Shares of the carriers that the list of market shares has, by id; they sum to 1. */
  readonly marketShares: ReadonlyMap<string, number>;
}

let loaded: Inputs | undefined;

/** Reads the files at the first call: some 300 ms. @throws Error if a file of the package is not as it was shipped */
export function loadInputs(): Inputs {
  loaded ??= readInputs();
  return loaded;
}

/** Regimes with switches of their own. */
export function regimesOf({ regimes }: Inputs): RegimeTable {
  return new RegimeTable(regimes, CARRIER_IDS);
}

function readInputs(): Inputs {
  const parsed = parseTariffBook(readPackageFile(BOOK), BOOK);
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => formatBookError(error)).join('\n'));
  const regimes = readRegimes(readPackageFile(REGIMES), REGIMES, CARRIER_IDS);
  if (!regimes.ok) throw new Error(regimes.errors.map((error) => formatBookError(error)).join('\n'));
  return {
    carrierMap: loadCarrierMap(),
    book: parsed.book,
    rates: compileRateTable(parsed.book, CARRIER_IDS),
    regimes: regimes.rows,
    legitShape: weekShape('exais_received_ham'),
    spamShape: weekShape('exais_received_spam'),
    marketShares: readMarketShares(),
  };
}

const HOURS_OF_DAY = 24;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function weekShape(series: string): Float64Array {
  const rowsOf = (file: string): Readonly<Record<string, string>>[] =>
    parse<Readonly<Record<string, string>>>(readPackageFile(file), { columns: true }).filter(
      (row) => row['series'] === series,
    );
  const hours = rowsOf(HOURS).map((row) => Number(row['messages']));
  const days = DAYS.map((day) => Number(rowsOf(WEEKDAYS).find((row) => row['weekday'] === day)?.['messages']));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (hours.length !== HOURS_OF_DAY || !(mean(hours) > 0 && mean(days) > 0)) {
    throw new Error(`${HOURS} or ${WEEKDAYS} has no complete series ${series}`);
  }
  return Float64Array.from(days.flatMap((day) => hours.map((hour) => (day / mean(days)) * (hour / mean(hours)))));
}

/** The last period of the file. */
function readMarketShares(): Map<string, number> {
  const rows = parse<{ period: string; carrier: string; share_of_listed: string }>(readPackageFile(SHARES), {
    columns: true,
  });
  const latest = rows.filter((row) => row.period === rows.at(-1)?.period);
  const sum = latest.reduce((total, row) => total + Number(row.share_of_listed), 0);
  if (!(sum > 0)) throw new Error(`${SHARES} has no market shares`);
  return new Map(latest.map((row) => [row.carrier, Number(row.share_of_listed) / sum]));
}
