/**
 * How long an order takes to reach the carriers, and how often it never does. Published figures run from "instant" through
 * "varied" to "up to 24 h", so it is a setting.
 */
import type { Rng } from '../../router/index.ts';
import { PROVISIONING_DELAY_MAX_MS, PROVISIONING_SPREAD_MAX } from './limits.ts';
import type { FieldProblem } from '../../problem.ts';

export type DelayDistribution =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  /** `spread` is the standard deviation of the delay's natural logarithm. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly spread: number };

export interface ProvisioningSetting {
  readonly delay: DelayDistribution;
  /** Share of orders that fail as NUMBER_PROVISIONING_FAILED, 0 to 1. */
  readonly failureProbability: number;
}

/** Fields each kind of delay has, and must have all of. */
const DELAY_FIELDS = {
  none: [],
  fixed: ['ms'],
  uniform: ['minMs', 'maxMs'],
  lognormal: ['medianMs', 'spread'],
} as const satisfies Record<DelayDistribution['kind'], readonly string[]>;

export const DELAY_KINDS = Object.keys(DELAY_FIELDS) as readonly DelayDistribution['kind'][];

/** Milliseconds until an order is active, or undefined for one that fails. */
export function drawProvisioning({ delay, failureProbability }: ProvisioningSetting, chance: Rng): number | undefined {
  if (failureProbability > 0 && chance.next() < failureProbability) return undefined;
  return Math.min(Math.round(drawDelayMs(delay, chance)), PROVISIONING_DELAY_MAX_MS);
}

/** What is wrong with a setting whose fields have the right types, or undefined. */
export function provisioningProblem({ delay }: ProvisioningSetting): FieldProblem | undefined {
  const wanted: readonly string[] = DELAY_FIELDS[delay.kind];
  const fields = new Map(Object.entries(delay).filter(([field]) => field !== 'kind'));
  const missing = wanted.find((field) => !fields.has(field));
  if (missing !== undefined) {
    return { field: `delay.${missing}`, message: `is missing; a delay of kind ${delay.kind} needs it` };
  }
  const foreign = [...fields.keys()].find((field) => !wanted.includes(field));
  if (foreign !== undefined) {
    return { field: `delay.${foreign}`, message: `does not belong to a delay of kind ${delay.kind}; remove it` };
  }
  for (const [field, value] of fields) {
    const most = field === 'spread' ? PROVISIONING_SPREAD_MAX : PROVISIONING_DELAY_MAX_MS;
    if (!(typeof value === 'number' && value >= 0 && value <= most)) {
      return { field: `delay.${field}`, message: `must be a number from 0 to ${most}` };
    }
  }
  if (delay.kind === 'uniform' && delay.minMs > delay.maxMs) {
    return { field: 'delay.minMs', message: 'is above delay.maxMs; swap them' };
  }
  return undefined;
}

function drawDelayMs(delay: DelayDistribution, chance: Rng): number {
  switch (delay.kind) {
    case 'none':
      return 0;
    case 'fixed':
      return delay.ms;
    case 'uniform':
      return delay.minMs + (delay.maxMs - delay.minMs) * chance.next();
    case 'lognormal':
      return delay.medianMs * Math.exp(delay.spread * drawNormal(chance));
  }
}

/** Box and Muller's transform; one of its two values. */
function drawNormal(chance: Rng): number {
  return Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next());
}
