/** Ids of batches as Sinch writes them, in the shape of a ULID: 26 digits of base 32, without I, L, O and U. */
import { digitsOf, messageIdOf } from '../vendor-ids.ts';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PREFIX = '01';
const LENGTH = 24;
/** Five hexadecimal digits are as many bits as four of these. */
const HEX_STEP = 5;
const STEP = 4;
const BASE = 32;

export function batchIdOf(id: string): string {
  const hex = digitsOf(id);
  let digits = PREFIX;
  for (let at = 0; at < hex.length; at += HEX_STEP) {
    const value = Number.parseInt(hex.slice(at, at + HEX_STEP), 16);
    for (let bits = 15; bits >= 0; bits -= 5) digits += DIGITS[(value >> bits) & 31]!;
  }
  return digits;
}

/** The id of ours; undefined for what is of no batch. */
export function messageIdOfBatch(batchId: string): string | undefined {
  if (!batchId.startsWith(PREFIX) || batchId.length !== PREFIX.length + LENGTH) return undefined;
  let hex = '';
  for (let at = PREFIX.length; at < batchId.length; at += STEP) {
    let value = 0;
    for (const letter of batchId.slice(at, at + STEP)) {
      const digit = DIGITS.indexOf(letter);
      if (digit < 0) return undefined;
      value = value * BASE + digit;
    }
    hex += value.toString(16).padStart(HEX_STEP, '0');
  }
  return messageIdOf(hex);
}
