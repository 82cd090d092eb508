import { expect, test } from 'vitest';
import {
  ATT_CLASSES,
  TMOBILE_TIERS,
  TollFreeRule,
  attClassOf,
  attMmsTpm,
  attSmsTpm,
  tmobileTierOf,
  tollFreeRule,
} from './carrier-limits.ts';
import { plainDateMs } from '../plain-date.ts';

test.each([
  ['A', 4_500, 2_400, 'campaign'],
  ['B', 4_500, 2_400, 'campaign'],
  ['C', 2_400, 1_200, 'campaign'],
  ['D', 2_400, 1_200, 'campaign'],
  ['E', 240, 150, 'campaign'],
  ['F', 240, 150, 'campaign'],
  ['G', 60, 50, 'number'],
  ['K', 4_500, 2_400, 'campaign'],
  ['N', 60, 50, 'number'],
  ['P', 2_400, 1_200, 'campaign'],
  ['Q', 3_000, 50, 'campaign'],
  ['S', 9_000, 2_400, 'campaign'],
  ['T', 75, 50, 'campaign'],
  ['W', 15, 50, 'campaign'],
  ['X', 4_500, 2_400, 'campaign'],
  ['Y', 720, 50, 'number'],
  ['Z', 60, 50, 'campaign'],
  ['none', 60, 50, 'number'],
])('AT&T class %s sends %d SMS and %d MMS a minute per %s', (letter, smsTpm, mmsTpm, scope) => {
  expect(ATT_CLASSES[attClassOf(letter)]).toEqual({ letter, smsTpm, mmsTpm, scope });
});

test('every AT&T class had 50 MMS a minute until 2023-10-11', () => {
  const raisedMs = plainDateMs('2023-10-11');
  ATT_CLASSES.forEach((attClass, index) => {
    expect(attMmsTpm(index, { pricedAtMs: raisedMs - 1 })).toBe(50);
    expect(attMmsTpm(index, { pricedAtMs: raisedMs })).toBe(attClass.mmsTpm);
  });
  expect(attMmsTpm(-1, { pricedAtMs: raisedMs })).toBe(0);
});

test('class S had 60,000 segments a minute until the end of 2021, and no other class another rate', () => {
  const loweredMs = plainDateMs('2022-01-01');
  ATT_CLASSES.forEach(({ letter, smsTpm }, index) => {
    expect(attSmsTpm(index, { pricedAtMs: loweredMs - 1 })).toBe(letter === 'S' ? 60_000 : smsTpm);
    expect(attSmsTpm(index, { pricedAtMs: loweredMs })).toBe(smsTpm);
  });
  expect(attSmsTpm(-1, { pricedAtMs: loweredMs })).toBe(0);
});

test.each([
  ['2023-04-01', TollFreeRule.Free, TollFreeRule.Limited],
  ['2024-01-31', TollFreeRule.Limited, TollFreeRule.Blocked],
])('unverified toll-free numbers meet another rule from the first instant of %s', (day, before, after) => {
  const changedMs = plainDateMs(day);
  expect(tollFreeRule({ pricedAtMs: changedMs - 1 })).toBe(before);
  expect(tollFreeRule({ pricedAtMs: changedMs })).toBe(after);
});

test.each([
  ['TOP', 200_000],
  ['UPPER_MID', 40_000],
  ['LOWER_MID', 10_000],
  ['LOW', 2_000],
  ['SOLE_PROPRIETOR', 1_000],
  ['UNCAPPED', Infinity],
])('T-Mobile tier %s sends %d a day', (name, dailyCap) => {
  expect(TMOBILE_TIERS[tmobileTierOf(name)]).toEqual({ name, dailyCap });
});

test('an unknown class or tier has no index', () => {
  expect(attClassOf('H')).toBe(-1);
  expect(attClassOf('a')).toBe(-1);
  expect(tmobileTierOf('MIDDLE')).toBe(-1);
});
