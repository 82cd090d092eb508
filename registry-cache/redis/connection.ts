// The way to Redis for everything here, single, clustered or under Sentinel, with one behaviour: a command is answered,
// or fails within a stated time; none waits for Redis to come back, and none is sent a second time. What failed may have
// been done. The client reconnects by itself, for ever.
//
// - The offline queue is off: a write that its caller was told had failed must not reach Redis later, over a newer one.
// - No command is retried on its own connection (`maxRetriesPerRequest: 0`), for the same reason.
// - A connection on which nothing comes while a command waits is dead and replaced (`socketTimeout`). Otherwise a master
//   that vanished without closing it would hold us for as long as TCP resends, a quarter of an hour.
// - Sentinel's +switch-master is not listened to (`failoverDetector`): when the message comes while ioredis 6.0 asks the
//   sentinels for the master, it gives up for good. A demoted master drops its clients anyway, or answers READONLY, on which
//   we reconnect.
// - RESP2: we use nothing of RESP3, and it spares HELLO, which a server behind a proxy may not know.
// - No automatic pipelining: batches are built where they are known, and a command that stands alone should leave at once.
import { readFile } from 'node:fs/promises';
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { askEviction, checkRedis, type NodeOptions, type ServerOptions } from './opening-checks.ts';
import { RedisRefused } from './redis-refused.ts';
import { describeRedisUrl, parseRedisUrl, type RedisTarget } from './redis-url.ts';

export interface RedisConnection {
  readonly client: Redis | Cluster;
  readonly isCluster: boolean;
  /**
   * A second connection to the same place, for reads that block for at most five seconds, ready for use. To be closed
   * apart. Rejects when Redis cannot be reached now.
   */
  duplicate(): Promise<RedisConnection>;
  /**
   * A client of the same place for BullMQ, which waits for Redis by itself: commands are held back and sent again until it is there, and
   * reads block without end. To be disconnected by the caller.
   */
  queueClient(): Redis | Cluster;
  /** Why keys may be lost here although it was refused at first: Redis evicts by now. Rejects if it does not answer. */
  evictionFault(): Promise<string | undefined>;
  /** Ends the connection. What is under way on it fails. Safe to call twice. */
  close(): Promise<void>;
}

export interface OpenRedisOptions {
  /** How long trouble that may pass is waited for. */
  readonly openTimeoutMs?: number;
  /** How long a command may go unanswered. */
  readonly commandTimeoutMs?: number;
}

const OPEN_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** How long a read on a duplicate may be told to block. */
const BLOCK_MS_MAX = 5_000;
/** How long the other side may take to close its end. */
const DISCONNECT_TIMEOUT_MS = 200;
const RECONNECT_MS_MAX = 1_000;
const LOADING_RETRY_MS = 500;
const SLOTS_REFRESH_MS = 5_000;

/**
 * Opens what a REDIS_URL names, once it is fit for use (see `RedisRefusal`). Rejects with RedisRefused.
 * Trouble that may pass is waited for until `openTimeoutMs`; then, and at once for any other, opening fails.
 */
export async function openRedis(url: string, options: OpenRedisOptions = {}): Promise<RedisConnection> {
  const { openTimeoutMs = OPEN_TIMEOUT_MS, commandTimeoutMs = COMMAND_TIMEOUT_MS } = options;
  const target = parseRedisUrl(url);
  const nodes = await nodeOptions(target, commandTimeoutMs);
  await checkRedis(target, nodes, openTimeoutMs);
  try {
    return await connected(newClient(target, nodes), commandTimeoutMs);
  } catch (error) {
    throw new RedisRefused('unreachable', `${describeRedisUrl(url)} went away while it was opened`, { cause: error });
  }
}

/** Resolves once `client` is ready, and all masters of a cluster are. Rejects after `timeoutMs`, having ended it. */
async function connected(client: Redis | Cluster, commandTimeoutMs: number): Promise<RedisConnection> {
  // Without a listener the client prints. What goes wrong is told to whoever asked for something.
  client.on('error', () => {});
  const connection: RedisConnection = {
    client,
    isCluster: client.isCluster,
    queueClient: () => queueClientOf(client),
    evictionFault: () => askEviction(client),
    duplicate: () => connected(duplicateOf(client, commandTimeoutMs + BLOCK_MS_MAX), commandTimeoutMs),
    close: () => end(client),
  };
  try {
    await within(commandTimeoutMs, new Promise((resolve) => client.once('ready', resolve)));
    // Nodes of a cluster connect at their first command and until then refuse a second one.
    if (client instanceof Cluster) await Promise.all(client.nodes('master').map((node) => node.ping()));
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function end(client: Redis | Cluster): Promise<void> {
  const { status } = client;
  const ended = new Promise((resolve) => client.once('end', resolve));
  client.disconnect();
  // From these the client stops without a word.
  if (status === 'end' || status === 'reconnecting') return;
  await within(2 * DISCONNECT_TIMEOUT_MS, ended).catch(() => {});
}

function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    AbortSignal.timeout(timeoutMs).addEventListener('abort', () => reject(new Error(`not within ${timeoutMs} ms`)));
    work.then(resolve, reject);
  });
}

const backoffMs = (attempt: number): number => Math.min(25 * 2 ** Math.min(attempt, 10), RECONNECT_MS_MAX);

function newClient(target: RedisTarget, { server, sentinel }: NodeOptions): Redis | Cluster {
  if (target.kind === 'cluster') return newCluster(target, server);
  const common: ServerOptions = {
    ...server,
    db: target.database,
    enableOfflineQueue: false,
    retryStrategy: backoffMs,
    reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED)/.test(message),
  };
  if (target.kind === 'single') return new Redis({ ...common, ...target.hosts[0]! });
  return new Redis({
    ...common,
    sentinels: [...target.hosts],
    name: target.masterName,
    sentinelUsername: sentinel.username,
    sentinelPassword: sentinel.password,
    // Without it one sentinel that hangs is waited for endlessly.
    sentinelCommandTimeout: server.commandTimeout,
    sentinelRetryStrategy: backoffMs,
    sentinelTLS: sentinel.tls,
    enableTLSForSentinelMode: target.tls !== undefined,
  });
}

function newCluster(target: RedisTarget & { kind: 'cluster' }, server: ServerOptions): Cluster {
  return new Cluster([...target.hosts], {
    redisOptions: server,
    enableOfflineQueue: false,
    clusterRetryStrategy: backoffMs,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
    scaleReads: 'master',
    // A certificate names hosts: with TLS they are left for the connection to look up.
    ...(target.tls && ({ dnsLookup: (name, callback) => callback(null, name) } satisfies ClusterOptions)),
  });
}

function duplicateOf(client: Redis | Cluster, silenceMs: number): Redis | Cluster {
  const patient = { commandTimeout: silenceMs, socketTimeout: silenceMs };
  return client instanceof Cluster ? client.duplicate([], { redisOptions: patient }) : client.duplicate(patient);
}

/** @see RedisConnection.queueClient */
function queueClientOf(client: Redis | Cluster): Redis | Cluster {
  const patient = { commandTimeout: undefined, socketTimeout: undefined, maxRetriesPerRequest: null };
  const queueClient =
    client instanceof Cluster
      ? client.duplicate([], { enableOfflineQueue: true, redisOptions: patient })
      : client.duplicate({ ...patient, enableOfflineQueue: true });
  queueClient.on('error', () => {});
  return queueClient;
}

async function nodeOptions(target: RedisTarget, commandTimeoutMs: number): Promise<NodeOptions> {
  const common: ServerOptions = {
    protocol: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    disableClientInfo: true,
    ...(target.tls && { tls: await tlsOptions(target.tls) }),
  };
  const watched = target.kind === 'sentinel' ? target : undefined;
  return {
    server: { ...common, username: target.user, password: target.password },
    sentinel: { ...common, username: watched?.sentinelUser, password: watched?.sentinelPassword },
  };
}

async function tlsOptions({
  ca,
  servername,
}: NonNullable<RedisTarget['tls']>): Promise<NonNullable<RedisOptions['tls']>> {
  return { ...(ca !== undefined && { ca: await readAuthority(ca) }), ...(servername !== undefined && { servername }) };
}

async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RedisRefused('bad_url', 'REDIS_URL, ca: name a PEM file that can be read', { cause: error });
  }
}
