/**
 * The campaign registry's store in Redis, shared by all gateways on it. The keys have one hash tag, so that it works on a
 * cluster too:
 *
 *   tollgate:{tcr}:<kind>    hash    id -> "<version>|<JSON>"
 *   tollgate:{tcr}:counters  hash    counter -> number
 *   tollgate:{tcr}:due       sorted  task by the time it is to be done, or until which it is claimed
 *
 * Whatever reads before it writes is one script, and so happens at once.
 */
import type { Cluster, Redis } from 'ioredis';
import {
  CLAIM_MS,
  type Claim,
  type Entities,
  type Kind,
  type TcrStore,
  TcrStoreUnavailable,
  type Versioned,
} from './tcr-store.ts';

const COUNTERS = 'tollgate:{tcr}:counters';
const DUE = 'tollgate:{tcr}:due';

/** KEYS the kind. ARGV id, version that must be there, JSON. 1 if written. */
const PUT = `
local kept = redis.call('HGET', KEYS[1], ARGV[1])
local version = kept and string.match(kept, '^%d+') or '0'
if version ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', version + 1) .. '|' .. ARGV[3])
return 1`;

/** KEYS the queue. ARGV now, end of the claim, how many. The tasks. */
const TAKE_DUE = `
local tasks = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, task in ipairs(tasks) do redis.call('ZADD', KEYS[1], ARGV[2], task) end
return tasks`;

/** KEYS the queue. ARGV task, end of the claim. */
const FINISH = `
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at and tonumber(at) == tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0`;

export class RedisTcrStore implements TcrStore {
  readonly #redis: Redis | Cluster;

  /** The caller keeps the client and closes it. */
  constructor(redis: Redis | Cluster) {
    this.#redis = redis;
  }

  async get<K extends Kind>(kind: K, id: string): Promise<Versioned<Entities[K]> | undefined> {
    const kept = await asked(this.#redis.hget(keyOf(kind), id));
    return kept === null ? undefined : parse<Entities[K]>(kept);
  }

  async put<K extends Kind>(kind: K, id: string, value: Entities[K], version: number): Promise<boolean> {
    const json = JSON.stringify(value);
    return (await asked(this.#redis.eval(PUT, 1, keyOf(kind), id, String(version), json))) === 1;
  }

  async delete(kind: Kind, id: string): Promise<void> {
    await asked(this.#redis.hdel(keyOf(kind), id));
  }

  async list<K extends Kind>(kind: K): Promise<readonly Entities[K][]> {
    const kept = await asked(this.#redis.hvals(keyOf(kind)));
    return kept.map((one) => parse<Entities[K]>(one).value);
  }

  nextNumber(counter: string): Promise<number> {
    return asked(this.#redis.hincrby(COUNTERS, counter, 1));
  }

  async schedule(task: string, atMs: number): Promise<void> {
    await asked(this.#redis.zadd(DUE, atMs, task));
  }

  async takeDue(nowMs: number, limit: number): Promise<readonly Claim[]> {
    const untilMs = nowMs + CLAIM_MS;
    const tasks = await asked(this.#redis.eval(TAKE_DUE, 1, DUE, nowMs, untilMs, limit));
    return (tasks as string[]).map((task) => ({ task, untilMs }));
  }

  async finish({ task, untilMs }: Claim): Promise<void> {
    await asked(this.#redis.eval(FINISH, 1, DUE, task, untilMs));
  }
}

function keyOf(kind: Kind): string {
  return `tollgate:{tcr}:${kind}`;
}

function parse<T>(kept: string): Versioned<T> {
  const bar = kept.indexOf('|');
  return { version: Number(kept.slice(0, bar)), value: JSON.parse(kept.slice(bar + 1)) as T };
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new TcrStoreUnavailable({ cause: error });
  }
}
