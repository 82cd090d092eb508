/**
 * The one block of memory a number index lives in: its header, how large it is for a count of numbers, and the checks a
 * block from elsewhere must pass before it is believed. What is inside the buckets is `number-index.ts`'s business.
 *
 *   byte  0       4         8         12      16     20     24         28         48
 *         +-------+---------+---------+-------+------+------+----------+----------+---- ... one bucket is 64 bytes
 *         | magic | version | buckets | range | size | away | checksum | reserved | buckets
 *         +-------+---------+---------+-------+------+------+----------+----------+---- ...
 *
 *   magic     "TGNI"; read as a number it also betrays a machine of the other byte order
 *   range     how much of the mixed 32-bit key space one bucket is home to; buckets = ceil(2^32 / range)
 *   size      how many numbers are in it; `away` of them outside their home bucket
 *   checksum  over every other word; only meaningful in a snapshot
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
const HEADER_MAGIC = 0;
const HEADER_VERSION = 1;
const HEADER_CHECKSUM = 6;
const HEADER_WORDS = 12;
const HEADER_BYTES = HEADER_WORDS * 4;

const MAGIC = 0x49_4e_47_54;
const VERSION = 1;

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

/** A copy of a block, with its checksum filled in. */
export function checksummedCopy(buffer: ArrayBufferLike): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(buffer.byteLength);
  copy.set(new Uint8Array(buffer));
  headerOf(copy.buffer)[HEADER_CHECKSUM] = checksumOf(copy.buffer);
  return copy;
}

/** The way back: a block of its own from bytes that `checksummedCopy` made. Throws SnapshotRefused if they are anything else. */
export function bufferFrom(bytes: Uint8Array, shared: boolean): ArrayBufferLike {
  const buffer = allocate(Math.ceil(bytes.byteLength / 4) * 4, shared);
  new Uint8Array(buffer).set(bytes);
  checkHeader(buffer, bytes.byteLength);
  if (checksumOf(buffer) !== headerOf(buffer)[HEADER_CHECKSUM]) throw new SnapshotRefused('damaged');
  return buffer;
}

/** Throws SnapshotRefused unless the header is one of ours and fits a block of `sizeBytes`. */
export function checkHeader(buffer: ArrayBufferLike, sizeBytes: number): void {
  if (sizeBytes < HEADER_BYTES) throw new SnapshotRefused('not_a_snapshot');
  const header = headerOf(buffer);
  if (header[HEADER_MAGIC] !== MAGIC) throw new SnapshotRefused('not_a_snapshot');
  if (header[HEADER_VERSION] !== VERSION) throw new SnapshotRefused('other_version');
  const range = header[HEADER_RANGE]!;
  const bucketCount = header[HEADER_BUCKETS]!;
  const size = header[HEADER_SIZE]!;
  if (range < 1 || range > RANGE_MAX || bucketCount !== Math.ceil(2 ** 32 / range) || size < 0) {
    throw new SnapshotRefused('impossible_counts');
  }
  if (sizeBytes !== HEADER_BYTES + bucketCount * BUCKET_BYTES) throw new SnapshotRefused('wrong_length');
}

function allocate(sizeBytes: number, shared: boolean): ArrayBufferLike {
  return shared ? new SharedArrayBuffer(sizeBytes) : new ArrayBuffer(sizeBytes);
}

/** A 32-bit digest of every word but the checksum's own. A single changed word always changes it. */
function checksumOf(buffer: ArrayBufferLike): number {
  const words = new Int32Array(buffer);
  let digest = 0;
  for (let i = 0; i < words.length; i++) {
    const word = i === HEADER_CHECKSUM ? 0 : words[i]!;
    const product = Math.imul(digest ^ word, 0x9e3779b1);
    digest = (product << 13) | (product >>> 19);
  }
  return digest;
}

const REFUSALS = {
  not_a_snapshot: 'these bytes are not a number index snapshot; check the path',
  other_version:
    'the snapshot has another format version; load it with the release that wrote it, or build the index anew',
  wrong_length: 'the snapshot is shorter or longer than its header says; it was cut or added to; fetch it again',
  impossible_counts: 'the counts in the snapshot contradict each other; take a new one',
  damaged:
    'the checksum of the snapshot does not match its contents; it was damaged after it was written; take a new one',
} as const;

export type SnapshotRefusal = keyof typeof REFUSALS;

/** Thrown for bytes that cannot be loaded as an index: `reason` is for programs, `message` for people. */
export class SnapshotRefused extends Error {
  readonly reason: SnapshotRefusal;

  constructor(reason: SnapshotRefusal) {
    super(REFUSALS[reason]);
    this.name = 'SnapshotRefused';
    this.reason = reason;
  }
}
