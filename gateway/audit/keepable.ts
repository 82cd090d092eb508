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

/** A value of JSON, as it may be kept; of bytes, and of what is too long, their size and SHA-256, and the members that hold no more than a value. */
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
  if (Buffer.byteLength(text) <= AUDIT_VALUE_BYTES_MAX) return clean;
  const rest = singleValues(clean);
  const isShort = Buffer.byteLength(JSON.stringify(rest)) <= AUDIT_VALUE_BYTES_MAX;
  return { ...(isShort && rest), ...digest(Buffer.from(text)) };
}

function singleValues(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => typeof member !== 'object' || member === null),
  );
}

function digest(bytes: Buffer): { readonly bytes: number; readonly sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
