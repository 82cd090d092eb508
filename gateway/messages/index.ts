/** The door of the message path: the one way in, and the bounded store that holds what came in. */
export { HeldMessages } from './held-messages.ts';
export { DELIVERY_ERRORS, DeliveryError, type DeliveryErrorRow } from './delivery-errors.ts';
export type { Claim, ClaimOf, FirstAnswer, IdempotencyKeys } from './idempotency.ts';
export { AWAITS_LEASE, type Dispatcher, Intake, NOT_STORED, NotKept, type RegistryView } from './intake.ts';
export { LinedLimits, QUEUEABLE } from './lined-limits.ts';
export { emptyDraft, type MessageDraft } from './message-draft.ts';
export { MESSAGE_STATES, MessageState, MessageStore, RECEIPT_STATES, ReceiptState } from './message-store.ts';
export {
  messageAnswer,
  type MessageAnswer,
  messageRecord,
  type MessageRecord,
  priceView,
  SENDER,
} from './message-view.ts';
export { LatencyHistogram } from './latency-histogram.ts';
export { findMessages, type InboxQuery, latestFrom } from './inbox.ts';
export { summarise, type Summary } from './summary.ts';
export { TextBytes } from './text-bytes.ts';
