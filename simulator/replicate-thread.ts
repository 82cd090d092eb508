/** A thread that carries out runs, one after the other as they are given to it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ThreadData, ThreadTask } from './replicate.ts';
import { runOnce } from './run-once.ts';

const port = parentPort;
if (port === null) throw new Error('to be started as a thread');
const flag = new Int32Array((workerData as ThreadData).stop);

const tell = (message: FromThread): void => port.postMessage(message);
const onDay = (): boolean => {
  tell({ kind: 'day' });
  return Atomics.load(flag, 0) === 0;
};

port.on('message', ({ index, request }: ThreadTask) => {
  tell({ kind: 'done', index, outcome: runOnce(request, onDay) });
});
