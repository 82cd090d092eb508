import type { Cluster, Redis } from 'ioredis';
import type { CampaignRecord, NumberChange } from '../registry-store.ts';
import type { RedisConnection } from './connection.ts';
import type { Script } from './scripts.ts';

export async function emptyRedis({ client }: RedisConnection): Promise<void> {
  const masters = 'nodes' in client ? client.nodes('master') : [client];
  await Promise.all(masters.map((node) => node.flushall()));
}

/** Everything a lone Redis holds, as its read commands tell it: by key, with its type. */
export async function dumpRedis({ client }: RedisConnection): Promise<ReadonlyMap<string, Buffer>> {
  const dump = new Map<string, Buffer>();
  for (const key of (await client.keys('*')).toSorted()) {
    dump.set(key, Buffer.concat(flat(await client.callBuffer(...readingOf(await client.type(key), key)))));
  }
  return dump;
}

function readingOf(type: string, key: string): [string, ...string[]] {
  switch (type) {
    case 'hash':
      return ['HGETALL', key];
    case 'zset':
      return ['ZRANGE', key, '0', '-1', 'WITHSCORES'];
    case 'stream':
      return ['XRANGE', key, '-', '+'];
    case 'string':
      return ['GET', key];
    default:
      throw new Error(`${key} is a ${type}, of which the registry has none`);
  }
}

/** Texts of a reply in its order, kept apart by a byte. */
function flat(reply: unknown): Buffer[] {
  if (Array.isArray(reply)) return reply.flatMap(flat);
  return [Buffer.isBuffer(reply) ? reply : Buffer.from(String(reply)), Buffer.from('|')];
}

/** A connection on which `onRun` stands between every run of one script and Redis; what it calls sends the run there. */
export function intercepting(
  redis: RedisConnection,
  script: Script,
  onRun: (send: () => Promise<unknown>) => Promise<unknown>,
): RedisConnection {
  const client = new Proxy<Redis | Cluster>(redis.client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== 'callBuffer') return member;
      return (command: string, args: (string | number | Buffer)[]) => {
        const send = () => target.callBuffer(command, args);
        return args[0] === script.sha ? onRun(send) : send();
      };
    },
  });
  return { ...redis, client };
}

/** Numbers of tests are counted from 0. */
export function key(n: number): number {
  return 2_125_550_000 + n;
}

export function set(
  n: number,
  campaign: number,
  other: { nnid?: number; activeAtMs?: number; numberLimit?: number } = {},
) {
  return {
    kind: 'set',
    key: key(n),
    campaign,
    nnid: 0,
    activeAtMs: 0,
    numberLimit: Infinity,
    ...other,
  } satisfies NumberChange;
}

export function campaign(id: string): CampaignRecord {
  return {
    id,
    status: 0b11111,
    operations: ['approved', 'approved', 'approved', 'approved', 'approved'],
    standing: 'available',
    dca: 'ELITE',
    numberLimit: 49,
    expiresAtMs: Infinity,
  };
}
