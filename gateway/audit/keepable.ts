/**
 * What an audit log may keep of a request or an answer: no secrets, no texts, no whole phone numbers, and nothing long.
 *
 * The log outlives what it tells of. A registry that forgets who had a number must not be remembered for here, so numbers are masked.
 */
import { createHash } from 'node:crypto';
import { maskNumbers } from '../../registry-cache/index.ts';
import { AUDIT_VALUE_BYTES_MAX } from '../limits.ts';

const CENSOR = '[redacted]';
/** By the names of members. */
const SECRET = /passw|secret|token|credential|authorization|^(?:api_?)?key$|^text$/i;
/** What stands in an address before its host and behind its path often lets somebody in. */
const ADDRESS = /^(https?:\/\/)(?:[^/?#]*@)?([^?#]*).*$/s;

/** A value of JSON, as it may be kept; bytes, and what is too long, become their size and SHA-256. */
export function keepable(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (Buffer.isBuffer(value)) return digest(value);
  const clean: unknown = JSON.parse(
    JSON.stringify(value, (name, member: unknown) => {
      if (SECRET.test(name) && member !== null) return CENSOR;
      return typeof member === 'string' ? maskNumbers(member.replace(ADDRESS, '$1$2')) : member;
    }),
  );
  const text = JSON.stringify(clean);
  return Buffer.byteLength(text) <= AUDIT_VALUE_BYTES_MAX ? clean : digest(Buffer.from(text));
}

function digest(bytes: Buffer): { readonly bytes: number; readonly sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
