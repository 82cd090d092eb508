/**
 * Twilio's codes for what we say: to bad input, for each decision and each delivery error; and what is meant, in our own words.
 *
 * A real message is taken first and found out about later, by a callback; what Twilio knows at once it refuses at once.
 */
import { DELIVERY_ERRORS } from '../../../messages/index.ts';
import { DecisionCode, Registration } from '../../../router/index.ts';
import { byDecision } from '../vendor-tables.ts';

/** What Twilio says of a request, beside its code. */
export interface TwilioError {
  readonly status: number;
  readonly code: number;
  readonly message: string;
}

/** How a message ends that was not delivered: it never left Twilio, or a carrier refused it. */
type EndStatus = 'failed' | 'undelivered';

/** What Twilio says to a decision: an error at once (`http`), or a message that ends so later. */
interface DecisionRow {
  readonly code: number;
  readonly http?: number;
  readonly end?: EndStatus;
}

const TAKEN: DecisionRow = { code: 0 };

const ROWS: readonly DecisionRow[] = byDecision<DecisionRow>({
  Accepted: TAKEN,
  Queued: TAKEN,
  UnregisteredBlocked: { code: 30034, end: 'undelivered' },
  UnregisteredFiltered: { code: 30034, end: 'undelivered' },
  AttTpmExceeded: { code: 30022, end: 'undelivered' },
  TmobileDailyCapExceeded: { code: 30023, end: 'undelivered' },
  DestinationLandline: { code: 30006, end: 'undelivered' },
  DestinationUnassigned: { code: 30005, end: 'undelivered' },
  NoTariff: { code: 21408, http: 400 },
  QueueFull: { code: 20429, http: 429 },
  RegistryStale: { code: 20503, http: 503 },
  CarrierRateExceeded: { code: 30022, end: 'undelivered' },
  NumberRateExceeded: { code: 20429, http: 429 },
  P2pLimitExceeded: { code: 30022, end: 'undelivered' },
  TollFreeLimitExceeded: { code: 30032, end: 'undelivered' },
  TollFreeBlocked: { code: 30032, end: 'undelivered' },
  AccountRateExceeded: { code: 20429, http: 429 },
  AccountInFlightExceeded: { code: 20429, http: 429 },
  InsufficientBalance: { code: 30002, end: 'failed' },
  LimitNotLeased: { code: 20503, http: 503 },
  TrackedNumbersFull: { code: 20503, http: 503 },
  QueueExpired: { code: 30036, end: 'failed' },
  OptedOut: { code: 21610, http: 400 },
});

/** Of a carrier that refuses a sender whose campaign is known and not in force there. */
const CAMPAIGN_NOT_ACTIVE = 30033;
const UNKNOWN_ERROR = 30008;

/** In our words, by Twilio's code. */
const MEANINGS: Readonly<Record<number, string>> = {
  20001: 'A parameter has a value that cannot be used',
  20003: 'Authentication failed: give the AccountSid and AuthToken of an account',
  20004: 'This method cannot be used on this resource',
  20009: 'A message can be deleted once it has come to its end',
  20404: 'There is no such resource',
  20409: 'The resource is not in a state for this',
  20429: 'Too many requests: the account, or the number, is over its rate; send again later',
  20500: 'The server failed to answer',
  20503: 'The service is not available now; send again later',
  21211: "The 'To' number is not a valid phone number",
  21212: "The 'From' number is not a valid phone number",
  21266: "The 'To' and 'From' numbers are the same",
  21408: "Messages to the region of the 'To' number are not enabled: the tariff book has no price for it",
  21421: 'The phone number is not valid',
  21601: 'The number cannot send messages',
  21602: 'A message needs a body',
  21603: "A 'From' number, or a MessagingServiceSid, is required",
  21604: "A 'To' number is required",
  21609: 'The StatusCallback is no address that can be called',
  21610: 'The recipient has opted out of messages from this sender',
  21617: 'The body is longer than 1600 characters',
  21620: 'A media address cannot be used',
  21623: 'More media than a message may have',
  21701: 'There is no such messaging service',
  21704: 'The messaging service has no phone numbers',
  21710: 'The number is in the messaging service already',
  21712: 'The number is in another messaging service',
  21714: 'The messaging service has as many phone numbers as it may',
  30002: 'The account is suspended: its balance does not cover the message',
  30003: 'The handset is off or out of reach',
  30004: 'The recipient blocks the sender, or the message was blocked',
  30005: 'The destination is unknown, or no longer exists',
  30006: 'The destination is a landline, or no carrier can be reached for it',
  30007: 'The carrier filtered the message as unwanted',
  30008: 'Unknown error on the way',
  30017: "The carrier's network is congested or away",
  30022: 'Over the rate of the campaign, or the number, at this carrier',
  30023: "Over the brand's daily cap at T-Mobile",
  30032: 'The toll-free number is not verified',
  30033: 'The campaign of the number is suspended, expired or not active at this carrier',
  30034: 'The number is not registered to a 10DLC campaign',
  35114: 'A message can be scheduled from 15 minutes to 35 days ahead, with SendAt in ISO 8601',
  30036: 'The validity period of the message ran out',
};

export function meaningOf(code: number): string {
  return MEANINGS[code] ?? 'Something is wrong with the message';
}

export function twilioError(status: number, code: number, message = meaningOf(code)): TwilioError {
  return { status, code, message };
}

/** What is answered at once to a message decided so; undefined if it is taken, to be found out about later or not at all. */
export function refusalOf(decision: number): TwilioError | undefined {
  const { code, http } = ROWS[decision]!;
  return http === undefined ? undefined : twilioError(http, code);
}

/** Whether the core refused a message decided so, which was not answered with an error at once. */
export function isRefused(decision: number): boolean {
  return ROWS[decision]!.code !== 0;
}

/** How a message ends that the core refused: its status and ErrorCode; undefined for one that it took. */
export function endOf(
  decision: number,
  registration: number,
): { readonly status: EndStatus; readonly code: number } | undefined {
  const { code, end = 'failed' } = ROWS[decision]!;
  if (code === 0) return undefined;
  const isUnregistered =
    decision === DecisionCode.UnregisteredBlocked || decision === DecisionCode.UnregisteredFiltered;
  const hasCampaign = registration === Registration.NotActiveAtCarrier || registration === Registration.CampaignExpired;
  return { status: end, code: isUnregistered && hasCampaign ? CAMPAIGN_NOT_ACTIVE : code };
}

/** The ErrorCode of a message that was not delivered, by `DeliveryError`. */
export function codeOfDeliveryError(error: number): number {
  return DELIVERY_ERRORS[error]?.twilio ?? UNKNOWN_ERROR;
}
