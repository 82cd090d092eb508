// A real Redis Cluster for one test file: six servers on loopback, three masters (nodes 0 to 2) and a replica of each
// (nodes 3 to 5, in the same order). Times are short, so that a test sees a failover within some two seconds.
import { eventually, startRedisServer, tell, type RedisServer } from './redis-server.ts';

export interface RedisCluster {
  readonly url: string;
  /** Masters first. Node i + 3 begins as the replica of node i. */
  readonly nodes: readonly RedisServer[];
  /** Ends all nodes at once and removes their folders. Safe to call twice. */
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;

const OPTIONS = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-node-timeout', '1000'],
  // A replica may take over however long it was cut off, and stays with its master.
  ['--cluster-replica-validity-factor', '0'],
  ['--cluster-migration-barrier', '10'],
  ['--repl-diskless-sync-delay', '0'],
].flat();

/** Starts and joins the nodes; `options` go to each. Resolves when all of them agree on a whole cluster, in about two seconds. */
export async function startRedisCluster(options: readonly string[] = []): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: 2 * MASTERS }, () => startRedisServer([...OPTIONS, ...options])),
  );
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    await form(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`, nodes, stop };
}

async function form(nodes: readonly RedisServer[]): Promise<void> {
  const ids = await Promise.all(nodes.map((node) => tell(node, 'CLUSTER MYID')));
  await Promise.all(
    nodes.map(async (node, index) => {
      // Distinct epochs from the start spare the masters from finding out that theirs collide.
      await tell(node, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
      if (index < MASTERS) await tell(node, `CLUSTER ADDSLOTS ${slotsOf(index).join(' ')}`);
    }),
  );
  // Everybody is introduced to everybody: waiting for the gossip to do it takes longer.
  await Promise.all(
    nodes.map(async (node, index) => {
      for (const other of nodes.slice(index + 1)) await tell(node, `CLUSTER MEET 127.0.0.1 ${other.port}`);
    }),
  );
  await eventually('cluster nodes know each other', nodes, (node) => knowsAll(node, ids));
  await Promise.all(nodes.slice(MASTERS).map((node, index) => tell(node, `CLUSTER REPLICATE ${ids[index] ?? ''}`)));
  await eventually('cluster nodes have their roles', nodes, async (node) => {
    const info = await tell(node, 'CLUSTER INFO');
    const replicas = (await tell(node, 'CLUSTER NODES')).split('\n').filter((line) => /\bslave\b/.test(line));
    return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info) && replicas.length === MASTERS;
  });
  await eventually('cluster nodes replicate', nodes, async (node) => {
    const info = await tell(node, 'INFO replication');
    return /role:master/.test(info) ? /state=online/.test(info) : /master_link_status:up/.test(info);
  });
}

/** Slots of master `index`; ADDSLOTSRANGE would be shorter but wants 7.0. */
function slotsOf(index: number): number[] {
  const from = Math.floor((SLOTS * index) / MASTERS);
  const to = Math.floor((SLOTS * (index + 1)) / MASTERS);
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

async function knowsAll(node: RedisServer, ids: readonly string[]): Promise<boolean> {
  const lines = (await tell(node, 'CLUSTER NODES')).split('\n').filter((line) => !/handshake|noaddr/.test(line));
  return ids.every((id) => lines.some((line) => line.startsWith(id) && line.includes(' connected')));
}
