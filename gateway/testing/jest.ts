/**
 * Matchers for Jest, with their types, be it that `expect` comes from `@jest/globals` or is the global one of `@types/jest`. In a file of
 * `setupFilesAfterEnv`, or at the top of a test:
 *
 *     import { tollgateMatchers } from 'tollgate/testing/jest';
 *     expect.extend(tollgateMatchers);
 */
import type {} from 'expect';
import type { TollgateMatchers } from './matchers.ts';

export { tollgateMatchers, type TollgateMatchers } from './matchers.ts';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TollgateMatchers<R> {}
}

declare global {
  // Where @types/jest has its own.
  namespace jest {
    interface Matchers<R, T = {}> extends TollgateMatchers<R> {}
  }
}
