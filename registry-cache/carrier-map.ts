/**
 * Destination number -> carrier and kind of line.
 *
 * Numbers are handed out in blocks of a thousand, so one byte per block answers with a single read and no search: 800
 * area codes x 800 exchanges x 10 blocks = 6.4 MB. Porting moves single numbers; those few sit in a number index beside
 * the table, asked only when it is not empty. The data is of original block holders, so without overrides the map
 * is as a fresh numbering plan would be; `data/README.md` says how good it is.
 *
 * The byte of a block, which `lookup` answers with:
 *
 *   bit   0 - 2      3 - 4        5          6         7
 *       +---------+-----------+----------+---------+---------+
 *       | carrier | line type | assigned | ported  | rented  |
 *       +---------+-----------+----------+---------+---------+
 *
 *   carrier   index into CARRIERS, or NO_CARRIER (5)
 *   line type index into LINE_TYPES
 *   rented    the holder rents numbers out by API (CPaaS and competitive local carriers)
 *
 * Example: block 212-200-0 held by T-Mobile, index 2, mobile, is 2 + (1 << 3) + (1 << 5) = 42. An unassigned block is 5.
 * Bit 6 is set by `lookup` for a number with an override. In the table itself only a block of magic numbers has it.
 */
import { CARRIERS, NO_CARRIER } from './carriers.ts';
import { MAGIC_BLOCKS, MAGIC_KEY_MIN } from './magic-numbers.ts';
import { KEY_MAX, KEY_MIN, NumberIndex } from './number-index.ts';

export const LINE_TYPES = ['unknown', 'mobile', 'landline'] as const;

export const LineType = { Unknown: 0, Mobile: 1, Landline: 2 } as const;

/** Who holds a block: a carrier for its mobile lines, any landline company, or a company that rents numbers out by API. */
export type BlockGroup = 'att' | 'verizon' | 'tmobile' | 'uscellular' | 'other' | 'landline' | 'cpaas';

const CARRIER_BITS = 0b111;
const LINE_TYPE_SHIFT = 3;
const ASSIGNED = 1 << 5;
const PORTED = 1 << 6;
const RENTED = 1 << 7;

const BLOCK_COUNT = 800 * 800 * 10;
/** The first block of magic numbers. */
const MAGIC_AT = blockIndex(MAGIC_KEY_MIN / 1000);
const HEADING = 'npanxx,state,blocks,place\n';
/** Room for overrides that costs the index its smallest size. */
const PORTED_CAPACITY = 1000;

export class CarrierMap {
  private readonly blocks: Uint8Array;
  private ported: NumberIndex | null = null;
  /** Answers of `blocksOf`. */
  readonly #groups = new Map<BlockGroup, Uint32Array>();

  private constructor(blocks: Uint8Array) {
    this.blocks = blocks;
  }

  /**
   * Reads the text of `npanxx_group.csv`: per line an area code with exchange, a state, ten letters and a place.
   * Leaves out exchanges the numbering plan forbids. Throws, naming the line, if the text is not of that form. Cost: about 30 ms for 205,607 lines; a CSV parser would
   * spend most of its time on the places, which nobody asks for here.
   */
  static parse(text: string): CarrierMap {
    if (!text.startsWith(HEADING)) throw new Error(`line 1 of the block list is not "${HEADING.trim()}"`);
    const blocks = new Uint8Array(BLOCK_COUNT).fill(NO_CARRIER);
    let lineNumber = 2;
    for (let at = HEADING.length; at < text.length; lineNumber++) {
      const end = text.indexOf('\n', at);
      const stop = end < 0 ? text.length : end;
      readLine(text, at, stop, lineNumber, blocks);
      at = stop + 1;
    }
    return new CarrierMap(blocks);
  }

  /**
   * What is known of a number, for `carrierOf`, `lineTypeOf`, `isAssigned` and `isPorted`.
   * `key` is as `parseNumberKey` returns it; throws RangeError below 2,000,000,000 and above 9,999,999,999.
   * Allocates nothing; one memory access, two while there are ported numbers.
   */
  lookup(key: number): number {
    if (!(key >= KEY_MIN && key <= KEY_MAX)) throw new RangeError(`${key} is not a number key`);
    const ported = this.ported;
    if (ported !== null && ported.size !== 0) {
      const carrier = ported.get(key);
      if (carrier >= 0) return packed(carrier, LineType.Mobile) | PORTED;
    }
    const index = blockIndex(Math.floor(key / 1000));
    return index < 0 ? NO_CARRIER : this.blocks[index]!;
  }

  /** Says that a number is now a mobile line of another carrier, by its index. Throws RangeError for another index or key. */
  setPorted(key: number, carrier: number): void {
    if (CARRIERS[carrier] === undefined) throw new RangeError(`${carrier} is not the index of a carrier`);
    this.ported ??= NumberIndex.withCapacity(PORTED_CAPACITY);
    this.ported.set(key, carrier);
  }

  /** A map of the same blocks, whose table is shared, with ported numbers of its own: none to begin with. */
  withoutPorted(): CarrierMap {
    return new CarrierMap(this.blocks);
  }

  /** A map of its own table, in which the blocks of magic numbers are held as those say. Cost: copies 6.4 MB. */
  withMagicNumbers(): CarrierMap {
    const blocks = this.blocks.slice();
    for (const [place, block] of MAGIC_BLOCKS.entries()) {
      const byte = block === undefined ? NO_CARRIER : blockByte(block.group);
      blocks[MAGIC_AT + place] = block?.isPorted ? byte | PORTED : byte;
    }
    return new CarrierMap(blocks);
  }

  /** Gives a number back to the holder of its block. True if it was ported. */
  clearPorted(key: number): boolean {
    return this.ported !== null && this.ported.delete(key);
  }

  /**
   * The thousands blocks of a group, ascending, each as its first seven digits: 2122000 is +1 212 200 0000 to 0999. Not those of magic numbers.
   * Not to be changed: it is given to all who ask. Cost: reads the whole table the first time, some ten milliseconds.
   */
  blocksOf(group: BlockGroup): Uint32Array {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const found = this.#findBlocks(blockByte(group));
    this.#groups.set(group, found);
    return found;
  }

  #findBlocks(wanted: number): Uint32Array {
    const { blocks } = this;
    let count = 0;
    for (let index = 0; index < blocks.length; index++) if (blocks[index] === wanted) count++;
    const found = new Uint32Array(count);
    count = 0;
    for (let index = 0; index < blocks.length; index++) {
      if (blocks[index] === wanted && !isMagicBlock(index)) found[count++] = firstDigits(index);
    }
    return found.subarray(0, count);
  }
}

/** Index into CARRIERS, or NO_CARRIER for a landline or an unassigned number. */
export function carrierOf(line: number): number {
  return line & CARRIER_BITS;
}

/** A value of LineType, which is an index into LINE_TYPES. */
export function lineTypeOf(line: number): number {
  return (line >>> LINE_TYPE_SHIFT) & 0b11;
}

/** Whether anybody holds the block, or the number was ported. */
export function isAssigned(line: number): boolean {
  return (line & ASSIGNED) !== 0;
}

export function isPorted(line: number): boolean {
  return (line & PORTED) !== 0;
}

function packed(carrier: number, lineType: number): number {
  return carrier | (lineType << LINE_TYPE_SHIFT) | ASSIGNED;
}

function blockByte(group: BlockGroup): number {
  if (group === 'landline') return packed(NO_CARRIER, LineType.Landline);
  const carrier = CARRIERS.findIndex((one) => one.id === group);
  if (carrier >= 0) return packed(carrier, LineType.Mobile);
  return packed(CARRIERS.length - 1, LineType.Unknown) | RENTED;
}

/** Seven digits -> position in the table, or -1 for an exchange that starts with 0 or 1. */
function blockIndex(digits: number): number {
  const areaCode = Math.floor(digits / 10_000);
  const rest = digits - areaCode * 10_000;
  return rest < 2000 ? -1 : (areaCode - 200) * 8000 + rest - 2000;
}

function isMagicBlock(index: number): boolean {
  return index >= MAGIC_AT && index < MAGIC_AT + MAGIC_BLOCKS.length;
}

function firstDigits(index: number): number {
  const areaCode = 200 + Math.floor(index / 8000);
  return areaCode * 10_000 + 2000 + (index % 8000);
}

/**
 * A letter's byte. Upper case is this year's assignment, lower case the holder of 2014 where there is none; both count.
 * Paging and unknown holders are served as other carriers, like those that rent numbers out, but are not among them.
 */
const LETTERS: ReadonlyMap<string, number> = new Map([
  ['A', blockByte('att')],
  ['V', blockByte('verizon')],
  ['T', blockByte('tmobile')],
  ['U', blockByte('uscellular')],
  ['O', blockByte('other')],
  ['C', blockByte('cpaas')],
  ['K', blockByte('landline')],
  ['W', blockByte('landline')],
  ['P', packed(CARRIERS.length - 1, LineType.Unknown)],
  ['X', packed(CARRIERS.length - 1, LineType.Unknown)],
  ['-', NO_CARRIER],
]);

const ZERO = 0x30;
const UNKNOWN_LETTER = 0;
const letterBytes = new Uint8Array(128);
for (const [letter, byte] of LETTERS) {
  letterBytes[letter.charCodeAt(0)] = byte;
  letterBytes[letter.toLowerCase().charCodeAt(0)] = byte;
}

/** The number that six decimal digits from a position on make, or a negative one. */
function sixDigits(text: string, from: number): number {
  let number = 0;
  for (let at = from; at < from + 6; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/** Writes the ten bytes of the line between two positions of the text. */
function readLine(text: string, from: number, stop: number, lineNumber: number, blocks: Uint8Array): void {
  const exchange = sixDigits(text, from);
  const letters = text.indexOf(',', from + 7) + 1;
  if (!(exchange >= 200_200 && exchange <= 999_999) || text[from + 6] !== ',' || letters === 0 || letters + 10 > stop) {
    throw new Error(`line ${lineNumber} of the block list does not read npanxx,state,blocks,place`);
  }
  const index = blockIndex(exchange * 10);
  // The report lists some exchanges no number can have, such as 911; leaving them out keeps every block one that can be dialled.
  if (index < 0 || exchange % 100 === 11) return;
  for (let block = 0; block < 10; block++) {
    const byte = letterBytes[text.charCodeAt(letters + block)] ?? UNKNOWN_LETTER;
    if (byte === UNKNOWN_LETTER) {
      throw new Error(`line ${lineNumber} of the block list has an unknown letter "${text[letters + block]}"`);
    }
    blocks[index + block] = byte;
  }
}
