import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { spread, wrap } from './labels.ts';

describe('text', () => {
  test('breaks between words and ends in an ellipsis where lines run out', () => {
    expect(wrap('Block unregistered + Closed loop', 20, 2)).toEqual(['Block unregistered +', 'Closed loop']);
    expect(wrap('Block unregistered + Closed loop + Bypass closed', 20, 2)).toEqual([
      'Block unregistered +',
      'Closed loop + Bypas…',
    ]);
    expect(wrap('Unpronounceablewordwithoutend', 12, 2)).toEqual(['Unpronounce…']);
    expect(wrap('  ', 12, 2)).toEqual([]);
  });

  property.prop([fc.string(), fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 4 })])(
    'never has more lines, or longer ones, than there is room for',
    (text, width, lines) => {
      const wrapped = wrap(text, width, lines);
      expect(wrapped.length).toBeLessThanOrEqual(lines);
      for (const line of wrapped) expect(line.length).toBeLessThanOrEqual(width);
    },
  );
});

describe('labels', () => {
  const label = fc.record({
    at: fc.double({ min: -50, max: 450, noNaN: true }),
    height: fc.double({ min: 1, max: 40, noNaN: true }),
  });

  test('stay where they would best be when there is room', () => {
    const wanted = [50, 100, 200].map((at) => ({ at, height: 20 }));
    expect(spread(wanted, 0, 400)).toEqual([50, 100, 200]);
  });

  property.prop([fc.array(label, { maxLength: 12 })])(
    'keep out of each other’s way and inside if they fit',
    (labels) => {
      const wanted = labels.toSorted((a, b) => a.at - b.at);
      const middles = spread(wanted, 0, 400);
      const ends = middles.map((middle, place) => ({
        top: middle - wanted[place]!.height / 2,
        bottom: middle + wanted[place]!.height / 2,
      }));
      const slack = 1e-6;
      for (const [place, { top }] of ends.entries()) {
        expect(top).toBeGreaterThanOrEqual((ends[place - 1]?.bottom ?? 0) - slack);
      }
      const room = wanted.reduce((sum, { height }) => sum + height, 0);
      if (room <= 400) for (const { bottom } of ends) expect(bottom).toBeLessThanOrEqual(400 + slack);
    },
  );
});
