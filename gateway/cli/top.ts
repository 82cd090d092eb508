/**
 * `tollgate top`: what a running gateway shows at a glance, live in a terminal, for servers without a browser.
 *
 * It reads the same events as the page in a browser and draws them as `serve` draws its own. On a terminal it takes the other screen, so that
 * what stood there is back when it ends; into a file or a pipe it writes a line every few seconds. A gateway that goes is waited for.
 */
import { Command } from 'commander';
import { systemClock } from '../control/index.ts';
import { LIVE_PERIOD_MS } from '../limits.ts';
import type { Clock } from '../router/index.ts';
import { fail, URL_DEFAULT, wrongAddress } from './ask-gateway.ts';
import { liveEvents, type LiveTold, NotWatchable } from './live-events.ts';
import {
  CARRIER_NAMES,
  CLEAR_BELOW,
  CLEAR_TO_LINE_END,
  formatCount,
  formatDuration,
  formatLine,
  HIDE_CURSOR,
  HOME,
  type Line,
  messageRate,
  painted,
  RecentReadings,
  SHOW_CURSOR,
  type Span,
  tableLines,
  type TableStyle,
} from './live-summary.ts';

const LINE_PERIOD_NS = 5e9;
const REDRAW_MS = 1_000;
const RETRY_MS = 2_000;
/** A gateway that has told nothing for so long is taken for gone, and asked anew. */
const SILENCE_MS = 5_000;
const NS_PER_MS = 1e6;
const COLUMNS_DEFAULT = 80;
/** Rates of the past that are kept, one of each event. */
const RATES_MAX = 240;
/** Events that make a rate worth telling, where what was written once stays. */
const RATES_MIN = 3;
const BARS = '▁▂▃▄▅▆▇█';

const OTHER_SCREEN = '\x1b[?1049h';
const FIRST_SCREEN = '\x1b[?1049l';
/** q, Q, Escape, and Ctrl-C, which a terminal in raw mode hands over as a key. */
const QUIT_KEYS: ReadonlySet<string> = new Set(['q', 'Q', '\x1b', '\x03']);

/** As much of a `tty.WriteStream` as is needed. */
export interface TopStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly writableNeedDrain?: boolean;
  write(text: string): unknown;
  on(event: 'resize' | 'error', listener: () => void): unknown;
  off(event: 'resize' | 'error', listener: () => void): unknown;
}

/** As much of a `tty.ReadStream` as is needed. */
export interface TopKeys {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', listener: (keys: Buffer) => void): unknown;
  off(event: 'data', listener: (keys: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface TopOptions {
  readonly url: string;
  /** Ends after what is there now. */
  readonly isOnce: boolean;
  readonly stream: TopStream;
  readonly keys: TopKeys;
  readonly clock: Pick<Clock, 'monotonicNs'>;
  /** Ends it, as a key does. */
  readonly stop: AbortSignal;
  /** Read for `NO_COLOR` and `TERM`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function topCommand(): Command {
  return new Command('top')
    .description('watch a running gateway live in a terminal; q ends it')
    .option('--url <url>', 'address of the gateway', URL_DEFAULT)
    .option('--once', 'print what is there now, and end')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nInto a file or a pipe it writes a line every five seconds.' +
        '\n\nExamples:\n  tollgate top --url http://127.0.0.1:8080\n  tollgate top --once',
    )
    .action(async ({ url, once = false }: { readonly url: string; readonly once?: boolean }) => {
      const wrong = wrongAddress(url);
      if (wrong !== undefined) {
        fail(wrong);
        return;
      }
      const stop = new AbortController();
      const end = (): void => stop.abort();
      process.once('SIGINT', end).once('SIGTERM', end);
      const { stdout: stream, stdin: keys, env: environment } = process;
      await watch({ url, isOnce: once, stream, keys, clock: systemClock, stop: stop.signal, environment });
      process.off('SIGINT', end).off('SIGTERM', end);
    });
}

/** What is known of the gateway. */
interface View {
  readonly told: LiveTold;
  readonly span: Span;
  /** Messages per second, one of each event, the latest last. */
  readonly rates: readonly number[];
  readonly readings: RecentReadings;
  readonly atNs: number;
}

/** Shows the gateway until it is told to stop. Sets the exit code and says why, if there is none at the address. */
export async function watch(options: TopOptions): Promise<void> {
  const { url, isOnce, stream, keys, clock, environment } = options;
  const ending = new AbortController();
  const stop = AbortSignal.any([options.stop, ending.signal]);
  const end = (): void => ending.abort();
  const isScreen = !isOnce && stream.isTTY === true && environment['TERM'] !== 'dumb';
  const hasColor = isScreen && (environment['NO_COLOR'] ?? '') === '';
  let view: View | undefined;
  let lineAtNs = -Infinity;

  const draw = (): void => {
    if (view === undefined || stream.writableNeedDrain === true) return;
    const style = { columns: stream.columns ?? COLUMNS_DEFAULT, hasColor };
    const silentMs = (clock.monotonicNs() - view.atNs) / NS_PER_MS;
    const lines = formatTop(url, view, silentMs, style).slice(0, (stream.rows ?? Number.POSITIVE_INFINITY) - 1);
    stream.write(`${HOME}${lines.map((line) => `${line}${CLEAR_TO_LINE_END}\n`).join('')}${CLEAR_BELOW}`);
  };
  const show = (): void => {
    if (view === undefined) return;
    if (isOnce) {
      const style = { columns: stream.columns ?? COLUMNS_DEFAULT, hasColor };
      stream.write(`${formatTop(url, view, 0, style).join('\n')}\n`);
    } else if (isScreen) draw();
    else if (view.atNs - lineAtNs >= LINE_PERIOD_NS) {
      lineAtNs = view.atNs;
      stream.write(`${formatLine(view.span)}\n`);
    }
  };
  const onKeys = (pressed: Buffer): void => {
    // The keys that move a cursor begin with Escape and go on.
    const text = pressed.toString();
    if (QUIT_KEYS.has(text) || text.includes('q') || text.includes('\x03')) end();
  };

  // Who reads the lines may leave, as in `tollgate top | head`.
  stream.on('error', end);
  let redrawing: NodeJS.Timeout | undefined;
  const takeScreen = (): void => {
    stream.write(`${OTHER_SCREEN}${HIDE_CURSOR}`);
    stream.on('resize', draw);
    redrawing = setInterval(draw, REDRAW_MS);
    if (keys.isTTY !== true) return;
    keys.setRawMode?.(true);
    keys.on('data', onKeys);
    keys.resume();
  };
  const giveScreenBack = (): void => {
    clearInterval(redrawing);
    stream.off('resize', draw);
    stream.write(`${SHOW_CURSOR}${FIRST_SCREEN}`);
    if (keys.isTTY !== true) return;
    keys.off('data', onKeys);
    keys.setRawMode?.(false);
    keys.pause();
  };

  try {
    for await (const told of eventsUntil(url, stop, () => view !== undefined)) {
      if (view === undefined && isScreen) takeScreen();
      view = next(view, told, clock.monotonicNs());
      if (!isScreen && view.rates.length < RATES_MIN) continue;
      show();
      if (isOnce) break;
    }
  } catch (error) {
    // Once it was there, what fails is ours.
    if (view !== undefined) throw error;
    if (!stop.aborted) fail(whyNot(url, error));
  } finally {
    end();
    if (view !== undefined && isScreen) giveScreenBack();
    stream.off('error', end);
  }
}

/** Events until `stop`; of a gateway that was there once and has gone, those of when it is back. Rejects if it is not there at first. */
async function* eventsUntil(url: string, stop: AbortSignal, wasThere: () => boolean): AsyncGenerator<LiveTold> {
  while (!stop.aborted) {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      for await (const told of liveEvents(url, AbortSignal.any([stop, silence.signal]))) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        yield told;
      }
    } catch (error) {
      if (!wasThere()) throw error;
    } finally {
      clearTimeout(timer);
    }
    await pause(RETRY_MS, stop);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
    if (stop.aborted) done();
  });
}

/** The view after an event. A gateway that began to count anew has no past. */
function next(before: View | undefined, told: LiveTold, atNs: number): View {
  const past = before?.told.run === told.run ? before : undefined;
  const readings = past?.readings ?? new RecentReadings(LIVE_PERIOD_MS);
  const now = { atNs, summary: told.summary };
  const first = { ...now, atNs: atNs - (told.summary.atMs - told.sinceMs) * NS_PER_MS };
  const span = { first, earlier: readings.earlierThan(now), now };
  const rates = [...(past?.rates ?? []), messageRate(span)].slice(-RATES_MAX);
  return { told, span, rates, readings, atNs };
}

/** A frame, a string per line, none wider than `style.columns` on the screen. `silentMs`: since the gateway was heard last. */
export function formatTop(
  url: string,
  { told, span, rates }: Pick<View, 'told' | 'span' | 'rates'>,
  silentMs: number,
  style: TableStyle,
): string[] {
  const { summary, regimes, tariffDate } = told;
  const isGone = silentMs > RETRY_MS;
  const state: Line = isGone
    ? { text: `no news for ${formatDuration(silentMs * NS_PER_MS)}: trying again`, tone: 'alert' }
    : { text: sparkline(rates, style.columns) };
  const ends = [
    `${formatCount(summary.delivered)} delivered`,
    `${formatCount(summary.filtered)} filtered`,
    `${formatCount(summary.undelivered)} undelivered`,
    `${formatCount(summary.bypassed)} by P2P, paying no carrier`,
  ].join(', ');
  return painted(
    [
      { text: `Tollgate  ${url}  prices of ${tariffDate}  q quits`, tone: 'soft' },
      state,
      ...tableLines(span, style),
      { text: `Ended: ${ends}` },
      { text: `Unregistered: ${describeRegimes(regimes)}` },
    ],
    style,
  );
}

/** `charge-more at AT&T, Verizon; block (switched) at T-Mobile` */
function describeRegimes(regimes: LiveTold['regimes']): string {
  const carriersOf = new Map<string, string[]>();
  for (const { carrier, regime, switched } of regimes) {
    const what = switched ? `${regime} (switched)` : regime;
    carriersOf.set(what, [...(carriersOf.get(what) ?? []), CARRIER_NAMES[carrier] ?? carrier]);
  }
  if (carriersOf.size === 1) return `${[...carriersOf.keys()].join('')} at all carriers`;
  return Array.from(carriersOf, ([what, carriers]) => `${what} at ${carriers.join(', ')}`).join('; ');
}

/** The rates as bars under the highest of them, the latest to the right. */
function sparkline(rates: readonly number[], columns: number): string {
  const shown = rates.slice(-columns);
  const highest = Math.max(...shown, 1);
  return shown.map((rate) => BARS[Math.round((rate / highest) * (BARS.length - 1))] ?? '').join('');
}

function whyNot(url: string, error: unknown): string {
  return error instanceof NotWatchable
    ? `--url: what is at ${url} cannot be watched: ${error.message}`
    : `--url: no gateway answers at ${url}; start one with tollgate serve, or give its address`;
}
