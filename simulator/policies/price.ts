import { parameterOf } from '../parameter-of.ts';
import type { Policy } from './policy.ts';

export const price: Policy = {
  id: 'price',
  title: 'Other prices',
  sentence:
    'Carriers charge a multiple of their price for registered messages and of the surcharge for unregistered ones.',
  contradicts: {},
  figure: 'surchargeFactor',
  apply(rules, parameters) {
    rules.priceFactor = parameterOf(parameters, 'priceFactor');
    rules.surchargeFactor = parameterOf(parameters, 'surchargeFactor');
  },
};
