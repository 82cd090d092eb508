/**
 * The definitions of accounts in Redis, shared by all gateways on it. The keys have one hash tag, so that it works on a
 * cluster too:
 *
 *   tollgate:{accounts}:definitions  hash    id -> JSON of a `KeptAccount`
 *   tollgate:{accounts}:mark         string  "<microseconds of Redis' clock>-<accounts written>" of the latest write
 *
 * The count makes marks of one microsecond differ, and the time those of a store that lost writes and was written again.
 */
import type { Cluster, Redis } from 'ioredis';
import { ACCOUNTS_MAX } from '../limits.ts';
import { type AccountList, type AccountStore, asked, type KeptAccount } from './account-store.ts';

const DEFINITIONS = 'tollgate:{accounts}:definitions';
const MARK = 'tollgate:{accounts}:mark';

/** KEYS definitions, mark. ARGV id, JSON, 1 to write over one that is there, most accounts, what is there now if that is asked for. */
const WRITE = `
if ARGV[5] and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[5] then return 'other' end
local isThere = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
if isThere and ARGV[3] == '0' then return 'there' end
if not isThere and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local time = redis.call('TIME')
local written = tonumber(string.match(redis.call('GET', KEYS[2]) or '', '-(%d+)$') or 0) + 1
redis.call('SET', KEYS[2], string.format('%d%06d-%d', time[1], time[2], written))
return isThere and 'changed' or 'created'`;

/** KEYS definitions, mark. ARGV the mark the asker has. The mark and all definitions, or nothing when it is the same. */
const CHANGED_SINCE = `
local mark = redis.call('GET', KEYS[2]) or ''
if mark == ARGV[1] then return {} end
return {mark, redis.call('HVALS', KEYS[1])}`;

export class RedisAccountStore implements AccountStore {
  readonly #redis: Redis | Cluster;
  readonly #accountsMax: number;

  /** The caller keeps the client and closes it. */
  constructor(redis: Redis | Cluster, accountsMax = ACCOUNTS_MAX) {
    this.#redis = redis;
    this.#accountsMax = accountsMax;
  }

  put(account: KeptAccount): Promise<'created' | 'changed' | 'full'> {
    return this.#write(account, true) as Promise<'created' | 'changed' | 'full'>;
  }

  async replace(read: KeptAccount, account: KeptAccount): Promise<boolean> {
    return (await this.#write(account, true, JSON.stringify(read))) === 'changed';
  }

  declare(account: KeptAccount): Promise<'created' | 'there' | 'full'> {
    return this.#write(account, false) as Promise<'created' | 'there' | 'full'>;
  }

  async changedSince(mark: string): Promise<AccountList | undefined> {
    const reply = await asked(this.#redis.eval(CHANGED_SINCE, 2, DEFINITIONS, MARK, mark));
    const [latest, definitions = []] = reply as [string, string[]] | [];
    if (latest === undefined) return undefined;
    return { mark: latest, accounts: definitions.map((json) => JSON.parse(json) as KeptAccount) };
  }

  #write(account: KeptAccount, mayReplace: boolean, expected?: string): Promise<unknown> {
    const args = [account.id, JSON.stringify(account), mayReplace ? 1 : 0, this.#accountsMax];
    if (expected !== undefined) args.push(expected);
    return asked(this.#redis.eval(WRITE, 2, DEFINITIONS, MARK, ...args));
  }
}
