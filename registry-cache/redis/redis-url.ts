// REDIS_URL: one server, a cluster, or what sentinels watch, with or without TLS.
//
//   redis://[user:password@]host:port[/database]
//   redis+cluster://[user:password@]host:port,host:port
//   redis+sentinel://[user:password@]host:port,host:port/master[/database][?sentinelUser=…&sentinelPassword=…]
//
// and the same with `rediss` for TLS, which may name ?ca=file and ?servername=name. Read by hand, since `URL` knows no
// second host. No message repeats a piece of the URL: one forgotten %40 and the piece is the password.
import { RedisRefused } from './redis-refused.ts';

export interface Host {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

interface Common {
  /** At least one. Of a cluster, where to begin; of sentinels, theirs. */
  readonly hosts: readonly Host[];
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Undefined for no TLS. */
  readonly tls: TlsSettings | undefined;
}

interface TlsSettings {
  /** Path of a PEM file with the authorities to trust instead of the system's. */
  readonly ca: string | undefined;
  /** The name that the certificate must have, if not the host's. */
  readonly servername: string | undefined;
}

interface Single extends Common {
  readonly kind: 'single';
  readonly database: number;
}

interface Clustered extends Common {
  readonly kind: 'cluster';
}

interface Watched extends Common {
  readonly kind: 'sentinel';
  readonly masterName: string;
  readonly database: number;
  readonly sentinelUser: string | undefined;
  readonly sentinelPassword: string | undefined;
}

/** What a REDIS_URL says. */
export type RedisTarget = Single | Clustered | Watched;

const FORM = /^(rediss?)(\+cluster|\+sentinel)?:\/\/([^/?#]*)(\/[^?#]*)?(\?[^#]*)?$/;
const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/;
const DATABASE = /^\d{1,5}$/;
const PORT_MAX = 65_535;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** Throws RedisRefused `bad_url`, naming the part that is wrong and the fix. */
export function parseRedisUrl(url: string): RedisTarget {
  const [first, ...otherAts] = [...url.matchAll(/@/g)].map(({ index }) => index);
  const parts = FORM.exec(url);
  const authority = parts?.[3] ?? '';
  if (otherAts.length > 0 || (first !== undefined && !authority.includes('@'))) {
    throw bad('user and password', 'write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25');
  }
  if (parts === null) {
    throw bad('scheme', 'begin with redis://, redis+cluster:// or redis+sentinel://, or rediss for TLS, and no #');
  }
  const [, scheme, suffix, , path = '', query = ''] = parts;
  const common = {
    hosts: readHosts(authority.slice(authority.indexOf('@') + 1), suffix === '+sentinel' ? SENTINEL_PORT : REDIS_PORT),
    ...readCredentials(authority),
  };
  const steps = path.split('/').slice(1);
  const settings = readSettings(query, scheme === 'rediss', suffix === '+sentinel');
  const tls = scheme === 'rediss' ? { ca: settings.get('ca'), servername: settings.get('servername') } : undefined;

  if (suffix === '+cluster') {
    if (steps.join('') !== '') throw bad('database', 'a cluster has only database 0: end the URL after the hosts');
    return { kind: 'cluster', ...common, tls };
  }
  if (suffix === '+sentinel') {
    const [masterName = '', database, ...more] = steps;
    if (masterName === '') throw bad('master', 'name what the sentinels watch behind the hosts, as in /mymaster');
    if (more.length > 0) throw bad('path', 'end it after /master/database');
    const sentinelUser = settings.get('sentinelUser');
    const sentinelPassword = settings.get('sentinelPassword');
    if (sentinelUser !== undefined && sentinelPassword === undefined) {
      throw bad('sentinelUser', 'give sentinelPassword as well');
    }
    return {
      kind: 'sentinel',
      ...common,
      tls,
      masterName: decode(masterName, 'master'),
      database: readDatabase(database),
      sentinelUser,
      sentinelPassword,
    };
  }
  const [database, ...more] = steps;
  if (more.length > 0) throw bad('path', 'end it after /database');
  if (common.hosts.length > 1) throw bad('hosts', 'name one, or use redis+cluster:// or redis+sentinel://');
  return { kind: 'single', ...common, tls, database: readDatabase(database) };
}

/** The URL for logs and answers: no password, no settings. Never throws. */
export function describeRedisUrl(url: string): string {
  let target: RedisTarget;
  try {
    target = parseRedisUrl(url);
  } catch {
    return 'a Redis URL that cannot be read';
  }
  const scheme = `redis${target.tls ? 's' : ''}${target.kind === 'single' ? '' : `+${target.kind}`}`;
  const user = target.user === undefined ? '' : `${encodeURIComponent(target.user)}@`;
  const master = target.kind === 'sentinel' ? `/${encodeURIComponent(target.masterName)}` : '';
  const database = target.kind !== 'cluster' && target.database > 0 ? `/${target.database}` : '';
  return `${scheme}://${user}${target.hosts.map(describeHost).join(',')}${master}${database}`;
}

export function describeHost({ host, port }: Host): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function readCredentials(authority: string): { user: string | undefined; password: string | undefined } {
  const end = authority.indexOf('@');
  if (end < 0) return { user: undefined, password: undefined };
  const colon = authority.slice(0, end).indexOf(':');
  if (colon < 0 || colon === end - 1) throw bad('password', 'write user:password@, or :password@ without a user');
  const user = decode(authority.slice(0, colon), 'user');
  return { user: user === '' ? undefined : user, password: decode(authority.slice(colon + 1, end), 'password') };
}

function readHosts(list: string, defaultPort: number): Host[] {
  return list.split(',').map((text, index) => {
    const [whole, six, name, digits] = HOST.exec(text) ?? [];
    const port = Number(digits ?? defaultPort);
    if (whole === undefined || port < 1 || port > PORT_MAX) {
      throw bad(`host ${index + 1}`, `write host:port with a port from 1 to ${PORT_MAX}, IPv6 as [::1]:port`);
    }
    return { host: six ?? name ?? '', port };
  });
}

function readDatabase(text = ''): number {
  if (text !== '' && !DATABASE.test(text)) throw bad('database', 'write a whole number, as in /0');
  return Number(text);
}

function readSettings(query: string, isTls: boolean, isSentinel: boolean): Map<string, string> {
  const known = [...(isTls ? ['ca', 'servername'] : []), ...(isSentinel ? ['sentinelUser', 'sentinelPassword'] : [])];
  const settings = new Map<string, string>();
  for (const pair of query.slice(1).split('&').filter(Boolean)) {
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    if (!known.includes(name)) {
      const allowed = known.length > 0 ? `this scheme has ${known.join(', ')}` : 'this scheme has none';
      throw bad('settings behind ?', `${allowed}; ca and servername want rediss, sentinelUser wants +sentinel`);
    }
    if (value === '' || settings.has(name)) throw bad(name, 'give it one value');
    settings.set(name, decode(value, name));
  }
  return settings;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad(part, 'write % as %25');
  }
}

function bad(part: string, fix: string): RedisRefused {
  return new RedisRefused('bad_url', `REDIS_URL, ${part}: ${fix}`);
}
