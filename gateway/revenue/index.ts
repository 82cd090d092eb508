/** The door of revenue: who earned what, when, from messages and from fees. */
export { FeeReferences, feeRoutes } from './fee-routes.ts';
export { Revenue, revenueBy } from './revenue.ts';
export { revenueRoutes } from './revenue-routes.ts';
