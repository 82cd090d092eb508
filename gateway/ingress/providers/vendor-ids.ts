/**
 * Ids of messages as providers write them, made of ours and read back into ours: no table, and every gateway can read those of another.
 *
 *   bytes  0..1   check, a hash of our id; also the key of the stream that the rest is mixed with, so that ids of messages that follow each
 *                 other look nothing alike
 *          2..5   the run that accepted it, its first six letters as a number in base 36
 *          6..9   the letters behind those
 *          10..14 four bits: how many letters the run has; 36 bits: the how manieth message of the run it is
 *
 * Fifteen bytes are 30 hexadecimal digits: a UUID has room for them beside its version and variant, and so have 32 digits.
 */
import { messageId, parseMessageId } from '../../messages/index.ts';

const BYTES = 15;
const CHECK_BYTES = 2;
const RUN_HALF = 6;
const RUN_LENGTH_MAX = 2 * RUN_HALF;
const BASE_36 = 36;
const LOW = 2 ** 32;
const DIGITS = BYTES * 2;

const buffer = Buffer.alloc(BYTES);

/** Our id as 30 hexadecimal digits, as if drawn at random. RangeError for what is no id of ours. */
export function digitsOf(id: string): string {
  const parsed = parseMessageId(id);
  if (parsed === undefined || parsed.run.length > RUN_LENGTH_MAX) throw new RangeError(`${id} is no id of a message`);
  const { run, sequence } = parsed;
  const check = hashOf(id);
  buffer.writeUInt16BE(check, 0);
  buffer.writeUInt32BE(Number.parseInt(run.slice(0, RUN_HALF), BASE_36), CHECK_BYTES);
  buffer.writeUInt32BE(run.length > RUN_HALF ? Number.parseInt(run.slice(RUN_HALF), BASE_36) : 0, 6);
  buffer.writeUInt8((run.length << 4) | Math.floor(sequence / LOW), 10);
  buffer.writeUInt32BE(sequence % LOW, 11);
  mix(check);
  return buffer.toString('hex');
}

/** The other way; undefined for digits that are of no message. */
export function messageIdOf(digits: string): string | undefined {
  if (digits.length !== DIGITS || buffer.write(digits, 'hex') !== BYTES) return undefined;
  const check = buffer.readUInt16BE(0);
  mix(check);
  const length = buffer.readUInt8(10) >> 4;
  if (length === 0 || length > RUN_LENGTH_MAX) return undefined;
  const run =
    lettersOf(buffer.readUInt32BE(CHECK_BYTES), Math.min(length, RUN_HALF)) +
    (length > RUN_HALF ? lettersOf(buffer.readUInt32BE(6), length - RUN_HALF) : '');
  const sequence = (buffer.readUInt8(10) & 0xf) * LOW + buffer.readUInt32BE(11);
  const id = messageId(run, sequence);
  return hashOf(id) === check && run.length === length ? id : undefined;
}

/** 32 digits, as in a sid. */
export function longDigitsOf(id: string): string {
  const digits = digitsOf(id);
  return `${digits.slice(0, 12)}4${digits.slice(12, 15)}a${digits.slice(15)}`;
}

export function messageIdOfLong(digits: string): string | undefined {
  if (digits.length !== DIGITS + 2 || digits[12] !== '4' || digits[16] !== 'a') return undefined;
  return messageIdOf(digits.slice(0, 12) + digits.slice(13, 16) + digits.slice(17));
}

/** A UUID of version 4 (RFC 9562). */
export function uuidOf(id: string): string {
  const digits = longDigitsOf(id);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

export function messageIdOfUuid(uuid: string): string | undefined {
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid);
  return isUuid ? messageIdOfLong(uuid.replaceAll('-', '')) : undefined;
}

function lettersOf(value: number, length: number): string {
  return value.toString(BASE_36).toUpperCase().padStart(length, '0');
}

/** FNV-1a, folded to 16 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return ((hash >>> 16) ^ hash) & 0xffff;
}

/** Xorshift over all bytes but the check; the same again undoes it. */
function mix(key: number): void {
  let state = (key + 1) * 0x9e3779b1;
  for (let at = CHECK_BYTES; at < BYTES; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    buffer[at]! ^= state & 0xff;
  }
}
