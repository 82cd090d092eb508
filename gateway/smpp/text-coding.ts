/**
 * Octets of a message -> text, by its data_coding, and back.
 *
 * data_coding 0 is the GSM alphabet with one septet in each octet, as most aggregators read it and Kannel sends it. Most texts say the
 * same in GSM, ASCII and Latin-1; those are told by one look at each octet and read as they are.
 *
 * Source: SMPP 3.4, 5.2.19; 3GPP TS 23.038, 6.2.1.
 */
import { DataCoding } from './commands.ts';

/** Septets 0x00 to 0x7F in order; the one at 0x1B is the escape. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà';
/** Septets behind an escape, and what they stand for. */
const EXTENSION: readonly (readonly [septet: number, character: string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
];
const ESCAPE = 0x1b;
const QUESTION_MARK = 0x3f;
const SPACE = 0x20;
/** What stands for an octet that no character has. */
const UNKNOWN = 0xfffd;
const NO_SEPTET = 0xff;
const EXTENDED = 0x80;

/** By octet: the UTF-16 unit it stands for. Octets above 0x7F are no septets. */
const UNIT_OF_SEPTET = new Uint16Array(256).fill(UNKNOWN);
/** By septet behind an escape. One that has no meaning there is shown as without the escape (3GPP TS 23.038, 6.2.1.1). */
const UNIT_OF_EXTENSION = new Uint16Array(256);
/** By octet: 1 if it says the same in GSM, ASCII and Latin-1. */
const IS_PLAIN_GSM = new Uint8Array(256);
/** By UTF-16 unit: its septet, with EXTENDED if it needs an escape, or NO_SEPTET. */
const SEPTET_OF_UNIT = new Uint8Array(0x1_0000).fill(NO_SEPTET);

for (let septet = 0; septet < BASIC.length; septet += 1) {
  const unit = BASIC.charCodeAt(septet);
  UNIT_OF_SEPTET[septet] = unit;
  if (septet !== ESCAPE) {
    IS_PLAIN_GSM[septet] = unit === septet ? 1 : 0;
    SEPTET_OF_UNIT[unit] = septet;
  }
}
UNIT_OF_EXTENSION.set(UNIT_OF_SEPTET);
for (const [septet, character] of EXTENSION) {
  UNIT_OF_EXTENSION[septet] = character.charCodeAt(0);
  SEPTET_OF_UNIT[character.charCodeAt(0)] = septet | EXTENDED;
}

/** Room for the longest message there can be, a message_payload. */
let units = new Uint16Array(256);
let unitBytes = bytesOf(units);

/**
 * The text of the octets from `from` to `to`. A NUL, which no text holds, reads as a space, and half a surrogate pair as the
 * replacement character.
 * @returns undefined for a data_coding that is no text, or UCS-2 of an odd length
 */
export function decodeText(bytes: Buffer, from: number, to: number, dataCoding: number): string | undefined {
  switch (dataCoding) {
    case DataCoding.Default:
      return decodeGsm(bytes, from, to);
    case DataCoding.Ascii:
    case DataCoding.Latin1:
      return withoutNul(bytes.toString('latin1', from, to));
    case DataCoding.Ucs2:
      return (to - from) % 2 === 0 ? decodeUcs2(bytes, from, to) : undefined;
    default:
      return undefined;
  }
}

/** Whether octets are shown as such: data_coding 2 and 4. */
export function isBinary(dataCoding: number): boolean {
  return dataCoding === DataCoding.Octets || dataCoding === DataCoding.Binary;
}

function decodeGsm(bytes: Buffer, from: number, to: number): string {
  let plain = 1;
  for (let at = from; at < to; at += 1) plain &= IS_PLAIN_GSM[bytes[at]!]!;
  if (plain === 1) return bytes.toString('latin1', from, to);
  makeRoom(to - from);
  let count = 0;
  for (let at = from; at < to; at += 1) {
    const octet = bytes[at]!;
    if (octet !== ESCAPE) units[count++] = UNIT_OF_SEPTET[octet]!;
    else if (at + 1 < to) units[count++] = UNIT_OF_EXTENSION[bytes[(at += 1)]!]!;
    else units[count++] = SPACE;
  }
  return unitBytes.toString('utf16le', 0, count * 2);
}

function decodeUcs2(bytes: Buffer, from: number, to: number): string {
  const count = (to - from) / 2;
  makeRoom(count);
  let hasSurrogates = false;
  for (let index = 0, at = from; index < count; index += 1, at += 2) {
    const unit = (bytes[at]! << 8) | bytes[at + 1]!;
    units[index] = unit;
    if ((unit & 0xf800) === 0xd800) hasSurrogates = true;
  }
  const text = withoutNul(unitBytes.toString('utf16le', 0, count * 2));
  // Half a pair has no place in UTF-8, by which the others are found whole.
  return hasSurrogates ? Buffer.from(text).toString() : text;
}

function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', ' ') : text;
}

/**
 * The octets of a text in a data_coding. What the alphabet does not have becomes a question mark.
 * @throws RangeError for a data_coding that is no text
 */
export function encodeText(text: string, dataCoding: number): Buffer {
  switch (dataCoding) {
    case DataCoding.Default:
      return encodeGsm(text);
    case DataCoding.Ascii:
      return Buffer.from(text.replaceAll(/[^\0-\x7f]/g, '?'), 'latin1');
    case DataCoding.Latin1:
      return Buffer.from(text.replaceAll(/[^\0-\xff]/g, '?'), 'latin1');
    case DataCoding.Ucs2:
      return Buffer.from(text, 'utf16le').swap16();
    default:
      throw new RangeError(`data_coding ${dataCoding} is no text`);
  }
}

/** The data_coding that a text can be sent in whole: 0 if it is in the GSM alphabet, else 8. */
export function codingFor(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    if (SEPTET_OF_UNIT[text.charCodeAt(index)] === NO_SEPTET) return DataCoding.Ucs2;
  }
  return DataCoding.Default;
}

/** Octet of a character in the GSM alphabet, or of a question mark for one that has none or needs two. */
export function plainSeptet(unit: number): number {
  const septet = SEPTET_OF_UNIT[unit]!;
  return septet < EXTENDED ? septet : QUESTION_MARK;
}

function encodeGsm(text: string): Buffer {
  const octets = Buffer.allocUnsafe(text.length * 2);
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const septet = SEPTET_OF_UNIT[text.charCodeAt(index)]!;
    if (septet === NO_SEPTET) octets[count++] = QUESTION_MARK;
    else if (septet >= EXTENDED) {
      octets[count++] = ESCAPE;
      octets[count++] = septet - EXTENDED;
    } else octets[count++] = septet;
  }
  return octets.subarray(0, count);
}

function makeRoom(count: number): void {
  if (count <= units.length) return;
  units = new Uint16Array(count * 2);
  unitBytes = bytesOf(units);
}

function bytesOf(of: Uint16Array): Buffer {
  return Buffer.from(of.buffer, of.byteOffset, of.byteLength);
}
