/** `tollgate rate diff`: what the messages of some CDRs would have cost under one book and under another, side by side. */
import { Command } from 'commander';
import { CARRIERS } from '../../../registry-cache/index.ts';
import { compileRateTable, formatMicros, plainDateMs } from '../../../tariffs/index.ts';
import { Bill, isCharged } from '../../cdr/index.ts';
import { BookShelf } from '../../load-books.ts';
import { GivenCdrs, skipBadOption } from '../cdr/options.ts';
import { carryOut, usage } from '../carry-out.ts';
import { setTable } from './table.ts';

interface DiffOptions {
  readonly cdr: string;
  readonly book: readonly string[];
  readonly json: boolean;
  readonly skipBad: boolean;
}

/** A book as it was asked for, and what the messages cost by it. */
interface PricedBy {
  readonly written: string;
  readonly book: string;
  /** The day all messages are priced at; null for the tariff date that each has in its CDR. */
  readonly date: string | null;
  readonly bill: Bill;
}

interface BillDifference {
  readonly carrier: string;
  readonly registration: string;
  readonly cause: string;
  /** By the one book and by the other. */
  readonly micros: readonly [number, number];
  readonly differenceMicros: number;
}

const HELP = `
A book is the name of a built-in one or a file, and may have a day behind an @: then all messages are priced at that day, else each
at the tariff date in its CDR. Messages that were refused and not charged stay so. Exit code 1 if a line was wrong (it is told and
left out), 2 for a mistake in the call or in a book.

Examples:
  tollgate rate diff --cdr cdrs --book us-10dlc --book what-if-flat
  tollgate rate diff --cdr cdrs --book us-10dlc@2022-06-01 --book us-10dlc@2024-03-01`;

export function rateDiffCommand(): Command {
  return new Command('diff')
    .description('price the messages of CDRs by two books and show what differs')
    .requiredOption('--cdr <path>', 'CDR file, or directory of some')
    .requiredOption('--book <book>', 'book, or book@day; to be given twice', oneMore)
    .option('--json', 'answer with one JSON object', false)
    .addOption(skipBadOption())
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .action((options: DiffOptions) => carryOut((stop) => diff(options, stop)));
}

function oneMore(written: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), written];
}

async function diff({ cdr: path, book, json, skipBad }: DiffOptions, stop: AbortSignal): Promise<void> {
  const [one, other, more] = book;
  if (one === undefined || other === undefined || more !== undefined) {
    throw usage(`--book: give two books to compare, not ${book.length}`);
  }
  const shelf = new BookShelf();
  const pair = [pricedBy(shelf, one), pricedBy(shelf, other)] as const;
  const given = new GivenCdrs({ flag: '--cdr', path, skipsBad: skipBad });
  const counts = { messages: 0, charged: 0, billedMicros: 0 };
  for await (const cdrs of given.read(stop)) {
    for (const cdr of cdrs) {
      counts.messages += 1;
      if (!isCharged(cdr)) continue;
      counts.charged += 1;
      counts.billedMicros += cdr.totalMicros;
      for (const { bill } of pair) bill.add(cdr);
    }
  }
  const lines = differences(pair[0].bill, pair[1].bill);
  process.stdout.write(
    json ? `${JSON.stringify({ ...counts, ...asJson(pair), lines })}\n` : describe(counts, pair, lines),
  );
  given.end();
}

/** Reads a book as written, such as `us-10dlc@2024-03-01`. */
function pricedBy(shelf: BookShelf, written: string): PricedBy {
  const [, name = written, date = null] = /^(.+)@(\d{4}-\d{2}-\d{2})$/.exec(written) ?? [];
  const dateMs = date === null ? undefined : plainDateMs(date);
  if (Number.isNaN(dateMs)) throw usage(`--book: ${written}: there is no day ${date}`);
  const loaded = shelf.load(name);
  if (!loaded.ok) throw usage(...loaded.lines.map((line) => `--book: ${line}`));
  const carriers = CARRIERS.map(({ id }) => id);
  try {
    return { written, book: loaded.book.book, date, bill: new Bill(compileRateTable(loaded.book, carriers), dateMs) };
  } catch (error) {
    throw usage(`--book: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Both bills line by line, without what is nothing in both. */
function differences(one: Bill, other: Bill): BillDifference[] {
  const others = other.lines();
  return one.lines().flatMap(({ carrier, registration, cause, micros }, at) => {
    const otherMicros = others[at]?.micros ?? 0;
    if (micros === 0 && otherMicros === 0) return [];
    return [{ carrier, registration, cause, micros: [micros, otherMicros], differenceMicros: otherMicros - micros }];
  });
}

function asJson(pair: readonly [PricedBy, PricedBy]): object {
  return {
    books: pair.map(({ book, date, bill }) => ({
      book,
      date,
      totalMicros: bill.totalMicros,
      priced: bill.pricedCount,
      unpriced: bill.unpricedCount,
    })),
    differenceMicros: pair[1].bill.totalMicros - pair[0].bill.totalMicros,
  };
}

const FIGURES = new Set([3, 4, 5]);

function describe(
  { messages, charged, billedMicros }: { messages: number; charged: number; billedMicros: number },
  [one, other]: readonly [PricedBy, PricedBy],
  lines: readonly BillDifference[],
): string {
  const rows = lines.map(({ carrier, registration, cause, micros, differenceMicros }) => [
    carrier,
    registration,
    cause.replaceAll('_', ' '),
    ...micros.map((amount) => formatMicros(amount)),
    withSign(differenceMicros),
  ]);
  const totals = [one.bill.totalMicros, other.bill.totalMicros] as const;
  const total = ['total', '', '', ...totals.map((amount) => formatMicros(amount)), withSign(totals[1] - totals[0])];
  const unpriced = [one, other].map(({ bill }) => String(bill.unpricedCount));
  const head = ['carrier', 'registration', 'cause', one.written, other.written, 'difference'];
  const table = setTable([head, ...rows, total, ['messages without a price', '', '', ...unpriced, '']], FIGURES);
  const summary = `messages: ${messages}, of them charged: ${charged}, as billed: ${formatMicros(billedMicros)}`;
  return `${[summary, '', ...table].join('\n')}\n`;
}

function withSign(micros: number): string {
  return micros > 0 ? `+${formatMicros(micros)}` : formatMicros(micros);
}
