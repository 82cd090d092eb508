import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { askFor, NOON_MS } from './ask-under-test.ts';
import { Levels } from './levels.ts';

test('a level admits up to its cap and again what was given back', () => {
  const levels = new Levels(1);
  expect(levels.waitMs(0, 2, askFor(2, NOON_MS))).toBe(0);
  levels.take(0, 2, askFor(2, NOON_MS));
  expect(levels.waitMs(0, 2, askFor(1, NOON_MS))).toBe(1_000);
  expect(levels.used(0, 2, askFor(1, NOON_MS))).toBe(2);
  levels.giveBack(0, 1);
  expect(levels.waitMs(0, 2, askFor(2, NOON_MS))).toBe(1_000);
  expect(levels.waitMs(0, 2, askFor(1, NOON_MS))).toBe(0);
});

test('time gives nothing back', () => {
  const levels = new Levels(1);
  levels.take(0, 1, askFor(1, NOON_MS));
  expect(levels.waitMs(0, 1, askFor(1, NOON_MS + 86_400_000))).toBeGreaterThan(0);
});

test('what is more than the cap never fits', () => {
  expect(new Levels(1).waitMs(0, 2, askFor(3, NOON_MS))).toBe(Infinity);
});

test.each([-1, 1, Number.NaN])('key %d, which was never ensured, admits nothing', (key) => {
  const levels = new Levels(1);
  expect(levels.waitMs(key, 10, askFor(1, NOON_MS))).toBe(Infinity);
  expect(levels.used(key, 10, askFor(1, NOON_MS))).toBe(0);
});

const steps = fc.array(
  fc.record({ key: fc.nat({ max: 3 }), units: fc.integer({ min: 1, max: 4 }), ends: fc.boolean() }),
  {
    maxLength: 60,
  },
);

propertyTest.prop([steps, fc.integer({ min: 1, max: 8 })])('a level agrees with a list of what is held', (run, cap) => {
  const levels = new Levels();
  const held: { key: number; units: number }[] = [];
  for (const { key, units, ends } of run) {
    levels.ensure(key + 1);
    const ending = ends ? held.findIndex((one) => one.key === key) : -1;
    if (ending >= 0) levels.giveBack(key, held.splice(ending, 1)[0]!.units);
    const used = held.reduce((sum, one) => (one.key === key ? sum + one.units : sum), 0);
    expect(levels.used(key, cap, askFor(1, NOON_MS))).toBe(used);
    const fits = levels.waitMs(key, cap, askFor(units, NOON_MS)) === 0;
    expect(fits).toBe(used + units <= cap);
    if (!fits) continue;
    levels.take(key, cap, askFor(units, NOON_MS));
    held.push({ key, units });
  }
});
