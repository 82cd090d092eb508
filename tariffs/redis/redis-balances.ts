/** The money of prepaid accounts in Redis: paid in and looked at here, spent by the leases of gateways. */
import type { AccountMoney, BalanceStore, CreditAnswer } from '../limits/balance-store.ts';
import { LeaseKind } from '../limits/leased-units.ts';
import { creditKey, quotaKey, type QuotaName } from './layout.ts';
import { type QuotaConnection, runScript } from './run-script.ts';
import { CREDIT, LOOK_AT_MONEY } from './scripts.ts';

/** A reference is remembered for 30 days. Everything rejects with QuotasUnavailable when Redis is away. */
export class RedisBalances implements BalanceStore {
  readonly #connection: QuotaConnection;
  readonly #limit: string;

  /** @param limit the name under which gateways lease it */
  constructor(connection: QuotaConnection, limit: string) {
    this.#connection = connection;
    this.#limit = limit;
  }

  async credit(account: string, micros: number, reference: string): Promise<CreditAnswer> {
    const name = this.#nameOf(account);
    const reply = await runScript(this.#connection, CREDIT, [quotaKey(name), creditKey(name, reference)], [micros]);
    const [outcome, ...money] = reply as [CreditAnswer['outcome'], string, string, string];
    return { outcome, money: moneyOf(money) };
  }

  async money(account: string): Promise<AccountMoney> {
    const reply = await runScript(this.#connection, LOOK_AT_MONEY, [quotaKey(this.#nameOf(account))], []);
    return moneyOf(reply as [string, string, string]);
  }

  #nameOf(id: string): QuotaName {
    return { kind: LeaseKind.Money, limit: this.#limit, id };
  }
}

function moneyOf([free, held, lost]: readonly [string, string, string]): AccountMoney {
  return {
    balanceMicros: Number(free) + Number(held),
    heldMicros: Number(held),
    unaccountedMicros: Number(lost),
  };
}
