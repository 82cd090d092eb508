/** The definitions of accounts in this process. */
import { ACCOUNTS_MAX } from '../limits.ts';
import { type AccountList, type AccountStore, type KeptAccount, NOTHING_WRITTEN } from './account-store.ts';

export class MemoryAccountStore implements AccountStore {
  readonly #accountsMax: number;
  readonly #accounts = new Map<string, KeptAccount>();
  #writeCount = 0;

  constructor(accountsMax = ACCOUNTS_MAX) {
    this.#accountsMax = accountsMax;
  }

  put(account: KeptAccount): Promise<'created' | 'changed' | 'full'> {
    const isThere = this.#accounts.has(account.id);
    if (!isThere && this.#accounts.size >= this.#accountsMax) return Promise.resolve('full');
    this.#accounts.set(account.id, { ...account });
    this.#writeCount += 1;
    return Promise.resolve(isThere ? 'changed' : 'created');
  }

  async replace(read: KeptAccount, account: KeptAccount): Promise<boolean> {
    if (JSON.stringify(this.#accounts.get(account.id)) !== JSON.stringify(read)) return false;
    await this.put(account);
    return true;
  }

  async declare(account: KeptAccount): Promise<'created' | 'there' | 'full'> {
    if (this.#accounts.has(account.id)) return 'there';
    return (await this.put(account)) === 'full' ? 'full' : 'created';
  }

  /** The definitions by id. */
  capture(): ReadonlyMap<string, KeptAccount> {
    return this.#accounts;
  }

  /** Holds the accounts that another captured, and no others. To its readers it is changed. */
  restore(accounts: ReadonlyMap<string, KeptAccount>): void {
    this.#accounts.clear();
    for (const [id, account] of accounts) this.#accounts.set(id, account);
    this.#writeCount += 1;
  }

  changedSince(mark: string): Promise<AccountList | undefined> {
    const latest = this.#writeCount === 0 ? NOTHING_WRITTEN : String(this.#writeCount);
    return Promise.resolve(latest === mark ? undefined : { accounts: [...this.#accounts.values()], mark: latest });
  }
}
