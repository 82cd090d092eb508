import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ReviewDesk } from './review-desk.ts';

describe('review desk', () => {
  it('takes cases one after another, with as many people as there are', () => {
    const one = new ReviewDesk(1);
    expect([one.submit(0, 10), one.submit(1, 10), one.submit(40, 10)]).toEqual([10, 20, 50]);
    const two = new ReviewDesk(2);
    expect([two.submit(0, 10), two.submit(1, 10), two.submit(2, 10)]).toEqual([10, 11, 20]);
  });

  test.prop([
    fc.array(fc.record({ gap: fc.nat(20), work: fc.integer({ min: 1, max: 30 }) })),
    fc.integer({ min: 1, max: 4 }),
  ])('never has more cases under way than people, and lets none of them sit while somebody waits', (cases, staff) => {
    const desk = new ReviewDesk(staff);
    let atMs = 0;
    const done = cases.map(({ gap, work }) => {
      atMs += gap;
      const endMs = desk.submit(atMs, work);
      return { cameMs: atMs, startMs: endMs - work, endMs };
    });
    for (const { startMs, cameMs } of done) {
      const underWay = done.filter((other) => other.startMs <= startMs && startMs < other.endMs);
      expect(underWay.length).toBeLessThanOrEqual(staff);
      if (startMs === cameMs) continue;
      const before = done.filter((other) => other.startMs < startMs && other.endMs >= startMs);
      expect(before.length).toBeGreaterThanOrEqual(staff);
    }
  });
});
