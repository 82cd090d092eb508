/** Messages as Twilio's API shows them: out of columns of a store. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import {
  DELIVERY_ERRORS,
  DeliveryError,
  MessageState,
  type MessageStore,
  ReceiptState,
} from '../../../messages/index.ts';
import { MessageKind } from '../../../router/index.ts';
import { publicIdOf, type Scheduled } from '../schedule.ts';
import { longDigitsOf, messageIdOfLong } from '../vendor-ids.ts';
import { codeOfDeliveryError, endOf, meaningOf } from './errors.ts';

export const API_VERSION = '2010-04-01';

/** What this face keeps with a message. */
export interface TwilioNotes {
  readonly messagingServiceSid?: string;
}

/** Where a message is, in Twilio's words. */
export interface TwilioStatus {
  readonly status: string;
  /** 0 for none. */
  readonly errorCode: number;
}

const PRICE_DIGITS = 5;

export function sidOf(store: MessageStore, at: number): string {
  return (store.kind[at] === MessageKind.Mms ? 'MM' : 'SM') + longDigitsOf(publicIdOf(store, at));
}

/** Our id of a message by its sid; undefined for what is none. */
export function idOfSid(sid: string): string | undefined {
  return sid.startsWith('SM') || sid.startsWith('MM') ? messageIdOfLong(sid.slice(2)) : undefined;
}

export function notesOf(store: MessageStore, at: number): TwilioNotes {
  const notes = store.faceNotes[at];
  return notes === undefined ? {} : (JSON.parse(notes) as TwilioNotes);
}

/** The notes of a message to be sent; none is kept of one that names no service. */
export function notesFor(messagingServiceSid: string | undefined): string | undefined {
  return messagingServiceSid === undefined ? undefined : JSON.stringify({ messagingServiceSid } satisfies TwilioNotes);
}

/** The first status of a message: what its sender is answered. */
export function firstStatus({ messagingServiceSid }: TwilioNotes): string {
  return messagingServiceSid === undefined ? 'queued' : 'accepted';
}

/** Where the message at ring place `at` is. What the handset got is no part of it: no carrier tells Twilio. */
export function statusOf(store: MessageStore, at: number): TwilioStatus {
  const refused = endOf(store.code[at]!, store.registration[at]!);
  if (refused !== undefined) return { status: refused.status, errorCode: refused.code };
  const error = store.error[at]!;
  switch (store.receipt[at]) {
    case ReceiptState.Accepted:
    case ReceiptState.Delivered:
      return { status: 'delivered', errorCode: 0 };
    case ReceiptState.None:
      break;
    default:
      return { status: 'undelivered', errorCode: codeOfDeliveryError(error) };
  }
  if (store.state[at] === MessageState.Queued) return { status: firstStatus(notesOf(store, at)), errorCode: 0 };
  const isTriedAgain = error !== DeliveryError.None && DELIVERY_ERRORS[error]!.isTemporary;
  return { status: isTriedAgain ? 'sending' : 'sent', errorCode: 0 };
}

/** The whole resource. @param told where the message is, if something other than `statusOf` is to be said */
export function messageView(store: MessageStore, at: number, accountSid: string, told = statusOf(store, at)): object {
  const sid = sidOf(store, at);
  const { messagingServiceSid = null } = notesOf(store, at);
  const uri = `/${API_VERSION}/Accounts/${accountSid}/Messages/${sid}`;
  const created = httpDate(store.acceptedAtMs[at]!);
  const isSent = told.status !== 'queued' && told.status !== 'accepted' && told.status !== 'failed';
  const receiptAtMs = store.receiptAtMs[at]!;
  const { status, errorCode } = told;
  return {
    account_sid: accountSid,
    api_version: API_VERSION,
    body: store.texts.get(at),
    date_created: created,
    date_sent: isSent ? created : null,
    date_updated: receiptAtMs > 0 ? httpDate(receiptAtMs) : created,
    direction: 'outbound-api',
    error_code: errorCode === 0 ? null : errorCode,
    error_message: errorCode === 0 ? null : meaningOf(errorCode),
    // A service has chosen its number by then; Twilio says so once the message is on its way.
    from: status === 'accepted' ? null : formatNumber(store.senderKey[at]!),
    messaging_service_sid: messagingServiceSid,
    num_media: String(store.media[at]?.length ?? 0),
    num_segments: String(store.units[at]!),
    price: isSent ? priceOf(store, at) : null,
    price_unit: 'USD',
    sid,
    status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: formatNumber(store.destinationKey[at]!),
    uri: `${uri}.json`,
  };
}

/** The resource of a message that is to be sent later, or is not any more. */
export function scheduledView({ id, message, createdAtMs, state }: Scheduled, accountSid: string): object {
  const { text, media, to, from, notes } = message;
  const sid = (media.length > 0 ? 'MM' : 'SM') + longDigitsOf(id);
  const { messagingServiceSid = null } = notes === undefined ? {} : (JSON.parse(notes) as TwilioNotes);
  const uri = `/${API_VERSION}/Accounts/${accountSid}/Messages/${sid}`;
  const created = httpDate(createdAtMs);
  return {
    account_sid: accountSid,
    api_version: API_VERSION,
    body: text,
    date_created: created,
    date_sent: null,
    date_updated: created,
    direction: 'outbound-api',
    error_code: null,
    error_message: null,
    from: state === 'waiting' ? null : from,
    messaging_service_sid: messagingServiceSid,
    num_media: String(media.length),
    num_segments: '0',
    price: null,
    price_unit: 'USD',
    sid,
    status: SCHEDULED_STATUSES[state],
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}

const SCHEDULED_STATUSES = { waiting: 'scheduled', canceled: 'canceled', sent: 'accepted', refused: 'failed' } as const;

/** What the sender pays, as Twilio writes prices: negative, in dollars. */
function priceOf(store: MessageStore, at: number): string | null {
  const micros =
    store.carrierFeeMicros[at]! + store.surchargeMicros[at]! + store.dcaMicros[at]! + store.aggregatorMicros[at]!;
  // What a limit or a rule refused costs nothing, unless the carrier charges all the same.
  return micros === 0 ? null : (-micros / 1e6).toFixed(PRICE_DIGITS);
}

let lastSecond = Number.NaN;
let lastDate = '';

/** RFC 2822, as in `Fri, 01 Mar 2024 18:00:00 +0000`. Messages of one second, and they are many, share the text. */
export function httpDate(atMs: number): string {
  const second = Math.floor(atMs / 1_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(atMs).toUTCString().replace('GMT', '+0000');
  }
  return lastDate;
}
