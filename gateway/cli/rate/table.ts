/** Prices as people read them: a table of amounts, and under it why each is what it is. */
import { formatMicros, type PriceLine } from '../../../tariffs/index.ts';
import type { Quote } from './rate.ts';

const HEAD = ['payee', 'cause', 'per unit', 'units', 'amount', 'row', 'in force', 'grade'];
/** Columns of figures, set to the right. */
const FIGURES = new Set([2, 3, 4]);
const WIDTH = 100;

/** One part for each price, and where there are several, their totals side by side at the end. */
export function describeQuotes(quotes: readonly Quote[]): string {
  const parts = quotes.map(describeQuote);
  if (quotes.length > 1) parts.push(describeTotals(quotes));
  return parts.join('\n');
}

function describeQuote(quote: Quote): string {
  const { lines, units, totalMicros, total } = quote;
  const rows = lines.map(({ payee, cause, unitMicros, micros, row }) => [
    payee,
    words(cause),
    formatMicros(unitMicros),
    String(units),
    formatMicros(micros),
    `${row.book}:${row.line}`,
    row.until === null ? `from ${row.from}` : `${row.from} until ${row.until}`,
    row.confidence,
  ]);
  const totals = ['', 'total', formatMicros(totalMicros / units), String(units), total, '', '', ''];
  const table = setTable([HEAD, ...rows, totals]).map((line) => `  ${line}`);
  return `${[headline(quote), '', ...table, '', ...lines.flatMap((line) => reasons(line, lines))].join('\n')}\n`;
}

function headline({
  book,
  date,
  carrier,
  carrierName,
  sender,
  registered,
  message,
  direction,
  route,
  units,
}: Quote): string {
  const what = message === 'mms' ? 'an MMS' : `an SMS of ${units} segment${units === 1 ? '' : 's'}`;
  const how = `${registered ? 'a registered' : 'an unregistered'} ${sender}`;
  const way = direction === 'out' ? `from ${how} sender to` : `to ${how} number from`;
  const where = carrierName === carrier ? carrier : `${carrier} (${carrierName})`;
  return `${date}, ${book}: ${what} ${way} ${where}${route === 'p2p' ? ', on the P2P route' : ''}`;
}

/** What the row says, its sources in full and its note. */
function reasons({ cause, unitMicros, row }: PriceLine, lines: readonly PriceLine[]): string[] {
  const isPart = cause === 'unregistered_surcharge';
  const fee = lines.find((line) => line.cause === 'carrier_fee')?.unitMicros ?? 0;
  const sum = isPart
    ? `${formatMicros(row.priceMicros)} for the unregistered less the fee of ${formatMicros(fee)}`
    : formatMicros(unitMicros);
  const cited = row.sources.map(({ key, citation }) => `${key}: ${citation}`);
  const noted = row.note === null ? [] : [row.note];
  return [`  ${words(cause)}: ${sum}`, ...[...cited, ...noted].flatMap((text) => wrap(text, 6))];
}

function describeTotals(quotes: readonly Quote[]): string {
  const dates = [...new Set(quotes.map(({ date }) => date))];
  const books = [...new Set(quotes.map(({ bookGiven }) => bookGiven))];
  const totalOf = (date: string, book: string): string =>
    quotes.find((quote) => quote.date === date && quote.bookGiven === book)?.total ?? '';
  const rows = dates.map((date) => [date, ...books.map((book) => totalOf(date, book))]);
  const figures = new Set(books.map((_, at) => at + 1));
  return `${setTable([['total', ...books], ...rows], figures).join('\n')}\n`;
}

/** Pads each column to its widest value, with two spaces between. */
export function setTable(rows: readonly (readonly string[])[], figures: ReadonlySet<number> = FIGURES): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((value, column) =>
        figures.has(column) ? value.padStart(widths[column] ?? 0) : value.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Lines of at most WIDTH characters, the first set in by `indent`, the others a little more. */
function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(indent + 2);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

function words(cause: string): string {
  return cause.replaceAll('_', ' ');
}
