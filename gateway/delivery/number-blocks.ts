/**
 * Numbers from which a carrier takes no messages any more, since too many of its customers complained. They stay until an operator
 * clears them. Bounded: the oldest is forgotten.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { NUMBER_BLOCKS_MAX } from '../limits.ts';

export interface NumberBlock {
  /** Index into CARRIERS. */
  readonly carrier: number;
  /** The number, as a key. */
  readonly number: number;
  readonly sinceMs: number;
  /** How many complained in the time that a carrier looks at. */
  readonly complaints: number;
}

/** Marks by a few bits of a number: nearly every number is told apart from all blocked ones by one byte. */
const MARKS = 65_536;

export class NumberBlocks {
  /** Oldest first. */
  readonly #blocks = new Map<number, NumberBlock>();
  /** How many blocked numbers have each mark. */
  readonly #marks = new Uint32Array(MARKS);
  readonly #counts = new Uint32Array(CARRIERS.length);

  /** Whether the number `senders[at]` is blocked at a carrier. No allocation unless some blocked number has its mark. */
  has(senders: Float64Array, at: number, carrier: number): boolean {
    if (this.#blocks.size === 0 || this.#marks[markOf(senders[at]!)] === 0) return false;
    return this.#blocks.has(keyOf(senders[at]!, carrier));
  }

  /** Blocks a number, or changes nothing if it is blocked there already. */
  add(block: NumberBlock): void {
    const key = keyOf(block.number, block.carrier);
    if (this.#blocks.has(key)) return;
    const oldest = this.#blocks.size >= NUMBER_BLOCKS_MAX ? this.#blocks.values().next().value : undefined;
    if (oldest !== undefined) this.#remove(oldest);
    this.#blocks.set(key, block);
    this.#marks[markOf(block.number)]! += 1;
    this.#counts[block.carrier]! += 1;
  }

  /** Blocks, oldest first. */
  list(): IterableIterator<NumberBlock> {
    return this.#blocks.values();
  }

  /** Lets a number send again to one carrier, or to all if none is named. How many blocks there were. */
  clear(number: number, carrier?: number): number {
    let cleared = 0;
    for (let at = 0; at < CARRIERS.length; at += 1) {
      const block = this.#blocks.get(keyOf(number, at));
      if (block === undefined || (carrier !== undefined && carrier !== at)) continue;
      this.#remove(block);
      cleared += 1;
    }
    return cleared;
  }

  get count(): number {
    return this.#blocks.size;
  }

  countAt(carrier: number): number {
    return this.#counts[carrier]!;
  }

  /** Holds these and no others. */
  restore(blocks: readonly NumberBlock[]): void {
    this.#blocks.clear();
    this.#marks.fill(0);
    this.#counts.fill(0);
    for (const block of blocks) this.add(block);
  }

  #remove(block: NumberBlock): void {
    this.#blocks.delete(keyOf(block.number, block.carrier));
    this.#marks[markOf(block.number)]! -= 1;
    this.#counts[block.carrier]! -= 1;
  }
}

function keyOf(number: number, carrier: number): number {
  return number * CARRIERS.length + carrier;
}

function markOf(number: number): number {
  const low = number | 0;
  return (low ^ (low >>> 16)) & (MARKS - 1);
}
