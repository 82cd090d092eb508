/**
 * How far long work has come, on standard error: a bar on a terminal, elsewhere a line every two seconds.
 */
import cliProgress from 'cli-progress';

const LINE_PERIOD_MS = 2_000;

export interface Progress {
  /** How much is done. */
  to(value: number): void;
  /** Writes a line of its own between two states of the bar. */
  say(line: string): void;
  end(): void;
}

/** Shows `label` and how much of `total` is done, as far as it is known; with `isQuiet`, nothing but what is said. */
export function startProgress(label: string, total: number | undefined, isQuiet: boolean): Progress {
  const stream = process.stderr;
  const say = (line: string): void => {
    if (stream.isTTY && !isQuiet) stream.write('\r\x1b[K');
    stream.write(`${line}\n`);
  };
  if (isQuiet) return { to: () => {}, say, end: () => {} };
  const bar = new cliProgress.SingleBar({
    stream,
    format:
      total === undefined
        ? `${label} {value}`
        : `${label} [{bar}] {percentage}% {value} of {total}, {eta_formatted} left`,
    formatValue: (value, _options, type) => (type === 'percentage' ? String(value) : value.toLocaleString('en-US')),
    barsize: 24,
    noTTYOutput: true,
    notTTYSchedule: LINE_PERIOD_MS,
    // Else it leaves an empty line after the last one in a file or pipe.
    clearOnComplete: !stream.isTTY,
  });
  bar.start(total ?? 0, 0);
  return { to: (value) => bar.update(value), say, end: () => bar.stop() };
}
