/** How far a message has come, as far as a provider would know: what the handset got is no part of it, since no carrier tells. */
import { DELIVERY_ERRORS, DeliveryError, MessageState, type MessageStore, ReceiptState } from '../../messages/index.ts';
import { DecisionCode, Registration } from '../../router/index.ts';

/** `refused` by the core, `undelivered` by a receipt that says so; `trying` again after a failure that passes. */
export type Progress = 'queued' | 'trying' | 'sent' | 'delivered' | 'undelivered' | 'refused';

export function progressOf(store: MessageStore, at: number): Progress {
  const code = store.code[at];
  if (code !== DecisionCode.Accepted && code !== DecisionCode.Queued) return 'refused';
  const receipt = store.receipt[at];
  if (receipt === ReceiptState.Accepted || receipt === ReceiptState.Delivered) return 'delivered';
  if (receipt !== ReceiptState.None) return 'undelivered';
  if (store.state[at] === MessageState.Queued) return 'queued';
  const error = store.error[at]!;
  return error !== DeliveryError.None && DELIVERY_ERRORS[error]!.isTemporary ? 'trying' : 'sent';
}

/** Whether a decision against an unregistered sender is about a campaign that is known and not in force at the carrier. */
export function isCampaignNotInForce(decision: number, registration: number): boolean {
  const isUnregistered =
    decision === DecisionCode.UnregisteredBlocked || decision === DecisionCode.UnregisteredFiltered;
  return (
    isUnregistered &&
    (registration === Registration.NotActiveAtCarrier || registration === Registration.CampaignExpired)
  );
}

/** When it came to where it is, milliseconds since the epoch. */
export function changedAtMs(store: MessageStore, at: number): number {
  return store.receiptAtMs[at]! || store.acceptedAtMs[at]!;
}
