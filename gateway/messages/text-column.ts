/**
 * One text for each place of a ring, outside the heap.
 *
 * A collector copies every string that outlives it, twice, and looks at all of them now and then. With a ring of strings that work, and not
 * the decision, made the longest answers and took a tenth of the time under full load (bench smpp). So what fits a slot of one
 * segment and has a byte for each character lies in one block of bytes; what is longer, or in another alphabet, is kept as a string.
 */

/** A segment of the GSM alphabet. */
const SLOT_BYTES = 160;
const BYTE_MAX = 0xff;
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
    return this.#bytes.toString('latin1', at * SLOT_BYTES, at * SLOT_BYTES + length);
  }

  set(at: number, text: string): void {
    if (this.#lengths[at] === ELSEWHERE) this.#others.delete(at);
    const { length } = text;
    if (length <= SLOT_BYTES && this.#fits(at * SLOT_BYTES, text)) {
      this.#lengths[at] = length;
      return;
    }
    this.#lengths[at] = ELSEWHERE;
    this.#others.set(at, text);
  }

  /** Writes a text to a slot, as far as there is a byte for each character. */
  #fits(slotAt: number, text: string): boolean {
    const bytes = this.#bytes;
    const { length } = text;
    for (let index = 0; index < length; index += 1) {
      const unit = text.charCodeAt(index);
      if (unit > BYTE_MAX) return false;
      bytes[slotAt + index] = unit;
    }
    return true;
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
