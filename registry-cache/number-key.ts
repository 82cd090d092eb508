/**
 * Text of a US number -> its key, the ten digits as an integer; and back.
 *
 * Strict, because it runs twice for every message: exactly `+1` and ten digits, judged by the rules of the numbering plan
 * and a table of one verdict per area code. A phone number library does the same in 25 to 80 microseconds; this takes
 * well under 0.1. Sloppy spellings are the edge's business: it normalises before it asks here.
 *
 * A refusal is a negative number, so that the answer stays a plain number on the hot path. `numberRefusal` explains it.
 */
import { AREA_CODES } from './area-codes.ts';
import { isInMagicRange, MAGIC_AREA_CODE, magicNumber } from './magic-numbers.ts';
import { KEY_MAX, KEY_MIN } from './number-index.ts';

const OK = 0;
const NOT_E164 = -1;
const NOT_PLUS_ONE = -2;
const WRONG_LENGTH = -3;
const NOT_DIGITS = -4;
const AREA_CODE_IMPOSSIBLE = -5;
const TOLL_FREE = -6;
const AREA_CODE_UNASSIGNED = -7;
const EXCHANGE_IMPOSSIBLE = -8;
const MAGIC_UNKNOWN = -9;
/** A verdict on an area code alone: of the one that magic numbers are in. */
const MAGIC = 1;

/** Why a number was refused: `code` for programs, `message` to be read after the name of the field it was in. */
export interface NumberRefusal {
  readonly code: string;
  readonly message: string;
}

/** One entry per reason, at the position of its code negated and less one. */
export const NUMBER_REFUSALS: readonly NumberRefusal[] = [
  { code: 'not_e164', message: 'has no + in front; write it in E.164 form, as in +12125550123' },
  { code: 'not_plus_one', message: 'is not in country code 1; only US numbers, +1 and ten digits, are carried here' },
  {
    code: 'wrong_length',
    message: 'does not have ten digits after +1; write area code, exchange and line, as in +12125550123',
  },
  {
    code: 'not_digits',
    message: 'holds something other than digits after the +; remove spaces, brackets, dashes and letters',
  },
  {
    code: 'area_code_impossible',
    message:
      'has an area code no number can have: it starts with 0 or 1, or is N11 or N9X; check the first three digits after +1',
  },
  {
    code: 'toll_free',
    message: 'is toll-free; such numbers can send but not be sent to, so use a number with a geographic area code',
  },
  {
    code: 'area_code_unassigned',
    message: 'has an area code that is not in service in the United States; check the first three digits after +1',
  },
  {
    code: 'exchange_impossible',
    message:
      'has an exchange no number can have: it starts with 0 or 1, or is N11; check the fourth to sixth digits after +1',
  },
  {
    code: 'magic_unknown',
    message:
      'is in the range of magic numbers, +1 500 555, and is none of them; use one of those that GET /v1/magic-numbers lists',
  },
];

const PLUS = 0x2b;
const ZERO = 0x30;
const TEXT_LENGTH = 12;
/** What one area code is worth in a key. */
const AREA_CODE_UNIT = 10_000_000;

/** For each area code 000 to 999, OK, MAGIC or the reason it is refused. */
const areaCodeVerdicts = Int8Array.from({ length: 1000 }, (_, areaCode) => judgeAreaCode(areaCode));

/**
 * The key of a number written `+1` and ten digits: an integer from 2,010,000,000 to 9,899,999,999, or a negative reason
 * for `numberRefusal`. Takes any string, never throws. Allocates nothing.
 */
export function parseNumberKey(text: string): number {
  return parse(text, false);
}

/** The same for a number that sends, which may be toll-free too. */
export function parseSenderKey(text: string): number {
  return parse(text, true);
}

function parse(text: string, mayBeTollFree: boolean): number {
  if (text.length !== TEXT_LENGTH || text.charCodeAt(0) !== PLUS || text.charCodeAt(1) !== ZERO + 1) {
    return refuseOutside(text);
  }
  const areaCode = threeDigits(text, 2);
  const exchange = threeDigits(text, 5);
  const line = threeDigits(text, 8);
  const last = text.charCodeAt(11) - ZERO;
  if ((areaCode | exchange | line) < 0 || last < 0 || last > 9) return NOT_DIGITS;
  const verdict = areaCodeVerdicts[areaCode]!;
  if (verdict === MAGIC) return magicKey(areaCode * AREA_CODE_UNIT + exchange * 10_000 + line * 10 + last);
  if (verdict !== OK && !(verdict === TOLL_FREE && mayBeTollFree)) return verdict;
  if (exchange < 200 || exchange % 100 === 11) return EXCHANGE_IMPOSSIBLE;
  return areaCode * AREA_CODE_UNIT + exchange * 10_000 + line * 10 + last;
}

/** The key, if it is a magic number's; else why it is refused. */
function magicKey(key: number): number {
  if (!isInMagicRange(key)) return AREA_CODE_UNASSIGNED;
  return magicNumber(key) === undefined ? MAGIC_UNKNOWN : key;
}

/** Whether a key is that of a toll-free number. Allocates nothing. */
export function isTollFree(key: number): boolean {
  return areaCodeVerdicts[Math.floor(key / AREA_CODE_UNIT)] === TOLL_FREE;
}

/** The refusal behind a negative answer of `parseNumberKey`. Throws RangeError for any other number. */
export function numberRefusal(code: number): NumberRefusal {
  const refusal = NUMBER_REFUSALS[-code - 1];
  if (refusal === undefined) throw new RangeError(`${code} is not a refusal of parseNumberKey`);
  return refusal;
}

/** A key in E.164 form: 2125550123 is `+12125550123`. Throws RangeError for what is not a key. */
export function formatNumber(key: number): string {
  if (!(key >= KEY_MIN && key <= KEY_MAX && Number.isInteger(key))) throw new RangeError(`${key} is not a number key`);
  return `+1${key}`;
}

/** A key for logs, the exchange hidden: 2125550123 is `+1212•••0123`. Throws RangeError for what is not a key. */
export function maskNumber(key: number): string {
  const text = formatNumber(key);
  return `${text.slice(0, 5)}•••${text.slice(8)}`;
}

/** Ten digits, grouped or not, with or without the country before them. */
const WRITTEN = /(?<![\d.])(?:\+?1[ .-]?)?\(?([2-9]\d{2})\)?[ .-]?(\d{3})[ .-]?(\d{4})(?!\d)/g;

/** A text with every number in it masked. */
export function maskNumbers(text: string): string {
  return text.replaceAll(WRITTEN, (_, area: string, exchange: string, line: string) =>
    maskNumber(Number(area + exchange + line)),
  );
}

/** Three decimal digits from a position on, or a negative number. */
function threeDigits(text: string, from: number): number {
  const a = text.charCodeAt(from) - ZERO;
  const b = text.charCodeAt(from + 1) - ZERO;
  const c = text.charCodeAt(from + 2) - ZERO;
  if (a < 0 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return -1;
  return a * 100 + b * 10 + c;
}

/** Which of the reasons that do not concern the ten digits holds for a text of another shape. */
function refuseOutside(text: string): number {
  if (text.charCodeAt(0) !== PLUS) return NOT_E164;
  for (let i = 1; i < Math.min(text.length, TEXT_LENGTH); i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return NOT_DIGITS;
  }
  return text.length > 1 && text.charCodeAt(1) !== ZERO + 1 ? NOT_PLUS_ONE : WRONG_LENGTH;
}

function judgeAreaCode(areaCode: number): number {
  const tens = Math.floor(areaCode / 10) % 10;
  const isForTollFree = areaCode >= 800 && areaCode < 900 && (tens === areaCode % 10 || tens === 8) && tens !== 1;
  if (areaCode < 200 || areaCode % 100 === 11 || tens === 9) return AREA_CODE_IMPOSSIBLE;
  if (isForTollFree) return TOLL_FREE;
  if (areaCode === MAGIC_AREA_CODE) return MAGIC;
  return AREA_CODES.includes(areaCode) ? OK : AREA_CODE_UNASSIGNED;
}
