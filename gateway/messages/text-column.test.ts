import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { TextColumn } from './text-column.ts';

const PLACES = 4;

describe('texts by place', () => {
  it.each([
    ['an empty one', ''],
    ['one of a segment', 'a'.repeat(160)],
    ['one longer than a segment', 'a'.repeat(161)],
    ['letters of the GSM alphabet', 'Grüße @ £5 é € Δ Ω {x}'],
    ['one that takes the slot to its last byte', `${'a'.repeat(157)}€`],
    ['one that takes a byte more', `${'a'.repeat(158)}€`],
    ['one that takes all there is', `${'a'.repeat(156)}☀☀aa`],
    ['another alphabet at the end', `${'x'.repeat(100)}я`],
    ['pictures', '☀️ 👩‍👩‍👧'],
    ['a NUL', 'a\0b'],
  ])('%s reads as it was written, beside others', (_, text) => {
    const column = new TextColumn(PLACES);
    column.set(0, 'before');
    column.set(2, 'behind');
    column.set(1, text);
    expect([column.get(0), column.get(1), column.get(2), column.get(3)]).toEqual(['before', text, 'behind', '']);
  });

  const someText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ maxLength: 170 }),
    fc.constant(''),
  );

  test.prop([fc.array(fc.tuple(fc.nat(PLACES - 1), someText), { maxLength: 40 })])(
    'whatever was there before, the last one set is read, also from a capture',
    (writes) => {
      const column = new TextColumn(PLACES);
      const expected = Array.from({ length: PLACES }, () => '');
      for (const [at, text] of writes) {
        column.set(at, text);
        expected[at] = text;
      }
      const held = (of: TextColumn): string[] => expected.map((_text, at) => of.get(at));
      expect(held(column)).toEqual(expected);
      const other = new TextColumn(PLACES);
      other.set(0, 'я');
      other.set(PLACES - 1, 'я');
      other.restore(structuredClone(column.capture(PLACES - 1)));
      expect(held(other)).toEqual([...expected.slice(0, -1), '']);
    },
  );
});
