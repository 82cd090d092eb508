/**
 * Many runs over a few threads. A thread takes the next run when it has finished one, so that long and short ones fill them alike.
 *
 * What a run counts depends on its request alone, so neither how many threads there are nor who finishes first changes anything.
 * When they are to stop, runs under way end with the day they are in.
 */
import { availableParallelism } from 'node:os';
import type { RunOutcome } from './results.ts';
import type { RunRequest } from './run.ts';
import { startThread } from './start-thread.ts';

export const JOBS_MAX = 64;

/** Given to a thread as it starts. */
export interface ThreadData {
  /** One 32-bit number that all threads share; 1 when they are to stop. */
  readonly stop: SharedArrayBuffer;
}

/** Given to a thread that has nothing to do. */
export interface ThreadTask {
  readonly index: number;
  readonly request: RunRequest;
}

export type FromThread =
  | { readonly kind: 'day' }
  | { readonly kind: 'done'; readonly index: number; readonly outcome: RunOutcome };

/** As much of a `Worker` as is needed. */
export interface ThreadHandle {
  postMessage(task: ThreadTask): void;
  on(event: 'message', hear: (message: FromThread) => void): unknown;
  on(event: 'error', hear: (error: Error) => void): unknown;
  on(event: 'exit', hear: (code: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** How many runs are carried out, by whom, and who is told. */
export interface Workshop {
  /** Threads at once; as many as there are processors when left out. */
  readonly jobs?: number;
  /** Told once for each simulated day of any run. */
  readonly onDay?: () => void;
  readonly stop?: AbortSignal;
  readonly startThread?: (data: ThreadData) => ThreadHandle;
}

/**
 * Carries out all requests, or those that were begun before it was stopped. `onOutcome` is called with each outcome and the place of its
 * request, in the order in which they come; one with fewer days than asked for was stopped. Takes the memory of `jobs` runs.
 * @throws what a run throws, when all threads have ended
 */
export async function replicate(
  requests: readonly RunRequest[],
  workshop: Workshop,
  onOutcome: (outcome: RunOutcome, index: number) => void,
): Promise<void> {
  const { jobs = availableParallelism(), onDay, stop, startThread: start = startReplicating } = workshop;
  const data = { stop: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) };
  const flag = new Int32Array(data.stop);
  const onStop = (): void => void Atomics.store(flag, 0, 1);
  if (stop?.aborted === true) return;
  stop?.addEventListener('abort', onStop);

  let next = 0;
  const take = (): ThreadTask | undefined => {
    const index = next;
    const request = Atomics.load(flag, 0) === 0 ? requests[index] : undefined;
    next += 1;
    return request && { index, request };
  };
  const threads = Array.from({ length: Math.min(jobs, requests.length) }, () => start(data));
  try {
    await Promise.all(threads.map((thread) => keepBusy(thread, take, onOutcome, onDay)));
  } finally {
    stop?.removeEventListener('abort', onStop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** Resolves when there is nothing more to take. */
function keepBusy(
  thread: ThreadHandle,
  take: () => ThreadTask | undefined,
  onOutcome: (outcome: RunOutcome, index: number) => void,
  onDay: (() => void) | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const task = take();
      if (task === undefined) resolve();
      else thread.postMessage(task);
    };
    thread.on('message', (message) => {
      if (message.kind === 'day') {
        onDay?.();
        return;
      }
      onOutcome(message.outcome, message.index);
      give();
    });
    thread.on('error', reject);
    thread.on('exit', (code) => reject(new Error(`a thread of the policy lab ended with ${code}`)));
    give();
  });
}

function startReplicating(data: ThreadData): ThreadHandle {
  return startThread('replicate-thread', data);
}
