/**
 * The accounts of one gateway: what the store has is in the core's table, within a moment of anybody's change, and what an
 * operator declared is in the store.
 *
 * The table never forgets an account: messages in flight carry its handle. So one that vanished from the store, which happens
 * only to a store that lost writes, stays known here until the end of the process.
 */
import type { AccountMoney, BalanceStore, CreditAnswer } from '../../tariffs/index.ts';
import {
  type Account,
  ACCOUNT_BOUNDS,
  type Core,
  makeRoomForLimits,
  NO_ACCOUNT,
  type Timers,
} from '../router/index.ts';
import { type AccountStore, asked, NOTHING_WRITTEN } from './account-store.ts';

export interface Declared {
  readonly account: Account;
  /** Paid in once; 0 for nothing. */
  readonly balanceMicros: number;
}

export interface AccountsOptions {
  readonly core: Core;
  readonly store: AccountStore;
  readonly balances: BalanceStore;
  readonly declared: readonly Declared[];
  /** Told of what was declared and cannot be had. */
  readonly onDeclaredOtherwise: (account: string, what: string) => void;
}

/** How often the store is asked for changes: half of what a change may take to reach every gateway. */
export const ACCOUNTS_POLL_MS = 500;

/** The reference of what the accounts file pays in. Those of requests have a word and a colon before them. */
const DECLARED = 'declared';

export class Accounts {
  readonly #core: Core;
  readonly #store: AccountStore;
  readonly #balances: BalanceStore;
  readonly #declared: readonly Declared[];
  readonly #onDeclaredOtherwise: AccountsOptions['onDeclaredOtherwise'];
  /** Declared balances on their way into the store. */
  readonly #unpaid = new Map<string, number>();
  #mark = NOTHING_WRITTEN;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: AccountsOptions) {
    this.#core = options.core;
    this.#store = options.store;
    this.#balances = options.balances;
    this.#declared = options.declared;
    this.#onDeclaredOtherwise = options.onDeclaredOtherwise;
  }

  /** Writes what is declared and not there yet, and reads all there is. Rejects with AccountStoreUnavailable. */
  async open(): Promise<void> {
    await this.#declare(this.#declared);
    await this.refresh();
    for (const { account } of this.#declared) {
      const there = this.find(account.id);
      const isSame =
        there?.isPrepaid === account.isPrepaid && ACCOUNT_BOUNDS.every((bound) => there[bound] === account[bound]);
      if (!isSame) this.#onDeclaredOtherwise(account.id, 'its definition in the store is another and stays in force');
    }
  }

  /** Follows the store's changes until the returned function is called. Of an outage, `onOutage` is told once. */
  follow(timers: Timers, onOutage: (error: unknown) => void): () => void {
    let isReading = false;
    let isOut = false;
    return timers.every(ACCOUNTS_POLL_MS, () => {
      if (isReading) return;
      isReading = true;
      this.refresh()
        .then(
          () => (isOut = false),
          (error: unknown) => {
            if (!isOut) onOutage(error);
            isOut = true;
          },
        )
        .finally(() => (isReading = false));
    });
  }

  /** Brings the table level with the store as it is when this is called, or later. */
  refresh(): Promise<void> {
    const read = (): Promise<void> => this.#read();
    const reading = this.#reading.then(read, read);
    this.#reading = reading;
    return reading;
  }

  find(id: string): Account | undefined {
    const handle = this.#core.accounts.find(id);
    return handle === NO_ACCOUNT ? undefined : this.#core.accounts.at(handle);
  }

  /**
   * Adds an account or changes what is known of it, here and in the store. Money stays what it is: an account that is made
   * postpaid keeps its balance untouched, and draws on it again when it is made prepaid.
   */
  async put(account: Account): Promise<'created' | 'changed' | 'full'> {
    const outcome = await this.#store.put(account);
    if (outcome !== 'full') await this.refresh();
    return outcome;
  }

  /** Pays into an account that is known, or takes back with a negative amount; see `BalanceStore`. */
  credit(id: string, micros: number, reference: string): Promise<CreditAnswer> {
    return asked(this.#balances.credit(id, micros, reference));
  }

  money(id: string): Promise<AccountMoney> {
    return asked(this.#balances.money(id));
  }

  async #read(): Promise<void> {
    for (;;) {
      const changed = await this.#store.changedSince(this.#mark);
      if (changed === undefined) return;
      for (const account of changed.accounts) this.#core.accounts.set(account);
      makeRoomForLimits(this.#core);
      await this.#payIn();
      const there = new Set(changed.accounts.map(({ id }) => id));
      // A store that lost what was declared gets it again, and is then read once more.
      await this.#declare(this.#declared.filter(({ account }) => !there.has(account.id)));
      this.#mark = changed.mark;
    }
  }

  async #declare(declared: readonly Declared[]): Promise<void> {
    for (const one of declared) {
      if ((await this.#store.declare(one.account)) === 'full') {
        this.#onDeclaredOtherwise(one.account.id, 'there is no room for it in the store');
      } else if (one.balanceMicros > 0) this.#unpaid.set(one.account.id, one.balanceMicros);
    }
  }

  /** Apart from declaring: money goes to accounts that the table knows. */
  async #payIn(): Promise<void> {
    for (const [id, micros] of this.#unpaid) {
      const { outcome } = await this.credit(id, micros, DECLARED);
      if (outcome === 'conflict') {
        this.#onDeclaredOtherwise(id, 'its balance was declared and paid in before with another amount, and stays so');
      }
      this.#unpaid.delete(id);
    }
  }
}
