/** The load generator over SMPP, in the thread that asks for it: the machine has two processors, and the other one is the server's. */
import { MessageChannel } from 'node:worker_threads';
import { loadCarrierMap } from '../registry-cache/index.ts';
import { systemClock, systemTimers } from '../gateway/control/index.ts';
import { loadCorpus } from '../gateway/demo/index.ts';
import { type LoadPlan, runLoad, runLoadThread, type ThreadHandle, type ThreadTask } from '../gateway/load/index.ts';

export type SmppLoad = Pick<LoadPlan, 'url' | 'seed' | 'connections' | 'window' | 'warmUpMs' | 'durationMs'> & {
  readonly numbers: number;
} & Partial<Pick<LoadPlan, 'perSecond' | 'receipts' | 'drainMs'>> & { readonly textLength?: number } & Partial<
    Pick<LoadPlan['mix'], 'registeredShare' | 'spamShare'>
  >;

export type SmppLoadReport = Awaited<ReturnType<typeof runLoad>>;

const blocks = loadCarrierMap();
const texts = loadCorpus();

/** Messages to carriers with limits that are wide, from registered numbers unless told otherwise. Throws if anything went wrong. */
export async function pressSmpp({
  numbers,
  textLength,
  registeredShare = 1,
  spamShare = 0,
  ...own
}: SmppLoad): Promise<SmppLoadReport> {
  const plan: LoadPlan = {
    protocol: 'smpp',
    perSecond: undefined,
    arrivals: 'poisson',
    batchMessages: 1,
    drainMs: 2_000,
    timeoutMs: 10_000,
    threads: 1,
    mix: { registeredShare, spamShare, destinations: { verizon: 1, tmobile: 1, att: 1 }, textLength, numbers },
    account: undefined,
    authorization: undefined,
    receipts: false,
    callbackHost: '127.0.0.1',
    systemId: 'load',
    password: 'secret',
    systemType: '',
    isInsecure: true,
    ...own,
  };
  const report = await runLoad(plan, {
    startThread,
    clock: systemClock,
    timers: systemTimers,
    onProgress: () => {},
    onWord: () => {},
    stop: new AbortController().signal,
  });
  if (report.messages.failed > 0) throw new Error(`messages failed: ${JSON.stringify(report.failed)}`);
  return report;
}

function startThread(task: ThreadTask): ThreadHandle {
  const { port1: ours, port2: its } = new MessageChannel();
  const listeners: ((error: Error) => void)[] = [];
  runLoadThread(task, { port: its, clock: systemClock, texts, blocks }).catch((error: unknown) => {
    for (const listener of listeners) listener(error as Error);
  });
  return {
    postMessage: (message) => ours.postMessage(message),
    on(event: string, listener: (given: never) => void) {
      if (event === 'message') ours.on('message', listener as (message: unknown) => void);
      if (event === 'error') listeners.push(listener as (error: Error) => void);
    },
    terminate: () => Promise.resolve(ours.close()),
  };
}
