/**
 * What a spammer has seen of each strategy: how many of its messages landed, what they cost beyond their price, how often setting it up
 * worked and how long that lasted. Old days count less and less, so that what it has not tried for long it hopes of again.
 */

/** What a hope weighs as much as. */
const HOPE_MESSAGES = 100;
const HOPE_TRIES = 2;
const HOPE_PASSED = 1;

export interface Hopes {
  /** Share that lands. */
  readonly landedShare: number;
  /** By strategy: what a message costs beyond its price. */
  readonly costMicros: readonly number[];
  /** How long a strategy lasts that had to be set up. */
  readonly days: number;
  /** Days after which a day counts e times less. */
  readonly memoryDays: number;
}

export class Beliefs {
  readonly #hopes: Hopes;
  readonly #sent: Float64Array;
  readonly #landed: Float64Array;
  readonly #spentMicros: Float64Array;
  readonly #tries: Float64Array;
  readonly #passed: Float64Array;
  readonly #lost: Float64Array;
  readonly #lastedDays: Float64Array;

  constructor(hopes: Hopes) {
    const column = (): Float64Array => new Float64Array(hopes.costMicros.length);
    this.#hopes = hopes;
    this.#sent = column();
    this.#landed = column();
    this.#spentMicros = column();
    this.#tries = column();
    this.#passed = column();
    this.#lost = column();
    this.#lastedDays = column();
  }

  landedShare(strategy: number): number {
    return (
      (this.#landed[strategy]! + this.#hopes.landedShare * HOPE_MESSAGES) / (this.#sent[strategy]! + HOPE_MESSAGES)
    );
  }

  /** Cost of a message beyond its price: numbers, rent, fines, a route that turned out dearer. */
  costMicros(strategy: number): number {
    const hoped = this.#hopes.costMicros[strategy]! * HOPE_MESSAGES;
    return (this.#spentMicros[strategy]! + hoped) / (this.#sent[strategy]! + HOPE_MESSAGES);
  }

  /** Days of use that setting it up is expected to bring. */
  usableDays(strategy: number): number {
    const passedShare = (this.#passed[strategy]! + HOPE_PASSED) / (this.#tries[strategy]! + HOPE_TRIES);
    const days = (this.#lastedDays[strategy]! + this.#hopes.days) / (this.#lost[strategy]! + 1);
    return passedShare * days;
  }

  see(strategy: number, sent: number, landed: number): void {
    this.#sent[strategy]! += sent;
    this.#landed[strategy]! += landed;
  }

  spend(strategy: number, micros: number): void {
    this.#spentMicros[strategy]! += micros;
  }

  seeSetUp(strategy: number, hasPassed: boolean): void {
    this.#tries[strategy]! += 1;
    if (hasPassed) this.#passed[strategy]! += 1;
  }

  seeLost(strategy: number, lastedDays: number): void {
    this.#lost[strategy]! += 1;
    this.#lastedDays[strategy]! += lastedDays;
  }

  /** A day is over. */
  fade(): void {
    this.#keep(Math.exp(-1 / this.#hopes.memoryDays));
  }

  /** Somebody else begins here, with nothing but hopes. */
  forget(): void {
    this.#keep(0);
  }

  #keep(kept: number): void {
    for (const column of [
      this.#sent,
      this.#landed,
      this.#spentMicros,
      this.#tries,
      this.#passed,
      this.#lost,
      this.#lastedDays,
    ]) {
      for (let strategy = 0; strategy < column.length; strategy += 1) column[strategy]! *= kept;
    }
  }
}
