/**
 * Where the money of prepaid accounts is kept: the port behind `Balances` and its leases. Amounts are integer micro-dollars.
 * What admits a message is an `Allowance`; this is for paying in and for looking.
 */
export interface AccountMoney {
  /** What may still be taken, held parts included. Never negative. */
  readonly balanceMicros: number;
  /** Of it, what gateways hold on lease. */
  readonly heldMicros: number;
  /** Held by gateways that ended without telling what they had spent of it: not in the balance. */
  readonly unaccountedMicros: number;
}

export interface BalanceStore {
  /**
   * Pays in, or takes back with a negative amount, never below 0 of what is not held; the same reference a second time changes nothing.
   * `outcome`: credited, repeated (this reference was there before, with the same amount), conflict (before, with another
   * amount), insufficient (more was to be taken back than there is). Rejects when the store is away.
   */
  credit(account: string, micros: number, reference: string): Promise<CreditAnswer>;
  /** What an account has; all zero for one that never paid in. */
  money(account: string): Promise<AccountMoney>;
}

export interface CreditAnswer {
  readonly outcome: 'credited' | 'repeated' | 'conflict' | 'insufficient';
  readonly money: AccountMoney;
}
