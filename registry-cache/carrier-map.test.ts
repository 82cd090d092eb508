import { test as propertyTest, fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  CarrierMap,
  carrierOf,
  isAssigned,
  isPorted,
  LINE_TYPES,
  LineType,
  lineTypeOf,
  type BlockGroup,
} from './carrier-map.ts';
import { CARRIERS, NO_CARRIER } from './carriers.ts';
import { loadCarrierMap } from './load-carrier-map.ts';
import { formatNumber, parseNumberKey } from './number-key.ts';

const HEADING = 'npanxx,state,blocks,place\n';
const VERIZON = 1;
const TMOBILE = 2;
const OTHER = 4;

describe('a block list', () => {
  const map = CarrierMap.parse(
    `${HEADING}212200,NY,AVTUOPCKWX,"New York, NY"\n670200,USVI,avtuopckw-,""\n212211,NY,AAAAAAAAAA,""\n606111,KY,AAAAAAAAAA,""\n`,
  );

  test.each([
    ['A', 0, 0, LineType.Mobile],
    ['V', 1, 1, LineType.Mobile],
    ['T', 2, 2, LineType.Mobile],
    ['U', 3, 3, LineType.Mobile],
    ['O', 4, OTHER, LineType.Mobile],
    ['P', 5, OTHER, LineType.Unknown],
    ['C', 6, OTHER, LineType.Unknown],
    ['K', 7, NO_CARRIER, LineType.Landline],
    ['W', 8, NO_CARRIER, LineType.Landline],
  ])('letter %s in either case decides carrier and line type', (_letter, block, carrier, lineType) => {
    for (const first of [2_122_000_000, 6_702_000_000]) {
      const line = map.lookup(first + block * 1000 + 999);
      expect([carrierOf(line), lineTypeOf(line), isAssigned(line), isPorted(line)]).toEqual([
        carrier,
        lineType,
        true,
        false,
      ]);
    }
  });

  test('an unknown holder is another carrier; a dash and a missing exchange are assigned to nobody', () => {
    expect(carrierOf(map.lookup(2_122_009_000))).toBe(OTHER);
    for (const key of [6_702_009_000, 6_702_019_000, 9_899_999_999]) {
      const line = map.lookup(key);
      expect([carrierOf(line), lineTypeOf(line), isAssigned(line)]).toEqual([NO_CARRIER, LineType.Unknown, false]);
    }
  });

  test('exchanges no number can have are left out, and numbers in them belong to nobody', () => {
    expect(isAssigned(map.lookup(2_122_110_000))).toBe(false);
    expect(isAssigned(map.lookup(6_061_110_000))).toBe(false);
    expect([...map.blocksOf('att')]).toEqual([2_122_000, 6_702_000]);
  });

  test('a group has the blocks of its letters and no others', () => {
    const groups: readonly BlockGroup[] = ['verizon', 'tmobile', 'uscellular', 'other', 'landline', 'cpaas'];
    expect(groups.map((group) => [...map.blocksOf(group)])).toEqual([
      [2_122_001, 6_702_001],
      [2_122_002, 6_702_002],
      [2_122_003, 6_702_003],
      [2_122_004, 6_702_004],
      [2_122_007, 2_122_008, 6_702_007, 6_702_008],
      [2_122_006, 6_702_006],
    ]);
  });

  test('a key out of range is a RangeError', () => {
    for (const key of [-1, 1_999_999_999, 10_000_000_000, Number.NaN])
      expect(() => map.lookup(key)).toThrow(RangeError);
  });

  test.each([
    ['another heading', 'npa,nxx\n', /line 1/],
    ['a short line', `${HEADING}212200,NY,AAAA\n`, /line 2/],
    ['letters in the exchange', `${HEADING}212x00,NY,AAAAAAAAAA,\n`, /line 2/],
    ['an unknown letter', `${HEADING}212200,NY,AAAAAAAAAA,\n212201,NY,AAAAZAAAAA,\n`, /line 3 .*"Z"/],
    ['a letter beyond ASCII', `${HEADING}212200,NY,AAAAéAAAAA,\n`, /line 2/],
  ])('%s is refused with its line', (_what, text, message) => {
    expect(() => CarrierMap.parse(text)).toThrow(message);
  });
});

describe('ported numbers', () => {
  test('an override wins for its number alone, as a mobile line, and can be taken back', () => {
    const map = CarrierMap.parse(`${HEADING}212200,NY,WWWWWWWWWW,\n`);
    const key = 2_122_000_001;
    map.setPorted(key, TMOBILE);
    const line = map.lookup(key);
    expect([carrierOf(line), lineTypeOf(line), isAssigned(line), isPorted(line)]).toEqual([
      TMOBILE,
      LineType.Mobile,
      true,
      true,
    ]);
    expect(carrierOf(map.lookup(key + 1))).toBe(NO_CARRIER);
    map.setPorted(key, VERIZON);
    expect(carrierOf(map.lookup(key))).toBe(VERIZON);
    expect(map.clearPorted(key)).toBe(true);
    expect(map.clearPorted(key)).toBe(false);
    expect(lineTypeOf(map.lookup(key))).toBe(LineType.Landline);
  });

  test('a number in a block of nobody counts as assigned once ported', () => {
    const map = CarrierMap.parse(HEADING);
    map.setPorted(9_142_000_000, 0);
    expect(isAssigned(map.lookup(9_142_000_000))).toBe(true);
  });

  test('an index that is no carrier is a RangeError', () => {
    const map = CarrierMap.parse(HEADING);
    for (const carrier of [-1, NO_CARRIER, 1.5])
      expect(() => map.setPorted(2_122_000_000, carrier)).toThrow(RangeError);
  });
});

describe('the map that ships with the package', () => {
  const map = loadCarrierMap();
  const blocks = {
    att: map.blocksOf('att'),
    verizon: map.blocksOf('verizon'),
    tmobile: map.blocksOf('tmobile'),
    uscellular: map.blocksOf('uscellular'),
    other: map.blocksOf('other'),
    landline: map.blocksOf('landline'),
    cpaas: map.blocksOf('cpaas'),
  };

  test('has blocks of every group; those of the big carriers by the hundred thousand', () => {
    expect(Math.min(...Object.values(blocks).map((found) => found.length))).toBeGreaterThan(5_000);
    expect(Math.min(blocks.att.length, blocks.verizon.length, blocks.tmobile.length)).toBeGreaterThan(100_000);
  });

  propertyTest.prop([fc.constantFrom(...Object.keys(blocks)), fc.nat(), fc.nat({ max: 999 })])(
    'every number of a listed block can be dialled and is found under its group',
    (group, at, line) => {
      const found = blocks[group as BlockGroup];
      const key = found[at % found.length]! * 1000 + line;
      expect(parseNumberKey(formatNumber(key))).toBe(key);
      const answer = map.lookup(key);
      expect(isAssigned(answer)).toBe(true);
      if (group === 'landline') expect(LINE_TYPES[lineTypeOf(answer)]).toBe('landline');
      else expect(CARRIERS[carrierOf(answer)]!.id).toBe(group === 'cpaas' ? 'other' : group);
    },
  );
});
