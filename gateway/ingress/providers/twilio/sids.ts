/** Sids of what is no message: made of what they stand for, so that they read back into it, or drawn by count. */
import { createHash } from 'node:crypto';

const HEX_DIGITS = 32;

/** The sid of the `count`th thing of a kind, of all there are in a run of the gateway or in another thing. */
export function sidByCount(prefix: string, where: string, count: number): string {
  return prefix + hashOf(`${prefix} ${where} ${count}`, HEX_DIGITS);
}

/** A sid that carries a short text of ASCII letters and digits, behind digits that check it. */
export function sidOfText(prefix: string, text: string): string {
  const hex = Buffer.from(text, 'latin1').toString('hex');
  return prefix + hashOf(`${prefix} ${text}`, HEX_DIGITS - hex.length) + hex;
}

/** The text of such a sid, which has so many characters; undefined for what is none. */
export function textOfSid(prefix: string, sid: string, length: number): string | undefined {
  const text = Buffer.from(sid.slice(-2 * length), 'hex').toString('latin1');
  return text.length === length && sidOfText(prefix, text) === sid ? text : undefined;
}

function hashOf(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
