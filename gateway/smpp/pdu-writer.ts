/**
 * PDUs put one behind another into one buffer, to be sent in one write.
 *
 * A PDU is begun with its header and ended when its fields are there; its length is written then. One writer serves many sessions in
 * turn: `take` hands out a copy of exactly what was written.
 */
import { HEADER_BYTES } from './commands.ts';

const FIRST_BYTES = 16_384;
/** Room that is kept between turns. */
const KEPT_BYTES = 1_048_576;
const ZERO = 0x30;
const LETTER_A = 0x41;

export class PduWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Bytes written. */
  size = 0;
  #start = 0;

  /** Begins a PDU; what follows until `end` is its body. */
  begin(commandId: number, status: number, sequence: number): void {
    this.#ensure(HEADER_BYTES);
    this.#start = this.size;
    this.size += 4;
    this.#write32(commandId);
    this.#write32(status);
    this.#write32(sequence);
  }

  /** Ends the PDU: writes its length. */
  end(): void {
    const end = this.size;
    this.size = this.#start;
    this.#write32(end - this.#start);
    this.size = end;
  }

  /** Takes back the PDU that was begun and not ended. */
  drop(): void {
    this.size = this.#start;
  }

  /** A whole PDU without a body. */
  header(commandId: number, status: number, sequence: number): void {
    this.begin(commandId, status, sequence);
    this.end();
  }

  octet(value: number): void {
    this.#ensure(1);
    this.bytes[this.size++] = value;
  }

  octets2(value: number): void {
    this.#ensure(2);
    this.bytes[this.size++] = value >>> 8;
    this.bytes[this.size++] = value;
  }

  octets4(value: number): void {
    this.#ensure(4);
    this.#write32(value);
  }

  /** Characters below 256, one octet each, without a terminator. */
  characters(text: string): void {
    const length = text.length;
    this.#ensure(length);
    const { bytes } = this;
    let at = this.size;
    for (let index = 0; index < length; index += 1) bytes[at++] = text.charCodeAt(index);
    this.size = at;
  }

  /** The same with a terminator. */
  text(text: string): void {
    this.characters(text);
    this.octet(0);
  }

  data(piece: Uint8Array): void {
    this.#ensure(piece.length);
    this.bytes.set(piece, this.size);
    this.size += piece.length;
  }

  /** A piece of another PDU, or of anything. */
  copy(from: Buffer, start: number, end: number): void {
    this.#ensure(end - start);
    this.size += from.copy(this.bytes, this.size, start, end);
  }

  /** A whole number from 0 to 2^53 - 1 in base 36, in capitals. */
  base36(value: number): void {
    this.#digits(value, 36);
  }

  /** The same in decimal digits. */
  decimal(value: number): void {
    this.#digits(value, 10);
  }

  /** Two decimal digits of a number below 100. */
  twoDigits(value: number): void {
    this.#ensure(2);
    const tens = (value / 10) | 0;
    this.bytes[this.size++] = ZERO + tens;
    this.bytes[this.size++] = ZERO + value - tens * 10;
  }

  /** An optional parameter (TLV). */
  parameter(tag: number, value: Uint8Array): void {
    this.octets2(tag);
    this.octets2(value.length);
    this.data(value);
  }

  /** Begins one whose length is known. */
  beginParameter(tag: number, length: number): void {
    this.octets2(tag);
    this.octets2(length);
  }

  /** What was written, copied, and forgets it. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.size);
    this.bytes.copy(taken, 0, 0, this.size);
    this.clear();
    return taken;
  }

  clear(): void {
    this.size = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  #digits(value: number, base: number): void {
    let digits = 1;
    for (let bound = base; value >= bound; bound *= base) digits += 1;
    this.#ensure(digits);
    const { bytes } = this;
    let rest = value;
    for (let at = this.size + digits - 1; at >= this.size; at -= 1) {
      const next = Math.floor(rest / base);
      const digit = rest - next * base;
      bytes[at] = digit < 10 ? ZERO + digit : LETTER_A + digit - 10;
      rest = next;
    }
    this.size += digits;
  }

  #write32(value: number): void {
    const { bytes } = this;
    const at = this.size;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.size = at + 4;
  }

  #ensure(count: number): void {
    if (this.size + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.size + count));
    this.bytes.copy(larger, 0, 0, this.size);
    this.bytes = larger;
  }
}
