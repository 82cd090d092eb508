/**
 * Accounts: who pays for messages, how fast they may send, and how much at once. Columns under dense handles, as campaigns are.
 *
 * A message whose account nobody declared carries NO_ACCOUNT: it is billed to the name it came with, afterwards, and not limited.
 */
export const NO_ACCOUNT = -1;

/** A bound that is not set. */
export const UNLIMITED = 0;

export interface Account {
  readonly id: string;
  /** Prepaid: a message that the balance does not cover is refused. Postpaid: the charge is only counted. */
  readonly isPrepaid: boolean;
  /** Segments per second over all numbers of the account; UNLIMITED for no bound. */
  readonly smsPerSecond: number;
  /** MMS per second over all numbers of the account. */
  readonly mmsPerSecond: number;
  /** Segments per second of each of its numbers, as aggregators hold senders to. */
  readonly numberSmsPerSecond: number;
  readonly numberMmsPerSecond: number;
  /** Messages accepted and not yet in a final state. */
  readonly inFlightMax: number;
}

const BOUND_MAX = 1_000_000_000;

export class AccountTable {
  readonly #rows: Account[] = [];
  readonly #handles = new Map<string, number>();

  get count(): number {
    return this.#rows.length;
  }

  /** Adds an account, or replaces what is known of it; its handle. RangeError for a bound that is no whole number up to a billion. */
  set(account: Account): number {
    for (const field of BOUNDS) {
      const bound = account[field];
      if (!(Number.isInteger(bound) && bound >= 0 && bound <= BOUND_MAX)) {
        throw new RangeError(`${field} ${bound} of account ${account.id} is not a whole number from 0 to ${BOUND_MAX}`);
      }
    }
    const known = this.#handles.get(account.id);
    if (known !== undefined) {
      this.#rows[known] = account;
      return known;
    }
    const handle = this.#rows.length;
    this.#rows.push(account);
    this.#handles.set(account.id, handle);
    return handle;
  }

  /** Handle of an account's id, or NO_ACCOUNT. */
  find(id: string): number {
    return this.#handles.get(id) ?? NO_ACCOUNT;
  }

  /** Hot, hence unchecked: the handle must come from here. */
  at(handle: number): Account {
    return this.#rows[handle]!;
  }

  [Symbol.iterator](): Iterator<Account> {
    return this.#rows[Symbol.iterator]();
  }
}

const BOUNDS = ['smsPerSecond', 'mmsPerSecond', 'numberSmsPerSecond', 'numberMmsPerSecond', 'inFlightMax'] as const;
