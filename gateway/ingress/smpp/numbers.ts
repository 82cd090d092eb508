/**
 * Addresses of PDUs -> keys of US numbers, and how they were spelled, so that a receipt spells them the same way.
 *
 * Clients write `12125550123` as a rule, some `+12125550123` or `2125550123`. Whether a number can exist is a matter of its first six
 * digits, so that each six are judged once.
 */
import { parseNumberKey, parseSenderKey } from '../../../registry-cache/index.ts';
import type { PduWriter } from '../../smpp/index.ts';

/** How a number was spelled. */
export const Spelling = { Digits11: 0, Plus: 1, Digits10: 2 } as const;

/** Of an address that is no US number. */
export const NO_NUMBER = -1;

const PLUS = 0x2b;
const ZERO = 0x30;
const LINE = 10_000;

const Verdict = { Unknown: 0, Possible: 1, Sender: 2, Impossible: 3 } as const;
/** By area code and exchange. */
const verdicts = new Uint8Array(1_000_000);

export class NumberReader {
  /** `Spelling` of the number that was read last. */
  spelling = 0;

  /**
   * The key of a number written in `bytes` at `at`, or NO_NUMBER.
   * @param isSender a number that sends may be toll-free
   */
  read(bytes: Uint8Array, at: number, length: number, isSender: boolean): number {
    let digitsAt = at;
    if (length === 11 && bytes[at] === ZERO + 1) {
      this.spelling = Spelling.Digits11;
      digitsAt = at + 1;
    } else if (length === 12 && bytes[at] === PLUS && bytes[at + 1] === ZERO + 1) {
      this.spelling = Spelling.Plus;
      digitsAt = at + 2;
    } else if (length === 10) {
      this.spelling = Spelling.Digits10;
    } else {
      return NO_NUMBER;
    }
    const prefix = digits(bytes, digitsAt, 6);
    const line = digits(bytes, digitsAt + 6, 4);
    if (prefix < 0 || line < 0) return NO_NUMBER;
    const verdict = verdicts[prefix] || judge(prefix);
    if (verdict === Verdict.Impossible || (verdict === Verdict.Sender && !isSender)) return NO_NUMBER;
    return prefix * LINE + line;
  }
}

/** A key as it was spelled. */
export function spelled(key: number, spelling: number): string {
  return `${PREFIXES[spelling]}${key}`;
}

/** Writes a key as it was spelled, as a text. */
export function writeSpelled(to: PduWriter, key: number, spelling: number): void {
  to.characters(PREFIXES[spelling]!);
  to.decimal(key);
  to.octet(0);
}

/** By `Spelling`. */
const PREFIXES: readonly string[] = ['1', '+1', ''];

/** Whether an address is a number with this key, in any spelling. */
export function isSpelled(address: string, key: number): boolean {
  return PREFIXES.some((prefix) => address === `${prefix}${key}`);
}

function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let here = at; here < at + count; here += 1) {
    const digit = bytes[here]! - ZERO;
    if (digit < 0 || digit > 9) return NO_NUMBER;
    value = value * 10 + digit;
  }
  return value;
}

function judge(prefix: number): number {
  const example = `+1${String(prefix).padStart(6, '0')}0000`;
  let verdict: number = Verdict.Impossible;
  if (parseNumberKey(example) >= 0) verdict = Verdict.Possible;
  else if (parseSenderKey(example) >= 0) verdict = Verdict.Sender;
  verdicts[prefix] = verdict;
  return verdict;
}
