/**
 * One text for each place of a ring, outside the heap.
 *
 * A collector copies every string that outlives it, twice, and looks at all of them now and then. With a ring of strings that work, and not
 * the decision, made the longest answers (bench smpp). So what fits a slot of one segment in UTF-8 lies in one block of bytes; what is
 * longer is kept as a string.
 */

/** A segment of the GSM alphabet, as long as its characters have a byte each. */
const TEXT_BYTES_MAX = 160;
/** Room for one character more, of any length: a text that takes some of it has not fitted whole. */
const SLOT_BYTES = TEXT_BYTES_MAX + 4;
/** In place of a length: the text is among the others. */
const ELSEWHERE = 0xff;

export interface TextColumnState {
  readonly bytes: Uint8Array;
  readonly lengths: Uint8Array;
  readonly others: ReadonlyMap<number, string>;
}

export class TextColumn {
  readonly #bytes: Buffer;
  readonly #lengths: Uint8Array;
  /** By place. */
  readonly #others = new Map<number, string>();

  constructor(places: number) {
    // Zeroed by the operating system as it is used.
    this.#bytes = Buffer.from(new ArrayBuffer(places * SLOT_BYTES));
    this.#lengths = new Uint8Array(places);
  }

  /** Empty where nothing was ever set. Allocates the string. */
  get(at: number): string {
    const length = this.#lengths[at]!;
    if (length === ELSEWHERE) return this.#others.get(at) ?? '';
    return this.#bytes.toString('utf8', at * SLOT_BYTES, at * SLOT_BYTES + length);
  }

  /** @param text without half a surrogate pair, which no edge takes */
  set(at: number, text: string): void {
    if (this.#lengths[at] === ELSEWHERE) this.#others.delete(at);
    if (text.length <= TEXT_BYTES_MAX) {
      const length = this.#bytes.write(text, at * SLOT_BYTES, SLOT_BYTES, 'utf8');
      if (length <= TEXT_BYTES_MAX) {
        this.#lengths[at] = length;
        return;
      }
    }
    this.#lengths[at] = ELSEWHERE;
    this.#others.set(at, text);
  }

  /** The texts of the first `count` places, as views. */
  capture(count: number): TextColumnState {
    return {
      bytes: this.#bytes.subarray(0, count * SLOT_BYTES),
      lengths: this.#lengths.subarray(0, count),
      others: this.#others,
    };
  }

  /** Holds what another captured, and no longer what it held itself. */
  restore({ bytes, lengths, others }: TextColumnState): void {
    this.#bytes.set(bytes);
    this.#lengths.fill(0);
    this.#lengths.set(lengths);
    this.#others.clear();
    for (const [at, text] of others) this.#others.set(at, text);
  }
}
