import type { Fee } from './tariff-book.ts';

/**
 * The fee `id` as it is charged at `atMs`: amount, payee and what is counted, for one event. Undefined when there is none then, or
 * when it is waived. O(fees); fees fall due a few times in the life of a campaign.
 */
export function feeAt(fees: readonly Fee[], id: string, atMs: number): Fee | undefined {
  return fees.find((fee) => fee.id === id && fee.fromMs <= atMs && atMs < fee.untilMs && !fee.waived);
}
