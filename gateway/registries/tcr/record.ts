/**
 * What leaves the campaign registry: a campaign as the number registry may know it, without a word of its brand, and its
 * terms as the carriers may know them, for their limits. Pure.
 *
 * The carriers without an MNO id (small ones, and groups of them) report nothing of their own: they take a campaign from
 * the moment that at least one MNO has approved it, and stop when none does. That is Tollgate's reading; an operator may
 * say otherwise for one campaign.
 */
import {
  type CampaignRecord,
  type CampaignStanding,
  type CarrierOperation,
  type CarrierTerms,
  CARRIERS,
} from '../../../registry-cache/index.ts';
import { attClassOf, tmobileTierOf } from '../../../tariffs/index.ts';
import type { Brand, Campaign, Party } from './model.ts';
import { attClassFor, tmobileTierOfBrand } from './qualify.ts';
import { MNOS, OTHER_CARRIER, type OperationStatus } from './words.ts';

/** Numbers of a campaign without a number pool, as T-Mobile has it. */
const NUMBER_LIMIT = 49;
const SOLE_PROPRIETOR_NUMBER_LIMIT = 1;
const AGENTS_FRANCHISES_NUMBER_LIMIT = 5_000;
const TMOBILE_ID = 10035;

const OPERATION_WORDS: Readonly<Record<OperationStatus, CarrierOperation>> = {
  APPROVED: 'approved',
  REVIEW: 'review',
  REJECTED: 'rejected',
  SUSPENDED: 'suspended',
};
/** In this order the first that any MNO has is that of the carriers without an id. */
const OTHER_FOLLOWS: readonly OperationStatus[] = ['APPROVED', 'REVIEW', 'SUSPENDED', 'REJECTED'];

/** How a campaign stands at a carrier, by its place in CARRIERS. Where it was not submitted it counts as rejected. */
export function operationAt(campaign: Campaign, carrier: number): OperationStatus {
  if (carrier === OTHER_CARRIER) {
    if (campaign.otherOperation !== undefined) return campaign.otherOperation;
    return OTHER_FOLLOWS.find((status) => campaign.operations.some((one) => one.status === status)) ?? 'REJECTED';
  }
  const mnoId = MNOS.find((mno) => mno.carrier === carrier)?.id;
  return campaign.operations.find((operation) => operation.mnoId === mnoId)?.status ?? 'REJECTED';
}

export function statusBitsOf(campaign: Campaign): number {
  return CARRIERS.reduce(
    (bits, _, carrier) => (operationAt(campaign, carrier) === 'APPROVED' ? bits | (1 << carrier) : bits),
    0,
  );
}

/** The DCA that accepted the campaign, if it has come so far. */
export function dcaOf(campaign: Campaign, parties: ReadonlyMap<string, Party>): string | undefined {
  const last = campaign.chain.at(-1);
  const isDca = last?.sharingStatus === 'ACCEPTED' && parties.get(last.upstreamCnpId)?.kind === 'dca';
  return isDca ? last.upstreamCnpId : undefined;
}

function standingOf(campaign: Campaign, dca: string | undefined): CampaignStanding {
  if (campaign.status === 'EXPIRED') return 'expired';
  if (dca !== undefined) return 'available';
  const last = campaign.chain.at(-1);
  if (last === undefined) return 'not_shared';
  return last.sharingStatus === 'DECLINED' ? 'declined' : 'pending_acceptance';
}

/** How many numbers a campaign may hold. A number pool counts once T-Mobile, whose rule it is, has approved it. */
function numberLimitOf(campaign: Campaign): number {
  if (campaign.usecase === 'SOLE_PROPRIETOR') return SOLE_PROPRIETOR_NUMBER_LIMIT;
  if (campaign.usecase === 'AGENTS_FRANCHISES') return AGENTS_FRANCHISES_NUMBER_LIMIT;
  const tmobile = campaign.operations.find((operation) => operation.mnoId === TMOBILE_ID)?.status;
  return campaign.flags.numberPool && tmobile === 'APPROVED' ? Infinity : NUMBER_LIMIT;
}

function expiresAtMsOf(campaign: Campaign): number {
  if (campaign.status === 'EXPIRED') return campaign.expiredMs ?? 0;
  return campaign.autoRenewal ? Infinity : (campaign.paidUntilMs ?? Infinity);
}

export function campaignRecord(campaign: Campaign, parties: ReadonlyMap<string, Party>): CampaignRecord {
  const dca = dcaOf(campaign, parties);
  return {
    id: campaign.campaignId,
    status: statusBitsOf(campaign),
    operations: CARRIERS.map((_, carrier) => OPERATION_WORDS[operationAt(campaign, carrier)]),
    standing: standingOf(campaign, dca),
    dca,
    numberLimit: numberLimitOf(campaign),
    expiresAtMs: expiresAtMsOf(campaign),
  };
}

export function carrierTerms(brand: Brand, campaign: Campaign): CarrierTerms {
  const usecases = brand.activeCampaigns.map(({ usecase }) => usecase);
  return {
    campaign: campaign.campaignId,
    brand: brand.brandId,
    attClass: attClassOf(campaign.classOverride ?? attClassFor(brand, campaign.usecase)),
    tmobileTier: tmobileTierOf(tmobileTierOfBrand(brand, usecases)),
    useCase: campaign.usecase,
  };
}
