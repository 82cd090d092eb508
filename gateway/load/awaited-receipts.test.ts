import { expect, test } from 'vitest';
import { namedStream } from '../router/index.ts';
import { AwaitedReceipts } from './awaited-receipts.ts';
import { Latencies } from './latencies.ts';
import { Tally } from './tally.ts';

function counted(tally: Tally): { awaited: number; came: number; maxMs: number } {
  const { receiptsAwaited: awaited, receiptsCame: came, receiptLatencies } = tally.result();
  const latencies = new Latencies();
  latencies.addEncoded(receiptLatencies);
  return { awaited, came, maxMs: latencies.maxMs };
}

test('a receipt is counted whether it comes before its answer or after, and once', () => {
  const tally = new Tally(0, 1_000, 1);
  const awaited = new AwaitedReceipts(tally, false);
  awaited.await(1, 10);
  awaited.came(1, 30);
  awaited.came(1, 40);
  awaited.came(2, 50);
  awaited.await(2, 20);
  awaited.await(3, 30);
  expect(awaited.count).toBe(1);
  const { maxMs, ...counts } = counted(tally);
  expect(counts).toEqual({ awaited: 3, came: 2 });
  expect(maxMs).toBeCloseTo(30, 1);
});

test('one whose message is not known is told to others, once, and found there', () => {
  const tallies = [new Tally(0, 1_000, 1), new Tally(0, 1_000, 1)] as const;
  const here = new AwaitedReceipts(tallies[0], true);
  const there = new AwaitedReceipts(tallies[1], true);
  there.await(7, 10);
  here.came(7, 20);
  expect(here.takeUntold()).toEqual([7, 20]);
  expect(here.takeUntold()).toEqual([]);
  there.cameElsewhere(7, 20);
  expect(there.takeUntold()).toEqual([]);
  expect(counted(tallies[1])).toMatchObject({ awaited: 1, came: 1 });
});

test('one that nobody waits for is forgotten after a while', () => {
  const tally = new Tally(0, 1_000, 1);
  const awaited = new AwaitedReceipts(tally, false);
  awaited.came(1, 10);
  awaited.came(2, 10);
  awaited.age();
  awaited.await(1, 5);
  awaited.age();
  awaited.await(2, 5);
  expect(counted(tally)).toMatchObject({ awaited: 2, came: 1 });
});

test('of many, in any order, exactly those that came have come', () => {
  const chance = namedStream(3, 'receipts');
  const tally = new Tally(0, 1e9, 1);
  const awaited = new AwaitedReceipts(tally, false);
  const expected = new Set<number>();
  let came = 0;
  for (let step = 0; step < 200_000; step += 1) {
    // Keys that lie close together, as numbers do, and far apart, as hashes do.
    const key =
      chance.next() < 0.5 ? Math.floor(chance.next() * 20_000) : Math.floor(chance.next() * 20_000) * 450_359_962_737;
    if (!expected.has(key)) {
      expected.add(key);
      awaited.await(key, step);
    } else {
      expected.delete(key);
      awaited.came(key, step);
      came += 1;
    }
    if (step % 1_000 === 0) expect(awaited.count).toBe(expected.size);
  }
  expect(awaited.count).toBe(expected.size);
  expect(counted(tally).came).toBe(came);
});
