import { describe, expect, it } from 'vitest';
import { namedStream } from './named-stream.ts';

const draw = (seed: number, name: string): number[] => {
  const stream = namedStream(seed, name);
  return Array.from({ length: 8 }, () => stream.next());
};

describe('a named stream', () => {
  it('is the same for the same seed and name, and another for any other', () => {
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(2 ** 32 + 1, 'a')).not.toEqual(draw(1, 'a'));
  });

  it('does not move when another stream draws', () => {
    const alone = namedStream(1, 'a');
    const other = namedStream(1, 'b');
    const drawn = Array.from({ length: 8 }, () => {
      other.next();
      return alone.next();
    });
    expect(drawn).toEqual(draw(1, 'a'));
  });

  it('stays from 0 inclusive to 1 exclusive and about evenly spread', () => {
    const stream = namedStream(7, 'spread');
    const tenths = new Array<number>(10).fill(0);
    for (let count = 0; count < 100_000; count += 1) {
      const value = stream.next();
      expect(value >= 0 && value < 1).toBe(true);
      tenths[Math.floor(value * 10)]! += 1;
    }
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('refuses a seed that a double cannot hold exactly', () => {
    expect(() => namedStream(0.5, 'a')).toThrow(RangeError);
    expect(() => namedStream(2 ** 53, 'a')).toThrow(RangeError);
  });
});
