/**
 * A stream of bytes -> PDUs, however the network has split and glued them.
 *
 * A PDU that lies whole in what was read is not copied. The beginning of one that does not is kept, in a buffer of its own size, and filled
 * by what is read later: so a client that sends one byte at a time costs no more than the bytes, and whoever has nothing pending holds
 * nothing.
 *
 * Cost: O(bytes); allocates only for a PDU that was split.
 */
import { HEADER_BYTES, PDU_BYTES_MAX } from './commands.ts';

/** What `Framer.next` came to. */
export const Frame = {
  /** All that was read is used up, or kept as the beginning of a PDU. */
  More: 0,
  /** `bytes` from `start` to `end` are one PDU. */
  Pdu: 1,
  /** `length` is no length of a PDU: the stream cannot be read any further. */
  BadLength: 2,
} as const;

const NOTHING = Buffer.alloc(0);
const LENGTH_BYTES = 4;
const SEQUENCE_AT = 12;

export class Framer {
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;
  /** The command_length that was refused, and the sequence_number of its header; 0 if not so much of it had come. */
  length = 0;
  sequence = 0;
  /** command_length at most. */
  bytesMax: number;
  #chunk: Buffer = NOTHING;
  #at = 0;
  /** The beginning of a PDU whose rest has not come; its first `#carried` bytes are there. */
  #carry: Buffer = NOTHING;
  #carried = 0;
  #isBroken = false;

  constructor(bytesMax = PDU_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** Hands over what was read. To be called when `next` has said `More`. The bytes must stay as they are until it says so again. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Bytes of a PDU that has begun and is not complete. */
  get pendingBytes(): number {
    return this.#carried;
  }

  /** The PDU that `next` has just found, with all that was read behind it. */
  get fromHere(): Buffer {
    const pdu = this.bytes.subarray(this.start, this.end);
    return Buffer.concat([pdu, this.#chunk.subarray(this.#at)]);
  }

  /** `Frame`. After `BadLength` it says so for ever. */
  next(): number {
    if (this.#isBroken) return Frame.BadLength;
    if (this.#carried > 0) return this.#nextCarried();
    const chunk = this.#chunk;
    const at = this.#at;
    const left = chunk.length - at;
    if (left < LENGTH_BYTES) return this.#keepRest(LENGTH_BYTES);
    const length = readLength(chunk, at);
    if (length < HEADER_BYTES || length > this.bytesMax) return this.#refuse(chunk, at, length);
    if (left < length) return this.#keepRest(length);
    this.bytes = chunk;
    this.start = at;
    this.end = at + length;
    this.#at = this.end;
    return Frame.Pdu;
  }

  #nextCarried(): number {
    if (this.#carried < LENGTH_BYTES) {
      this.#fill(LENGTH_BYTES);
      if (this.#carried < LENGTH_BYTES) return this.#used();
    }
    const length = readLength(this.#carry, 0);
    if (length < HEADER_BYTES || length > this.bytesMax) {
      // As much of its header as is there says whose answer the refusal is.
      const header = Buffer.concat([this.#carry.subarray(0, this.#carried), this.#chunk.subarray(this.#at)]);
      return this.#refuse(header, 0, length);
    }
    this.#fill(length);
    if (this.#carried < length) return this.#used();
    this.bytes = this.#carry;
    this.start = 0;
    this.end = length;
    this.#carry = NOTHING;
    this.#carried = 0;
    return Frame.Pdu;
  }

  /**
   * Adds to the carried bytes until there are `wanted` of them or no more have come. Room grows with what came, not with what was
   * announced, which costs a client nothing to say.
   */
  #fill(wanted: number): void {
    const take = Math.min(wanted - this.#carried, this.#chunk.length - this.#at);
    const needed = this.#carried + take;
    if (needed > this.#carry.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(Math.max(needed, this.#carry.length * 2), Math.max(needed, wanted)),
      );
      this.#carry.copy(larger, 0, 0, this.#carried);
      this.#carry = larger;
    }
    this.#chunk.copy(this.#carry, this.#carried, this.#at, this.#at + take);
    this.#carried = needed;
    this.#at += take;
  }

  /** Carries what is left of the chunk, of a PDU that will take `wanted` bytes as far as is known. */
  #keepRest(wanted: number): number {
    if (this.#chunk.length > this.#at) this.#fill(wanted);
    return this.#used();
  }

  #used(): number {
    // What was read is not kept for the sake of who has nothing to say for a while.
    this.bytes = NOTHING;
    this.#chunk = NOTHING;
    this.#at = 0;
    return Frame.More;
  }

  #refuse(bytes: Buffer, at: number, length: number): number {
    this.length = length;
    this.sequence = bytes.length - at >= HEADER_BYTES ? bytes.readUInt32BE(at + SEQUENCE_AT) : 0;
    this.#isBroken = true;
    return Frame.BadLength;
  }
}

/** Whole bytes, as a number from 0 to 2^32 - 1. */
function readLength(bytes: Buffer, at: number): number {
  return bytes[at]! * 0x100_0000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}
