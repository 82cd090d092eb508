/**
 * Plivo's codes for what we say of messages, and its words for what is wrong with a request. Plivo queues nearly all and finds out later:
 * only what it cannot queue it refuses at once.
 *
 * Codes and what they stand for: Plivo, SMS error codes. It publishes none for 10DLC: what a carrier refuses for want of a registration is
 * `100`, prohibited by the carrier; what is over a rate of 10DLC is `30`, which it gives for too many messages from long codes.
 */
import { byDecision, byDeliveryError } from '../vendor-tables.ts';

/** What Plivo says of a request. */
export interface PlivoError {
  readonly status: number;
  readonly error: string;
}

/** How a message ends that was not delivered: it never left Plivo, or a carrier refused it. */
type EndStatus = 'failed' | 'undelivered';

/** What Plivo says to a decision: an error at once (`http`), or a message that ends so later. */
interface DecisionRow {
  readonly code: number;
  readonly http?: number;
  readonly end?: EndStatus;
}

const TAKEN: DecisionRow = { code: 0 };
const LATER: DecisionRow = { code: 300, http: 503 };
const THROTTLED: DecisionRow = { code: 300, http: 429 };

const ROWS: readonly DecisionRow[] = byDecision<DecisionRow>({
  Accepted: TAKEN,
  Queued: TAKEN,
  UnregisteredBlocked: { code: 100, end: 'undelivered' },
  UnregisteredFiltered: { code: 100, end: 'undelivered' },
  AttTpmExceeded: { code: 30, end: 'undelivered' },
  TmobileDailyCapExceeded: { code: 30, end: 'undelivered' },
  DestinationLandline: { code: 50, end: 'undelivered' },
  DestinationUnassigned: { code: 70, end: 'undelivered' },
  NoTariff: { code: 450, http: 403 },
  QueueFull: THROTTLED,
  RegistryStale: LATER,
  CarrierRateExceeded: { code: 30, end: 'undelivered' },
  NumberRateExceeded: THROTTLED,
  P2pLimitExceeded: { code: 30, end: 'undelivered' },
  TollFreeLimitExceeded: { code: 40, end: 'undelivered' },
  TollFreeBlocked: { code: 40, end: 'undelivered' },
  AccountRateExceeded: THROTTLED,
  AccountInFlightExceeded: THROTTLED,
  InsufficientBalance: { code: 900, end: 'failed' },
  LimitNotLeased: LATER,
  TrackedNumbersFull: LATER,
  QueueExpired: { code: 420, end: 'failed' },
  OptedOut: { code: 200, end: 'failed' },
});

const DELIVERY_CODES: readonly number[] = byDeliveryError({
  None: 0,
  UnknownSubscriber: 70,
  AbsentSubscriber: 80,
  RecipientBlocks: 100,
  NumberBlocked: 30,
  CarrierOutage: 20,
  CarrierThrottled: 20,
  CarrierRejected: 10,
  ValidityExpired: 420,
  SpamFilter: 30,
  Lost: 1_000,
  Superseded: 1_000,
});

/** In our words, by Plivo's code. */
const MEANINGS: Readonly<Record<number, string>> = {
  10: 'The carrier refused the message as one that is not valid',
  20: "The carrier's network is away or congested",
  30: 'Taken for spam, or more than the campaign or the number may send',
  40: 'The source number cannot send this',
  50: 'The destination is a landline, or no number that gets messages',
  70: 'The destination is gone for good',
  80: 'The destination is off or out of cover for now',
  100: 'The carrier does not take this',
  200: 'The destination has sent STOP to the source number',
  300: 'The message could not be sent off; send it again later',
  420: 'The message expired before it was delivered',
  450: 'The country of the destination is not enabled: the tariff book has no price for it',
  900: 'The balance does not cover the message',
  1_000: 'The reason is not known',
};

const STATUS_MEANINGS: Readonly<Record<number, string>> = {
  401: 'authentication failed: give the auth id and the auth token of an account',
  404: 'not found',
  415: 'the body must be JSON, with Content-Type: application/json',
  429: 'throttled: the account, or the number, is over its rate; send again later',
  500: 'the server failed to answer',
  503: 'the service is not available now; send again later',
};

export function meaningOf(code: number): string {
  return MEANINGS[code] ?? 'Something is wrong with the message';
}

/** @param error left out for what the status says */
export function plivoError(status: number, error = STATUS_MEANINGS[status] ?? 'the request is not valid'): PlivoError {
  return { status, error };
}

/** What is answered at once to a message decided so; undefined if it is taken, to be found out about later or not at all. */
export function refusalOf(decision: number): PlivoError | undefined {
  const { code, http } = ROWS[decision]!;
  return http === undefined ? undefined : plivoError(http, STATUS_MEANINGS[http] ?? meaningOf(code));
}

/** How a message ends that the core refused: its state and code; undefined for one that it took. */
export function endOf(decision: number): { readonly state: EndStatus; readonly code: number } | undefined {
  const { code, end = 'failed' } = ROWS[decision]!;
  return code === 0 ? undefined : { state: end, code };
}

/** The code of a message that was not delivered, by `DeliveryError`. */
export function codeOfDeliveryError(error: number): number {
  return DELIVERY_CODES[error]!;
}
