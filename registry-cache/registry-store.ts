/**
 * Where the truth about numbers is kept, as a port: in this process, in Redis or in Redis Cluster.
 *
 * The store is the current view and nothing else: number -> campaign handle and NNID of the DCA that set it, and campaign
 * id -> one record with a status bit per carrier. It has no brand, and what is removed is gone. Messages are never looked
 * up here: each gateway answers them from its own `NumberRegistry`, which is told of every change.
 *
 * Handles of campaigns and rows of NNIDs are small whole numbers counted from 0 that the store gives out once and never
 * again for another, so that all gateways on one store mean the same by them.
 */

/** How a campaign stands at one carrier. Active there, hence a status bit of 1, only when approved. */
export type CarrierOperation = 'approved' | 'review' | 'rejected' | 'suspended';

/** Whether a DCA may put numbers on the campaign, and if not, what is missing. */
export type CampaignStanding = 'available' | 'not_shared' | 'pending_acceptance' | 'declined' | 'expired';

/** What the number registry knows of a campaign. */
export interface CampaignRecord {
  readonly id: string;
  /** Bit i: active at CARRIERS[i]. */
  readonly status: number;
  /** By carrier, as CARRIERS. */
  readonly operations: readonly CarrierOperation[];
  readonly standing: CampaignStanding;
  /** Short code of the DCA it was shared up to, once there is one. */
  readonly dca: string | undefined;
  /** Numbers it may hold; Infinity with a number pool approved. */
  readonly numberLimit: number;
  /** Milliseconds since the epoch; Infinity for never. */
  readonly expiresAtMs: number;
}

/** What the carriers learn of a campaign from the campaign registry, for their limits. Kept apart from the number side. */
export interface CarrierTerms {
  readonly campaign: string;
  readonly brand: string;
  /** Indices whose meaning the caller owns; 0 to 255. */
  readonly attClass: number;
  readonly tmobileTier: number;
  /** One of USE_CASES. */
  readonly useCase: string;
}

/** Why a number could not be provisioned, in the field's own words. */
export const FAILURE_REASONS = [
  'NUMBER_PROVISIONING_FAILED',
  'CAMPAIGN_NOT_AVAILABLE',
  'CAMPAIGN_PENDING_ACCEPTANCE',
  'CAMPAIGN_EXPIRED',
  'CAMPAIGN_MNO_REJECTED',
  'CAMPAIGN_MNO_SUSPENDED',
  'CAMPAIGN_MNO_REVIEW',
  'EXCEEDED_10DLC_LIMIT',
  'MNO_SHARING_ERROR',
  'INVALID_NNID',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** A number that is registered, or will be at a moment that has not come yet. */
export interface NumberRecord {
  readonly key: number;
  /** Handle of its campaign. */
  readonly campaign: number;
  /** Row of the NNID that set it. */
  readonly nnid: number;
  /** Milliseconds since the epoch, 0 to MOMENT_MAX. After now: pending. 0 or before now: active. */
  readonly activeAtMs: number;
}

/** The last moment a store can write down, of 48 bits: in the year 10889. Moments are whole numbers. */
export const MOMENT_MAX = 2 ** 48 - 1;

/** NNIDs a store has rows for. */
export const NNIDS_MAX = 65_536;

/** `set` replaces whatever the number was registered to: the last write wins. */
export interface SetNumber extends NumberRecord {
  readonly kind: 'set';
  /**
   * How many numbers the campaign may hold, this one included; Infinity for any. Held exactly, however many gateways ask.
   * A number the campaign holds already may always be set again.
   */
  readonly numberLimit: number;
}

/**
 * `remove` of a number that another NNID set is refused, unless `nnid` is ANY_NNID. Of one that is not registered it is
 * refused as well, but the notice the NNID has about it is forgotten.
 */
export interface RemoveNumber {
  readonly kind: 'remove';
  readonly key: number;
  readonly nnid: number;
}

/** `fail` leaves a notice for the NNID that asked, and what the number is registered to as it is. */
export interface FailNumber {
  readonly kind: 'fail';
  readonly key: number;
  /** Handle of the campaign asked for; NO_CAMPAIGN if the registry has none of that id. */
  readonly campaign: number;
  readonly nnid: number;
  readonly reason: FailureReason;
}

export type NumberChange = SetNumber | RemoveNumber | FailNumber;

/** For `remove`, by an operator and not by a DCA. */
export const ANY_NNID = -1;

/** What became of one change. `previous` is what the number was registered to just before, if anything. */
export type ChangeOutcome =
  | { readonly done: true; readonly previous: NumberRecord | undefined }
  | { readonly done: false; readonly refusal: 'number_limit' | 'not_registered' | 'other_nnid' };

/**
 * Something a DCA must be told about a number it asked for: it failed, or another DCA has taken it over since. Kept until
 * the number is removed, set again by the same NNID, or NOTICE_LIFE_MS has passed.
 */
export interface Notice {
  readonly kind: 'failed' | 'taken_over';
  readonly key: number;
  readonly nnid: number;
  /** The one the NNID had asked for; NO_CAMPAIGN if there was none of that id. */
  readonly campaign: number;
  /** Of a failure. */
  readonly reason: FailureReason | undefined;
  readonly atMs: number;
}

export const NOTICE_LIFE_MS = 3_600_000;

/**
 * A time during which a number was active: from `fromMs` up to and not including `untilMs`, which is Infinity while it
 * lasts. Kept only by a store that was told to keep history; by default there is none.
 */
export interface NumberInterval {
  readonly campaign: number;
  readonly nnid: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Changes of one call of `apply`. More are refused with RangeError: send them in several calls. */
export const CHANGES_MAX = 10_000;

/** Where in the store's sequence of changes something stands: one whole number per shard. */
export type FeedPosition = readonly number[];

export interface AppliedChanges {
  /** By index of the change. */
  readonly outcomes: readonly ChangeOutcome[];
  /** A view that has reached this has seen all of them. */
  readonly position: FeedPosition;
}

export interface StoreStats {
  readonly numbers: number;
  readonly pending: number;
  readonly campaigns: number;
  readonly shards: number;
  /** Memory the store takes for all it holds, if it can tell. */
  readonly bytes: number | undefined;
}

/** A campaign record together with the handle its numbers carry. */
export interface CampaignEntry {
  readonly handle: number;
  readonly record: CampaignRecord;
}

/**
 * All methods reject with `StoreUnavailable` when the store cannot be asked; then nothing can be said of what was under
 * way, and doing it again is safe. Every change is there together with its entry in the feed, or neither is.
 */
export interface RegistryStore {
  /**
   * Applies the changes: those of one number in the order given, those of different numbers in any.
   * Each is applied whole or not at all. Rejects with RangeError for more than CHANGES_MAX or a field out of range, a
   * handle or row that was not given out included; then none is applied.
   */
  apply(changes: readonly NumberChange[], nowMs: number): Promise<AppliedChanges>;

  /** The record of each number, or undefined. */
  read(keys: readonly number[]): Promise<readonly (NumberRecord | undefined)[]>;

  /** Notices for an NNID, newest first, at most `limit`. */
  notices(nnid: number, limit: number, nowMs: number): Promise<readonly Notice[]>;

  /** The notice an NNID has about one number. */
  notice(key: number, nnid: number, nowMs: number): Promise<Notice | undefined>;

  /**
   * Every number, in batches, in no order. A number that is set, moved or removed meanwhile may be seen as before, as after, or
   * (only if removed or new) not at all; one that is left alone is seen exactly once or more often, never missed.
   */
  scan(): AsyncIterable<readonly NumberRecord[]>;

  /** Adds or replaces records by id and tells every gateway; their handles, by index. */
  publishCampaigns(records: readonly CampaignRecord[]): Promise<readonly number[]>;

  campaign(id: string): Promise<CampaignEntry | undefined>;

  /** All campaigns, by handle. */
  campaigns(): Promise<readonly CampaignEntry[]>;

  /** Adds or replaces what carriers know of campaigns, and tells every gateway. */
  publishTerms(terms: readonly CarrierTerms[]): Promise<void>;

  /** Rows of NNIDs, six digits each, giving out new ones as needed. */
  nnidRows(nnids: readonly string[]): Promise<readonly number[]>;

  /** The NNIDs by row. */
  nnids(): Promise<readonly string[]>;

  /** Whether it keeps what numbers were registered to before. By default a store does not. */
  readonly keepsHistory: boolean;

  /** When a number was registered to what, oldest first, touching intervals of the same campaign and NNID as one. Empty without history. */
  history(key: number): Promise<readonly NumberInterval[]>;

  stats(): Promise<StoreStats>;

  /** Does what is due: makes numbers whose moment has come active, and forgets notices that are over. Changes no answer. */
  settle(nowMs: number): Promise<void>;

  close(): Promise<void>;
}

/**
 * What a store tells the process it serves, besides numbers, which go to its `NumberRegistry`. Called in order, and with a
 * campaign before any number that carries its handle. Handles arrive without gaps, each possibly several times.
 */
export interface RegistryListener {
  campaignsChanged(entries: readonly CampaignEntry[]): void;
  termsChanged(terms: readonly CarrierTerms[]): void;
}

/** The store cannot be reached or does not answer in time; the same call may be made again. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}
