/**
 * Fees and fines that fell due, summed by who paid whom for what.
 *
 * There are as many sums as there are parties and fees in use: both come from the tariff book, the parties file and the operator.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import type { Posting } from '../../tariffs/index.ts';
import {
  CARRIER_LABELS,
  nameAt,
  Registration,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  type RevenueLabels,
  TRUTHS,
} from '../router/index.ts';

/** One sum, under the labels that revenue from messages has. */
export interface FeeSum {
  readonly payer: string;
  readonly labels: RevenueLabels;
  micros: number;
}

export class PostedFees {
  /** In the order they first fell due. */
  readonly sums: FeeSum[] = [];
  /** Of all sums. */
  totalMicros = 0;
  readonly #byKey = new Map<string, FeeSum>();

  /** The sums in their order. */
  capture(): readonly Readonly<FeeSum>[] {
    return this.sums;
  }

  /** Holds the sums that another captured, and no others. */
  restore(sums: readonly Readonly<FeeSum>[]): void {
    this.sums.length = 0;
    this.totalMicros = 0;
    this.#byKey.clear();
    for (const { payer, labels, micros } of sums) {
      this.post({ payer, payee: labels.payee, cause: labels.cause, micros });
    }
  }

  /** Throws RangeError, and posts nothing, if the sum of all fees could no longer be held exactly. */
  post({ payer, payee, cause, micros }: Posting): void {
    if (!Number.isSafeInteger(this.totalMicros + micros)) {
      throw new RangeError(`${micros} micro-dollars more of ${cause} could not be held exactly`);
    }
    this.#sumOf(payer, payee, cause).micros += micros;
    this.totalMicros += micros;
  }

  #sumOf(payer: string, payee: string, cause: string): FeeSum {
    const key = JSON.stringify([payer, payee, cause]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const sum = { payer, labels: labelsOf(payee, cause), micros: 0 };
    this.#byKey.set(key, sum);
    this.sums.push(sum);
    return sum;
  }
}

/** A fee belongs to a carrier if it is paid to one. It is about no message, hence of no class and no truth. */
function labelsOf(payee: string, cause: string): RevenueLabels {
  return {
    payee,
    cause,
    carrier: CARRIERS.some(({ id }) => id === payee) ? payee : nameAt(CARRIER_LABELS, CARRIERS.length),
    registration: nameAt(REGISTRATION_LABELS, registrationLabelIndex(Registration.NotClassed)),
    truth: nameAt(TRUTHS, 0),
  };
}
