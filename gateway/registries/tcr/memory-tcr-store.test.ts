import { describe } from 'vitest';
import { MemoryTcrStore } from './memory-tcr-store.ts';
import { tcrStoreContract } from './tcr-store.contract.ts';

describe('in memory', () => {
  tcrStoreContract(() => Promise.resolve({ store: new MemoryTcrStore(), close: () => Promise.resolve() }));
});
