/** The registry in Redis, as one process uses it: the store to write to, and the feed that keeps its own view. */
import type { NumberRegistry } from '../number-registry.ts';
import type { RegistryListener } from '../registry-store.ts';
import { openRedis, type OpenRedisOptions } from './connection.ts';
import { RegistryFeed, type FeedOptions } from './feed.ts';
import { RedisRegistryStore, type RedisStoreOptions } from './store.ts';

export interface RedisRegistryOptions
  extends OpenRedisOptions, RedisStoreOptions, Omit<FeedOptions, 'redis' | 'reader' | 'registry' | 'listener'> {
  /** As `parseRedisUrl` takes it. */
  readonly url: string;
  /** The view: empty, or what it holds is forgotten. */
  readonly registry: NumberRegistry;
  readonly listener: RegistryListener;
}

export interface RedisRegistry {
  readonly store: RedisRegistryStore;
  readonly feed: RegistryFeed;
  /** Stops following and ends all connections. The view stays as it is. */
  close(): Promise<void>;
}

/**
 * Opens the registry in Redis and resolves once the view holds all of it.
 * Rejects with RedisRefused, OtherRegistry, or StoreUnavailable if Redis goes away meanwhile.
 */
export async function openRedisRegistry(options: RedisRegistryOptions): Promise<RedisRegistry> {
  const redis = await openRedis(options.url, options);
  try {
    const store = await RedisRegistryStore.open(redis, options);
    const feed = await RegistryFeed.start({ ...options, redis, reader: store.reader });
    return {
      store,
      feed,
      async close() {
        await feed.close();
        await store.close();
        await redis.close();
      },
    };
  } catch (error) {
    await redis.close();
    throw error;
  }
}
