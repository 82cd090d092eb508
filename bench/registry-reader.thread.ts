/** A thread that looks numbers up, as fast as it can, in an index that another thread writes; says how many a second. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { NumberIndexReader } from '../registry-cache/index.ts';

export interface ReadingThreadData {
  readonly buffer: SharedArrayBuffer;
  readonly keys: Float64Array;
  /** Set to 1 to end the thread. */
  readonly isOver: Int32Array;
}

const CHECK_EVERY = 4_096;

const { buffer, keys, isOver } = workerData as ReadingThreadData;
const port = parentPort!;
const reader = new NumberIndexReader(
  buffer,
  () => receiveMessageOnPort(port)?.message as SharedArrayBuffer | undefined,
);
let lookups = 0;
let sum = 0;
const startMs = performance.now();
while (Atomics.load(isOver, 0) === 0) {
  for (let i = 0; i < CHECK_EVERY; i += 1) sum += reader.get(keys[(lookups + i) % keys.length]!);
  lookups += CHECK_EVERY;
}
port.postMessage({ perSecond: (lookups * 1_000) / (performance.now() - startMs), sum });
