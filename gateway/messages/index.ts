/** The door of the message path: the one way in, and the bounded store that holds what came in. */
export { HeldMessages } from './held-messages.ts';
export type { CarrierFaults, ErrorShare, FaultEffects, FaultKind } from './carrier-faults.ts';
export { DELIVERY_ERRORS, DeliveryError } from './delivery-errors.ts';
export {
  type CallbackStyle,
  type Customer,
  type InboundMessage,
  type SignedCallback,
  type Told,
  ToldEvent,
  type WrittenCallback,
} from './callback-style.ts';
export { Face, type FaceName, FACES } from './faces.ts';
export { FINGERPRINT_LENGTH, fingerprintOf } from './fingerprint.ts';
export {
  type Claim,
  type ClaimOf,
  type FirstAnswer,
  type HeldKey,
  type IdempotencyKeys,
  KeysUnavailable,
} from './idempotency.ts';
export {
  AWAITS_LEASE,
  type Backlog,
  type Dispatcher,
  Intake,
  NOT_STORED,
  NotKept,
  type RegistryView,
  type WaitingHere,
  type WaitingKeeper,
} from './intake.ts';
export { type Keyword, KEYWORD_REPLIES, keywordOf } from './keywords.ts';
export { LinedLimits, QUEUEABLE } from './lined-limits.ts';
export { emptyDraft, type MessageDraft } from './message-draft.ts';
export { drawKeyOf, messageId, parseMessageId } from './message-ids.ts';
export {
  MESSAGE_STATES,
  MessageState,
  MessageStore,
  RECEIPT_STATES,
  ReceiptState,
  refusalReceipt,
} from './message-store.ts';
export {
  type LimitView,
  limitView,
  messageAnswer,
  type MessageAnswer,
  messageRecord,
  type MessageRecord,
  priceView,
  SENDER,
} from './message-view.ts';
export { LatencyHistogram, NamedLatencies, NO_SEQUENCE } from './latency-histogram.ts';
export { findMessages, type InboxQuery, latestFrom } from './inbox.ts';
export { summarise, type Summary } from './summary.ts';
export { TextBytes } from './text-bytes.ts';
