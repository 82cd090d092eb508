/**
 * Matchers for Jest, with their types where @types/jest is used. In a file of `setupFilesAfterEnv`, or at the top of a test:
 *
 *     import { tollgateMatchers } from 'tollgate/testing/jest';
 *     expect.extend(tollgateMatchers);
 */
import type { TollgateMatchers } from './matchers.ts';

export { tollgateMatchers, type TollgateMatchers } from './matchers.ts';

declare global {
  // Where @types/jest has its own.
  namespace jest {
    interface Matchers<R, T = {}> extends TollgateMatchers<R> {}
  }
}
