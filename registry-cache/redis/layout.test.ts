import { describe, expect, test } from 'vitest';
import { USE_CASES } from '../campaign-table.ts';
import {
  campaignAt,
  forEachChange,
  keyAt,
  packCampaign,
  packKeys,
  packTerms,
  rowAt,
  shardOf,
  splitFrom,
  unpackCampaign,
  unpackTerms,
} from './layout.ts';
import { campaign } from './redis-under-test.ts';

describe('bytes', () => {
  test('of the worked example', () => {
    const entry = Buffer.from('007eb1522b0000070001', 'hex');
    expect([keyAt(entry, 0), campaignAt(entry, 0), rowAt(entry, 0)]).toEqual([2_125_550_123, 7, 1]);
    expect(packKeys([2_125_550_123])).toEqual(entry.subarray(0, 5));
    expect(shardOf(2_125_550_123, 4)).toBe(3);
  });

  test('of a feed entry are walked in order, with all that fits them', () => {
    const entry = Buffer.from(
      '007eb1522b0000070001000000000000' + '02540be3ff3fffffffff018bcfe56800' + '0077359400ffffff0000000000000000',
      'hex',
    );
    const seen: number[][] = [];
    forEachChange(entry, (...change) => seen.push(change));
    expect(seen).toEqual([
      [2_125_550_123, 7, 0],
      [9_999_999_999, 0x3fffff, 1_700_000_000_000],
      [2_000_000_000, -1, 0],
    ]);
  });

  test('of campaigns and terms come back as what they were', () => {
    const records = [
      campaign('CONE001'),
      { ...campaign('CTWO002'), dca: undefined, numberLimit: Infinity, expiresAtMs: 1_700_000_000_000 },
    ];
    for (const record of records) {
      expect(unpackCampaign(record.id, `4194303 ${packCampaign(record)}`)).toEqual({ handle: 4_194_303, record });
    }
    const terms = { campaign: 'CONE001', brand: 'BONE001', attClass: 255, tmobileTier: 0, useCase: USE_CASES[3] };
    expect(unpackTerms('CONE001', packTerms(terms))).toEqual(terms);
  });
});

describe('buckets', () => {
  test('come from the ones the drawing says', () => {
    expect([1, 2, 3, 4, 5, 7, 8, 10].map(splitFrom)).toEqual([0, 0, 1, 0, 1, 3, 0, 2]);
  });

  test('and shards get their fair share of numbers that lie in blocks and at strides', () => {
    const count = 20_000;
    const sets: Record<string, (n: number) => number> = {
      'one after another': (n) => 2_125_550_000 + n,
      'fifty to a block': (n) => 2_010_000_000 + Math.floor(n / 50) * 70_000 + (n % 50),
      'every tenth': (n) => 2_000_000_000 + n * 10,
      'every thousandth': (n) => 2_000_000_000 + n * 1_000,
      'every 32,768th': (n) => 2_000_000_000 + n * 32_768,
      'every 65,536th': (n) => 2_000_000_000 + n * 65_536,
    };
    for (const [name, keyOf] of Object.entries(sets)) {
      for (const shards of [1, 3, 4, 16]) {
        const counts = Array.from({ length: shards }, () => 0);
        for (let n = 0; n < count; n++) counts[shardOf(keyOf(n), shards)]!++;
        expect(Math.max(...counts) * shards, `${name} in ${shards}`).toBeLessThan(count * 1.1);
      }
    }
  });
});
