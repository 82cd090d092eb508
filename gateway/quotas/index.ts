/** The door of quotas: limits that several gateways share through Redis. */
export { openSharedLimits, type SharedLimitsKeeper } from './shared-limits.ts';
