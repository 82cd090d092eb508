/** Ids of batches as Sinch writes them, in the shape of a ULID: 26 digits of base 32, without I, L, O and U. */
import { digitsOf, messageIdOf } from '../vendor-ids.ts';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const PREFIX = '01';
const LENGTH = 24;
const HEX_LENGTH = 30;
const BITS = 5n;

export function batchIdOf(id: string): string {
  let value = BigInt(`0x${digitsOf(id)}`);
  let digits = '';
  for (; digits.length < LENGTH; value >>= BITS) digits = DIGITS[Number(value & 31n)]! + digits;
  return PREFIX + digits;
}

/** The id of ours; undefined for what is of no batch. */
export function messageIdOfBatch(batchId: string): string | undefined {
  if (!batchId.startsWith(PREFIX) || batchId.length !== PREFIX.length + LENGTH) return undefined;
  let value = 0n;
  for (const letter of batchId.slice(PREFIX.length)) {
    const digit = DIGITS.indexOf(letter);
    if (digit < 0) return undefined;
    value = (value << BITS) | BigInt(digit);
  }
  return messageIdOf(value.toString(16).padStart(HEX_LENGTH, '0'));
}
