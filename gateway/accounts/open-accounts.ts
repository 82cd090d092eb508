/** The accounts of one gateway, opened: their store, in this process or in Redis; the table that follows it; the routes. */
import type { FastifyBaseLogger, FastifyInstance, onRequestHookHandler } from 'fastify';
import { openRedis } from '../../registry-cache/redis/index.ts';
import type { BalanceStore } from '../../tariffs/index.ts';
import type { MessageStore } from '../messages/index.ts';
import type { Core, Stateful, Timers } from '../router/index.ts';
import { accountRoutes } from './account-routes.ts';
import type { AccountStore } from './account-store.ts';
import { AccountUse } from './account-use.ts';
import type { AccountWebhooks } from './account-webhooks.ts';
import { Accounts, type Declared } from './accounts.ts';
import { MemoryAccountStore } from './memory-account-store.ts';
import { RedisAccountStore } from './redis-account-store.ts';

export interface AccountOptions {
  readonly core: Core;
  readonly messages: MessageStore;
  /** Keeps definitions in this process if undefined. */
  readonly redisUrl: string | undefined;
  readonly balances: BalanceStore;
  /** Accounts to begin with. */
  readonly declared: readonly Declared[];
  readonly timers: Timers;
  readonly log: FastifyBaseLogger;
  readonly requireAdmin: onRequestHookHandler | undefined;
  /** Why an address may not be called, or undefined if it may. */
  readonly webhookRefusal: (url: string) => string | undefined;
}

export interface OpenedAccounts {
  /** To be told of each message that has come to its end, once, at its place in the ring. */
  messageEnded(at: number): void;
  /** What of them is in this process, by name. */
  readonly parts: Readonly<Record<string, Stateful>>;
  /** Where the events of accounts go. */
  readonly webhooks: AccountWebhooks;
  /** Adds the routes. */
  register(app: FastifyInstance): Promise<void>;
  close(): Promise<void>;
}

/** Rejects with RedisRefused or StoreUnavailable of the registry cache. */
export async function openAccounts(options: AccountOptions): Promise<OpenedAccounts> {
  const { core, log } = options;
  const kept = await (options.redisUrl === undefined ? keepHere() : keepInRedis(options.redisUrl));
  const accounts = new Accounts({
    core,
    store: kept.store,
    balances: options.balances,
    declared: options.declared,
    onDeclaredOtherwise: (account, what) => log.warn({ account }, `declared account: ${what}`),
  });
  try {
    await accounts.open();
  } catch (error) {
    await kept.close();
    throw error;
  }
  const stopFollowing = accounts.follow(options.timers, (error) =>
    log.warn({ err: error }, 'the store of accounts does not answer; trying again'),
  );
  const use = new AccountUse(core, options.messages);
  return {
    messageEnded: (at) => use.messageEnded(at),
    webhooks: accounts.webhooks,
    parts: kept.store instanceof MemoryAccountStore ? partsOf(kept.store, accounts, log) : {},
    async register(app) {
      const { requireAdmin, webhookRefusal } = options;
      await app.register(accountRoutes, { core, accounts, use, requireAdmin, webhookRefusal });
    },
    async close() {
      stopFollowing();
      await kept.close();
    },
  };
}

function partsOf(store: MemoryAccountStore, accounts: Accounts, log: FastifyBaseLogger): Record<string, Stateful> {
  return {
    'account definitions': {
      capture: () => store.capture(),
      restore(state: ReturnType<MemoryAccountStore['capture']>) {
        store.restore(state);
        accounts.webhooks.replaceAll([...state.values()]);
        // What was declared here may not be in a state of another gateway, and time that would have it read may stand still. A store in this
        // process answers before the next request does.
        accounts
          .refresh()
          .catch((error: unknown) => log.error({ err: error }, 'declared accounts could not be put back'));
      },
    },
  };
}

interface Kept {
  readonly store: AccountStore;
  close(): Promise<void>;
}

function keepHere(): Promise<Kept> {
  return Promise.resolve({ store: new MemoryAccountStore(), close: () => Promise.resolve() });
}

async function keepInRedis(url: string): Promise<Kept> {
  const redis = await openRedis(url);
  return { store: new RedisAccountStore(redis.client), close: () => redis.close() };
}
