/** The door of the accounts: who pays for messages, how much they may send, and their money. */
export { MemoryBalanceStore } from './memory-balance-store.ts';
export { followAccountWebhooks } from './account-webhooks.ts';
export { openAccounts } from './open-accounts.ts';
export { RedisAccountStore } from './redis-account-store.ts';
