/**
 * Where the definitions of accounts are kept, as a port: in this process, or in Redis and then shared by several gateways.
 *
 * Definitions are few and change seldom, so whoever follows them asks from time to time whether anything changed, by a mark, and
 * is then handed all of them. A mark is not counted upwards but differs after every write: a store that was emptied, or has
 * lost writes, is noticed like any other change. The money of accounts is not here but behind `BalanceStore`.
 */
import { StoreUnavailable } from '../../registry-cache/index.ts';
import type { FaceName } from '../messages/index.ts';
import type { Account } from '../router/index.ts';

/** How often the store is asked for changes: half of what a change may take to reach every gateway. */
export const ACCOUNTS_POLL_MS = 500;

/** A mark that no store stands at. */
export const UNREAD = 'unread';

export interface AccountWebhook {
  readonly url: string;
  /** What posts are signed with: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks). */
  readonly secret: string;
  /** The address answered 410, and was not set again since: nothing is sent there. */
  readonly isGone: boolean;
}

/** By what an account uses the APIs of providers: the two halves of a pair, as each API calls them. */
export interface AccountApi {
  readonly id: string;
  readonly secret: string;
  /** What signs with a private key instead of the secret, as Vonage's applications do. */
  readonly application?: {
    /** Of no other account. */
    readonly id: string;
    /** In PEM. */
    readonly publicKey: string;
  };
}

/** An account as it is kept: with what decisions about messages do not need. */
export interface KeptAccount extends Account {
  readonly webhook?: AccountWebhook;
  /** The id is of no other account. */
  readonly api?: AccountApi;
  /** The API in whose style it is told of messages to its numbers. */
  readonly face?: FaceName;
}

export interface AccountList {
  readonly accounts: readonly KeptAccount[];
  /** Stands for this state of the store; hand it to `changedSince`. */
  readonly mark: string;
}

/** Of a store in which nothing was ever written. */
export const NOTHING_WRITTEN = '';

/** All methods reject with `AccountStoreUnavailable` when the store cannot be asked; doing the same again is then safe. */
export interface AccountStore {
  /**
   * Writes an account, new or changed. `full`, and nothing written, when it is new and there are ACCOUNTS_MAX: whoever
   * opens the store may give another bound.
   */
  put(account: KeptAccount): Promise<'created' | 'changed' | 'full'>;

  /** Writes an account in place of what was read of it, unless somebody else changed it meanwhile: whether it did. */
  replace(read: KeptAccount, account: KeptAccount): Promise<boolean>;

  /** Writes an account unless there is one of its id. */
  declare(account: KeptAccount): Promise<'created' | 'there' | 'full'>;

  /** All accounts, in no order, if anything was written since the store stood at `mark`. */
  changedSince(mark: string): Promise<AccountList | undefined>;
}

/** The store, or that of balances, cannot be reached or does not answer. */
export class AccountStoreUnavailable extends StoreUnavailable {
  constructor(options: ErrorOptions) {
    super('the store of accounts does not answer', options);
    this.name = 'AccountStoreUnavailable';
  }
}

/** What `answer` becomes, or AccountStoreUnavailable with what it failed with. */
export async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new AccountStoreUnavailable({ cause: error });
  }
}
