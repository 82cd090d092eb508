import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedisSentinel, type RedisSentinel } from './redis-sentinel.ts';
import { eventually, tell } from './redis-server.ts';

let sentinel: RedisSentinel | undefined;
let client: Redis | undefined;
/** Sentinels take their time to tell a master that is back whose replica it is. */
const BACK_MS = 20_000;

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
    await expect.poll(() => tell(replica, 'INFO replication')).toContain('role:master');
    expect(await client.get('owner')).toBe('first');
    expect(await client.info('server')).toContain(`tcp_port:${replica.port}`);

    // One that came back before all of them know its successor could be taken for master still.
    await eventually('sentinels follow the new master', sentinels, async (one) =>
      (await tell(one, 'INFO sentinel')).includes(`address=127.0.0.1:${replica.port}`),
    );
    await master.restart();
    await expect
      .poll(() => tell(master, 'INFO replication'), { timeout: BACK_MS })
      .toContain(`master_port:${replica.port}`);
  });
});
