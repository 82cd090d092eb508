/** Where the events of accounts go, and by what accounts use the APIs of providers: addresses and secrets, as the store of accounts has them. */
import { randomBytes } from 'node:crypto';
import type { Timers } from '../router/index.ts';
import { Face, FACES } from '../messages/index.ts';
import { followStore } from '../follow-store.ts';
import {
  type AccountApi,
  type AccountStore,
  ACCOUNTS_POLL_MS,
  type AccountWebhook,
  asked,
  type KeptAccount,
  UNREAD,
} from './account-store.ts';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** How a secret is to be written, in words behind "must be". */
export const SECRET_SHAPE = `${SECRET_PREFIX} and ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes in base64`;

/** A secret that nobody can guess, seeded runs included. */
export function newSecret(): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

export function isSecret(text: string): boolean {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const written = text.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(written, 'base64');
  const isBase64 = bytes.toString('base64') === written;
  return isBase64 && bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX;
}

/** An account and its credentials. */
export interface AccountOfApi {
  readonly account: string;
  readonly api: AccountApi;
}

/** The webhooks and credentials of all accounts, as last read from a store. */
export class AccountWebhooks {
  readonly #store: AccountStore;
  /** Those that have any of them. */
  readonly #kept = new Map<string, KeptAccount>();
  #apis: readonly AccountOfApi[] = [];

  constructor(store: AccountStore) {
    this.#store = store;
  }

  of(account: string): AccountWebhook | undefined {
    return this.#kept.get(account)?.webhook;
  }

  apiOf(account: string): AccountApi | undefined {
    return this.#kept.get(account)?.api;
  }

  /** `Face` of the API in whose style an account is told of messages to its numbers; of one that has none, our own. */
  faceOf(account: string): number {
    const face = this.#kept.get(account)?.face;
    return face === undefined ? Face.Native : FACES.indexOf(face);
  }

  /** Of all accounts that have credentials. Another list after every change. */
  get apis(): readonly AccountOfApi[] {
    return this.#apis;
  }

  /** Takes over what the store has of these accounts. */
  set(accounts: readonly KeptAccount[]): void {
    for (const account of accounts) {
      const { id, webhook, api, face } = account;
      if (webhook === undefined && api === undefined && face === undefined) this.#kept.delete(id);
      else this.#kept.set(id, account);
    }
    this.#apis = [...this.#kept.values()].flatMap(({ id, api }) => (api ? { account: id, api } : []));
  }

  /** Takes over what the store has, and forgets all else. */
  replaceAll(accounts: readonly KeptAccount[]): void {
    this.#kept.clear();
    this.set(accounts);
  }

  /** Writes down that the address of an account is gone, unless it has been set anew. Rejects with AccountStoreUnavailable. */
  async gone(account: string, url: string): Promise<void> {
    for (;;) {
      const all = await asked(this.#store.changedSince(UNREAD));
      const found = all?.accounts.find(({ id }) => id === account);
      if (found?.webhook === undefined || found.webhook.url !== url || found.webhook.isGone) return;
      const gone = { ...found, webhook: { ...found.webhook, isGone: true } };
      if (!(await asked(this.#store.replace(found, gone)))) continue;
      this.set([gone]);
      return;
    }
  }
}

/** The webhooks of accounts for a process that has none of their other parts. Rejects with AccountStoreUnavailable. */
export async function followAccountWebhooks(
  store: AccountStore,
  timers: Timers,
): Promise<{ readonly webhooks: AccountWebhooks; stop(): void }> {
  const webhooks = new AccountWebhooks(store);
  let mark = UNREAD;
  const read = async (): Promise<void> => {
    const changed = await asked(store.changedSince(mark));
    if (changed === undefined) return;
    webhooks.set(changed.accounts);
    ({ mark } = changed);
  };
  await read();
  return { webhooks, stop: followStore(timers, ACCOUNTS_POLL_MS, read) };
}
