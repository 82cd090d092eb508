/**
 * The one block of memory a number index lives in: its header, how large it is for a count of numbers, and the checks a
 * block from elsewhere must pass before it is believed. What is inside the buckets is `number-index.ts`'s business.
 *
 *   byte  0       4         8         12      16     20     24         28        32         48
 *         +-------+---------+---------+-------+------+------+----------+---------+----------+---- ... one bucket is 64 bytes
 *         | magic | version | buckets | range | size | away | sequence | retired | reserved | buckets
 *         +-------+---------+---------+-------+------+------+----------+---------+----------+---- ...
 *
 *   magic     "TGNI"; read as a number it also betrays a machine of the other byte order
 *   range     how much of the mixed 32-bit key space one bucket is home to; buckets = ceil(2^32 / range)
 *   size      how many numbers are in it; `away` of them outside their home bucket
 *   sequence  in a shared block odd while something changes, and counted up before and after (`number-index-reader.ts`)
 *   retired   1 once the index has moved to another block; the sequence stays odd then
 *
 * Example: room for 10,000,000 numbers needs 925,926 buckets, so range is floor(2^32 / 925,926) = 4,638, which makes it
 * 926,039 buckets; the block is 48 + 926,039 * 64 = 59,266,544 bytes.
 *
 * The header is 48 bytes because glibc hands out a large zeroed block 16 bytes after the start of a page: that puts each
 * bucket on one cache line. With 64, a bucket straddles two: at 10 M numbers `getMany` took twice as long and `get` a sixth longer.
 */

export const HEADER_SIZE = 4;
export const HEADER_AWAY = 5;
export const HEADER_BUCKETS = 2;
export const HEADER_RANGE = 3;
export const HEADER_SEQUENCE = 6;
export const HEADER_RETIRED = 7;
export const HEADER_BYTES = 48;
const HEADER_MAGIC = 0;
const HEADER_VERSION = 1;
const HEADER_WORDS = 12;

const MAGIC = 0x49_4e_47_54;
const VERSION = 2;

const BUCKET_BYTES = 64;
const BUCKET_LANES = 12;
/** 17 bits, which with the top bit of the offset make an 18-bit remainder; hence never fewer than 32,768 buckets, 2 MB. */
const RANGE_MAX = 2 ** 17;
/** 2 GiB. Room for 362 million numbers, half as many again as the largest registry of this kind has been said to hold. */
const BUCKETS_MAX = 2 ** 25;
/** The share of lanes an index is sized to fill: 5.93 bytes per number. Inserts still find a lane up to 0.96 or so. */
const FULL_LOAD = 0.9;

/** Numbers that fit that many buckets before the index grows. */
export function capacityOf(bucketCount: number): number {
  return Math.floor(bucketCount * BUCKET_LANES * FULL_LOAD);
}

/** The most numbers any index can be sized for. */
export const CAPACITY_MAX = capacityOf(BUCKETS_MAX);

/** A block for `count` numbers with none in it. Throws RangeError if that is not 0 to CAPACITY_MAX. */
export function emptyBuffer(count: number, shared: boolean): ArrayBufferLike {
  if (!(count >= 0 && count <= CAPACITY_MAX)) {
    throw new RangeError(`room for ${count} numbers asked; 0 to ${CAPACITY_MAX} can be given`);
  }
  const bucketsNeeded = Math.max(2 ** 32 / RANGE_MAX, Math.ceil(count / (BUCKET_LANES * FULL_LOAD)));
  const range = Math.floor(2 ** 32 / bucketsNeeded);
  const bucketCount = Math.ceil(2 ** 32 / range);
  const buffer = allocate(HEADER_BYTES + bucketCount * BUCKET_BYTES, shared);
  const header = headerOf(buffer);
  header[HEADER_MAGIC] = MAGIC;
  header[HEADER_VERSION] = VERSION;
  header[HEADER_BUCKETS] = bucketCount;
  header[HEADER_RANGE] = range;
  return buffer;
}

export function headerOf(buffer: ArrayBufferLike): Int32Array {
  return new Int32Array(buffer, 0, HEADER_WORDS);
}

export function bucketsOf(buffer: ArrayBufferLike): Int32Array {
  return new Int32Array(buffer, HEADER_BYTES);
}

/** Throws SnapshotRefused unless the block has one of our headers, and the size that goes with it. */
export function checkHeader(buffer: ArrayBufferLike): void {
  if (buffer.byteLength < HEADER_BYTES) throw new SnapshotRefused('not_a_snapshot');
  const header = headerOf(buffer);
  if (header[HEADER_MAGIC] !== MAGIC) throw new SnapshotRefused('not_a_snapshot');
  if (header[HEADER_VERSION] !== VERSION) throw new SnapshotRefused('other_version');
  const range = header[HEADER_RANGE]!;
  const bucketCount = header[HEADER_BUCKETS]!;
  const size = header[HEADER_SIZE]!;
  if (range < 1 || range > RANGE_MAX || bucketCount !== Math.ceil(2 ** 32 / range) || size < 0) {
    throw new SnapshotRefused('impossible_counts');
  }
  if (buffer.byteLength !== HEADER_BYTES + bucketCount * BUCKET_BYTES) throw new SnapshotRefused('wrong_length');
}

/** Zeroed memory, which costs nothing before it is touched. */
export function allocate(sizeBytes: number, shared: boolean): ArrayBufferLike {
  return shared ? new SharedArrayBuffer(sizeBytes) : new ArrayBuffer(sizeBytes);
}

const REFUSALS = {
  not_a_snapshot: 'this is not a snapshot of a number registry; check the path',
  other_version:
    'the snapshot has another format version; load it with the release that wrote it, or build the registry anew',
  other_byte_order: 'the snapshot was written on a machine of the other byte order; take one on a machine like this',
  wrong_length: 'the snapshot is shorter or longer than its header says; it was cut or added to; fetch it again',
  impossible_counts: 'the counts in the snapshot contradict each other; take a new one',
  damaged:
    'the checksum of the snapshot does not match its contents; it was damaged after it was written; take a new one',
} as const;

export type SnapshotRefusal = keyof typeof REFUSALS;

/** Thrown for what cannot be loaded: `reason` is for programs, `message` for people. */
export class SnapshotRefused extends Error {
  readonly reason: SnapshotRefusal;

  constructor(reason: SnapshotRefusal) {
    super(REFUSALS[reason]);
    this.name = 'SnapshotRefused';
    this.reason = reason;
  }
}
