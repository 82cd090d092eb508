/**
 * How a campaign climbs from the service provider to a DCA, hop by hop.
 *
 * A hop is PENDING until the one it was shared to accepts: a partner by sharing it further up, a DCA after its look at it
 * (task `dca:<campaign>:<dca>`), or when it is told to. The real service shows no call by which a DCA accepts; here it
 * may say so by sharing the campaign with itself. While a hop is PENDING it cannot be taken back or changed; once
 * DECLINED, the one below may choose another. When a DCA accepts, the carriers begin their own look (`mno:<campaign>:<id>`).
 */
import { refused } from './errors.ts';
import type { Campaign, Party, SharingLink } from './model.ts';
import { reviewTasks } from './carrier-operations.ts';
import { dueMs, noCampaign, postFee, type Registry, requireActive, withTasks } from './registry.ts';
import { tellCampaign } from './telling.ts';

export interface SharingChain {
  readonly sharedWithMe: SharingLink | null;
  readonly sharedByMe: SharingLink | null;
}

/** The hops next to a party. */
export function sharingOf(campaign: Campaign, partyId: string): SharingChain {
  return {
    sharedWithMe: campaign.chain.find((link) => link.upstreamCnpId === partyId) ?? null,
    sharedByMe: campaign.chain.find((link) => link.downstreamCnpId === partyId) ?? null,
  };
}

/** A campaign that was shared with this party and not declined by it. */
export async function partnerCampaignOf(registry: Registry, party: Party, campaignId: string): Promise<Campaign> {
  const campaign = (await registry.store.get('campaign', campaignId))?.value;
  const link = campaign && sharingOf(campaign, party.id).sharedWithMe;
  if (campaign === undefined || link == null || link.sharingStatus === 'DECLINED') throw noCampaign();
  return campaign;
}

/** Shares a campaign one hop up, from its owner or from a partner it was shared with. The new hop. */
export async function shareCampaign(
  registry: Registry,
  party: Party,
  campaignId: string,
  upstreamCnpId: string,
): Promise<SharingLink> {
  const upstream = registry.parties.get(upstreamCnpId);
  if (upstream === undefined) throw refused('notFound', 'upstreamCnpId', 'Connectivity partner not found');
  if (party.kind === 'dca' && upstream.id === party.id) return acceptSharing(registry, campaignId, party.id);

  const nowMs = registry.clock.nowMs();
  let accepted: SharingLink | undefined;
  const campaign = await registry.publisher.changeCampaign(campaignId, (found) => {
    accepted = undefined;
    requireActive(found);
    if (found.mock) throw refused('mockNotShared', 'campaignId');
    if (party.kind === 'dca') throw refused('notAllowed', 'upstreamCnpId', 'A DCA is the end of the chain');
    const below = linksBelow(found, party);
    if ([found.cspId, ...below.map((link) => link.upstreamCnpId)].includes(upstream.id)) {
      throw refused('sharingLoop', 'upstreamCnpId');
    }
    const link: SharingLink = {
      downstreamCnpId: party.id,
      upstreamCnpId: upstream.id,
      sharingStatus: 'PENDING',
      explanation: null,
      sharedMs: nowMs,
      statusMs: nowMs,
    };
    return {
      ...found,
      chain: [
        ...below.map((one): SharingLink => {
          if (one.sharingStatus !== 'PENDING') return one;
          accepted = { ...one, sharingStatus: 'ACCEPTED', statusMs: nowMs };
          return accepted;
        }),
        link,
      ],
    };
  });
  const link = campaign?.chain.at(-1);
  if (campaign === undefined || link === undefined) throw noCampaign();
  if (accepted !== undefined) await tellAccepted(registry, campaign, accepted);
  if (upstream.kind === 'dca') await askDca(registry, campaign, link);
  await tellCampaign(registry, 'CAMPAIGN_SHARE_ADD', campaign, `is shared with ${upstream.id}`, [
    link.downstreamCnpId,
    link.upstreamCnpId,
  ]);
  return link;
}

/** The hops that stay when this party shares; throws if it is not its turn. */
function linksBelow(campaign: Campaign, party: Party): readonly SharingLink[] {
  const { chain } = campaign;
  const mine = chain.findIndex((link) => link.downstreamCnpId === party.id);
  const received = chain.findIndex((link) => link.upstreamCnpId === party.id);
  if (campaign.cspId !== party.id && (received < 0 || chain[received]?.sharingStatus === 'DECLINED'))
    throw noCampaign();
  if (mine < 0) return chain.slice(0, received + 1);
  const status = chain[mine]?.sharingStatus;
  if (status !== 'DECLINED') {
    throw refused('notAllowed', 'upstreamCnpId', `Sharing is ${status ?? ''} and cannot be changed or taken back`);
  }
  return chain.slice(0, mine);
}

async function askDca(registry: Registry, campaign: Campaign, link: SharingLink): Promise<void> {
  const { campaignId, cspId } = campaign;
  const fee = registry.fees.at('dca-campaign-review', registry.tariffDateMs());
  await postFee(registry, fee, {
    payer: cspId,
    payee: link.upstreamCnpId,
    subject: campaignId,
    occasion: `${link.upstreamCnpId}-${link.sharedMs}`,
  });
  if (registry.settings.dcaAccepts === 'when-told') return;
  const task = `dca:${campaignId}:${link.upstreamCnpId}`;
  await registry.store.schedule(task, dueMs(registry, `${task}:${link.sharedMs}`, registry.settings.delays.dcaReview));
}

/** A DCA takes a campaign that waits for it; the carriers look at it next. The hop. */
export async function acceptSharing(registry: Registry, campaignId: string, dcaId: string): Promise<SharingLink> {
  const nowMs = registry.clock.nowMs();
  const waiting = (await registry.store.get('campaign', campaignId))?.value;
  if (waiting === undefined) throw noCampaign();
  pendingLink(waiting, dcaId);
  const campaign = await withTasks(registry, reviewTasks(registry, waiting), () =>
    registry.publisher.changeCampaign(campaignId, (found) => {
      requireActive(found);
      const link = pendingLink(found, dcaId);
      return {
        ...found,
        chain: [...found.chain.slice(0, -1), { ...link, sharingStatus: 'ACCEPTED', statusMs: nowMs }],
      };
    }),
  );
  const link = campaign?.chain.at(-1);
  if (campaign === undefined || link === undefined) throw noCampaign();
  await tellAccepted(registry, campaign, link);
  const brand = (await registry.store.get('brand', campaign.brandId))?.value;
  const dca = registry.parties.get(dcaId);
  const description = `Campaign DCAs have been fully elected for campaign ${campaignId}`;
  await registry.events.tell('CAMPAIGN_DCA_COMPLETE', [campaign.cspId], { brand, campaign, dca, description });
  return link;
}

/** The task `dca`: the DCA's look is over. */
export async function finishDcaReview(registry: Registry, campaignId: string, dcaId: string): Promise<void> {
  const campaign = (await registry.store.get('campaign', campaignId))?.value;
  const last = campaign?.chain.at(-1);
  if (campaign?.status !== 'ACTIVE' || last?.upstreamCnpId !== dcaId || last.sharingStatus !== 'PENDING') return;
  await acceptSharing(registry, campaignId, dcaId);
}

/** The upstream party says no; the one below may choose another. The hop. */
export async function declineSharing(
  registry: Registry,
  partyId: string,
  campaignId: string,
  explanation: string | undefined,
): Promise<SharingLink> {
  const nowMs = registry.clock.nowMs();
  const campaign = await registry.publisher.changeCampaign(campaignId, (found) => {
    const link = pendingLink(found, partyId);
    const declined: SharingLink = {
      ...link,
      sharingStatus: 'DECLINED',
      explanation: explanation ?? null,
      statusMs: nowMs,
    };
    return { ...found, chain: [...found.chain.slice(0, -1), declined] };
  });
  const link = campaign?.chain.at(-1);
  if (campaign === undefined || link === undefined) throw noCampaign();
  const why = explanation === undefined ? '' : `: ${explanation}`;
  await tellCampaign(registry, 'CAMPAIGN_SHARE_DELETE', campaign, `is declined by ${partyId}${why}`, [
    link.downstreamCnpId,
  ]);
  return link;
}

function pendingLink(campaign: Campaign, upstreamCnpId: string): SharingLink {
  const last = campaign.chain.at(-1);
  if (last?.upstreamCnpId !== upstreamCnpId) throw noCampaign();
  if (last.sharingStatus !== 'PENDING') {
    throw refused('notAllowed', 'campaignId', `Sharing is ${last.sharingStatus}, not PENDING`);
  }
  return last;
}

async function tellAccepted(registry: Registry, campaign: Campaign, link: SharingLink): Promise<void> {
  await tellCampaign(registry, 'CAMPAIGN_SHARE_ACCEPT', campaign, `is accepted by ${link.upstreamCnpId}`, [
    link.downstreamCnpId,
  ]);
}
