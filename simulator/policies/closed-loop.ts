import type { Policy } from './policy.ts';

export const closedLoop: Policy = {
  id: 'closed-loop',
  title: 'Closed loop',
  sentence:
    'The number registry keeps who had a number when, the DCA that handed a message in must name its sender, and a sender who is found out loses all numbers and campaigns.',
  contradicts: {},
  apply(rules) {
    rules.closesLoop = true;
  },
};
