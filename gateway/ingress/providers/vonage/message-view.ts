/** Messages as Vonage tells of them: out of columns of a store. */
import { formatNumber } from '../../../../registry-cache/index.ts';
import { type MessageStore, ReceiptState } from '../../../messages/index.ts';
import { DecisionCode } from '../../../router/index.ts';
import { costOf, dollarsOf } from '../message-cost.ts';
import { uuidNamed } from '../named-ids.ts';
import { progressOf } from '../progress.ts';
import { publicIdOf } from '../schedule.ts';
import { uuidOf } from '../vendor-ids.ts';
import { type End, endOfDecision, endOfDelivery } from './errors.ts';

/** What this face keeps with a message. */
export interface VonageNotes {
  readonly api: 'sms' | 'messages';
  readonly clientRef?: string;
  readonly accountRef?: string;
  /** Whether its sender wants no receipts. */
  readonly isSilent?: true;
}

/** Undefined for a message that this API did not send: an automatic reply. */
export function notesOf(store: MessageStore, at: number): VonageNotes | undefined {
  const notes = store.faceNotes[at];
  return notes === undefined ? undefined : (JSON.parse(notes) as VonageNotes);
}

export function messageIdOf(store: MessageStore, at: number): string {
  return uuidOf(publicIdOf(store, at));
}

/** The id of one part of a message: the SMS API has an id for each. */
export function partIdOf(store: MessageStore, at: number, part: number): string {
  return part === 0 ? messageIdOf(store, at) : uuidNamed(`${publicIdOf(store, at)} ${part}`);
}

/** What the sender pays for a message, or for one of so many parts of it. */
export function priceOf(store: MessageStore, at: number, parts = 1): string {
  const { carrierMicros, rateMicros } = costOf(store, at);
  return dollarsOf(Math.round((carrierMicros + rateMicros) / parts));
}

/** Digits alone, as Vonage writes numbers. */
export function digitsOf(key: number): string {
  return formatNumber(key).slice(1);
}

/** How a message ended; undefined while it has not, or when it was delivered. */
export function failureOf(store: MessageStore, at: number): (End & { readonly isExpired: boolean }) | undefined {
  switch (progressOf(store, at)) {
    case 'refused':
      return { ...endOfDecision(store.code[at]!), isExpired: store.code[at] === DecisionCode.QueueExpired };
    case 'undelivered':
      return { ...endOfDelivery(store.error[at]!), isExpired: store.receipt[at] === ReceiptState.Expired };
    default:
      return undefined;
  }
}
