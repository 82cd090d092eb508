/**
 * Reading messages back: a page of those that match, oldest first, and a cursor to go on from.
 *
 * The cursor is the place in the sequence up to which messages have been looked at, so a reader that polls with it sees
 * every message once, in order, however many share a millisecond. When the ring has gone round since, `missed` says how
 * many were overwritten unseen.
 */
import { type Core } from '../router/index.ts';
import { messageRecord, type MessageRecord } from './message-view.ts';
import type { MessageStore } from './message-store.ts';

export interface InboxQuery {
  /** NANP integer keys. */
  readonly senderKey?: number;
  readonly destinationKey?: number;
  /** `DecisionCode`. */
  readonly code?: number;
  /** Index into TRUTHS. */
  readonly truth?: number;
  /** Only messages from this place in the sequence on. */
  readonly sinceSequence?: number;
  readonly pageSize: number;
}

export interface InboxPage {
  readonly messages: readonly MessageRecord[];
  /** Pass as `since` to go on after this page. */
  readonly nextSequence: number;
  /** Messages between the cursor and the oldest one held: they are gone. */
  readonly missed: number;
}

/**
 * Messages that wait under a limit come first when the ring has gone round and passed them over, since they are the oldest.
 *
 * Cost: one pass over the ring from the cursor on, a few comparisons per message held; two passes from a cursor that is older than
 * the ring.
 */
export function findMessages(core: Core, store: MessageStore, query: InboxQuery): InboxPage {
  const { oldestSequence, capacity } = store;
  const since = query.sinceSequence ?? 0;
  const messages: MessageRecord[] = [];
  let nextSequence = since;
  let olderSeen = 0;
  const look = (sequence: number): void => {
    nextSequence = sequence + 1;
    if (store.holds(sequence) && matches(store, sequence % capacity, query)) {
      messages.push(messageRecord(core, store, sequence));
    }
  };
  const older = since < oldestSequence ? store.passedOver() : [];
  for (const sequence of older) {
    if (messages.length === query.pageSize) break;
    if (sequence < since) continue;
    look(sequence);
    olderSeen += 1;
  }
  if (messages.length < query.pageSize) nextSequence = Math.max(nextSequence, oldestSequence);
  while (nextSequence < store.nextSequence && messages.length < query.pageSize) look(nextSequence);
  const gone = Math.min(nextSequence, oldestSequence) - since - olderSeen;
  return { messages, nextSequence, missed: query.sinceSequence === undefined ? 0 : Math.max(0, gone) };
}

function matches(store: MessageStore, at: number, query: InboxQuery): boolean {
  if (query.senderKey !== undefined && store.senderKey[at] !== query.senderKey) return false;
  if (query.destinationKey !== undefined && store.destinationKey[at] !== query.destinationKey) return false;
  if (query.code !== undefined && store.code[at] !== query.code) return false;
  return query.truth === undefined || store.truth[at] === query.truth;
}

/** The newest message from a number that arrived no later than a moment, if it is held. Cost: two passes over the ring at most. */
export function latestFrom(
  store: MessageStore,
  senderKey: number,
  atMs: number,
): { readonly id: string; readonly atMs: number } | undefined {
  const isIt = (sequence: number): boolean => {
    const at = sequence % store.capacity;
    return store.holds(sequence) && store.senderKey[at] === senderKey && store.acceptedAtMs[at]! <= atMs;
  };
  let sequence: number | undefined = store.nextSequence - 1;
  while (sequence >= store.oldestSequence && !isIt(sequence)) sequence -= 1;
  if (sequence < store.oldestSequence) sequence = store.passedOver().findLast(isIt);
  if (sequence === undefined) return undefined;
  return { id: store.idAt(sequence % store.capacity), atMs: store.acceptedAtMs[sequence % store.capacity]! };
}
