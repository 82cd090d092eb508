/**
 * How Bandwidth tells of messages: JSON, a list with one event, to the address of the application, which is the webhook of the account.
 * Nothing is signed. Until an answer says it was taken it is told again for a day.
 */
import {
  type CallbackStyle,
  type InboundMessage,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { formatNumber } from '../../../../registry-cache/index.ts';
import { changedAtMs } from '../progress.ts';
import { uuidOf } from '../vendor-ids.ts';
import { doublingWaits } from '../waits.ts';
import { errorCodeOf, meaningOf } from './errors.ts';
import { carrierNameOf, messageFields, notesOf, timeOf } from './message-view.ts';

/** Bandwidth, Messaging webhooks: ten seconds to answer, and a day of attempts, whose distances are not published. */
const TIMEOUT_MS = 10_000;
const RETRIES_MS = doublingWaits(10_000, 40_960_000);

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };

export const bandwidthCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: () => true,
  write({ store, at, event, customer }: Told): WrittenCallback | undefined {
    // Of an SMS only its end is told.
    const isOfMedia = store.media[at] !== undefined;
    if (customer.url === undefined || (event === ToldEvent.Taken && !isOfMedia)) return undefined;
    const notes = notesOf(store, at);
    if (notes === undefined) return undefined;
    const errorCode = event === ToldEvent.Taken ? 0 : errorCodeOf(store, at);
    const carrierName = carrierNameOf(store, at);
    const told = {
      type: event === ToldEvent.Taken ? 'message-sent' : errorCode === 0 ? 'message-delivered' : 'message-failed',
      time: timeOf(event === ToldEvent.Taken ? store.acceptedAtMs[at]! : changedAtMs(store, at)),
      description: errorCode !== 0 ? meaningOf(errorCode) : event === ToldEvent.Taken ? 'sent to the carrier' : 'ok',
      to: formatNumber(store.destinationKey[at]!),
      ...(errorCode !== 0 && { errorCode }),
      ...(carrierName !== null && { carrierName }),
      // The sender knows its text.
      message: { ...messageFields(store, at, notes), text: '' },
    };
    return { url: customer.url, headers: HEADERS, body: JSON.stringify([told]) };
  },
  writeInbound({ id, from, to, text, media, segments, atMs, customer }: InboundMessage): WrittenCallback | undefined {
    if (customer.url === undefined) return undefined;
    const time = timeOf(atMs);
    const told = {
      type: 'message-received',
      time,
      description: 'incoming message',
      to,
      message: {
        id: uuidOf(id),
        owner: to,
        applicationId: customer.account,
        time,
        segmentCount: segments,
        direction: 'in',
        to: [to],
        from,
        text,
        ...(media.length > 0 && { media }),
      },
    };
    return { url: customer.url, headers: HEADERS, body: JSON.stringify([told]) };
  },
  headers: () => ({}),
};
