import type { Policy } from './policy.ts';

export const invalidNumberBlock: Policy = {
  id: 'invalid-number-block',
  title: 'Invalid numbers blocked',
  sentence: 'Messages that claim to come from a number nobody holds are refused.',
  contradicts: {},
  apply(rules) {
    rules.refusesInvalidNumbers = true;
  },
};
