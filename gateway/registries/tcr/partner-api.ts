/** The operations on campaigns, for the partners they are shared with. */
import { campaignMetadata, monthlyFeeOf } from './campaigns.ts';
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import type { Campaign, Party } from './model.ts';
import { type Asked, is, oldestFirst, type Operation } from './api-operation.ts';
import { operationStatuses } from './carrier-operations.ts';
import type { Registry } from './registry.ts';
import { declineSharing, partnerCampaignOf, shareCampaign, sharingOf } from './sharing.ts';
import { campaignView, sharedCampaignView, sharingView } from './views.ts';
import { SHARING_STATUSES } from './words.ts';

const DAY = { kind: 'text', max: 10, pattern: /^\d{4}-\d{2}-\d{2}$/, shape: 'a day such as 2024-03-01' } as const;
const SHARED_QUERY = {
  ...PAGING,
  downstreamCnpId: { kind: 'text', max: 10 },
  upstreamCnpId: { kind: 'text', max: 10 },
  brandId: { kind: 'text', max: 7 },
  sharingStatus: { kind: 'texts', max: 3, about: SHARING_STATUSES.join(', ') },
  startDate: DAY,
  endDate: DAY,
} as const satisfies FieldTable;
const DECLINE_QUERY = { explanation: { kind: 'text', max: 2_000 } } as const satisfies FieldTable;

export function partnerOperations(registry: Registry): Operation[] {
  const shared = ({ party, params }: Asked): Promise<Campaign> =>
    partnerCampaignOf(registry, party, params['campaignId'] ?? '');
  /** The whole campaign for the DCA at the end of the chain; the least for those on the way. */
  const viewFor = (party: Party) => (campaign: Campaign) =>
    party.kind === 'dca'
      ? {
          ...campaignView(campaign, monthlyFeeOf(registry, campaign.usecase)),
          cnpChain: [campaign.cspId, ...campaign.chain.map(({ upstreamCnpId }) => upstreamCnpId)],
        }
      : sharedCampaignView(campaign);
  const search = async ({ party, query }: Asked, side: 'sharedWithMe' | 'sharedByMe'): Promise<object> => {
    const asked = readFields(SHARED_QUERY, query);
    const found = (await registry.store.list('campaign')).filter((campaign) => {
      const { sharedWithMe, sharedByMe } = sharingOf(campaign, party.id);
      const link = side === 'sharedWithMe' ? sharedWithMe : sharedByMe;
      if (sharedWithMe === null || sharedWithMe.sharingStatus === 'DECLINED' || link === null) return false;
      const day = new Date(link.sharedMs).toISOString().slice(0, 10);
      return (
        (side === 'sharedByMe' || is(asked.downstreamCnpId, link.downstreamCnpId)) &&
        (side === 'sharedWithMe' || is(asked.upstreamCnpId, link.upstreamCnpId)) &&
        is(asked.brandId, campaign.brandId) &&
        (asked.sharingStatus === undefined || asked.sharingStatus.includes(link.sharingStatus)) &&
        (asked.startDate === undefined || asked.startDate <= day) &&
        (asked.endDate === undefined || day <= asked.endDate)
      );
    });
    return pageOf(
      query,
      oldestFirst(found, ({ campaignId }) => campaignId),
      viewFor(party),
    );
  };
  return [
    {
      method: 'GET',
      url: '/partnerCampaign/sharedWithMe',
      summary: 'Campaigns that others shared with me',
      query: SHARED_QUERY,
      run: (asked) => search(asked, 'sharedWithMe'),
    },
    {
      method: 'GET',
      url: '/partnerCampaign/sharedByMe',
      summary: "Others' campaigns that I shared further up",
      query: SHARED_QUERY,
      run: (asked) => search(asked, 'sharedByMe'),
    },
    {
      method: 'GET',
      url: '/partnerCampaign/:campaignId',
      summary: 'A campaign shared with me',
      run: async (asked) => viewFor(asked.party)(await shared(asked)),
    },
    {
      method: 'GET',
      url: '/partnerCampaign/:campaignId/mnoMetadata',
      summary: 'Its terms at each MNO',
      run: async (asked) => campaignMetadata(registry, await shared(asked)),
    },
    {
      method: 'GET',
      url: '/partnerCampaign/:campaignId/operationStatus',
      summary: 'How it stands at each MNO',
      run: async (asked) => operationStatuses(await shared(asked)),
    },
    {
      method: 'GET',
      url: '/partnerCampaign/:campaignId/sharing',
      summary: 'Who shared it with me, and with whom I did',
      run: async (asked) => {
        const chain = sharingOf(await shared(asked), asked.party.id);
        return { sharedWithMe: sharingView(chain.sharedWithMe), sharedByMe: sharingView(chain.sharedByMe) };
      },
    },
    {
      method: 'PUT',
      url: '/partnerCampaign/:campaignId/sharing/:upstreamCnpId',
      summary: 'Accept it and share it further up; a DCA accepts it by naming itself',
      run: async (asked) => {
        const { campaignId } = await shared(asked);
        return sharingView(await shareCampaign(registry, asked.party, campaignId, asked.params['upstreamCnpId'] ?? ''));
      },
    },
    {
      method: 'DELETE',
      url: '/partnerCampaign/:campaignId/sharing',
      summary: 'Decline it',
      query: DECLINE_QUERY,
      run: async (asked) => {
        const { explanation } = readFields(DECLINE_QUERY, asked.query);
        const { campaignId } = await shared(asked);
        return sharingView(await declineSharing(registry, asked.party.id, campaignId, explanation));
      },
    },
  ];
}
