import { parameterOf } from '../parameter-of.ts';
import type { Policy } from './policy.ts';

export const parallelRegistry: Policy = {
  id: 'parallel-registry',
  title: 'Two registries',
  sentence:
    'A second campaign registry stands beside the first: either each carrier looks in one of the two, or both are valid everywhere and compete.',
  contradicts: {},
  apply(rules, parameters) {
    rules.registries = parameterOf(parameters, 'registriesCompete') >= 0.5 ? 'competing' : 'split';
  },
};
