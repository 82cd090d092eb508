/**
 * The operations of the real service, in the order of its own description: method, path, what is read and what is answered.
 *
 * A table rather than handlers, so that a test can hold it against the list of operations that generated clients have.
 */
import {
  BRAND_FIELDS,
  createBrand,
  CV_TOKEN_FIELDS,
  deleteBrand,
  importVetting,
  mockCvToken,
  NEW_BRAND_FIELDS,
  orderVetting,
  revetBrand,
  updateBrand,
  VETTING_IMPORT_FIELDS,
  VETTING_ORDER_FIELDS,
} from './brands.ts';
import {
  CAMPAIGN_UPDATE_FIELDS,
  campaignMetadata,
  expireCampaign,
  monthlyFeeOf,
  NEW_CAMPAIGN_FIELDS,
  qualifyBrand,
  qualifyUsecase,
  submitCampaign,
  updateCampaign,
} from './campaigns.ts';
import { ERROR_CODES, refused } from './errors.ts';
import { type FieldTable, PAGING, pageOf, readFields } from './fields.ts';
import type { Campaign, Party } from './model.ts';
import { operationStatuses } from './operations.ts';
import { statusBitsOf } from './record.ts';
import { brandOf, campaignOf, type Registry } from './registry.ts';
import {
  createReseller,
  deleteReseller,
  RESELLER_FIELDS,
  RESELLER_UPDATE_FIELDS,
  resellerOf,
  updateReseller,
} from './resellers.ts';
import type { TcrService } from './service.ts';
import { declineSharing, partnerCampaignOf, shareCampaign, sharingOf } from './sharing.ts';
import {
  type CallbackGuard,
  mockEvent,
  mockEventOfCategory,
  subscribe,
  SUBSCRIPTION_FIELDS,
  subscriptionsOf,
  unsubscribe,
} from './subscriptions.ts';
import { deleteTag, setTag, TAG_FIELDS, tagsOf } from './tags.ts';
import { brandView, campaignView, feedbackView, sharedCampaignView, sharingView, vettingView } from './views.ts';
import {
  ALT_BUSINESS_ID_TYPES,
  BRAND_RELATIONSHIPS,
  BRAND_STATUSES,
  CAMPAIGN_STATUSES,
  ENTITY_TYPES,
  EVENT_CATEGORIES,
  EVENT_TYPES,
  IDENTITY_STATUSES,
  MNOS,
  OPERATION_STATUSES,
  OPTIONAL_ATTRIBUTES,
  SHARING_STATUSES,
  STOCK_EXCHANGES,
  USE_CASE_LIST,
  VERTICALS,
  VETTING_CLASSES,
  VETTING_PROVIDERS,
  VETTING_STATUSES,
} from './words.ts';

export interface Asked {
  readonly party: Party;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly summary: string;
  readonly query?: FieldTable;
  readonly body?: FieldTable;
  /** The answer: a text goes as plain text, undefined as 204. */
  run(asked: Asked): unknown;
}

/** Version of the interface; the real service answers with that of its software. */
const API_VERSION = '2.0';

const BRAND_QUERY = {
  ...PAGING,
  referenceId: { kind: 'text', max: 50 },
  displayName: { kind: 'text', max: 255, about: 'Or a part of it.' },
  entityType: { kind: 'choice', of: ENTITY_TYPES },
  identityStatus: { kind: 'choice', of: IDENTITY_STATUSES },
  status: { kind: 'choice', of: BRAND_STATUSES, about: 'ACTIVE if left out.' },
  state: { kind: 'text', max: 20 },
  country: { kind: 'text', max: 2 },
  ein: { kind: 'text', max: 21 },
  resellerId: { kind: 'text', max: 7 },
  tag: { kind: 'texts', max: 10 },
  mock: { kind: 'flag' },
} as const satisfies FieldTable;

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

const VETTING_QUERY = {
  vettingStatus: { kind: 'texts', max: 5 },
  evpId: { kind: 'text', max: 20 },
  vettingClass: { kind: 'text', max: 20 },
} as const satisfies FieldTable;
const REVET_QUERY = { nonBlocking: { kind: 'flag', about: 'True if left out.' } } as const satisfies FieldTable;
const DECLINE_QUERY = { explanation: { kind: 'text', max: 2_000 } } as const satisfies FieldTable;
const RESELLER_QUERY = { ...PAGING, companyName: { kind: 'text', max: 255 } } as const satisfies FieldTable;
const USECASE_QUERY = { validSubUsecase: { kind: 'flag' } } as const satisfies FieldTable;
const TAG_QUERY = {
  ...PAGING,
  name: { kind: 'text', max: 50 },
  recordId: { kind: 'text', max: 7 },
  recordType: { kind: 'text', max: 10 },
} as const satisfies FieldTable;

/** Whether an entity has what a filter asks for; what is not asked for does not matter. */
const is = <T>(asked: T | undefined, has: T | null | undefined): boolean => asked === undefined || asked === has;
const hasAll = (asked: readonly string[] = [], has: readonly string[]): boolean =>
  asked.every((one) => has.includes(one.toLowerCase()));
/** Whether a text holds another, case aside. */
const holds = (text: string, part: string | undefined): boolean =>
  part === undefined || text.toLowerCase().includes(part.toLowerCase());

export function operationsOf(registry: Registry, service: TcrService, guard: CallbackGuard): readonly Operation[] {
  return [
    ...brandOperations(registry, service),
    ...campaignOperations(registry),
    ...partnerOperations(registry),
    ...enumOperations(registry),
    ...webhookOperations(registry, guard),
    ...otherOperations(registry),
  ];
}

function brandOperations(registry: Registry, service: TcrService): Operation[] {
  return [
    {
      method: 'POST',
      url: '/brand',
      summary: 'Create a brand and wait until it is scored',
      body: NEW_BRAND_FIELDS,
      run: async ({ party, body }) => {
        const { brandId } = await createBrand(registry, party, body);
        return brandView(await service.scored(brandId));
      },
    },
    {
      method: 'POST',
      url: '/brand/nonBlocking',
      summary: 'Create a brand; the event BRAND_SCORE_UPDATE tells when it is scored',
      body: NEW_BRAND_FIELDS,
      run: async ({ party, body }) => brandView(await createBrand(registry, party, body)),
    },
    {
      method: 'GET',
      url: '/brand',
      summary: 'Search brands',
      query: BRAND_QUERY,
      run: async ({ party, query }) => {
        const asked = readFields(BRAND_QUERY, query);
        const campaigns = asked.resellerId === undefined ? [] : await registry.store.list('campaign');
        const ofReseller = new Set(
          campaigns.filter(({ resellerId }) => resellerId === asked.resellerId).map(({ brandId }) => brandId),
        );
        const found = (await registry.store.list('brand')).filter(
          ({ cspId, details, ...brand }) =>
            cspId === party.id &&
            brand.status === (asked.status ?? 'ACTIVE') &&
            holds(details.displayName, asked.displayName) &&
            is(asked.referenceId, brand.referenceId) &&
            is(asked.entityType, details.entityType) &&
            is(asked.identityStatus, brand.identityStatus) &&
            is(asked.state, details.state) &&
            is(asked.country, details.country) &&
            is(asked.ein, details.ein) &&
            is(asked.mock, brand.mock) &&
            hasAll(asked.tag, brand.tags) &&
            (asked.resellerId === undefined || ofReseller.has(brand.brandId)),
        );
        return pageOf(
          query,
          oldestFirst(found, ({ brandId }) => brandId),
          brandView,
        );
      },
    },
    {
      method: 'GET',
      url: '/brand/:brandId',
      summary: 'A brand',
      run: async ({ party, params }) => brandView(await brandOf(registry, party, params['brandId'] ?? '')),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId',
      summary: 'Change a brand',
      body: BRAND_FIELDS,
      run: async ({ party, params, body }) =>
        brandView(await updateBrand(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'DELETE',
      url: '/brand/:brandId',
      summary: 'Delete a brand that has no active campaigns',
      run: ({ party, params }) => deleteBrand(registry, party, params['brandId'] ?? ''),
    },
    {
      method: 'GET',
      url: '/brand/feedback/:brandId',
      summary: 'Why a brand could not be verified, and by which fields',
      run: async ({ party, params }) => feedbackView(await brandOf(registry, party, params['brandId'] ?? '')),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId/revet',
      summary: 'Have a brand scored again',
      query: REVET_QUERY,
      run: async ({ party, params, query }) => {
        const { nonBlocking = true } = readFields(REVET_QUERY, query);
        const brand = await revetBrand(registry, party, params['brandId'] ?? '');
        return brandView(nonBlocking ? brand : await service.scored(brand.brandId));
      },
    },
    {
      method: 'GET',
      url: '/brand/:brandId/externalVetting',
      summary: 'External vettings of a brand',
      query: VETTING_QUERY,
      run: async ({ party, params, query }) => {
        const { vettingStatus, evpId, vettingClass } = readFields(VETTING_QUERY, query);
        const { vettings } = await brandOf(registry, party, params['brandId'] ?? '');
        return vettings
          .filter((vetting) => vettingStatus === undefined || vettingStatus.includes(vetting.vettingStatus))
          .filter((vetting) => is(evpId, vetting.evpId) && is(vettingClass, vetting.vettingClass))
          .map(vettingView);
      },
    },
    {
      method: 'POST',
      url: '/brand/:brandId/externalVetting',
      summary: 'Order an external vetting',
      body: VETTING_ORDER_FIELDS,
      run: async ({ party, params, body }) =>
        vettingView(await orderVetting(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'PUT',
      url: '/brand/:brandId/externalVetting',
      summary: 'Import an external vetting',
      body: VETTING_IMPORT_FIELDS,
      run: async ({ party, params, body }) =>
        vettingView(await importVetting(registry, party, params['brandId'] ?? '', body)),
    },
    {
      method: 'POST',
      url: '/brand/:brandId/externalVetting/mockCvToken',
      summary: 'A Campaign Verify token to test with',
      body: CV_TOKEN_FIELDS,
      run: ({ party, params, body }) => mockCvToken(registry, party, params['brandId'] ?? '', body),
    },
  ];
}

function campaignOperations(registry: Registry): Operation[] {
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

function partnerOperations(registry: Registry): Operation[] {
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

function enumOperations(registry: Registry): Operation[] {
  const list = (name: string, summary: string, answer: () => unknown): Operation => ({
    method: 'GET',
    url: `/enum/${name}`,
    summary,
    run: answer,
  });
  const partners = (): Party[] => [...registry.parties.values()];
  const named = ({ id, name }: Party): object => ({ id, displayName: name });
  return [
    list('altBusinessIdType', 'Kinds of other business ids', () => ALT_BUSINESS_ID_TYPES),
    {
      method: 'GET',
      url: '/enum/approvedPublicCompany',
      summary: 'Public companies the registry knows; there are none here, any may be used',
      query: PAGING,
      run: ({ query }) => pageOf(query, [], () => ({})),
    },
    list('brandIdentityStatus', 'Identity statuses of a brand', () => IDENTITY_STATUSES),
    list('brandRelationship', 'Relationships of a brand', () => BRAND_RELATIONSHIPS),
    list('brandStatus', 'Statuses of a brand', () => BRAND_STATUSES),
    list('campaignStatus', 'Statuses of a campaign', () => CAMPAIGN_STATUSES),
    list('cnp', 'Connectivity partners that a campaign can be shared with', () => partners().map(named)),
    list('dca', 'Direct connect aggregators', () =>
      partners()
        .filter(({ kind }) => kind === 'dca')
        .map(named),
    ),
    list('entityType', 'Entity types', () => ENTITY_TYPES),
    list('extVettingProvider', 'Vetting providers', () =>
      VETTING_PROVIDERS.map(({ evpId, displayName, orderable, orders, imports }) => ({
        evpId,
        displayName,
        tcrBillable: orderable,
        vettingClasses: orderable ? orders : [imports],
        vettingInstruction: '',
      })),
    ),
    list('mno', 'Mobile network operators', () =>
      MNOS.map(({ id, name, carrier }) => ({ networkId: id, displayName: name, osrBitmaskIndex: carrier })),
    ),
    list('operationStatus', 'How a campaign can stand at an MNO', () => OPERATION_STATUSES),
    list('optionalAttributeNames', 'Optional attributes of a brand', () =>
      OPTIONAL_ATTRIBUTES.map(({ id, dataType, text }) => ({ id, dataType, description: text })),
    ),
    list('stockExchange', 'Stock exchanges', () => STOCK_EXCHANGES),
    {
      method: 'GET',
      url: '/enum/usecase',
      summary: 'Use cases',
      query: USECASE_QUERY,
      run: ({ query }) => {
        const { validSubUsecase } = readFields(USECASE_QUERY, query);
        const wanted = USE_CASE_LIST.filter(({ isSubUsecase }) => is(validSubUsecase, isSubUsecase));
        return Object.fromEntries(
          wanted.map(({ code, classification, minSubUsecases, maxSubUsecases, isSubUsecase }) => [
            code,
            {
              displayName: titleOf(code),
              classification,
              minSubUsecases,
              maxSubUsecases,
              validSubUsecase: isSubUsecase,
            },
          ]),
        );
      },
    },
    list('vertical', 'Industries', () =>
      Object.fromEntries(VERTICALS.map((code) => [code, { displayName: titleOf(code) }])),
    ),
    list('vettingClass', 'Classes of vetting', () =>
      VETTING_CLASSES.map((id) => ({
        id,
        enabled: true,
        displayName: titleOf(id),
        description: '',
        validityMonths: null,
      })),
    ),
    list('vettingStatus', 'Statuses of a vetting', () => VETTING_STATUSES),
  ];
}

function webhookOperations(registry: Registry, guard: CallbackGuard): Operation[] {
  return [
    {
      method: 'GET',
      url: '/webhook/eventCategory',
      summary: 'Categories of events',
      run: () => EVENT_CATEGORIES,
    },
    {
      method: 'GET',
      url: '/webhook/eventType',
      summary: 'Types of events',
      run: () =>
        Object.entries(EVENT_TYPES).map(([eventType, [eventCategory, description]]) => ({
          id: eventType,
          eventType,
          description,
          eventCategory,
        })),
    },
    {
      method: 'GET',
      url: '/webhook/subscription',
      summary: 'Where events go',
      run: async ({ party }) => (await subscriptionsOf(registry, party)).map(subscriptionView),
    },
    {
      method: 'PUT',
      url: '/webhook/subscription',
      summary: 'Have the events of a category posted to an address',
      body: SUBSCRIPTION_FIELDS,
      run: async ({ party, body }) => subscriptionView(await subscribe(registry, guard, party, body)),
    },
    {
      method: 'DELETE',
      url: '/webhook/subscription/:eventCategory',
      summary: 'End a subscription',
      run: ({ party, params }) => unsubscribe(registry, party, params['eventCategory'] ?? ''),
    },
    {
      method: 'GET',
      url: '/webhook/subscription/:eventCategory/test',
      summary: 'Have an event of a category posted, to test (the older way)',
      run: ({ party, params }) => mockEventOfCategory(registry.events, party, params['eventCategory'] ?? ''),
    },
    {
      method: 'GET',
      url: '/webhook/subscription/eventType/:eventType/mock',
      summary: 'Have a made-up event posted, to test',
      run: ({ party, params }) => mockEvent(registry.events, party, params['eventType'] ?? ''),
    },
  ];
}

function otherOperations(registry: Registry): Operation[] {
  const absent = (method: Operation['method'], url: string, summary: string): Operation => ({
    method,
    url,
    summary,
    run: () => {
      throw refused('notSimulated', null);
    },
  });
  return [
    {
      method: 'GET',
      url: '/csp/profile',
      summary: 'Who I am and which features I have',
      run: ({ party }) => ({
        cspId: party.id,
        displayName: party.name,
        platformFreeTrialEnabled: false,
        soleProprietorEnabled: registry.settings.soleProprietor,
        ucaasEnabled: true,
      }),
    },
    { method: 'GET', url: '/version', summary: 'Version of this interface', run: () => API_VERSION },
    {
      method: 'GET',
      url: '/error',
      summary: 'All error codes',
      run: () => Object.values(ERROR_CODES).map(({ code, description }) => ({ code, description })),
    },
    {
      method: 'POST',
      url: '/reseller',
      summary: 'Create a reseller',
      body: RESELLER_FIELDS,
      run: ({ party, body }) => createReseller(registry, party, body),
    },
    {
      method: 'GET',
      url: '/reseller',
      summary: 'Search resellers',
      query: RESELLER_QUERY,
      run: async ({ party, query }) => {
        const { companyName } = readFields(RESELLER_QUERY, query);
        const found = (await registry.store.list('reseller'))
          .filter((reseller) => reseller.cspId === party.id && holds(reseller.companyName, companyName))
          .sort((a, b) => (a.resellerId < b.resellerId ? -1 : 1));
        return pageOf(query, found, (reseller) => reseller);
      },
    },
    {
      method: 'GET',
      url: '/reseller/:resellerId',
      summary: 'A reseller',
      run: ({ party, params }) => resellerOf(registry, party, params['resellerId'] ?? ''),
    },
    {
      method: 'PUT',
      url: '/reseller/:resellerId',
      summary: 'Change a reseller',
      body: RESELLER_UPDATE_FIELDS,
      run: ({ party, params, body }) => updateReseller(registry, party, params['resellerId'] ?? '', body),
    },
    {
      method: 'DELETE',
      url: '/reseller/:resellerId',
      summary: 'Delete a reseller without campaigns',
      run: ({ party, params }) => deleteReseller(registry, party, params['resellerId'] ?? ''),
    },
    {
      method: 'PUT',
      url: '/tag',
      summary: 'Hang a tag on a brand or campaign',
      body: TAG_FIELDS,
      run: ({ party, body }) => setTag(registry, party, body),
    },
    {
      method: 'GET',
      url: '/tag',
      summary: 'Search tags',
      query: TAG_QUERY,
      run: async ({ party, query }) => {
        const asked = readFields(TAG_QUERY, query);
        const found = (await tagsOf(registry, party)).filter(
          (tag) =>
            is(asked.name?.toLowerCase(), tag.name) &&
            is(asked.recordId, tag.recordId) &&
            is<string>(asked.recordType, tag.recordType),
        );
        return pageOf(query, found, (tag) => tag);
      },
    },
    {
      method: 'DELETE',
      url: '/tag/name/:name/recordType/:recordType/recordId/:recordId',
      summary: 'Take a tag off',
      run: ({ party, params }) => deleteTag(registry, party, params),
    },
    absent('GET', '/pft/brand', 'The brand of a free-trial programme; not simulated'),
    // Its body holds a long code, and the campaign registry here has no place for one.
    absent('POST', '/pft/participant', 'A number given to a trial user; not simulated'),
  ];
}

function subscriptionView({
  eventCategory,
  webhookEndpoint,
}: {
  eventCategory: string;
  webhookEndpoint: string;
}): object {
  return { eventCategory, webhookEndpoint };
}

/** A list in an order that does not depend on the store. */
function oldestFirst<T extends { readonly createdMs: number }>(all: readonly T[], idOf: (one: T) => string): T[] {
  return all.toSorted((a, b) => a.createdMs - b.createdMs || (idOf(a) < idOf(b) ? -1 : 1));
}

function titleOf(code: string): string {
  return code
    .toLowerCase()
    .replaceAll('_', ' ')
    .replace(/^./, (first) => first.toUpperCase());
}
