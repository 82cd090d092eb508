/** Who paid whom for what in a run, besides the messages, whose postings the core counts. */
import type { MoneyFlow, Truth } from '../results.ts';

export class Money {
  readonly #flows = new Map<string, { -readonly [Key in keyof MoneyFlow]: MoneyFlow[Key] }>();

  /** @throws RangeError for an amount that is no whole number of micro-dollars from 0 on */
  post(payer: string, payee: string, cause: string, truth: Truth, micros: number): void {
    if (!Number.isSafeInteger(micros) || micros < 0) {
      throw new RangeError(`${micros} micro-dollars from ${payer} to ${payee} for ${cause}: not a whole amount`);
    }
    if (micros === 0) return;
    const key = `${payer} ${payee} ${cause} ${truth}`;
    const flow = this.#flows.get(key);
    if (flow === undefined) this.#flows.set(key, { payer, payee, cause, truth, micros });
    else flow.micros += micros;
  }

  get flows(): readonly MoneyFlow[] {
    return [...this.#flows.values()];
  }

  paidBy(payer: string): number {
    let sum = 0;
    for (const flow of this.#flows.values()) if (flow.payer === payer) sum += flow.micros;
    return sum;
  }
}
