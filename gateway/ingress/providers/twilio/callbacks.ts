/**
 * How Twilio tells of messages: forms, signed over the address and every parameter. An address that cannot be reached is tried once more;
 * whatever it answers, it has been told.
 */
import { createHash, createHmac } from 'node:crypto';
import { formatNumber } from '../../../../registry-cache/index.ts';
import {
  type CallbackStyle,
  type InboundMessage,
  type MessageStore,
  type SignedCallback,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { FORM_TYPE, formOf, valuesOf, writeForm } from '../form.ts';
import { longDigitsOf } from '../vendor-ids.ts';
import { API_VERSION, notesOf, sidOf, statusOf, type TwilioStatus } from './message-view.ts';

/** Twilio, Webhooks: connection overrides, `rt` and `rc` as they are by default. */
const TIMEOUT_MS = 15_000;
const RETRIES_MS = [100];

const HEADERS = { 'content-type': `${FORM_TYPE}; charset=utf-8` };

export const twilioCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: ({ result }) => result === 'unreachable',
  write(told: Told): WrittenCallback | undefined {
    const { store, at, event } = told;
    const url = store.callbackUrls[at];
    if (url === undefined) return undefined;
    const status = event === ToldEvent.Taken ? { status: 'sent', errorCode: 0 } : statusOf(store, at);
    return { url, headers: HEADERS, body: writeForm(fieldsOf(told, status)) };
  },
  writeInbound(message: InboundMessage): WrittenCallback | undefined {
    const { url } = message.customer;
    return url === undefined ? undefined : { url, headers: HEADERS, body: writeForm(inboundFields(message)) };
  },
  headers(callback: SignedCallback): Record<string, string> {
    const { id, secret, url, body } = callback;
    const token = { 'i-twilio-idempotency-token': createHash('sha256').update(id).digest('base64url') };
    return secret === undefined ? token : { ...token, 'x-twilio-signature': signatureOf(secret, url, body) };
  },
};

/** Over the address and each parameter, by name, its values behind it without repeats (Twilio, Webhooks: security). */
export function signatureOf(authToken: string, url: string, body: string): string {
  const form = formOf(body);
  const parameters = Object.keys(form)
    .sort()
    .map((name) =>
      [...new Set(valuesOf(form, name))]
        .sort()
        .map((value) => name + value)
        .join(''),
    )
    .join('');
  return createHmac('sha1', authToken)
    .update(url + parameters)
    .digest('base64');
}

function fieldsOf({ store, at, event, customer }: Told, { status, errorCode }: TwilioStatus): Record<string, string> {
  const sid = sidOf(store, at);
  const { messagingServiceSid } = notesOf(store, at);
  const doneDate = event === ToldEvent.Receipt ? rawDoneDate(store, at) : undefined;
  return {
    AccountSid: customer.apiId,
    ApiVersion: API_VERSION,
    ...(errorCode !== 0 && { ErrorCode: String(errorCode) }),
    From: formatNumber(store.senderKey[at]!),
    MessageSid: sid,
    MessageStatus: status,
    ...(messagingServiceSid !== undefined && { MessagingServiceSid: messagingServiceSid }),
    ...(doneDate !== undefined && { RawDlrDoneDate: doneDate }),
    SmsSid: sid,
    SmsStatus: status,
    To: formatNumber(store.destinationKey[at]!),
  };
}

/** YYMMDDhhmm, as the carrier wrote it; undefined where no carrier said anything. */
function rawDoneDate(store: MessageStore, at: number): string | undefined {
  const atMs = store.receiptAtMs[at]!;
  return atMs === 0 ? undefined : new Date(atMs).toISOString().replaceAll(/[-T:]/g, '').slice(2, 12);
}

function inboundFields({ id, from, to, text, media, segments, customer }: InboundMessage): Record<string, string> {
  const sid = (media.length > 0 ? 'MM' : 'SM') + longDigitsOf(id);
  return {
    AccountSid: customer.apiId,
    ApiVersion: API_VERSION,
    Body: text,
    From: from,
    FromCountry: 'US',
    MessageSid: sid,
    NumMedia: String(media.length),
    NumSegments: String(segments),
    SmsMessageSid: sid,
    SmsSid: sid,
    SmsStatus: 'received',
    To: to,
    ToCountry: 'US',
    ...Object.fromEntries(media.map((url, index) => [`MediaUrl${index}`, url])),
  };
}
