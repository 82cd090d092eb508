/** The definitions of accounts in this process. */
import { ACCOUNTS_MAX } from '../limits.ts';
import type { Account } from '../router/index.ts';
import { type AccountList, type AccountStore, NOTHING_WRITTEN } from './account-store.ts';

export class MemoryAccountStore implements AccountStore {
  readonly #accountsMax: number;
  readonly #accounts = new Map<string, Account>();
  #writeCount = 0;

  constructor(accountsMax = ACCOUNTS_MAX) {
    this.#accountsMax = accountsMax;
  }

  put(account: Account): Promise<'created' | 'changed' | 'full'> {
    const isThere = this.#accounts.has(account.id);
    if (!isThere && this.#accounts.size >= this.#accountsMax) return Promise.resolve('full');
    this.#accounts.set(account.id, { ...account });
    this.#writeCount += 1;
    return Promise.resolve(isThere ? 'changed' : 'created');
  }

  async declare(account: Account): Promise<'created' | 'there' | 'full'> {
    if (this.#accounts.has(account.id)) return 'there';
    return (await this.put(account)) === 'full' ? 'full' : 'created';
  }

  changedSince(mark: string): Promise<AccountList | undefined> {
    const latest = this.#writeCount === 0 ? NOTHING_WRITTEN : String(this.#writeCount);
    return Promise.resolve(latest === mark ? undefined : { accounts: [...this.#accounts.values()], mark: latest });
  }
}
