/**
 * How much a text reads like spam: a logistic regression over words and shapes, trained by scripts/train-spam-words.ts on texts that
 * people labelled. Nothing of a message but its text comes in, and never what it really is.
 */
import { readPackageFile } from '../package-files.ts';
import { TEXT_SHAPES, TextFeatures, wordHash } from './text-features.ts';

const WEIGHTS_FILE = 'gateway/delivery/spam-words.json';

/** Log-odds that a text is spam, in hundredths: of a text that has nothing known, and what each shape and word adds. */
export interface SpamWeights {
  readonly bias: number;
  readonly shapes: Readonly<Record<string, number>>;
  readonly words: Readonly<Record<string, number>>;
}

/** Places of the table for each word: enough for searches to be short. */
const PLACES_PER_WORD = 4;

export class SpamWords {
  readonly #features = new TextFeatures();
  readonly #bias: number;
  readonly #shapes: Int32Array;
  /** An open-addressed table by hash; a place without a word has the weight 0. */
  readonly #hashes: Int32Array;
  readonly #weights: Int32Array;
  /** By place: the number of the text in which the word was met last. A word counts once. */
  readonly #metIn: Int32Array;
  readonly #mask: number;
  #text = 0;

  /** @throws Error if two words have one hash, or a weight is no whole number but 0 */
  constructor({ bias, shapes, words }: SpamWeights) {
    const entries = Object.entries(words);
    const places = 2 ** Math.ceil(Math.log2(Math.max(1, entries.length) * PLACES_PER_WORD));
    this.#bias = bias;
    this.#shapes = Int32Array.from(TEXT_SHAPES, (shape) => shapes[shape] ?? 0);
    this.#hashes = new Int32Array(places);
    this.#weights = new Int32Array(places);
    this.#metIn = new Int32Array(places);
    this.#mask = places - 1;
    for (const [word, weight] of entries) this.#add(word, weight);
  }

  /** Log-odds in hundredths: above 0 spam is likelier than not. One pass over the text, no allocation. */
  score(text: string): number {
    const features = this.#features;
    features.read(text);
    this.#text = (this.#text + 1) | 0;
    let score = this.#bias;
    for (let shape = 0; shape < this.#shapes.length; shape += 1) {
      if ((features.shapes & (1 << shape)) !== 0) score += this.#shapes[shape]!;
    }
    const { words, wordCount } = features;
    for (let word = 0; word < wordCount; word += 1) {
      const place = this.#placeOf(words[word]!);
      if (this.#metIn[place] === this.#text) continue;
      this.#metIn[place] = this.#text;
      score += this.#weights[place]!;
    }
    return score;
  }

  #add(word: string, weight: number): void {
    if (!Number.isInteger(weight) || weight === 0)
      throw new Error(`weight of ${word} must be whole and not 0: ${weight}`);
    const place = this.#placeOf(wordHash(word));
    if (this.#weights[place] !== 0) throw new Error(`${word} has the hash of another word`);
    this.#hashes[place] = wordHash(word);
    this.#weights[place] = weight;
  }

  /** Where the word with this hash is, or would be. */
  #placeOf(hash: number): number {
    let place = (hash ^ (hash >>> 15)) & this.#mask;
    while (this.#weights[place] !== 0 && this.#hashes[place] !== hash) place = (place + 1) & this.#mask;
    return place;
  }
}

/** The words that ship with the package. Reads a file: for start-up. */
export function loadSpamWords(): SpamWords {
  return new SpamWords(JSON.parse(readPackageFile(WEIGHTS_FILE)) as SpamWeights);
}
