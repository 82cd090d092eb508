/** What a server says of itself at a moment; the difference of two is what happened between them. */
import { type Collections, watchCollections } from '../harness.ts';

export interface Usage {
  readonly atMs: number;
  /** Messages decided or requests answered so far, and how many of those were accepted. */
  readonly handled: number;
  readonly accepted: number;
  /** Time of the processor spent so far, on all threads. */
  readonly cpuMs: number;
  /** Time the garbage collector has held the process up. */
  readonly collectorMs: number;
  readonly heapMb: number;
  /** Memory that the process takes of the machine. */
  readonly residentMb: number;
}

const US_PER_MS = 1_000;
const BYTES_PER_MB = 1_048_576;

/** A function that reads the usage, given what to count. */
export function usageReader(count: () => { handled: number; accepted: number }): () => Usage {
  const collections: Collections = watchCollections();
  return () => {
    const { user, system } = process.cpuUsage();
    return {
      atMs: performance.now(),
      ...count(),
      cpuMs: (user + system) / US_PER_MS,
      collectorMs: collections.heldUpMsSince(0),
      heapMb: process.memoryUsage().heapUsed / BYTES_PER_MB,
      residentMb: process.memoryUsage.rss() / BYTES_PER_MB,
    };
  };
}

/** What happened between two readings, per second and per piece of work. */
export interface Stretch {
  readonly perSecond: number;
  readonly cpuUsEach: number;
  readonly acceptedShare: number;
  readonly collectorShare: number;
}

export function stretch(from: Usage, to: Usage): Stretch {
  const ms = to.atMs - from.atMs;
  const handled = to.handled - from.handled;
  if (handled === 0) throw new Error('the server handled nothing while it was measured');
  return {
    perSecond: (handled * 1_000) / ms,
    cpuUsEach: ((to.cpuMs - from.cpuMs) * US_PER_MS) / handled,
    acceptedShare: (to.accepted - from.accepted) / handled,
    collectorShare: (to.collectorMs - from.collectorMs) / ms,
  };
}
