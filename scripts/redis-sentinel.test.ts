import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedisSentinel, type RedisSentinel } from './redis-sentinel.ts';
import { tell } from './redis-server.ts';

let sentinel: RedisSentinel | undefined;
let client: Redis | undefined;

afterEach(async () => {
  client?.disconnect();
  await sentinel?.stop();
});

describe('a Redis under Sentinel of our own', () => {
  it('leads to its master, and to the replica once the master has crashed', async () => {
    sentinel = await startRedisSentinel();
    const { master, replica, sentinels, url } = sentinel;
    const hosts = sentinels.map(({ host, port }) => ({ host, port }));
    expect(url).toBe(`redis+sentinel://${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}/mymaster`);
    client = new Redis({ sentinels: hosts, name: 'mymaster' }).on('error', () => {});
    expect(await client.set('owner', 'first')).toBe('OK');
    expect(await client.wait(1, 1_000)).toBe(1);
    expect(await client.info('server')).toContain(`tcp_port:${master.port}`);

    await master.kill();
    await expect.poll(() => tell(replica, 'INFO replication'), { timeout: 10_000 }).toContain('role:master');
    expect(await client.get('owner')).toBe('first');
    expect(await client.info('server')).toContain(`tcp_port:${replica.port}`);

    await master.restart();
    await expect
      .poll(() => tell(master, 'INFO replication'), { timeout: 10_000 })
      .toContain(`master_port:${replica.port}`);
  });
});
