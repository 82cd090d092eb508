import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments, Encoding, encodingOf, INVALID_TEXT, segmentsOf } from './segments.ts';

// Both oracles are CommonJS, and only one of them ships types.
const require = createRequire(import.meta.url);
const splitSms = require('split-sms') as {
  split(text: string, options: { summary: boolean }): { characterSet: 'GSM' | 'Unicode'; parts: unknown[] };
};
const { SegmentedMessage } = require('sms-segments-calculator') as typeof import('sms-segments-calculator');

const GSM7 = 'GSM-7';
const UCS2 = 'UCS-2';

function ours(text: string): string {
  const packed = countSegments(text);
  if (packed === INVALID_TEXT) return 'invalid';
  return `${segmentsOf(packed)} ${encodingOf(packed) === Encoding.Gsm7 ? GSM7 : UCS2}`;
}

function splitSmsSays(text: string): string {
  const answer = splitSms.split(text, { summary: true });
  return `${answer.parts.length} ${answer.characterSet === 'GSM' ? GSM7 : UCS2}`;
}

function twilioSays(text: string): string {
  const answer = new SegmentedMessage(text);
  return `${answer.segmentsCount} ${answer.encodingName}`;
}

const a = (count: number): string => 'a'.repeat(count);
const e = (count: number): string => 'é'.repeat(count);
const cyrillic = (count: number): string => 'я'.repeat(count);
const emoji = (count: number): string => '😀'.repeat(count);

describe('segments', () => {
  test.each<[name: string, text: string, expected: string]>([
    ['empty text', '', '1 GSM-7'],
    ['one character', 'a', '1 GSM-7'],
    ['a full single segment', a(160), '1 GSM-7'],
    ['one septet too many', a(161), '2 GSM-7'],
    ['accents of the basic alphabet cost one septet', e(160), '1 GSM-7'],
    ['two full parts', a(306), '2 GSM-7'],
    ['one septet into a third part', a(307), '3 GSM-7'],
    ['three full parts', a(459), '3 GSM-7'],
    ['ten full parts', a(1530), '10 GSM-7'],
    ['eighty escape pairs fill a single segment', '€'.repeat(80), '1 GSM-7'],
    ['eighty-one escape pairs: a part holds 76 of them', '€'.repeat(81), '2 GSM-7'],
    ['153 escape pairs waste a septet in each part', '€'.repeat(153), '3 GSM-7'],
    ['an escape pair ends a single segment', `${a(158)}{`, '1 GSM-7'],
    ['an escape pair overflows a single segment', `${a(159)}{`, '2 GSM-7'],
    ['an escape pair that would be cut moves on and still fits', `${a(152)}{${a(151)}`, '2 GSM-7'],
    ['an escape pair that would be cut moves on and costs a part', `${a(152)}{${a(152)}`, '3 GSM-7'],
    ['an escape pair that ends exactly at the part is not moved', `${a(151)}{${a(153)}`, '2 GSM-7'],
    ['every extension character costs two', '\f^{}\\[~]|€'.repeat(8), '1 GSM-7'],
    ['a line end of two characters costs two', `${a(158)}\r\n`, '1 GSM-7'],
    ['a line end of two characters overflows', `${a(159)}\r\n`, '2 GSM-7'],
    ['capital C with cedilla is GSM', `${a(159)}Ç`, '1 GSM-7'],
    ['small c with cedilla is not', `${a(159)}ç`, '3 UCS-2'],
    ['back-tick is not', '`', '1 UCS-2'],
    ['a curly apostrophe is not', `${a(69)}’`, '1 UCS-2'],
    ['a full single UCS-2 segment', cyrillic(70), '1 UCS-2'],
    ['one unit too many', cyrillic(71), '2 UCS-2'],
    ['two full UCS-2 parts', cyrillic(134), '2 UCS-2'],
    ['one unit into a third UCS-2 part', cyrillic(135), '3 UCS-2'],
    ['extension characters cost one unit in UCS-2', `${'€'.repeat(69)}я`, '1 UCS-2'],
    ['one foreign character at the end turns a long text', `${a(160)}я`, '3 UCS-2'],
    ['35 emoji fit', emoji(35), '1 UCS-2'],
    ['36 emoji do not', emoji(36), '2 UCS-2'],
    ['a part holds 33 emoji', emoji(66), '2 UCS-2'],
    ['so 67 need three', emoji(67), '3 UCS-2'],
    ['a surrogate pair that would be cut moves on and still fits', `${cyrillic(66)}😀${cyrillic(65)}`, '2 UCS-2'],
    ['a surrogate pair that would be cut moves on and costs a part', `${cyrillic(66)}😀${cyrillic(66)}`, '3 UCS-2'],
    ['a surrogate pair that ends exactly at the part is not moved', `${cyrillic(65)}😀${cyrillic(67)}`, '2 UCS-2'],
    ['a pair at the very end of the second part', `${cyrillic(132)}😀`, '2 UCS-2'],
    ['a pair that straddles the end of the second part', `${cyrillic(133)}😀`, '3 UCS-2'],
  ])('%s', (_name, text, expected) => {
    expect(ours(text)).toBe(expected);
    if (text === '') return; // One oracle counts no text as no segment.
    expect(splitSmsSays(text)).toBe(expected);
    expect(twilioSays(text)).toBe(expected);
  });

  test('a flag on a boundary is cut between its code points', () => {
    const text = `${cyrillic(65)}🇺🇸${cyrillic(65)}`;
    expect(ours(text)).toBe('2 UCS-2');
    expect(splitSmsSays(text)).toBe('2 UCS-2');
    expect(twilioSays(text)).toBe('3 UCS-2'); // Keeps the flag whole: the known difference.
  });

  test.each([
    ['alone', '\ud83d'],
    ['low alone', '\ude00'],
    ['low before high', '\ude00\ud83d'],
    ['high before a letter', 'a\ud83da'],
    ['high at the end of a long text', `${cyrillic(200)}\ud83d`],
    ['after a good pair', '😀\ude00'],
    ['two highs and a low', '\ud83d\ud83d\ude00'],
  ])('half a surrogate pair is reported: %s', (_name, text) => {
    expect(countSegments(text)).toBe(INVALID_TEXT);
  });

  test('each single code unit is in the alphabet both oracles see', () => {
    const differing: number[] = [];
    for (let unit = 0; unit < 0x1_0000; unit++) {
      if (unit >= 0xd800 && unit <= 0xdfff) continue;
      const text = String.fromCharCode(unit);
      const mine = ours(text);
      if (mine !== splitSmsSays(text) || mine !== twilioSays(text)) differing.push(unit);
    }
    expect(differing).toEqual([]);
  });
});

describe('segments of random texts', () => {
  const gsm = fc.constantFrom('a', 'Z', '7', ' ', '@', 'é', 'Ç', 'Δ', '\n', '\r', '¿', 'à');
  const extension = fc.constantFrom('^', '{', '}', '\\', '[', '~', ']', '|', '€', '\f');
  const foreign = fc.constantFrom('я', '’', '`', 'ç', '中', '\u00a0');
  // Each is one grapheme of one code point, and none joins with its neighbour.
  const pair = fc.constantFrom('😀', '🚚', '💊', '𝒜');

  const texts = {
    'basic and extension': fc.oneof({ weight: 8, arbitrary: gsm }, { weight: 1, arbitrary: extension }),
    'mostly extension': fc.oneof({ weight: 1, arbitrary: gsm }, { weight: 4, arbitrary: extension }),
    'units and pairs': fc.oneof({ weight: 3, arbitrary: foreign }, { weight: 2, arbitrary: pair }),
    everything: fc.oneof(gsm, extension, foreign, pair),
  };
  // A filler brings the text to just below a boundary; the random rest crosses it.
  const fillers = fc.constantFrom('', a(140), a(150), a(295), cyrillic(60), cyrillic(66), cyrillic(130));

  const property = (unit: fc.Arbitrary<string>, runs: number, oracle: (text: string) => string): void => {
    fc.assert(
      fc.property(fillers, fc.string({ unit, minLength: 1, maxLength: 30 }), fc.boolean(), (filler, rest, before) => {
        const text = before ? filler + rest : rest + filler;
        expect(ours(text)).toBe(oracle(text));
      }),
      { numRuns: runs },
    );
  };

  test.each(Object.entries(texts))('agree with split-sms: %s', (_name, unit) => {
    property(unit, 2_000, splitSmsSays);
  });

  test.each(Object.entries(texts))('agree with the calculator of Twilio Labs: %s', (_name, unit) => {
    property(unit, 150, twilioSays);
  });

  test('are refused exactly when they hold half a surrogate pair', () => {
    const unit = fc.oneof(
      gsm,
      foreign,
      pair,
      fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 100 }), (units) => {
        const text = units.join('');
        expect(countSegments(text) === INVALID_TEXT).toBe(/\p{Surrogate}/u.test(text));
      }),
    );
  });

  test('never shrink when a character is added', () => {
    fc.assert(
      fc.property(fc.string({ unit: texts.everything, maxLength: 200 }), texts.everything, (text, more) => {
        expect(segmentsOf(countSegments(text + more))).toBeGreaterThanOrEqual(segmentsOf(countSegments(text)));
      }),
    );
  });
});
