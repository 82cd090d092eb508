import type { Policy } from './policy.ts';

export const bypassClosed: Policy = {
  id: 'bypass-closed',
  title: 'Bypass closed',
  sentence:
    'Bulk traffic recognised on the person-to-person route is treated as unregistered business traffic: it pays the same price, or is refused where that is.',
  contradicts: {},
  apply(rules) {
    rules.closesBypass = true;
  },
};
