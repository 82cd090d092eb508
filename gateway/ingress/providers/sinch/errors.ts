/**
 * Sinch's words for what we say: to bad input, for each decision and each delivery error.
 *
 * A batch is taken first; what becomes of its messages is found in delivery reports, as a status and a code: of the 400s Sinch's own, of
 * the others those of its SMPP. Only limits of the account and the state of the service are told at once.
 */
import { DELIVERY_ERRORS, DeliveryError, type MessageStore, ReceiptState } from '../../../messages/index.ts';
import { progressOf } from '../progress.ts';
import { byDecision } from '../vendor-tables.ts';

/** What is answered in place of a batch. */
export interface SinchError {
  readonly httpStatus: number;
  readonly code: string;
  readonly text: string;
}

/** Where a message is. */
export interface SinchStatus {
  readonly status: string;
  readonly code: number;
}

type Row = SinchStatus | SinchError;

export const QUEUED: SinchStatus = { status: 'Queued', code: 400 };
export const DISPATCHED: SinchStatus = { status: 'Dispatched', code: 401 };
const DELIVERED: SinchStatus = { status: 'Delivered', code: 0 };
const EXPIRED: SinchStatus = { status: 'Expired', code: 406 };
const UNKNOWN: SinchStatus = { status: 'Unknown', code: 403 };
const ABORTED: SinchStatus = { status: 'Aborted', code: 403 };

const TOO_MANY = sinchError(
  429,
  'too_many_requests',
  'Over the rate of the service plan, or of the number; wait, and send again',
);
const NOT_NOW = sinchError(503, 'service_unavailable', 'The service is not available now; send again later');

const ROWS: readonly Row[] = byDecision<Row>({
  Accepted: DISPATCHED,
  Queued: QUEUED,
  UnregisteredBlocked: { status: 'Rejected', code: 60 },
  UnregisteredFiltered: { status: 'Rejected', code: 60 },
  AttTpmExceeded: { status: 'Rejected', code: 64 },
  TmobileDailyCapExceeded: { status: 'Rejected', code: 64 },
  DestinationLandline: { status: 'Failed', code: 152 },
  DestinationUnassigned: { status: 'Failed', code: 300 },
  NoTariff: { status: 'Aborted', code: 402 },
  QueueFull: TOO_MANY,
  RegistryStale: NOT_NOW,
  CarrierRateExceeded: { status: 'Rejected', code: 64 },
  NumberRateExceeded: TOO_MANY,
  P2pLimitExceeded: { status: 'Rejected', code: 64 },
  TollFreeLimitExceeded: { status: 'Rejected', code: 64 },
  TollFreeBlocked: { status: 'Rejected', code: 62 },
  AccountRateExceeded: TOO_MANY,
  AccountInFlightExceeded: TOO_MANY,
  InsufficientBalance: sinchError(403, 'blocked_account', 'The balance of the account does not cover the batch'),
  LimitNotLeased: NOT_NOW,
  TrackedNumbersFull: NOT_NOW,
  QueueExpired: EXPIRED,
  OptedOut: { status: 'Deleted', code: 321 },
});

export function sinchError(httpStatus: number, code: string, text: string): SinchError {
  return { httpStatus, code, text };
}

export const UNAUTHORIZED = sinchError(
  401,
  'unauthorized',
  'The token is wrong, or is not of this service plan or project',
);
export const NOT_FOUND = sinchError(404, 'not_found', 'There is no such resource');
export const ALREADY_SENT = sinchError(
  403,
  'batch_already_dispatched',
  'The batch has been sent, and cannot be changed',
);

/** A field that has the wrong shape. */
export function formatWrong(field: string, what: string): SinchError {
  return sinchError(400, 'syntax_invalid_parameter_format', `'${field}' ${what}`);
}

/** A field that is missing, or out of its bounds. */
export function constraintBroken(field: string, what: string): SinchError {
  return sinchError(400, 'syntax_constraint_violation', `'${field}' ${what}`);
}

/** What is answered at once to a batch whose first message is decided so; undefined if it is taken. */
export function refusalOf(decision: number): SinchError | undefined {
  const row = ROWS[decision]!;
  return 'httpStatus' in row ? row : undefined;
}

/** Whether the core refused a message decided so. */
export function isRefused(decision: number): boolean {
  const row = ROWS[decision]!;
  return row !== DISPATCHED && row !== QUEUED;
}

/** What became of a message that was refused. */
export function endOfDecision(decision: number): SinchStatus {
  const row = ROWS[decision]!;
  return 'httpStatus' in row ? ABORTED : row;
}

/** What became of a message by its receipt. */
export function endOfDelivery(receipt: number, error: number): SinchStatus {
  if (receipt === ReceiptState.Expired) return EXPIRED;
  if (error === DeliveryError.Lost) return UNKNOWN;
  const code = DELIVERY_ERRORS[error]?.sinchSmpp ?? UNKNOWN.code;
  return { status: receipt === ReceiptState.Rejected ? 'Rejected' : 'Failed', code };
}

export function statusOf(store: MessageStore, at: number): SinchStatus {
  switch (progressOf(store, at)) {
    case 'queued':
      return QUEUED;
    case 'sent':
    case 'trying':
      return DISPATCHED;
    case 'delivered':
      return DELIVERED;
    case 'undelivered':
      return endOfDelivery(store.receipt[at]!, store.error[at]!);
    case 'refused':
      return endOfDecision(store.code[at]!);
  }
}

/** Whether nothing comes after it. */
export function isFinal({ code }: SinchStatus): boolean {
  return code !== QUEUED.code && code !== DISPATCHED.code;
}
