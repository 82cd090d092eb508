/** Messages as Plivo's API shows them: out of columns of a store. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import { type MessageStore } from '../../../messages/index.ts';
import { MessageKind, nameAt, REGISTRATION_LABELS, registrationLabelIndex } from '../../../router/index.ts';
import { costOf } from '../message-cost.ts';
import { networkCodeOf } from '../networks.ts';
import { changedAtMs, progressOf } from '../progress.ts';
import { uuidOf } from '../vendor-ids.ts';
import { codeOfDeliveryError, endOf, meaningOf } from './errors.ts';

/** What this face keeps with a message. */
export interface PlivoNotes {
  readonly powerpack?: string;
  /** Of the callbacks; POST if it says nothing. */
  readonly method?: 'GET';
}

/** Where a message is, in Plivo's words. */
export interface PlivoStatus {
  readonly state: string;
  /** 0 for none. */
  readonly code: number;
}

export const SENT: PlivoStatus = { state: 'sent', code: 0 };

const MICROS = 1_000_000;
const AMOUNT_DIGITS = 5;
const NO_NOTES: PlivoNotes = {};

export function notesOf(store: MessageStore, at: number): PlivoNotes {
  const notes = store.faceNotes[at];
  return notes === undefined ? NO_NOTES : (JSON.parse(notes) as PlivoNotes);
}

/** Undefined where there is nothing to keep. */
export function notesFor(notes: PlivoNotes): string | undefined {
  return notes.powerpack === undefined && notes.method === undefined ? undefined : JSON.stringify(notes);
}

/** Where the message at ring place `at` is. */
export function statusOf(store: MessageStore, at: number): PlivoStatus {
  switch (progressOf(store, at)) {
    case 'refused':
      return endOf(store.code[at]!) ?? SENT;
    case 'queued':
    case 'trying':
      return { state: 'queued', code: 0 };
    case 'sent':
      return SENT;
    case 'delivered':
      return { state: 'delivered', code: 0 };
    case 'undelivered':
      return { state: 'undelivered', code: codeOfDeliveryError(store.error[at]!) };
  }
}

/** The message resource. */
export function messageView(store: MessageStore, at: number, authId: string): object {
  const { state, code } = statusOf(store, at);
  const uuid = uuidOf(store.idAt(at));
  const price = priceOf(store, at);
  const acceptedAt = timeOf(store.acceptedAtMs[at]!);
  return {
    message_uuid: uuid,
    message_direction: 'outbound',
    message_state: state,
    message_time: acceptedAt,
    message_sent_time: state === 'queued' || state === 'failed' ? null : acceptedAt,
    message_updated_time: timeOf(changedAtMs(store, at)),
    message_type: typeOf(store, at),
    from_number: digitsOf(store.senderKey[at]!),
    to_number: digitsOf(store.destinationKey[at]!),
    units: store.units[at]!,
    total_rate: price.rate,
    total_amount: price.amount,
    carrier_fees_rate: price.feesRate,
    carrier_fees: price.fees,
    error_code: code === 0 ? null : String(code),
    error_message: code === 0 ? null : meaningOf(code),
    powerpack_id: notesOf(store, at).powerpack ?? null,
    tendlc_campaign_id: null,
    tendlc_registration_status: nameAt(REGISTRATION_LABELS, registrationLabelIndex(store.registration[at]!)),
    destination_country_iso2: 'US',
    destination_network: networkCodeOf(store.carrier[at]!) ?? null,
    is_domestic: true,
    replaced_sender: null,
    resource_uri: `/v1/Account/${authId}/Message/${uuid}/`,
  };
}

/** Numbers are without + here. */
export function digitsOf(key: number): string {
  return formatNumber(key).slice(1);
}

export function typeOf(store: MessageStore, at: number): 'sms' | 'mms' {
  return store.kind[at] === MessageKind.Mms ? 'mms' : 'sms';
}

export interface PlivoPrice {
  /** Of a unit, and of all of them. */
  readonly rate: string;
  readonly amount: string;
  readonly feesRate: string;
  readonly fees: string;
}

/** In dollars, what carriers take apart from the rest. */
export function priceOf(store: MessageStore, at: number): PlivoPrice {
  const { carrierMicros, rateMicros } = costOf(store, at);
  const units = Math.max(1, store.units[at]!);
  return {
    rate: dollars(rateMicros / units),
    amount: dollars(rateMicros),
    feesRate: dollars(carrierMicros / units),
    fees: dollars(carrierMicros),
  };
}

function dollars(micros: number): string {
  return (micros / MICROS).toFixed(AMOUNT_DIGITS);
}

/** As in `2024-03-01 18:00:00+00:00`. */
function timeOf(atMs: number): string {
  return new Date(atMs).toISOString().replace('T', ' ').replace(/\..*/, '+00:00');
}
