import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { formatMicros, parseDollars } from './money.ts';

describe('reading dollars', () => {
  test.each([
    ['0', 0],
    ['0.000001', 1],
    ['0.00875', 8_750],
    ['0.005175', 5_175],
    ['0.0035', 3_500],
    ['1.50', 1_500_000],
    ['10000', 10_000_000_000],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER],
  ])('%s is %d micros', (text, micros) => {
    expect(parseDollars(text)).toEqual({ ok: true, micros });
  });

  test.each([
    ['-0.01', 'negative'],
    ['0.0000001', '7 decimals'],
    ['9007199254.740992', 'too large'],
    ['1e-3', 'plain amount'],
    ['.5', 'plain amount'],
    ['5.', 'plain amount'],
    ['007', 'plain amount'],
    ['1,000', 'plain amount'],
    ['$1', 'plain amount'],
    ['0x10', 'plain amount'],
    [' 1', 'plain amount'],
    ['', 'plain amount'],
    ['free', 'plain amount'],
  ])('refuses "%s"', (text, reason) => {
    const parsed = parseDollars(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.reason).toContain(reason);
  });
});

describe('writing dollars', () => {
  test('always shows all six decimals', () => {
    expect(formatMicros(8_750)).toBe('$0.008750');
    expect(formatMicros(0)).toBe('$0.000000');
    expect(formatMicros(-1)).toBe('-$0.000001');
    expect(formatMicros(10_000_000_000)).toBe('$10000.000000');
  });

  test('refuses a fraction of a micro, which no posting can hold', () => {
    expect(() => formatMicros(0.5)).toThrow(RangeError);
  });

  propertyTest.prop([fc.maxSafeNat()])('reading back what was written gives the same amount', (micros) => {
    expect(parseDollars(formatMicros(micros).slice(1))).toEqual({ ok: true, micros });
  });
});
