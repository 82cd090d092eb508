/**
 * Which fee of the tariff book falls due, and how much it is on the tariff date. The registry posts them and sums them;
 * nobody's account is charged.
 */
import { type Fee, feeAt } from '../../../tariffs/index.ts';
import type { VettingClass } from './words.ts';

/** Use cases whose fee the book cannot tell by use case, since the spelling of the code was not found. */
const FEE_BY_USE_CASE: Readonly<Record<string, string>> = {
  UCAAS_HIGH: 'tcr-campaign-ucaas-high',
  UCAAS_LOW: 'tcr-campaign-ucaas-low',
};

const VETTING_FEES: Readonly<Record<VettingClass, string>> = {
  STANDARD: 'vet-standard',
  ENHANCED: 'vet-enhanced',
  POLITICAL: 'vet-political-standard',
};

export class Fees {
  readonly #fees: () => readonly Fee[];

  constructor(fees: () => readonly Fee[]) {
    this.#fees = fees;
  }

  /** The fee `id` as it is on a date; undefined when there is none then. */
  at(id: string, dateMs: number): Fee | undefined {
    return feeAt(this.#fees(), id, dateMs);
  }

  /** What a campaign of this use case costs a month; undefined for an unknown use case. */
  monthly(usecase: string, dateMs: number): Fee | undefined {
    const id =
      FEE_BY_USE_CASE[usecase] ??
      this.#fees().find((fee) => fee.kind === 'monthly' && fee.payee === 'tcr' && fee.appliesTo.includes(usecase))?.id;
    return id === undefined ? undefined : this.at(id, dateMs);
  }

  vetting(vettingClass: VettingClass, dateMs: number): Fee | undefined {
    return this.at(VETTING_FEES[vettingClass], dateMs);
  }
}

/** Months paid in advance when a campaign begins: a quarter, and no minimum for POLITICAL. */
export function firstMonths(usecase: string): number {
  return usecase === 'POLITICAL' ? 1 : 3;
}

/** The same day and time `months` later, or the last day of that month if it has no such day. UTC. */
export function addMonths(ms: number, months: number): number {
  const from = new Date(ms);
  const target = new Date(ms);
  target.setUTCMonth(from.getUTCMonth() + months);
  if (target.getUTCDate() !== from.getUTCDate()) target.setUTCDate(0);
  return target.getTime();
}
