/**
 * Vonage's words for what we say. Its SMS API answers every request with 200, and says by a status in the body what is wrong; its Messages
 * API answers with problems (RFC 7807). What a carrier refuses is told later by both, as an `err-code` or a problem.
 */
import { DeliveryError } from '../../../messages/index.ts';
import { byDecision, byDeliveryError } from '../vendor-tables.ts';

/** What is answered in place of a message, by the SMS API. */
export interface SmsError {
  /** Of Vonage's list of statuses. */
  readonly status: string;
  readonly text: string;
}

/** What is answered in place of a message, by the Messages API. */
export interface MessagesProblem {
  readonly http: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly invalid?: readonly { readonly name: string; readonly reason: string }[];
}

/** How a message ends: in the words of either API. */
export interface End {
  /** Of a delivery receipt. */
  readonly errCode: number;
  /** Of the Messages API. */
  readonly problem: number;
}

interface DecisionRow extends End {
  /** Said at once by the SMS API. */
  readonly sms?: string;
  /** Said at once by the Messages API. */
  readonly http?: number;
}

const NOTHING: End = { errCode: 0, problem: 0 };
const THROTTLED: DecisionRow = { sms: '1', http: 429, errCode: 16, problem: 1000 };
const INTERNAL: DecisionRow = { sms: '5', http: 503, errCode: 99, problem: 1030 };
const QUOTA: DecisionRow = { errCode: 16, problem: 1241 };
/** Of a sender that may not send so: not registered, not verified. */
const NOT_REGISTERED: DecisionRow = { errCode: 54, problem: 1120 };

const ROWS: readonly DecisionRow[] = byDecision<DecisionRow>({
  Accepted: NOTHING,
  Queued: NOTHING,
  UnregisteredBlocked: NOT_REGISTERED,
  UnregisteredFiltered: NOT_REGISTERED,
  AttTpmExceeded: QUOTA,
  TmobileDailyCapExceeded: QUOTA,
  DestinationLandline: { errCode: 11, problem: 1250 },
  DestinationUnassigned: { errCode: 3, problem: 1190 },
  NoTariff: { sms: '6', errCode: 11, problem: 1040 },
  QueueFull: THROTTLED,
  RegistryStale: INTERNAL,
  CarrierRateExceeded: QUOTA,
  NumberRateExceeded: THROTTLED,
  P2pLimitExceeded: { errCode: 6, problem: 1210 },
  TollFreeLimitExceeded: QUOTA,
  TollFreeBlocked: NOT_REGISTERED,
  AccountRateExceeded: THROTTLED,
  AccountInFlightExceeded: THROTTLED,
  InsufficientBalance: { sms: '9', http: 402, errCode: 99, problem: 1070 },
  LimitNotLeased: INTERNAL,
  TrackedNumbersFull: INTERNAL,
  QueueExpired: { errCode: 99, problem: 1100 },
  OptedOut: { sms: '7', errCode: 53, problem: 1050 },
});

const DELIVERY_ROWS: readonly End[] = byDeliveryError<End>({
  None: NOTHING,
  UnknownSubscriber: { errCode: 3, problem: 1190 },
  AbsentSubscriber: { errCode: 2, problem: 1180 },
  RecipientBlocks: { errCode: 4, problem: 1260 },
  NumberBlocked: { errCode: 14, problem: 1280 },
  CarrierOutage: { errCode: 8, problem: 1230 },
  CarrierThrottled: { errCode: 16, problem: 1241 },
  CarrierRejected: { errCode: 10, problem: 1040 },
  ValidityExpired: { errCode: 99, problem: 1260 },
  SpamFilter: { errCode: 6, problem: 1210 },
  Lost: { errCode: 1, problem: 1330 },
  Superseded: { errCode: 99, problem: 1030 },
});

/** In our words, by status of the SMS API. */
const SMS_TEXTS: Readonly<Record<string, string>> = {
  '1': 'Throttled: over the rate of the account, or of the number; please wait, and send again',
  '4': 'Bad credentials',
  '5': 'Internal error: not available now; send again later',
  '6': 'The message cannot be sent: there is no price for its destination',
  '7': 'Number barred: the recipient has opted out',
  '9': 'Partner quota violation: the balance does not cover the message',
  '12': 'Message too long',
  '14': 'Invalid signature',
  '15': 'Invalid sender address',
  '23': 'Invalid callback URL',
  '32': 'A signature and a secret were given; give one of them',
};

export function smsError(status: string, text = SMS_TEXTS[status] ?? 'Something is wrong with the message'): SmsError {
  return { status, text };
}

/** Titles and, in our words, details by code of the Messages API. */
const PROBLEMS: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  1000: ['Throttled', 'Over the rate of the account, or of the number; wait, and send again'],
  1030: ['Internal error', 'Not available now; send again later'],
  1040: ['Invalid message', 'The destination carrier cannot be sent to'],
  1050: ['Number barred', 'The recipient has opted out'],
  1070: ['Partner quota exceeded', 'The balance of the account does not cover the message'],
  1100: ['Communication failed', 'The message waited too long, and was not sent'],
  1120: ['Illegal sender address', 'The sender is not registered to a campaign that is active at the carrier'],
  1180: ['Absent subscriber temporary', 'The handset is off or out of reach'],
  1190: ['Absent subscriber permanent', 'The destination does not exist'],
  1210: ['Anti-spam rejection', 'The carrier took the message for unwanted'],
  1230: ['Network error', 'The carrier could not be reached'],
  1241: ['Too many send requests', 'Over what the carrier takes of the campaign, or of the number'],
  1250: ['Unroutable', 'The destination is a landline'],
  1260: ['Destination unreachable', 'The message could not be delivered to the handset'],
  1280: ['Number blocked by carrier', 'The carrier blocks the sender'],
  1330: ['Unknown', 'Nothing is known of what became of the message'],
};

const ERRORS_URL = 'https://developer.vonage.com/api-errors';

/** A problem by its code. */
export function problemOf(code: number, http = 422): MessagesProblem {
  const [title, detail] = PROBLEMS[code] ?? PROBLEMS[1330]!;
  return { http, type: `${ERRORS_URL}/messages#${code}`, title, detail };
}

/** A problem of all Vonage's APIs alike, by its name. */
export function generalProblem(http: number, name: string, title: string, detail: string): MessagesProblem {
  return { http, type: `${ERRORS_URL}#${name}`, title, detail };
}

/** Parameters that are missing (1010) or wrong (1020). */
export function invalidParams(code: 1010 | 1020, invalid: MessagesProblem['invalid'] & object): MessagesProblem {
  const [title, detail] =
    code === 1010
      ? ['Missing params', 'The request lacks parameters that it must have']
      : ['Invalid params', 'The value of one or more parameters is invalid'];
  return { http: 422, type: `${ERRORS_URL}/messages#${code}`, title, detail, invalid };
}

export const UNAUTHORIZED = generalProblem(401, 'unauthorized', 'Unauthorized', 'The credentials are missing or wrong');
export const NOT_FOUND = generalProblem(404, 'not-found', 'Not found', 'There is no such resource');

/** What the SMS API says at once to a message decided so; undefined if it is taken. */
export function smsRefusalOf(decision: number): SmsError | undefined {
  const { sms } = ROWS[decision]!;
  return sms === undefined ? undefined : smsError(sms);
}

/** The same of the Messages API. */
export function problemRefusalOf(decision: number): MessagesProblem | undefined {
  const { http, problem } = ROWS[decision]!;
  return http === undefined ? undefined : problemOf(problem, http);
}

/** Whether the core refused a message decided so. */
export function isRefused(decision: number): boolean {
  return ROWS[decision]!.problem !== 0;
}

/** How a message ends that was refused, whatever its sender was answered. */
export function endOfDecision(decision: number): End {
  return ROWS[decision]!;
}

export function endOfDelivery(error: number): End {
  const end = DELIVERY_ROWS[error]!;
  return end.problem === 0 ? DELIVERY_ROWS[DeliveryError.Lost]! : end;
}
