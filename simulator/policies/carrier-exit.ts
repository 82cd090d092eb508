import { CARRIERS } from '../../registry-cache/index.ts';
import { parameterOf } from '../parameter-of.ts';
import type { Policy } from './policy.ts';

export const carrierExit: Policy = {
  id: 'carrier-exit',
  title: 'A carrier leaves the registry',
  sentence:
    'One carrier no longer looks in the campaign registry: one price for all its messages, and its own filter for all.',
  contradicts: { 'parallel-registry': 'a carrier that left looks in no registry, so it cannot be given one of two' },
  apply(rules, parameters) {
    rules.exitedCarrier = Math.min(CARRIERS.length - 1, Math.round(parameterOf(parameters, 'exitedCarrier')));
  },
};
