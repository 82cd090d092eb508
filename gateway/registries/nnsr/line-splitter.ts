/**
 * Bytes as they come -> lines, with a digest of the bytes of all lines taken so far. Pure; the same lines and digests however
 * the bytes were cut.
 *
 * Pulled, not pushed, so that its caller can stop between two lines to apply what it has. Holds one block and at most one
 * line begun before it: the bytes of a line that is too long are dropped as they come, though they count in the digest.
 */
import { createHash } from 'node:crypto';
import { BULK_LINE_BYTES_MAX } from './limits.ts';

export interface Line {
  /** Without its end, LF or CRLF. Bytes that are no UTF-8 are U+FFFD. Empty if it is too long. */
  readonly text: string;
  readonly isTooLong: boolean;
  /** False for a last line that no line feed ends. */
  readonly isEnded: boolean;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

export class LineSplitter {
  readonly #hash = createHash('sha256');
  #bytes: Buffer = NOTHING;
  /** Up to here the bytes are in the digest, */
  #hashedTo = 0;
  /** up to here they have been taken as lines, */
  #takenTo = 0;
  /** and up to here there is no line feed but in what was taken. */
  #searchedTo = 0;
  /** Whether the line begun has lost bytes because it is too long. */
  #isSkipping = false;
  #isEnded = false;

  /** Adds bytes; whole lines given before must have been taken. */
  feed(block: Buffer): void {
    if (this.#bytes.length - this.#takenTo > BULK_LINE_BYTES_MAX) {
      this.#isSkipping = true;
      this.#takenTo = this.#bytes.length;
    }
    this.#addToDigest();
    const begun = this.#bytes.subarray(this.#takenTo);
    this.#bytes = begun.length === 0 ? block : Buffer.concat([begun, block]);
    this.#searchedTo = begun.length;
    this.#takenTo = 0;
    this.#hashedTo = 0;
  }

  /** No bytes will come: what is left is a line. */
  end(): void {
    this.#isEnded = true;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The next line that is there, or undefined. */
  take(): Line | undefined {
    const end = this.#bytes.indexOf(LINE_FEED, this.#searchedTo);
    if (end >= 0) {
      const line = this.#line(end, true);
      this.#takenTo = end + 1;
      this.#searchedTo = end + 1;
      return line;
    }
    this.#searchedTo = this.#bytes.length;
    if (!this.#isEnded || (this.#takenTo === this.#bytes.length && !this.#isSkipping)) return undefined;
    const line = this.#line(this.#bytes.length, false);
    this.#takenTo = this.#bytes.length;
    return line;
  }

  /** SHA-256 of the bytes of all lines taken, their ends included; right after a line was taken and before bytes are added. */
  digest(): string {
    this.#addToDigest();
    return this.#hash.copy().digest('hex');
  }

  #line(end: number, isEnded: boolean): Line {
    const isTooLong = this.#isSkipping || end - this.#takenTo > BULK_LINE_BYTES_MAX;
    this.#isSkipping = false;
    const textEnd = end > this.#takenTo && this.#bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    return { text: isTooLong ? '' : this.#bytes.toString('utf8', this.#takenTo, textEnd), isTooLong, isEnded };
  }

  #addToDigest(): void {
    this.#hash.update(this.#bytes.subarray(this.#hashedTo, this.#takenTo));
    this.#hashedTo = this.#takenTo;
  }
}
