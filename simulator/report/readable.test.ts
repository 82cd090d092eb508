import { describe, expect, test } from 'vitest';
import {
  readable,
  readableDifference,
  readableInterval,
  readablePercent,
  readableRange,
  readableValue,
  type Unit,
} from './readable.ts';

/** With plain spaces and signs, as one types them. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ').replaceAll('\u2212', '-');

describe('a figure', () => {
  test.each<[Unit, number, string]>([
    ['messages', 0, '0'],
    ['messages', 3.25, '3.25'],
    ['messages', 425.7, '426'],
    ['messages', 1_234.4, '1,234'],
    ['messages', 9_999.6, '10 k'],
    ['messages', 18_432, '18.4 k'],
    ['messages', 999_950, '1 M'],
    ['messages', 1_840_000, '1.84 M'],
    ['messages', 7.2e9, '7.2 bn'],
    ['numbers', -1_234, '-1,234'],
    ['numbers', -0.0, '0'],
    ['micros', 0, '$0'],
    ['micros', 15_000, '1.50 ¢'],
    ['micros', 432, '0.0432 ¢'],
    ['micros', 100_000, '$0.10'],
    ['micros', 12_340_000, '$12.34'],
    ['micros', 1_234_000_000, '$1,234'],
    ['micros', -80_700_000, '-$80.70'],
    ['micros', 1.84e12, '$1.84 M'],
    ['share', 0.12, '12 %'],
    ['share', 0.0041, '0.41 %'],
    ['share', 1, '100 %'],
    ['hours', 0.4, '24 min'],
    ['hours', 18.4, '18.4 h'],
    ['hours', 76.8, '3.2 days'],
    ['hours', Number.NaN, '–'],
  ])('%s %d reads %s', (unit, value, text) => {
    expect(plain(readable(unit, value))).toBe(text);
  });
});

describe('an interval', () => {
  test.each<[Unit, number, number, string]>([
    ['messages', 18_100, 18_900, '18.1 k to 18.9 k'],
    ['messages', -30_100, -27_400, '-30.1 k to -27.4 k'],
    ['messages', 18_431, 18_439, '18.43 k to 18.44 k'],
    ['micros', 14_731, 14_738, '1.473 ¢ to 1.474 ¢'],
    ['share', 0, 0, 'exactly 0 %'],
    ['share', Number.NaN, Number.NaN, '–'],
  ])('of %s from %d to %d reads %s', (unit, low, high, text) => {
    expect(plain(readableInterval(unit, { low, high }))).toBe(text);
  });
});

test('differences have their sign, and shares differ by points', () => {
  expect(plain(readableDifference('micros', 454_000_000))).toBe('+$454');
  expect(plain(readableDifference('micros', -454_000_000))).toBe('-$454');
  expect(plain(readableDifference('share', 0.0272))).toBe('+2.7 points');
  expect(plain(readableDifference('share', -0.000999))).toBe('-0.1 points');
  expect(readableDifference('share', Number.NaN)).toBe('–');
});

test('per cent are told in two figures, small ones in one', () => {
  expect([0.6249, -0.078, 0.0042, 0.0001, 1, 12.5].map((share) => plain(readablePercent(share)))).toEqual([
    '62 %',
    '7.8 %',
    '0.4 %',
    'under 0.1 %',
    '100 %',
    '1,250 %',
  ]);
});

test('values of parameters are written out', () => {
  expect([0.0004, 1_234_567, -2, 3e-7, 0].map((value) => plain(readableValue(value)))).toEqual([
    '0.0004',
    '1,234,570',
    '-2',
    '3.00e-7',
    '0',
  ]);
  expect(plain(readableRange(0.00005, 0.002, 'share'))).toBe('0.005 to 0.2 %');
  expect(readableRange(2, 48, 'hours')).toBe('2 to 48 hours');
});
