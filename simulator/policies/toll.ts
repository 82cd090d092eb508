import type { Policy } from './policy.ts';

export const toll: Policy = {
  id: 'toll',
  title: 'Toll',
  sentence:
    'No rule is added: unregistered messages pass at a higher price, as in 2023, unless the scenario itself refuses them.',
  contradicts: { 'block-unregistered': 'unregistered messages either pass at a price or are refused' },
  apply(rules) {
    rules.blocksUnregistered = false;
  },
};
