/** How entities look on the wire: the names and shapes that clients of the real service read. */
import { FEEDBACK_WORDS } from './identity.ts';
import type { Brand, Campaign, FeePosting, SharingLink, Vetting } from './model.ts';

type View = Readonly<Record<string, unknown>>;

function dateOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function dayOf(ms: number | null): string | null {
  return dateOf(ms)?.slice(0, 10) ?? null;
}

export function brandView(brand: Brand): View {
  const { details, optionalAttributes } = brand;
  return {
    ...details,
    cspId: brand.cspId,
    brandId: brand.brandId,
    universalEin: details.ein === undefined ? null : `${details.einIssuingCountry ?? details.country}_${details.ein}`,
    referenceId: brand.referenceId,
    tag: brand.tags,
    optionalAttributes,
    mock: brand.mock,
    status: brand.status,
    identityStatus: brand.identityStatus,
    createDate: dateOf(brand.createdMs),
  };
}

export function feedbackView(brand: Brand): View {
  const category = brand.feedback.map(({ id, fields }) => {
    const [displayName, description] = FEEDBACK_WORDS[id];
    return { id, displayName, description, fields };
  });
  return { brandId: brand.brandId, category };
}

export function vettingView(vetting: Vetting): View {
  return {
    evpId: vetting.evpId,
    vettingId: vetting.vettingId,
    vettingClass: vetting.vettingClass,
    vettingStatus: vetting.vettingStatus,
    vettingScore: vetting.vettingScore,
    reasons: vetting.reasons,
    createDate: dateOf(vetting.createdMs),
    vettedDate: dateOf(vetting.vettedMs),
  };
}

/** A campaign with all its details, for who registered it and for the DCA at the end of its chain. */
export function campaignView(campaign: Campaign, monthlyFee: number): View {
  const { details, flags } = campaign;
  const isEnding = campaign.status === 'ACTIVE' && !campaign.autoRenewal;
  const samples = Object.fromEntries(
    (['sample1', 'sample2', 'sample3', 'sample4', 'sample5'] as const).map((sample) => [sample, details[sample] ?? '']),
  );
  return {
    campaignId: campaign.campaignId,
    cspId: campaign.cspId,
    resellerId: campaign.resellerId,
    status: campaign.status,
    createDate: dateOf(campaign.createdMs),
    autoRenewal: campaign.autoRenewal,
    billedDate: dateOf(campaign.billedMs),
    brandId: campaign.brandId,
    vertical: campaign.vertical,
    usecase: campaign.usecase,
    subUsecases: campaign.subUsecases,
    description: details.description,
    ...flags,
    ...samples,
    messageFlow: details.messageFlow ?? null,
    helpMessage: details.helpMessage ?? null,
    referenceId: campaign.referenceId,
    tag: campaign.tags,
    mock: campaign.mock,
    nextRenewalOrExpirationDate: campaign.status === 'ACTIVE' ? dayOf(campaign.paidUntilMs) : null,
    expirationDate: dayOf(isEnding ? campaign.paidUntilMs : campaign.expiredMs),
    optinKeywords: details.optinKeywords ?? null,
    optoutKeywords: details.optoutKeywords ?? null,
    helpKeywords: details.helpKeywords ?? null,
    optinMessage: details.optinMessage ?? null,
    optoutMessage: details.optoutMessage ?? null,
    monthlyFee,
  };
}

/** What a partner on the way sees of a campaign. */
export function sharedCampaignView(campaign: Campaign): View {
  return {
    campaignId: campaign.campaignId,
    status: campaign.status,
    createDate: dateOf(campaign.createdMs),
    brandId: campaign.brandId,
    usecase: campaign.usecase,
  };
}

export function sharingView(link: SharingLink | null): View | null {
  if (link === null) return null;
  return {
    downstreamCnpId: link.downstreamCnpId,
    upstreamCnpId: link.upstreamCnpId,
    sharingStatus: link.sharingStatus,
    explanation: link.explanation,
    sharedDate: dateOf(link.sharedMs),
    statusDate: dateOf(link.statusMs),
    cnpMigration: false,
  };
}

export function postingView(posting: FeePosting): View {
  const { atMs, ...rest } = posting;
  return { at: dateOf(atMs), ...rest };
}
