/**
 * Messages as people and programs read them: columns of the store turned into the objects of the native API.
 * Allocates; used at edges, once per answer.
 */
import {
  BINDINGS,
  Binding,
  type Core,
  DECISIONS,
  HANDSET_OUTCOMES,
  MESSAGE_KINDS,
  MessageKind,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  ROUTES,
  CARRIER_LABELS,
  TRUTHS,
} from '../router/index.ts';
import { formatNumber } from '../../registry-cache/index.ts';
import { type Amounts, describeRow, messagePostings, type Posting } from '../../tariffs/index.ts';
import { DELIVERY_ERRORS, DeliveryError } from './delivery-errors.ts';
import { MESSAGE_STATES, MessageState, RECEIPT_STATES, ReceiptState, type MessageStore } from './message-store.ts';

export interface PriceView {
  readonly totalMicros: number;
  readonly postings: readonly Posting[];
}

export interface LimitView {
  readonly name: string;
  readonly scope: string;
  /** The campaign, number, account or carrier that it counts or rules for. */
  readonly key: string;
  /** Of money, the price. */
  readonly used: number;
  /** Of money, what is left of it. */
  readonly cap: number;
}

/** What the sender of a message is told. */
export interface MessageAnswer {
  readonly id: string;
  readonly status: string;
  readonly decision: string;
  readonly registration: string;
  readonly reason: string;
  readonly carrier: string;
  readonly segments: number;
  readonly encoding: string;
  readonly price: PriceView;
  /** `stale` if the registry was looked up in a view older than the operator allows. */
  registryView?: 'stale';
  limit?: LimitView;
  /** When the same message would fit; left out where waiting does not help. */
  /** Of a refused message: whether the same message can be taken later, after `retryAfterMs`. */
  retryable?: boolean;
  retryAfterMs?: number;
  /** Of a queued message: milliseconds until its turn, at least. */
  expectedWaitMs?: number;
  reference?: string;
}

/** A message as the inbox shows it: the answer, what was sent, and what became of it. */
export interface MessageRecord extends MessageAnswer {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly message: string;
  readonly route: string;
  readonly truth: string;
  readonly acceptedAt: string;
  /** The tariff book that was in force. */
  readonly book: string;
  readonly tariff: { readonly from: string; readonly confidence: string; readonly sources: readonly string[] } | null;
  /** What the carrier told, and the name of the error it told of, if any. */
  readonly receipt: { readonly state: string; readonly error: string | null; readonly at: string } | null;
  readonly handset: { readonly outcome: string; readonly at: string } | null;
  /** What went wrong on the way, whoever knows of it; of a message that is tried again, why. */
  readonly error: { readonly name: string; readonly meaning: string } | null;
  account?: string;
  campaign?: string;
  media?: readonly string[];
}

/** Who pays for a message that came without an account. */
export const SENDER = 'sender';

/** The postings of a message to the carrier named `carrier`, without those of zero. Their sum is what the sender pays. */
export function priceView(carrier: string, amounts: Amounts, payer = SENDER): PriceView {
  const postings = messagePostings(amounts, payer, carrier);
  return { totalMicros: postings.reduce((sum, { micros }) => sum + micros, 0), postings };
}

/** The answer for the message at ring place `at`. */
export function messageAnswer(core: Core, store: MessageStore, sequence: number): MessageAnswer {
  const at = sequence % store.capacity;
  const carrier = CARRIER_LABELS[store.carrier[at]!]!;
  const binding = store.binding[at]!;
  const answer: MessageAnswer = {
    id: store.idAt(at),
    status: MESSAGE_STATES[store.state[at]!]!,
    decision: DECISIONS[store.code[at]!]!.name,
    registration: REGISTRATION_LABELS[store.classAt(at)]!,
    reason: REGISTRATION_REASONS[store.registration[at]!]!,
    carrier,
    segments: store.units[at]!,
    encoding: encodingName(store, at),
    price: priceView(
      carrier,
      {
        carrierFeeMicros: store.carrierFeeMicros[at]!,
        surchargeMicros: store.surchargeMicros[at]!,
        dcaMicros: store.dcaMicros[at]!,
        aggregatorMicros: store.aggregatorMicros[at]!,
      },
      store.accounts[at],
    ),
  };
  if (store.isStale[at] === 1) answer.registryView = 'stale';
  if (binding !== Binding.None) {
    answer.limit = limitView(core, store, at);
    if (store.state[at] === MessageState.Queued) answer.expectedWaitMs = store.retryAfterMs[at]!;
    else if (store.retryAfterMs[at]! > 0) answer.retryAfterMs = store.retryAfterMs[at]!;
    if (store.state[at] === MessageState.Rejected) {
      answer.retryable = DECISIONS[store.code[at]!]!.retryable && store.retryAfterMs[at]! > 0;
    }
  }
  const reference = store.references[at];
  if (reference !== undefined) answer.reference = reference;
  return answer;
}

/** The limit or rule that bound the message at ring place `at`; there must be one. */
export function limitView(core: Core, store: MessageStore, at: number): LimitView {
  const { name, scope } = BINDINGS[store.binding[at]!]!;
  return {
    name,
    scope,
    key: bindingKey(core, store, at),
    used: store.limitUsed[at]!,
    cap: store.limitCap[at]!,
  };
}

/** Everything about the message with this sequence number, which the store must hold. */
export function messageRecord(core: Core, store: MessageStore, sequence: number): MessageRecord {
  const at = sequence % store.capacity;
  const book = core.books[store.book[at]!]!;
  const row = describeRow(book, store.tariffRow[at]!);
  const receipt = RECEIPT_STATES[store.receipt[at]!];
  const outcome = store.outcome[at]!;
  const record: MessageRecord = {
    ...messageAnswer(core, store, sequence),
    from: formatNumber(store.senderKey[at]!),
    to: formatNumber(store.destinationKey[at]!),
    text: store.texts.get(at),
    message: MESSAGE_KINDS[store.kind[at]!]!,
    route: ROUTES[store.route[at]!]!,
    truth: TRUTHS[store.truth[at]!]!,
    acceptedAt: isoTime(store.acceptedAtMs[at]!),
    book: book.book,
    tariff: row === null ? null : { from: row.from, confidence: row.confidence, sources: row.sources },
    receipt:
      receipt == null ? null : { state: receipt, error: toldError(store, at), at: isoTime(store.receiptAtMs[at]!) },
    handset: outcome === 0 ? null : { outcome: HANDSET_OUTCOMES[outcome]!, at: isoTime(store.handsetAtMs[at]!) },
    error: errorView(store.error[at]!),
  };
  const account = store.accounts[at];
  const media = store.media[at];
  const campaign = store.campaign[at]!;
  if (account !== undefined) record.account = account;
  if (media !== undefined) record.media = media;
  if (campaign >= 0) record.campaign = core.campaigns.id(campaign);
  return record;
}

/**
 * Which key of the limit bound. Of a brand's day it is the campaign, since an answer to anybody who sends must not name a
 * brand; of a rule that counts nothing, the carrier whose rule it is.
 */
function bindingKey(core: Core, store: MessageStore, at: number): string {
  switch (BINDINGS[store.binding[at]!]!.scope) {
    case 'campaign':
    case 'brand':
      return core.campaigns.id(store.campaign[at]!);
    case 'number':
      return formatNumber(store.senderKey[at]!);
    case 'account':
      return core.accounts.at(store.account[at]!).id;
    default:
      return CARRIER_LABELS[store.carrier[at]!]!;
  }
}

function errorView(error: number): MessageRecord['error'] {
  if (error === DeliveryError.None) return null;
  const { name, meaning } = DELIVERY_ERRORS[error]!;
  return { name, meaning };
}

/** The error that the receipt of the message at ring place `at` tells of: none if it says that all was well by then. */
function toldError(store: MessageStore, at: number): string | null {
  const receipt = store.receipt[at]!;
  const error = store.error[at]!;
  const isGood = receipt === ReceiptState.Accepted || receipt === ReceiptState.Delivered;
  return isGood || error === DeliveryError.None ? null : DELIVERY_ERRORS[error]!.name;
}

function encodingName(store: MessageStore, at: number): string {
  if (store.kind[at] === MessageKind.Mms) return 'none';
  return store.isUcs2[at] === 1 ? 'ucs-2' : 'gsm-7';
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
