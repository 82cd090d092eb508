/** The door of the registry in Redis. Apart from that of `registry-cache`, so that who needs no Redis loads no client. */
export { openRedis, type RedisConnection } from './connection.ts';
export { RELOAD_REASONS } from './feed-cursor.ts';
export { openRedisRegistry } from './open-registry.ts';
export { RedisRefused } from './redis-refused.ts';
export { describeRedisUrl } from './redis-url.ts';
export { OtherRegistry, RedisRegistryStore } from './store.ts';
