/**
 * The number index: phone number -> campaign handle, for one to a few hundred million numbers.
 *
 * Why this shape. What a lookup of a random number costs is trips to memory, about 150 ns each where this was measured,
 * so all that a lookup needs should be in one 64-byte cache line, and lines should be few, which means full.
 *
 * 1. Quotienting. A reversible mix turns the number into 33 random-looking bits. A place in the table says most of them,
 *    so only the rest, the remainder of at most 18 bits, is written down; the number is computed back when it is wanted.
 * 2. Two-bucket cuckoo. A number lives in its home bucket, or in one alternate a short way on. When both are full, some
 *    tenant is moved to the other of its two. A delete leaves no tombstone: a free lane and its tag are zeros.
 * 3. A bucket counts those of its own that live elsewhere, so most misses end without a look at the alternate: seven in
 *    ten when it is filled to the load of 0.9, where 9 % live away. With numbers coming and going at that load, it is 14 %
 *    and six in ten after one turnover, and the same after ten.
 *
 * A bucket is 16 words of 32 bits, in four rows of one word of bookkeeping and three lanes, a number to a lane:
 *
 *   byte    +0          +4        +8        +12
 *        +-----------+---------+---------+---------+
 *      0 | state     | lane 1  | lane 2  | lane 3  |    lane i is word i
 *     16 | tags of 3 | lane 5  | lane 6  | lane 7  |    bits 10 to 31: handle
 *     32 | tags of 2 | lane 9  | lane 10 | lane 11 |    bits 0 to 9: the high 10 bits of the remainder
 *     48 | tags of 1 | lane 13 | lane 14 | lane 15 |
 *        +-----------+---------+---------+---------+
 *
 *   tags of c   the low 8 bits of the remainders in lane column c: highest byte for row 0, lowest for row 3
 *   state       two bits for each word i, at 30 - 2i. For a lane: its number is at home (low bit) or away (high bit),
 *               or the lane is free (neither). The pairs of the bookkeeping words make two counters of 4 bits, of numbers
 *               at home here that live in their alternate: bits 7-6 and 15-14 those whose remainder has bit 1 clear, bits
 *               23-22 and 31-30 those where it is set. A counter that reaches 15 stays there: then it only costs a look.
 *
 * The layout exists for `answer`. Comparing the tag with twelve others takes three words at a time; shifting the three
 * results by 7, 5 and 3 puts each lane's verdict on its at-home bit, one `and` with the state leaves the lanes to look at,
 * and counting leading zeros, halved, is the lane's word.
 *
 * Worked example. The smallest index has 32,768 buckets of range 131,072. +12125550123 is 125,550,123 above the lowest
 * key, which is below 2^32, so the top bit is 0; mixed, that is 1,611,573,590 = 12,295 * 131,072 + 43,350. Home is bucket
 * 12,295 and the remainder 43,350 * 2 + 0 = 86,700 = 0x152ac: tag 0xac, high part 0x152. With handle 7 in lane 1:
 *
 *   word 0 = 0x10000000 (bit 28)   word 1 = 7 * 1024 + 0x152 = 0x00001d52   word 12 = 0xac000000
 *
 * Measured on a shared 2.6 GHz machine, Node 20, random numbers, half of them present; ns per number:
 *
 *                       bytes per number   read of a 4-byte cell   Map.get   get   getMany
 *       1 M numbers     5.93                2                      200        35     15
 *      10 M numbers     5.93               14                      254       123     30
 *     100 M numbers     5.94               16                        -       152     32
 *
 * A lone `get` is bound by how many lookups the processor can overlap: about 190 instructions each leave room for two.
 * `getMany` overlaps them by plan. Module-level functions cost V8 a check per call that private methods do not; hence
 * the methods in the hot part.
 *
 * Growing. An index that comes to hold more than its capacity, a load of 0.9, gets a second, larger buffer, which costs
 * nothing before it is touched. From then on every write is made to both and copies the tenants of eight more buckets.
 * Lookups read the old buffer alone until all of it is copied, so they pay nothing:
 *
 *            0                        frontier              last bucket
 *     old    | copied                 | not copied          |    lookups and writes
 *     larger | the same, more loosely | what was written    |    writes
 *
 * A tenant that a move takes back over the frontier is copied along, or it would be missed. Then the buffers change places.
 * The old one is wiped, 4 KiB with each write, and let go; a write to a number also wipes what is left of it there.
 *
 * Worked example. 926,039 buckets are full with 10,001,221 numbers. The next one starts the growing; 926,039 / 8 = 115,755
 * writes later, with 10,116,977 numbers at most and at a load of 0.910, it is done; places are found up to 0.96 or so.
 * Measured on the same machine, growing from 10 to 16 million one by one: a write took 0.4 us, 6 to 7 us while copying, 16 us
 * at the 99.9th percentile; making the larger buffer, 1.5 ms. Longer pauses, some in every run, were other programs' turns.
 *
 * It does not shrink. After mass deletes it is as large and as fast as before; a new index, adopted, takes less room.
 *
 * One writer. Readers in other threads go by `number-index-reader.ts`.
 */
import {
  allocate,
  bucketsOf,
  CAPACITY_MAX,
  capacityOf,
  checkHeader,
  emptyBuffer,
  HEADER_AWAY,
  HEADER_BUCKETS,
  HEADER_RANGE,
  HEADER_RETIRED,
  HEADER_SEQUENCE,
  HEADER_SIZE,
  headerOf,
  SnapshotRefused,
} from './index-buffer.ts';

/** Keys are the ten digits of a US number. Defined here since V8 folds a module's own constants but not imported ones. */
export const KEY_MIN = 2_000_000_000;
export const KEY_MAX = 9_999_999_999;

/** Handles are 22 bits wide. */
export const HANDLE_MAX = 0x3fffff;

const BUCKET_WORDS = 16;
const BUCKET_SHIFT = 4;
const LANE_MASK = 15;
/** Words of a bucket: the tags of each lane column. */
const TAGS_1 = 12;
const TAGS_2 = 8;
const TAGS_3 = 4;

/** Xored into offsets of 2^32 and above, so that two numbers with the same low 32 bits have nothing else in common. */
const TOP_VARIANT = 0x5bd1e995;
const GROWTH = 1.5;
/**
 * Buckets copied to the larger index with each write while one grows. With 8 the copy is complete after a 100th more
 * numbers, at a load of 0.91, and a write takes some 8 us longer meanwhile.
 */
const COPIED_PER_WRITE = 8;
/** Words of the smaller index wiped with each write after that: 4 KiB. */
const WIPED_PER_WRITE = 1024;
/** In place of a handle, for a number that was removed. */
const REMOVED = -1;
/** Buckets looked at for a free lane before an insert gives up and grows. */
const SEARCH_MAX = 1024;
/**
 * Keeps 8 bits: alternates lie 1 to 256 buckets past home. With 64 some insert fails at load 0.94, with 256 at 0.96; further
 * brought no more than 0.01 and no lookup got faster by being nearer.
 */
const STEP_SHIFT = 24;

/** The at-home bits of a state. */
const AT_HOME = 0x15151515;
/** Both bits of a lane in a state, and one of them, before they are shifted to the lane's place. */
const LIVE = 0b11;
const AWAY = 0b10;
/** The bits of the first away counter; those of the second are 16 further up. */
const AWAY_COUNTER = 0xc0c0;
const AWAY_COUNT_MAX = 15;

const NO_LANE = -1;
/** What `answer` says when the home bucket alone does not decide. */
const UNDECIDED = -2;

const SEARCH_HOME = 0;
const SEARCH_ALTERNATE = 1;
const NOT_FOUND = -1;

/**
 * Scratch of `getMany`, of one chunk each. Safe to share: no code of a caller runs in between. 256 keys are enough that the
 * trips to memory at the end of one chunk and the start of the next, which do not overlap, are few, and fit the first cache.
 */
const CHUNK = 256;
/** Word position of the bucket to look in: home first, the alternate later for those that need it. */
const chunkBase = new Int32Array(CHUNK);
const chunkRemainder = new Int32Array(CHUNK);
/** Those that home does not decide, and for each whether a second tag at home matched too (not 0). */
const chunkOpen = new Int32Array(CHUNK);
const chunkSecond = new Int32Array(CHUNK);
/** Where the words reached for end up, so that the compiler cannot leave the reaching out. */
const chunkTouched = new Int32Array(1);

export class NumberIndex {
  // Declared with values of their kind, or V8 would give up on knowing the kind and test for it at every use.
  private header: Int32Array;
  private words: Int32Array;
  private bucketCount = 0;
  private range = 0;
  private rangeInverse = 0.5;
  /** Whether readers in other threads may be looking. */
  private isWatched: boolean;

  /** The larger index that this one is growing into, if it is growing. */
  private next: NumberIndex | undefined;
  /** What lives in the buckets below this one is in `next` as well. 0 while nothing grows. */
  private frontier = 0;
  private isNextFull = false;
  /** The smaller index that this one grew out of, until it is wiped; and up to which word it is. */
  private retired: NumberIndex | undefined;
  private wipedTo = 0;
  /** Walks under way. They hold the copying up, since it would end in another buffer. */
  private walkCount = 0;

  /** Scratch of the search for a free lane: a bucket, the row that led to it, and the lane there whose tenant could come here. */
  private readonly searchBucket = new Int32Array(SEARCH_MAX);
  private readonly searchParent = new Int32Array(SEARCH_MAX);
  private readonly searchLane = new Int32Array(SEARCH_MAX);

  /**
   * Called with the new buffer when the index has moved to one, by growing or `adopt`, and before readers of the old
   * buffer are told that it is retired. For handing it to `NumberIndexReader`s.
   */
  onMove: ((buffer: ArrayBufferLike) => void) | undefined;

  private constructor(buffer: ArrayBufferLike) {
    this.header = headerOf(buffer);
    this.words = bucketsOf(buffer);
    this.bucketCount = this.header[HEADER_BUCKETS]!;
    this.range = this.header[HEADER_RANGE]!;
    this.rangeInverse = 1 / this.range;
    this.isWatched = buffer instanceof SharedArrayBuffer;
  }

  /**
   * An empty index with room for `count` numbers before it grows.
   * With `shared` the buffer is a SharedArrayBuffer, for `NumberIndexReader`s; it stays shared when the index grows.
   * Throws RangeError if `count` is not between 0 and 362 million. Cost: 5.93 bytes per number, 2 MB at least.
   */
  static withCapacity(count: number, options: { readonly shared?: boolean } = {}): NumberIndex {
    return new NumberIndex(emptyBuffer(count, options.shared ?? false));
  }

  /**
   * An index over another's buffer, as it is; not a copy. For reading under the rules of `NumberIndexReader`.
   * Throws SnapshotRefused if the buffer holds no index.
   */
  static attach(buffer: ArrayBufferLike): NumberIndex {
    checkHeader(buffer);
    return new NumberIndex(buffer);
  }

  /** The same for a buffer from a file, which then belongs to the index. Also throws if it does not hold what it counts. */
  static restore(buffer: ArrayBufferLike): NumberIndex {
    const index = NumberIndex.attach(buffer);
    if (index.countLanes() !== index.size) throw new SnapshotRefused('impossible_counts');
    return index;
  }

  /** How many numbers it holds. */
  get size(): number {
    return this.header[HEADER_SIZE]!;
  }

  /** How many numbers it can hold before it grows. */
  get capacity(): number {
    return capacityOf(this.bucketCount);
  }

  /** Memory taken; while it grows and shortly after, that of both buffers. */
  get sizeBytes(): number {
    return this.buffer.byteLength + (this.next?.sizeBytes ?? 0) + (this.retired?.sizeBytes ?? 0);
  }

  /** How many numbers live outside their home bucket; a lookup of one of these touches a second cache line. */
  get awayCount(): number {
    return this.header[HEADER_AWAY]!;
  }

  /** All of the index in one block. Another one after it has grown: see `onMove`. */
  get buffer(): ArrayBufferLike {
    return this.words.buffer;
  }

  /**
   * The handle of a number, or -1 if it is not in the index.
   * `key` is a whole number as `parseNumberKey` returns it; throws RangeError outside 2,000,000,000 to 9,999,999,999.
   * Allocates nothing, compiled into its caller or not: this much is small enough that V8 always does it, and what is called
   * from here takes 32-bit integers only. A function that takes the key itself makes V8 box it wherever it stays a call.
   *
   * The two common answers, found at home and not there at all, leave through one return with no branch between them:
   * which of the two it is cannot be predicted, and a wrong guess stalls until the bucket has come from memory.
   */
  get(key: number): number {
    if (!(key >= KEY_MIN && key <= KEY_MAX)) refuseKey(key);
    const offset = key - KEY_MIN;
    return this.getSplit(offset | 0, (offset * 2 ** -32) | 0);
  }

  /** `get` for the low 32 bits and the top bit of a key's distance from the lowest key. */
  private getSplit(low: number, top: number): number {
    const mixed = this.mix(low, top);
    const bucket = (((mixed >>> 0) + 0.5) * this.rangeInverse) | 0;
    const remainder = ((mixed - Math.imul(bucket, this.range)) << 1) | top;
    const handle = this.answer(bucket, remainder);
    return handle === UNDECIDED ? this.search(bucket, remainder) : handle;
  }

  /** The handle of a number if its home bucket says so, -1 if that says it is nowhere, or UNDECIDED. */
  private answer(bucket: number, remainder: number): number {
    const words = this.words;
    const base = bucket << BUCKET_SHIFT;
    const state = words[base]!;
    const match = this.matchesIn(words, base, remainder, state);
    const lane = words[base | (Math.clz32(match | 1) >>> 1)]!;
    // All ones if no tag matched, or the lane whose tag did differs in the rest of the remainder; else 0.
    const missed = ((0 - ((lane ^ (remainder >>> 8)) & 0x3ff)) | (match - 1)) >> 31;
    // A miss is final unless a second tag matched, or numbers of this home live elsewhere.
    const open = (match & (match - 1)) | (state & (AWAY_COUNTER << ((remainder & 2) << 3)));
    return (missed & open) === 0 ? (lane >>> 10) | missed : UNDECIDED;
  }

  /** At-home bits of the lanes with the remainder's tag, among those `live` has set. */
  private matchesIn(words: Int32Array, base: number, remainder: number, live: number): number {
    const tag = Math.imul(remainder & 0xff, 0x01010101);
    const x1 = words[base | TAGS_1]! ^ tag;
    const x2 = words[base | TAGS_2]! ^ tag;
    const x3 = words[base | TAGS_3]! ^ tag;
    // The exact test for a zero byte, which leaves its bit 7 clear. The shorter test can mark a false neighbour as well,
    // and the 10 bits in its lane would not always give it away.
    const y1 = (((x1 & 0x7f7f7f7f) + 0x7f7f7f7f) | x1) >>> 3;
    const y2 = (((x2 & 0x7f7f7f7f) + 0x7f7f7f7f) | x2) >>> 5;
    const y3 = (((x3 & 0x7f7f7f7f) + 0x7f7f7f7f) | x3) >>> 7;
    return ~((y1 & 0x10101010) | (y2 & 0x04040404) | (y3 & 0x01010101)) & AT_HOME & live;
  }

  /** The full search, for what `answer` leaves undecided. */
  private search(bucket: number, remainder: number): number {
    const found = this.findLane(bucket, remainder);
    return found === NO_LANE ? -1 : this.words[found]! >>> 10;
  }

  /**
   * `get` for many numbers: writes the handle or -1 of `keys[i]` to `out[i]`, for i below `count`.
   * Reaches for all buckets of a chunk before it answers any of them, so that the trips to memory overlap; then the same for
   * the alternates of those that home does not decide. No branch on the way depends on what is in a bucket, since a wrong
   * guess costs as much as the rest of a lookup; but for the one or two in a hundred that share a tag with a neighbour.
   * Throws RangeError for a key out of range (answers before its chunk are then written) or arrays shorter than `count`.
   */
  getMany(keys: Float64Array, out: Int32Array, count: number = keys.length): void {
    if (count > keys.length || count > out.length) throw new RangeError(`${count} numbers do not fit the arrays given`);
    const words = this.words;
    let touched = 0;
    for (let from = 0; from < count; from += CHUNK) {
      const chunkCount = Math.min(CHUNK, count - from);
      this.placeChunk(keys, from, chunkCount);
      // Four at a time: the fewer instructions there are to a trip, the more trips the processor has under way.
      let at = 0;
      for (; at + 3 < chunkCount; at += 4) {
        touched |=
          words[chunkBase[at]!]! | words[chunkBase[at + 1]!]! | words[chunkBase[at + 2]!]! | words[chunkBase[at + 3]!]!;
      }
      for (; at < chunkCount; at++) touched |= words[chunkBase[at]!]!;
      const openCount = this.answerHomes(out, from, chunkCount);
      for (let j = 0; j < openCount; j++) {
        const i = chunkOpen[j]!;
        const beyond = chunkBase[i]! + (stepOf(chunkRemainder[i]!) << BUCKET_SHIFT);
        const base = beyond < words.length ? beyond : beyond - words.length;
        chunkBase[i] = base;
        touched |= words[base]!;
      }
      this.answerAlternates(keys, out, from, openCount);
    }
    chunkTouched[0] = touched;
  }

  /** Says for each key of a chunk where home is and what the remainder is. */
  private placeChunk(keys: Float64Array, from: number, chunkCount: number): void {
    const range = this.range;
    const rangeInverse = this.rangeInverse;
    for (let i = 0; i < chunkCount; i++) {
      const key = keys[from + i]!;
      if (!(key >= KEY_MIN && key <= KEY_MAX)) refuseKey(key);
      const offset = key - KEY_MIN;
      const top = (offset * 2 ** -32) | 0;
      const mixed = this.mix(offset | 0, top);
      const bucket = (((mixed >>> 0) + 0.5) * rangeInverse) | 0;
      chunkBase[i] = bucket << BUCKET_SHIFT;
      chunkRemainder[i] = ((mixed - Math.imul(bucket, range)) << 1) | top;
    }
  }

  /** Writes what the home buckets say, as `answer` does but without its branch; how many they do not decide. */
  private answerHomes(out: Int32Array, from: number, chunkCount: number): number {
    const words = this.words;
    let openCount = 0;
    for (let i = 0; i < chunkCount; i++) {
      const base = chunkBase[i]!;
      const remainder = chunkRemainder[i]!;
      const state = words[base]!;
      const match = this.matchesIn(words, base, remainder, state);
      const lane = words[base | (Math.clz32(match | 1) >>> 1)]!;
      const missed = ((0 - ((lane ^ (remainder >>> 8)) & 0x3ff)) | (match - 1)) >> 31;
      const second = match & (match - 1);
      const open = (second | (state & (AWAY_COUNTER << ((remainder & 2) << 3)))) & missed;
      out[from + i] = (lane >>> 10) | missed;
      chunkOpen[openCount] = i;
      chunkSecond[openCount] = second;
      openCount += (open | -open) >>> 31;
    }
    return openCount;
  }

  /** Writes what the alternates say of those that home left open. */
  private answerAlternates(keys: Float64Array, out: Int32Array, from: number, openCount: number): void {
    const words = this.words;
    for (let j = 0; j < openCount; j++) {
      const i = chunkOpen[j]!;
      const base = chunkBase[i]!;
      const remainder = chunkRemainder[i]!;
      const match = this.matchesIn(words, base, remainder, words[base]! >>> 1);
      const lane = words[base | (Math.clz32(match | 1) >>> 1)]!;
      const missed = ((0 - ((lane ^ (remainder >>> 8)) & 0x3ff)) | (match - 1)) >> 31;
      const second = (match & (match - 1)) | chunkSecond[j]!;
      out[from + i] = (second & missed) === 0 ? (lane >>> 10) | missed : this.get(keys[from + i]!);
    }
  }

  /**
   * Gives a number a handle, replacing the one it had. True if the number is new.
   * Beyond its capacity the index grows by half, a little with every write. If it comes to be full before that is done,
   * which takes numbers chosen for it, the rest is done at once.
   * Throws RangeError for a key that is not a NANP key, a handle that is not 0 to 4,194,303, or no memory to grow into.
   */
  set(key: number, handle: number): boolean {
    if (!(key >= KEY_MIN && key <= KEY_MAX && Number.isInteger(key))) refuseKey(key);
    if (!(handle >= 0 && handle <= HANDLE_MAX && Number.isInteger(handle))) {
      throw new RangeError(`handle ${handle} is not a whole number from 0 to ${HANDLE_MAX}`);
    }
    const mixed = this.mixOf(key);
    const sizeBefore = this.size;
    while (!this.store(mixed, handle)) this.finishGrowth();
    const isNew = this.size > sizeBefore;
    this.keepUp(mixed, handle);
    if (this.size > this.capacity && this.next === undefined && this.capacity < CAPACITY_MAX) this.beginGrowth();
    return isNew;
  }

  /** Forgets a number: nothing of it stays in memory. True if it was there. Throws RangeError for what is not a NANP key. */
  delete(key: number): boolean {
    if (!(key >= KEY_MIN && key <= KEY_MAX && Number.isInteger(key))) refuseKey(key);
    const mixed = this.mixOf(key);
    if (!this.remove(mixed)) return false;
    this.keepUp(mixed, REMOVED);
    return true;
  }

  /** Forgets every number and keeps the room. */
  clear(): void {
    this.abandonCopies();
    this.beginChange();
    this.wipe();
    this.endChange();
  }

  /**
   * Makes room for `count` numbers in all, so that filling up to there does not have to grow. Does not shrink: an index
   * that has lost most of its numbers keeps its size, and its speed.
   * Cost: copies everything at once, some 60 ns per number.
   */
  reserve(count: number): void {
    if (count <= this.capacity) return;
    if (this.next === undefined || this.next.capacity < count) this.beginGrowth(count);
    this.copy(this.bucketCount);
  }

  /**
   * Takes over what `other` holds, whose buffer becomes this one's, and wipes what it held itself. `other` must not be
   * used afterwards. Throws if one of them is shared and the other is not.
   */
  adopt(other: NumberIndex): void {
    if (other.isWatched !== this.isWatched)
      throw new Error('a shared number index cannot adopt one that is not, or back');
    this.abandonCopies();
    other.abandonCopies();
    this.moveTo(other);
    other.wipe();
  }

  /** All of it in one piece, as `restoreFrom` takes it. Cost: copies the buffer, which compresses well while it is nearly empty; of none, nothing. */
  capture(): Uint8Array {
    if (this.size === 0) return new Uint8Array(0);
    const bytes = new Uint8Array(this.buffer).slice();
    new Int32Array(bytes.buffer)[HEADER_SEQUENCE] = 0;
    return bytes;
  }

  /** Holds what another captured, and no longer what it held itself. Throws SnapshotRefused for bytes that nobody captured. */
  restoreFrom(bytes: Uint8Array): void {
    if (bytes.length === 0) {
      this.adopt(new NumberIndex(emptyBuffer(0, this.isWatched)));
      return;
    }
    const buffer = allocate(bytes.length, this.isWatched);
    new Uint8Array(buffer).set(bytes);
    this.adopt(NumberIndex.restore(buffer));
  }

  /**
   * Calls `visit` once for every number, in an order that means nothing. Allocates nothing per number.
   * `visit` may replace the handle of any number or delete the visited one; throws if it makes the index move.
   */
  forEach(visit: (key: number, handle: number) => void): void {
    if (this.size === 0) return;
    const words = this.words;
    this.walkCount++;
    try {
      for (let bucket = 0; bucket < this.bucketCount; bucket++) {
        for (let lane = 1; lane < BUCKET_WORDS; lane++) {
          const mixed = this.mixedAt(bucket, lane);
          if (mixed < 0) continue;
          visit(keyOf(mixed), words[(bucket << BUCKET_SHIFT) | lane]! >>> 10);
          if (this.words !== words) throw new Error('the number index grew while it was being walked');
        }
      }
    } finally {
      this.walkCount--;
    }
  }

  /** Starts to grow, to `count` or by half. Starting again, after all, with room for more, is also possible. */
  private beginGrowth(
    count: number = Math.max(this.capacity + 1, Math.min(Math.ceil(this.capacity * GROWTH), CAPACITY_MAX)),
  ): void {
    const next = new NumberIndex(emptyBuffer(count, this.isWatched));
    // Nobody knows of it before it is complete.
    next.isWatched = false;
    this.abandonCopies();
    this.next = next;
  }

  private finishGrowth(): void {
    if (this.next === undefined) this.beginGrowth();
    this.copy(this.bucketCount);
  }

  /**
   * After a number was written here: writes it to the larger index as well and copies some more, or removes it from the
   * smaller one that was left and wipes some more of that.
   */
  private keepUp(mixed: number, handle: number): void {
    if (this.next !== undefined) {
      if (handle === REMOVED) this.next.remove(mixed);
      else this.copyOne(mixed, handle);
      if (this.walkCount === 0) this.copy(COPIED_PER_WRITE);
    } else if (this.retired !== undefined) {
      this.retired.wipeOne(mixed);
      this.retired.words.fill(0, this.wipedTo, this.wipedTo + WIPED_PER_WRITE);
      this.wipedTo += WIPED_PER_WRITE;
      if (this.wipedTo >= this.retired.words.length) this.retired = undefined;
    }
  }

  /**
   * Copies the tenants of the next few buckets to the larger index, and moves there after the last. A bucket is a slice
   * of the mixed key space, and slices keep their order whatever their number, so memory is walked nearly in sequence.
   */
  private copy(bucketCount: number): void {
    const end = Math.min(this.frontier + bucketCount, this.bucketCount);
    for (; this.frontier < end; this.frontier++) {
      for (let lane = 1; lane < BUCKET_WORDS; lane++) {
        const mixed = this.mixedAt(this.frontier, lane);
        if (mixed >= 0) this.copyOne(mixed, this.words[(this.frontier << BUCKET_SHIFT) | lane]! >>> 10);
      }
    }
    const next = this.next!;
    if (this.isNextFull) return this.reserve(Math.ceil(next.capacity * GROWTH));
    if (this.frontier < this.bucketCount) return;
    if (next.size !== this.size) throw new Error(`${this.size} numbers became ${next.size} as the index grew`);
    this.next = undefined;
    this.frontier = 0;
    this.moveTo(next);
    this.retired = next;
    this.wipedTo = 0;
  }

  private copyOne(mixed: number, handle: number): void {
    if (!this.next!.store(mixed, handle)) this.isNextFull = true;
  }

  /** Exchanges buffers with `other`, and tells the readers of the one left behind. */
  private moveTo(other: NumberIndex): void {
    const { header, words, bucketCount, range, rangeInverse } = this;
    this.header = other.header;
    this.words = other.words;
    this.bucketCount = other.bucketCount;
    this.range = other.range;
    this.rangeInverse = other.rangeInverse;
    other.header = header;
    other.words = words;
    other.bucketCount = bucketCount;
    other.range = range;
    other.rangeInverse = rangeInverse;
    this.onMove?.(this.buffer);
    if (!this.isWatched) return;
    other.isWatched = true;
    other.beginChange();
    Atomics.store(header, HEADER_RETIRED, 1);
  }

  /** Wipes the index that this one is growing into or grew out of, and lets go of it. */
  private abandonCopies(): void {
    this.next?.wipe();
    this.next = undefined;
    this.frontier = 0;
    this.isNextFull = false;
    this.retired?.wipe();
    this.retired = undefined;
  }

  private wipe(): void {
    this.words.fill(0);
    this.header[HEADER_SIZE] = 0;
    this.header[HEADER_AWAY] = 0;
  }

  /** Wipes a number wherever it is, without looking at what the buckets count: some may be wiped already. */
  private wipeOne(mixed: number): void {
    const home = this.bucketOf(mixed);
    const remainder = this.remainderOf(mixed, home);
    const alternate = this.alternateOf(home, remainder);
    const words = this.words;
    const atHome = findIn(words, home, words[home << BUCKET_SHIFT]!, remainder);
    if (atHome !== NO_LANE) this.free(home, atHome & LANE_MASK);
    const away = findIn(words, alternate, words[alternate << BUCKET_SHIFT]! >>> 1, remainder);
    if (away !== NO_LANE) this.free(alternate, away & LANE_MASK);
  }

  /**
   * Brackets each change that readers in other threads must see whole. Between two changes every number can be found.
   * The load keeps the writes that follow behind the store, on processors that would let them overtake it.
   */
  private beginChange(): void {
    if (!this.isWatched) return;
    Atomics.store(this.header, HEADER_SEQUENCE, (this.header[HEADER_SEQUENCE]! + 1) | 0);
    Atomics.load(this.header, HEADER_SEQUENCE);
  }

  private endChange(): void {
    if (this.isWatched) Atomics.store(this.header, HEADER_SEQUENCE, (this.header[HEADER_SEQUENCE]! + 1) | 0);
  }

  /** The key as one whole number below 2^33: twice its 32 mixed bits, plus its top bit. Said `mixed` outside the hot part. */
  private mixOf(key: number): number {
    const offset = key - KEY_MIN;
    const top = Math.floor(offset / 2 ** 32);
    return (this.mix(offset | 0, top) >>> 0) * 2 + top;
  }

  private bucketOf(mixed: number): number {
    return Math.floor((Math.floor(mixed / 2) + 0.5) * this.rangeInverse);
  }

  private remainderOf(mixed: number, bucket: number): number {
    return mixed - 2 * bucket * this.range;
  }

  /** Reversible scramble of an offset given as its low 32 bits and its top bit, which selects a variant. */
  private mix(low: number, top: number): number {
    let x = low ^ (-top & TOP_VARIANT);
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
    return x ^ (x >>> 15);
  }

  private alternateOf(home: number, remainder: number): number {
    const bucket = home + stepOf(remainder);
    return bucket < this.bucketCount ? bucket : bucket - this.bucketCount;
  }

  private homeOf(alternate: number, remainder: number): number {
    const bucket = alternate - stepOf(remainder);
    return bucket >= 0 ? bucket : bucket + this.bucketCount;
  }

  /** Word position of a number's lane, in its home bucket or its alternate, or NO_LANE. */
  private findLane(home: number, remainder: number): number {
    const words = this.words;
    const homeState = words[home << BUCKET_SHIFT]!;
    const atHome = findIn(words, home, homeState, remainder);
    if (atHome !== NO_LANE || awayCountIn(homeState, remainder) === 0) return atHome;
    const alternate = this.alternateOf(home, remainder);
    return findIn(words, alternate, words[alternate << BUCKET_SHIFT]! >>> 1, remainder);
  }

  private isAway(bucket: number, lane: number): boolean {
    return ((this.words[bucket << BUCKET_SHIFT]! >>> shiftOf(lane)) & AWAY) !== 0;
  }

  private remainderAt(bucket: number, lane: number): number {
    const base = bucket << BUCKET_SHIFT;
    const tag = (this.words[base | tagsOf(lane)]! >>> tagShiftOf(lane)) & 0xff;
    return ((this.words[base | lane]! & 0x3ff) << 8) | tag;
  }

  /** The mixed key in a word of a bucket, or -1 if it is no lane or a free one. */
  private mixedAt(bucket: number, lane: number): number {
    const live = (this.words[bucket << BUCKET_SHIFT]! >>> shiftOf(lane)) & LIVE;
    if (live === 0 || !isLane(lane)) return -1;
    const remainder = this.remainderAt(bucket, lane);
    return (live === AWAY ? this.homeOf(bucket, remainder) : bucket) * 2 * this.range + remainder;
  }

  /** How many lanes are taken. */
  private countLanes(): number {
    const words = this.words;
    let count = 0;
    for (let at = 0; at < words.length; at += BUCKET_WORDS) {
      const state = words[at]!;
      for (let taken = (state | (state >>> 1)) & AT_HOME; taken !== 0; taken &= taken - 1) count++;
    }
    return count;
  }

  /** Some free lane of a bucket, or NO_LANE. */
  private freeLane(bucket: number): number {
    const state = this.words[bucket << BUCKET_SHIFT]!;
    const free = ~(state | (state >>> 1)) & AT_HOME;
    return free === 0 ? NO_LANE : laneOf(free);
  }

  /** Gives a number a handle, here only. False, with nothing changed, if no lane could be freed for it. */
  private store(mixed: number, handle: number): boolean {
    const home = this.bucketOf(mixed);
    const remainder = this.remainderOf(mixed, home);
    const found = this.findLane(home, remainder);
    if (found === NO_LANE) return this.place(mixed, handle);
    this.beginChange();
    this.words[found] = (handle << 10) | (remainder >>> 8);
    this.endChange();
    return true;
  }

  /** Takes a number out, here only. True if it was there. */
  private remove(mixed: number): boolean {
    const home = this.bucketOf(mixed);
    const remainder = this.remainderOf(mixed, home);
    const found = this.findLane(home, remainder);
    if (found === NO_LANE) return false;
    const bucket = found >>> BUCKET_SHIFT;
    this.beginChange();
    this.free(bucket, found & LANE_MASK);
    if (bucket !== home) this.countAway(home, remainder, -1);
    this.header[HEADER_SIZE]!--;
    this.endChange();
    return true;
  }

  /**
   * Puts a number that is not in the index into a lane, moving others if it must. False, with nothing changed, if no
   * lane could be freed. The order of preference keeps numbers at home, which is what lookups like best.
   */
  private place(mixed: number, handle: number): boolean {
    const home = this.bucketOf(mixed);
    const remainder = this.remainderOf(mixed, home);
    let bucket = home;
    let lane = this.freeLane(home);
    if (lane === NO_LANE) lane = this.sendOneHome(home);
    if (lane === NO_LANE) {
      bucket = this.alternateOf(home, remainder);
      lane = this.freeLane(bucket);
    }
    if (lane === NO_LANE) {
      const last = this.searchFree(home, bucket);
      if (last === NOT_FOUND) return false;
      if (this.shiftTowards(last) === SEARCH_HOME) bucket = home;
      lane = this.freeLane(bucket);
    }
    this.beginChange();
    this.put(bucket, lane, remainder, handle, bucket !== home);
    if (bucket !== home) this.countAway(home, remainder, 1);
    this.header[HEADER_SIZE]!++;
    this.endChange();
    return true;
  }

  /** Frees a lane of a full bucket by moving a guest back to its own home, if some guest's home has room again. */
  private sendOneHome(bucket: number): number {
    for (let lane = 1; lane < BUCKET_WORDS; lane++) {
      if (!isLane(lane) || !this.isAway(bucket, lane)) continue;
      const home = this.homeOf(bucket, this.remainderAt(bucket, lane));
      const free = this.freeLane(home);
      if (free === NO_LANE) continue;
      this.move(bucket, lane, home, free);
      return lane;
    }
    return NO_LANE;
  }

  /**
   * Breadth first from two full buckets, along tenants' other buckets, to the nearest one with a free lane: its place in
   * the search, or NOT_FOUND. Nearest means that no bucket is on the way twice, so the moves cannot trip over each other.
   */
  private searchFree(home: number, alternate: number): number {
    const { searchBucket, searchParent, searchLane } = this;
    searchBucket[SEARCH_HOME] = home;
    searchBucket[SEARCH_ALTERNATE] = alternate;
    let count = 2;
    for (let at = 0; at < count; at++) {
      const bucket = searchBucket[at]!;
      for (let lane = 1; lane < BUCKET_WORDS; lane++) {
        if (!isLane(lane)) continue;
        if (count === SEARCH_MAX) return NOT_FOUND;
        const remainder = this.remainderAt(bucket, lane);
        const other = this.isAway(bucket, lane) ? this.homeOf(bucket, remainder) : this.alternateOf(bucket, remainder);
        searchBucket[count] = other;
        searchParent[count] = at;
        searchLane[count] = lane;
        if (this.freeLane(other) !== NO_LANE) return count;
        count++;
      }
    }
    return NOT_FOUND;
  }

  /** Moves one tenant per step of the path found, last step first; which of the two starting buckets now has a lane. */
  private shiftTowards(last: number): number {
    const { searchBucket, searchParent, searchLane } = this;
    let at = last;
    while (at !== SEARCH_HOME && at !== SEARCH_ALTERNATE) {
      const parent = searchParent[at]!;
      const bucket = searchBucket[at]!;
      this.move(searchBucket[parent]!, searchLane[at]!, bucket, this.freeLane(bucket));
      at = parent;
    }
    return at;
  }

  /**
   * Moves a tenant to the other of its two buckets. One that thereby comes from buckets not yet copied to the larger index
   * to buckets that are is copied here, or it would be missed.
   */
  private move(source: number, sourceLane: number, target: number, targetLane: number): void {
    const remainder = this.remainderAt(source, sourceLane);
    const handle = this.words[(source << BUCKET_SHIFT) | sourceLane]! >>> 10;
    const wasAway = this.isAway(source, sourceLane);
    const home = wasAway ? target : source;
    this.beginChange();
    this.put(target, targetLane, remainder, handle, !wasAway);
    this.countAway(home, remainder, wasAway ? -1 : 1);
    this.free(source, sourceLane);
    this.endChange();
    if (target < this.frontier && source >= this.frontier) this.copyOne(home * 2 * this.range + remainder, handle);
  }

  /** Fills a free lane, which is all zeros. */
  private put(bucket: number, lane: number, remainder: number, handle: number, away: boolean): void {
    const words = this.words;
    const base = bucket << BUCKET_SHIFT;
    words[base | tagsOf(lane)]! |= (remainder & 0xff) << tagShiftOf(lane);
    words[base | lane] = (handle << 10) | (remainder >>> 8);
    words[base]! |= (away ? AWAY : 1) << shiftOf(lane);
  }

  /** Empties a lane and leaves nothing of its tenant in it: a registry keeps no past. */
  private free(bucket: number, lane: number): void {
    const words = this.words;
    const base = bucket << BUCKET_SHIFT;
    words[base]! &= ~(LIVE << shiftOf(lane));
    words[base | lane] = 0;
    words[base | tagsOf(lane)]! &= ~(0xff << tagShiftOf(lane));
  }

  private countAway(home: number, remainder: number, change: 1 | -1): void {
    const words = this.words;
    const at = home << BUCKET_SHIFT;
    words[at] = withAwayCount(words[at]!, remainder, change);
    this.header[HEADER_AWAY]! += change;
  }
}

/** The way back from `mixOf`: the same steps reversed, with the inverses of its factors modulo 2^32. */
function keyOf(mixed: number): number {
  const top = mixed % 2;
  let x = ((mixed - top) / 2) | 0;
  x = Math.imul(x ^ (x >>> 15) ^ (x >>> 30), 0x37132227);
  x = Math.imul(x ^ (x >>> 15) ^ (x >>> 30), 0x333c4925);
  x ^= x >>> 16;
  return KEY_MIN + ((x ^ (-top & TOP_VARIANT)) >>> 0) + top * 2 ** 32;
}

/** How far past home the alternate lies, from the remainder alone, so that either bucket leads to the other. */
function stepOf(remainder: number): number {
  return 1 + (Math.imul(remainder, 0x9e3779b1) >>> STEP_SHIFT);
}

/** Which words of a bucket are lanes: all but the first of each four. */
function isLane(word: number): boolean {
  return (word & 3) !== 0;
}

/** Where in a state the pair of bits of a lane is: the at-home bit, and the away bit above it. */
function shiftOf(lane: number): number {
  return 30 - 2 * lane;
}

/** Lane of the highest at-home bit set. */
function laneOf(bits: number): number {
  return Math.clz32(bits) >>> 1;
}

/** Which of the bucket's words has the tag of a lane. */
function tagsOf(lane: number): number {
  return 16 - 4 * (lane & 3);
}

function tagShiftOf(lane: number): number {
  return 24 - 8 * (lane >>> 2);
}

/** Position of the lane that holds the remainder among those `live` in the bucket, given as at-home bits; or NO_LANE. */
function findIn(words: Int32Array, bucket: number, live: number, remainder: number): number {
  const base = bucket << BUCKET_SHIFT;
  for (let rest = live & AT_HOME; rest !== 0;) {
    const lane = laneOf(rest);
    rest ^= 1 << shiftOf(lane);
    if (((words[base | lane]! ^ (remainder >>> 8)) & 0x3ff) !== 0) continue;
    if (((words[base | tagsOf(lane)]! >>> tagShiftOf(lane)) & 0xff) === (remainder & 0xff)) return base | lane;
  }
  return NO_LANE;
}

/** The two away counters are told apart by a bit of the remainder; the lowest would do worse, being the key's own top bit. */
function awayShift(remainder: number): number {
  return (remainder & 2) << 3;
}

function awayCountIn(state: number, remainder: number): number {
  const counter = state >>> awayShift(remainder);
  return ((counter >>> 6) & 3) | ((counter >>> 12) & 12);
}

function withAwayCount(state: number, remainder: number, change: 1 | -1): number {
  const count = awayCountIn(state, remainder);
  if (count === AWAY_COUNT_MAX) return state;
  const next = count + change;
  const shift = awayShift(remainder);
  return (state & ~(AWAY_COUNTER << shift)) | ((((next & 3) << 6) | ((next & 12) << 12)) << shift);
}

function refuseKey(key: number): never {
  throw new RangeError(`${key} is not a number key: keys are whole numbers from ${KEY_MIN} to ${KEY_MAX}`);
}
