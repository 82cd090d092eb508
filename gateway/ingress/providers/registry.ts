/** The registries behind the 10DLC calls of providers, as a port: brands and campaigns in the campaign registry's own words. */

type Texts<Name extends string> = Readonly<Partial<Record<Name, string>>>;

export type FaceBrandDetails = {
  readonly entityType: string;
  readonly displayName: string;
  readonly country: string;
} & Texts<
  | 'email'
  | 'phone'
  | 'firstName'
  | 'lastName'
  | 'companyName'
  | 'ein'
  | 'einIssuingCountry'
  | 'street'
  | 'city'
  | 'state'
  | 'postalCode'
  | 'stockSymbol'
  | 'stockExchange'
  | 'ipAddress'
  | 'website'
  | 'brandRelationship'
  | 'vertical'
  | 'altBusinessId'
  | 'altBusinessIdType'
>;

export type FaceCampaignDetails = { readonly description: string } & Texts<
  | 'sample1'
  | 'sample2'
  | 'sample3'
  | 'sample4'
  | 'sample5'
  | 'messageFlow'
  | 'helpMessage'
  | 'optinMessage'
  | 'optoutMessage'
  | 'optinKeywords'
  | 'optoutKeywords'
  | 'helpKeywords'
>;

/** What a carrier would give and ask. */
export interface FaceTerms {
  readonly qualify: boolean;
  readonly mnoReview: boolean;
  readonly minMsgSamples: number;
  /** AT&T: letter of the class. */
  readonly msgClass?: string;
  /** Segments a minute; null or undefined for no bound that is known. */
  readonly tpm?: number | null;
  /** T-Mobile. */
  readonly brandTier?: string;
  readonly brandDailyCap?: number | null;
}

export interface FaceBrand {
  readonly brandId: string;
  readonly details: FaceBrandDetails;
  readonly identityStatus: string;
  /** Whether its identity is being checked. */
  readonly isScoring: boolean;
  readonly mock: boolean;
  readonly feedback: readonly { readonly id: string; readonly fields: readonly string[] }[];
  readonly vettings: readonly { readonly vettingScore: number | null }[];
  readonly createdMs: number;
}

/** What carriers would give a brand's campaign of a use case, and what it would cost, in dollars. */
export interface FaceQualification {
  readonly usecase: string;
  readonly monthlyFee: number;
  readonly quarterlyFee: number;
  readonly annualFee: number;
  readonly minSubUsecases: number;
  readonly maxSubUsecases: number;
  readonly mnoMetadata: Readonly<Record<string, FaceTerms>>;
}

export interface FaceCampaign {
  readonly campaignId: string;
  readonly brandId: string;
  readonly usecase: string;
  readonly subUsecases: readonly string[];
  readonly details: FaceCampaignDetails;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly mock: boolean;
  readonly status: 'ACTIVE' | 'EXPIRED';
  readonly createdMs: number;
  /** At the carriers it was submitted to. */
  readonly operations: readonly { readonly mnoId: number; readonly status: string }[];
  /** Whom it was shared with; the last hop decides. */
  readonly chain: readonly { readonly sharingStatus: string; readonly explanation: string | null }[];
}

export type Ordered<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly status: number;
      readonly errors: readonly {
        readonly code: number;
        readonly field: string | null;
        readonly description: string;
      }[];
    };

/** All methods reject with StoreUnavailable when the store cannot be asked. A customer is an account. */
export interface FaceRegistry {
  /** @param body fields as the campaign registry names them */
  registerBrand(customer: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<FaceBrand>>;
  brand(customer: string, brandId: string): Promise<FaceBrand | undefined>;
  brands(customer: string): Promise<readonly FaceBrand[]>;
  /** By MNO id: what its carrier would give a campaign of this use case; undefined for a brand the customer has not. */
  terms(customer: string, brandId: string, usecase: string): Promise<Readonly<Record<string, FaceTerms>> | undefined>;
  qualify(customer: string, brandId: string, usecase: string): Promise<Ordered<FaceQualification>>;
  changeBrand(customer: string, brandId: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<FaceBrand>>;
  deleteBrand(customer: string, brandId: string): Promise<Ordered<FaceBrand>>;
  changeCampaign(
    customer: string,
    campaignId: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<Ordered<FaceCampaign>>;
  /** A list of the registry's words, such as `usecase`; undefined for one it does not have. */
  enumeration(name: string): unknown;
  submitCampaign(customer: string, body: Readonly<Record<string, unknown>>): Promise<Ordered<FaceCampaign>>;
  campaign(customer: string, campaignId: string): Promise<FaceCampaign | undefined>;
  campaigns(customer: string): Promise<readonly FaceCampaign[]>;
  endCampaign(campaignId: string): Promise<void>;
  /** Puts a number (NANP key) on a campaign, now or once the campaign may have it; why it will never be there, or undefined. */
  assign(campaignId: string, number: number): Promise<string | undefined>;
  unassign(number: number): Promise<void>;
  campaignOfNumber(number: number): Promise<{ readonly campaignId: string; readonly isWaiting: boolean } | undefined>;
}

/** Where a campaign stands on its way: the DCA or all carriers said no, one of them said yes, or nobody has said anything. */
export function standingOf({ status, chain, operations }: FaceCampaign): 'ended' | 'failed' | 'approved' | 'pending' {
  if (status === 'EXPIRED') return 'ended';
  const isAccepted = chain.at(-1)?.sharingStatus === 'ACCEPTED';
  if (chain.at(-1)?.sharingStatus === 'DECLINED') return 'failed';
  if (operations.length > 0 && operations.every((one) => one.status === 'REJECTED')) return 'failed';
  return isAccepted && operations.some((one) => one.status === 'APPROVED') ? 'approved' : 'pending';
}
