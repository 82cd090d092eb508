/** The door of the registry in Redis. Apart from that of `registry-cache`, so that who needs no Redis loads no client. */
export { openRedis, type RedisConnection } from './connection.ts';
export { RELOAD_REASONS, type ReloadReason } from './feed-cursor.ts';
export { openRedisRegistry, type RedisRegistry } from './open-registry.ts';
export { RedisRefused, type RedisRefusal } from './redis-refused.ts';
export { describeRedisUrl } from './redis-url.ts';
export { OtherRegistry, RedisRegistryStore } from './store.ts';
