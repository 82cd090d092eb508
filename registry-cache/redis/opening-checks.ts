// What Redis must be like before anything is stored in it, asked of it in plain words when it is opened.
//
// Asked over connections of their own, which try once and say exactly what went wrong: a client that keeps reconnecting
// cannot be told apart from one with the wrong password. What may pass by itself (a server that starts, loads its data or
// fails over) is asked again until the time is up; what somebody has to put right is refused at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { RedisRefused, type RedisRefusal } from './redis-refused.ts';
import { describeHost, type Host, type RedisTarget } from './redis-url.ts';

const REDIS_VERSION_MIN = '6.2';

const AGAIN_MS = 50;
const MAY_PASS: ReadonlySet<RedisRefusal> = new Set(['unreachable', 'loading', 'cluster_down', 'replica']);

/** With replies in the shape of RESP2, which is what ioredis calls its clients' type by. */
export type ServerOptions = RedisOptions & { replyMapping?: 'legacy' };

/** How to talk to one server of the target. `sentinel` differs in its user and password. */
export interface NodeOptions {
  readonly server: ServerOptions;
  readonly sentinel: ServerOptions;
}

/**
 * Resolves when the target is fit for use: reachable, allowed, recent, of the right kind, whole, a master, and with
 * `noeviction` on every master. Rejects with RedisRefused, after at most `timeoutMs`.
 */
export async function checkRedis(target: RedisTarget, options: NodeOptions, timeoutMs: number): Promise<void> {
  const deadline = new Deadline(timeoutMs);
  let refused: RedisRefused | undefined;
  for (;;) {
    try {
      return await new Check(options, deadline).target(target);
    } catch (error) {
      if (!(error instanceof RedisRefused)) throw error;
      // The last try was cut short and knows less than the one before.
      refused = refused !== undefined && deadline.isOver ? refused : error;
    }
    if (deadline.isOver || !MAY_PASS.has(refused.reason)) throw refused;
    await sleep(AGAIN_MS);
  }
}

class Deadline {
  private readonly signal: AbortSignal;
  private readonly over: Promise<never>;

  constructor(timeoutMs: number) {
    this.signal = AbortSignal.timeout(timeoutMs);
    this.over = new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)));
    });
    this.over.catch(() => {});
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  orEarlier<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.over]);
  }
}

/** One round of questions. */
class Check {
  private readonly options: NodeOptions;
  private readonly deadline: Deadline;

  constructor(options: NodeOptions, deadline: Deadline) {
    this.options = options;
    this.deadline = deadline;
  }

  async target(target: RedisTarget): Promise<void> {
    if (target.kind === 'single') return this.alone(target.hosts[0]!, target.database);
    if (target.kind === 'sentinel') return this.alone(await this.masterOf(target), target.database);
    const masters = await this.mastersOf(target.hosts);
    await Promise.all(masters.map((host) => this.ask(host, async (client) => fitness(host, await infoOf(client)))));
  }

  private alone(host: Host, database: number): Promise<void> {
    return this.ask(host, async (client) => {
      const info = await infoOf(client);
      const mode = info.get('redis_mode');
      if (mode === 'cluster') throw wrongKind(host, 'belongs to a cluster', 'redis+cluster://');
      if (mode === 'sentinel') throw wrongKind(host, 'is a sentinel', 'redis+sentinel://');
      fitness(host, info);
      if (info.get('role') !== 'master') {
        throw new RedisRefused('replica', `Redis at ${describeHost(host)} is a replica: name its master in REDIS_URL`);
      }
      if (database === 0) return;
      try {
        await client.select(database);
      } catch (error) {
        if (!/out of range|invalid DB/i.test(String(error))) throw error;
        const fix = 'take a lower number in REDIS_URL or raise `databases` in its configuration';
        throw new RedisRefused(
          'unknown_database',
          `Redis at ${describeHost(host)} has no database ${database}: ${fix}`,
        );
      }
    });
  }

  /** Asks one sentinel after another; the first that knows the master is believed. */
  private async masterOf({ hosts, masterName }: RedisTarget & { kind: 'sentinel' }): Promise<Host> {
    const found = await this.firstOf(hosts, (host) =>
      this.ask(
        host,
        async (sentinel) => {
          const info = await infoOf(sentinel);
          if (info.get('redis_mode') !== 'sentinel') {
            throw wrongKind(
              host,
              'is not a sentinel',
              info.get('redis_mode') === 'cluster' ? 'redis+cluster://' : 'redis://',
            );
          }
          const address = (await sentinel.call('SENTINEL', 'get-master-addr-by-name', masterName)) as string[] | null;
          if (address !== null) return { host: address[0]!, port: Number(address[1]) };
          const fix = 'correct the name behind the hosts in REDIS_URL, or tell the sentinels to `SENTINEL MONITOR` it';
          throw new RedisRefused('unknown_master', `No sentinel knows a master of that name: ${fix}`);
        },
        this.options.sentinel,
      ),
    );
    return found;
  }

  private mastersOf(hosts: readonly Host[]): Promise<Host[]> {
    return this.firstOf(hosts, (host) =>
      this.ask(host, async (client) => {
        const mode = (await infoOf(client)).get('redis_mode');
        if (mode !== 'cluster') {
          const scheme = mode === 'sentinel' ? 'redis+sentinel://' : 'redis://';
          throw wrongKind(host, 'does not belong to a cluster', scheme);
        }
        if (parseInfo(await client.cluster('INFO')).get('cluster_state') !== 'ok') {
          const fix = '`CLUSTER INFO` there says what is missing; all 16384 slots need a master that is up';
          throw new RedisRefused('cluster_down', `The Redis Cluster at ${describeHost(host)} does not serve: ${fix}`);
        }
        const slots = await client.cluster('SLOTS');
        // A node that does not know its own address leaves it out: it is where we asked.
        const masters = slots.map(([, , master]) => ({
          host: master?.[0] || host.host,
          port: master?.[1] ?? host.port,
        }));
        return [...new Map(masters.map((master) => [describeHost(master), master])).values()];
      }),
    );
  }

  /** The first answer; without one, the refusal that somebody has to put right rather than one that may pass. */
  private async firstOf<Result>(hosts: readonly Host[], ask: (host: Host) => Promise<Result>): Promise<Result> {
    const refusals: RedisRefused[] = [];
    for (const host of hosts) {
      try {
        return await ask(host);
      } catch (error) {
        if (!(error instanceof RedisRefused)) throw error;
        refusals.push(error);
      }
    }
    throw refusals.find(({ reason }) => !MAY_PASS.has(reason)) ?? refusals[0]!;
  }

  private async ask<Result>(
    { host, port }: Host,
    questions: (client: Redis) => Promise<Result>,
    options = this.options.server,
  ): Promise<Result> {
    const client = new Redis({
      ...options,
      host,
      port,
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: null,
    });
    let cause: Error | undefined;
    client.on('error', (error: Error) => (cause ??= error));
    try {
      return await this.deadline.orEarlier(client.connect().then(() => questions(client)));
    } catch (error) {
      if (error instanceof RedisRefused) throw error;
      // When a connection ends, its commands only learn that it did; why is told to the listener.
      const isReply = error instanceof Error && error.name === 'ReplyError';
      const reason = isReply ? error : (cause ?? (error as Error));
      throw refusalOf({ host, port }, reason, options, options === this.options.sentinel);
    } finally {
      client.disconnect();
    }
  }
}

async function infoOf(client: Redis): Promise<Map<string, string>> {
  return parseInfo(await client.info());
}

function parseInfo(text: unknown): Map<string, string> {
  const lines = String(text).matchAll(/^([^#:\r\n]+):([^\r\n]*)/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value]));
}

/** Valkey reports the version of Redis it equals, too. */
function fitness(host: Host, info: ReadonlyMap<string, string>): void {
  const where = `Redis at ${describeHost(host)}`;
  const version = info.get('redis_version') ?? '0';
  if (!isAtLeast(version, REDIS_VERSION_MIN)) {
    const fix = `install Redis ${REDIS_VERSION_MIN} or later, or Valkey`;
    throw new RedisRefused('old_version', `${where} is version ${version}: ${fix}`);
  }
  if ((info.get('loading') ?? '0') !== '0') {
    throw new RedisRefused('loading', `${where} is still loading its data: start again when it has`);
  }
  const evicts = evictionFault(info);
  if (evicts !== undefined) throw new RedisRefused('evicts', `${where} ${evicts}`);
}

/** What is wrong with a server, of which this was told, if it throws keys away. */
function evictionFault(info: ReadonlyMap<string, string>): string | undefined {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return undefined;
  const fix = 'set `maxmemory-policy noeviction` in its configuration, or by `CONFIG SET maxmemory-policy noeviction`';
  return `throws keys away when memory is short (maxmemory-policy ${policy}): ${fix}`;
}

/** Asks the masters behind an open client whether one of them throws keys away by now. Rejects if one does not answer. */
export async function askEviction(client: Redis | Cluster): Promise<string | undefined> {
  const masters = client instanceof Cluster ? client.nodes('master') : [client];
  const faults = await Promise.all(masters.map(async (master) => evictionFault(await infoOf(master))));
  const fault = faults.find((found) => found !== undefined);
  return fault && `Redis ${fault}`;
}

function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = minimum.split('.').map(Number);
  return major > majorMin || (major === majorMin && minor >= minorMin);
}

function wrongKind(host: Host, what: string, scheme: string): RedisRefused {
  return new RedisRefused('wrong_kind', `Redis at ${describeHost(host)} ${what}: begin REDIS_URL with ${scheme}`);
}

function refusalOf(
  host: Host,
  error: Error & { code?: string },
  options: RedisOptions,
  isSentinel: boolean,
): RedisRefused {
  const where = `${isSentinel ? 'Sentinel' : 'Redis'} at ${describeHost(host)}`;
  const refuse = (reason: RedisRefusal, text: string) => new RedisRefused(reason, `${where} ${text}`, { cause: error });
  const { message, code = '' } = error;
  if (/^(WRONGPASS|ERR invalid password|ERR AUTH|NOAUTH)/.test(message)) {
    const fix = isSentinel ? '?sentinelUser=…&sentinelPassword=… of REDIS_URL' : 'user:password@ of REDIS_URL';
    const what = message.startsWith('NOAUTH') ? 'wants a password: give it' : 'does not take the password: correct it';
    return refuse('wrong_password', `${what} in ${fix}`);
  }
  if (message.startsWith('NOPERM')) {
    return refuse(
      'no_permission',
      `does not let the user in enough: ${message.replace(/^NOPERM /, '')}; grant it by ACL SETUSER`,
    );
  }
  if (message.startsWith('LOADING')) return refuse('loading', 'is still loading its data: start again when it has');
  if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/.test(code)) {
    return refuse(
      'tls',
      `has a certificate that is not trusted (${code}): name its authority by ?ca=file, or its name by ?servername=`,
    );
  }
  const isTls = options.tls !== undefined;
  const otherScheme = isTls
    ? 'if it does not speak TLS, begin with redis instead of rediss'
    : 'if it speaks TLS, begin with rediss';
  if (/^(EPROTO|ERR_SSL)/.test(code)) return refuse('tls', `cannot be talked to over TLS (${code}): ${otherScheme}`);
  const fix = `start it, or correct host and port of REDIS_URL; ${otherScheme}`;
  return refuse('unreachable', `does not answer (${code || message}): ${fix}`);
}
