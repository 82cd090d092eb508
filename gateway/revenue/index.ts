/** The door of revenue: who earned what, when, from messages and from fees. */
export { type FeeRoutes, feeRoutes } from './fee-routes.ts';
export { Revenue, revenueBy } from './revenue.ts';
export { type RevenueRoutes, revenueRoutes } from './revenue-routes.ts';
