/** Why Redis is not used. */
export type RedisRefusal =
  /** The URL says something that cannot be meant. */
  | 'bad_url'
  /** Nobody answers at the address, or not in time. */
  | 'unreachable'
  /** TLS fails: the certificate is not trusted, or the port does not speak it. */
  | 'tls'
  /** User and password are wrong, or missing. */
  | 'wrong_password'
  /** The user may not run what we need. */
  | 'no_permission'
  /** Older than Redis 6.2. */
  | 'old_version'
  /** `maxmemory-policy` lets Redis throw our keys away. */
  | 'evicts'
  /** The scheme of the URL is for another kind of server: one alone, a cluster or a sentinel. */
  | 'wrong_kind'
  /** The server has fewer databases than the URL asks for. */
  | 'unknown_database'
  /** No sentinel knows a master of that name. */
  | 'unknown_master'
  /** A replica, which takes no writes. */
  | 'replica'
  /** Still reading its data from disk. */
  | 'loading'
  /** The cluster does not serve all slots. */
  | 'cluster_down';

/** Redis cannot be used as it is. The message is for people: what is wrong, where, and the fix. It holds no password. */
export class RedisRefused extends Error {
  readonly reason: RedisRefusal;

  constructor(reason: RedisRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RedisRefused';
    this.reason = reason;
  }
}
