/**
 * Scheduled messages of this process. They are bounded and few, so they lie in the order of their times, and are looked through where
 * something else is asked for.
 */
import { SMPP_SCHEDULED_AGAIN_MS, SMPP_SCHEDULED_MAX, SMPP_SCHEDULED_OF_ESME_MAX } from '../../limits.ts';
import type { Esme } from './esmes.ts';
import type { MessageNames } from './message-names.ts';
import type { ReceiptWriter } from './receipt-writer.ts';
import type { Ending, Schedule, ScheduledMessage } from './schedule.ts';

export interface ScheduledState {
  readonly messages: readonly ScheduledMessage[];
  readonly nextNumber: number;
}

export class ScheduledMessages implements Schedule {
  readonly #names: MessageNames;
  readonly #receipts: ReceiptWriter;
  /** In the order of their times. */
  #messages: ScheduledMessage[] = [];
  #nextNumber = 1;

  constructor(names: MessageNames, receipts: ReceiptWriter) {
    this.#names = names;
    this.#receipts = receipts;
  }

  get count(): number {
    return this.#messages.length;
  }

  newId(): Promise<string> {
    const id = this.#names.ofScheduled(this.#nextNumber);
    this.#nextNumber += 1;
    return Promise.resolve(id);
  }

  add(message: ScheduledMessage): Promise<boolean> {
    const hasRoom = this.count < SMPP_SCHEDULED_MAX && this.#ofOwner(message.owner).length < SMPP_SCHEDULED_OF_ESME_MAX;
    if (hasRoom) this.#insert(message);
    return Promise.resolve(hasRoom);
  }

  named({ handle }: Esme, id: string): Promise<readonly ScheduledMessage[]> {
    return Promise.resolve(this.#ofOwner(handle).filter(({ knownAs }) => knownAs === id));
  }

  of({ handle }: Esme): Promise<readonly ScheduledMessage[]> {
    return Promise.resolve(this.#ofOwner(handle));
  }

  replace(message: ScheduledMessage): Promise<boolean> {
    const isWaiting = this.#remove(message);
    if (isWaiting) this.#insert(message);
    return Promise.resolve(isWaiting);
  }

  cancel(message: ScheduledMessage, ending?: Ending): Promise<boolean> {
    const isWaiting = this.#remove(message);
    if (isWaiting && ending !== undefined) this.#receipts.hasEnded(message, ending);
    return Promise.resolve(isWaiting);
  }

  isBeingSent(): void {
    // Nobody else would.
  }

  putOff(message: ScheduledMessage, nowMs: number): void {
    this.#insert({ ...message, dueMs: nowMs + SMPP_SCHEDULED_AGAIN_MS });
  }

  ended(message: ScheduledMessage, ending?: Ending): Promise<void> {
    if (ending !== undefined) this.#receipts.hasEnded(message, ending);
    return Promise.resolve();
  }

  /** Takes out those that are due by `nowMs`, in the order of their times. */
  takeDue(nowMs: number): readonly ScheduledMessage[] {
    return this.#messages.splice(0, this.#placeAfter(nowMs));
  }

  capture(): ScheduledState {
    return { messages: [...this.#messages], nextNumber: this.#nextNumber };
  }

  /** @param ownerOf as of `Submitted.restore` */
  restore({ messages, nextNumber }: ScheduledState, ownerOf: (owner: number) => number | undefined): void {
    this.#messages = messages.flatMap((message) => {
      const owner = ownerOf(message.owner);
      return owner === undefined ? [] : [{ ...message, owner }];
    });
    this.#nextNumber = nextNumber;
  }

  #ofOwner(handle: number): readonly ScheduledMessage[] {
    return this.#messages.filter(({ owner }) => owner === handle);
  }

  #insert(message: ScheduledMessage): void {
    this.#messages.splice(this.#placeAfter(message.dueMs), 0, message);
  }

  /** Whether it was there. */
  #remove({ id }: ScheduledMessage): boolean {
    const at = this.#messages.findIndex((message) => message.id === id);
    if (at >= 0) this.#messages.splice(at, 1);
    return at >= 0;
  }

  /** How many are due by `ms`. */
  #placeAfter(ms: number): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#messages[middle]!.dueMs <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
