/**
 * The accounts of one gateway: what the store has is in the core's table, within a moment of anybody's change, and what an
 * operator declared is in the store.
 *
 * The table never forgets an account: messages in flight carry its handle. So one that vanished from the store, which happens
 * only to a store that lost writes, stays known here until the end of the process.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AccountMoney, BalanceStore, CreditAnswer } from '../../tariffs/index.ts';
import type { FaceName } from '../messages/index.ts';
import {
  type Account,
  ACCOUNT_BOUNDS,
  type Core,
  makeRoomForLimits,
  NO_ACCOUNT,
  type Timers,
} from '../router/index.ts';
import { followStore } from '../follow-store.ts';
import {
  type AccountApi,
  type AccountStore,
  ACCOUNTS_POLL_MS,
  asked,
  type KeptAccount,
  UNREAD,
} from './account-store.ts';
import { AccountWebhooks } from './account-webhooks.ts';

export interface Declared {
  readonly account: Account;
  /** Paid in once; 0 for nothing. */
  readonly balanceMicros: number;
  readonly api?: AccountApi;
  readonly face?: FaceName;
}

export interface AccountsOptions {
  readonly core: Core;
  readonly store: AccountStore;
  readonly balances: BalanceStore;
  readonly declared: readonly Declared[];
  /** Told of what was declared and cannot be had. */
  readonly onDeclaredOtherwise: (account: string, what: string) => void;
}

/** The reference of what the accounts file pays in. Those of requests have a word and a colon before them. */
const DECLARED = 'declared';

export class Accounts {
  /** Where the events of accounts go, as the table has them. */
  readonly webhooks: AccountWebhooks;
  readonly #core: Core;
  readonly #store: AccountStore;
  readonly #balances: BalanceStore;
  readonly #declared: readonly Declared[];
  readonly #onDeclaredOtherwise: AccountsOptions['onDeclaredOtherwise'];
  #mark = UNREAD;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: AccountsOptions) {
    this.#core = options.core;
    this.#store = options.store;
    this.webhooks = new AccountWebhooks(options.store);
    this.#balances = options.balances;
    this.#declared = options.declared;
    this.#onDeclaredOtherwise = options.onDeclaredOtherwise;
  }

  /** Reads all there is, and declares what is not there yet. Rejects with AccountStoreUnavailable. */
  async open(): Promise<void> {
    await this.refresh();
    for (const { account, api } of this.#declared) {
      const there = this.find(account.id);
      const apiThere = this.webhooks.apiOf(account.id);
      const isSame =
        there?.isPrepaid === account.isPrepaid &&
        ACCOUNT_BOUNDS.every((bound) => there[bound] === account[bound]) &&
        (api === undefined || isDeepStrictEqual(api, apiThere));
      if (!isSame) this.#onDeclaredOtherwise(account.id, 'its definition in the store is another and stays in force');
    }
  }

  /** Follows the store's changes until the returned function is called. Of an outage, `onOutage` is told once. */
  follow(timers: Timers, onOutage: (error: unknown) => void): () => void {
    return followStore(timers, ACCOUNTS_POLL_MS, () => this.refresh(), onOutage);
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
  async put(account: KeptAccount): Promise<'created' | 'changed' | 'full'> {
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
      this.#set(changed.accounts);
      const there = new Set(changed.accounts.map(({ id }) => id));
      // At the start, and for a store that lost what was declared; it is then read once more.
      for (const one of this.#declared) if (!there.has(one.account.id)) await this.#declare(one);
      this.#mark = changed.mark;
    }
  }

  /** Pays in first: once an account is there, nobody pays in again, whatever becomes of the reference. */
  async #declare({ account: bounds, balanceMicros, api, face }: Declared): Promise<void> {
    const account: KeptAccount = { ...bounds, ...(api && { api }), ...(face && { face }) };
    const complain = (what: string): void => this.#onDeclaredOtherwise(account.id, what);
    this.#set([account]);
    if (balanceMicros > 0) {
      const { outcome } = await this.credit(account.id, balanceMicros, DECLARED);
      if (outcome === 'conflict')
        complain('its balance was declared with another amount before, and is not paid in again');
    }
    if ((await this.#store.declare(account)) === 'full')
      complain('the store has no room for it, so only this gateway knows it');
  }

  #set(accounts: readonly KeptAccount[]): void {
    for (const account of accounts) this.#core.accounts.set(account);
    this.webhooks.set(accounts);
    makeRoomForLimits(this.#core);
  }
}
