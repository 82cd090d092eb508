/**
 * Numbers that send as one: Twilio's messaging services, and what others call profiles or power packs. A message that names a pool goes
 * from one of its numbers, in turn; who opts out of one of them has opted out of all. Kept in this process.
 */
import { SENDER_POOL_NUMBERS_MAX, SENDER_POOLS_MAX } from '../../limits.ts';
import type { OptOuts, Stateful } from '../../router/index.ts';

export interface SenderPool {
  /** As the face spells it. */
  readonly id: string;
  readonly account: string;
  name: string;
  readonly createdAtMs: number;
  updatedAtMs: number;
  /** Where the states of its messages are told of, if a message names no address; undefined for nowhere. */
  statusCallbackUrl: string | undefined;
  /** Where those states are told of once that has failed. */
  failoverUrl?: string | undefined;
  /** Where messages to its numbers go, in place of the account's webhook. */
  inboundUrl: string | undefined;
  /** The campaign its numbers are on; undefined for none. */
  campaignId: string | undefined;
  /** NANP keys, in the order in which they were added. */
  numbers: number[];
  /** Place of the number whose turn it is. */
  turn: number;
}

export class SenderPools implements Stateful {
  readonly #pools = new Map<string, SenderPool>();
  readonly #poolOfNumber = new Map<number, SenderPool>();
  readonly #optOuts: () => OptOuts;
  /** Pools made so far. */
  madeCount = 0;

  constructor(optOuts: () => OptOuts) {
    this.#optOuts = optOuts;
  }

  /** False if there are too many. */
  add(pool: SenderPool): boolean {
    if (this.#pools.size >= SENDER_POOLS_MAX) return false;
    this.#pools.set(pool.id, pool);
    this.madeCount += 1;
    return true;
  }

  find(id: string, account: string): SenderPool | undefined {
    const pool = this.#pools.get(id);
    return pool?.account === account ? pool : undefined;
  }

  /** Those of an account, the oldest first. */
  of(account: string): SenderPool[] {
    return [...this.#pools.values()].filter((pool) => pool.account === account);
  }

  remove(pool: SenderPool): void {
    for (const number of pool.numbers) this.#poolOfNumber.delete(number);
    this.#pools.delete(pool.id);
  }

  poolOf(number: number): SenderPool | undefined {
    return this.#poolOfNumber.get(number);
  }

  /** Adds a number, which then knows of all who opted out of the others; `taken` if it is in this pool or another. */
  addNumber(pool: SenderPool, number: number): 'added' | 'taken' | 'full' {
    if (this.#poolOfNumber.has(number)) return 'taken';
    if (pool.numbers.length >= SENDER_POOL_NUMBERS_MAX) return 'full';
    const optOuts = this.#optOuts();
    const [first] = pool.numbers;
    if (first !== undefined && optOuts.count > 0) for (const handset of optOuts.of(first)) optOuts.add(number, handset);
    pool.numbers.push(number);
    this.#poolOfNumber.set(number, pool);
    return 'added';
  }

  removeNumber(pool: SenderPool, number: number): boolean {
    const at = pool.numbers.indexOf(number);
    if (at < 0) return false;
    pool.numbers.splice(at, 1);
    this.#poolOfNumber.delete(number);
    return true;
  }

  /** The number whose turn it is; undefined if there are none. */
  next(pool: SenderPool): number | undefined {
    const number = pool.numbers[pool.turn % pool.numbers.length];
    pool.turn = (pool.turn + 1) % Math.max(1, pool.numbers.length);
    return number;
  }

  /** Numbers of which one opts out together: those of its pool, or the number alone. */
  together(number: number): readonly number[] {
    return this.#poolOfNumber.get(number)?.numbers ?? [number];
  }

  capture(): { readonly pools: readonly SenderPool[]; readonly madeCount: number } {
    return { pools: [...this.#pools.values()], madeCount: this.madeCount };
  }

  restore({ pools, madeCount }: ReturnType<SenderPools['capture']>): void {
    this.#pools.clear();
    this.#poolOfNumber.clear();
    for (const one of pools) {
      const pool = { ...one, numbers: [...one.numbers] };
      this.#pools.set(pool.id, pool);
      for (const number of pool.numbers) this.#poolOfNumber.set(number, pool);
    }
    this.madeCount = madeCount;
  }
}
