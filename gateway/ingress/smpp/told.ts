/** What a carrier has said of a message so far, as receipts and query_sm tell it: what the phone got is in nobody's receipt. */
import { DELIVERY_ERRORS, DeliveryError, MessageState, type MessageStore, ReceiptState } from '../../messages/index.ts';
import { CARRIER_LABELS, decisionAt, DecisionCode } from '../../router/index.ts';
import { MessageStateValue } from '../../smpp/index.ts';

/** What a carrier calls spam, and a number it blocks (Apeiron, SMS error codes). */
const ATT_SPAM = 104;
const ATT = CARRIER_LABELS.indexOf('att');
/** For errors that the list has no number for: of time passed, SMPP's own, as of anything else. */
const ERROR_EXPIRED = 20;
const ERROR_SYSTEM = 8;

/** `MessageStateValue` by `ReceiptState`. */
const STATES = Uint8Array.of(
  MessageStateValue.Enroute,
  MessageStateValue.Accepted,
  MessageStateValue.Undeliverable,
  MessageStateValue.Rejected,
  MessageStateValue.Expired,
  MessageStateValue.Delivered,
);

export interface ToldState {
  /** `MessageStateValue`. */
  readonly state: number;
  /** What `err:` says; 0 for nothing wrong. */
  readonly error: number;
  /** Undefined if it has said nothing. */
  readonly doneMs: number | undefined;
}

/** What is told of the message at ring place `at` of a store. */
export function toldAt(store: MessageStore, at: number): ToldState {
  const receipt = store.receipt[at]!;
  if (receipt === ReceiptState.None) return { state: MessageStateValue.Enroute, error: 0, doneMs: undefined };
  return { state: STATES[receipt]!, error: errorAt(store, at), doneMs: store.receiptAtMs[at]! };
}

function errorAt(store: MessageStore, at: number): number {
  const receipt = store.receipt[at]!;
  if (receipt === ReceiptState.Accepted || receipt === ReceiptState.Delivered) return 0;
  const code = store.code[at]!;
  if (store.state[at] === MessageState.Queued || code !== DecisionCode.Accepted) return decisionAt(code).receiptError;
  const error = store.error[at]!;
  if (error === DeliveryError.ValidityExpired) return ERROR_EXPIRED;
  const isSpam = error === DeliveryError.SpamFilter || error === DeliveryError.NumberBlocked;
  if (isSpam && store.carrier[at] === ATT) return ATT_SPAM;
  return DELIVERY_ERRORS[error]?.sinchSmpp ?? ERROR_SYSTEM;
}
