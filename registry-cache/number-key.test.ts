import { readFileSync } from 'node:fs';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { AREA_CODES } from './area-codes.ts';
import {
  formatNumber,
  isTollFree,
  maskNumber,
  maskNumbers,
  NUMBER_REFUSALS,
  numberRefusal,
  parseNumberKey,
  parseSenderKey,
} from './number-key.ts';

function judged(text: string): string {
  const key = parseNumberKey(text);
  return key < 0 ? numberRefusal(key).code : 'accepted';
}

const refused: readonly (readonly [code: string, texts: readonly string[]])[] = [
  [
    'not_e164',
    ['', '12125550123', '2125550123', '(212) 555-0123', 'tel:+12125550123', ' +12125550123', '＋12125550123', '\u0000'],
  ],
  ['not_plus_one', ['+442079460123', '+522125550123', '+02125550123', '+2', '+33123456789', '+212555012345']],
  ['wrong_length', ['+', '+1', '+1212555012', '+121255501234', '+1212555012345678901234567890']],
  [
    'not_digits',
    [
      '+1212555O123',
      '+1 212555012',
      '+1-212-555-0123',
      '+1212555012x',
      '+1２125550123',
      '+abc',
      '++1212555012',
      '+1212555012\n',
    ],
  ],
  [
    'area_code_impossible',
    ['+10125550123', '+11125550123', '+12115550123', '+19115550123', '+12905550123', '+17995550123'],
  ],
  [
    'toll_free',
    [
      '+18005550123',
      '+18335550123',
      '+18445550123',
      '+18555550123',
      '+18665550123',
      '+18775550123',
      '+18885550123',
      '+18225550123',
      '+18825550123',
    ],
  ],
  ['area_code_unassigned', ['+12005550123', '+15555550123', '+14165550123', '+18765550123', '+14655550123']],
  ['exchange_impossible', ['+12120550123', '+12121550123', '+12129110123', '+12122110123']],
  ['magic_unknown', ['+15005550012', '+15005555001', '+15005557000', '+15005559999']],
];

describe('parseNumberKey', () => {
  test('the key is the ten digits', () => {
    expect(parseNumberKey('+12125550123')).toBe(2_125_550_123);
    expect(parseNumberKey('+19897654321')).toBe(9_897_654_321);
    expect(parseNumberKey('+16702002000')).toBe(6_702_002_000);
    expect(parseNumberKey('+18085550199')).toBe(8_085_550_199);
  });

  test.each(refused)('refuses as %s: %j', (code, texts) => {
    expect(texts.map(judged)).toEqual(texts.map(() => code));
  });

  test('every reason has an example above, a code of its own, and says what to do', () => {
    expect(NUMBER_REFUSALS.map((refusal) => refusal.code)).toEqual(refused.map(([code]) => code));
    for (const { message } of NUMBER_REFUSALS) expect(message).toMatch(/^(has|is|does|holds) .+[;,] (\S+ )+/);
  });

  const anything = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.stringMatching(/^\+1[0-9]{9,11}$/),
    fc
      .tuple(
        fc.stringMatching(/^\+1[0-9]{10}$/),
        fc.nat({ max: 11 }),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      )
      .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1)),
  );

  propertyTest.prop([anything], { numRuns: 2000 })(
    'never throws, and accepts nothing but a number as the plan has it',
    (text) => {
      const key = parseNumberKey(text);
      const wellFormed = /^\+1([2-9][0-8][0-9])([2-9][0-9]{2})[0-9]{4}$/.exec(text);
      const isGood =
        wellFormed !== null && AREA_CODES.includes(Number(wellFormed[1])) && wellFormed[2]!.slice(1) !== '11';
      expect(key > 0).toBe(isGood);
      if (isGood) expect(formatNumber(key)).toBe(text);
      else expect(numberRefusal(key).message).not.toBe('');
    },
  );

  propertyTest.prop([fc.constantFrom(...AREA_CODES), fc.integer({ min: 200, max: 999 }), fc.nat({ max: 9999 })])(
    'formatting a number and parsing it gives it back',
    (areaCode, exchange, line) => {
      fc.pre(exchange % 100 !== 11);
      const key = areaCode * 10_000_000 + exchange * 10_000 + line;
      expect(parseNumberKey(formatNumber(key))).toBe(key);
    },
  );
});

describe('numberRefusal', () => {
  test.each([0, 1, -10, -1.5, Number.NaN])('%s is no refusal', (code) => {
    expect(() => numberRefusal(code)).toThrow(RangeError);
  });
});

describe('formatNumber and maskNumber', () => {
  test('the mask shows area code and last four digits only', () => {
    expect(formatNumber(2_125_550_123)).toBe('+12125550123');
    expect(maskNumber(2_125_550_123)).toBe('+1212•••0123');
  });

  test.each([-2, 0, 1_999_999_999, 10_000_000_000, 2_125_550_123.5, Number.NaN])('%s is not a key', (key) => {
    expect(() => formatNumber(key)).toThrow(RangeError);
    expect(() => maskNumber(key)).toThrow(RangeError);
  });
});

describe('AREA_CODES', () => {
  test('is what data/npa_us.csv says is in service', () => {
    const text = readFileSync(new URL('data/npa_us.csv', import.meta.url), 'utf8');
    const rows: readonly { npa: string; in_service: string }[] = parse(text, { columns: true });
    expect(AREA_CODES).toEqual(rows.filter((row) => row.in_service === 'Y').map((row) => Number(row.npa)));
  });
});

test('a number that sends may be toll-free; all else is refused alike', () => {
  for (const [code, texts] of refused) {
    for (const text of texts) {
      const key = parseSenderKey(text);
      if (code === 'toll_free') expect([formatNumber(key), isTollFree(key)]).toEqual([text, true]);
      else expect(numberRefusal(key).code).toBe(code);
    }
  }
  expect(isTollFree(parseNumberKey('+12125550123'))).toBe(false);
  expect(numberRefusal(parseSenderKey('+18001550123')).code).toBe('exchange_impossible');
});

describe('maskNumbers masks a number', () => {
  test.each([
    ['+12125550123', '+1212•••0123'],
    ['PUT /v1/numbers/12125550123', 'PUT /v1/numbers/+1212•••0123'],
    ['2125550123,+13105550188', '+1212•••0123,+1310•••0188'],
    ['+1 (212) 555-0123', '+1212•••0123'],
    ['212-555-0123 and 212.555.0123', '+1212•••0123 and +1212•••0123'],
    ['1709316000000 2024-03-01 BTOPA01 99999', '1709316000000 2024-03-01 BTOPA01 99999'],
  ])('in %j', (text, expected) => expect(maskNumbers(text)).toBe(expected));

  propertyTest.prop([
    fc.integer({ min: 2_000_000_000, max: 9_999_999_999 }).filter((number) => parseNumberKey(`+1${number}`) > 0),
    fc.constantFrom('+1', '1', '', '+1 '),
    fc.constantFrom('', '-', ' ', '.'),
  ])('however it is written, if it is read as one', (number, country, gap) => {
    const digits = String(number);
    const written = [country + digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].join(gap);
    expect(maskNumbers(`x ${written} y`)).toBe(`x ${formatNumber(number).slice(0, 5)}•••${digits.slice(6)} y`);
    expect(parseSenderKey(maskNumbers(written))).toBeLessThan(0);
  });
});
