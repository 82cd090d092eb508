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

/** Cost: one pass over the ring from the cursor on, a few comparisons per message held. */
export function findMessages(core: Core, store: MessageStore, query: InboxQuery): InboxPage {
  const since = query.sinceSequence ?? store.oldestSequence;
  const first = Math.max(since, store.oldestSequence);
  const messages: MessageRecord[] = [];
  let sequence = first;
  for (; sequence < store.nextSequence && messages.length < query.pageSize; sequence += 1) {
    const at = sequence % store.capacity;
    if (!store.holds(sequence)) continue;
    if (query.senderKey !== undefined && store.senderKey[at] !== query.senderKey) continue;
    if (query.destinationKey !== undefined && store.destinationKey[at] !== query.destinationKey) continue;
    if (query.code !== undefined && store.code[at] !== query.code) continue;
    if (query.truth !== undefined && store.truth[at] !== query.truth) continue;
    messages.push(messageRecord(core, store, sequence));
  }
  return { messages, nextSequence: sequence, missed: Math.max(0, first - since) };
}

/** The newest message from a number that arrived no later than a moment, if it is held. Cost: one pass over the ring. */
export function latestFrom(
  store: MessageStore,
  senderKey: number,
  atMs: number,
): { readonly id: string; readonly atMs: number } | undefined {
  for (let sequence = store.nextSequence - 1; sequence >= store.oldestSequence; sequence -= 1) {
    const at = sequence % store.capacity;
    if (!store.holds(sequence)) continue;
    const acceptedAtMs = store.acceptedAtMs[at]!;
    if (store.senderKey[at] === senderKey && acceptedAtMs <= atMs)
      return { id: store.idOf(sequence), atMs: acceptedAtMs };
  }
  return undefined;
}
