/**
 * What somebody who sees only a text can read off it: its words, and a few shapes such as a link or money.
 *
 * Words are runs of ASCII letters and digits, in lower case and with every digit as 0, so that one word stands for all numbers of a
 * length. They are kept as hashes: one pass over the characters, and no string is made.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const TO_LOWER = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;
const SLASH = 0x2f;
const BANG = 0x21;
const DOLLAR = 0x24;
const POUND = 0xa3;
const EURO = 0x20ac;

/** Digits in a row from which on they are a number to call or to write to. */
const LONG_NUMBER_DIGITS = 5;
const LONG_TEXT = 120;
const CAPITALS_SHARE = 0.2;
const DIGITS_SHARE = 0.1;
const BANGS = 2;

/** Bits of `TextFeatures.shapes`, by place. */
export const TEXT_SHAPES = [
  'link',
  'short_link',
  'money',
  'long_number',
  'capitals',
  'digits',
  'exclamation',
  'long_text',
] as const;
const LINK = 1;
const SHORT_LINK = 2;
const MONEY = 4;
const LONG_NUMBER = 8;
const CAPITALS = 16;
const DIGITS = 32;
const EXCLAMATION = 64;
const LONG = 128;

/** What a link begins with, and the last part of a name that makes one by itself. */
const SCHEMES = hashesOf(['http', 'https', 'www']);
const TOP_LEVELS = hashesOf(
  (
    'com net org info biz co uk us in io ly me tv cc gl gd do xyz top club online site link page app mobi ru cn eu de ' +
    'ws tk'
  ).split(' '),
);
/** Names of services that hide where a link leads, up to the dot before the last part. */
const SHORTENERS = hashesOf('bit goo tinyurl ow is cutt rb t tiny shorturl rebrand smsg buff'.split(' '));

/** More words than any text the gateway takes has. */
const WORDS_MAX = 1_024;

/** The features of the text read last. */
export class TextFeatures {
  /** The hashes of the words, repetitions included; the first `wordCount` count. */
  readonly words = new Int32Array(WORDS_MAX);
  wordCount = 0;
  shapes = 0;

  /** Reads a text. One pass, no allocation. */
  read(text: string): void {
    const { words } = this;
    const { length } = text;
    let wordCount = 0;
    let shapes = length > LONG_TEXT ? LONG : 0;
    let hash = FNV_OFFSET;
    let wordLength = 0;
    let digitsInRow = 0;
    let digits = 0;
    let capitals = 0;
    let bangs = 0;
    /** The word before, if nothing but a dot stands between; else 0. */
    let before = 0;
    for (let index = 0; index <= length; index += 1) {
      const unit = index < length ? text.charCodeAt(index) : 0;
      if (unit >= ZERO && unit <= NINE) {
        hash = Math.imul(hash ^ ZERO, FNV_PRIME);
        wordLength += 1;
        digits += 1;
        digitsInRow += 1;
        if (digitsInRow === LONG_NUMBER_DIGITS) shapes |= LONG_NUMBER;
        continue;
      }
      digitsInRow = 0;
      const isCapital = unit >= UPPER_A && unit <= UPPER_Z;
      if (isCapital || (unit >= LOWER_A && unit <= LOWER_Z)) {
        if (isCapital) capitals += 1;
        hash = Math.imul(hash ^ (unit | TO_LOWER), FNV_PRIME);
        wordLength += 1;
        continue;
      }
      if (wordLength > 0) {
        if (wordCount < WORDS_MAX) {
          words[wordCount] = hash;
          wordCount += 1;
        }
        if (before !== 0 && TOP_LEVELS.has(hash)) {
          shapes |= LINK;
          if (unit === SLASH && SHORTENERS.has(before)) shapes |= SHORT_LINK;
        }
        if ((unit === COLON || unit === DOT) && SCHEMES.has(hash)) shapes |= LINK;
        before = unit === DOT ? hash : 0;
        hash = FNV_OFFSET;
        wordLength = 0;
      } else {
        before = 0;
      }
      if (unit === BANG) bangs += 1;
      else if (unit === DOLLAR || unit === POUND || unit === EURO) shapes |= MONEY;
    }
    if (capitals > length * CAPITALS_SHARE) shapes |= CAPITALS;
    if (digits > length * DIGITS_SHARE) shapes |= DIGITS;
    if (bangs >= BANGS) shapes |= EXCLAMATION;
    this.wordCount = wordCount;
    this.shapes = shapes;
  }
}

/** The hash of one word as `TextFeatures` has it. */
export function wordHash(word: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < word.length; index += 1) {
    const unit = word.charCodeAt(index);
    hash = Math.imul(hash ^ (unit >= ZERO && unit <= NINE ? ZERO : unit | TO_LOWER), FNV_PRIME);
  }
  return hash | 0;
}

function hashesOf(words: readonly string[]): ReadonlySet<number> {
  return new Set(words.map(wordHash));
}
