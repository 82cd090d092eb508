/**
 * The ids by which ESMEs know messages.
 *
 * As a rule the store's own, alike in answers and receipts. Where ids are numbers, answers have them in hexadecimal digits and receipts in
 * decimal ones, as some SMSCs do. A message that is scheduled is not in the store yet and gets an id of another shape, by which it goes on
 * being known.
 */
import type { MessageStore } from '../../messages/index.ts';
import type { PduWriter } from '../../smpp/index.ts';

/** Beyond the sequence numbers of any store. */
const SCHEDULED_FROM = 2 ** 40;
const HEX = 16;
const NONE = -1;

export class MessageNames {
  readonly #store: MessageStore;
  readonly #isDecimal: boolean;

  constructor(store: MessageStore, isDecimal: boolean) {
    this.#store = store;
    this.#isDecimal = isDecimal;
  }

  /** Writes the id of a message of the store, as an answer has it. */
  write(to: PduWriter, sequence: number): void {
    if (this.#isDecimal) {
      to.text(sequence.toString(HEX));
      return;
    }
    to.characters(this.#store.idPrefix);
    to.base36(sequence);
    to.octet(0);
  }

  /** The same as text. */
  inAnswer(sequence: number): string {
    return this.#isDecimal ? sequence.toString(HEX) : this.#store.idOf(sequence);
  }

  /** The id of the message at ring place `at`, as its receipt has it. */
  inReceipt(at: number): string {
    return this.#isDecimal ? String(this.#store.sequenceAt(at)) : this.#store.idAt(at);
  }

  /** What receipts call a message that an answer called so. */
  toReceipt(id: string): string {
    return this.#isDecimal ? String(Number.parseInt(id, HEX)) : id;
  }

  /** The id, in its answer, of a scheduled message: the how manieth it is. */
  ofScheduled(number: number): string {
    if (this.#isDecimal) return (SCHEDULED_FROM + number).toString(HEX);
    return `${this.#store.idPrefix.slice(0, -1)}.${number.toString(36).toUpperCase()}`;
  }

  /** Whether an answer with this id was to a scheduled message. */
  isScheduled(id: string): boolean {
    return this.#isDecimal ? Number.parseInt(id, HEX) > SCHEDULED_FROM : id.includes('.');
  }

  /** Ring place of the message that an answer called so; -1 if the store does not hold it. */
  placeOf(id: string): number {
    const store = this.#store;
    let sequence = this.#isDecimal ? NONE : store.sequenceOf(id);
    if (this.#isDecimal && /^[0-9a-f]{1,12}$/i.test(id)) sequence = Number.parseInt(id, HEX);
    return sequence >= 0 && store.holds(sequence) ? sequence % store.capacity : NONE;
  }
}
