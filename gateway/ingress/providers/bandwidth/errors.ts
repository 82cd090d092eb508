/**
 * Bandwidth's words for what we say: to bad input, for each decision and each delivery error; and what is meant, in our own words.
 *
 * What a carrier, or Bandwidth itself, refuses is taken first and told of later, by a callback with a code; only limits of the account
 * and the state of the service are told at once.
 */
import { DELIVERY_ERRORS, type MessageStore } from '../../../messages/index.ts';
import { isCampaignNotInForce, progressOf } from '../progress.ts';
import { byDecision } from '../vendor-tables.ts';

/** A field that is wrong, as Bandwidth names it. */
export interface FieldError {
  readonly fieldName: string;
  readonly description: string;
}

/** What is answered in place of a message. */
export interface BandwidthError {
  readonly status: number;
  readonly type: string;
  readonly description: string;
  readonly fieldErrors?: readonly FieldError[];
}

/** An error at once (`http`), or the code that a message ends with later. */
type DecisionRow = { readonly code: number } | { readonly http: 403 | 429 | 503 };

const TAKEN: DecisionRow = { code: 0 };

const ROWS: readonly DecisionRow[] = byDecision<DecisionRow>({
  Accepted: TAKEN,
  Queued: TAKEN,
  UnregisteredBlocked: { code: 4774 },
  UnregisteredFiltered: { code: 4774 },
  AttTpmExceeded: { code: 4781 },
  TmobileDailyCapExceeded: { code: 4780 },
  DestinationLandline: { code: 4720 },
  DestinationUnassigned: { code: 4720 },
  NoTariff: { code: 4420 },
  QueueFull: { http: 429 },
  RegistryStale: { http: 503 },
  CarrierRateExceeded: { code: 4785 },
  NumberRateExceeded: { http: 429 },
  P2pLimitExceeded: { code: 4785 },
  TollFreeLimitExceeded: { code: 4795 },
  TollFreeBlocked: { code: 4795 },
  AccountRateExceeded: { http: 429 },
  AccountInFlightExceeded: { http: 429 },
  InsufficientBalance: { http: 403 },
  LimitNotLeased: { http: 503 },
  TrackedNumbersFull: { http: 503 },
  QueueExpired: { code: 4360 },
  OptedOut: { code: 4775 },
});

const CAMPAIGN_NOT_ACTIVE = 4773;
const UNKNOWN_ERROR = 9999;

/** In our words, by Bandwidth's code. */
const MEANINGS: Readonly<Record<number, string>> = {
  4360: 'the message expired before it could be sent',
  4420: 'no route to the destination',
  4701: 'the handset is off or out of reach',
  4720: 'the destination is invalid, or cannot receive messages',
  4730: 'the destination carrier refused the message',
  4753: 'the recipient blocks messages from the sender',
  4770: 'the carrier filtered the message as unwanted',
  4772: 'the carrier blocks the sender',
  4773: 'the campaign of the number is not active at the carrier',
  4774: 'the number is not registered to a 10DLC campaign',
  4775: 'the recipient has opted out',
  4780: "over the brand's daily cap at the carrier",
  4781: 'over the rate of the campaign at the carrier',
  4785: "over the carrier's volume limit",
  4795: 'the toll-free number is not verified',
  5600: 'the carrier could not be reached',
  9902: 'no delivery receipt has come from the carrier',
  [UNKNOWN_ERROR]: 'unknown error',
};

export function meaningOf(code: number): string {
  return MEANINGS[code] ?? MEANINGS[UNKNOWN_ERROR]!;
}

const TYPES: Readonly<Record<number, readonly [type: string, description: string]>> = {
  400: ['request-validation', 'The request cannot be accepted'],
  401: ['unauthorized', 'The credentials are missing or wrong'],
  403: ['forbidden', 'Access to the account is denied'],
  404: ['not-found', 'There is no such resource'],
  405: ['method-not-allowed', 'This method cannot be used here'],
  406: ['not-acceptable', 'The answer is application/json; accept that'],
  413: ['payload-too-large', 'The body is larger than it may be'],
  415: ['unsupported-media-type', 'The body must be application/json'],
  429: ['too-many-requests', 'Too many requests: wait, and send again'],
  500: ['internal-server-error', 'The server failed to answer'],
  503: ['service-unavailable', 'The service is not available now; send again later'],
};

export function bandwidthError(status: number, description?: string): BandwidthError {
  const [type, meaning] = TYPES[status] ?? TYPES[500]!;
  return { status, type, description: description ?? meaning };
}

export function fieldsWrong(fieldErrors: readonly FieldError[]): BandwidthError {
  return { ...bandwidthError(400), fieldErrors };
}

/** What is answered at once to a message decided so; undefined if it is taken. */
export function refusalOf(decision: number): BandwidthError | undefined {
  const row = ROWS[decision]!;
  if ('code' in row) return undefined;
  return bandwidthError(
    row.http,
    row.http === 403 ? 'The balance of the account does not cover the message' : undefined,
  );
}

/** Whether the core refused a message decided so, which was not answered with an error at once. */
export function isRefused(decision: number): boolean {
  const row = ROWS[decision]!;
  return 'http' in row || row.code !== 0;
}

/** The code that a message refused by the core ends with. */
export function codeOfDecision(decision: number, registration: number): number {
  if (isCampaignNotInForce(decision, registration)) return CAMPAIGN_NOT_ACTIVE;
  const row = ROWS[decision]!;
  return 'code' in row ? row.code : UNKNOWN_ERROR;
}

export function codeOfDeliveryError(error: number): number {
  return DELIVERY_ERRORS[error]?.bandwidth ?? UNKNOWN_ERROR;
}

/** The code that the message at ring place `at` ended with; 0 for one that has not failed. */
export function errorCodeOf(store: MessageStore, at: number): number {
  switch (progressOf(store, at)) {
    case 'refused':
      return codeOfDecision(store.code[at]!, store.registration[at]!);
    case 'undelivered':
      return codeOfDeliveryError(store.error[at]!);
    default:
      return 0;
  }
}
