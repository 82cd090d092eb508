// A real Redis under Sentinel for one test file: a master, its replica and three sentinels on loopback, with times so
// short that the replica is promoted some two seconds after the master is gone.
import { eventually, startRedisServer, tell, type RedisServer } from './redis-server.ts';

export interface RedisSentinel {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** Ends all servers at once and removes their folders. Safe to call twice. */
  stop(): Promise<void>;
}

const MASTER_NAME = 'mymaster';
const SENTINELS = 3;
const QUORUM = 2;

/** `options` go to master and replica. Resolves when all sentinels know of each other and of the replica. */
export async function startRedisSentinel(options: readonly string[] = []): Promise<RedisSentinel> {
  const withoutDelay = ['--repl-diskless-sync-delay', '0', ...options];
  const [master, ...sentinels] = await Promise.all([
    startRedisServer(withoutDelay),
    ...Array.from({ length: SENTINELS }, () => startRedisServer(['--sentinel'])),
  ]);
  const replica = await startRedisServer(['--replicaof', '127.0.0.1', String(master.port), ...withoutDelay]);
  const servers = [master, replica, ...sentinels];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    await eventually('replica replicates', [replica], async (server) =>
      (await tell(server, 'INFO replication')).includes('master_link_status:up'),
    );
    await Promise.all(sentinels.map((sentinel) => watch(sentinel, master)));
    await eventually('sentinels know each other and the replica', sentinels, async (sentinel) => {
      const info = await tell(sentinel, 'INFO sentinel');
      return info.includes(`status=ok,address=127.0.0.1:${master.port},slaves=1,sentinels=${SENTINELS}`);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return { url: `redis+sentinel://${hosts}/${MASTER_NAME}`, master, replica, sentinels, stop };
}

async function watch(sentinel: RedisServer, master: RedisServer): Promise<void> {
  // Sentinels find each other through what they publish, every two seconds unless told otherwise, and replicas in what the
  // master says of itself. Redis 6.2 cannot be told and is merely slower.
  const faster = 'publish-period 100 info-period 500 ask-period 100 election-timeout 1000';
  await tell(sentinel, `SENTINEL DEBUG ${faster}`).catch(() => '');
  await tell(sentinel, `SENTINEL MONITOR ${MASTER_NAME} 127.0.0.1 ${master.port} ${QUORUM}`);
  await tell(sentinel, `SENTINEL SET ${MASTER_NAME} down-after-milliseconds 500`);
  await tell(sentinel, `SENTINEL SET ${MASTER_NAME} failover-timeout 3000`);
}
