/** Which messages a list asks for. */
import type { MessageStore } from '../../../messages/index.ts';
import { type Form, valuesOf } from '../form.ts';
import { type PlivoError, plivoError } from './errors.ts';
import { notesOf, statusOf } from './message-view.ts';

export type MessageFilter = (store: MessageStore, at: number) => boolean;

/** What a query says of when, as a condition on how much later than that a message is. */
const TIMES: Readonly<Record<string, (laterMs: number) => boolean>> = {
  message_time: (laterMs) => laterMs === 0,
  message_time__gt: (laterMs) => laterMs > 0,
  message_time__gte: (laterMs) => laterMs >= 0,
  message_time__lt: (laterMs) => laterMs < 0,
  message_time__lte: (laterMs) => laterMs <= 0,
};

/** A query as a filter; or what Plivo says of it. */
export function readFilter(query: Form): MessageFilter | PlivoError {
  const filters: MessageFilter[] = [];
  for (const [name, isThen] of Object.entries(TIMES)) {
    const [text] = valuesOf(query, name);
    if (text === undefined) continue;
    const atMs = Date.parse(`${text.replace(' ', 'T')}Z`);
    if (Number.isNaN(atMs)) return plivoError(400, `${name}: must be a time, such as 2024-03-01 18:00`);
    filters.push((store, at) => isThen(store.acceptedAtMs[at]! - atMs));
  }
  const [state] = valuesOf(query, 'message_state');
  if (state !== undefined) filters.push((store, at) => statusOf(store, at).state === state);
  const [direction] = valuesOf(query, 'message_direction');
  if (direction !== undefined) filters.push(() => direction === 'outbound');
  const [code] = valuesOf(query, 'error_code');
  if (code !== undefined) filters.push((store, at) => String(statusOf(store, at).code) === code);
  const [powerpack] = valuesOf(query, 'powerpack_id');
  if (powerpack !== undefined) filters.push((store, at) => notesOf(store, at).powerpack === powerpack);
  return (store, at) => filters.every((filter) => filter(store, at));
}
