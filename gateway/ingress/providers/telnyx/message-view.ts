/** Messages as Telnyx's API shows them: out of columns of a store. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import { DeliveryError, type MessageStore, ReceiptState } from '../../../messages/index.ts';
import {
  CARRIER_LABELS,
  countSegments,
  Encoding,
  encodingOf,
  MessageKind,
  nameAt,
  REGISTRATION_LABELS,
  registrationLabelIndex,
  segmentsOf,
} from '../../../router/index.ts';
import { costOf, dollarsOf } from '../message-cost.ts';
import { changedAtMs, progressOf } from '../progress.ts';
import { publicIdOf, type Scheduled } from '../schedule.ts';
import { uuidOf } from '../vendor-ids.ts';
import { codeOfDeliveryError, endOf, errorsOf } from './errors.ts';

/** What this face keeps with a message. */
export interface TelnyxNotes {
  readonly profileId?: string;
  readonly failoverUrl?: string;
  readonly subject?: string;
}

/** Where a message is, in Telnyx's words. */
export interface TelnyxStatus {
  readonly status: string;
  /** 0 for none. */
  readonly code: number;
}

export const QUEUED: TelnyxStatus = { status: 'queued', code: 0 };
export const SENT: TelnyxStatus = { status: 'sent', code: 0 };

/** Of messages that have nothing else to keep. Those that a gateway sends by itself have none. */
export const NO_NOTES = '{}';

export function notesOf(store: MessageStore, at: number): TelnyxNotes {
  const notes = store.faceNotes[at];
  return notes === undefined || notes === NO_NOTES ? {} : (JSON.parse(notes) as TelnyxNotes);
}

/** Where the message at ring place `at` is. */
export function statusOf(store: MessageStore, at: number): TelnyxStatus {
  const error = store.error[at]!;
  switch (progressOf(store, at)) {
    case 'refused':
      return endOf(store.code[at]!) ?? QUEUED;
    case 'queued':
      return QUEUED;
    case 'trying':
      return { status: 'sending', code: 0 };
    case 'sent':
      return error === DeliveryError.Lost ? { status: 'delivery_unconfirmed', code: 0 } : SENT;
    case 'delivered':
      return { status: 'delivered', code: 0 };
    case 'undelivered': {
      const isExpired = store.receipt[at] === ReceiptState.Expired;
      return { status: isExpired ? 'expired' : 'delivery_failed', code: codeOfDeliveryError(error) };
    }
  }
}

const NOT_SENT: readonly string[] = ['queued', 'sending', 'sending_failed'];
const NOT_ENDED: readonly string[] = ['queued', 'sending', 'sent'];

/** The message resource. @param told where the message is, if something other than `statusOf` is to be said */
export function messageView(store: MessageStore, at: number, told = statusOf(store, at)): object {
  const { status, code } = told;
  const acceptedAt = timeOf(store.acceptedAtMs[at]!);
  const validUntilMs = store.validUntilMs[at]!;
  const { carrierMicros, rateMicros } = costOf(store, at);
  return {
    record_type: 'message',
    direction: 'outbound',
    id: uuidOf(publicIdOf(store, at)),
    type: store.kind[at] === MessageKind.Mms ? 'MMS' : 'SMS',
    ...addressView(
      formatNumber(store.senderKey[at]!),
      formatNumber(store.destinationKey[at]!),
      status,
      CARRIER_LABELS[store.carrier[at]!]!,
    ),
    text: store.texts.get(at),
    ...whatView(notesOf(store, at), store.media[at], store.callbackUrls[at]),
    encoding: store.isUcs2[at] === 1 ? 'UCS-2' : 'GSM-7',
    parts: store.units[at]!,
    cost: { amount: dollarsOf(carrierMicros + rateMicros), currency: 'USD' },
    cost_breakdown: {
      carrier_fee: { amount: dollarsOf(carrierMicros), currency: 'USD' },
      rate: { amount: dollarsOf(rateMicros), currency: 'USD' },
    },
    tcr_campaign_registered: nameAt(REGISTRATION_LABELS, registrationLabelIndex(store.registration[at]!)).toUpperCase(),
    received_at: acceptedAt,
    sent_at: NOT_SENT.includes(status) ? null : acceptedAt,
    completed_at: NOT_ENDED.includes(status) ? null : timeOf(changedAtMs(store, at)),
    valid_until: status === 'queued' && Number.isFinite(validUntilMs) ? timeOf(validUntilMs) : null,
    wait_seconds: status === 'queued' ? store.retryAfterMs[at]! / 1_000 : 0,
    errors: errorsOf(code),
  };
}

/** The message resource of one that is to be sent later. */
export function scheduledView({ id, message, createdAtMs, dueMs, state }: Scheduled): object {
  const { from, to, text, media, notes = NO_NOTES, callbackUrl } = message;
  const counted = countSegments(text);
  const isMms = media.length > 0;
  const status = state === 'waiting' ? 'scheduled' : state === 'canceled' ? 'cancelled' : 'sending_failed';
  return {
    record_type: 'message',
    direction: 'outbound',
    id: uuidOf(id),
    type: isMms ? 'MMS' : 'SMS',
    ...addressView(from, to, status, ''),
    text,
    ...whatView(JSON.parse(notes) as TelnyxNotes, media, callbackUrl),
    encoding: encodingOf(counted) === Encoding.Ucs2 ? 'UCS-2' : 'GSM-7',
    parts: isMms ? 1 : segmentsOf(counted),
    cost: null,
    cost_breakdown: null,
    received_at: timeOf(createdAtMs),
    send_at: timeOf(dueMs),
    sent_at: null,
    completed_at: null,
    valid_until: null,
    errors: [],
  };
}

function addressView(from: string, to: string, status: string, carrier: string): object {
  return {
    from: { phone_number: from, carrier: 'Telnyx', line_type: 'VoIP' },
    to: [{ phone_number: to, status, carrier, line_type: 'Wireless' }],
    cc: [],
  };
}

function whatView(
  { profileId = '', failoverUrl = null, subject = null }: { [Name in keyof TelnyxNotes]: TelnyxNotes[Name] | null },
  media: readonly string[] = [],
  url: string | undefined,
): object {
  return {
    messaging_profile_id: profileId,
    subject,
    media: media.map(mediaView),
    tags: [],
    webhook_url: url ?? null,
    webhook_failover_url: failoverUrl,
  };
}

/** Media are not fetched: nothing is known of them but where they are. */
export function mediaView(url: string): object {
  return { url, content_type: null, size: null, sha256: null };
}

export function timeOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
