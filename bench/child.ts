/** The program of a child process: the work it was started for, a bench or a peer of one. */
import { loadBench } from './benches.ts';
import { PEERS } from './peers/index.ts';
import { servePeer, type Work } from './processes.ts';

type AnyWork = Work<unknown, unknown, unknown, unknown>;

export function runChild(name: string): void {
  servePeer(async () => {
    if (name in PEERS) return (await PEERS[name as keyof typeof PEERS]()) as { work: AnyWork };
    return (await loadBench(name)) as unknown as { work: AnyWork };
  });
}
