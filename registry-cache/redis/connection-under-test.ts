// What the tests of connections share: servers and connections that end with the test that began them.
import { expect } from 'vitest';
import { startRedisServer, type RedisServer } from '../../scripts/redis-server.ts';
import { openRedis, type OpenRedisOptions, type RedisConnection } from './connection.ts';
import type { RedisRefusal } from './redis-refused.ts';

/** Long enough for a server at hand, short enough to wait for one that is not. */
export const SOON = { openTimeoutMs: 300 };

const ends: (() => Promise<void>)[] = [];

/** Has `end` called when the test is over; what began last ends first. */
export function atEnd(end: () => Promise<void>): void {
  ends.unshift(end);
}

/** For `afterEach`. */
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0)) await end();
}

export async function start(options: readonly string[] = [], more: { tls?: boolean } = {}): Promise<RedisServer> {
  const server = await startRedisServer(options, more);
  atEnd(() => server.stop());
  return server;
}

export async function open(url: string, options?: OpenRedisOptions): Promise<RedisConnection> {
  const connection = await openRedis(url, options);
  atEnd(() => connection.close());
  return connection;
}

/** For `rejects.toEqual`. */
export function refused(reason: RedisRefusal, fix: string): unknown {
  return expect.objectContaining({ name: 'RedisRefused', reason, message: expect.stringContaining(fix) as unknown });
}
