/**
 * How commands that take a while end: with 0, or with words on standard error and 1 (it failed) or 2 (the call was
 * wrong). A mistake of a person never shows a stack trace, a mistake of ours always does.
 *
 * The first Ctrl-C asks the command to stop, which then tidies up; the second ends it at once. A reader that leaves, as in
 * `| head`, ends it quietly.
 */
import { StoreUnavailable } from '../../registry-cache/index.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Ends a command. `lines` say what is wrong, where, and what to do about it. */
export class Refused extends Error {
  readonly exitCode: number;
  readonly lines: readonly string[];

  constructor(exitCode: number, lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'Refused';
    this.exitCode = exitCode;
    this.lines = lines;
  }
}

/** The call itself is wrong: an option, or a path given in one. */
export function usage(...lines: readonly string[]): Refused {
  return new Refused(EXIT_USAGE, lines);
}

/** The call is right, but what it found or did is not. */
export function failed(...lines: readonly string[]): Refused {
  return new Refused(EXIT_FAILED, lines);
}

/** Runs a command. `stop` is aborted when somebody wants it to end; what it awaits should then reject. */
export async function carryOut(run: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(EXIT_FAILED);
    stop.abort(failed('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await run(stop.signal);
  } catch (error) {
    if (isReaderGone(error)) return;
    const refused = explain(error);
    if (refused === undefined) throw error;
    for (const line of refused.lines) process.stderr.write(`tollgate: ${line}\n`);
    process.exitCode = refused.exitCode;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EPIPE';
}

function explain(error: unknown): Refused | undefined {
  if (error instanceof Refused) return error;
  if (error instanceof StoreUnavailable) return failed(`--redis: ${error.message}`);
  // Of the system, such as a full disk.
  const { syscall, message } = error as NodeJS.ErrnoException;
  return syscall === undefined ? undefined : failed(message);
}

/** What the system says is wrong with a path, such as ENOENT. */
export function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
