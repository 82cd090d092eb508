/**
 * The two published distributions the demo follows: when in the day messages are sent, and who serves the phones.
 *
 * Neither is a trace of US A2P traffic, since none is public; `data/README.md` says what each one is. The carrier
 * shares that no source lists (small carriers, landlines) are guesses, kept in one table here.
 */
import { parse } from 'csv-parse/sync';
import { readPackageFile } from '../package-files.ts';
import type { BlockGroup } from './numbers.ts';

export type DayShape = 'legit' | 'spam' | 'people';

export interface Figures {
  /** Per shape, 24 shares of a day by local hour; they sum to 1. */
  readonly hourShares: Readonly<Record<DayShape, readonly number[]>>;
  /** Where messages go; the shares sum to 1. */
  readonly destinations: readonly { readonly group: BlockGroup; readonly share: number }[];
}

const SERIES: Readonly<Record<DayShape, string>> = {
  legit: 'exais_received_ham',
  spam: 'exais_received_spam',
  people: 'nus_sent_p2p',
};

/** Not in the market-share file, which lists the three large carriers only. */
const SMALL_DESTINATIONS = [
  { group: 'uscellular', share: 0.01 },
  { group: 'other', share: 0.04 },
  { group: 'landline', share: 0.01 },
] as const;

export function loadFigures(): Figures {
  return {
    hourShares: parseHourShares(readPackageFile('gateway/demo/data/hour_of_day.csv')),
    destinations: parseDestinations(readPackageFile('gateway/demo/data/us_wireless_market_share.csv')),
  };
}

/** @throws if a series lacks an hour or holds none but zeros. */
export function parseHourShares(file: string): Record<DayShape, readonly number[]> {
  const rows = parse<{ series: string; hour: string; messages: string }>(file, { columns: true });
  const read = (series: string): number[] => {
    const counts = Array.from({ length: 24 }, (_, hour) =>
      Number(rows.find((row) => row.series === series && Number(row.hour) === hour)?.messages),
    );
    const sum = counts.reduce((a, b) => a + b, 0);
    if (!(sum > 0)) throw new Error(`hour_of_day.csv: series ${series} is incomplete`);
    return counts.map((count) => count / sum);
  };
  return { legit: read(SERIES.legit), spam: read(SERIES.spam), people: read(SERIES.people) };
}

/** Takes the last period of the file, and makes room for the small ones. @throws if a large carrier is missing. */
export function parseDestinations(file: string): { group: BlockGroup; share: number }[] {
  const rows = parse<{ period: string; carrier: string; share_of_listed: string }>(file, { columns: true });
  const latest = rows.filter((row) => row.period === rows.at(-1)?.period);
  const small = SMALL_DESTINATIONS.reduce((sum, { share }) => sum + share, 0);
  const large = (['att', 'verizon', 'tmobile'] as const).map((group) => {
    const share = Number(latest.find((row) => row.carrier === group)?.share_of_listed);
    if (!(share > 0)) throw new Error(`us_wireless_market_share.csv: no share of ${group} in the last period`);
    return { group, share };
  });
  const listed = large.reduce((sum, { share }) => sum + share, 0);
  return [
    ...large.map(({ group, share }) => ({ group, share: (share / listed) * (1 - small) })),
    ...SMALL_DESTINATIONS,
  ];
}
