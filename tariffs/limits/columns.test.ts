import { describe, expect, it } from 'vitest';
import { grown, refilled, usedPart } from './columns.ts';

describe('a column', () => {
  it('grows with what was in it, and the fill behind', () => {
    const grownColumn = grown(Int32Array.of(1, 2), 4, -7);
    expect(grownColumn).toEqual(Int32Array.of(1, 2, -7, -7));
    expect(grown(Uint8Array.of(9), 2)).toEqual(Uint8Array.of(9, 0));
  });

  it('is used up to the last cell that does not hold the fill, and not copied', () => {
    const column = Float64Array.of(0, 3, 0, 0);
    const used = usedPart(column);
    expect(used).toEqual(Float64Array.of(0, 3));
    expect(used.buffer).toBe(column.buffer);
    expect(usedPart(Int32Array.of(-7, 0, -7), -7)).toEqual(Int32Array.of(-7, 0));
    expect(usedPart(new Uint8Array(3)).length).toBe(0);
  });

  it.each([
    ['no longer than it', Float64Array.of(1, 2)],
    ['longer than it', Float64Array.of(1, 2, 3, 4)],
  ])('is refilled with a copy of cells, %s', (_what, cells) => {
    const column = Float64Array.of(8, 8, 8);
    const found = refilled(column, cells, 5);
    expect(found).toEqual(cells.length > 3 ? cells : Float64Array.of(1, 2, 5));
    expect(found === column).toBe(cells.length <= 3);
    expect(found.buffer).not.toBe(cells.buffer);
  });
});
