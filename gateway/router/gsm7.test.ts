import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SEPTETS } from './gsm7.ts';

/** Reads the published mapping: `0x1B65 TAB 0x20AC TAB # EURO SIGN`; a line that starts with `#` is a comment. */
function tableFromUnicodeFile(): Uint8Array {
  const table = new Uint8Array(0x1_0000);
  for (const line of readFileSync(new URL('GSM0338.TXT', import.meta.url), 'utf8').split('\n')) {
    const columns = /^0x([0-9A-F]+)\t0x([0-9A-F]{4})\t/.exec(line);
    if (columns === null) continue;
    const code = columns[1] ?? '';
    const unit = Number.parseInt(columns[2] ?? '', 16);
    if (code === '1B') continue; // The escape itself; the file shows it as a no-break space.
    if (code === '09') {
      table[0xc7] = 1; // The capital, as its note on 0x09 allows and as vendors count.
      continue;
    }
    table[unit] = code.length === 4 ? 2 : 1;
  }
  return table;
}

describe('GSM 7-bit alphabet', () => {
  test('equals the published Unicode mapping for every code unit', () => {
    const expected = tableFromUnicodeFile();
    const differing = [...SEPTETS.keys()].filter((unit) => SEPTETS[unit] !== expected[unit]);
    expect(differing).toEqual([]);
  });

  test('holds 127 basic characters and 10 behind the escape', () => {
    expect(SEPTETS.filter((cost) => cost === 1)).toHaveLength(127);
    expect(SEPTETS.filter((cost) => cost === 2)).toHaveLength(10);
  });

  test.each([
    ['small c with cedilla', 'ç'],
    ['no-break space', '\u00a0'],
    ['null', '\0'],
    ['escape', '\u001b'],
    ['back-tick', '`'],
    ['tab', '\t'],
    ['Greek capital alpha, drawn like A', 'Α'],
    ['Greek capital upsilon, drawn like Y', 'Υ'],
    ['ohm sign, drawn like omega', '\u2126'],
    ['curly apostrophe', '’'],
  ])('leaves out %s', (_name, character) => {
    expect(SEPTETS[character.charCodeAt(0)]).toBe(0);
  });
});
