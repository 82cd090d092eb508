import { expect, test } from 'vitest';
import { plainDateMs } from './plain-date.ts';

test('a plain date begins at midnight UTC', () => {
  expect(plainDateMs('1970-01-01')).toBe(0);
  expect(plainDateMs('2024-03-01')).toBe(1_709_251_200_000);
});

test.each(['2024-02-30', '2023-02-29', '2024-13-01', '2024-3-1', '2024-03-01T00:00', '20240301', 'March', ''])(
  '"%s" is not a date',
  (text) => {
    expect(plainDateMs(text)).toBeNaN();
  },
);
