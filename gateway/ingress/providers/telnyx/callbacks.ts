/**
 * How Telnyx tells of messages: events of JSON, signed, which say of themselves which attempt they are. An address has two seconds to
 * answer and three attempts; then it is the turn of the failover address (Telnyx, Receiving webhooks; it publishes no waits).
 */
import {
  type CallbackStyle,
  type InboundMessage,
  type SignedCallback,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from '../../../messages/index.ts';
import { JSON_TYPE } from '../json.ts';
import { uuidNamed } from '../named-ids.ts';
import { uuidOf } from '../vendor-ids.ts';
import { mediaView, messageView, notesOf, SENT, statusOf, timeOf } from './message-view.ts';
import { signatureOf } from './signing.ts';

const TIMEOUT_MS = 2_000;
const RETRIES_MS = [1_000, 5_000];

const HEADERS = { 'content-type': JSON_TYPE };

export const telnyxCallbacks: CallbackStyle = {
  timeoutMs: TIMEOUT_MS,
  waitsMs: RETRIES_MS,
  triesAgain: () => true,
  write({ store, at, event, copy, nowMs, customer }: Told): WrittenCallback | undefined {
    const url = store.callbackUrls[at] ?? customer.url;
    // What the gateway sends by itself is nobody's message.
    if (url === undefined || store.faceNotes[at] === undefined) return undefined;
    const isTaken = event === ToldEvent.Taken;
    const { failoverUrl } = notesOf(store, at);
    const body = eventOf(
      uuidNamed(`${store.idAt(at)} ${event + copy}`),
      isTaken ? 'message.sent' : 'message.finalized',
      nowMs,
      messageView(store, at, isTaken ? SENT : statusOf(store, at)),
    );
    return { url, headers: HEADERS, body, ...(failoverUrl !== undefined && { failoverUrl }) };
  },
  writeInbound(message: InboundMessage): WrittenCallback | undefined {
    const { id, atMs, customer } = message;
    const { url } = customer;
    const body = eventOf(uuidNamed(id), 'message.received', atMs, inboundView(message));
    return url === undefined ? undefined : { url, headers: HEADERS, body };
  },
  bodyOf({ body, attempt, url }: SignedCallback): string {
    return `${body.slice(0, -1)},"meta":${JSON.stringify({ attempt, delivered_to: url })}}`;
  },
  headers({ body, machineMs }: SignedCallback): Record<string, string> {
    const timestamp = Math.floor(machineMs / 1_000);
    return { 'telnyx-timestamp': String(timestamp), 'telnyx-signature-ed25519': signatureOf(timestamp, body) };
  },
};

function eventOf(id: string, type: string, atMs: number, payload: object): string {
  const data = { record_type: 'event', id, event_type: type, occurred_at: timeOf(atMs), payload };
  return JSON.stringify({ data });
}

function inboundView({ id, from, to, text, media, segments, isUcs2, atMs, customer }: InboundMessage): object {
  return {
    record_type: 'message',
    direction: 'inbound',
    id: uuidOf(id),
    type: media.length > 0 ? 'MMS' : 'SMS',
    messaging_profile_id: '',
    from: { phone_number: from, carrier: '', line_type: 'Wireless' },
    to: [{ phone_number: to, status: 'webhook_delivered', carrier: 'Telnyx', line_type: 'VoIP' }],
    cc: [],
    text,
    subject: null,
    media: media.map(mediaView),
    tags: [],
    webhook_url: customer.url ?? null,
    webhook_failover_url: null,
    encoding: isUcs2 ? 'UCS-2' : 'GSM-7',
    parts: segments,
    received_at: timeOf(atMs),
    sent_at: null,
    completed_at: null,
    valid_until: null,
    errors: [],
  };
}
