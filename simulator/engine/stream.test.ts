import { describe, expect, it } from 'vitest';
import { Stream } from './stream.ts';

const drawsOf = (stream: Stream): number[] => Array.from({ length: 20_000 }, () => stream.next());

describe('stream', () => {
  it('is the same for the same seed and name, and another for another', () => {
    const one = drawsOf(new Stream(1, 'replication/0/brand/3/messages'));
    expect(drawsOf(new Stream(1, 'replication/0/brand/3/messages'))).toEqual(one);
    expect(drawsOf(new Stream(2, 'replication/0/brand/3/messages'))).not.toEqual(one);
    expect(drawsOf(new Stream(1, 'replication/1/brand/3/messages'))).not.toEqual(one);
  });

  it('waits once per unit on average, and has the median asked for', () => {
    const stream = new Stream(7, 'waits');
    const waits = Array.from({ length: 20_000 }, () => stream.exponential());
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1, 1);
    const sizes = Array.from({ length: 20_001 }, () => stream.lognormal(30, 0.5)).toSorted((a, b) => a - b);
    expect(sizes[10_000]! / 30).toBeCloseTo(1, 1);
    expect(sizes[16_827]! / 30).toBeCloseTo(Math.exp(0.5), 1);
  });
});
