import { expect, test } from 'vitest';
import { SenderHistory } from './sender-history.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2024, 2, 1);
const senders = Float64Array.of(2_125_550_100, 9_895_559_999, 2_125_550_101);

test('a number is known from its first message at a carrier on, and at that carrier alone', () => {
  const history = new SenderHistory(64);
  history.note(senders, 0, 1, START_MS);
  expect([history.recentCount, history.ageMs]).toEqual([1, 0]);
  history.note(senders, 1, 1, START_MS + 5_000);
  expect([history.recentCount, history.ageMs]).toEqual([1, 0]);
  history.note(senders, 0, 1, START_MS + 60_000);
  expect([history.recentCount, history.ageMs]).toEqual([2, 60_000]);
  history.note(senders, 0, 2, START_MS + 60_000);
  expect([history.recentCount, history.ageMs]).toEqual([1, 0]);
});

test('what it sent counts for an hour, and less and less', () => {
  const history = new SenderHistory(64);
  for (let count = 0; count < 100; count += 1) history.note(senders, 0, 0, START_MS + count);
  const after = (ms: number): number => {
    history.note(senders, 0, 0, START_MS + ms);
    return history.recentCount;
  };
  expect(after(HOUR_MS - 1)).toBe(101);
  expect(after(HOUR_MS + HOUR_MS / 2)).toBeCloseTo(1 + 101 / 2, 3);
  expect(after(2 * HOUR_MS + HOUR_MS / 2)).toBeCloseTo(1 + 1 / 2, 3);
  expect(after(9 * HOUR_MS)).toBe(1);
});

test('a full table forgets the number that has been idle longest, and no more than it must', () => {
  const history = new SenderHistory(8);
  const many = Float64Array.from({ length: 9 }, (_, index) => 2_125_550_100 + index);
  for (let at = 0; at < 8; at += 1) history.note(many, at, 0, START_MS + at * HOUR_MS);
  history.note(many, 0, 0, START_MS + 8 * HOUR_MS);
  history.note(many, 8, 0, START_MS + 9 * HOUR_MS);
  const agesMs = [0, 2, 3, 4, 5, 6, 7, 8].map((at) => {
    history.note(many, at, 0, START_MS + 10 * HOUR_MS);
    return history.ageMs / HOUR_MS;
  });
  expect(agesMs).toEqual([10, 8, 7, 6, 5, 4, 3, 1]);
});

test('another takes it up where it was written down', () => {
  const [one, other] = [new SenderHistory(64), new SenderHistory(64)];
  one.note(senders, 0, 3, START_MS);
  other.note(senders, 1, 1, START_MS);
  other.restore(structuredClone(one.capture()));
  for (const at of [0, 1, 2]) {
    one.note(senders, at, 3, START_MS + 7_000);
    other.note(senders, at, 3, START_MS + 7_000);
    expect([other.recentCount, other.ageMs]).toEqual([one.recentCount, one.ageMs]);
  }
});

test('room for a number that is no power of two is refused', () => {
  expect(() => new SenderHistory(100)).toThrow('a power of two from 8 on, got 100');
});
