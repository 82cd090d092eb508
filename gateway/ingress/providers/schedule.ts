/**
 * Messages that are to be sent later, by the APIs that allow it. Kept in this process until their time comes, and for a while after, since
 * their senders go on calling them by the ids they were given at first.
 *
 * Such an id is of the shape of any other, beyond those of all messages. The message that is sent in the end carries it as its
 * reference, so that callbacks and lists call it so too.
 */
import { SCHEDULED_BY_FACES_MAX } from '../../limits.ts';
import { messageId, type MessageStore } from '../../messages/index.ts';
import { DecisionCode, type Stateful } from '../../router/index.ts';
import type { Caller } from './credentials.ts';
import type { FaceMessage, Sending } from './sending.ts';

export interface Scheduled {
  readonly id: string;
  readonly message: FaceMessage;
  readonly createdAtMs: number;
  readonly dueMs: number;
  state: 'waiting' | 'canceled' | 'sent' | 'refused';
  /** The id of the message it became. */
  sentAs: string | undefined;
}

/** Where ids of scheduled messages begin: beyond those of messages out and in. */
const SCHEDULED_FROM = 3 * 2 ** 34;

export interface ScheduleParts {
  readonly store: MessageStore;
  readonly sending: Sending;
  /** As of `FaceParts`. */
  readonly tellRefusal: (at: number) => void;
}

/** The id by which its sender knows the message at ring place `at`. */
export function publicIdOf(store: MessageStore, at: number): string {
  return store.references[at] ?? store.idAt(at);
}

export class Schedule implements Stateful {
  readonly #all = new Map<string, Scheduled>();
  /** Those that wait, the next one last. */
  #waiting: Scheduled[] = [];
  #madeCount = 0;

  /** Undefined if there are too many. @param message one that was checked */
  add(message: FaceMessage, idPrefix: string, createdAtMs: number, dueMs: number): Scheduled | undefined {
    if (this.#waiting.length >= SCHEDULED_BY_FACES_MAX) return undefined;
    const id = messageId(idPrefix.slice(1, -1), SCHEDULED_FROM + this.#madeCount++);
    // What is kept is saved with the gateway's state: no secrets.
    const caller = { ...message.caller, secret: '' };
    const kept = { ...message, caller, reference: id };
    const scheduled: Scheduled = { id, message: kept, createdAtMs, dueMs, state: 'waiting', sentAs: undefined };
    this.#all.set(id, scheduled);
    const after = this.#waiting.findLastIndex((one) => one.dueMs > dueMs);
    this.#waiting.splice(after + 1, 0, scheduled);
    const [oldest] = this.#all.values();
    if (this.#all.size > 2 * SCHEDULED_BY_FACES_MAX && oldest !== undefined) this.#all.delete(oldest.id);
    return scheduled;
  }

  /** One of this caller that has not become a message. */
  find(id: string, caller: Caller, face: number): Scheduled | undefined {
    const found = this.#all.get(id);
    const isOf = found?.message.caller.account === caller.account && found.message.face === face;
    return isOf && found.sentAs === undefined ? found : undefined;
  }

  /** The id of the message that one became, or the id itself. */
  realId(id: string): string {
    return this.#all.get(id)?.sentAs ?? id;
  }

  /** Whether it had not gone. */
  cancel(scheduled: Scheduled): boolean {
    if (scheduled.state !== 'waiting') return false;
    scheduled.state = 'canceled';
    this.#waiting = this.#waiting.filter((one) => one !== scheduled);
    return true;
  }

  /** Sends those whose time has come. */
  advance(nowMs: number, parts: ScheduleParts): void {
    for (let next = this.#waiting.at(-1); next !== undefined && next.dueMs <= nowMs; next = this.#waiting.at(-1)) {
      this.#waiting.pop();
      this.#send(next, parts);
    }
  }

  capture(): { readonly all: readonly Scheduled[]; readonly madeCount: number } {
    return { all: [...this.#all.values()], madeCount: this.#madeCount };
  }

  restore({ all, madeCount }: ReturnType<Schedule['capture']>): void {
    this.#all.clear();
    for (const one of all) this.#all.set(one.id, { ...one });
    this.#waiting = [...this.#all.values()].filter(({ state }) => state === 'waiting');
    this.#waiting.sort((one, other) => other.dueMs - one.dueMs);
    this.#madeCount = madeCount;
  }

  #send(scheduled: Scheduled, { store, sending, tellRefusal }: ScheduleParts): void {
    scheduled.state = 'refused';
    const sent = sending.send(
      scheduled.message,
      () => undefined,
      ({ at, code }) => {
        if (at < 0) return;
        scheduled.state = 'sent';
        scheduled.sentAs = store.idAt(at);
        if (code !== DecisionCode.Accepted && code !== DecisionCode.Queued) tellRefusal(at);
      },
    );
    // Whoever asks for it is told what is known of it.
    if (sent instanceof Promise) sent.catch(() => undefined);
  }
}
