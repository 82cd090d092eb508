/**
 * One actor's chance for one purpose. Named by the actor, the purpose and the replication, and never by the policy, so that all policies meet the
 * same draws: common random numbers.
 */
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { namedStream } from '../../gateway/router/index.ts';
import { normalQuantile } from './normal.ts';

const TWO_POW_32 = 4_294_967_296;

export class Stream {
  /** For loops over messages: `words.next()` is a signed 32-bit word, of which the upper bits are the better ones. */
  readonly words: { next(): number };

  constructor(seed: number, name: string) {
    this.words = xoroshiro128plusFromState(namedStream(seed, name).capture());
  }

  /** 0 inclusive to 1 exclusive. */
  next(): number {
    return (this.words.next() >>> 0) / TWO_POW_32;
  }

  /** A whole number, 0 inclusive to `count` exclusive. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** A wait of a memoryless process that happens once per unit on average. */
  exponential(): number {
    return -Math.log(1 - this.next());
  }

  /** `sigma` is the standard deviation of the logarithm. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * normalQuantile((this.next() * TWO_POW_32 + 0.5) / TWO_POW_32));
  }
}
