/**
 * What `serve` shows in the terminal while it runs: the same summary as the live page.
 *
 * On a terminal a table redrawn in place; into a file or a pipe one line every few seconds. Everything that decides
 * what is written is a pure function of two readings and the width, so it is tested as text; the rest of this file is
 * when to write and the escape codes around it. A frame is one write, overwrites the last one line by line and never
 * clears the screen in between, so nothing flickers.
 */
import { LIVE_PERIOD_MS } from '../limits.ts';
import type { Summary } from '../messages/index.ts';
import type { Clock, Timers } from '../router/index.ts';

/** Where the gateway is and what it runs with. */
export interface LiveSummaryHeader {
  /** Address of the live page. */
  readonly url: string;
  /** Addresses at which ESMEs bind. */
  readonly smppUrls: readonly string[];
  /** The day whose prices and regimes apply, YYYY-MM-DD. */
  readonly tariffDate: string;
  readonly seed: number;
}

/** As much of a `NodeJS.WriteStream` as is needed. */
export interface SummaryStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** True while what was written is still waiting to leave. */
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
}

export interface LiveSummaryOptions {
  readonly summary: () => Summary;
  readonly stream: SummaryStream;
  readonly timers: Timers;
  readonly clock: Clock;
  readonly header: LiveSummaryHeader;
  /** Read for `NO_COLOR` and `TERM`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A summary and when it was taken, on a clock that only grows. */
export interface Reading {
  readonly atNs: number;
  readonly summary: Summary;
}

/** What a frame shows: the reading now, one of a moment ago to compare with, and the first. */
export interface Span {
  readonly first: Reading;
  readonly earlier: Reading;
  readonly now: Reading;
}

export interface TableStyle {
  readonly columns: number;
  readonly hasColor: boolean;
}

const LINE_PERIOD_MS = 5_000;
/** The rate is taken over this long, so that it does not jump with every message. */
const RATE_SPAN_NS = 2e9;
const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
const MICROS_PER_DOLLAR = 1e6;
const COLUMNS_DEFAULT = 80;
/** From here on the table of carriers has room for all its columns. */
const WIDE_COLUMNS = 100;

export const CARRIER_NAMES: Readonly<Record<string, string>> = {
  att: 'AT&T',
  tmobile: 'T-Mobile',
  verizon: 'Verizon',
  uscellular: 'US Cellular',
  other: 'Other carriers',
};

export const HIDE_CURSOR = '\x1b[?25l';
export const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J';
export const HOME = '\x1b[H';
export const CLEAR_TO_LINE_END = '\x1b[K';
export const CLEAR_BELOW = '\x1b[J';

/** Starts to show. Returns the function that shows the last figures, gives the cursor back and stops. */
export function startLiveSummary(options: LiveSummaryOptions): () => void {
  const { summary, stream, timers, clock, header, environment = process.env } = options;
  const read = (): Reading => ({ atNs: clock.monotonicNs(), summary: summary() });
  const inPlace = stream.isTTY === true && environment['TERM'] !== 'dumb';
  const periodMs = inPlace ? LIVE_PERIOD_MS : LINE_PERIOD_MS;
  const hasColor = (environment['NO_COLOR'] ?? '') === '';

  const first = read();
  const readings = new RecentReadings(periodMs);
  readings.earlierThan(first);
  const span = (): Span => {
    const now = read();
    return { first, earlier: readings.earlierThan(now), now };
  };

  const drawTable = (): void => {
    const style = { columns: stream.columns ?? COLUMNS_DEFAULT, hasColor };
    // The last row stays free: a line break there would scroll the screen.
    const lines = formatTable(header, span(), style).slice(0, (stream.rows ?? Number.POSITIVE_INFINITY) - 1);
    stream.write(`${HOME}${lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join('')}${CLEAR_BELOW}`);
  };
  const writeLine = (): unknown => stream.write(`${formatLine(span())}\n`);
  const show = inPlace ? drawTable : writeLine;

  if (inPlace) {
    stream.write(`${HIDE_CURSOR}${CLEAR_SCREEN}`);
    drawTable();
  } else stream.write(`${formatHeader(header)}\n`);

  const stopTimer = timers.every(periodMs, () => {
    // A terminal that is held (or slow) gets the next frame when it has taken the last one.
    if (stream.writableNeedDrain !== true) show();
  });
  let isStopped = false;
  return () => {
    if (isStopped) return;
    isStopped = true;
    stopTimer();
    try {
      show();
    } finally {
      if (inPlace) stream.write(SHOW_CURSOR);
    }
  };
}

/** Readings of late, as many as it takes to tell a rate. */
export class RecentReadings {
  readonly #readings: Reading[] = [];
  readonly #spanNs: number;

  /** `periodMs` is the time from one to the next. */
  constructor(periodMs: number) {
    this.#spanNs = Math.max(RATE_SPAN_NS, periodMs * NS_PER_MS);
  }

  /** The one to compare a new reading with: the newest that is old enough, or the oldest there is. */
  earlierThan(now: Reading): Reading {
    const readings = this.#readings;
    readings.push(now);
    const isSpare = (next: Reading): boolean => now.atNs - next.atNs >= this.#spanNs;
    while (readings[1] !== undefined && isSpare(readings[1])) readings.shift();
    return readings[0] ?? now;
  }
}

/** The line above the figures: `Tollgate  http://127.0.0.1:8080  smpp://127.0.0.1:2775  prices of 2024-03-01  seed 1` */
export function formatHeader({ url, smppUrls, tariffDate, seed }: LiveSummaryHeader): string {
  return `Tollgate  ${[url, ...smppUrls].join('  ')}  prices of ${tariffDate}  seed ${seed}`;
}

/** The whole state in one line, for logs and pipes. */
export function formatLine(span: Span): string {
  const { summary } = span.now;
  return [
    `${formatDuration(elapsedNs(span))}: ${formatRate(messageRate(span))} messages/s`,
    `${formatCount(summary.registered)} registered`,
    `${formatCount(summary.unregistered)} unregistered`,
    `${formatCount(summary.blocked)} blocked`,
    `spam on handsets ${formatCount(summary.spamDelivered)}` +
      ` (${formatCount(summary.spamDeliveredRegistered)} registered, ${formatCount(summary.spamDeliveredUnregistered)} unregistered)`,
    `paid for spam ${formatDollars(summary.spamChargedMicros)}` +
      ` (${formatDollars(summary.spamSurchargeMicros)} of it surcharge)`,
    `${formatCount(summary.inFlight)} in flight`,
  ].join(', ');
}

/** The table, a string per line, none wider than `style.columns` on the screen. */
export function formatTable(header: LiveSummaryHeader, span: Span, style: TableStyle): string[] {
  return painted([{ text: formatHeader(header), tone: 'soft' }, { text: '' }, ...tableLines(span, style)], style);
}

/** Its figures alone. */
export function tableLines(span: Span, { columns }: TableStyle): Line[] {
  const { summary } = span.now;
  const isWide = columns >= WIDE_COLUMNS;
  return [
    {
      text:
        `${formatRate(messageRate(span))} messages/s   ${formatCount(summary.decided)} in ` +
        `${formatDuration(elapsedNs(span))}   ${formatCount(summary.inFlight)} in flight`,
      tone: 'strong',
    },
    { text: '' },
    { text: row(TOTAL_WIDTHS, ['', 'registered', 'unregistered', 'in all']), tone: 'soft' },
    ...totals(summary),
    { text: '' },
    ...carrierTable(summary, isWide),
    { text: '' },
    { text: `Spam paid ${formatDollars(summary.spamChargedMicros)} in all, to carriers and aggregators.` },
  ];
}

/** The lines as they are written, none wider than the screen. */
export function painted(lines: readonly Line[], { columns, hasColor }: TableStyle): string[] {
  return lines.map((line) => paint({ ...line, text: truncate(line.text, columns) }, hasColor));
}

export interface Line {
  readonly text: string;
  readonly tone?: Tone;
}
type Tone = 'soft' | 'strong' | 'alert';
const TONE_CODES: Readonly<Record<Tone, string>> = { soft: '2', strong: '1', alert: '33' };

const TOTAL_WIDTHS: readonly number[] = [18, 14, 14, 14];

function totals(summary: Summary): Line[] {
  const line = (name: string, registered: string, unregistered: string, all: string): string =>
    row(TOTAL_WIDTHS, [name, registered, unregistered, all]);
  const count = formatCount;
  return [
    {
      text: line(
        'Messages',
        count(summary.registered),
        count(summary.unregistered),
        count(summary.registered + summary.unregistered),
      ),
    },
    { text: line('Blocked', '-', count(summary.blocked), count(summary.blocked)) },
    {
      text: line(
        'Spam on handsets',
        count(summary.spamDeliveredRegistered),
        count(summary.spamDeliveredUnregistered),
        count(summary.spamDelivered),
      ),
      ...(summary.spamDelivered > 0 && { tone: 'alert' as const }),
    },
  ];
}

interface CarrierColumn {
  readonly width: number;
  /** Left out where the terminal is narrow. */
  readonly onlyWide?: boolean;
  /** The heading stands on two lines. */
  readonly heading: readonly [string, string];
  readonly cell: (carrier: CarrierFigures) => string;
}
type CarrierFigures = Summary['carriers'][number];

const CARRIER_COLUMNS: readonly CarrierColumn[] = [
  { width: 18, heading: ['', 'Carrier'], cell: (one) => CARRIER_NAMES[one.carrier] ?? one.carrier },
  { width: 14, onlyWide: true, heading: ['', 'accepted'], cell: (one) => formatCount(one.accepted) },
  { width: 12, onlyWide: true, heading: ['', 'refused'], cell: (one) => formatCount(one.refused) },
  {
    width: 14,
    heading: ['spam from', 'registered'],
    cell: (one) => formatCount(one.spamDeliveredRegistered),
  },
  {
    width: 14,
    heading: ['spam from', 'unregistered'],
    cell: (one) => formatCount(one.spamDeliveredUnregistered),
  },
  { width: 16, heading: ['revenue', 'from spam'], cell: (one) => formatDollars(one.spamRevenueMicros) },
  { width: 16, heading: ['of it', 'surcharge'], cell: (one) => formatDollars(one.spamSurchargeMicros) },
];

function carrierTable(summary: Summary, isWide: boolean): Line[] {
  const columns = CARRIER_COLUMNS.filter((column) => isWide || column.onlyWide !== true);
  const widths = columns.map((column) => column.width);
  const heading = (index: 0 | 1): Line => ({
    text: row(
      widths,
      columns.map((column) => column.heading[index]),
    ),
    tone: 'soft',
  });
  const figures = (carrier: CarrierFigures): string =>
    row(
      widths,
      columns.map((column) => column.cell(carrier)),
    );
  return [
    heading(0),
    heading(1),
    ...summary.carriers.map((carrier): Line => ({ text: figures(carrier) })),
    { text: figures(sumOfCarriers(summary)), tone: 'strong' },
  ];
}

function sumOfCarriers({ carriers }: Summary): CarrierFigures {
  const sum = (read: (one: CarrierFigures) => number): number => carriers.reduce((all, one) => all + read(one), 0);
  return {
    carrier: 'All carriers',
    accepted: sum((one) => one.accepted),
    refused: sum((one) => one.refused),
    spamDeliveredRegistered: sum((one) => one.spamDeliveredRegistered),
    spamDeliveredUnregistered: sum((one) => one.spamDeliveredUnregistered),
    spamRevenueMicros: sum((one) => one.spamRevenueMicros),
    spamSurchargeMicros: sum((one) => one.spamSurchargeMicros),
  };
}

/** The first cell to the left, the others to the right of their column. */
function row(widths: readonly number[], cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join('')
    .trimEnd();
}

/** Cut, not wrapped: a wrapped line would push the rest of the frame down. */
function truncate(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(columns - 1, 0))}…`;
}

function paint({ text, tone }: Line, hasColor: boolean): string {
  return tone === undefined || !hasColor || text === '' ? text : `\x1b[${TONE_CODES[tone]}m${text}\x1b[0m`;
}

const elapsedNs = ({ first, now }: Span): number => now.atNs - first.atNs;

/** Messages decided per second lately; none when no time has passed or counting began anew. */
export function messageRate({ earlier, now }: Span): number {
  const seconds = (now.atNs - earlier.atNs) / NS_PER_SECOND;
  return seconds > 0 ? Math.max(0, (now.summary.decided - earlier.summary.decided) / seconds) : 0;
}

const wholeNumber = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const fractionsOfCents = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 4,
});

export function formatCount(value: number): string {
  return wholeNumber.format(value);
}

function formatRate(perSecond: number): string {
  return (perSecond < 100 ? oneDecimal : wholeNumber).format(perSecond);
}

/** A message costs tenths of a cent, so small sums keep four decimals. */
function formatDollars(micros: number): string {
  const value = micros / MICROS_PER_DOLLAR;
  return (value > 0 && value < 10 ? fractionsOfCents : cents).format(value);
}

/** `9 s`, `2 min 05 s`, `3 h 07 min` */
export function formatDuration(ns: number): string {
  const seconds = Math.floor(ns / NS_PER_SECOND);
  const padded = (value: number): string => String(value).padStart(2, '0');
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${padded(seconds % 60)} s`;
  return `${Math.floor(seconds / 3_600)} h ${padded(Math.floor(seconds / 60) % 60)} min`;
}
