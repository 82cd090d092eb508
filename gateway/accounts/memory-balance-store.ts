/**
 * The money of prepaid accounts where one gateway counts alone: what the core's `Balances` hold, and nothing is on lease.
 *
 * Paying in and deciding happen in one thread, each at once, so no message sees half a payment.
 */
import type { AccountMoney, Balances, BalanceStore, CreditAnswer } from '../../tariffs/index.ts';
import { PAYMENT_REFERENCES_MAX } from '../limits.ts';
import { type AccountTable, NO_ACCOUNT } from '../router/index.ts';

export class MemoryBalanceStore implements BalanceStore {
  readonly #accounts: AccountTable;
  readonly #balances: Balances;
  /** Amounts by account and reference, in the order they came. Ids hold no space. */
  readonly #payments = new Map<string, number>();
  readonly #referencesMax: number;

  /** @param balances those the core decides by, under the handles of `accounts` */
  constructor(accounts: AccountTable, balances: Balances, referencesMax = PAYMENT_REFERENCES_MAX) {
    this.#accounts = accounts;
    this.#balances = balances;
    this.#referencesMax = referencesMax;
  }

  /** RangeError for an account that the table does not have, and for an amount that is no safe whole number. */
  credit(account: string, micros: number, reference: string): Promise<CreditAnswer> {
    return new Promise((resolve) =>
      resolve({ outcome: this.#credit(account, micros, reference), money: this.#money(account) }),
    );
  }

  money(account: string): Promise<AccountMoney> {
    return Promise.resolve(this.#money(account));
  }

  /** The payments that are remembered; the balances are the core's. */
  capture(): ReadonlyMap<string, number> {
    return this.#payments;
  }

  restore(payments: ReadonlyMap<string, number>): void {
    this.#payments.clear();
    for (const [payment, micros] of payments) this.#payments.set(payment, micros);
  }

  #credit(account: string, micros: number, reference: string): CreditAnswer['outcome'] {
    const handle = this.#accounts.find(account);
    if (handle === NO_ACCOUNT) throw new RangeError(`there is no account ${account}`);
    if (!Number.isSafeInteger(micros)) throw new RangeError(`${micros} is not a whole number of micro-dollars`);
    const payment = `${account} ${reference}`;
    const before = this.#payments.get(payment);
    if (before !== undefined) return before === micros ? 'repeated' : 'conflict';
    if (this.#balances.micros(handle) + micros < 0) return 'insufficient';
    this.#balances.ensure(handle + 1);
    this.#balances.credit(handle, micros);
    this.#payments.set(payment, micros);
    if (this.#payments.size > this.#referencesMax) {
      for (const oldest of this.#payments.keys()) {
        this.#payments.delete(oldest);
        break;
      }
    }
    return 'credited';
  }

  #money(account: string): AccountMoney {
    const balanceMicros = this.#balances.micros(this.#accounts.find(account));
    return { balanceMicros, heldMicros: 0, unaccountedMicros: 0 };
  }
}
