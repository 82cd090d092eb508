import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { askFor, NOON_MS } from './ask-under-test.ts';
import { Balances } from './balances.ts';

test('a balance admits to the last micro-dollar and no further', () => {
  const balances = new Balances(1);
  expect(balances.waitMs(0, 0, askFor(1, NOON_MS))).toBe(Infinity);
  balances.credit(0, 10_000);
  expect(balances.waitMs(0, 0, askFor(10_001, NOON_MS))).toBe(Infinity);
  expect(balances.waitMs(0, 0, askFor(10_000, NOON_MS))).toBe(0);
  balances.take(0, 0, askFor(10_000, NOON_MS));
  expect(balances.micros(0)).toBe(0);
  expect(balances.waitMs(0, 0, askFor(1, NOON_MS))).toBe(Infinity);
});

test('a balance holds more than 32 bits of micro-dollars', () => {
  const balances = new Balances(1);
  balances.credit(0, 5_000_000_000_001);
  balances.take(0, 0, askFor(5_000_000_000_000, NOON_MS));
  expect(balances.used(0, 0, askFor(1, NOON_MS))).toBe(1);
});

test.each([-1, 1, Number.NaN])('account %d, which was never ensured, has nothing', (key) => {
  const balances = new Balances(1);
  expect(balances.waitMs(key, 0, askFor(1, NOON_MS))).toBe(Infinity);
  expect(balances.micros(key)).toBe(0);
});

const steps = fc.array(
  fc.record({ key: fc.nat({ max: 3 }), micros: fc.integer({ min: 1, max: 1_000 }), isCredit: fc.boolean() }),
  { maxLength: 60 },
);

propertyTest.prop([steps])('what was paid in is what was taken and what is left', (run) => {
  const balances = new Balances();
  const left = [0, 0, 0, 0];
  for (const { key, micros, isCredit } of run) {
    balances.ensure(key + 1);
    if (isCredit) {
      balances.credit(key, micros);
      left[key]! += micros;
      continue;
    }
    const ask = askFor(micros, NOON_MS);
    expect(balances.waitMs(key, 0, ask)).toBe(left[key]! >= micros ? 0 : Infinity);
    if (left[key]! < micros) continue;
    balances.take(key, 0, ask);
    left[key]! -= micros;
    expect(balances.micros(key)).toBeGreaterThanOrEqual(0);
  }
  expect(left.map((_, key) => balances.micros(key))).toEqual(left);
});
