/**
 * How Plivo tells of messages: forms, or queries where a sender asks for GET, signed in both of its ways. It publishes no rule for trying
 * again that could be found; the waits here are ours.
 */
import { createHash } from 'node:crypto';
import {
  type CallbackStyle,
  type InboundMessage,
  type SignedCallback,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { FORM_TYPE, writeForm } from '../form.ts';
import { networkCodeOf } from '../networks.ts';
import { uuidOf } from '../vendor-ids.ts';
import { digitsOf, notesOf, priceOf, SENT, statusOf, typeOf } from './message-view.ts';
import { signatureV2, signatureV3 } from './signing.ts';

const TIMEOUT_MS = 15_000;
const RETRIES_MS = [60_000, 120_000, 240_000];
const COUNTRY_DIGITS = 3;
const NONCE_DIGITS = 20;

const HEADERS = { 'content-type': FORM_TYPE };

export const plivoCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: () => true,
  write(told: Told): WrittenCallback | undefined {
    const { store, at } = told;
    const url = store.callbackUrls[at];
    if (url === undefined) return undefined;
    const form = writeForm(fieldsOf(told));
    const { method } = notesOf(store, at);
    if (method === undefined) return { url, headers: HEADERS, body: form };
    return { url: `${url}${url.includes('?') ? '&' : '?'}${form}`, method, headers: {}, body: '' };
  },
  writeInbound(message: InboundMessage): WrittenCallback | undefined {
    const { url } = message.customer;
    return url === undefined ? undefined : { url, headers: HEADERS, body: writeForm(inboundFields(message)) };
  },
  headers({ id, url, method, body, attempt, secret }: SignedCallback): Record<string, string> {
    if (secret === undefined) return {};
    const nonce = nonceOf(`${id} ${attempt}`);
    const request = { method, url, body, nonce };
    return {
      'x-plivo-signature-v2': signatureV2(secret, request),
      'x-plivo-signature-v2-nonce': nonce,
      'x-plivo-signature-v3': signatureV3(secret, request),
      'x-plivo-signature-v3-nonce': nonce,
    };
  },
};

/** Another one for each attempt. */
function nonceOf(name: string): string {
  const number = createHash('sha256').update(name).digest().readBigUInt64BE();
  return number.toString().padStart(NONCE_DIGITS, '0');
}

function fieldsOf({ store, at, event, copy, nowMs }: Told): Record<string, string> {
  const uuid = uuidOf(store.idAt(at));
  const { state, code } = event === ToldEvent.Taken ? SENT : statusOf(store, at);
  const { rate, amount } = priceOf(store, at);
  const network = networkCodeOf(store.carrier[at]!) ?? '';
  const acceptedAt = timeOf(store.acceptedAtMs[at]!);
  const receiptAtMs = store.receiptAtMs[at]!;
  return {
    MessageUUID: uuid,
    ParentMessageUUID: uuid,
    PartInfo: '1 of 1',
    From: digitsOf(store.senderKey[at]!),
    To: digitsOf(store.destinationKey[at]!),
    Type: typeOf(store, at),
    Status: state,
    ...(code !== 0 && { ErrorCode: String(code) }),
    Sequence: String(event + copy + 1),
    Units: String(store.units[at]!),
    TotalRate: rate,
    TotalAmount: amount,
    MCC: network.slice(0, COUNTRY_DIGITS),
    MNC: network.slice(COUNTRY_DIGITS),
    MessageTime: acceptedAt,
    QueuedTime: acceptedAt,
    SentTime: state === 'failed' ? '' : acceptedAt,
    DeliveryReportTime: event === ToldEvent.Receipt ? timeOf(receiptAtMs || nowMs) : '',
    PowerpackUUID: notesOf(store, at).powerpack ?? '',
  };
}

function inboundFields({ id, from, to, text, media, segments, atMs }: InboundMessage): Record<string, string> {
  return {
    MessageUUID: uuidOf(id),
    From: from.slice(1),
    To: to.slice(1),
    Type: media.length > 0 ? 'mms' : 'sms',
    Text: text,
    Units: String(segments),
    MessageTime: timeOf(atMs),
    ...Object.fromEntries(media.map((url, index) => [`Media${index}`, url])),
  };
}

/** As in `2024-03-01 18:00:00.000000`. */
function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace('Z', '000');
}
