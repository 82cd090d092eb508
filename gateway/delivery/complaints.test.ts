import { describe, expect, test } from 'vitest';
import { CARRIERS } from '../../registry-cache/index.ts';
import { COMPLAINED_NUMBERS_MAX, COMPLAINTS_PENDING_MAX, NUMBER_BLOCKS_MAX } from '../limits.ts';
import { Complaints } from './complaints.ts';
import { NumberBlocks } from './number-blocks.ts';

const START_MS = Date.UTC(2024, 2, 1);
const HOUR_MS = 3_600_000;
const NUMBER = 2_125_550_100;
const RULE = { complaintsToBlock: 3, complaintWindowMs: 10 * HOUR_MS };

function desk() {
  const blocks = new NumberBlocks();
  const heard: number[] = [];
  const rules = CARRIERS.map(() => RULE);
  const complaints = new Complaints({
    rules,
    blocks,
    startMs: START_MS,
    onComplaint: (carrier) => heard.push(carrier),
  });
  return { blocks, heard, complaints };
}
const isBlocked = (blocks: NumberBlocks, number: number, carrier: number): boolean =>
  blocks.has(Float64Array.of(number), 0, carrier);

describe('a number', () => {
  test('is blocked at a carrier when complaints there are too many in the time it looks at', () => {
    const { blocks, complaints, heard } = desk();
    for (const hour of [1, 5, 8]) complaints.expect(NUMBER, 2, START_MS + hour * HOUR_MS);
    complaints.expect(NUMBER, 1, START_MS + HOUR_MS);
    complaints.advance(START_MS + 8 * HOUR_MS - 1_000);
    expect([heard.length, blocks.count]).toEqual([3, 0]);
    complaints.advance(START_MS + 8 * HOUR_MS);
    expect([...blocks.list()]).toEqual([
      { carrier: 2, number: NUMBER, sinceMs: START_MS + 8 * HOUR_MS, complaints: 3 },
    ]);
    expect([isBlocked(blocks, NUMBER, 2), isBlocked(blocks, NUMBER, 1), isBlocked(blocks, NUMBER + 1, 2)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('is not blocked by as many over a longer time', () => {
    const { blocks, complaints } = desk();
    for (const hour of [1, 5, 12, 18, 24]) complaints.expect(NUMBER, 0, START_MS + hour * HOUR_MS);
    complaints.advance(START_MS + 100 * HOUR_MS);
    expect(blocks.count).toBe(0);
  });

  test('that was cleared needs as many complaints again', () => {
    const { blocks, complaints } = desk();
    for (const hour of [1, 2, 3]) complaints.expect(NUMBER, 0, START_MS + hour * HOUR_MS);
    complaints.advance(START_MS + 4 * HOUR_MS);
    expect([blocks.clear(NUMBER, 1), blocks.clear(NUMBER), blocks.clear(NUMBER)]).toEqual([0, 1, 0]);
    expect(isBlocked(blocks, NUMBER, 0)).toBe(false);
    complaints.expect(NUMBER, 0, START_MS + 5 * HOUR_MS);
    complaints.expect(NUMBER, 0, START_MS + 5 * HOUR_MS);
    complaints.advance(START_MS + 6 * HOUR_MS);
    expect(blocks.count).toBe(0);
    complaints.expect(NUMBER, 0, START_MS + 7 * HOUR_MS);
    complaints.advance(START_MS + 7 * HOUR_MS);
    expect(blocks.count).toBe(1);
  });
});

describe('what is kept', () => {
  test('is bounded: complaints on their way, numbers with complaints, blocks', () => {
    const { blocks, complaints } = desk();
    for (let count = 0; count < COMPLAINTS_PENDING_MAX; count += 1) {
      expect(complaints.expect(NUMBER + count, 0, START_MS + 1_000)).toBe(true);
    }
    expect(complaints.expect(NUMBER, 0, START_MS + 1_000)).toBe(false);
    complaints.advance(START_MS + 2_000);
    for (let count = 0; count < 10; count += 1) complaints.expect(1e9 + count, 0, START_MS + 3_000);
    complaints.advance(START_MS + 4_000);
    expect(complaints.capture().received.size).toBe(COMPLAINED_NUMBERS_MAX);

    for (let count = 0; count <= NUMBER_BLOCKS_MAX; count += 1) {
      blocks.add({ carrier: 0, number: NUMBER + count, sinceMs: START_MS, complaints: 3 });
    }
    expect([blocks.count, blocks.countAt(0)]).toEqual([NUMBER_BLOCKS_MAX, NUMBER_BLOCKS_MAX]);
    expect([isBlocked(blocks, NUMBER, 0), isBlocked(blocks, NUMBER + 1, 0)]).toEqual([false, true]);
  });

  test('can be taken up by another', () => {
    const one = desk();
    for (const hour of [1, 2, 30]) one.complaints.expect(NUMBER, 0, START_MS + hour * HOUR_MS);
    for (const hour of [1, 2, 3]) one.complaints.expect(NUMBER + 1, 0, START_MS + hour * HOUR_MS);
    one.complaints.advance(START_MS + 4 * HOUR_MS);
    const other = desk();
    other.complaints.expect(NUMBER, 4, START_MS + HOUR_MS);
    other.complaints.restore(structuredClone(one.complaints.capture()));
    other.blocks.restore(structuredClone([...one.blocks.list()]));
    for (const { complaints } of [one, other]) {
      complaints.expect(NUMBER, 0, START_MS + 6 * HOUR_MS);
      complaints.advance(START_MS + 40 * HOUR_MS);
    }
    expect([...other.blocks.list()]).toEqual([...one.blocks.list()]);
    expect(other.blocks.count).toBe(2);
    expect(other.heard).toEqual([0, 0]);
  });
});
