/**
 * Messages that are to be sent later, by the APIs that allow it. They wait in this process (`own-schedule.ts`) or, where messages outlive it,
 * do so too (`kept-schedule.ts`); and for a while they are known after their time, since their senders go on calling them by the ids they
 * were given at first.
 *
 * Such an id is of the shape of any other, beyond those of all messages. The message that is sent in the end carries it as its
 * reference, so that callbacks and lists call it so too.
 */
import { messageId, type MessageStore } from '../../messages/index.ts';
import type { Caller } from './credentials.ts';
import type { FaceMessage, Sending } from './sending.ts';

export interface Scheduled {
  readonly id: string;
  readonly message: FaceMessage;
  readonly createdAtMs: number;
  readonly dueMs: number;
  state: 'waiting' | 'canceled' | 'sent' | 'refused';
}

/** A message, given the id of the first of those it waits with: that one is made without. */
export type ScheduledMember = (first: string | undefined) => FaceMessage;

/** Methods that ask somebody else reject with `NotKept` if there is no answer: then nobody knows whether it was done. */
export interface Schedule {
  /**
   * Has messages of one sender wait, all or none, by ids that follow each other. The first; undefined if there is no room.
   * @param members messages that were checked
   */
  add(members: readonly ScheduledMember[], createdAtMs: number, dueMs: number): Promise<Scheduled | undefined>;
  /** One of this caller that has not become a message. */
  find(id: string, caller: Caller, face: number): Promise<Scheduled | undefined>;
  /** The id of the message that one became, or the id itself. */
  realId(id: string): Promise<string>;
  /** Takes one back, whose state then says so; whether it had not gone. */
  cancel(scheduled: Scheduled): Promise<boolean>;
  /** Has those sent whose time has come. To be called every moment. */
  advance(nowMs: number, parts: ScheduleParts): void;
  /** Resolves once nothing is being sent. */
  atRest(): Promise<void>;
}

/** Where ids of scheduled messages begin: beyond those of messages out and in. */
export const SCHEDULED_FROM = 3 * 2 ** 34;

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

/** Messages as they wait, by the ids from the `madeCount`th of this process on. */
export function scheduledFrom(
  members: readonly ScheduledMember[],
  { idPrefix }: MessageStore,
  madeCount: number,
  times: Pick<Scheduled, 'createdAtMs' | 'dueMs'>,
): Scheduled[] {
  const idAt = (place: number): string => messageId(idPrefix.slice(1, -1), SCHEDULED_FROM + madeCount + place);
  return members.map((member, place) => {
    const message = member(place === 0 ? undefined : idAt(0));
    const id = idAt(place);
    // What waits is written down: no secrets.
    const caller = { ...message.caller, secret: '' };
    return { id, message: { ...message, caller, reference: id }, ...times, state: 'waiting' };
  });
}
