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
  /** Whether sending the same message later can succeed without anybody changing anything. */
  readonly retryable: boolean;
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
} as const;

export const DECISIONS: readonly Decision[] = [
  { name: 'accepted', http: 202, smpp: ESME_ROK, retryable: false, meaning: 'Accepted for delivery.' },
  {
    name: 'unregistered_blocked',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    retryable: false,
    meaning: 'The destination carrier blocks unregistered 10DLC traffic.',
  },
  {
    name: 'unregistered_filtered',
    http: 403,
    smpp: ESME_RSUBMITFAIL,
    retryable: false,
    meaning: 'The destination carrier filters part of unregistered 10DLC traffic, and this message was in that part.',
  },
  {
    name: 'att_tpm_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    retryable: true,
    meaning: "The campaign is over AT&T's segments per minute for its message class.",
  },
  {
    name: 'tmobile_daily_cap_exceeded',
    http: 429,
    smpp: ESME_RTHROTTLED,
    retryable: true,
    meaning: "The brand is over T-Mobile's daily cap for its tier; it resets at midnight Pacific.",
  },
  {
    name: 'destination_landline',
    http: 422,
    smpp: ESME_RINVDSTADR,
    retryable: false,
    meaning: 'The destination is a landline and cannot receive messages.',
  },
  {
    name: 'destination_unassigned',
    http: 422,
    smpp: ESME_RINVDSTADR,
    retryable: false,
    meaning: 'The destination lies in a thousands block that nobody holds.',
  },
  {
    name: 'no_tariff',
    http: 422,
    smpp: ESME_RSUBMITFAIL,
    retryable: false,
    meaning: 'The tariff book has no price for this carrier at this date.',
  },
  {
    name: 'queue_full',
    http: 429,
    smpp: ESME_RMSGQFUL,
    retryable: true,
    meaning: 'Too many messages are in flight; send again after the time given.',
  },
  {
    name: 'registry_stale',
    http: 503,
    smpp: ESME_RSYSERR,
    retryable: true,
    meaning: 'The view of the number registry is older than allowed, and this gateway is set to refuse then.',
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
} as const;

export const BINDINGS: readonly { readonly name: string; readonly scope: string }[] = [
  { name: 'none', scope: 'none' },
  { name: 'carrier_regime', scope: 'carrier' },
  { name: 'att_campaign_tpm', scope: 'campaign' },
  { name: 'tmobile_brand_day', scope: 'brand' },
  { name: 'in_flight_messages', scope: 'gateway' },
  { name: 'registry_age_ms', scope: 'gateway' },
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
