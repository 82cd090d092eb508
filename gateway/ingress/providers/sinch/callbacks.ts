/**
 * How Sinch tells of messages: JSON, of each recipient or of a whole batch, as the batch asked for; signed over the body, a nonce and the
 * time. Errors of the receiver's server, and requests to slow down, are tried again; other refusals are not.
 */
import { createHash, createHmac } from 'node:crypto';
import {
  type CallbackStyle,
  type InboundMessage,
  type MessageStore,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { groupPlaces } from '../groups.ts';
import { progressOf } from '../progress.ts';
import { doublingWaits } from '../waits.ts';
import { secondsOf } from '../tokens.ts';
import { batchReport, notesOf, recipientReport, type SinchNotes } from './batch-view.ts';
import { inboundView } from './inbounds.ts';
import { DISPATCHED, isFinal, statusOf } from './errors.ts';

/** Sinch, SMS webhooks: retries. How long an answer may take is not published. */
const RETRIES_MS = doublingWaits(5_000, 81_920_000);
const TIMEOUT_MS = 10_000;

const HEADERS = { 'content-type': 'application/json' };

export const sinchCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: ({ status }) => status === undefined || status === 429 || status >= 500,
  write(told: Told): WrittenCallback | undefined {
    const { store, at, customer } = told;
    const url = store.callbackUrls[at] ?? customer.url;
    const notes = url === undefined ? undefined : notesOf(store, at);
    if (notes === undefined || url === undefined) return undefined;
    const report = reportFor(told, notes);
    return report && { url, headers: HEADERS, body: JSON.stringify(report) };
  },
  writeInbound(message: InboundMessage): WrittenCallback | undefined {
    const { url } = message.customer;
    return url === undefined ? undefined : { url, headers: HEADERS, body: JSON.stringify(inboundView(message)) };
  },
  headers({ id, attempt, body, secret, nowMs }): Record<string, string> {
    if (secret === undefined) return {};
    const nonce = createHash('sha256').update(`${id} ${attempt}`).digest('hex').slice(0, 26).toUpperCase();
    const timestamp = String(secondsOf(nowMs));
    return {
      'x-sinch-webhook-signature': signatureOf(secret, body, nonce, timestamp),
      'x-sinch-webhook-signature-nonce': nonce,
      'x-sinch-webhook-signature-timestamp': timestamp,
      'x-sinch-webhook-signature-algorithm': 'HmacSHA256',
    };
  },
};

export function signatureOf(secret: string, body: string, nonce: string, timestamp: string): string {
  return createHmac('sha256', secret).update(`${body}.${nonce}.${timestamp}`).digest('base64');
}

/** What is told of an event; undefined if nobody asked for it. */
function reportFor({ store, at, event }: Told, notes: SinchNotes): object | undefined {
  const kind = notes.batch.delivery_report;
  if (kind === 'per_recipient')
    return recipientReport(store, at, notes, event === ToldEvent.Taken ? DISPATCHED : undefined);
  if (event === ToldEvent.Taken) return undefined;
  if (kind === 'per_recipient_final') return recipientReport(store, at, notes);
  if (kind !== 'summary' && kind !== 'full') return undefined;
  const places = groupPlaces(store, at);
  const isEnd = places.every((place) => isFinal(statusOf(store, place))) && endsGroup(store, at, places);
  const reports = places.map((place) => recipientReport(store, place, notesOf(store, place) ?? notes));
  return isEnd ? batchReport(reports, notesOf(store, places[0]!) ?? notes, kind === 'full') : undefined;
}

/** Of messages that were refused, all of which are at their end at once, the last speaks for the batch, if there are no others. */
function endsGroup(store: MessageStore, at: number, places: readonly number[]): boolean {
  if (progressOf(store, at) !== 'refused') return true;
  return at === places.at(-1) && places.every((place) => progressOf(store, place) === 'refused');
}
