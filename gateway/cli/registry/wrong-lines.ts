/** Lines of a file that were left out: each told with its number and the fix, up to a bound. */
import { failed } from '../carry-out.ts';
import type { Progress } from './progress.ts';

export class WrongLines {
  count = 0;
  readonly #path: string;
  readonly #max: number;
  readonly #progress: Progress;

  /** One more than `max` ends the command. */
  constructor({ path, max, progress }: { readonly path: string; readonly max: number; readonly progress: Progress }) {
    this.#path = path;
    this.#max = max;
    this.#progress = progress;
  }

  note(line: number, message: string): void {
    this.#progress.say(`${this.#path}:${line} ${message}`);
    this.count++;
    if (this.count <= this.#max) return;
    throw failed(`${this.#path}: more than ${this.#max} wrong lines; correct them, or allow more with --max-errors`);
  }
}
