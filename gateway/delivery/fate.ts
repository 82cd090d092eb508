/**
 * What happens to a message, drawn from the run's seed and the message's own key and from nothing else: no stream, no order. So a
 * message has one fate, whoever delivers it, after whatever others, and however often.
 *
 * Seed and key are mixed into two words, a start and a stride; a purpose is so many strides from the start, mixed once more: the way of
 * SplitMix (Steele, Lea and Flood, 2014). The mixing is that of MurmurHash3's finaliser, whose every bit depends on every bit.
 */

/** What is drawn for. Those that are drawn again at every try come last, and go up by `PURPOSES_PER_TRY`. */
export const Purpose = {
  ReceiptTime: 1,
  HandsetTime: 2,
  Reach: 3,
  Filter: 4,
  Receiptless: 5,
  ReceiptLost: 6,
  ReceiptLate: 7,
  ReceiptLateTime: 8,
  ReceiptCopied: 9,
  ReceiptCopyTime: 10,
  Complaint: 11,
  ComplaintTime: 12,
  Error: 32,
  Wait: 33,
} as const;
export const PURPOSES_PER_TRY = 2;

/** Draws are whole numbers below this: small enough that the engine never boxes one. */
export const DRAWS = 2 ** 30;

const TWO_POW_32 = 2 ** 32;
const STRIDE = 0x9e3779b9;

export class Fate {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  #start = 0;
  #stride = 1;

  /** @throws RangeError if `seed` is not an integer that a double holds exactly */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, got ${seed}`);
    this.#seedLow = mixed(seed | 0);
    this.#seedHigh = mixed(Math.floor(seed / TWO_POW_32) ^ STRIDE);
  }

  /** Turns to the message whose key is `keys[at]`, a whole number below 2^53. The key is read here, since a double handed over may be boxed. */
  turnTo(keys: Float64Array, at: number): void {
    const key = keys[at]!;
    const low = key | 0;
    const high = (key / TWO_POW_32) | 0;
    const start = mixed(mixed(low ^ this.#seedLow) + Math.imul(high, STRIDE) + this.#seedHigh);
    this.#start = start;
    this.#stride = mixed(start ^ low ^ this.#seedHigh) | 1;
  }

  /** The message's draw for a purpose: 0 to DRAWS - 1, each as likely as the others. Always the same. */
  draw(purpose: number): number {
    return mixed(this.#start + Math.imul(purpose, this.#stride)) >>> 2;
  }
}

function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
