/** The operations on campaigns, for who registers them. */
import { expireCampaign } from './billing.ts';
import {
  CAMPAIGN_UPDATE_FIELDS,
  campaignMetadata,
  monthlyFeeOf,
  NEW_CAMPAIGN_FIELDS,
  qualifyBrand,
  qualifyUsecase,
  submitCampaign,
  updateCampaign,
} from './campaigns.ts';
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import type { Campaign } from './model.ts';
import { type Asked, hasAll, is, oldestFirst, type Operation } from './api-operation.ts';
import { operationStatuses } from './carrier-operations.ts';
import { statusBitsOf } from './record.ts';
import { campaignOf, type Registry } from './registry.ts';
import { shareCampaign, sharingOf } from './sharing.ts';
import { campaignView, sharingView } from './views.ts';
import { CAMPAIGN_STATUSES } from './words.ts';

const CAMPAIGN_QUERY = {
  ...PAGING,
  referenceId: { kind: 'text', max: 50 },
  brandId: { kind: 'text', max: 7 },
  status: { kind: 'choice', of: CAMPAIGN_STATUSES },
  usecase: { kind: 'text', max: 50 },
  vertical: { kind: 'text', max: 50 },
  resellerId: { kind: 'text', max: 7 },
  autoRenewal: { kind: 'flag' },
  upstreamCnpId: { kind: 'text', max: 10 },
  tag: { kind: 'texts', max: 10 },
  mock: { kind: 'flag' },
} as const satisfies FieldTable;

export function campaignOperations(registry: Registry): Operation[] {
  const viewOf = (campaign: Campaign): object => campaignView(campaign, monthlyFeeOf(registry, campaign.usecase));
  const own = ({ party, params }: Asked): Promise<Campaign> => campaignOf(registry, party, params['campaignId'] ?? '');
  return [
    {
      method: 'GET',
      url: '/campaignBuilder/brand/:brandId',
      summary: 'What a brand qualifies for',
      run: ({ party, params }) => qualifyBrand(registry, party, params['brandId'] ?? ''),
    },
    {
      method: 'GET',
      url: '/campaignBuilder/brand/:brandId/usecase/:usecase',
      summary: 'Whether a brand qualifies for a use case, and on which terms',
      run: ({ party, params }) => qualifyUsecase(registry, party, params['brandId'] ?? '', params['usecase'] ?? ''),
    },
    {
      method: 'POST',
      url: '/campaignBuilder',
      summary: 'Submit a campaign',
      body: NEW_CAMPAIGN_FIELDS,
      run: ({ party, body }) => submitCampaign(registry, party, body),
    },
    {
      method: 'GET',
      url: '/campaign',
      summary: 'Search campaigns',
      query: CAMPAIGN_QUERY,
      run: async ({ party, query }) => {
        const asked = readFields(CAMPAIGN_QUERY, query);
        const found = (await registry.store.list('campaign')).filter(
          (campaign) =>
            campaign.cspId === party.id &&
            is(asked.referenceId, campaign.referenceId) &&
            is(asked.brandId, campaign.brandId) &&
            is(asked.status, campaign.status) &&
            is(asked.usecase, campaign.usecase) &&
            is(asked.vertical, campaign.vertical) &&
            is(asked.resellerId, campaign.resellerId) &&
            is(asked.autoRenewal, campaign.autoRenewal) &&
            is(asked.upstreamCnpId, campaign.chain[0]?.upstreamCnpId) &&
            is(asked.mock, campaign.mock) &&
            hasAll(asked.tag, campaign.tags),
        );
        return pageOf(
          query,
          oldestFirst(found, ({ campaignId }) => campaignId),
          viewOf,
        );
      },
    },
    {
      method: 'GET',
      url: '/campaign/:campaignId',
      summary: 'A campaign',
      run: async (asked) => viewOf(await own(asked)),
    },
    {
      method: 'PUT',
      url: '/campaign/:campaignId',
      summary: 'Change a campaign',
      body: CAMPAIGN_UPDATE_FIELDS,
      run: async ({ party, params, body }) =>
        viewOf(await updateCampaign(registry, party, params['campaignId'] ?? '', body)),
    },
    {
      method: 'DELETE',
      url: '/campaign/:campaignId',
      summary: 'Deactivate a campaign for good',
      run: async (asked) => {
        await expireCampaign(registry, (await own(asked)).campaignId);
      },
    },
    {
      method: 'GET',
      url: '/campaign/:campaignId/mnoMetadata',
      summary: 'The terms of a campaign at each MNO',
      run: async (asked) => campaignMetadata(registry, await own(asked)),
    },
    {
      method: 'GET',
      url: '/campaign/:campaignId/operationStatus',
      summary: 'How a campaign stands at each MNO',
      run: async (asked) => operationStatuses(await own(asked)),
    },
    {
      method: 'GET',
      url: '/campaign/:campaignId/sharing',
      summary: 'With whom a campaign is shared',
      run: async (asked) => {
        const { sharedByMe } = sharingOf(await own(asked), asked.party.id);
        return { sharedWithMe: null, sharedByMe: sharingView(sharedByMe) };
      },
    },
    {
      method: 'PUT',
      url: '/campaign/:campaignId/sharing/:upstreamCnpId',
      summary: 'Share a campaign with a connectivity partner',
      run: async (asked) => {
        const { campaignId } = await own(asked);
        return sharingView(await shareCampaign(registry, asked.party, campaignId, asked.params['upstreamCnpId'] ?? ''));
      },
    },
    {
      method: 'GET',
      url: '/campaign/:campaignId/osr/attributes',
      summary: 'What the number registry knows of a campaign: a status bit for each carrier',
      run: async (asked) => {
        const campaign = await own(asked);
        return campaign.mock ? {} : { campaign_id: campaign.campaignId, status: statusBitsOf(campaign) };
      },
    },
  ];
}
