import type { Policy } from './policy.ts';

export const fines: Policy = {
  id: 'fines',
  title: 'Fines',
  sentence:
    'Each registered sender found to send spam costs a Sev-0 fine, which the DCA pays when the sender does not.',
  contradicts: {},
  figure: 'fineAmount',
  apply(rules) {
    rules.fines = true;
  },
};
