import type { Policy } from './policy.ts';

export const kyc: Policy = {
  id: 'kyc',
  title: 'Identity checks by carriers',
  sentence: 'Carriers check the identity of every business sender themselves and refuse those who did not pass.',
  contradicts: {},
  apply(rules) {
    rules.checksIdentity = true;
  },
};
