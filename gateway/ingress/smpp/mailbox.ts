/**
 * Receipts that wait for one ESME: to be sent in their order, or again some time after it did not take them.
 *
 * Kept in this process, and bounded by whoever fills it.
 */
import { SMPP_RECEIPT_AGAIN_MS, SMPP_RECEIPT_KEPT_MS } from '../../limits.ts';
import type { Receipt } from './receipt.ts';

/** Taken entries are cut off the front when there are as many, and as many as are left. */
const CUT_AT = 1_024;

export class Mailbox {
  #ready: Receipt[] = [];
  #first = 0;
  /** Not taken before, in the order in which they are due again. */
  #later: { readonly receipt: Receipt; readonly dueMs: number }[] = [];

  get count(): number {
    return this.#ready.length - this.#first + this.#later.length;
  }

  /** Whether any may be sent now. */
  get hasReady(): boolean {
    return this.#ready.length > this.#first;
  }

  add(receipt: Receipt): void {
    this.#ready.push(receipt);
  }

  /** Puts back receipts that were sent over a session that has ended: before all others, in their order. */
  putBack(receipts: readonly Receipt[]): void {
    if (receipts.length === 0) return;
    this.#ready = [...receipts, ...this.#ready.slice(this.#first)];
    this.#first = 0;
  }

  /** Has a receipt that was not taken sent again later. */
  addLater(receipt: Receipt, nowMs: number): void {
    this.#later.push({ receipt, dueMs: nowMs + SMPP_RECEIPT_AGAIN_MS });
  }

  /** The next one; undefined if none may be sent now. */
  take(): Receipt | undefined {
    if (!this.hasReady) return undefined;
    const receipt = this.#ready[this.#first]!;
    this.#first += 1;
    if (this.#first >= CUT_AT && this.#first * 2 >= this.#ready.length) {
      this.#ready = this.#ready.slice(this.#first);
      this.#first = 0;
    }
    return receipt;
  }

  /** Forgets the oldest. */
  dropOldest(): Receipt | undefined {
    return this.take() ?? this.#later.shift()?.receipt;
  }

  /** Takes out all that are of a spool. */
  takeSpooled(): readonly Receipt[] {
    const all = this.list();
    const spooled = all.filter(({ spoolId }) => spoolId !== undefined);
    if (spooled.length === 0) return spooled;
    this.#ready = this.#ready.slice(this.#first).filter(({ spoolId }) => spoolId === undefined);
    this.#first = 0;
    this.#later = this.#later.filter(({ receipt }) => receipt.spoolId === undefined);
    return spooled;
  }

  /**
   * Readies what is due again, and forgets what nobody took for too long.
   * @returns what was forgotten
   */
  advance(nowMs: number): readonly Receipt[] {
    let due = 0;
    while (due < this.#later.length && this.#later[due]!.dueMs <= nowMs) due += 1;
    if (due > 0) this.#ready.push(...this.#later.splice(0, due).map(({ receipt }) => receipt));
    const forgotten: Receipt[] = [];
    while (this.hasReady && nowMs - this.#ready[this.#first]!.keptMs >= SMPP_RECEIPT_KEPT_MS) {
      const receipt = this.take();
      if (receipt !== undefined) forgotten.push(receipt);
    }
    return forgotten;
  }

  /** All that wait, those that are to be sent again behind the others. */
  list(): readonly Receipt[] {
    return [...this.#ready.slice(this.#first), ...this.#later.map(({ receipt }) => receipt)];
  }

  clear(): void {
    this.#ready = [];
    this.#first = 0;
    this.#later = [];
  }
}
