/**
 * Accounts: who pays for messages, how fast they may send, and how much at once. Under dense handles, as campaigns are.
 *
 * A message whose account nobody declared carries NO_ACCOUNT: it is billed to the name it came with, afterwards, and not limited.
 */
export const NO_ACCOUNT = -1;

/** A bound that is not set. */
export const UNLIMITED = 0;

/** How fast an account may send, and how much at once. */
export interface AccountBounds {
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

export interface Account extends AccountBounds {
  readonly id: string;
  /** Prepaid: a message that the balance does not cover is refused. Postpaid: the charge is only counted. */
  readonly isPrepaid: boolean;
}

/** Ids go into addresses and keys as they are. */
export const ACCOUNT_ID = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** Credentials go into the user and password of Basic authentication, and into paths. */
export const API_ID = /^[A-Za-z0-9._@-]{1,128}$/;
export const API_ID_SHAPE = 'must be 1 to 128 letters, digits, dots, dashes, underscores and @';
export const API_SECRET = /^[\x21-\x7e]{1,128}$/;
export const API_SECRET_SHAPE = 'must be 1 to 128 printable ASCII characters without blanks';

export const ACCOUNT_BOUNDS: readonly (keyof AccountBounds)[] = [
  'smsPerSecond',
  'mmsPerSecond',
  'numberSmsPerSecond',
  'numberMmsPerSecond',
  'inFlightMax',
];
export const ACCOUNT_BOUND_MAX = 1_000_000_000;

export class AccountTable {
  readonly #rows: Account[] = [];
  readonly #handles = new Map<string, number>();

  get count(): number {
    return this.#rows.length;
  }

  /**
   * Adds an account, or replaces what is known of it; its handle. What it has used of a limit stays used.
   * RangeError for an id that does not match ACCOUNT_ID and for a bound that is no whole number from 0 to ACCOUNT_BOUND_MAX.
   */
  set(account: Account): number {
    const { id } = account;
    if (!ACCOUNT_ID.test(id)) throw new RangeError(`"${id}" is no id of an account`);
    for (const field of ACCOUNT_BOUNDS) {
      const bound = account[field];
      if (!(Number.isInteger(bound) && bound >= 0 && bound <= ACCOUNT_BOUND_MAX)) {
        throw new RangeError(`${field} ${bound} of account ${id} is not a whole number from 0 to ${ACCOUNT_BOUND_MAX}`);
      }
    }
    const handle = this.#handles.get(id) ?? this.#rows.length;
    this.#rows[handle] = rowOf(account);
    this.#handles.set(id, handle);
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

  /** The accounts by handle. */
  capture(): readonly Account[] {
    return this.#rows;
  }

  /** Holds the accounts that another captured, and no others. */
  restore(accounts: readonly Account[]): void {
    this.#rows.length = 0;
    this.#handles.clear();
    for (const account of accounts) this.set(account);
  }
}

/** A copy with its fields in one order, wherever the account came from: decisions read rows of a single shape. */
function rowOf(account: Account): Account {
  return {
    id: account.id,
    isPrepaid: account.isPrepaid,
    smsPerSecond: account.smsPerSecond,
    mmsPerSecond: account.mmsPerSecond,
    numberSmsPerSecond: account.numberSmsPerSecond,
    numberMmsPerSecond: account.numberMmsPerSecond,
    inFlightMax: account.inFlightMax,
  };
}
