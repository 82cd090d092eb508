import type { Policy } from './policy.ts';

export const antiFraud: Policy = {
  id: 'anti-fraud',
  title: 'Anti-fraud analytics',
  sentence: 'Carriers filter all messages by analytics that see more spam and also stop some good messages.',
  contradicts: {},
  apply(rules) {
    rules.hasAnalytics = true;
  },
};
