/** A thread of `tollgate load`, given the texts and numbers that it sends and the machine's clock. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadCarrierMap } from '../../registry-cache/index.ts';
import { systemClock } from '../control/index.ts';
import { loadCorpus } from '../demo/index.ts';
import { runLoadThread, type ThreadTask } from '../load/index.ts';

if (parentPort === null) throw new Error('to be started as a thread');
await runLoadThread(workerData as ThreadTask, {
  port: parentPort,
  clock: systemClock,
  texts: loadCorpus(),
  blocks: loadCarrierMap(),
});
