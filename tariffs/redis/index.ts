/** The door of shared limits in Redis. Apart from that of `tariffs`, so that who needs no Redis loads no client. */
export { quotaKey, SHARDS, shardOfQuota } from './layout.ts';
export { type LeaseCall, leaseLine, LeaseSession, makeCall, type QuotaLine } from './lease-session.ts';
export { Membership, MEMBER_MS } from './membership.ts';
export { RedisBalances } from './redis-balances.ts';
export { type QuotaConnection, QuotasUnavailable } from './run-script.ts';
