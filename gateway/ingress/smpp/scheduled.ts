/**
 * Messages that wait for the time they are scheduled for. Until then nothing is decided about them, and they can be asked after, taken
 * back and replaced.
 *
 * Bounded and few, so they lie in the order of their times, and are looked through where something else is asked for.
 */
import { SMPP_SCHEDULED_MAX } from '../../limits.ts';
import type { MessageDraft } from '../../messages/index.ts';
import type { ReadMessage } from './read-submit.ts';

export interface ScheduledMessage extends ReadMessage {
  readonly id: string;
  /** Handle of its ESME. */
  readonly owner: number;
  readonly submittedMs: number;
  readonly dueMs: number;
}

export interface ScheduledState {
  readonly messages: readonly ScheduledMessage[];
  readonly nextNumber: number;
}

export class ScheduledMessages {
  /** In the order of their times. */
  #messages: ScheduledMessage[] = [];
  readonly #byId = new Map<string, ScheduledMessage>();
  /** Of the next one; its id is made of it. */
  nextNumber = 1;

  get count(): number {
    return this.#messages.length;
  }

  get isFull(): boolean {
    return this.#messages.length >= SMPP_SCHEDULED_MAX;
  }

  add(message: ScheduledMessage): void {
    this.nextNumber += 1;
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#messages[middle]!.dueMs <= message.dueMs) low = middle + 1;
      else high = middle;
    }
    this.#messages.splice(low, 0, message);
    this.#byId.set(message.id, message);
  }

  get(id: string): ScheduledMessage | undefined {
    return this.#byId.get(id);
  }

  /** Those of one ESME. */
  of(owner: number): readonly ScheduledMessage[] {
    return this.#messages.filter((message) => message.owner === owner);
  }

  /** One from the same number to the same number with the same service_type. */
  findLike(owner: number, draft: MessageDraft, serviceType: string): ScheduledMessage | undefined {
    return this.#messages.find(
      (message) =>
        message.owner === owner &&
        message.draft.senderKey === draft.senderKey &&
        message.draft.destinationKey === draft.destinationKey &&
        message.serviceType === serviceType,
    );
  }

  remove(id: string): void {
    const message = this.#byId.get(id);
    if (message === undefined) return;
    this.#byId.delete(id);
    this.#messages.splice(this.#messages.indexOf(message), 1);
  }

  /** Takes out the first that is due by `nowMs`. */
  takeDue(nowMs: number): ScheduledMessage | undefined {
    const [first] = this.#messages;
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.remove(first.id);
    return first;
  }

  capture(): ScheduledState {
    return { messages: [...this.#messages], nextNumber: this.nextNumber };
  }

  /** @param ownerOf as of `Submitted.restore` */
  restore({ messages, nextNumber }: ScheduledState, ownerOf: (owner: number) => number | undefined): void {
    this.#messages = messages.flatMap((message) => {
      const owner = ownerOf(message.owner);
      return owner === undefined ? [] : [{ ...message, owner }];
    });
    this.#byId.clear();
    for (const message of this.#messages) this.#byId.set(message.id, message);
    this.nextNumber = nextNumber;
  }
}
