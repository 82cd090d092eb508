/**
 * Telnyx's codes for what we say: to bad input, for each decision and each delivery error; and what is meant, in our own words.
 *
 * Codes and what they stand for: Telnyx, API error codes and Messaging error codes. What Telnyx knows at once (rates of the account, its
 * balance, opt-outs) it refuses at once; what a carrier says comes by a webhook.
 */
import { DELIVERY_ERRORS } from '../../../messages/index.ts';
import { byDecision } from '../vendor-tables.ts';

/** What Telnyx says of a request, beside its code. */
export interface TelnyxError {
  readonly status: number;
  readonly code: number;
  readonly detail: string;
  /** Where it is wrong, such as `/to`. */
  readonly pointer?: string;
}

/** How a message ends that was not delivered: it never left Telnyx, or a carrier refused it. */
type EndStatus = 'sending_failed' | 'delivery_failed';

interface DecisionRow {
  readonly code: number;
  /** Of an error that is answered at once. */
  readonly http?: number;
  readonly end?: EndStatus;
}

const TAKEN: DecisionRow = { code: 0 };
const UNAVAILABLE: DecisionRow = { code: 10007, http: 503 };

const ROWS: readonly DecisionRow[] = byDecision<DecisionRow>({
  Accepted: TAKEN,
  Queued: TAKEN,
  UnregisteredBlocked: { code: 40010, end: 'delivery_failed' },
  UnregisteredFiltered: { code: 40010, end: 'delivery_failed' },
  AttTpmExceeded: { code: 40018, end: 'delivery_failed' },
  TmobileDailyCapExceeded: { code: 40016, end: 'delivery_failed' },
  DestinationLandline: { code: 40001, end: 'delivery_failed' },
  DestinationUnassigned: { code: 40012, end: 'delivery_failed' },
  NoTariff: { code: 40309, http: 400 },
  QueueFull: { code: 40318, http: 429 },
  RegistryStale: UNAVAILABLE,
  CarrierRateExceeded: { code: 40011, end: 'delivery_failed' },
  NumberRateExceeded: { code: 40333, http: 429 },
  P2pLimitExceeded: { code: 40011, end: 'delivery_failed' },
  TollFreeLimitExceeded: { code: 40329, end: 'delivery_failed' },
  TollFreeBlocked: { code: 40329, end: 'delivery_failed' },
  AccountRateExceeded: { code: 10011, http: 429 },
  AccountInFlightExceeded: { code: 10011, http: 429 },
  InsufficientBalance: { code: 20100, http: 402 },
  LimitNotLeased: UNAVAILABLE,
  TrackedNumbersFull: UNAVAILABLE,
  QueueExpired: { code: 40014, end: 'sending_failed' },
  OptedOut: { code: 40300, http: 403 },
});

/** Of an error for which Telnyx has no code. */
const UNDELIVERABLE = 40008;

/** Title and detail in our words, by Telnyx's code. */
const MEANINGS: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  10003: ['URL cannot be used', 'The address is malformed, too long, or none that may be called'],
  10004: ['Parameter missing', 'A parameter that is needed is not there'],
  10005: ['Nothing found', 'There is no resource of this name'],
  10007: ['Unexpected error', 'The service failed to answer, or is not available now; send again later'],
  10009: ['Not authenticated', 'Give the key of an account: Authorization: Bearer KEY'],
  10011: ['Too many requests', 'The account is over its rate, or has too much in flight; send again later'],
  10014: ['Type of the body not supported', 'Send JSON, with Content-Type: application/json'],
  10015: ['Bad request', 'The request, or one of its parameters, is not as it should be'],
  10016: ['Number is not in E.164', 'Write the number with + and the code of its country, such as +13105550123'],
  10017: ['Associated resource does not exist', 'A parameter names a resource that there is none of'],
  10023: ['JSON malformed', 'The body is no JSON'],
  20100: ['Balance too low', 'The balance of the account does not cover the message'],
  40001: ['Not routable', 'The destination is a landline, or cannot get messages'],
  40002: ['Taken for spam, for now', 'The carrier filtered the message as unwanted'],
  40003: ['Taken for spam, for good', 'The carrier blocks the sending number'],
  40004: ['Refused by the destination', "The recipient's side does not take messages from this sender"],
  40005: ['Expired on its way', 'The message could not be delivered in time'],
  40006: ["Recipient's server away", "The carrier's network could not be reached"],
  40008: ['Undeliverable', 'The carrier did not take the message, or could not deliver it'],
  40010: ['Number not registered for 10DLC', 'The number is on no 10DLC campaign that this carrier knows'],
  40011: ['Over the rate of the carrier', 'The campaign, or the number, is over what the carrier takes'],
  40012: ['Destination not valid', 'No handset has the destination number'],
  40014: ['Expired in the queue', 'The message waited for longer than it was valid, and is not charged'],
  40016: ["Over T-Mobile's daily limit", 'The brand has used up its day; it starts again at midnight Pacific'],
  40018: ["Over AT&T's limit", 'The campaign, or the number, is over its segments a minute'],
  40300: ['Blocked by STOP', 'The recipient has opted out of messages from this number'],
  40302: ['Message too large', 'The text is longer than a message may be'],
  40304: ['Contents do not go together', 'The type of the message does not fit what is in it'],
  40305: ["'from' not valid", "The 'from' address is no number that can send messages"],
  40309: ['Destination not enabled', 'The tariff book has no price for the destination'],
  40310: ["'to' not valid", "The 'to' address is no number that can get messages"],
  40316: ['Nothing to send', 'A message needs a text, or media'],
  40317: ['Media not valid', 'The addresses of media cannot be used, or are too many'],
  40318: ['Queue full', 'Too much is under way; send again later'],
  40321: ['No usable number', 'The messaging profile has no number to send from'],
  40329: ['Toll-free number not verified', 'The toll-free number is not verified, and over what such numbers may send'],
  40333: ['Over the rate of the number', 'The number has sent all it may for now; send again later'],
};

export function titleOf(code: number): string {
  return MEANINGS[code]?.[0] ?? 'Error';
}

export function telnyxError(status: number, code: number, pointer?: string, detail = detailOf(code)): TelnyxError {
  return { status, code, detail, ...(pointer !== undefined && { pointer }) };
}

function detailOf(code: number): string {
  return MEANINGS[code]?.[1] ?? 'Something went wrong';
}

/** An error as it stands in a list of errors, of an answer or of a message. */
export function errorView({ code, detail, pointer }: Omit<TelnyxError, 'status'>): object {
  return {
    code: String(code),
    title: titleOf(code),
    detail,
    meta: { url: `https://developers.telnyx.com/docs/overview/errors/${code}` },
    ...(pointer !== undefined && { source: { pointer } }),
  };
}

/** An error of a message, in a list of none or one. */
export function errorsOf(code: number): object[] {
  return code === 0 ? [] : [errorView({ code, detail: detailOf(code) })];
}

/** What is answered at once to a message decided so; undefined if it is taken, to be found out about later or not at all. */
export function refusalOf(decision: number): TelnyxError | undefined {
  const { code, http } = ROWS[decision]!;
  return http === undefined ? undefined : telnyxError(http, code);
}

/** How a message ends that the core refused: its status and code; undefined for one that it took. */
export function endOf(decision: number): { readonly status: EndStatus; readonly code: number } | undefined {
  const { code, end = 'sending_failed' } = ROWS[decision]!;
  return code === 0 ? undefined : { status: end, code };
}

/** The code of a message that was not delivered, by `DeliveryError`. */
export function codeOfDeliveryError(error: number): number {
  return DELIVERY_ERRORS[error]?.telnyx ?? UNDELIVERABLE;
}
