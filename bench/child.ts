/** The program of a child process: the work it was started for, a bench or a peer of one. */
import { loadBench } from './benches.ts';
import { PEERS } from './peers/index.ts';
import { servePeer, type Work } from './processes.ts';

type AnyWork = () => Promise<{ readonly work: Work<unknown, unknown, unknown, unknown> }>;

export function runChild(name: string): void {
  // What is asked of a child is typed where it is started; here it is whatever came over the channel.
  const load = name in PEERS ? PEERS[name as keyof typeof PEERS] : (): unknown => loadBench(name);
  servePeer(load as AnyWork);
}
