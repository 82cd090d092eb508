import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DataCoding } from './commands.ts';
import { codingFor, decodeText, encodeText, isBinary, plainSeptet } from './text-coding.ts';

/** The Unicode Consortium's table, by octets in hex. */
const table = new Map(
  readFileSync(new URL('../router/GSM0338.TXT', import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, octets, unit] = /^0x([0-9A-F]+)\s+0x([0-9A-F]{4})/.exec(line) ?? [];
      return octets === undefined ? [] : [[octets, String.fromCharCode(Number.parseInt(unit ?? '', 16))] as const];
    }),
);

function decoded(octets: Uint8Array, dataCoding: number): string | undefined {
  return decodeText(Buffer.from(octets), 0, octets.length, dataCoding);
}

describe('the GSM alphabet', () => {
  it('is that of the Unicode Consortium, but for its two entries that handsets read otherwise', () => {
    expect(table.size).toBe(138);
    for (const [octets, character] of table) {
      const wanted = octets === '09' ? 'Ç' : octets === '1B' ? ' ' : character;
      expect(decoded(Buffer.from(octets, 'hex'), DataCoding.Default), octets).toBe(wanted);
    }
  });

  it('goes back to the octets it came from', () => {
    for (const [octets] of table) {
      if (octets === '1B') continue;
      const text = decoded(Buffer.from(octets, 'hex'), DataCoding.Default)!;
      expect(encodeText(text, DataCoding.Default).toString('hex').toUpperCase()).toBe(octets);
    }
  });

  it('shows a septet that means nothing behind an escape as it is, and an octet that is no septet as unknown', () => {
    expect(decoded(Buffer.of(0x1b, 0x61), DataCoding.Default)).toBe('a');
    expect(decoded(Buffer.of(0xc1), DataCoding.Default)).toBe('\ufffd');
    expect(decoded(Buffer.of(0x41, 0x1b), DataCoding.Default)).toBe('A ');
  });

  it('has room for the longest payload', () => {
    expect(decoded(new Uint8Array(65_535), DataCoding.Default)).toBe('@'.repeat(65_535));
  });
});

describe('a text', () => {
  const anyText = fc.string({ unit: 'grapheme', maxLength: 80 });

  it('comes back as it was, in the coding it can be sent in', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        if (text.includes('\0')) return;
        const coding = codingFor(text);
        expect(decoded(encodeText(text, coding), coding)).toBe(text);
      }),
    );
  });

  it.each([
    [DataCoding.Ascii, 'plain [text] $5', 'plain [text] $5'],
    [DataCoding.Latin1, 'Grüße ¥', 'Grüße ¥'],
    [DataCoding.Ucs2, 'Привет 👋', 'Привет 👋'],
    [DataCoding.Default, 'naïve €5 [ok]', 'na?ve €5 [ok]'],
    [DataCoding.Ascii, 'Grüße', 'Gr??e'],
    [DataCoding.Latin1, '€5', '?5'],
  ])('in data_coding %d goes there and back', (coding, text, wanted) => {
    expect(decoded(encodeText(text, coding), coding)).toBe(wanted);
  });

  it('has no NUL, and no half of a pair', () => {
    expect(decoded(Buffer.from('a\0b', 'latin1'), DataCoding.Latin1)).toBe('a b');
    expect(decoded(Buffer.of(0xd8, 0x3d, 0, 0x41), DataCoding.Ucs2)).toBe('\ufffdA');
    expect(decoded(Buffer.of(0, 0, 0, 0x41), DataCoding.Ucs2)).toBe(' A');
  });

  it('is none in UCS-2 of an odd length, and in codings that are none', () => {
    expect(decoded(Buffer.of(0, 0x41, 0), DataCoding.Ucs2)).toBeUndefined();
    expect(decoded(Buffer.of(1), DataCoding.Binary)).toBeUndefined();
    expect(decoded(Buffer.of(1), 0xf5)).toBeUndefined();
    expect([0, 1, 2, 3, 4, 8].filter(isBinary)).toEqual([2, 4]);
    expect(() => encodeText('x', 4)).toThrow(RangeError);
  });

  it('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 1, 3, 8), (octets, coding) => {
        const text = decoded(octets, coding);
        expect(text === undefined || text === Buffer.from(text).toString()).toBe(true);
      }),
    );
  });
});

describe('a character in a receipt', () => {
  it('is one octet, or a question mark', () => {
    expect(Array.from('aé€Д').map((character) => plainSeptet(character.charCodeAt(0)))).toEqual([
      0x61, 0x05, 0x3f, 0x3f,
    ]);
  });
});
