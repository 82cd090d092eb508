/** A bare reader of one Redis stream, whose entries carry how many changes they stand for: what no feed can beat. */
import { Redis } from 'ioredis';
import { systemClock } from '../../gateway/control/index.ts';
import { LagHistogram, type LagReport } from '../lag-histogram.ts';
import type { Work } from '../processes.ts';

const BLOCK_MS = 1_000;
const COUNT = 1_000;

export const work: Work<{ readonly port: number; readonly stream: string }, null, null, LagReport> = {
  open({ port, stream }) {
    const client = new Redis({ port, host: '127.0.0.1' });
    const lags = new LagHistogram();
    const read = async (): Promise<void> => {
      for (let id = '0'; ;) {
        const reply = await client.xread('COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS', stream, id);
        for (const [entryId, fields] of reply?.[0]?.[1] ?? []) {
          lags.add(systemClock.nowMs() - Number(entryId.split('-')[0]), Number(fields[1]));
          id = entryId;
        }
      }
    };
    read().catch(() => client.disconnect());
    return Promise.resolve({ ready: null, answer: () => lags.take() });
  },
};
