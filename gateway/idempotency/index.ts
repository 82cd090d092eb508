/** The door of what remembers keys of idempotency in this process. */
export { MemoryIdempotencyKeys } from './memory-keys.ts';
