/**
 * What the campaign registry keeps: brands with their vettings, campaigns with their sharing chain and the standing at each
 * carrier, resellers, subscriptions and postings. Plain JSON values, so that any store can hold them.
 *
 * Times are milliseconds since the epoch. There is no number that sends messages anywhere in here, nor a place for one:
 * `phone` is how to reach a brand's or a reseller's support, which the real service requires of its callers.
 */
import type {
  EntityType,
  EventCategory,
  IdentityStatus,
  OperationStatus,
  SharingStatus,
  VettingClass,
  VettingStatus,
} from './words.ts';

/** What a service provider says about a brand. */
export interface BrandDetails {
  readonly entityType: EntityType;
  readonly displayName: string;
  readonly country: string;
  readonly email?: string;
  readonly phone?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly companyName?: string;
  readonly ein?: string;
  readonly einIssuingCountry?: string;
  readonly street?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly stockSymbol?: string;
  readonly stockExchange?: string;
  readonly ipAddress?: string;
  readonly website?: string;
  readonly brandRelationship?: string;
  readonly vertical?: string;
  readonly altBusinessId?: string;
  readonly altBusinessIdType?: string;
}

/** Why a brand could not be verified: a category and the fields it is about. */
export interface Feedback {
  readonly id: 'TAX_ID' | 'STOCK_SYMBOL' | 'GOVERNMENT_ENTITY' | 'NONPROFIT' | 'OTHERS';
  readonly fields: readonly string[];
}

export interface Vetting {
  readonly evpId: string;
  readonly vettingId: string;
  readonly vettingClass: VettingClass;
  readonly vettingStatus: VettingStatus;
  /** 0 to 100, once there is one. */
  readonly vettingScore: number | null;
  readonly reasons: readonly string[];
  readonly createdMs: number;
  readonly vettedMs: number | null;
}

export type OptionalAttributes = Readonly<Record<string, string | boolean>>;

export interface Brand {
  readonly brandId: string;
  readonly cspId: string;
  readonly details: BrandDetails;
  readonly referenceId: string | null;
  readonly tags: readonly string[];
  readonly mock: boolean;
  readonly status: 'ACTIVE' | 'DELETED';
  readonly identityStatus: IdentityStatus;
  readonly optionalAttributes: OptionalAttributes;
  readonly feedback: readonly Feedback[];
  /** Newest last. */
  readonly vettings: readonly Vetting[];
  /** Whether its identity is being checked, since registration or a revet. */
  readonly isScoring: boolean;
  /** How often it was submitted: registration and each revet. */
  readonly submissions: number;
  readonly createdMs: number;
  readonly relationshipMs: number;
  /** Its active campaigns; kept here so that their number is held exactly. */
  readonly activeCampaigns: readonly { readonly campaignId: string; readonly usecase: string }[];
  /** Name of a T-Mobile tier that holds whatever the score says. */
  readonly tierOverride?: string;
}

/** What a service provider says about a campaign, and may change later in part. */
export interface CampaignDetails {
  readonly description: string;
  readonly sample1?: string;
  readonly sample2?: string;
  readonly sample3?: string;
  readonly sample4?: string;
  readonly sample5?: string;
  readonly messageFlow?: string;
  readonly helpMessage?: string;
  readonly optinMessage?: string;
  readonly optoutMessage?: string;
  readonly optinKeywords?: string;
  readonly optoutKeywords?: string;
  readonly helpKeywords?: string;
}

export const CAMPAIGN_FLAGS = [
  'embeddedLink',
  'embeddedPhone',
  'affiliateMarketing',
  'numberPool',
  'ageGated',
  'directLending',
  'subscriberOptin',
  'subscriberOptout',
  'subscriberHelp',
  'termsAndConditions',
] as const;
export type CampaignFlag = (typeof CAMPAIGN_FLAGS)[number];

/** One hop of a sharing chain, from the side of the brand towards the carriers. */
export interface SharingLink {
  readonly downstreamCnpId: string;
  readonly upstreamCnpId: string;
  readonly sharingStatus: SharingStatus;
  readonly explanation: string | null;
  readonly sharedMs: number;
  readonly statusMs: number;
}

/** How a campaign stands at one MNO. */
export interface Operation {
  readonly mnoId: number;
  readonly status: OperationStatus;
}

export interface Campaign {
  readonly campaignId: string;
  readonly cspId: string;
  readonly brandId: string;
  readonly usecase: string;
  readonly subUsecases: readonly string[];
  readonly vertical: string | null;
  readonly resellerId: string | null;
  readonly referenceId: string | null;
  readonly tags: readonly string[];
  readonly details: CampaignDetails;
  readonly flags: Readonly<Record<CampaignFlag, boolean>>;
  readonly mock: boolean;
  readonly status: 'ACTIVE' | 'EXPIRED';
  readonly autoRenewal: boolean;
  readonly createdMs: number;
  readonly billedMs: number | null;
  /** When it is renewed or ends; null for one that is never billed. */
  readonly paidUntilMs: number | null;
  readonly expiredMs: number | null;
  /** At the MNOs it was submitted to. */
  readonly operations: readonly Operation[];
  /** How the carriers without an MNO id take it, if an operator said so; otherwise it follows from `operations`. */
  readonly otherOperation?: OperationStatus;
  /** The last hop may be declined; all before it are accepted. */
  readonly chain: readonly SharingLink[];
  /** Letter of an AT&T class that holds whatever the score says. */
  readonly classOverride?: string;
}

export interface Reseller {
  readonly resellerId: string;
  readonly cspId: string;
  readonly companyName: string;
  readonly phone: string;
  readonly email: string;
}

export interface Subscription {
  readonly partyId: string;
  readonly eventCategory: EventCategory;
  readonly webhookEndpoint: string;
}

/** A fee that fell due. */
export interface FeePosting {
  readonly atMs: number;
  /** Id of the service provider that pays. */
  readonly payer: string;
  /** A carrier, `tcr`, a vetting provider's id, or a DCA's. */
  readonly payee: string;
  /** Id of the fee in the tariff book. */
  readonly cause: string;
  /** Micro-dollars. */
  readonly micros: number;
  /** The brand or campaign it is for. */
  readonly subject: string;
}

/** Whoever has a key to this interface. */
export interface Party {
  readonly id: string;
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** A service provider owns brands and campaigns; a DCA ends a sharing chain; a CNP passes campaigns on. */
  readonly kind: 'csp' | 'cnp' | 'dca';
}
