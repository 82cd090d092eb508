/**
 * A state in bytes: what a snapshot is on its way to a file and back.
 *
 *   byte 0          8         12        16                     48
 *        +----------+---------+---------+----------------------+-----------------+------------------------+
 *        | TGSTATE\n| version | bytes   | SHA-256 of all       | the head, JSON  | the parts by name, as  |
 *        |          |         | of head | that comes after it  | in UTF-8        | v8.serialize, deflated |
 *        +----------+---------+---------+----------------------+-----------------+------------------------+
 *
 * Numbers are little-endian. The head says what a gateway must have alike to take the state up, and is read before anything else is.
 * What parts hold is their own business, and changes with the product: so the version of the product is among what must be alike.
 *
 * Deflated at its fastest: columns are mostly small numbers in wide cells, of which little is left. Decision 0023 says why.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import { STATE_BYTES_MAX } from '../limits.ts';

export interface SnapshotHead {
  /** When it was taken, by the gateway's clock. */
  readonly takenAt: string;
  /** By name: what a gateway must have alike to take it up, as text for people. */
  readonly alike: Readonly<Record<string, string>>;
}

/** What was captured, by the name of its part. */
export type PartStates = ReadonlyMap<string, unknown>;

/** Bytes that are no snapshot, or one that cannot be taken up here: `field` is what differs, `message` says how and what to do. */
export class SnapshotRefused extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = 'SnapshotRefused';
    this.field = field;
  }
}

const MAGIC = Buffer.from('TGSTATE\n', 'latin1');
const VERSION = 1;
const VERSION_AT = 8;
const HEAD_BYTES_AT = 12;
const DIGEST_AT = 16;
const HEAD_AT = 48;
/** Longer than any head: names of 256 books and a few options. */
const HEAD_BYTES_MAX = 65_536;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What was captured, in bytes of its own: nothing that happens later changes them. */
export function serialized(states: PartStates): Buffer {
  return serialize(states);
}

/** The file of a state that was serialized. */
export async function packed(head: SnapshotHead, states: Buffer): Promise<Buffer> {
  const headBytes = Buffer.from(JSON.stringify(head));
  const body = await deflate(states, { level: constants.Z_BEST_SPEED });
  const start = Buffer.alloc(HEAD_AT);
  MAGIC.copy(start);
  start.writeUInt32LE(VERSION, VERSION_AT);
  start.writeUInt32LE(headBytes.length, HEAD_BYTES_AT);
  digestOf(headBytes, body).copy(start, DIGEST_AT);
  return Buffer.concat([start, headBytes, body]);
}

/** The head of a file that is whole. Throws SnapshotRefused for one that is not. */
export function readHead(file: Buffer): SnapshotHead {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC) || file.length < HEAD_AT) {
    throw new SnapshotRefused('', 'this is no snapshot of a gateway; send what GET /v1/snapshot answered');
  }
  const version = file.readUInt32LE(VERSION_AT);
  if (version !== VERSION) {
    throw new SnapshotRefused(
      'format',
      `the snapshot has format ${version} and this gateway reads ${VERSION}; take one with this version`,
    );
  }
  const headEnd = HEAD_AT + file.readUInt32LE(HEAD_BYTES_AT);
  const isWhole = headEnd <= Math.min(file.length, HEAD_AT + HEAD_BYTES_MAX);
  if (!isWhole || !digestOf(file.subarray(HEAD_AT)).equals(file.subarray(DIGEST_AT, HEAD_AT))) {
    throw new SnapshotRefused(
      'checksum',
      'the snapshot was cut short or changed after it was taken; fetch it again, or take a new one',
    );
  }
  return JSON.parse(file.toString('utf8', HEAD_AT, headEnd)) as SnapshotHead;
}

/** What was captured, from a file whose head was read. Throws SnapshotRefused for what this process cannot read. */
export async function unpacked(file: Buffer): Promise<PartStates> {
  const body = file.subarray(HEAD_AT + file.readUInt32LE(HEAD_BYTES_AT));
  try {
    return deserialized(await inflate(body, { maxOutputLength: STATE_BYTES_MAX }));
  } catch {
    throw new SnapshotRefused(
      'parts',
      'what the snapshot holds cannot be read here; take it up with the version of Node that took it',
    );
  }
}

export function deserialized(states: Buffer): PartStates {
  return deserialize(states) as PartStates;
}

function digestOf(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
