/**
 * How shared limits lie in Redis: the keys, and what is in them. All times are those of Redis itself, in milliseconds.
 *
 *   tollgate:{l0}:  one such group per shard; all of a shard is in one slot, so that one script can serve many keys
 *     rate:<limit>:<id>    hash: debt (units not yet refilled, in windowMs-ths), at (when that was so),
 *                          g<session>.<turn>.<handle> -> "units end": a lease. Debt and leases together never exceed the cap
 *     day:<limit>:<id>     hash: day (ordinal), used (units granted, and not given back on the same day),
 *                          g<session> -> "units end": those of them that were not spent when last heard
 *     level:<limit>:<id>   hash: g<session> -> "units end"
 *     money:<limit>:<id>   hash: free (micro-dollars), lost (held by gateways long gone), g<session> -> "micros seen". Never expires
 *     session:<session>    hash: n, reply: the last call of a gateway and what it was answered
 *     credit:<id>:<ref>    string: micros paid in under this reference
 *   tollgate:{gateways}:members   hash: gateway -> "seq end divisor": who has which part of limits that are not leased
 *
 * A session is one run of a gateway, so a lease is never taken for that of its successor.
 */
import { LeaseKind } from '../limits/leased-units.ts';

/** Every gateway on a Redis must agree. More than one is for clusters: it spreads the keys over the masters. */
export const SHARDS = 8;

export const MEMBERS_KEY = 'tollgate:{gateways}:members';

const KIND_NAMES: Readonly<Record<number, string>> = {
  [LeaseKind.Rate]: 'rate',
  [LeaseKind.Day]: 'day',
  [LeaseKind.Level]: 'level',
  [LeaseKind.Money]: 'money',
};

/** One limit of one campaign, brand or account. */
export interface QuotaName {
  /** `LeaseKind`. */
  readonly kind: number;
  /** Such as `att-sms`. */
  readonly limit: string;
  readonly id: string;
}

export function shardOfQuota({ limit, id }: QuotaName): number {
  // FNV-1a over UTF-16 units.
  let hash = 0x811c9dc5;
  const text = `${limit}:${id}`;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % SHARDS;
}

export function quotaKey(name: QuotaName): string {
  return `${groupOf(shardOfQuota(name))}${KIND_NAMES[name.kind] ?? ''}:${name.limit}:${name.id}`;
}

export function sessionKey(shard: number, session: string): string {
  return `${groupOf(shard)}session:${session}`;
}

/** Where a payment into the account of `name` is remembered. The length keeps account and reference apart. */
export function creditKey(name: QuotaName, reference: string): string {
  return `${groupOf(shardOfQuota(name))}credit:${name.id.length}:${name.id}:${reference}`;
}

function groupOf(shard: number): string {
  return `tollgate:{l${shard}}:`;
}
