import { describe } from 'vitest';
import { accountStoreContract } from './account-store.contract.ts';
import { MemoryAccountStore } from './memory-account-store.ts';

describe('in memory', () => {
  accountStoreContract((accountsMax) =>
    Promise.resolve({ store: new MemoryAccountStore(accountsMax), close: () => Promise.resolve() }),
  );
});
