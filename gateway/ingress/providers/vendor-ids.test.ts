import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { messageId } from '../../messages/index.ts';
import { digitsOf, longDigitsOf, messageIdOf, messageIdOfLong, messageIdOfUuid, uuidOf } from './vendor-ids.ts';

const ids = fc
  .tuple(fc.stringMatching(/^[0-9A-Z]{1,12}$/), fc.integer({ min: 0, max: 2 ** 36 - 1 }))
  .map(([run, sequence]) => messageId(run, sequence));

test.prop([ids])('an id of ours comes back from each form', (id) => {
  expect(digitsOf(id)).toMatch(/^[0-9a-f]{30}$/);
  expect(messageIdOf(digitsOf(id))).toBe(id);
  expect(longDigitsOf(id)).toMatch(/^[0-9a-f]{32}$/);
  expect(messageIdOfLong(longDigitsOf(id))).toBe(id);
  expect(uuidOf(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(messageIdOfUuid(uuidOf(id))).toBe(id);
});

test.prop([fc.stringMatching(/^[0-9a-f]{30}$/)])(
  'digits that somebody made up are of no message, but for one in thousands',
  (digits) => {
    const id = messageIdOf(digits);
    if (id !== undefined) expect(digitsOf(id)).toBe(digits);
  },
);

test('ids of messages that follow each other look nothing alike', () => {
  const digits = Array.from({ length: 100 }, (_, sequence) => digitsOf(messageId('S9MMO1', sequence)));
  expect(new Set(digits).size).toBe(100);
  expect(new Set(digits.map((one) => one.slice(-6))).size).toBeGreaterThan(95);
});

test('what is no id of ours has no form', () => {
  expect(() => digitsOf('M1.2')).toThrow(RangeError);
  for (const bad of ['', 'x'.repeat(30), '0'.repeat(30), 'ab']) expect(messageIdOf(bad)).toBeUndefined();
  expect(messageIdOfUuid('nonsense')).toBeUndefined();
});
