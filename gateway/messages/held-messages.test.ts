import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { HeldMessages, NONE } from './held-messages.ts';

const PLACES = 64;
/** Sequence numbers that do not follow places, as after many rounds of the ring. */
const SEQUENCE = Float64Array.from({ length: PLACES }, (_, at) => 1_000 + ((at * 37) % PLACES));
/** Several of one millisecond, and some that came over from elsewhere, older than their numbers. */
const ACCEPTED_AT_MS = SEQUENCE.map((_, at) => (at * 29) % 13);
const AGES = { sequence: SEQUENCE, acceptedAtMs: ACCEPTED_AT_MS };
/** Neighbours, and keys that differ only far up. */
const KEYS = [0, 1, 2, 2 ** 34, 2 ** 34 + 1, 5 * 2 ** 34 + 9_999_999_999, 40 * 2 ** 34 + 2_125_550_123];

interface Waiting {
  readonly at: number;
  readonly units: number;
}

/** What a line should be: an array in order of age, and a time. */
interface ModelLine {
  messages: Waiting[];
  dueMs: number;
}

const byAge = (one: Waiting, other: Waiting): number =>
  ACCEPTED_AT_MS[one.at]! - ACCEPTED_AT_MS[other.at]! || SEQUENCE[one.at]! - SEQUENCE[other.at]!;

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('join' as const), key: fc.constantFrom(...KEYS), number: fc.nat(99) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('leave' as const), key: fc.constantFrom(...KEYS), number: fc.nat(99) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.constantFrom(...KEYS), number: fc.nat(6) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('postpone' as const), key: fc.constantFrom(...KEYS), number: fc.nat(99) }),
  },
);

describe('lines', () => {
  test.prop([fc.array(step, { maxLength: 300 })])(
    'behave as sorted arrays, of which the one due first is first',
    (steps) => {
      const held = new HeldMessages(AGES, PLACES);
      const model = new Map<number, ModelLine>();
      const free = Array.from({ length: PLACES }, (_, at) => at);
      for (const { do: what, key, number } of steps) {
        const line = model.get(key);
        if (what === 'join') {
          const [at] = free.splice(number % Math.max(1, free.length), 1);
          if (at === undefined) continue;
          const units = 1 + (number % 7);
          held.join(at, key, units, number / 100, number);
          const joined = line ?? { messages: [], dueMs: number };
          joined.messages = [...joined.messages, { at, units }].toSorted(byAge);
          if (joined.messages[0]!.at === at) joined.dueMs = number;
          model.set(key, joined);
          expect(held.drawOf(at)).toBe(number / 100);
        } else if (what === 'remove') {
          const isGone = (at: number): boolean => at % 7 === number;
          held.remove(isGone);
          for (const [of, { messages, dueMs }] of model) {
            const left = messages.filter(({ at }) => !isGone(at));
            free.push(...messages.map(({ at }) => at).filter(isGone));
            if (left.length === 0) model.delete(of);
            else model.set(of, { messages: left, dueMs });
          }
        } else if (line !== undefined && what === 'leave') {
          held.leave(held.find(key), number);
          free.push(line.messages.shift()!.at);
          line.dueMs = number;
          if (line.messages.length === 0) model.delete(key);
        } else if (line !== undefined) {
          held.postpone(held.find(key), number);
          line.dueMs = number;
        }

        for (const one of KEYS) {
          const found = held.find(one);
          const expected = model.get(one);
          if (expected === undefined) {
            expect(found).toBe(NONE);
            continue;
          }
          expect(held.keyOf(found)).toBe(one);
          expect(held.firstOf(found)).toBe(expected.messages[0]!.at);
          const age = { acceptedAtMs: Number.NaN, sequence: Number.NaN };
          held.readAge(expected.messages[0]!.at, age);
          expect(held.isFirstBefore(found, age)).toBe(false);
          expect(held.isFirstBefore(found, { ...age, sequence: age.sequence + 1 })).toBe(true);
          expect(held.isFirstBefore(found, { acceptedAtMs: age.acceptedAtMs - 1, sequence: Infinity })).toBe(false);
          expect(held.firstUnitsOf(found)).toBe(expected.messages[0]!.units);
          expect(held.roomMsOf(found)).toBe(expected.dueMs);
          expect(held.unitsOf(found)).toBe(expected.messages.reduce((sum, { units }) => sum + units, 0));
        }
        const lines = [...model].toSorted(
          ([, one], [, other]) => one.dueMs - other.dueMs || byAge(one.messages[0]!, other.messages[0]!),
        );
        expect(held.count).toBe(PLACES - free.length);
        expect(held.dueLine(Infinity)).toBe(lines.length === 0 ? NONE : held.find(lines[0]![0]));
        if (lines.length > 0) expect(held.dueLine(lines[0]![1].dueMs - 1)).toBe(NONE);
      }
    },
  );

  test('come and go under as many keys as messages may wait, over and over', () => {
    const held = new HeldMessages(AGES, PLACES);
    for (let round = 0; round < 200; round += 1) {
      for (let at = 0; at < PLACES; at += 1) held.join(at, round * 977 + at * 2 ** 34, 1, 0, at);
      for (let at = 0; at < PLACES; at += 1) expect(held.firstOf(held.find(round * 977 + at * 2 ** 34))).toBe(at);
      // Every second one first, so that searches have holes to cross.
      for (const start of [0, 1]) {
        for (let at = start; at < PLACES; at += 2) held.leave(held.find(round * 977 + at * 2 ** 34), 0);
      }
      expect([held.count, held.dueLine(Infinity)]).toEqual([0, NONE]);
    }
  });
});
