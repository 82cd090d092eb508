/**
 * Every way a message can be decided, once.
 *
 * The router returns a code (an index into DECISIONS); every edge looks its own word up here: the HTTP status, the
 * SMPP command_status, the metric label, whether the same message may be sent again. Because all of them read one
 * row, they cannot disagree. Codes are append-only: CDRs and recorded digests hold them as numbers.
 */

export interface Decision {
  /** The metric label and the word in every answer. */
  readonly name: string;
  /** The status of the HTTP answer that carries this decision. */
  readonly http: number;
  /** SMPP 3.4, 5.1.3 command_status of the submit_sm_resp. */
  readonly smpp: number;
  /**
   * What `err:` of an SMPP receipt says of a message that waited and was then refused so: AT&T's own code (Apeiron, SMS error codes) and
   * T-Mobile's (Convey, source-specific errors) where they have one, else Sinch's or SMPP's nearest.
   */
  readonly receiptError: number;
  /** Whether sending the same message later can succeed without anybody changing anything. */
  readonly retryable: boolean;
  /** Whether the carrier charges for the message although it refused it; then it has a price like one that was accepted. */
  readonly isCharged?: true;
  /** One sentence for a person. */
  readonly meaning: string;
}

const ESME_ROK = 0x00;
const ESME_RSYSERR = 0x08;
const ESME_RMSGQFUL = 0x14;
const ESME_RSUBMITFAIL = 0x45;
const ESME_RTHROTTLED = 0x58;
const ESME_RINVDSTADR = 0x0b;

export const DecisionCode = {
  Accepted: 0,
  UnregisteredBlocked: 1,
  UnregisteredFiltered: 2,
  AttTpmExceeded: 3,
  TmobileDailyCapExceeded: 4,
  DestinationLandline: 5,
  DestinationUnassigned: 6,
  NoTariff: 7,
  QueueFull: 8,
  RegistryStale: 9,
  CarrierRateExceeded: 10,
  NumberRateExceeded: 11,
  P2pLimitExceeded: 12,
  TollFreeLimitExceeded: 13,
  TollFreeBlocked: 14,
  AccountRateExceeded: 15,
  AccountInFlightExceeded: 16,
  InsufficientBalance: 17,
  LimitNotLeased: 18,
  TrackedNumbersFull: 19,
  Queued: 20,
  QueueExpired: 21,
  OptedOut: 22,
} as const;

export const DECISIONS: readonly Decision[] = [
  { name: 'accepted', http: 202, smpp: ESME_ROK, receiptError: 0, retryable: false, meaning: 'Accepted for delivery.' },
  {
    name: 'unregistered_blocked',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 106,
    retryable: false,
    meaning: 'The destination carrier blocks unregistered 10DLC traffic.',
  },
  {
    name: 'unregistered_filtered',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 106,
    retryable: false,
    meaning: 'The destination carrier filters part of unregistered 10DLC traffic, and this message was in that part.',
  },
  {
    name: 'att_tpm_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 105,
    retryable: true,
    meaning: "The campaign, or the number, is over AT&T's segments per minute for its message class.",
  },
  {
    name: 'tmobile_daily_cap_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 9_802,
    retryable: true,
    isCharged: true, // Bird, Throughput and Daily Caps: messages over the cap are charged all the same
    meaning: "The brand is over T-Mobile's daily cap for its tier; it resets at midnight Pacific.",
  },
  {
    name: 'destination_landline',
    http: 422,
    smpp: ESME_RINVDSTADR,
    receiptError: 152,
    retryable: false,
    meaning: 'The destination is a landline and cannot receive messages.',
  },
  {
    name: 'destination_unassigned',
    http: 422,
    smpp: ESME_RINVDSTADR,
    receiptError: 300,
    retryable: false,
    meaning: 'The destination lies in a thousands block that nobody holds.',
  },
  {
    name: 'no_tariff',
    http: 422,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 349,
    retryable: false,
    meaning: 'The tariff book has no price for this carrier at this date.',
  },
  {
    name: 'queue_full',
    http: 429,
    smpp: ESME_RMSGQFUL,
    receiptError: 20,
    retryable: true,
    meaning: 'Too much is under way in the gateway; send again after the time given.',
  },
  {
    name: 'registry_stale',
    http: 503,
    smpp: ESME_RSYSERR,
    receiptError: 8,
    retryable: true,
    meaning: 'The view of the number registry is older than allowed, and this gateway is set to refuse then.',
  },
  {
    name: 'carrier_rate_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The campaign, or the number, is over what the destination carrier takes in a minute or a second.',
  },
  {
    name: 'number_rate_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The number is over the rate its account has for each number.',
  },
  {
    name: 'p2p_limit_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The number sends more than a person would, by the guidelines for the P2P route.',
  },
  {
    name: 'toll_free_limit_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The toll-free number is not verified and over what such numbers may send.',
  },
  {
    name: 'toll_free_blocked',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 62,
    retryable: false,
    isCharged: true, // Twilio, Toll-free restrictions: blocked messages are charged
    meaning: 'Toll-free numbers that are not verified are blocked at this date.',
  },
  {
    name: 'account_rate_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The account is over its messages per second.',
  },
  {
    name: 'account_in_flight_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'The account has as many messages in flight as it may have.',
  },
  {
    name: 'insufficient_balance',
    http: 402,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 69,
    retryable: false,
    meaning: 'The balance of the prepaid account does not cover the message; pay in and send again.',
  },
  {
    name: 'limit_not_leased',
    http: 503,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'A limit shared by several gateways cannot be asked at the moment, and nothing is sent past it.',
  },
  {
    name: 'tracked_numbers_full',
    http: 503,
    smpp: ESME_RTHROTTLED,
    receiptError: 64,
    retryable: true,
    meaning: 'More sending numbers are under a limit than this gateway keeps count of; nothing is sent past a limit.',
  },
  {
    name: 'queued',
    http: 202,
    smpp: ESME_ROK,
    receiptError: 0,
    retryable: false,
    meaning: 'Taken, and waiting for room under the limit that bound; it is decided when its turn comes.',
  },
  {
    name: 'queue_expired',
    http: 429,
    smpp: ESME_RTHROTTLED,
    receiptError: 20,
    retryable: true,
    meaning: 'The message waited under a limit for as long as messages may, and its turn did not come.',
  },
  {
    name: 'opted_out',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    receiptError: 321,
    retryable: false,
    meaning: 'The recipient has opted out of messages from this number.',
  },
];

/**
 * Why the sender was classed as it was at the destination carrier. 0 is registered, 1 to 4 are unregistered, and a
 * message that reached no carrier was not classed.
 */
export const Registration = {
  Registered: 0,
  NotInRegistry: 1,
  NotActiveAtCarrier: 2,
  CampaignExpired: 3,
  NotYetProvisioned: 4,
  NotClassed: 5,
} as const;

export const REGISTRATION_REASONS: readonly string[] = [
  'registered',
  'not_in_registry',
  'not_active_at_carrier',
  'campaign_expired',
  'not_yet_provisioned',
  'not_classed',
];

/** The metric label of a registration: the reasons of an unregistered sender share one. */
export const REGISTRATION_LABELS: readonly string[] = ['registered', 'unregistered', 'not_classed'];
const LABEL_OF_REGISTRATION = Uint8Array.of(0, 1, 1, 1, 1, 2);

export function registrationLabelIndex(registration: number): number {
  return LABEL_OF_REGISTRATION[registration]!;
}

/** Limits and rules that can bind, by the name an answer uses. Index 0 means none bound. */
export const Binding = {
  None: 0,
  CarrierRegime: 1,
  AttCampaignTpm: 2,
  TmobileBrandDay: 3,
  InFlight: 4,
  RegistryAge: 5,
  AttNumberTpm: 6,
  UscellularCampaignTpm: 7,
  UscellularNumberTpm: 8,
  OtherCampaignTpm: 9,
  OtherNumberTpm: 10,
  VerizonNumberRate: 11,
  AccountNumberRate: 12,
  AccountSmsRate: 13,
  AccountMmsRate: 14,
  AccountInFlight: 15,
  AccountBalance: 16,
  P2pNumberMinute: 17,
  P2pNumberDay: 18,
  P2pNumberRecipients: 19,
  P2pNumberRatio: 20,
  TollFreeDay: 21,
  TollFreeWeek: 22,
  TollFreeMonth: 23,
  TollFreeRule: 24,
  CdrBacklog: 25,
  DeliveryBacklog: 26,
} as const;

export const BINDINGS: readonly { readonly name: string; readonly scope: string }[] = [
  { name: 'none', scope: 'none' },
  { name: 'carrier_regime', scope: 'carrier' },
  { name: 'att_campaign_tpm', scope: 'campaign' },
  { name: 'tmobile_brand_day', scope: 'brand' },
  { name: 'in_flight_messages', scope: 'gateway' },
  { name: 'registry_age_ms', scope: 'gateway' },
  { name: 'att_number_tpm', scope: 'number' },
  { name: 'uscellular_campaign_tpm', scope: 'campaign' },
  { name: 'uscellular_number_tpm', scope: 'number' },
  { name: 'other_campaign_tpm', scope: 'campaign' },
  { name: 'other_number_tpm', scope: 'number' },
  { name: 'verizon_number_rate', scope: 'number' },
  { name: 'account_number_rate', scope: 'number' },
  { name: 'account_sms_rate', scope: 'account' },
  { name: 'account_mms_rate', scope: 'account' },
  { name: 'account_in_flight', scope: 'account' },
  { name: 'account_balance', scope: 'account' },
  { name: 'p2p_number_minute', scope: 'number' },
  { name: 'p2p_number_day', scope: 'number' },
  { name: 'p2p_number_recipients', scope: 'number' },
  { name: 'p2p_number_ratio', scope: 'number' },
  { name: 'toll_free_day', scope: 'number' },
  { name: 'toll_free_week', scope: 'number' },
  { name: 'toll_free_month', scope: 'number' },
  { name: 'toll_free_verification', scope: 'number' },
  { name: 'cdr_pending_bytes', scope: 'gateway' },
  { name: 'delivery_backlog', scope: 'gateway' },
];

export const Route = { A2p: 0, P2p: 1 } as const;
export const ROUTES: readonly string[] = ['a2p', 'p2p'];

export const MessageKind = { Sms: 0, Mms: 1 } as const;
export const MESSAGE_KINDS: readonly string[] = ['sms', 'mms'];

/**
 * What a message really is, as its sender labelled it. Counted and reported; no rule may read it.
 * Index 0 stands for messages that carry no label.
 */
export const TRUTHS: readonly string[] = ['unlabelled', 'legit', 'spam', 'smishing'];

/** What the phone got. */
export const HandsetOutcome = { Pending: 0, Delivered: 1, Filtered: 2, Undelivered: 3 } as const;
export const HANDSET_OUTCOMES: readonly string[] = ['pending', 'delivered', 'filtered', 'undelivered'];

/**
 * The name at an index of one of the lists above.
 * @throws RangeError if there is none: a code that no table knows is a bug
 */
export function nameAt(names: readonly string[], index: number): string {
  const name = names[index];
  if (name === undefined) throw new RangeError(`no name at ${index} of ${names.join(', ')}`);
  return name;
}

/** The limit or rule behind a `Binding`. */
export function bindingAt(binding: number): { readonly name: string; readonly scope: string } {
  const found = BINDINGS[binding];
  if (found === undefined) throw new RangeError(`no limit or rule has the index ${binding}`);
  return found;
}

/** The row of a decision code; every edge takes its own word from it. */
export function decisionAt(code: number): Decision {
  const decision = DECISIONS[code];
  if (decision === undefined) throw new RangeError(`no decision has the code ${code}`);
  return decision;
}
