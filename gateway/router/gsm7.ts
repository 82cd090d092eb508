/**
 * The GSM 7-bit alphabet as one table indexed by UTF-16 code unit: how many septets does this character cost?
 *
 * A flat byte per code unit (64 KB) makes the question one load, with no branch for "above 127" and no hashing, which
 * is what lets a text be measured in about a nanosecond a character. The alphabet is written here as text, in septet
 * order, so that the running product reads no file; the test next door rebuilds the same table from the Unicode
 * Consortium's `GSM0338.TXT` and compares all 65,536 entries.
 *
 * Two entries of that file are read the way handsets and vendors read them: septet 0x09 is the capital C with cedilla
 * (the file maps the small letter and keeps the capital in a comment), and 0x1B is the escape, not a no-break space.
 * Greek capitals that look like Latin letters have no septet of their own, so they are not in the alphabet.
 *
 * Source: 3GPP TS 23.038, 6.2.1 and 6.2.1.1.
 */

/** Septets 0x00 to 0x7F in order, without the escape at 0x1B. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ' +
  'ÆæßÉ' +
  ' !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§' +
  '¿abcdefghijklmnopqrstuvwxyzäöñüà';

/** Reached through the escape, in septet order. */
const EXTENSION = '\f^{}\\[~]|€';

/** By UTF-16 code unit: 0 not in the alphabet, 1 basic, 2 escape and a second septet. */
export const SEPTETS: Uint8Array = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(0x1_0000);
  for (let i = 0; i < BASIC.length; i++) table[BASIC.charCodeAt(i)] = 1;
  for (let i = 0; i < EXTENSION.length; i++) table[EXTENSION.charCodeAt(i)] = 2;
  return table;
}
