/** A thread that looks numbers up in an index until it is told to stop, and then says what it saw. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { INDEX_MOVED, NumberIndexReader } from './number-index-reader.ts';

export interface ReadingTask {
  readonly buffer: ArrayBufferLike;
  /** Where new buffers arrive. */
  readonly moves: MessagePort;
  /** One cell, 0 until the thread shall stop. */
  readonly stop: Int32Array;
  /** Number `at` has handle `at` all the time. */
  readonly stable: Float64Array;
  /** Come and go, and have handle `at` or `at + 1` when they are there. */
  readonly coming: Float64Array;
  readonly absent: Float64Array;
}

export interface ReadingReport {
  readonly lookups: number;
  /** Lookups that said INDEX_MOVED. */
  readonly waited: number;
  readonly buffers: number;
  /** The first few answers that were never true. */
  readonly wrong: readonly string[];
}

const task = workerData as ReadingTask;
let buffers = 1;
const reader = new NumberIndexReader(task.buffer, () => {
  let newest: ArrayBufferLike | undefined;
  for (let got = receiveMessageOnPort(task.moves); got !== undefined; got = receiveMessageOnPort(task.moves)) {
    newest = got.message as ArrayBufferLike;
    buffers++;
  }
  return newest;
});
const wrong: string[] = [];
let lookups = 0;
let waited = 0;

function look(keys: Float64Array, what: string, isRight: (handle: number, at: number) => boolean): void {
  // A stride that visits all of them, whatever their count.
  const at = (lookups * 7919) % keys.length;
  const handle = reader.get(keys[at]!);
  lookups++;
  if (handle === INDEX_MOVED) waited++;
  else if (!isRight(handle, at) && wrong.length < 10) wrong.push(`${what} number ${at} had handle ${handle}`);
}

parentPort!.postMessage('reading');
while (Atomics.load(task.stop, 0) === 0) {
  for (let i = 0; i < 1000; i++) {
    look(task.stable, 'stable', (handle, at) => handle === at);
    look(task.absent, 'absent', (handle) => handle === -1);
    look(task.coming, 'coming', (handle, at) => handle === -1 || handle === at || handle === at + 1);
  }
}
parentPort!.postMessage({ lookups, waited, buffers, wrong } satisfies ReadingReport);
task.moves.close();
