// One process that follows a registry, as tests see it: a view, what it was told, and a feed, which may end and begin anew.
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { NumberRegistry } from '../number-registry.ts';
import type { FeedPosition } from '../registry-store.ts';
import type { RedisConnection } from './connection.ts';
import { RegistryFeed, type FeedOptions } from './feed.ts';
import { RegistryReader } from './reader.ts';
import { Watcher, type RegistryModel, type RunClock, type View } from './model-under-test.ts';

export const timers: FeedOptions['timers'] = {
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    return () => clearInterval(timer);
  },
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface FollowerOptions {
  readonly model: RegistryModel;
  readonly clock: RunClock;
  readonly redis: RedisConnection;
  readonly shards: number;
  readonly snapshotFile?: string;
}

const HEARTBEAT_MS = 60;
const REACHED_MS = 10_000;

export class Follower implements View {
  readonly registry: NumberRegistry;
  readonly watcher: Watcher;
  readonly feed: RegistryFeed;
  /** Whether it hears of changes at the moment. */
  isConnected = true;

  private constructor(registry: NumberRegistry, watcher: Watcher, feed: RegistryFeed) {
    this.registry = registry;
    this.watcher = watcher;
    this.feed = feed;
  }

  static async start({ model, clock, redis, shards, snapshotFile }: FollowerOptions): Promise<Follower> {
    const registry = new NumberRegistry();
    const watcher = new Watcher(model, registry);
    const feed = await RegistryFeed.start({
      redis,
      reader: new RegistryReader(redis, shards),
      registry,
      listener: watcher,
      clock: { nowMs: () => clock.nowMs },
      timers,
      heartbeatMs: HEARTBEAT_MS,
      ...(snapshotFile !== undefined && { snapshotFile }),
    });
    return new Follower(registry, watcher, feed);
  }

  settle(nowMs: number): void {
    this.feed.settle(nowMs);
  }

  async reached(position: FeedPosition): Promise<boolean> {
    if (!this.isConnected) return false;
    if (await this.feed.reached(position, REACHED_MS)) return true;
    throw new Error(`not at ${position.join()} within ${REACHED_MS} ms, but at ${this.feed.position.join()}`);
  }
}

/** A connection whose streams deliver some entries again, and now and then a few in another order. */
export function unreliable(redis: RedisConnection, random: (bound: number) => number): RedisConnection {
  let earlier: unknown[] = [];
  const client = new Proxy(redis.client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'xreadBuffer') return value.bind(target) as unknown;
      return async (...args: unknown[]) => {
        const replies = (await (value as (...args: unknown[]) => Promise<unknown>).apply(target, args)) as
          | [Buffer, unknown[]][]
          | null;
        return replies?.map(([key, entries]) => {
          const again = random(3) === 0 && earlier[0] === key.toString() ? (earlier[1] as unknown[]) : [];
          earlier = [key.toString(), entries];
          const delivered = [...again, ...entries.flatMap((entry) => (random(4) === 0 ? [entry, entry] : [entry]))];
          return [key, random(40) === 0 ? delivered.reverse() : delivered];
        });
      };
    },
  });
  return { ...redis, client, duplicate: async () => unreliable(await redis.duplicate(), random) };
}
