import { expect, test } from 'vitest';
import { DECISION_BOUNDS_NS, LatencyHistogram, NamedLatencies, NO_SEQUENCE } from './latency-histogram.ts';

test('a bound belongs to the bucket below it, and what is beyond the last has a bucket too', () => {
  const histogram = new LatencyHistogram([10, 100]);
  for (const ns of [0, 10, 11, 100, 101, 1e12]) histogram.observe(ns);
  expect([...histogram.counts]).toEqual([2, 2, 2]);
  expect(histogram.count).toBe(6);
  expect(histogram.sumNs).toBe(222 + 1e12);
});

test('an observation tells its bucket', () => {
  const histogram = new LatencyHistogram([10, 100]);
  expect([10, 11, 101].map((ns) => histogram.observe(ns))).toEqual([0, 1, 2]);
});

test('no bucket has the name of a message to begin with, nor once they are forgotten', () => {
  const times = new NamedLatencies([10, 100]);
  expect([...times.sequences]).toEqual([NO_SEQUENCE, NO_SEQUENCE, NO_SEQUENCE]);
  times.sequences[1] = 0;
  times.forgetNames();
  expect([...times.sequences]).toEqual([NO_SEQUENCE, NO_SEQUENCE, NO_SEQUENCE]);
});

test('the bounds for decisions ascend', () => {
  expect(DECISION_BOUNDS_NS.toSorted((a, b) => a - b)).toEqual(DECISION_BOUNDS_NS);
});
