/** How the commands that read CDRs find them and treat wrong lines. */
import { InvalidArgumentError, Option } from 'commander';
import { type Cdr, cdrFilesAt, readCdrs } from '../../cdr/index.ts';
import { plainDateMs } from '../../../tariffs/index.ts';
import { failed, systemCode, usage } from '../carry-out.ts';

/** Wrong lines that are told; more are only counted. */
const TOLD_MAX = 20;

export const skipBadOption = (): Option =>
  new Option('--skip-bad', 'leave wrong lines out, and exit with 0 nevertheless').default(false);

/** The CDRs that an option of a command named. */
export class GivenCdrs {
  readonly #flag: string;
  readonly #path: string;
  readonly #skipsBad: boolean;
  #wrongCount = 0;

  /** `path` is a file or a directory of some, as given in `flag`. */
  constructor({ flag, path, skipsBad }: { readonly flag: string; readonly path: string; readonly skipsBad: boolean }) {
    this.#flag = flag;
    this.#path = path;
    this.#skipsBad = skipsBad;
  }

  /** Reads them, some at a time. Wrong lines are told on standard error and left out. */
  async *read(stop: AbortSignal): AsyncGenerator<Cdr[]> {
    try {
      const files = await cdrFilesAt(this.#path);
      if (files.length === 0) {
        throw usage(
          `${this.#flag}: ${this.#path} holds no CDR files; name a directory that tollgate serve --cdr wrote to`,
        );
      }
      for await (const cdrs of readCdrs(files, (place, message) => this.#tell(place, message))) {
        stop.throwIfAborted();
        yield cdrs;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw usage(`${this.#flag}: ${this.#path} cannot be read (${systemCode(error)})`);
    }
  }

  /** To be called when all were read: lines that were left out are a failure, unless they may be. */
  end(): void {
    if (this.#wrongCount === 0) return;
    const many = this.#wrongCount === 1 ? '1 wrong line was' : `${this.#wrongCount} wrong lines were`;
    if (!this.#skipsBad) throw failed(`${many} left out; correct the file, or accept that with --skip-bad`);
    process.stderr.write(`tollgate: ${many} left out\n`);
  }

  #tell(place: string, message: string): void {
    this.#wrongCount += 1;
    if (this.#wrongCount <= TOLD_MAX) process.stderr.write(`tollgate: ${place} ${message}\n`);
  }
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/;

/** Reads a day or a moment in UTC, in milliseconds since the epoch. */
export function readMoment(written: string): number {
  const dayMs = plainDateMs(written.slice(0, 10));
  if (!Number.isNaN(dayMs) && written.length === 10) return dayMs;
  const ms = MOMENT.test(written) && !Number.isNaN(dayMs) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Give a day as 2024-03-01 or a moment as 2024-03-01T18:00:00Z.');
  return ms;
}
