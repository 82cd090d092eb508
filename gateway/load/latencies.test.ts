import { expect, test } from 'vitest';
import { namedStream } from '../router/index.ts';
import { Latencies } from './latencies.ts';

test('what threads have counted apart adds up to what one would have counted', () => {
  const chance = namedStream(1, 'latencies');
  const all = new Latencies();
  const parts = [new Latencies(), new Latencies(), new Latencies()];
  for (let count = 0; count < 5_000; count += 1) {
    const ms = Math.exp(chance.next() * 12 - 4);
    all.add(ms);
    parts[count % 3]?.add(ms);
  }
  const sum = new Latencies();
  for (const part of parts) sum.addEncoded(part.encoded());
  expect(sum.report()).toEqual(all.report());
  expect(sum.count).toBe(5_000);
});

test('percentiles are right to three digits, and the longest is whole', () => {
  const latencies = new Latencies();
  for (let ms = 1; ms <= 10_000; ms += 1) latencies.add(ms);
  const { p50Ms, p99Ms, p9999Ms, maxMs, meanMs } = latencies.report();
  expect(Math.abs(p50Ms / 5_000 - 1)).toBeLessThan(0.001);
  expect(Math.abs(p99Ms / 9_900 - 1)).toBeLessThan(0.001);
  expect(Math.abs(p9999Ms / 9_999 - 1)).toBeLessThan(0.001);
  expect(Math.abs(maxMs / 10_000 - 1)).toBeLessThan(0.001);
  expect(Math.abs(meanMs / 5_000.5 - 1)).toBeLessThan(0.001);
});

test('nothing counted is nothing, also after it was sent to another thread', () => {
  const sum = new Latencies();
  sum.addEncoded(new Latencies().encoded());
  expect(sum.report()).toMatchObject({ count: 0, meanMs: 0, p99Ms: 0, maxMs: 0 });
});
