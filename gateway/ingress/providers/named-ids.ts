/** UUIDs of what is no message: made of a name, alike whenever it is named, or of a short code, to be read back into it. */
import { createHash } from 'node:crypto';

const DIGITS = 30;

/** A UUID for a name. */
export function uuidNamed(name: string): string {
  return uuidOfDigits(hashOf(name).slice(0, DIGITS));
}

/** A UUID that carries a code of ASCII letters and digits, up to seven of them, behind digits that check it. */
export function uuidOfCode(code: string): string {
  const hex = Buffer.from(code, 'latin1').toString('hex');
  return uuidOfDigits(hashOf(code).slice(0, DIGITS - hex.length) + hex);
}

/** The code of such a UUID, which has so many characters; undefined for what is none. */
export function codeOfUuid(uuid: string, length: number): string | undefined {
  const digits = uuid.replaceAll('-', '');
  const code = Buffer.from(digits.slice(-2 * length), 'hex').toString('latin1');
  return uuidOfCode(code) === uuid ? code : undefined;
}

/** Version 4 (RFC 9562). */
function uuidOfDigits(digits: string): string {
  const tail = `a${digits.slice(15, 18)}-${digits.slice(18)}`;
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(12, 15)}-${tail}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
