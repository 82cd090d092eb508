/** Telnyx's campaigns (`/10dlc/campaignBuilder`, `/10dlc/campaign`), mapped onto the campaign registry. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { documented, type FaceParts } from '../face.ts';
import { fieldsOf, sendJson } from '../json.ts';
import { uuidOfCode } from '../named-ids.ts';
import { type FaceCampaign, standingOf } from '../registry.ts';
import { registryIdOf } from './brands.ts';
import { type Call, notFound, sendError, sendOrdered, TAG, whenKnown } from './calls.ts';
import { telnyxError } from './errors.ts';
import { sendRecords } from './lists.ts';
import { timeOf } from './message-view.ts';

const BUILDER = '/v2/10dlc/campaignBuilder';
const CAMPAIGNS = '/v2/10dlc/campaign';
const CAMPAIGN = `${CAMPAIGNS}/:campaignId`;
const TMOBILE = 10035;

/** Lists of the registry whose names Telnyx writes in its own way. */
const ENUMS: Readonly<Record<string, string>> = { optionalAttributes: 'optionalAttributeNames' };

export function campaignRoutes(app: FastifyInstance, { credentials, registry }: FaceParts): void {
  app.post(
    BUILDER,
    documented(TAG, 'Submit a campaign'),
    whenKnown(credentials, async ({ request, reply, caller }) => {
      const given = fieldsOf(request.body) ?? {};
      const { brandId } = given;
      if (typeof brandId !== 'string') {
        return sendError(reply, telnyxError(422, 10004, '/brandId', "'brandId' is needed"));
      }
      const campaign = { ...given, brandId: registryIdOf(brandId) };
      return sendOrdered(reply, await registry.submitCampaign(caller.account, campaign), campaignView);
    }),
  );

  app.get(
    `${BUILDER}/brand/:brandId/usecase/:usecase`,
    documented(TAG, 'What carriers would give a campaign of a use case, and what it costs'),
    whenKnown(credentials, async ({ reply, caller, params }) =>
      sendOrdered(
        reply,
        await registry.qualify(caller.account, registryIdOf(params['brandId']), params['usecase'] ?? ''),
        (terms) => terms,
      ),
    ),
  );

  app.get(
    '/v2/10dlc/enum/:name',
    documented(TAG, 'A list of words of the campaign registry'),
    whenKnown(credentials, ({ reply, params }) => {
      const { name = '' } = params;
      const words = registry.enumeration(ENUMS[name] ?? name);
      return words === undefined ? notFound(reply) : sendJson(reply, words);
    }),
  );

  app.get(
    CAMPAIGNS,
    documented(TAG, 'List campaigns, those of a brand if one is named'),
    whenKnown(credentials, async (call) => {
      const { brandId } = call.request.query as { readonly brandId?: string };
      const wanted = brandId === undefined ? undefined : registryIdOf(brandId);
      const all = await registry.campaigns(call.caller.account);
      return sendRecords(call, all.filter((one) => wanted === undefined || one.brandId === wanted).map(campaignView));
    }),
  );

  app.get(
    CAMPAIGN,
    documented(TAG, 'Fetch a campaign'),
    whenCampaign(({ reply }, campaign) => sendJson(reply, campaignView(campaign))),
  );

  app.put(
    CAMPAIGN,
    documented(TAG, 'Change what a campaign says of itself'),
    whenCampaign(async ({ request, reply, caller }, { campaignId }) =>
      sendOrdered(
        reply,
        await registry.changeCampaign(caller.account, campaignId, fieldsOf(request.body) ?? {}),
        campaignView,
      ),
    ),
  );

  app.delete(
    CAMPAIGN,
    documented(TAG, 'End a campaign'),
    whenCampaign(async ({ reply }, { campaignId, createdMs }) => {
      await registry.endCampaign(campaignId);
      const time = Math.floor(createdMs / 1_000);
      return sendJson(reply, { record_type: '10dlc_campaign', message: 'The campaign has ended', time });
    }),
  );

  app.get(
    `${CAMPAIGN}/mnoMetadata`,
    documented(TAG, 'What carriers give a campaign'),
    whenCampaign(async ({ reply, caller }, { brandId, usecase }) => {
      const terms = await registry.terms(caller.account, brandId, usecase);
      return terms === undefined ? notFound(reply) : sendJson(reply, terms);
    }),
  );

  app.get(
    `${CAMPAIGN}/operationStatus`,
    documented(TAG, 'How a campaign stands at carriers'),
    whenCampaign(({ reply }, { operations }) =>
      sendJson(reply, Object.fromEntries(operations.map(({ mnoId, status }) => [mnoId, status]))),
    ),
  );

  app.get(
    `${CAMPAIGN}/sharing`,
    documented(TAG, 'How a campaign stands on its way to carriers'),
    whenCampaign(({ reply }, { chain }) => {
      const last = chain.at(-1);
      return sendJson(reply, { sharedByMe: last === undefined ? null : { sharingStatus: last.sharingStatus } });
    }),
  );

  /** A handler that is reached for a campaign of the caller only. */
  function whenCampaign(
    handle: (call: Call, campaign: FaceCampaign) => FastifyReply | Promise<FastifyReply>,
  ): ReturnType<typeof whenKnown> {
    return whenKnown(credentials, async (call) => {
      const campaign = await registry.campaign(call.caller.account, registryIdOf(call.params['campaignId']));
      return campaign === undefined ? notFound(call.reply) : handle(call, campaign);
    });
  }
}

function statusOf(campaign: FaceCampaign): string {
  const sharing = campaign.chain.at(-1)?.sharingStatus;
  switch (standingOf(campaign)) {
    case 'ended':
      return 'TCR_EXPIRED';
    case 'failed':
      return sharing === 'DECLINED' ? 'TELNYX_FAILED' : 'MNO_REJECTED';
    case 'approved':
      return 'MNO_PROVISIONED';
    default:
      return sharing === 'ACCEPTED' ? 'MNO_PENDING' : 'TCR_ACCEPTED';
  }
}

function campaignView(campaign: FaceCampaign): object {
  const { campaignId, brandId, usecase, subUsecases, details, flags, mock, status, chain, createdMs } = campaign;
  const atTmobile = campaign.operations.find(({ mnoId }) => mnoId === TMOBILE)?.status;
  const explanation = chain.at(-1)?.explanation;
  return {
    ...details,
    ...flags,
    campaignId: uuidOfCode(campaignId),
    tcrCampaignId: campaignId,
    brandId: uuidOfCode(brandId),
    tcrBrandId: brandId,
    usecase,
    subUsecases,
    mock,
    status,
    submissionStatus: 'CREATED',
    campaignStatus: statusOf(campaign),
    isTMobileRegistered: atTmobile === 'APPROVED',
    isTMobileSuspended: atTmobile === 'SUSPENDED',
    ...(explanation && { failureReasons: explanation }),
    createDate: timeOf(createdMs),
  };
}
