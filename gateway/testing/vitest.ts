/**
 * Matchers for Vitest, with their types. In a setup file, or at the top of a test:
 *
 *     import { expect } from 'vitest';
 *     import { tollgateMatchers } from 'tollgate/testing/vitest';
 *     expect.extend(tollgateMatchers);
 */
import type {} from 'vitest';
import type { TollgateMatchers } from './matchers.ts';

export { tollgateMatchers, type TollgateMatchers } from './matchers.ts';

declare module 'vitest' {
  interface Matchers<T> extends TollgateMatchers<T> {}
}
