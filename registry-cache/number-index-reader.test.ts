import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SnapshotRefused } from './index-buffer.ts';
import { INDEX_MOVED, NumberIndexReader } from './number-index-reader.ts';
import { KEY_MIN, NumberIndex } from './number-index.ts';
import type { ReadingReport, ReadingTask } from './reading-thread-under-test.ts';

describe('a reader', () => {
  test('sees what the writer does, and refuses what is no key', () => {
    const index = NumberIndex.withCapacity(0, { shared: true });
    const reader = new NumberIndexReader(index.buffer, () => undefined);
    expect(reader.get(KEY_MIN)).toBe(-1);
    index.set(KEY_MIN, 9);
    expect(reader.get(KEY_MIN)).toBe(9);
    index.delete(KEY_MIN);
    expect(reader.get(KEY_MIN)).toBe(-1);
    expect(() => reader.get(1)).toThrow(RangeError);
  });

  test.each<[string, (index: NumberIndex) => void]>([
    ['grown', (index) => index.reserve(index.capacity + 1)],
    ['adopted another', (index) => index.adopt(NumberIndex.withCapacity(0, { shared: true }))],
  ])('gives no answer from before the index has %s, and follows when it can', (_what, move) => {
    const index = NumberIndex.withCapacity(0, { shared: true });
    const arrived: ArrayBufferLike[] = [];
    const reader = new NumberIndexReader(index.buffer, () => arrived.pop());
    index.set(KEY_MIN, 9);
    move(index);
    index.set(KEY_MIN, 8);
    expect(reader.get(KEY_MIN)).toBe(INDEX_MOVED);
    arrived.push(index.buffer);
    expect(reader.get(KEY_MIN)).toBe(8);
  });

  test('refuses a buffer without an index', () => {
    expect(() => new NumberIndexReader(new SharedArrayBuffer(4096), () => undefined)).toThrow(SnapshotRefused);
  });
});

describe('a reader in another thread', () => {
  const STABLE = 50_000;
  const COMING = 1_200_000;
  const WRITES = 1_500_000;
  /** Of the writes, how many it takes until the index is replaced by a small one and grows again. */
  const WRITES_PER_WORLD = 500_000;

  test('is never wrong while the index is full, churns, grows and is replaced', async () => {
    // A prime step scatters the numbers and keeps the three kinds apart.
    const stable = Float64Array.from({ length: STABLE }, (_, at) => KEY_MIN + at * 3001);
    const coming = Float64Array.from({ length: COMING }, (_, at) => KEY_MIN + at * 3001 + 1);
    const absent = Float64Array.from({ length: 10_000 }, (_, at) => KEY_MIN + at * 3001 + 2);
    function newWorld(): NumberIndex {
      const world = NumberIndex.withCapacity(0, { shared: true });
      stable.forEach((key, at) => world.set(key, at));
      return world;
    }
    const index = newWorld();
    const { port1, port2 } = new MessageChannel();
    let moves = 0;
    index.onMove = (buffer) => {
      moves++;
      port1.postMessage(buffer);
    };
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ReadingTask = { buffer: index.buffer, moves: port2, stop, stable, coming, absent };
    const program = new URL('./reading-thread-under-test.ts', import.meta.url).href;
    // Node alone does not read TypeScript, and a thread does not inherit what makes this one do so.
    const thread = new Worker(`import('tsx/esm/api').then(({ tsImport }) => tsImport('${program}', '${program}'))`, {
      eval: true,
      workerData,
      transferList: [port2],
    });
    onTestFinished(async () => {
      port1.close();
      await thread.terminate();
    });
    await once(thread, 'message');

    let chance = 5;
    for (let write = 0; write < WRITES; write++) {
      chance = (Math.imul(chance, 1664525) + 1013904223) >>> 0;
      const at = Math.floor((chance / 2 ** 32) * COMING);
      if (index.get(coming[at]!) < 0) index.set(coming[at]!, at);
      else if (write % 8 === 0) index.delete(coming[at]!);
      else index.set(coming[at]!, at + (write & 1));
      if (write % WRITES_PER_WORLD === WRITES_PER_WORLD - 1) index.adopt(newWorld());
    }
    Atomics.store(stop, 0, 1);
    const [report] = (await once(thread, 'message')) as [ReadingReport];

    expect(report.wrong).toEqual([]);
    expect(report.lookups).toBeGreaterThan(10_000);
    expect(moves).toBeGreaterThan(4);
    expect(report.buffers).toBe(1 + moves);
  });
});
