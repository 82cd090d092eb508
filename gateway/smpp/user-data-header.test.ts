import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatenationHeader, HEADER_LIES, readUserDataHeader, type UserDataHeader } from './user-data-header.ts';

function read(...octets: number[]): UserDataHeader {
  const header = { length: 0, total: 0, part: 0, reference: 0 };
  readUserDataHeader(Uint8Array.from(octets), 0, octets.length, header);
  return header;
}

describe('the header of a part', () => {
  it('says which part of which text it is, with a reference of one octet or two', () => {
    expect(read(...concatenationHeader(0x42, 3, 2), 0x61)).toEqual({ length: 6, total: 3, part: 2, reference: 0x42 });
    expect(read(6, 8, 4, 1, 2, 9, 9)).toEqual({ length: 7, total: 9, part: 9, reference: 0x102 });
  });

  it('may hold other elements, before and behind', () => {
    expect(read(9, 0x24, 1, 1, 0, 3, 5, 2, 1, 0x30)).toMatchObject({ length: HEADER_LIES });
    expect(read(8, 0x24, 1, 1, 0, 3, 5, 2, 1)).toMatchObject({ length: 9, total: 2, part: 1 });
    expect(read(4, 5, 2, 0x0b, 0x84)).toMatchObject({ length: 5, total: 0 });
  });

  it.each([
    ['longer than the message', [5, 0, 3, 1, 2]],
    ['an element longer than the header', [5, 0, 9, 1, 2, 1]],
    ['half an element', [1, 0]],
    ['nothing', []],
  ])('lies: %s', (_, octets) => {
    expect(read(...octets).length).toBe(HEADER_LIES);
  });

  it.each([
    ['part 0', [5, 0, 3, 1, 2, 0]],
    ['of 0', [5, 0, 3, 1, 0, 1]],
    ['3 of 2', [5, 0, 3, 1, 2, 3]],
    ['an element of a wrong length', [4, 0, 2, 1, 2]],
  ])('that says %s is of no part', (_, octets) => {
    expect(read(...octets)).toMatchObject({ length: octets.length, total: 0 });
  });

  it('never reads behind the message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const { length } = read(...octets);
        expect(length).toBeLessThanOrEqual(octets.length);
      }),
    );
  });
});
