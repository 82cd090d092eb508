import type { Policy } from './policy.ts';

export const blockUnregistered: Policy = {
  id: 'block-unregistered',
  title: 'Block unregistered',
  sentence: 'Carriers refuse business messages from numbers that are not registered.',
  contradicts: { price: 'there is no price for unregistered messages where none pass' },
  apply(rules) {
    rules.blocksUnregistered = true;
  },
};
