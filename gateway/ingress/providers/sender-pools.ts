/**
 * Numbers that send as one: Twilio's messaging services, and what others call profiles or power packs. A message that names a pool goes
 * from one of its numbers, in turn; who opts out of one of them has opted out of all.
 *
 * They are fields of a record, in this process or shared with other gateways, and here they are as read from there: one field for each
 * pool, one for each number, so that no number is in two pools. Whose turn it is each gateway counts by itself.
 */
import { SENDER_POOL_NUMBERS_MAX, SENDER_POOLS_MAX } from '../../limits.ts';
import type { OptOuts, Stateful } from '../../router/index.ts';
import type { OptOutKeeper } from '../http/inbound.ts';
import { answered } from './answered.ts';

export interface SenderPool {
  /** As the face spells it. */
  readonly id: string;
  readonly account: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Where the states of its messages are told of, if a message names no address; undefined for nowhere. */
  readonly statusCallbackUrl: string | undefined;
  /** Where those states are told of once that has failed. */
  readonly failoverUrl?: string | undefined;
  /** Where messages to its numbers go, in place of the account's webhook. */
  readonly inboundUrl: string | undefined;
  /** The campaign its numbers are on; undefined for none. */
  readonly campaignId: string | undefined;
  /** NANP keys, in the order in which they were added. */
  readonly numbers: readonly number[];
  /** Place of the number whose turn it is. */
  turn: number;
}

/** A field that is to have another text, or to be there no more. */
export interface FieldChange {
  readonly field: string;
  readonly text: string | undefined;
}

/** A record that gateways share. */
export interface SharedRecord {
  /**
   * Changes fields, all or none; `whenChanged` hears of them before this resolves. False if another gateway has changed one of them in
   * a way not heard of here when this was called: it is by then. Rejects if there is no answer: then nobody knows.
   */
  change(changes: readonly FieldChange[]): Promise<boolean>;
  whenChanged: (change: FieldChange) => void;
}

export interface SenderPoolsParts {
  readonly optOuts: () => OptOuts;
  /** Undefined where they are kept in this process alone. */
  readonly shared: { readonly record: SharedRecord; readonly optOuts: OptOutKeeper } | undefined;
}

const POOL_PREFIX = 'pool ';
const NUMBER_PREFIX = 'number ';

/** Where pools are shared, all changes reject with `NotKept` if there is no answer. */
export class SenderPools implements Stateful {
  readonly #parts: SenderPoolsParts;
  readonly #pools = new Map<string, SenderPool>();
  /** Id of the pool by number. */
  readonly #poolOfNumber = new Map<number, string>();
  /** Pools made so far by this process. */
  madeCount = 0;

  constructor(parts: SenderPoolsParts) {
    this.#parts = parts;
    if (parts.shared !== undefined) parts.shared.record.whenChanged = (change) => this.#apply(change);
  }

  /** False if there are too many. */
  async add(pool: SenderPool): Promise<boolean> {
    if (this.#pools.size >= SENDER_POOLS_MAX) return false;
    this.madeCount += 1;
    await this.#write(() => [written(pool)]);
    return true;
  }

  find(id: string, account: string): SenderPool | undefined {
    const pool = this.#pools.get(id);
    return pool?.account === account ? pool : undefined;
  }

  /** Those of an account, the oldest first. */
  of(account: string): SenderPool[] {
    const own = [...this.#pools.values()].filter((pool) => pool.account === account);
    return own.toSorted((one, other) => one.createdAtMs - other.createdAtMs);
  }

  /** Changes fields of a pool, which has them afterwards, unless it was removed. */
  async change(pool: SenderPool, fields: Partial<Omit<SenderPool, 'id' | 'account' | 'numbers'>>): Promise<void> {
    await this.#write(() => (this.#pools.has(pool.id) ? [written({ ...pool, ...fields })] : []));
  }

  async remove({ id }: SenderPool): Promise<void> {
    await this.#write(() => {
      const { numbers = [] } = this.#pools.get(id) ?? {};
      return [{ field: POOL_PREFIX + id, text: undefined }, ...numbers.map((number) => ofNumber(number, undefined))];
    });
  }

  poolOf(number: number): SenderPool | undefined {
    return this.#pools.get(this.#poolOfNumber.get(number) ?? '');
  }

  /** Adds a number, which then knows of all who opted out of the others; `taken` if it is in this pool or another. */
  async addNumber(pool: SenderPool, number: number): Promise<'added' | 'taken' | 'full'> {
    const obstacle = (): 'taken' | 'full' | undefined => {
      if (this.#poolOfNumber.has(number)) return 'taken';
      return pool.numbers.length >= SENDER_POOL_NUMBERS_MAX ? 'full' : undefined;
    };
    const why = obstacle();
    if (why !== undefined) return why;
    await this.#inherit(pool, number);
    let found: 'taken' | 'full' | undefined;
    await this.#write(() => {
      found = obstacle();
      if (found !== undefined) return [];
      return [written({ ...pool, numbers: [...pool.numbers, number] }), ofNumber(number, pool.id)];
    });
    return found ?? 'added';
  }

  async removeNumber(pool: SenderPool, number: number): Promise<boolean> {
    let isThere = false;
    await this.#write(() => {
      isThere = pool.numbers.includes(number) && this.#pools.has(pool.id);
      const numbers = pool.numbers.filter((one) => one !== number);
      return isThere ? [written({ ...pool, numbers }), ofNumber(number, undefined)] : [];
    });
    return isThere;
  }

  /** The number whose turn it is; undefined if there are none. */
  next(pool: SenderPool): number | undefined {
    const number = pool.numbers[pool.turn % pool.numbers.length];
    pool.turn = (pool.turn + 1) % Math.max(1, pool.numbers.length);
    return number;
  }

  /** Numbers of which one opts out together: those of its pool, or the number alone. */
  together(number: number): readonly number[] {
    return this.poolOf(number)?.numbers ?? [number];
  }

  capture(): { readonly pools: readonly SenderPool[]; readonly madeCount: number } {
    return { pools: [...this.#pools.values()], madeCount: this.madeCount };
  }

  restore({ pools, madeCount }: ReturnType<SenderPools['capture']>): void {
    this.#pools.clear();
    this.#poolOfNumber.clear();
    for (const pool of pools) {
      this.#pools.set(pool.id, { ...pool });
      for (const number of pool.numbers) this.#poolOfNumber.set(number, pool.id);
    }
    this.madeCount = madeCount;
  }

  /** Whoever opted out of the first number of a pool has opted out of a number that comes to it. */
  async #inherit({ numbers: [first] }: SenderPool, number: number): Promise<void> {
    const { optOuts, shared } = this.#parts;
    const table = optOuts();
    if (first === undefined || table.count === 0) return;
    const handsets = table.of(first);
    const inherit = (): void => {
      for (const handset of handsets) table.add(number, handset);
    };
    if (shared === undefined) inherit();
    else if (handsets.length > 0) {
      const pairs = handsets.map((handset) => [number, handset] as const);
      await answered(shared.optOuts.write(pairs, true, inherit));
    }
  }

  /** Makes changes; what they are is asked again when another gateway has made others first. */
  async #write(make: () => readonly FieldChange[]): Promise<void> {
    const { shared } = this.#parts;
    for (;;) {
      const changes = make();
      if (shared === undefined) for (const change of changes) this.#apply(change);
      if (shared === undefined || changes.length === 0) return;
      if (await answered(shared.record.change(changes))) return;
    }
  }

  #apply({ field, text }: FieldChange): void {
    if (field.startsWith(NUMBER_PREFIX)) {
      const number = Number(field.slice(NUMBER_PREFIX.length));
      if (text === undefined) this.#poolOfNumber.delete(number);
      else this.#poolOfNumber.set(number, text);
      return;
    }
    const id = field.slice(POOL_PREFIX.length);
    const there = this.#pools.get(id);
    if (text === undefined) {
      this.#pools.delete(id);
      return;
    }
    const read = { ...NOTHING, ...(JSON.parse(text) as SenderPool) };
    // Whoever holds a pool is to see what it is now.
    if (there === undefined) this.#pools.set(id, read);
    else Object.assign(there, read, { turn: there.turn });
  }
}

/** What is not in the text of a pool that has it not. */
const NOTHING = { statusCallbackUrl: undefined, failoverUrl: undefined, inboundUrl: undefined, campaignId: undefined };

function written(pool: SenderPool): FieldChange {
  return { field: POOL_PREFIX + pool.id, text: JSON.stringify({ ...pool, turn: 0 }) };
}

function ofNumber(number: number, text: string | undefined): FieldChange {
  return { field: NUMBER_PREFIX + String(number), text };
}
