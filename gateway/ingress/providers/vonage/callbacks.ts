/**
 * How Vonage tells of messages. At Vonage it is a setting of the account whether the SMS API calls by POST with JSON, by POST with a form
 * or by GET, and whether messages from handsets come in the words of the one API or the other. Here the fragment of the address says so,
 * which is sent to nobody: `#json` (and no fragment), `#post`, `#get`, `#messages`.
 *
 * The SMS API signs by a parameter; the Messages API by a JWT that has the hash of the body.
 */
import { createHash } from 'node:crypto';
import {
  type CallbackStyle,
  type Customer,
  type InboundMessage,
  type MessageStore,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { FORM_TYPE, writeForm } from '../form.ts';
import { uuidNamed } from '../named-ids.ts';
import { networkCodeOf } from '../networks.ts';
import { changedAtMs } from '../progress.ts';
import { secondsOf, signJwt } from '../tokens.ts';
import { uuidOf } from '../vendor-ids.ts';
import { doublingWaitsFor } from '../waits.ts';
import { problemOf } from './errors.ts';
import { digitsOf, failureOf, messageIdOf, notesOf, partIdOf, priceOf, type VonageNotes } from './message-view.ts';
import { signatureOf } from './signature.ts';

/** Vonage, Webhooks: fifteen seconds to answer; a day of attempts, whose distances are ours. */
const TIMEOUT_MS = 15_000;
const RETRIES_MS = doublingWaitsFor(86_400_000, 5_000, 640_000);

const JSON_HEADERS = { 'content-type': 'application/json' };
const CURRENCY = 'USD';

export const vonageCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: () => true,
  write(told: Told): WrittenCallback | readonly WrittenCallback[] | undefined {
    const { store, at, customer } = told;
    const notes = notesOf(store, at);
    const url = store.callbackUrls[at] ?? customer.url;
    if (notes === undefined || notes.isSilent || url === undefined) return undefined;
    if (notes.api === 'messages') return writeMessages(url, statusOf(told, notes), customer, told.nowMs);
    const parts = store.units[at]!;
    return Array.from({ length: parts }, (_, part) =>
      writeSms(url, receiptOf(told, notes, part), customer, told.nowMs),
    );
  },
  writeInbound(message: InboundMessage): WrittenCallback | undefined {
    const { customer, media, atMs } = message;
    const { url } = customer;
    if (url === undefined) return undefined;
    const isMessages = media.length > 0 || new URL(url).hash === '#messages';
    return isMessages
      ? writeMessages(url, inboundMessage(message), customer, atMs)
      : writeSms(url, inboundSms(message), customer, atMs);
  },
  headers: () => ({}),
};

type Parameters = Readonly<Record<string, string>>;

/** A callback of the SMS API, signed if a secret is known. */
function writeSms(url: string, told: Parameters, { secret }: Customer, nowMs: number): WrittenCallback {
  const parameters = secret === undefined ? told : signed(told, secret, nowMs);
  switch (new URL(url).hash) {
    case '#get': {
      const address = new URL(url);
      for (const [name, value] of Object.entries(parameters)) address.searchParams.append(name, value);
      return { url: address.href, method: 'GET', headers: {}, body: '' };
    }
    case '#post':
      return { url, headers: { 'content-type': FORM_TYPE }, body: writeForm(parameters) };
    default:
      return { url, headers: JSON_HEADERS, body: JSON.stringify(parameters) };
  }
}

function signed(told: Parameters, secret: string, nowMs: number): Parameters {
  const parameters = { ...told, timestamp: String(secondsOf(nowMs)), nonce: uuidNamed(JSON.stringify(told)) };
  return { ...parameters, sig: signatureOf(parameters, secret) };
}

/** A callback of the Messages API, signed if a secret is known. */
function writeMessages(url: string, told: object, { secret, apiId }: Customer, nowMs: number): WrittenCallback {
  const body = JSON.stringify(told);
  if (secret === undefined) return { url, headers: JSON_HEADERS, body };
  const claims = {
    iat: secondsOf(nowMs),
    jti: uuidNamed(body),
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: apiId,
  };
  return { url, headers: { ...JSON_HEADERS, authorization: `Bearer ${signJwt(claims, secret)}` }, body };
}

/** The receipt of one part of a message of the SMS API. */
function receiptOf({ store, at, event, customer }: Told, { clientRef }: VonageNotes, part: number): Parameters {
  const failure = event === ToldEvent.Taken ? undefined : failureOf(store, at);
  const atMs = toldAtMs(store, at, event);
  const isRefused = failure !== undefined && store.receiptAtMs[at] === 0;
  const status = event === ToldEvent.Taken ? 'accepted' : failure === undefined ? 'delivered' : 'failed';
  return {
    msisdn: digitsOf(store.destinationKey[at]!),
    to: digitsOf(store.senderKey[at]!),
    'network-code': networkCodeOf(store.carrier[at]!) ?? '',
    messageId: partIdOf(store, at, part),
    price: priceOf(store, at, store.units[at]),
    status: failure?.isExpired ? 'expired' : isRefused ? 'rejected' : status,
    scts: new Date(atMs).toISOString().replaceAll(/[-T:]/g, '').slice(2, 12),
    'err-code': String(failure?.errCode ?? 0),
    'api-key': customer.apiId,
    ...(clientRef !== undefined && { 'client-ref': clientRef }),
    'message-timestamp': timestampOf(atMs),
  };
}

/** The status of a message of the Messages API. */
function statusOf({ store, at, event }: Told, { clientRef }: VonageNotes): object {
  const failure = event === ToldEvent.Taken ? undefined : failureOf(store, at);
  const status = event === ToldEvent.Taken ? 'submitted' : failure === undefined ? 'delivered' : 'rejected';
  const network = networkCodeOf(store.carrier[at]!);
  const isMms = store.media[at] !== undefined;
  const id = messageIdOf(store, at);
  return {
    message_uuid: id,
    to: digitsOf(store.destinationKey[at]!),
    from: digitsOf(store.senderKey[at]!),
    timestamp: new Date(toldAtMs(store, at, event)).toISOString(),
    status,
    channel: isMms ? 'mms' : 'sms',
    ...(clientRef !== undefined && { client_ref: clientRef }),
    ...(failure !== undefined && { error: errorOf(failure.problem, id) }),
    usage: { currency: CURRENCY, price: priceOf(store, at) },
    ...(network !== undefined && { destination: { network_code: network } }),
    ...(!isMms && { sms: { count_total: String(store.units[at]!) } }),
  };
}

function errorOf(code: number, instance: string): object {
  const { type, detail } = problemOf(code);
  return { type, title: code, detail, instance };
}

/** A message from a handset, in words of the SMS API. */
function inboundSms({ id, from, to, text, isUcs2, atMs, customer }: InboundMessage): Parameters {
  return {
    'api-key': customer.apiId,
    msisdn: from.slice(1),
    to: to.slice(1),
    messageId: uuidOf(id),
    text,
    type: isUcs2 ? 'unicode' : 'text',
    keyword: keywordOf(text),
    'message-timestamp': timestampOf(atMs),
  };
}

/** The same in words of the Messages API. */
function inboundMessage({ id, from, to, text, media, segments, atMs }: InboundMessage): object {
  const [first] = media;
  const isMms = first !== undefined;
  return {
    channel: isMms ? 'mms' : 'sms',
    message_uuid: uuidOf(id),
    to: to.slice(1),
    from: from.slice(1),
    timestamp: new Date(atMs).toISOString(),
    message_type: isMms ? 'image' : 'text',
    ...(isMms
      ? { image: { url: first, ...(text !== '' && { caption: text }) } }
      : { text, sms: { num_messages: String(segments), keyword: keywordOf(text) } }),
  };
}

/** The first word. */
function keywordOf(text: string): string {
  return (text.trim().split(/\s/)[0] ?? '').toUpperCase();
}

function toldAtMs(store: MessageStore, at: number, event: number): number {
  return event === ToldEvent.Taken ? store.acceptedAtMs[at]! : changedAtMs(store, at);
}

/** As in `2024-03-01 18:00:00`. */
function timestampOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').slice(0, 19);
}
