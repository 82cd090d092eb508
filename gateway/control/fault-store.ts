/**
 * Where faults are kept: in this process, or in Redis for every gateway and worker on it. The keys have one hash tag, so that it works on a
 * cluster too:
 *
 *   tollgate:{delivery}:faults          hash  version -> a name of its own for each document
 *                                             document -> JSON of a list of `SetFault`
 *   tollgate:{delivery}:faults:applied  hash  key of a fault -> how often it was applied, by all processes
 *
 * A document is replaced as a whole, if nobody else did meanwhile.
 */
import { randomUUID } from 'node:crypto';
import { StoreUnavailable } from '../../registry-cache/index.ts';
import type { RedisConnection } from '../../registry-cache/redis/index.ts';
import type { Stateful } from '../router/index.ts';
import type { SetFault } from './fault.ts';

export interface FaultsKept {
  /** Differs from that of every other document; empty if none was ever written. */
  readonly version: string;
  readonly faults: readonly SetFault[];
}

/** Every method rejects with FaultStoreUnavailable when the store does not answer. */
export interface FaultStore {
  /** Adds to how often faults were applied; answers with the faults if their version is another one. */
  follow(version: string, applied: ReadonlyMap<string, number>): Promise<FaultsKept | undefined>;
  /** Replaces the document of this version. Its new version, or undefined if it had another one. */
  replace(version: string, faults: readonly SetFault[], keys: readonly string[]): Promise<string | undefined>;
  /** How often each fault was applied, by key. */
  applied(): Promise<ReadonlyMap<string, number>>;
}

export class FaultStoreUnavailable extends StoreUnavailable {
  constructor(options: ErrorOptions) {
    super('the store of faults does not answer', options);
    this.name = 'FaultStoreUnavailable';
  }
}

/** The faults of one process, for as long as it lives. */
export class MemoryFaultStore implements FaultStore, Stateful {
  #kept: FaultsKept = { version: '', faults: [] };
  readonly #applied = new Map<string, number>();

  follow(version: string, applied: ReadonlyMap<string, number>): Promise<FaultsKept | undefined> {
    this.count(applied);
    return Promise.resolve(version === this.#kept.version ? undefined : this.#kept);
  }

  replace(version: string, faults: readonly SetFault[], keys: readonly string[]): Promise<string | undefined> {
    if (version !== this.#kept.version) return Promise.resolve(undefined);
    this.#kept = { version: randomUUID(), faults };
    for (const key of this.#applied.keys()) if (!keys.includes(key)) this.#applied.delete(key);
    return Promise.resolve(this.#kept.version);
  }

  applied(): Promise<ReadonlyMap<string, number>> {
    return Promise.resolve(this.#applied);
  }

  /** Adds to how often faults were applied. */
  count(applied: ReadonlyMap<string, number>): void {
    for (const [key, count] of applied) this.#applied.set(key, (this.#applied.get(key) ?? 0) + count);
  }

  get kept(): FaultsKept {
    return this.#kept;
  }

  capture(): { readonly faults: readonly SetFault[]; readonly applied: readonly (readonly [string, number])[] } {
    return { faults: this.#kept.faults, applied: [...this.#applied] };
  }

  restore(state: unknown): void {
    const { faults, applied } = state as ReturnType<MemoryFaultStore['capture']>;
    this.#kept = { version: randomUUID(), faults: structuredClone(faults) };
    this.#applied.clear();
    for (const [key, count] of applied) this.#applied.set(key, count);
  }
}

const FAULTS = 'tollgate:{delivery}:faults';
const APPLIED = 'tollgate:{delivery}:faults:applied';

/** KEYS faults, applied. ARGV the version the asker has; then pairs of a fault's key and a count. Version and document, or nothing. */
const FOLLOW = `
for at = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[at], ARGV[at + 1]) end
local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == ARGV[1] then return {} end
return {version, redis.call('HGET', KEYS[1], 'document') or '[]'}`;

/** KEYS faults, applied. ARGV version, new version, document; then the keys of its faults, whose counts are kept. */
const REPLACE = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'document', ARGV[3])
local kept = {}
for at = 4, #ARGV do kept[ARGV[at]] = true end
for _, key in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not kept[key] then redis.call('HDEL', KEYS[2], key) end
end
return 1`;

export class RedisFaultStore implements FaultStore {
  readonly #redis: RedisConnection['client'];

  /** The caller keeps the client and closes it. */
  constructor(redis: RedisConnection['client']) {
    this.#redis = redis;
  }

  async follow(version: string, applied: ReadonlyMap<string, number>): Promise<FaultsKept | undefined> {
    const reply = await asked(this.#redis.eval(FOLLOW, 2, FAULTS, APPLIED, version, ...[...applied].flat()));
    const [latest, document = '[]'] = reply as [string, string] | [];
    return latest === undefined ? undefined : { version: latest, faults: JSON.parse(document) as SetFault[] };
  }

  async replace(version: string, faults: readonly SetFault[], keys: readonly string[]): Promise<string | undefined> {
    const next = randomUUID();
    const document = JSON.stringify(faults);
    const reply = await asked(this.#redis.eval(REPLACE, 2, FAULTS, APPLIED, version, next, document, ...keys));
    return reply === 1 ? next : undefined;
  }

  async applied(): Promise<ReadonlyMap<string, number>> {
    const counts = await asked(this.#redis.hgetall(APPLIED));
    return new Map(Object.entries(counts).map(([key, count]) => [key, Number(count)]));
  }
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new FaultStoreUnavailable({ cause: error });
  }
}
